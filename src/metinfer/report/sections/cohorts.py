"""Section 5: event-free curves of the cohorts, with numbers at risk."""

from __future__ import annotations

from typing import Any

from metinfer.report import phrases
from metinfer.report.charts import BOTTOM, HEIGHT, Axis, Panel, ticks
from metinfer.report.context import Context
from metinfer.report.numbers import number, whole
from metinfer.summaries.table import YEAR

#: Years of follow-up below which time is shown in days.
SHORT = 0.75
#: Height of a panel with a line for the numbers at risk.
TALL = HEIGHT + 14.0


def view(page: Context) -> dict[str, Any]:
    """One panel per cohort."""
    made = []
    for row in page.rows(page.found.cohorts):
        event = phrases.SCOPES.get(row.endpoint, row.endpoint or "the event")
        days = row.time_year[-1] < SHORT
        made.append({
            "unit": "days" if days else "years", "title": phrases.whom(row), "event": event,
            "n": whole(row.n), "source": row.source, "svg": _panel(row, event).svg(),
        })  # fmt: skip
    return {"panels": made, "score": _score(page)}


def _panel(row: Any, event: str) -> Panel:
    last, low = row.time_year[-1], min(*row.lo90, *row.seen) if row.seen else min(row.lo90)
    floor = 0.0 if low < 0.5 else 0.5
    label = (f"Share free of {event}, {phrases.whom(row)}: at year {number(row.seen_year[-1])} "
             f"published {number(row.seen[-1], 2)}, model median at the end "
             f"{number(row.median[-1], 2)}") if row.seen else f"Share free of {event}"  # fmt: skip
    panel = Panel(Axis(0.0, last), Axis(floor, 1.0), label, TALL)
    size = 1.0 / YEAR if last < SHORT else 1.0
    across = [size * v for v in ticks(0.0, last / size)]
    panel.axes([(v, number(v / size)) for v in across],
               [(v, f"{100 * v:.0f} %") for v in ticks(floor, 1.0, 5)],
               "")  # fmt: skip
    panel.band(row.time_year, row.lo90, row.hi90, opacity=0.18)
    panel.band(row.time_year, row.lo50, row.hi50, opacity=0.28)
    panel.line(row.time_year, row.median)
    panel.points(row.seen_year, row.seen)
    panel.text(4, TALL - BOTTOM + 28, "at risk", "start")
    for value in across:
        at = next((k for k, y in enumerate(row.seen_year) if y > value + 1e-9), None)
        if at is not None and value > 0.05 * last:
            x, _ = panel.place(value, floor)
            panel.text(x, TALL - BOTTOM + 28, whole(row.at_risk[at]))
    return panel


def _score(page: Context) -> str:
    mine = [s for s in page.rows(page.found.scores) if s.block == "intervals" and not s.stream]
    if not mine:
        return ""
    one = mine[0]
    return (
        f"{one.inside90} of {one.items} follow-up intervals lie inside their 90 % predictive "
        "interval."
    )
