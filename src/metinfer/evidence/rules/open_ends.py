"""Ends of intervals that lie at infinity, or at 0 on a logarithmic scale: what to write instead.

A bound is scored without the estimate and without confounding, and an odds ratio from an empty
cell of its table is better scored by the counts themselves, so that the choice is the author's.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from metinfer.evidence.draft import Draft
from metinfer.evidence.faults import Issue
from metinfer.evidence.rules import at
from metinfer.evidence.types import Measurement
from metinfer.evidence.vocabulary import OBSERVABLES, SCORED, STATISTICS, interval_level

TABLE = "measurements"
_COUNTS = {
    "odds_ratio": "one row of statistic proportion for each arm, with events and n",
    "risk_ratio": "one row of statistic proportion for each arm, with events and n",
    "rate": "events and person_time, with spread none and no low or high",
    "survival": "n, with spread none and no low or high",
    "cumulative_incidence": "n, with spread none and no low or high",
}


def ends_are_finite(draft: Draft) -> Iterator[Issue]:
    """Both ends of an interval are numbers."""
    for row in draft.measurements:
        for column in ("low", "high"):
            if getattr(row, column) is None and draft.is_open(row, column):
                yield at(TABLE, row, column, "not a finite number", hint=instead(row, column))


def instead(row: Measurement, column: str) -> str:
    """What to write in place of a row whose end in `column` (low or high) is no finite number."""
    if row.role not in SCORED:
        return "leave the cell empty, and say it in note"
    if row.statistic == "individual":
        return "leave the cell empty: the other end alone is a bound"
    if row.statistic in _COUNTS:
        return f"write {_COUNTS[row.statistic]}; or use role check or out"
    other = "low" if column == "high" else "high"
    end, level = getattr(row, other), interval_level(row.spread)
    if level is None or not _is_bounded(row) or end is None or not 0 < end < math.inf:
        return "an interval needs two numbers: give the counts, or use role prior or out"
    return (f"write statistic bound, value {0.5 + level / 2:.4g} (the confidence), {other} "
            f"{row.raw[other]}, spread none, and leave {column} empty")  # fmt: skip


def _is_bounded(row: Measurement) -> bool:
    """Whether a bound on the observable says what the row says."""
    observable = OBSERVABLES.get(row.observable)
    if observable is None or "bound" not in observable.statistics:
        return False
    statistic = STATISTICS.get(row.statistic)
    of_ratio = statistic is not None and statistic.needs_reference
    return (not of_ratio or observable.needs_reference) and row.contrast in ("", "groups")
