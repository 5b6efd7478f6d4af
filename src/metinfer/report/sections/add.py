"""Section 11: what is empty, how to add a table, and what an added row would teach."""

from __future__ import annotations

from typing import Any

from metinfer.report import phrases
from metinfer.report.context import Context
from metinfer.report.numbers import share
from metinfer.report.sections.fund import candidates

#: Candidates shown.
MOST = 5


def view(page: Context) -> dict[str, Any]:
    """Empty parts, a template row from this run's own table, commands, expected gain."""
    rows = page.rows(page.found.coverage)
    found = [c for c in candidates(page) if c.removed > 0.02][:MOST]
    return {
        "empty": [
            f"{phrases.of(phrases.COVERAGE, r.part)} in "
            f"{'people' if r.species == 'human' else 'mice'}"
            for r in rows if not r.rows + r.intervals
        ],
        "row": _template(page),
        "commands": ("metinfer new my-evidence", f"metinfer fit {page.data_path} -o RUN"),
        "gains": [{"name": c.row.label, "answer": page.name(c.answer), "share": share(c.removed),
                   "width": f"{100 * c.removed:.0f}%"} for c in found],
    }  # fmt: skip


def _template(page: Context) -> list[tuple[str, str]]:
    """Filled cells of one fitted row, as it stands in measurements.csv."""
    evidence = page.found.evidence
    rows = [] if evidence is None else [r for r in evidence.measurements if r.role == "fit"]
    mice = {a.arm for a in evidence.arms if a.species == "mouse"} if evidence is not None else set()
    rows.sort(key=lambda r: (r.arm not in mice, r.statistic != "proportion"))
    kept = ("row", "study", "arm", "observable", "time", "time_unit", "statistic", "value", "unit",
            "n", "events", "role", "locator")  # fmt: skip
    return [(k, str(rows[0].raw[k])) for k in kept if rows and rows[0].raw.get(k)]
