"""What a fit computes: its static parts, and the tapes of its likelihood and predictions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
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
from metinfer.inference.tape import Tape, record
from metinfer.inference.variants import switches
from metinfer.mechanism.equations import PARAMETERS, STATES
from metinfer.mechanism.grid import Grid, build_grid
from metinfer.mechanism.op import solve_op

#: Spread (sd of the log) of human effects about mouse effects in the base case.
TRANSLATION_SD = 0.5
#: Name of the family of all interval tables.
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

    @cached_property
    def named_families(self) -> tuple[tuple[str, Family], ...]:
        """Name in data and tapes, and family, of all rows and of all intervals."""
        found = [(f"rows_{f.name}", f) for f in self.families]
        if self.design.intervals:
            found.append((INTERVALS, interval_family(self.design)))
        return tuple(found)

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


@dataclass(frozen=True)
class Scored:
    """One family with its predictions and the place of its weights."""

    name: str
    family: Family
    pred: dict[str, Any]
    weight: Any

    def places(self, rows: int) -> np.ndarray:
        """Places of its rows among all observations, intervals after so many rows (row,)."""
        return self.family.rows + rows * (self.name == INTERVALS)

    @property
    def observed(self) -> dict[str, str]:
        """Prepared numbers that a replicate of the rows would change -> name of their data."""
        family = self.family
        found = family.statistic.observe(family.data, family.statistic.published(family.data))
        return {key: f"{self.name}_{key}" for key in found}


def density_tape(joint: Joint, refine: int = 1, tables: Sequence[str] = ("",)) -> Tape:
    """The tape of all log-likelihoods (observation,), weighted, from values and transfer.

    Its data are `row_weight` (row,), `interval_weight` (interval,), `switch` and `switch_value`
    (lane_parameter,), which hold lane parameters at fixed values, and the published numbers by
    family, such as `intervals_events` (interval,).
    """
    graph = Graph(joint)
    states = solve_op(lane_theta(graph.params, joint.lanes, pt), joint.grid(refine))
    parts = [graph.weighted(states, end) for end in tables]
    return record(graph.inputs, graph.data, {"log_likelihood": pt.concatenate(parts)})


def prediction_tape(joint: Joint, refine: int | None = 1) -> Tape:
    """The tape of what every family needs from the model, as `family/key` (row,).

    Its further outputs are `log_survival` (node,), `theta` (lane, parameter), `states`
    (lane, output, state) and `log_likelihood` (observation,), weighted. With `refine` None the
    states are an input: somebody else solved.
    """
    graph = Graph(joint)
    theta = lane_theta(graph.params, joint.lanes, pt)
    states = graph.states if refine is None else solve_op(theta, joint.grid(refine))
    view = View(graph.params, states, joint.design)
    terms = graph.terms(states, "")
    outputs = {
        f"{t.name}/{k}": pt.as_tensor_variable(v) + pt.zeros(len(t.family.rows))
        for t in terms for k, v in t.pred.items()
    }  # fmt: skip
    if len(joint.design.nodes):
        outputs["log_survival"] = view.log_survival
    if refine is not None:
        outputs |= {"theta": theta, "states": states}
    return record(
        graph.inputs | ({"states": states} if refine is None else {}), graph.data,
        outputs | {"log_likelihood": graph.weighted(states, "", terms)},
    )  # fmt: skip


class Graph:
    """The likelihood as a PyTensor graph of named inputs and data: what a tape is made from.

    Attributes
    ----------
    inputs : dict
        `values` (value,) and `transfer` (transfer,).
    data : dict
        Name of what may be replaced -> variable and present value.
    params : dict
        Named parameters.
    """

    def __init__(self, joint: Joint) -> None:
        self.joint = joint
        table, design = joint.table, joint.design
        values = pt.vector("values", dtype="float64", shape=(len(table.labels),))
        transfer = pt.vector("transfer", dtype="float64", shape=(len(TRANSFERRED),))
        self.inputs = {"values": values, "transfer": transfer}
        self.data: dict[str, tuple[Any, np.ndarray]] = {}
        width = max(map(len, design.outputs), default=0)
        self.states = pt.tensor3(
            "states", dtype="float64", shape=(len(design.lanes), width, len(STATES))
        )
        held = {k: self.placed(k, v) for k, v in switches({}).items()}
        self.params = table.named(values) | held | {
            JOINED: values[joined_places(table)], "transfer": transfer
        }  # fmt: skip

    def placed(self, name: str, values: np.ndarray) -> Any:
        """A variable that stands for data of this name."""
        values = np.asarray(values, dtype=float)
        if name not in self.data:
            variable = pt.tensor(name, dtype="float64", shape=values.shape)
            self.data[name] = variable, values
        return self.data[name][0]

    def terms(self, states: Any, end: str) -> list[Scored]:
        """Predictions and weights of every family, for the tables of that ending."""
        design = self.joint.design
        rows = self.placed(f"row_weight{end}", np.ones(len(design.rows)))
        intervals = self.placed(f"interval_weight{end}", np.ones(len(design.intervals)))
        return list(score_terms(self.joint, self.params, states, rows, intervals))

    def weighted(self, states: Any, end: str, terms: Sequence[Scored] | None = None) -> Any:
        """Weight times log-likelihood of every row, then of every interval (observation,)."""
        parts, places = [], []
        for term in terms or self.terms(states, end):
            data = term.family.data
            new = {k: self.placed(f"{n}{end}", data[k]) for k, n in term.observed.items()}
            logp = term.family.statistic.logp({**data, **new}, term.pred)
            parts.append(weighted(term.weight, logp))
            places.append(term.places(len(self.joint.design.rows)))
        if not parts:
            return pt.zeros(0)
        return pt.concatenate(parts)[np.argsort(np.concatenate(places))]


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


class Replicator:
    """Replicates of the published numbers, for PyMC's posterior predictive sampling.

    One number stands for each row, as in `posterior_predictive`: the median of a median with
    quartiles.
    """

    def __init__(self, joint: Joint, refine: int, tables: tuple[str, ...]) -> None:
        self.joint, self.refine, self.copies = joint, refine, len(tables)

    @cached_property
    def tape(self) -> Tape:
        """What is predicted of every row."""
        return prediction_tape(self.joint, self.refine)

    @cached_property
    def published(self) -> np.ndarray:
        """The published numbers (observation,)."""
        made = [f.statistic.published(f.data) for _, f in self.joint.named_families]
        return np.tile(self._joined(made), self.copies)

    def __call__(self, x: np.ndarray, rng: np.random.Generator, size: Any) -> np.ndarray:
        """Replicates (*size, observation) at inputs x (input,), or (..., observation) at each x."""
        batch = tuple(size) if size is not None else x.shape[:-1]
        rows = np.broadcast_to(x, (*batch, x.shape[-1])).reshape(-1, x.shape[-1])
        found = self.tape.run(rows)
        made = []
        for _ in range(self.copies):
            drawn = [
                self._draw(found, name, family, rng) for name, family in self.joint.named_families
            ]
            made.append(self._joined(drawn))
        return np.concatenate(made, axis=-1).reshape(*batch, -1)

    def _draw(
        self, found: Mapping[str, np.ndarray], name: str, family: Family, rng: np.random.Generator
    ) -> Mapping[str, np.ndarray]:
        pred = {k: found[f"{name}/{k}"] for k in family.predicted if f"{name}/{k}" in found}
        return family.statistic.draw(family.data, pred, rng)

    def _joined(self, made: Sequence[Mapping[str, np.ndarray]]) -> np.ndarray:
        """The main number of each row, in the order of the observations (..., observation)."""
        rows = len(self.joint.design.rows)
        places = [f.rows + rows * (n == INTERVALS) for n, f in self.joint.named_families]
        parts = [
            m[main_number(f.statistic)]
            for m, (_, f) in zip(made, self.joint.named_families, strict=True)
        ]
        return np.concatenate(parts, axis=-1)[..., np.argsort(np.concatenate(places))]


def main_number(statistic: Any) -> str:
    """Name of the number by which a row is compared with its replicates.

    A median with quartiles or extremes reports three numbers, the lowest first: it is compared by
    its middle one.
    """
    return "value" if "value" in statistic.reports else str(statistic.reports[0])
