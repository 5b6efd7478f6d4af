"""What the model predicts for each published row: one formula per observable, in one table.

`OBSERVABLES` is the documented map from an endpoint to states and parameters. A row whose
endpoint has no entry here cannot be fitted.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import pytensor.tensor as pt

from metinfer.errors import MetinferError
from metinfer.inference.design import Design, Nodes
from metinfer.inference.lanes import LaneTable, lane_theta, timp1_folds
from metinfer.inference.signals import formula, input_values
from metinfer.mechanism.equations import PARAMETERS, STATES

YEAR = 365.25
STATE = {s.name: i for i, s in enumerate(STATES)}
PARAMETER = {p.name: i for i, p in enumerate(PARAMETERS)}
#: Smallest hazard increment used in a logarithm (per interval).
TINY = 1e-12
#: States counted as "any tumour cell".
CELLS = ("D", "W1", "W2", "W3", "L")
#: Largest predicted probability: rounding to exactly 1 would make any survivor impossible.
ALMOST_SURE = 1.0 - 1e-12


@dataclass(frozen=True)
class View:
    """What an observable may read: parameters, solver states (lane, output, state), the design."""

    params: Mapping[str, Any]
    states: Any
    design: Design

    def state(self, name: str, at: np.ndarray) -> Any:
        """A state at nodes `at`, per part: (node, part)."""
        nodes = self.design.nodes
        return self.states[nodes.lane[at], nodes.output[at], STATE[name]]

    def mean(self, name: str, at: np.ndarray) -> Any:
        """A state averaged over the parts of each node (node,)."""
        return (self.state(name, at) * self.design.nodes.weight[at]).sum(axis=-1)

    def founders(self, at: np.ndarray) -> Any:
        """Founders per subject at nodes `at`, per part (node, part)."""
        return self._founders(at[:, None], self.design.nodes.context[at])

    def _founders(self, at: np.ndarray, context: np.ndarray) -> Any:
        """Founders per subject at nodes `at`, in a context, both of one shape or broadcast."""
        level, founders = self.params.get("stock_level"), self.params["founders"][context]
        if level is None:
            return founders
        stock = self.design.nodes.stock[at]
        return founders * pt.exp(level[np.maximum(stock, 0)] * (stock >= 0).astype(float))

    def _scope(self, at: np.ndarray, context: np.ndarray) -> Any:
        """Events of the endpoint per liver metastasis at nodes `at` in a context (...,)."""
        scope = np.array(self.design.nodes.scope, dtype=object)[at]
        wide = np.isin(scope, ["distant", "any_relapse"]).astype(float)
        local = (scope == "any_relapse").astype(float)
        share = self.params["liver_share"][context]
        return (1.0 + wide * (1.0 / share - 1.0)) * (1.0 + local * self.params["locoregional"])

    @cached_property
    def log_survival(self) -> Any:
        """Log share without an event at every node: Gamma frailty over an expected number (node,).

        One pass over the parts of all nodes, of which most have a single one; founders, scope and
        frailty are formed once for all parts of one context, stock and endpoint.
        """
        nodes = self.design.nodes
        node, part = np.nonzero(nodes.weight > 0.0)
        context = nodes.context[node, part]
        scope = np.unique(nodes.scope, return_inverse=True)[1][node]
        kinds = np.stack([context, nodes.stock[node], scope])
        _, first, kind = np.unique(kinds, axis=1, return_index=True, return_inverse=True)
        shape = self.params["frailty_shape"][context[first]]
        events = self._founders(node[first], context[first]) / shape
        events = events * self._scope(node[first], context[first])
        number = pt.maximum(self._counted(node, part), 0.0) * events[kind]
        free = pt.exp(-shape[kind] * pt.log1p(number)) * nodes.weight[node, part]
        place = np.zeros(nodes.weight.shape, dtype=int)
        place[node, part] = np.arange(len(node))
        whole = free[place[:, 0]]
        for k in range(1, place.shape[1]):
            more = np.flatnonzero(nodes.weight[:, k] > 0.0)
            if more.size:
                whole = pt.set_subtensor(whole[more], whole[more] + free[place[more, k]])
        return pt.log(whole)

    def _counted(self, node: np.ndarray, part: np.ndarray) -> Any:
        """What counts as an event in a part of a node: metastases, or any tumour cell (part,)."""
        nodes = self.design.nodes
        lane, output = nodes.lane[node, part], nodes.output[node, part]
        total, cells = self.states[lane, output, STATE["L"]], np.flatnonzero(nodes.cells[node])
        if not cells.size:
            return total
        every = pt.stack([self.states[lane[cells], output[cells], STATE[s]] for s in CELLS])
        return pt.set_subtensor(total[cells], every.sum(axis=0))

    @cached_property
    def theta(self) -> Any:
        """Lane parameters (lane, parameter)."""
        design = self.design
        return lane_theta(self.params, LaneTable.of(design.lanes, design.coordinates), pt)

    def signal(self, name: str, at: np.ndarray) -> Any:
        """A quantity without a state at nodes `at`, averaged over their parts (node,)."""
        nodes, design = self.design.nodes, self.design
        lane, output = nodes.lane[at], nodes.output[at]
        names, function = formula(name)
        values = []
        for argument in names:
            if argument in STATE:
                values.append(self.states[lane, output, STATE[argument]])
            elif argument in PARAMETER:
                values.append(self.theta[lane, PARAMETER[argument]])
            else:
                course = input_values(design.lanes, design.outputs, argument)
                values.append(course[lane, output])
        return (function(*values) * nodes.weight[at]).sum(axis=-1)


def _probability(view: View, rows: np.ndarray) -> Any:
    return pt.minimum(-pt.expm1(view.log_survival[view.design.row_node[rows]]), ALMOST_SURE)


def _count(view: View, rows: np.ndarray) -> Any:
    at = view.design.row_node[rows]
    number = view.state("L", at) * view.founders(at)
    return (number * view.design.nodes.weight[at]).sum(axis=-1)


def _hazard_ratio(view: View, rows: np.ndarray) -> Any:
    """Marginal hazard ratio over follow-up, weighted by the expected events of both arms."""
    curves = np.stack([view.design.row_curve[rows], view.design.row_reference_curve[rows]])
    log_survival = view.log_survival[curves]
    hazard = log_survival[..., :-1] - log_survival[..., 1:] + TINY
    survival = pt.exp(log_survival)
    events = (survival[..., :-1] - survival[..., 1:]).sum(axis=0) + TINY
    log_ratio = (events * pt.log(hazard[0] / hazard[1])).sum(axis=-1) / events.sum(axis=-1)
    watched = np.array([observational(view.design.rows[i]) for i in rows])
    return pt.exp(log_ratio * pt.where(watched, view.params["causal_share"], 1.0))


def observational(row: Any) -> bool:
    """Whether the groups of a comparison were found, not made: `adjustment` is not randomised."""
    return str(row.adjustment).strip().lower() not in ("randomised", "randomized")


def _rate(view: View, rows: np.ndarray) -> Any:
    """Events per year between the reference time and the row's time, among the event-free."""
    at, start = view.design.row_node[rows], view.design.row_reference[rows]
    picked = [view.design.rows[i] for i in rows]
    days = np.array([r.time_day - r.time_start_day for r in picked])
    return (view.log_survival[start] - view.log_survival[at]) / days * YEAR


