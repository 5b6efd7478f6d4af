"""Warnings: rows that are well formed, but of which the model can make nothing."""

from __future__ import annotations

import math
from collections.abc import Iterator

from metinfer.evidence.draft import Draft
from metinfer.evidence.faults import WARNING, Issue
from metinfer.evidence.rules import at, scored
from metinfer.evidence.rules.measurements import needs_reference
from metinfer.evidence.schema import TABLES
from metinfer.evidence.types import Arm, Measurement
from metinfer.evidence.vocabulary import FOLDS

TABLE = "measurements"
#: Columns of arms.csv that the model reads.
INPUTS = ("species", "site", "context", "stock", "endpoint_scope", "arrival", "arrival_start",
          "arrival_end", "injury", "timp1_fold", "timp1_level", "nk_depletion", "nk_activity",
          "perforin_loss", "ifng_loss", "neutrophil_depletion")  # fmt: skip
DOSE = ("agent", "amount", "unit", "start", "every", "count")


def compared_arms_differ(draft: Draft) -> Iterator[Issue]:
    """A fitted comparison is one of arms that differ in something that the model reads."""
    arms = {arm.arm: arm for arm in draft.arms if not draft.is_bad("arms", arm, *INPUTS)}
    if _doses_are_unknown(draft):
        return
    for row in draft.measurements:
        pair = arms.get(row.arm), arms.get(row.reference_arm)
        if row.role != "fit" or None in pair or row.arm == row.reference_arm:
            continue
        if draft.is_bad(TABLE, row, "time", "time_unit") or not needs_reference(row):
            continue
        arm, reference = (a for a in pair if a is not None)
        if _inputs(arm) == _inputs(reference) and not _doses_differ(draft, row, _day(row)):
            yield _no_difference(draft, row)


def times_of_folds_are_given(draft: Draft) -> Iterator[Issue]:
    """A fold of a niche says when it was measured."""
    for row in scored(draft):
        if row.observable in FOLDS and row.time_day is None and not row.raw["time"]:
            yield at(TABLE, row, "time", f"the cell is empty, so {row.observable} is predicted at "
                     "day 0, before any later dose acts", severity=WARNING,
                     hint="give the time of the measurement, with its time_unit")  # fmt: skip


def something_is_fitted(draft: Draft) -> Iterator[Issue]:
    """A folder has a row or an interval with role fit."""
    tables = (TABLE, "intervals")
    rows = [(table, row) for table in tables for row in getattr(draft, table)]
    unsure = any(draft.is_bad(table, row, "role") for table, row in rows)
    if unsure or not draft.unread.isdisjoint(tables) or any(r.role == "fit" for _, r in rows):
        return
    what = "no row has role fit" if draft.measurements else "the table has a header and no rows"
    yield Issue(f"{what}, and intervals.csv has none to fit: there is nothing to fit",
                TABLES[TABLE].file, severity=WARNING,
                hint="`metinfer new DIR` writes a folder with an example of each row")  # fmt: skip


def _no_difference(draft: Draft, row: Measurement) -> Issue:
    later = f" before day {row.time_day:g}" if _doses_differ(draft, row, math.inf) else ""
    return at(TABLE, row, "reference_arm", f"{row.arm} and {row.reference_arm} have the same "
              f"inputs and no dose that differs{later}: the model predicts no difference between "
              "them", severity=WARNING,
              hint="a dose belongs in doses.csv, any other treatment in arms.csv")  # fmt: skip


def _doses_are_unknown(draft: Draft) -> bool:
    """Whether a dose has a fault already, so that what an arm got cannot be told."""
    arms = {arm.arm for arm in draft.arms}
    faulty = (d.arm not in arms or draft.is_bad("doses", d, *DOSE) for d in draft.doses)
    return "doses" in draft.unread or any(faulty)


def _inputs(arm: Arm) -> tuple[object, ...]:
    empty = {"timp1_level": "healthy", "arrival_start": 0.0, "arrival_end": 0.0}
    return tuple(getattr(arm, name) or empty.get(name) for name in INPUTS)


def _day(row: Measurement) -> float:
    return math.inf if row.time_day is None else row.time_day


def _doses_differ(draft: Draft, row: Measurement, day: float) -> bool:
    """Whether the two arms of a row got different doses before `day`."""
    one, other = (_doses(draft, name, day) for name in (row.arm, row.reference_arm))
    return one != other


def _doses(draft: Draft, arm: str, day: float) -> set[tuple[object, ...]]:
    given = (d for d in draft.doses if d.arm == arm and d.start < day and d.amount != 0)
    return {tuple(getattr(dose, name) for name in DOSE) for dose in given}
