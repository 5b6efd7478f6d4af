"""Warnings: numbers that are possible but look like a slip."""

from __future__ import annotations

import math
from collections.abc import Iterator

from metinfer.evidence.draft import Draft
from metinfer.evidence.faults import WARNING, Issue
from metinfer.evidence.rules import at
from metinfer.evidence.types import Measurement
from metinfer.evidence.vocabulary import RATIOS, STATEMENTS

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
    """A fitted ratio without an interval: its standard error is assumed, or it is left out."""
    leave_out = draft.settings.get("analysis", {}).get("missing_spread") == "leave_out"
    done = "it is left out" if leave_out else "its log standard error is taken as ln 2"
    for row in _used(draft):
        if row.role == "fit" and lacks_spread(row) and not draft.is_bad(TABLE, row, "spread"):
            yield _doubt(row, "spread", f"no interval: {done}",
                         "give the interval, or use role check or prior; missing_spread in "
                         "analysis.toml decides")  # fmt: skip


def lacks_spread(row: Measurement) -> bool:
    """Whether the row is a ratio that says nothing of its precision."""
    return row.statistic == "ratio" and row.spread == "none"


def controls_used_twice(draft: Draft) -> Iterator[Issue]:
    """A control that is fitted by itself and also inside a ratio, for one observable.

    Ratios that share a control enter with their correlation; a ratio and its control as a row of
    its own do not.
    """
    fitted = [row for row in draft.measurements if row.role == "fit"]
    alone = {
        (row.arm, row.observable, row.matrix, row.time_day): row
        for row in fitted
        if row.statistic not in (*RATIOS, *STATEMENTS)
    }
    for row in fitted:
        control = alone.get((row.reference_arm, row.observable, row.matrix, row.time_day))
        if row.statistic not in RATIOS or control is None:
            continue
        if row.cohort == control.cohort or not (row.cohort and control.cohort):
            yield _doubt(row, "reference_arm", f"the control is fitted by itself in line "
                         f"{control.line}, so its animals count twice",
                         "fit both arms as they are, or the ratio alone")  # fmt: skip


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
