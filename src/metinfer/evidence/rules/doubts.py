"""Warnings: numbers that are possible but look like a slip."""

from __future__ import annotations

import math
from collections.abc import Iterator

from metinfer.evidence.draft import Draft
from metinfer.evidence.faults import WARNING, Issue
from metinfer.evidence.rules import at
from metinfer.evidence.types import Measurement

TABLE = "measurements"
# Animals and people differ by more than this; below it a spread is more likely a SEM.
_SMALL_CV = 0.03


def doubtful_spreads(draft: Draft) -> Iterator[Issue]:
    """A SEM above its mean, and an SD so small that it looks like a SEM."""
    for row in _used(draft):
        if row.low is None or row.value is None or row.spread not in ("sd", "sem"):
            continue
        if row.spread == "sem" and row.low > abs(row.value):
            yield _doubt(row, "low", "the SEM is larger than the mean", "is it an SD?")
        if row.spread == "sd" and (row.n or 0) > 3 and row.low < _SMALL_CV * abs(row.value):
            sd = row.low * math.sqrt(row.n or 1)
            yield _doubt(row, "low", "the SD is below 3 % of the mean",
                         f"is it a SEM? then the SD would be {sd:.3g}")  # fmt: skip


def folds_without_interval(draft: Draft) -> Iterator[Issue]:
    """A fitted ratio without an interval, whose standard error is then assumed."""
    for row in _used(draft):
        if row.role == "fit" and row.statistic == "ratio" and row.spread == "none":
            yield _doubt(row, "spread", "no interval: its log standard error is taken as ln 2",
                         "give the interval, or use role check or prior")  # fmt: skip


def median_outside_quartiles(draft: Draft) -> Iterator[Issue]:
    """A median outside its own quartiles."""
    for row in _used(draft):
        if row.spread != "iqr" or row.role != "prior":
            continue  # in a row to fit or check it is a fault
        if row.value is None or row.low is None or row.high is None:
            continue
        if not row.low <= row.value <= row.high:
            yield _doubt(row, "value", f"outside its quartiles, {row.raw['low']} to "
                         f"{row.raw['high']}", "read the source again")  # fmt: skip


def time_after_last_interval(draft: Draft) -> Iterator[Issue]:
    """A time beyond the end of the arm's own interval table."""
    last: dict[str, float] = {}
    for interval in draft.intervals:
        if not draft.is_bad("intervals", interval, "end", "time_unit"):
            last[interval.arm] = max(last.get(interval.arm, 0.0), interval.end)
    for row in _used(draft):
        if row.time_day is not None and row.time_day > last.get(row.arm, math.inf) * (1 + 1e-9):
            yield _doubt(row, "time", "after the arm's last interval, which ends at day "
                         f"{last[row.arm]:g}", "is time_unit right?")  # fmt: skip


def same_number_twice(draft: Draft) -> Iterator[Issue]:
    """The same value of the same publication in two rows that are used."""
    doi = {study.study: study.doi or study.study for study in draft.studies}
    site = {arm.arm: arm.site for arm in draft.arms}
    first: dict[tuple[object, ...], Measurement] = {}
    for row in _used(draft):
        if row.statistic == "individual" or row.role == "prior":
            continue
        key = (doi.get(row.study, row.study), row.observable, row.statistic, row.raw["value"],
               row.raw["unit"], row.raw["low"], row.raw["high"], row.n, row.events, row.time_day,
               site.get(row.arm))  # fmt: skip
        before = first.setdefault(key, row)
        if before is not row and row.statistic not in ("ordered", "bound"):
            yield _doubt(row, "value", f"the same number as in line {before.line}, from the same "
                         "publication", "is it one result entered twice?")  # fmt: skip


def rounded_share_disagrees(draft: Draft) -> Iterator[Issue]:
    """A published share that is not events over n."""
    for row in _used(draft):
        if row.statistic != "proportion" or row.value is None or not row.n or row.events is None:
            continue
        share = row.events / row.n
        # The published share may be rounded to a whole percent.
        if row.role in ("fit", "check") and abs(row.value - share) > 0.0051:
            yield _doubt(row, "value", f"{row.events} of {row.n} is {share:.4g}",
                         "the likelihood uses events and n")  # fmt: skip


def _used(draft: Draft) -> Iterator[Measurement]:
    return (row for row in draft.measurements if row.role not in ("out", ""))


def _doubt(row: Measurement, column: str, message: str, hint: str) -> Issue:
    return at(TABLE, row, column, message, hint=hint, severity=WARNING)
