"""Questions to a run in one line: the draws are those that a prediction uses."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from metinfer import asking, workflow
from metinfer.errors import RunError, UsageError
from metinfer.evidence import read_evidence
from metinfer.inference.forward import prior_draws
from metinfer.inference.model import build_model
from metinfer.therapy.decide import dose_response

TINY = Path(__file__).parent / "data" / "tiny"
DATA = Path(__file__).parents[1] / "data"


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> SimpleNamespace:
    """What a finished run holds, with the prior in the place of every source."""
    evidence = read_evidence(TINY)
    folder = tmp_path_factory.mktemp("run")
    (folder / "inputs").mkdir()
    for name, root in (("therapies.toml", DATA), ("populations.toml", TINY)):
        (folder / "inputs" / name).write_bytes((root / name).read_bytes())
    draws = prior_draws(build_model(evidence), 60, 1)
    groups = dict.fromkeys(workflow.SOURCES.values(), draws)
    files = {"posterior.nc": "x"}
    return SimpleNamespace(
        path=folder, evidence=evidence, groups=groups, record=SimpleNamespace(files=files, refine=1)
    )


def test_answers_are_the_named_ones_under_every_source(run: SimpleNamespace) -> None:
    found = asking.answers(run, draws=20)
    assert list(found) == ["il15_mice", "no_neutrophils_mice"]
    assert list(found["il15_mice"]) == ["prior", "no_mouse", "posterior"]
    assert found["il15_mice"]["prior"].shape == (20,)
    np.testing.assert_array_equal(found["il15_mice"]["prior"], found["il15_mice"]["posterior"])


def test_a_question_asks_what_the_answers_tell(run: SimpleNamespace) -> None:
    asked = asking.question(run, "n803", "mice", draws=20)
    horizon = asked.population.horizons[-1]
    one = {"name": "x", "therapy": "n803", "population": "mice", "time_year": horizon,
           "measure": "absolute_risk_reduction"}  # fmt: skip
    told = asking.answers(run, asked=[one], draws=20)["x"]["posterior"]
    np.testing.assert_allclose(dose_response(asked, horizon, [1.0])[:, 0], told, atol=1e-9)


def test_a_path_without_a_run_is_said(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="nope is not there"):
        asking.answers(tmp_path / "nope")
    with pytest.raises(RunError, match="nope is not there"):
        asking.question(str(tmp_path / "nope"), "n803", "mice")


@pytest.mark.parametrize("words", [("n308", "mice"), ("n803", "rats")])
def test_unknown_names_are_refused(run: SimpleNamespace, words: tuple[str, str]) -> None:
    with pytest.raises(UsageError, match="there is no .* known: "):
        asking.question(run, *words)
