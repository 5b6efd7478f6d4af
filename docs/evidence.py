"""Write docs/evidence.md: what every number of the bundled tables is used for, and how.

Run `python docs/evidence.py`. The text is docs/evidence.in.md; the tables are made here.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from metinfer.evidence import Evidence, bundled_path, read_evidence
from metinfer.evidence.account import Endpoint, by_endpoint, by_role
from metinfer.evidence.schema import OBSERVABLES
from metinfer.inference.predictions import OBSERVABLES as FORMULAS

PAGE = Path(__file__).with_suffix(".md")
TEXT = Path(__file__).with_suffix(".in.md")
#: What is read off interval tables, which have no rows in measurements.csv.
INTERVALS = "(ln S(start) - ln S(end)) / width, S = (1 + L/k)^-k"


def table(header: tuple[str, ...], rows: Iterable[tuple[object, ...]]) -> str:
    """Markdown table."""
    lines = [header, tuple("---" for _ in header), *rows]
    return "\n".join("| " + " | ".join(str(c) for c in line) + " |" for line in lines) + "\n"


def formulas() -> str:
    """Every observable with its unit and formula."""
    rows = [
        (f"`{name}`", o.unit, o.meaning, FORMULAS[name][0] if name in FORMULAS else INTERVALS)
        for name, o in OBSERVABLES.items()
    ]
    return table(("observable", "unit", "meaning", "formula"), rows)


def account(evidence: Evidence) -> str:
    """Rows by role and kind of reason, with their sum."""
    rows = [
        (role, kind, number)
        for role, kinds in by_role(evidence.measurements).items()
        for kind, number in kinds.items()
    ]
    total = len(evidence.measurements)
    counted = table(("role", "reason", "rows"), [*rows, ("all", "", total)])
    return f"{counted}\nBesides, {len(evidence.fit_intervals())} intervals are fitted.\n"


def endpoints(found: Iterable[Endpoint]) -> str:
    """Every endpoint and matrix."""
    rows = [
        (e.endpoint, e.matrix or "-", e.rows, _list(e.observables, "`") or "-", _list(e.elsewhere))
        for e in found
    ]
    header = ("endpoint", "matrix", "rows", "observable (rows)", "other rows")
    return table(header, rows)


def _list(counts: dict[str, int], quote: str = "") -> str:
    return "; ".join(f"{quote}{name}{quote} ({number})" for name, number in counts.items())


def page(evidence: Evidence) -> str:
    """The whole page, for the bundled evidence."""
    text = TEXT.read_text(encoding="utf-8")
    parts = {
        "formulas": formulas(),
        "account": account(evidence),
        "endpoints": endpoints(by_endpoint(evidence.measurements)),
    }
    for name, part in parts.items():
        text = text.replace(f"{{{name}}}\n", part)
    return text


if __name__ == "__main__":
    PAGE.write_text(page(read_evidence(bundled_path())), encoding="utf-8")
