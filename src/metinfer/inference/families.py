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
from metinfer.inference.design import Design
from metinfer.inference.predictions import View
from metinfer.inference.statistics import STATISTICS, Statistic, columns_of
from metinfer.inference.statistics.choose import choose

#: Statistics that the observable decides; `choose` decides all others.
SPECIAL = {
    ("mean", "nk_turnover"): "mean_sem",
    ("mean", "nk_activity_reduction"): "mean_sem",
    ("proportion", "liver_share"): "beta_binomial",
}
COUNTS = frozenset({"metastasis_count"})
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
    def observed(self) -> np.ndarray:
        """The published number that serves as the observed value of the PyMC variable (row,)."""
        return self.data[self.main]


def statistic_of(row: Any) -> str:
    """Registry name of the statistic that scores a row."""
    name = SPECIAL.get((row.statistic, row.observable))
    name = name or choose(row, log=True, counts=row.observable in COUNTS)
    if name not in STATISTICS:
        raise MetinferError(f"measurements.csv: row {row.row!r}: no likelihood for statistic {row.statistic!r}")
    return name


def families(design: Design) -> tuple[Family, ...]:
    """Families of all rows of the design, in order of first appearance."""
    names = np.array([statistic_of(r) for r in design.rows], dtype=object)
    return tuple(_family(name, design, np.flatnonzero(names == name)) for name in dict.fromkeys(names))


def _family(name: str, design: Design, rows: np.ndarray) -> Family:
    statistic = STATISTICS[name]
    data = statistic.prepare(columns_of([design.rows[i] for i in rows]))
    return Family(name, statistic, rows, data, next(k for k in data if k in _MAIN))


_MAIN = ("events", "value", "log_value", "log_mean", "confidence")


def interval_family(design: Design) -> Family:
    """The family of all interval-table lines."""
    statistic = STATISTICS["interval_person_time"]
    names = {"start": "start_day", "end": "end_day", "events": "events"}
    days = {k: np.array([getattr(i, v) for i in design.intervals], dtype=float) for k, v in names.items()}
    person = np.array([_person_time(i) for i in design.intervals])
    data = statistic.prepare({**days, "person_time": person})
    return Family("interval_person_time", statistic, np.arange(len(design.intervals)), data, "events")


def _person_time(interval: Any) -> float:
    """Person-time in days; at-risk x width less half of those leaving, where it is not published."""
    if interval.person_time is not None:
        return float(interval.person_time)
    leaving = 0.5 * (interval.events + (interval.censored or 0))
    return float((interval.at_risk - leaving) * (interval.end_day - interval.start_day))


def extras(family: Family, view: View, value: Any) -> dict[str, Any]:
    """What the statistic needs besides ``value``: spreads, shapes, bias, each (row,)."""
    make = _EXTRAS.get(family.name)
    return make(family, view, value) if make else {}


def _shape(family: Family, view: View) -> Any:
    nodes = view.design.nodes
    at = view.design.row_node[family.rows]
    return view.params["frailty_shape"][nodes.context[at, 0]]


def _share_spread(family: Family, view: View, value: Any) -> dict[str, Any]:
    return {"overdispersion": pt.ones_like(value) * SHARE_OVERDISPERSION}


def _log_spread(family: Family, view: View, value: Any) -> dict[str, Any]:
    variance = family.data.get("log_variance", family.data.get("variance"))
    return {"sd": np.sqrt(variance), "between_sd": view.params["group_spread"]}


def _relative_spread(family: Family, view: View, value: Any) -> dict[str, Any]:
    return {"sd_extra": view.params["group_spread"] * value}


_EXTRAS: Mapping[str, Callable[[Family, View, Any], dict[str, Any]]] = {
    "mean_sem": _relative_spread,
    "mean_log": _log_spread,
    "geometric_mean": _log_spread,
    "beta_binomial": _share_spread,
    **{name: lambda f, v, x: {"shape": _shape(f, v)} for name in ("count", "count_mean", "count_total")},
    "ratio": lambda f, v, x: {"between_sd": SURROGATE_SD},
    "hazard_ratio": lambda f, v, x: {"between_sd": v.params["confounding"]},
}
