"""Which statistic scores which row, and what each needs from the model besides the value.

A *family* is all rows that one statistic scores: one observed variable in the PyMC model.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytensor.tensor as pt

from metinfer.errors import MetinferError
from metinfer.inference.design import COUNTS, Design, spread_key
from metinfer.inference.predictions import View, observational, reference_values
from metinfer.inference.statistics import (
    STATISTICS,
    Ratio,
    Statistic,
    columns_of,
    moment_log_sd,
    pivot_inflation,
    sharing,
)
from metinfer.inference.statistics.choose import choose

#: Statistics that the observable decides; `choose` decides all others.
SPECIAL = {
    ("mean", "nk_turnover"): "mean_sem",
    ("mean", "nk_activity_reduction"): "mean_sem",
    ("proportion", "liver_share"): "beta_binomial",
}
#: Correlation between two patients of one hospital series in where the first metastasis lies.
SHARE_OVERDISPERSION = 0.01
#: Log sd added to a fold in blood that stands for a fold in the liver: about a third either way.
SURROGATE_SD = 0.3


@dataclass(frozen=True)
class Family:
    """Rows scored together: the statistic, their places in the design, their prepared numbers."""

    name: str
    statistic: Statistic
    rows: np.ndarray
    data: dict[str, np.ndarray]
    main: str

    @property
    def predicted(self) -> tuple[str, ...]:
        """What the statistic may need of the model, by key."""
        return (*self.statistic.predicts, *self.statistic.optional)


def statistic_of(row: Any) -> str:
    """Registry name of the statistic that scores a row."""
    name = SPECIAL.get((row.statistic, row.observable))
    name = name or choose(row, log=True, counts=row.observable in COUNTS)
    if name not in STATISTICS:
        raise MetinferError(
            f"measurements.csv: row {row.row!r}: no likelihood for statistic {row.statistic!r}"
        )
    return name


def families(design: Design) -> tuple[Family, ...]:
    """Families of all rows of the design, in order of first appearance."""
    names = np.array([statistic_of(r) for r in design.rows], dtype=object)
    return tuple(
        _family(name, design, np.flatnonzero(names == name)) for name in dict.fromkeys(names)
    )


def _family(name: str, design: Design, rows: np.ndarray) -> Family:
    statistic, picked = STATISTICS[name], [design.rows[i] for i in rows]
    data = statistic.prepare(columns_of(picked))
    if isinstance(statistic, Ratio):
        statistic = sharing(statistic, data, [control_of(r) for r in picked])
    return Family(name, statistic, rows, data, next(k for k in data if k in _MAIN))


def control_of(row: Any) -> tuple[Any, ...]:
    """What a ratio is relative to: rows with the same control have correlated errors."""
    if not row.reference_arm or row.contrast in ("per_ln", "per_doubling"):
        return (row.row,)
    return (row.reference_arm, row.observable, row.matrix, row.assay, row.time_day)


_MAIN = ("events", "value", "log_value", "log_mean", "confidence")


def interval_family(design: Design) -> Family:
    """The family of all interval-table lines."""
    statistic = STATISTICS["interval_person_time"]
    names = {"start": "start_day", "end": "end_day", "events": "events"}
    days = {
        k: np.array([getattr(i, v) for i in design.intervals], dtype=float)
        for k, v in names.items()
    }
    person = np.array([_person_time(i) for i in design.intervals])
    data = statistic.prepare({**days, "person_time": person})
    return Family(
        "interval_person_time", statistic, np.arange(len(design.intervals)), data, "events"
    )


def _person_time(interval: Any) -> float:
    """Person-time in days; from at risk less half of those leaving if not published."""
    if interval.person_time is not None:
        return float(interval.person_time)
    leaving = 0.5 * (interval.events + (interval.censored or 0))
    return float((interval.at_risk - leaving) * (interval.end_day - interval.start_day))


def contrasted(family: Family, view: View, value: Any) -> Any:
    """The predicted number on the scale of the statistic (row,).

    A survival is one minus the predicted probability of an event; a ratio of two arms is formed
    here, unless the observable is itself a ratio.
    """
    if family.name in ("survival", "survival_n"):
        return 1.0 - value
    rows = [view.design.rows[i] for i in family.rows]
    if family.name not in RATIOS or all(is_ratio(r) for r in rows):
        return value
    reference = reference_values(view, family.rows)
    ratio = value / reference
    if family.name == "odds_ratio":
        ratio = ratio * (1.0 - reference) / (1.0 - value)
    return pt.where(np.array([is_ratio(r) for r in rows]), value, ratio)


RATIOS = frozenset({"ratio", "risk_ratio", "odds_ratio"})


def is_ratio(row: Any) -> bool:
    """Whether the observable of a row is already a ratio to its reference arm."""
    return row.observable.endswith(("_fold", "_ratio"))


def extras(family: Family, view: View, value: Any) -> dict[str, Any]:
    """What the statistic needs besides ``value``: spreads, shapes, bias, each (row,)."""
    make = _EXTRAS.get(family.name)
    return make(family, view, value) if make else {}


def _shape(family: Family, view: View, value: Any) -> dict[str, Any]:
    """Frailty shape of the context: counts are Gamma-Poisson."""
    nodes = view.design.nodes
    at = view.design.row_node[family.rows]
    return {"shape": view.params["frailty_shape"][nodes.context[at, 0]]}


def _share_spread(family: Family, view: View, value: Any) -> dict[str, Any]:
    return {"overdispersion": pt.ones_like(value) * SHARE_OVERDISPERSION}


def _published_log_spread(family: Family, view: View, value: Any) -> dict[str, Any]:
    """The published SD of logs, widened as an estimate, and the spread between groups.

    The model predicts no spread between individuals for these rows, so theirs is taken as known
    up to its own sampling error (`pivot_inflation`), and that of logs made from moments
    (`moment_log_sd`).
    """
    data, n = family.data, family.data["n"]
    if "log_variance" in data:
        sd = moment_log_sd(data["log_variance"], n)
    else:
        sd = np.sqrt(data["variance"] * pivot_inflation(n))
    return {"sd": sd, "between_sd": view.params["group_spread"]}


def _relative_spread(family: Family, view: View, value: Any) -> dict[str, Any]:
    return {"sd_extra": view.params["group_spread"] * value}


def _individual_log(family: Family, view: View, value: Any) -> dict[str, Any]:
    keys = view.design.coordinates.spread
    at = np.array([keys.index(spread_key(view.design.rows[i])) for i in family.rows])
    return {"sd": view.params["individual_spread"][at]}


def _individual(family: Family, view: View, value: Any) -> dict[str, Any]:
    """Spread in the unit of the row: the log spread times the predicted value."""
    return {"sd": _individual_log(family, view, value)["sd"] * pt.abs(value)}


def _surrogate(family: Family, view: View, value: Any) -> dict[str, Any]:
    blood = np.array([view.design.rows[i].matrix in BLOOD for i in family.rows], dtype=float)
    return {"between_sd": SURROGATE_SD * blood}


def _confounding(family: Family, view: View, value: Any) -> dict[str, Any]:
    watched = np.array([observational(view.design.rows[i]) for i in family.rows], dtype=float)
    return {"between_sd": view.params["confounding"] * watched}


BLOOD = frozenset({"blood", "serum", "plasma"})
_LOG = ("individual_log", "median_log", "median_log_rounded", "percentile_log")
_LINEAR = ("mean", "individual", "median", "median_rounded", "percentile")
_EXTRAS: Mapping[str, Callable[[Family, View, Any], dict[str, Any]]] = {
    "mean_sem": _relative_spread,
    "mean_log": _published_log_spread,
    "geometric_mean": _published_log_spread,
    "beta_binomial": _share_spread,
    "ratio": _surrogate,
    "hazard_ratio": _confounding,
    "ordered": lambda f, v, x: {"reference": reference_values(v, f.rows)},
    **dict.fromkeys(("count", "count_mean", "count_total"), _shape),
    **dict.fromkeys(_LOG, _individual_log),
    **dict.fromkeys(_LINEAR, _individual),
}
