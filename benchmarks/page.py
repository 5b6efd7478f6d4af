"""docs/benchmarks.md from the results: made, not written by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

PAGE = Path(__file__).parents[1] / "docs" / "benchmarks.md"
TEXT = Path(__file__).with_name("page.md")
TITLES = {
    "accuracy": "1. Accuracy",
    "contenders": "2 and 3. Side by side on the joint posterior",
    "start-up": "4. Start-up and check",
    "demo": "4. Demo",
    "scaling": "5. Scaling of the solve",
    "calibration": "6. Calibration",
    "profile": "Where the time of a gradient goes",
    "own model": "A model of one's own",
}


def number(value: float | None) -> str:
    """A value as a reader wants it."""
    if value is None:
        return "none"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def verdict(row: Mapping[str, Any]) -> str:
    """Met, or missed by what factor."""
    target, value = row["target"], row["value"]
    if target is None:
        return ""
    if row["ok"]:
        return "met"
    if value is None:
        return "missed"
    over = max(value / target, target / value) if value and target else float("inf")
    return f"missed by {over:.3g} times"


def table(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Markdown table of results."""
    lines = ["| what | value | unit | target | | note |", "|---|---|---|---|---|---|"]
    for row in rows:
        target = "" if row["target"] is None else number(row["target"])
        cells = (row["name"], number(row["value"]), row["unit"], target, verdict(row))
        lines.append("| " + " | ".join([*cells, str(row.get("note", ""))]) + " |")
    return lines


def _when(part: Mapping[str, Any] | None) -> list[str]:
    if part is None:
        return []
    return [
        f"{part['written']}, {part['seconds']:.0f} s in all, load at the start {part['load']}.",
        "",
    ]


def write_page(found: Mapping[str, Any]) -> None:
    """Write the page."""
    machine = ", ".join(f"{k} {v}" for k, v in found["machine"].items())
    versions = ", ".join(f"{k} {v}" for k, v in found["versions"].items())
    lines = [
        "# Benchmarks",
        "",
        "Tables: written by `make bench`. Text below them: benchmarks/page.md.",
        "",
    ]
    lines += [f"- machine: {machine}", f"- versions: {versions}", ""]
    judged = [r for r in found["results"] if r["target"] is not None]
    met = sum(r["ok"] for r in judged)
    lines += [f"{met} of {len(judged)} targets met.", ""]
    for part, title in TITLES.items():
        rows = [r for r in found["results"] if r["part"] == part]
        lines += [f"## {title}", "", *_when(found["parts"].get(part))]
        lines += [*(table(rows) if rows else ["Not measured."]), ""]
    PAGE.write_text("\n".join(lines) + TEXT.read_text(encoding="utf-8"), encoding="utf-8")
