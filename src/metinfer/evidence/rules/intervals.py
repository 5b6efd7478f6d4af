"""Checks of intervals.csv."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby, pairwise

from metinfer.evidence.draft import Draft
from metinfer.evidence.faults import WARNING, Issue
from metinfer.evidence.rules import at
from metinfer.evidence.types import Interval
from metinfer.evidence.vocabulary import SCORED

TABLE = "intervals"
_NUMBERS = ("arm", "start", "end", "at_risk", "events", "censored", "person_time", "time_unit")
# Published person-times are rounded; relative and absolute slack (days).
_SLACK = 1.005
_ROUNDING_DAYS = 1.0


def intervals_are_complete(draft: Draft) -> Iterator[Issue]:
    """An interval to fit or check has an arm with an endpoint, and better its time at risk."""
    scope = {arm.arm: arm.endpoint_scope for arm in draft.arms}
    for row in draft.intervals:
        if row.role not in SCORED:
            continue
        if row.person_time is None and not draft.is_bad(TABLE, row, "person_time"):
            yield at(TABLE, row, "person_time", "empty: those who leave count for half the "
                     "interval, which fails in wide late ones", severity=WARNING,
                     hint="give the time at risk, summed over people, if it is known")  # fmt: skip
        if scope.get(row.arm) == "":
            yield at(TABLE, row, "arm", "its arm has no endpoint_scope in arms.csv",
                     allowed="liver, distant, any_relapse or organ")  # fmt: skip


def intervals_run_forward(draft: Draft) -> Iterator[Issue]:
    """An interval ends after it starts."""
    for row in _sound(draft):
        if row.end <= row.start:
            yield at(TABLE, row, "end", f"not after start ({row.raw['start']})")


def intervals_do_not_overlap(draft: Draft) -> Iterator[Issue]:
    """No two intervals of an arm share any time."""
    for before, after in _neighbours(draft):
        if after.start < before.end * (1 - 1e-9):
            yield at(TABLE, after, "start", f"overlaps line {before.line}, which ends "
                     f"at {before.raw['end']}", hint="each person-year counts once")  # fmt: skip


def follow_up_has_no_gaps(draft: Draft) -> Iterator[Issue]:
    """The intervals of an arm follow each other without a gap."""
    for before, after in _neighbours(draft):
        if after.start > before.end * (1 + 1e-9):
            yield at(TABLE, after, "start", f"no follow-up since line {before.line}, which ends at "
                     f"{before.raw['end']} {before.time_unit}", severity=WARNING,
                     hint="add the interval between, unless the paper leaves it out")  # fmt: skip


def counts_add_up(draft: Draft) -> Iterator[Issue]:
    """Events fit into those at risk, and those left over are at risk next."""
    for row in _sound(draft):
        lost = row.events + (row.censored or 0)
        if row.events > row.at_risk:
            yield at(TABLE, row, "events", f"more events than the {row.at_risk} at risk",
                     allowed=f"0 to {row.at_risk}")  # fmt: skip
        elif lost > row.at_risk:
            yield at(TABLE, row, "censored", f"{lost} events and censored of {row.at_risk} at risk",
                     allowed=f"0 to {row.at_risk - row.events}")  # fmt: skip
    for before, after in _neighbours(draft):
        left = before.at_risk - before.events - (before.censored or 0)
        joined = abs(after.start - before.end) <= 1e-9 * max(after.start, 1.0)
        exact = joined and before.censored is not None
        if after.at_risk > left or (exact and after.at_risk != left):
            sum_ = f"{before.at_risk} - {before.events} events - {before.censored or 0} censored"
            yield at(TABLE, after, "at_risk", f"line {before.line} leaves {left} ({sum_})",
                     allowed=f"{left}" if joined else f"at most {left}")  # fmt: skip


def person_time_is_possible(draft: Draft) -> Iterator[Issue]:
    """Time at risk lies between what those who stayed and all at the start could give."""
    for row in _sound(draft):
        if row.person_time is None or row.end <= row.start:
            continue
        width = row.end - row.start
        most = row.at_risk * width * _SLACK + _ROUNDING_DAYS
        least = (row.at_risk - row.events - (row.censored or 0)) * width / _SLACK - _ROUNDING_DAYS
        unit = row.time_unit
        if row.person_time > most:
            yield at(TABLE, row, "person_time", f"more than {row.at_risk} at risk could give in "
                     f"{width:g} days", hint=f"it is in {unit}, as time_unit says")  # fmt: skip
        elif row.censored is not None and row.person_time < least:
            yield at(TABLE, row, "person_time", "less than those who stayed to the end gave",
                     hint=f"it is in {unit}, as time_unit says")  # fmt: skip
        elif row.person_time == 0 and row.events:
            yield at(TABLE, row, "person_time", "events without time at risk")


def _sound(draft: Draft) -> Iterator[Interval]:
    return (row for row in draft.intervals if not draft.is_bad(TABLE, row, *_NUMBERS))


def _neighbours(draft: Draft) -> Iterator[tuple[Interval, Interval]]:
    """Pairs of intervals of one arm that follow each other in time."""
    forward = (row for row in _sound(draft) if row.end > row.start)
    ordered = sorted(forward, key=lambda row: (row.arm, row.start, row.line))
    for _, rows in groupby(ordered, key=lambda row: row.arm):
        yield from pairwise(rows)
