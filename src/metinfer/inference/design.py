"""From validated tables to the index arrays of one fit.

A *lane* is one ODE solve: a context (tumour type) under given inputs, with one founder per
subject. Equations are linear in the founders, so arms that differ only in how many founders
they carry share a lane. A *node* is one arm at one time: the lanes that make it up (several
for a mixture of contexts), their weights and where in the solver output they stand.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from metinfer.errors import MetinferError
from metinfer.evidence.vocabulary import SOLVED
from metinfer.inference.dosing import Course, courses
from metinfer.inference.priors import Coordinates
from metinfer.inference.statistics.choose import choose
from metinfer.inference.variants import variant_of

YEAR = 365.25
#: Statistics that need the spread between individuals, a free unknown of the row or group.
SPREAD = frozenset({"individual", "median", "percentile"})
#: Follow-up assumed for a hazard ratio whose paper gives none, in days.
FOLLOW_UP = 5.0 * YEAR
#: Points of the survival curves from which a marginal hazard ratio is formed.
CURVE_POINTS = 9
CURVES = frozenset({"event_hazard_ratio"})
COUNTS = frozenset({"metastasis_count"})


@dataclass(frozen=True)
class LaneSpec:
    """One solve: a context under constant or scheduled inputs (times in days, levels as folds)."""

    species: str
    context: str
    site: str = "liver"
    timp1_level: str = "healthy"
    timp1_fold: float = 1.0
    injury: float = 0.0
    nk_depletion: float = 0.0
    nk_activity: float = 1.0
    surgery: bool = False
    perforin_loss: float = 0.0
    ifng_loss: float = 0.0
    neutrophil_depletion: float = 0.0
    arrival: str = "settled"
    arrival_start: float = 0.0
    arrival_end: float = 0.0
    doses: tuple[Course, ...] = ()


@dataclass(frozen=True)
class Nodes:
    """Arms at times. Arrays (node, part); a part is one context of a mixture, weight 0 pads.

    `stock`, `scope` and `cells` (any tumour cell counts, not only metastases) are (node,).
    """

    lane: np.ndarray
    output: np.ndarray
    weight: np.ndarray
    context: np.ndarray
    stock: np.ndarray
    scope: tuple[str, ...]
    cells: np.ndarray

    def __len__(self) -> int:
        return len(self.scope)


@dataclass(frozen=True)
class Design:
    """Everything static about one fit.

    Attributes
    ----------
    rows : tuple of Measurement
    intervals : tuple of Interval
    lanes : tuple of LaneSpec
    outputs : tuple of tuple of float
        Output times of each lane, days.
    nodes : Nodes
    row_node, row_reference : ndarray of int (row,)
        Node of a row and of its reference arm, -1 where there is none.
    row_curve, row_reference_curve : ndarray of int (row, point)
        Nodes of survival curves for hazard ratios, -1 elsewhere.
    interval_start, interval_end : ndarray of int (interval,)
    coordinates : Coordinates
    arms : dict
    """

    rows: tuple[Any, ...]
    intervals: tuple[Any, ...]
    lanes: tuple[LaneSpec, ...]
    outputs: tuple[tuple[float, ...], ...]
    nodes: Nodes
    row_node: np.ndarray
    row_reference: np.ndarray
    row_curve: np.ndarray
    row_reference_curve: np.ndarray
    interval_start: np.ndarray
    interval_end: np.ndarray
    coordinates: Coordinates
    arms: dict[str, Any]

    @property
    def row_species(self) -> np.ndarray:
        """Species of each row (row,)."""
        return np.array([self.arms[r.arm].species for r in self.rows], dtype=object)

    @property
    def interval_species(self) -> np.ndarray:
        """Species of each interval (interval,)."""
        return np.array([self.arms[i.arm].species for i in self.intervals], dtype=object)


def lane_spec(arm: Any, context: str, doses: tuple[Course, ...] = ()) -> LaneSpec:
    """The lane of one context of an arm."""
    surgery = arm.nk_activity == "surgery"
    return LaneSpec(
        species=arm.species,
        context=context,
        site=arm.site if arm.site in ("liver", "lung") or arm.species != "human" else "liver",
        timp1_level=arm.timp1_level or "healthy",
        timp1_fold=arm.timp1_fold,
        injury=arm.injury,
        nk_depletion=arm.nk_depletion,
        nk_activity=1.0 if surgery else float(arm.nk_activity),
        surgery=surgery,
        perforin_loss=arm.perforin_loss,
        ifng_loss=arm.ifng_loss,
        neutrophil_depletion=arm.neutrophil_depletion,
        arrival=arm.arrival,
        arrival_start=arm.arrival_start or 0.0,
        arrival_end=arm.arrival_end or 0.0,
        doses=doses,
    )


def spread_key(row: Any) -> str:
    """Whose spread between individuals a row shares; empty where the statistic needs none."""
    wide = row.statistic == "mean" and row.observable not in COUNTS and choose(row) == "mean"
    if row.statistic == "individual":
        return f"{row.arm}:{row.observable}"
    return row.row if row.statistic in SPREAD or wide else ""


def coordinates_of(arms: Sequence[Any], rows: Sequence[Any]) -> Coordinates:
    """Coordinates that the given arms and rows need, in order of first appearance."""
    species: dict[str, None] = {}
    contexts: dict[str, str] = {}
    for arm in arms:
        species.setdefault(arm.species)
        for context, _ in arm.contexts:
            if contexts.setdefault(context, arm.species) != arm.species:
                raise MetinferError(
                    f"arms.csv: context {context!r} is used for two species; give each its own"
                )
    levels = dict.fromkeys(
        arm.timp1_level for arm in arms if arm.timp1_level not in ("", "healthy")
    )
    return Coordinates(
        species=tuple(species),
        context=tuple(contexts),
        stock=tuple(dict.fromkeys(arm.stock for arm in arms if arm.stock)),
        site=tuple(dict.fromkeys(s for arm in arms for s in ("liver", lane_spec(arm, "").site))),
        timp1_level=tuple(levels),
        assay=tuple(dict.fromkeys(r.assay for r in rows if r.observable == "timp1_level")),
        spread=tuple(dict.fromkeys(key for r in rows if (key := spread_key(r)))),
        context_species=contexts,
    )


class _Collector:
    """Collects lanes and nodes on request; frozen into a `Design` at the end."""

    def __init__(self, evidence: Any, coordinates: Coordinates) -> None:
        self.arms = {a.arm: a for a in evidence.arms}
        self.evidence = evidence
        self.given: dict[str, tuple[Course, ...]] = {}
        self.coordinates = coordinates
        self.times: dict[LaneSpec, set[float]] = {}
        self.nodes: dict[tuple[str, float, bool], int] = {}

    def node(self, arm: str, day: float, cells: bool = False) -> int:
        key = (arm, float(day), cells)
        if key not in self.nodes:
            self.nodes[key] = len(self.nodes)
            for context, _ in self.arms[arm].contexts:
                self.times.setdefault(self._spec(arm, context), set()).add(float(day))
        return self.nodes[key]

    def curve(self, arm: str, day: float | None) -> list[int]:
        grid = np.linspace(0.0, day or FOLLOW_UP, CURVE_POINTS)
        return [self.node(arm, t) for t in grid]

    def _spec(self, arm: str, context: str) -> LaneSpec:
        if arm not in self.given:
            doses, species = self.evidence.doses_of(arm), self.arms[arm].species
            self.given[arm] = courses(doses, species, self.evidence.therapies)
        return lane_spec(self.arms[arm], context, self.given[arm])

    def freeze(self) -> tuple[tuple[LaneSpec, ...], tuple[tuple[float, ...], ...], Nodes]:
        lanes = tuple(self.times)
        outputs = tuple(tuple(sorted(self.times[lane])) for lane in lanes)
        parts = max((len(self.arms[a].contexts) for a, _, _ in self.nodes), default=1)
        table = {
            k: np.zeros((len(self.nodes), parts), dtype=int) for k in ("lane", "output", "context")
        }
        weight = np.zeros((len(self.nodes), parts))
        for (arm, day, _), i in self.nodes.items():
            for j, (context, share) in enumerate(self.arms[arm].contexts):
                at = lanes.index(self._spec(arm, context))
                table["lane"][i, j] = at
                table["output"][i, j] = outputs[at].index(day)
                table["context"][i, j] = self.coordinates.context.index(context)
                weight[i, j] = share
        stock = np.array([self._stock(arm) for arm, _, _ in self.nodes], dtype=int)
        scope = tuple(self.arms[arm].endpoint_scope or "organ" for arm, _, _ in self.nodes)
        cells = np.array([kind for _, _, kind in self.nodes], dtype=bool)
        return lanes, outputs, Nodes(**table, weight=weight, stock=stock, scope=scope, cells=cells)

    def _stock(self, arm: str) -> int:
        name = self.arms[arm].stock
        return self.coordinates.stock.index(name) if name else -1


def build_design(evidence: Any, roles: Sequence[str] = ("fit",)) -> Design:
    """Index arrays of all rows and intervals whose role is one of `roles`.

    Parameters
    ----------
    evidence : Evidence
    roles : sequence of str
        Usually ``("fit",)``; add ``"check"`` to predict rows that are never fitted.

    Returns
    -------
    Design
        Its coordinates always cover the fitted rows first, so that latents keep their place.
    """
    rows = tuple(m for role in roles for m in evidence.rows(role))
    intervals = tuple(i for role in roles for i in evidence.interval_rows(role))
    coordinates = replace(
        coordinates_of(_arms_used(evidence, roles), rows), pins=variant_of(evidence).pins
    )
    collect = _Collector(evidence, coordinates)
    index = [_row_nodes(collect, r) for r in rows]
    start = [collect.node(i.arm, i.start_day) for i in intervals]
    end = [collect.node(i.arm, i.end_day) for i in intervals]
    lanes, outputs, nodes = collect.freeze()
    column = (
        [np.array([row[j] for row in index], dtype=int) for j in range(4)] if rows else _no_rows()
    )
    return Design(
        rows, intervals, lanes, outputs, nodes, column[0], column[1], column[2], column[3],
        np.array(start, dtype=int), np.array(end, dtype=int), coordinates,
        {a.arm: a for a in evidence.arms},
    )  # fmt: skip


def _arms_used(evidence: Any, roles: Sequence[str]) -> list[Any]:
    """Arms named by rows and intervals, those of the first role first."""
    names: dict[str, None] = {}
    for role in roles:
        rows, intervals = evidence.rows(role), evidence.interval_rows(role)
        for name in (*(r.arm for r in rows), *(i.arm for i in intervals)):
            names.setdefault(name)
        for row in rows:
            if row.reference_arm:
                names.setdefault(row.reference_arm)
    return [evidence.arm(name) for name in names]


def _no_rows() -> list[np.ndarray]:
    return [np.zeros(0, dtype=int)] * 2 + [np.zeros((0, CURVE_POINTS), dtype=int)] * 2


def _row_nodes(collect: _Collector, row: Any) -> tuple[int, int, list[int], list[int]]:
    """Node, reference node, curve and reference curve of a row (-1: none)."""
    none = [-1] * CURVE_POINTS
    if row.observable not in SOLVED:
        return -1, -1, none, none
    if row.observable in CURVES:
        day = row.time_day
        return -1, -1, collect.curve(row.arm, day), collect.curve(row.reference_arm, day)
    day = row.time_day or 0.0
    cells = row.observable == "cell_probability"
    if row.observable == "event_rate":
        return collect.node(row.arm, day), collect.node(row.arm, row.time_start_day), none, none
    reference = collect.node(row.reference_arm, day, cells) if row.reference_arm else -1
    return collect.node(row.arm, day, cells), reference, none, none
