"""What became of every row: by role and reason, and by endpoint and matrix."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from metinfer.evidence.types import Measurement
from metinfer.evidence.vocabulary import ROLES, SCORED


@dataclass(frozen=True)
class Endpoint:
    """All rows of one published endpoint in one matrix.

    Attributes
    ----------
    endpoint, matrix : str
        As published.
    rows : int
        How many rows report it.
    observables : dict of str to int
        Rows with role fit or check, by the model's observable.
    elsewhere : dict of str to int
        All other rows, by role, and by kind of reason where they are out.
    """

    endpoint: str
    matrix: str
    rows: int
    observables: dict[str, int]
    elsewhere: dict[str, int]


def kind_of_reason(row: Measurement) -> str:
    """First words of a reason, up to the colon: what kind of reason it is."""
    return row.reason.partition(":")[0].strip() if ":" in row.reason else ""


def by_role(rows: Iterable[Measurement]) -> dict[str, dict[str, int]]:
    """Number of rows of each role, by kind of reason; only role out has kinds."""
    found: dict[str, Counter[str]] = {role: Counter() for role in ROLES}
    for row in rows:
        found[row.role][kind_of_reason(row) if row.role == "out" else ""] += 1
    return {role: dict(counts.most_common()) for role, counts in found.items()}


def by_endpoint(rows: Iterable[Measurement]) -> tuple[Endpoint, ...]:
    """Each endpoint and matrix with what its rows are used for, in alphabetical order."""
    groups: dict[tuple[str, str], list[Measurement]] = defaultdict(list)
    for row in rows:
        groups[row.endpoint, row.matrix].append(row)
    return tuple(_endpoint(*key, group) for key, group in sorted(groups.items()))


def _endpoint(endpoint: str, matrix: str, rows: Sequence[Measurement]) -> Endpoint:
    scored = Counter(row.observable for row in rows if row.role in SCORED)
    other = Counter(
        f"out, {kind_of_reason(row)}" if row.role == "out" else row.role
        for row in rows
        if row.role not in SCORED
    )
    return Endpoint(endpoint, matrix, len(rows), dict(scored), dict(other.most_common()))
