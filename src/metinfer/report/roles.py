"""Rows of the evidence by role, summed up."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from metinfer.report.content import RoleCount

ORDER = ("fit", "check", "prior", "out")
#: Name of the table of follow-up intervals.
INTERVALS = "follow-up intervals"


@dataclass(frozen=True)
class RoleTotal:
    """Published rows and follow-up intervals of one role; of those left out, of one reason."""

    role: str
    reason: str
    rows: int
    intervals: int


def role_totals(counts: Iterable[RoleCount]) -> tuple[RoleTotal, ...]:
    """Return one line per role; rows left out also by kind of reason, most frequent first."""
    found = tuple(counts)
    made = []
    for role in dict.fromkeys([*ORDER, *(c.role for c in found)]):
        mine = [c for c in found if c.role == role]
        if mine:
            made.append(_total(role, "all", mine))
        if role == "out":
            kinds = dict.fromkeys(c.reason for c in mine)
            lines = [_total(role, k, [c for c in mine if c.reason == k]) for k in kinds]
            made += sorted(lines, key=lambda t: -t.rows)
    return tuple(made)


def _total(role: str, reason: str, counts: Iterable[RoleCount]) -> RoleTotal:
    rows = {True: 0, False: 0}
    for count in counts:
        rows[count.table == INTERVALS] += count.rows
    return RoleTotal(role, reason, rows[False], rows[True])
