"""The joint model: priors, and one operation for the solve and all statistics.

The likelihood of all rows and intervals is one operation (`tape_op`) over a program and numbers
that are `pm.Data`: nothing of a folder of tables is compiled. Fits to other tables, without some
rows, or with another transfer, are other data of one compiled density.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pymc as pm
import pytensor
import pytensor.tensor as pt

from metinfer.inference.density import TRANSLATION_SD, Joint, Replicator, density_tape
from metinfer.inference.priors import ALL, PriorTable
from metinfer.inference.tape import Tape
from metinfer.inference.tape_op import TapeOp

#: Name of the observed variable, and of its dimension: every row, then every interval.
PUBLISHED, OBSERVATION = "published", "observation"
#: Names of the data that hold the tape.
NUMBERS, PROGRAM = "tape_numbers", "tape_program"


def build_model(evidence: Any, roles: Sequence[str] = ("fit",), refine: int = 1) -> pm.Model:
    """The joint PyMC model of an evidence folder.

    Parameters
    ----------
    evidence : Evidence
    roles : sequence of str
        Roles of the rows that enter the likelihood.
    refine : int
        Every step of the solver's grid is split into so many.

    Returns
    -------
    pymc.Model
        Free variables `latent` (latent_parameter,), `share_latent` (share_parameter,) and
        `transfer_latent` (transfer_parameter,); every named parameter of `parameters.toml` as a
        deterministic on its natural scale and unit; one observed variable `published`
        (observation,): every row, then every interval; `pm.Data` `translation_sd`, and the tape of
        the likelihood (`density_tape`).

    Examples
    --------
    >>> import metinfer as mi
    >>> model = mi.build_model(mi.read_evidence("tests/data/tiny"))
    >>> [variable.name for variable in model.free_RVs]
    ['latent', 'share_latent', 'transfer_latent']
    """
    return joint_model(Joint.of(evidence, roles), refine)


def joint_model(joint: Joint, refine: int = 1, tables: Sequence[str] = ("",)) -> pm.Model:
    """The PyMC model of prepared parts; see `build_model` and `score`."""
    with pm.Model(coords=joint.coords) as model:
        score(joint, *prior_variables(joint), refine, tables)
    return model


def prior_variables(joint: Joint) -> tuple[Any, Any]:
    """Free variables and named deterministics of the current PyMC model.

    Returns
    -------
    tuple of tensor
        Every parameter on its natural scale (value,), and log deviations of human effects
        (transfer,).
    """
    params = joint.table.natural(*latent_variables(joint.table), pt)
    values, transfer = params.pop(ALL), transfer_variable()
    name_variables(params | {"transfer": transfer}, joint.table)
    return values, transfer


def latent_variables(table: PriorTable) -> tuple[Any, Any]:
    """Standard normal and Beta latents of a table, empty where it needs none."""
    a, b = table.beta_args
    empty = pt.zeros(0)
    z = pm.Normal("latent", 0.0, 1.0, dims="latent_parameter") if table.normal else empty
    share = pm.Beta("share_latent", a, b, dims="share_parameter") if table.beta else empty
    return z, share


def transfer_variable() -> Any:
    """Log deviations of human effects from mouse effects (transfer_parameter,)."""
    deviation = pm.Normal("transfer_latent", 0.0, 1.0, dims="transfer_parameter")
    return pm.Data("translation_sd", np.asarray(TRANSLATION_SD)) * deviation


def name_variables(params: Mapping[str, Any], table: PriorTable) -> None:
    """Register named parameters as deterministics of the current PyMC model."""
    dims = {p.name: p.dims for p in table.parameters} | {"transfer": "transfer_parameter"}
    for name, value in params.items():
        pm.Deterministic(name, value, dims=dims[name])


def score(
    joint: Joint, values: Any, transfer: Any, refine: int = 1, tables: Sequence[str] = ("",)
) -> None:
    """Add the likelihood of every row and interval to the current PyMC model.

    Parameters
    ----------
    joint : Joint
    values : tensor (value,)
        Every parameter on its natural scale, in the order of `PriorTable.labels`.
    transfer : tensor (transfer,)
        Log deviations of human from mouse effects.
    refine : int
    tables : sequence of str
        The tables enter once for each, as data of their own under names with that ending: a
        posterior given the published and a simulated set of tables needs two.
    """
    tape = density_tape(joint, refine, tuple(tables))
    x = pt.concatenate([values, transfer])
    numbers = pm.Data(NUMBERS, tape.numbers)
    # Not `pm.Data`, which would make its words 32 bits wide.
    program = pytensor.shared(tape.program, name=PROGRAM)
    model = pm.modelcontext(None)
    model.add_coord(OBSERVATION, observation_labels(joint, tables))
    replicate = Replicator(joint, refine, tuple(tables))

    def logp(value: Any, x: Any, numbers: Any, program: Any, published: Any) -> Any:
        return TapeOp()(x, numbers, program)[0]

    def random(x: Any, *_: Any, rng: np.random.Generator, size: Any) -> np.ndarray:
        return replicate(x, rng, size)

    pm.CustomDist(
        PUBLISHED, x, numbers, program, replicate.published, logp=logp, random=random,
        signature="(input),(number),(word),(observation)->(observation)",
        observed=replicate.published, dims=OBSERVATION,
    )  # fmt: skip
    layouts(model)[PUBLISHED] = tape


def observation_labels(joint: Joint, tables: Sequence[str] = ("",)) -> list[str]:
    """Row ids, then `arm:start-end` in days of every interval, for each set of tables."""
    labels = [*joint.coords["row"], *joint.coords["interval"]]
    return [f"{label}{end}" for end in tables for label in labels]


def layouts(model: pm.Model) -> dict[str, Tape]:
    """Tapes of a model's likelihoods by the name of the observed variable."""
    return vars(model).setdefault("metinfer_tapes", {})


def set_data(model: pm.Model, **updates: Any) -> None:
    """Replace weights, switches or published numbers of a model's likelihood, by name.

    Parameters
    ----------
    model : pymc.Model
        From `build_model`, or with `add_likelihood`.
    **updates
        Names and shapes are those of `density_tape`, for example ``row_weight`` (row,).

    Raises
    ------
    KeyError, ValueError
        If the likelihood has no data of that name, or of that shape.
    """
    numbers = model[NUMBERS]
    tape = replace(layouts(model)[PUBLISHED], numbers=numbers.get_value())
    numbers.set_value(tape.with_data(**updates).numbers)