def _fold(name: str) -> Callable[[View, np.ndarray], Any]:
    """A state or signal over that of the reference arm, or over health where there is none."""

    def fold(view: View, rows: np.ndarray) -> Any:
        at, reference = view.design.row_node[rows], view.design.row_reference[rows]
        level = view.mean if name in STATE else view.signal
        base = level(name, np.maximum(reference, 0))
        return level(name, at) / pt.where(reference >= 0, base, 1.0)

    return fold


def _part_mean(view: View, rows: np.ndarray, name: str) -> Any:
    """A parameter repeated over contexts, averaged over the contexts of each row's arm."""
    index = view.design.coordinates.context.index
    arms = [view.design.arms[view.design.rows[i].arm] for i in rows]
    parts = [[(index(c), w) for c, w in a.contexts] for a in arms]
    weights = np.zeros((len(rows), len(view.design.coordinates.context)))
    for i, part in enumerate(parts):
        for j, w in part:
            weights[i, j] += w
    return (view.params[name][None, :] * weights).sum(axis=-1)


def _timp1(view: View, rows: np.ndarray) -> Any:
    """TIMP-1 fold over healthy of each row's arm."""
    design = view.design
    levels = ("healthy", *design.coordinates.timp1_level)
    arms = [design.arms[design.rows[i].arm] for i in rows]
    fold = timp1_folds(view.params, pt)[
        np.array([levels.index(a.timp1_level or "healthy") for a in arms])
    ]
    return fold * np.array([a.timp1_fold for a in arms])


