"""Section 6: evidence grid, part of the mechanism by species."""

from __future__ import annotations

from typing import Any

from metinfer.report import phrases
from metinfer.report.context import Context
from metinfer.report.numbers import whole


def view(page: Context) -> dict[str, Any]:
    """One row per part: rows, intervals and studies in people and in animals."""
    cells: dict[str, dict[str, Any]] = {}
    for row in page.rows(page.found.coverage):
        cells.setdefault(row.part, {})[row.species] = row
    return {
        "rows": [
            {"name": phrases.of(phrases.COVERAGE, part), **{s: _cell(by.get(s))
                                                            for s in ("human", "mouse")}}
            for part, by in cells.items()
        ],
        "empty": [phrases.of(phrases.COVERAGE, part) for part, by in cells.items()
                  if not any(r.rows + r.intervals for r in by.values())],
    }  # fmt: skip


def _cell(row: Any) -> dict[str, Any]:
    if row is None or not row.rows + row.intervals:
        return {"text": "no row", "level": 0}
    rows = phrases.counted(row.rows, "row")
    lines = f" + {phrases.counted(row.intervals, 'interval')}" if row.intervals else ""
    studies = phrases.counted(row.studies, "study", "studies")
    events = f", {whole(row.events)} events" if row.events else ""
    level = 1 + (row.studies > 1) + (row.rows + row.intervals >= 4 and row.studies > 1)
    return {"text": f"{rows}{lines}, {studies}{events}", "level": level}
