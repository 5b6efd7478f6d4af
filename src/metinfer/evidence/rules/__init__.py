"""Small independent checks of the evidence; `metinfer.evidence.check` lists them."""

from __future__ import annotations

from metinfer.evidence.draft import Row
from metinfer.evidence.faults import Issue
from metinfer.evidence.schema import TABLES


def at(table: str, row: Row, column: str, message: str, **details: str) -> Issue:
    """Issue at one cell of `row`, with the cell as it stands in the file."""
    details.setdefault("value", row.raw.get(column, ""))
    return Issue(message, TABLES[table].file, row.line, column, **details)