def _level(view: View, rows: np.ndarray) -> Any:
    design = view.design
    assay = np.array([design.coordinates.assay.index(design.rows[i].assay) for i in rows])
    return view.params["assay_level"][assay] * _timp1(view, rows)


def _turnover(view: View, rows: np.ndarray) -> Any:
    design = view.design
    species = [design.arms[design.rows[i].arm].species for i in rows]
    return view.params["nk_rate"][np.array([design.coordinates.species.index(s) for s in species])]


def _constant(make: Callable[[Mapping[str, Any]], Any]) -> Callable[[View, np.ndarray], Any]:
    def constant(view: View, rows: np.ndarray) -> Any:
        return pt.ones(len(rows)) * make(view.params)

    return constant


#: Observable -> (formula in words, function of the view and row indices giving (row,)).
OBSERVABLES: dict[str, tuple[str, Callable[[View, np.ndarray], Any]]] = {
    "metastasis_probability": ("1 - (1 + L/k)^-k", _probability),
    "cell_probability": ("1 - (1 + (D + W1 + W2 + W3 + L)/k)^-k", _probability),
    "metastasis_count": ("L x founders", _count),
    "event_hazard_ratio": (
        "event-weighted marginal ratio over follow-up, to the power of the causal share where "
        "observational",
        _hazard_ratio,
    ),
    "event_rate": ("rise of the cumulative hazard per year", _rate),
    "nk_count_fold": ("N over N of the reference arm", _fold("N")),
    "cxcl12_fold": ("X over X of the reference arm", _fold("X")),
    "neutrophil_fold": ("U over U of the reference arm", _fold("U")),
    "stellate_fold": ("A over A of the reference arm", _fold("A")),
    "ifng_fold": ("G over G of the reference arm", _fold("G")),
    "leucocyte_fold": (
        "1 + mu at full CXCR4 blockade",
        _constant(lambda p: 1.0 + p["neutrophil_mobilisation"]),
    ),
    "nk_activity_reduction": ("100 q", _constant(lambda p: 100.0 * p["surgery_dip"])),
    "nk_turnover": ("kN", _turnover),
    "timp1_fold": ("TIMP-1 fold of the arm", _timp1),
    "timp1_level": ("assay level x TIMP-1 fold", _level),
    "liver_share": ("pi, averaged over contexts", lambda v, r: _part_mean(v, r, "liver_share")),
}  # fmt: skip


def predict_rows(view: View) -> Any:
    """Predicted value of every row of the design, in the unit of its observable (row,)."""
    names = np.array([r.observable for r in view.design.rows])
    order, parts = [], []
    for name in dict.fromkeys(names):
        rows = np.flatnonzero(names == name)
        if name not in OBSERVABLES:
            raise MetinferError(
                f"measurements.csv: no formula for observable {name!r}; "
                f"allowed: {', '.join(OBSERVABLES)}"
            )
        parts.append(OBSERVABLES[name][1](view, rows))
        order.append(rows)
    place = np.argsort(np.concatenate(order))
    return pt.concatenate(parts)[place]


def reference_values(view: View, rows: np.ndarray) -> Any:
    """The observable of each row in its reference arm (row,); 1 where it is itself a ratio."""
    design = view.design
    picked = [design.rows[i] for i in rows]
    swapped = [replace(r, arm=r.reference_arm) if r.reference_arm else r for r in picked]
    names = np.array([r.observable for r in picked])
    there = replace(design, rows=tuple(swapped), row_node=design.row_reference[rows])
    other = _Swapped(view.params, view.states, there, view.log_survival)
    value = pt.ones(len(rows))
    for name in dict.fromkeys(names):
        if not name.endswith(("_fold", "_ratio")):
            at = np.flatnonzero(names == name)
            value = pt.set_subtensor(value[at], OBSERVABLES[name][1](other, at))
    return value


@dataclass(frozen=True)
class _Swapped(View):
    """A view of the reference arms that shares the survival of the original."""

    log_survival: Any = None


def predict_intervals(view: View) -> tuple[Any, Any]:
    """Cumulative hazard at the start and at the end of every interval, each (interval,)."""
    design = view.design
    return -view.log_survival[design.interval_start], -view.log_survival[design.interval_end]


__all__ = ["OBSERVABLES", "Nodes", "View", "predict_intervals", "predict_rows"]
