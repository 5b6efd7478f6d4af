"""One reading of each folder, and one compiled model, for all tests of this part."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from metinfer.evidence import bundled_path, read_evidence
from metinfer.evidence.template import write_template
from metinfer.inference.density import Joint
from metinfer.inference.model import build_model

ROOT = Path(__file__).parents[2]
#: Interpreted: these graphs are small, and compiling them would take longer than using them.
QUICK = {"mode": "FAST_COMPILE"}


def prior_latents(joint, number, seed=0):
    """Draws of the latents from the prior."""
    rng = np.random.default_rng(seed)
    table = joint.table
    return (
        rng.standard_normal((number, len(table.normal))),
        rng.beta(*table.beta_args, (number, len(table.beta))),
        rng.standard_normal((number, len(table.transfers))),
    )


def with_rows(evidence, rows):
    """The same folder with other measurements."""
    return replace(evidence, measurements=tuple(rows), digest="changed")


@pytest.fixture(scope="session")
def tiny():
    return read_evidence(ROOT / "tests" / "data" / "tiny")


@pytest.fixture(scope="session")
def bundled():
    return read_evidence(bundled_path())


@pytest.fixture(scope="session")
def template(tmp_path_factory):
    return read_evidence(write_template(tmp_path_factory.mktemp("template") / "folder"))


@pytest.fixture(scope="session")
def tiny_joint(tiny):
    return Joint.of(tiny)


@pytest.fixture(scope="session")
def bundled_joint(bundled):
    return Joint.of(bundled)


@pytest.fixture(scope="session")
def tiny_model(tiny):
    return build_model(tiny)


@pytest.fixture(scope="session")
def logp_dlogp(tiny_model):
    """Log-density and gradient of the tiny model, compiled once."""
    return tiny_model.logp_dlogp_function(ravel_inputs=True, mode="FAST_COMPILE")


def named_parameters(joint, z, share, transfer):
    """Named parameters as PyTensor expressions: the plain form that a tape is compared with."""
    import pytensor.tensor as pt

    from metinfer.inference.lanes import JOINED, joined_places
    from metinfer.inference.priors import ALL

    params = joint.table.natural(z, share, pt)
    params[JOINED] = params.pop(ALL)[joined_places(joint.table)]
    return params | {"transfer": transfer}
