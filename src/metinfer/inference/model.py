"""The joint model: priors, one solve over all lanes, one observed variable per statistic.

Published numbers, weights of rows and intervals, and the spread of the mouse-to-human transfer
are `pm.Data`: fits to simulated tables, without some rows, or with another transfer, need no new
compilation.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pymc as pm
import pytensor.tensor as pt

from metinfer.errors import MetinferError
from metinfer.inference.design import Design, build_design
from metinfer.inference.families import Family, contrasted, extras, families, interval_family
from metinfer.inference.lanes import (
    JOINED,
    NAMES,
    TRANSFERRED,
    LaneTable,
    joined_places,
    lane_theta,
    solver_lanes,
)
from metinfer.inference.predictions import View, predict_intervals, predict_rows
from metinfer.inference.priors import (
    ALL,
    Coordinates,
    Parameter,
    PriorTable,
    read_parameters,
)
from metinfer.inference.statistics import SharedRatio
from metinfer.inference.variants import switches
from metinfer.mechanism.equations import PARAMETERS
from metinfer.mechanism.grid import Grid, build_grid
from metinfer.mechanism.op import solve_op

#: Spread (sd of the log) of human effects about mouse effects in the base case.
TRANSLATION_SD = 0.5


#: Name of the observed variable of all interval tables.
INTERVALS = "intervals"
#: Free variables of the model: standard normal, Beta, and log deviations of human effects.
LATENTS = ("latent", "share_latent", "transfer_latent")


@dataclass(frozen=True)
class Joint:
    """The static parts of a joint model, shared by fit, checks and predictions.

    Attributes
    ----------
    design : Design
    table : PriorTable
    """

    design: Design
    table: PriorTable

    @classmethod
    def of(cls, evidence: Any, roles: Sequence[str] = ("fit",)) -> Joint:
        """Parts for all rows of `evidence` with one of `roles`."""
        design = build_design(evidence, roles)
        return cls(design, checked_table(read_parameters(evidence.parameters), design.coordinates))

    @cached_property
    def lanes(self) -> LaneTable:
        """Coordinates of each lane."""
        return LaneTable.of(self.design.lanes, self.design.coordinates)

    @cached_property
    def families(self) -> tuple[Family, ...]:
        """Rows grouped by the statistic that scores them."""
        return families(self.design)

    def grid(self, refine: int = 1) -> Grid:
        """Solver grid; every step split into `refine`."""
        return build_grid(solver_lanes(self.design.lanes, self.design.outputs), refine=refine)

    def parameters(
        self, draws: Sequence[np.ndarray], translation_sd: float
    ) -> dict[str, np.ndarray]:
        """Named parameters (draw, ...) of draws of the `LATENTS`, each (draw, latent)."""
        z, share, deviation = draws
        params = self.table.natural(z, share, np)
        params.pop(ALL)
        return params | {"transfer": translation_sd * deviation}

    @property
    def coords(self) -> dict[str, Any]:
        """PyMC coordinates."""
        where = self.design.coordinates
        return {
            "latent_parameter": [e.label for e in self.table.normal],
            "share_parameter": [e.label for e in self.table.beta],
            "transfer_parameter": list(TRANSFERRED.values()),
            "lane_parameter": [p.name for p in PARAMETERS],
            "row": [r.row for r in self.design.rows],
            "interval": [f"{i.arm}:{i.start_day:g}-{i.end_day:g}" for i in self.design.intervals],
            **{
                k: list(getattr(where, k))
                for k in ("species", "context", "stock", "site", "timp1_level", "assay", "spread")
            },
        }


def checked_table(parameters: Sequence[Parameter], coordinates: Coordinates) -> PriorTable:
    """The prior table, if it names every lane parameter and transfers the ones that differ."""
    table = PriorTable(tuple(parameters), coordinates)
    missing = set(NAMES) - {p.name for p in parameters}
    if missing:
        raise MetinferError(f"parameters.toml: no parameter {', '.join(sorted(missing))}")
    if table.transfers != tuple(TRANSFERRED.values()):
        wanted = ", ".join(TRANSFERRED.values())
        raise MetinferError(f"parameters.toml: transfer = true belongs to, in this order: {wanted}")
    return table


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
        deterministic on its natural scale and unit; `pm.Data` `row_weight` (row,),
        `interval_weight` (interval,), `translation_sd` (scalar), and `switch` and `switch_value`
        (lane_parameter,), which hold lane parameters at fixed values; and the published numbers,
        by family, such as `intervals_events` (interval,).

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
        score(joint, prior_variables(joint), refine, tables)
    return model


def prior_variables(joint: Joint) -> dict[str, Any]:
    """Free variables and named deterministics of the current PyMC model."""
    params = named_parameters(joint, *latent_variables(joint.table), transfer_variable())
    name_variables({k: v for k, v in params.items() if k != JOINED}, joint.table)
    return params | switch_variables()


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


def switch_variables() -> dict[str, Any]:
    """Data that hold lane parameters at fixed values (lane_parameter,); at first they hold none."""
    return {k: pm.Data(k, v, dims="lane_parameter") for k, v in switches({}).items()}


def name_variables(params: Mapping[str, Any], table: PriorTable) -> None:
    """Register named parameters as deterministics of the current PyMC model."""
    dims = {p.name: p.dims for p in table.parameters} | {"transfer": "transfer_parameter"}
    for name, value in params.items():
        pm.Deterministic(name, value, dims=dims[name])


def named_parameters(joint: Joint, z: Any, share: Any, transfer: Any) -> dict[str, Any]:
    """Named parameters as PyTensor expressions, from latents (latent,) and log deviations."""
    params = joint.table.natural(z, share, pt)
    params[JOINED] = params.pop(ALL)[joined_places(joint.table)]
    return params | {"transfer": transfer}


@dataclass(frozen=True)
class Scored:
    """One family with its predictions and the place of its weights."""

    name: str
    family: Family
    pred: dict[str, Any]
    weight: Any

    @property
    def dim(self) -> str:
        """Coordinate of its rows."""
        return "interval" if self.name == INTERVALS else f"row_{self.family.name}"

    @property
    def observed(self) -> dict[str, str]:
        """Prepared numbers that a replicate of the rows would change -> name of their data."""
        family = self.family
        found = family.statistic.observe(family.data, family.statistic.published(family.data))
        return {key: f"{self.name}_{key}" for key in found}


def score(
    joint: Joint, params: Mapping[str, Any], refine: int = 1, tables: Sequence[str] = ("",)
) -> None:
    """Solve, and add the likelihood of every row and interval to the current PyMC model.

    Parameters
    ----------
    joint : Joint
    params : mapping
        Named parameters.
    refine : int
    tables : sequence of str
        The tables enter once for each, as data of their own under names with that ending: a
        posterior given the published and a simulated set of tables needs two.
    """
    design = joint.design
    states = solve_op(lane_theta(params, joint.lanes, pt), joint.grid(refine))
    model = pm.modelcontext(None)
    for end in tables:
        rows = pm.Data(f"row_weight{end}", np.ones(len(design.rows)), dims="row")
        ones = np.ones(len(design.intervals))
        intervals = pm.Data(f"interval_weight{end}", ones, dims="interval")
        for scored in score_terms(joint, params, states, rows, intervals):
            if scored.name != INTERVALS:
                model.add_coord(scored.dim, [design.rows[i].row for i in scored.family.rows])
            _observe(scored, end)


def score_terms(
    joint: Joint, params: Mapping[str, Any], states: Any, rows: Any, intervals: Any
) -> Iterator[Scored]:
    """Predictions and weights of every family, from weights (row,) and (interval,)."""
    design = joint.design
    view = View(params, states, design)
    if design.rows:
        value = predict_rows(view)
        for family in joint.families:
            part = contrasted(family, view, value[family.rows])
            pred = {"value": part, **extras(family, view, part)}
            if isinstance(family.statistic, SharedRatio):
                pred["weight"] = rows[family.rows]
            yield Scored(f"rows_{family.name}", family, pred, rows[family.rows])
    if design.intervals:
        start, end = predict_intervals(view)
        yield Scored(INTERVALS, interval_family(design), {"start": start, "end": end}, intervals)


def weighted(weight: Any, logp: Any) -> Any:
    """Weight times log-density; 0 for weight 0 even where the log-density is not finite."""
    return pt.where(pt.gt(weight, 0.0), weight * logp, 0.0)


def _observe(scored: Scored, end: str) -> None:
    """One observed variable whose log-density is that of the statistic, times the row weight."""
    keys, family = tuple(scored.pred), scored.family
    statistic, data = family.statistic, family.data
    published = {
        k: pm.Data(name + end, data[k], dims=scored.dim) for k, name in scored.observed.items()
    }

    def logp(value: Any, weight: Any, *parts: Any) -> Any:
        return weighted(
            weight,
            statistic.logp(
                {**data, **published, family.main: value}, dict(zip(keys, parts, strict=True))
            ),
        )

    def random(weight: Any, *parts: Any, rng: np.random.Generator, size: Any) -> np.ndarray:
        drawn = statistic.draw(data, dict(zip(keys, parts, strict=True)), rng)
        first = next(iter(drawn.values()))
        return np.log(first) if family.main.startswith("log_") else first

    zeros = pt.zeros(len(family.rows))
    parts = [pt.as_tensor_variable(scored.pred[k]) + zeros for k in keys]
    pm.CustomDist(
        scored.name + end, scored.weight, *parts, logp=logp, random=random,
        observed=published[family.main], dims=scored.dim,
    )  # fmt: skip
