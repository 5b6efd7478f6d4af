"""Small independent checks of the evidence; `metinfer.evidence.check` lists them."""

from __future__ import annotations

from collections.abc import Iterator

from metinfer.evidence.draft import Draft, Row
from metinfer.evidence.faults import Issue
from metinfer.evidence.schema import TABLES
from metinfer.evidence.types import Measurement
from metinfer.evidence.vocabulary import SCORED


def at(table: str, row: Row, column: str, message: str, **details: str) -> Issue:
    """Issue at one cell of `row`, with the cell as it stands in the file."""
    details.setdefault("value", row.raw.get(column, ""))
    return Issue(message, TABLES[table].file, row.line, column, **details)


def scored(draft: Draft) -> Iterator[Measurement]:
    """Measurements that the model predicts: role fit or check."""
    return (row for row in draft.measurements if row.role in SCORED)
