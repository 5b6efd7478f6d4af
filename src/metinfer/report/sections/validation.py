"""Section 7: fair and unfair tests, misses by name, other mechanisms, calibration."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from metinfer.report import phrases
from metinfer.report.charts import Axis, Panel
from metinfer.report.context import Context
from metinfer.report.numbers import interval, number, share, tail
from metinfer.summaries import chance

TICKS = (0.0, 0.25, 0.5, 0.75, 1.0)


def view(page: Context) -> dict[str, Any]:
    """Coverage of held-out rows, places of published values in their predictions, misses."""
    rows = page.rows(page.found.rows)
    held = [r for r in rows if r.role == "check"]
    fair, far = [r for r in held if r.fair], [r for r in held if not r.fair]
    lines = page.rows(page.found.intervals)
    return {
        "tests": [_test(*t) for t in (
            ("Fair tests: same quantity and tumour as fitted rows", fair),
            ("Transport: another quantity, tumour or setting", far),
            ("All held-out rows", held),
        ) if t[1]],
        "panels": [p for p in (
            _pit("Held-out rows", held), _pit("Fitted rows (no test)", _fitted(rows)),
            _pit("Fitted follow-up intervals (no test)", _fitted(lines)),
        ) if p],
        "misses": [_miss(r) for r in sorted(held, key=lambda r: r.tail) if not r.inside90],
        "calibration": calibration(page), "variants": variants(page), "studies": studies(page),
        "compare": page.command("compare"), "calibrate": page.command("calibrate"),
        "diagnose": page.command("diagnose"), "computed": bool(rows),
    }  # fmt: skip


def _fitted(items: Sequence[Any]) -> list[Any]:
    return [i for i in items if i.role == "fit"]


def _test(name: str, rows: Sequence[Any]) -> dict[str, str]:
    half, most = sum(r.inside50 for r in rows), sum(r.inside90 for r in rows)
    judged, by_chance = chance.coverage(half, most, len(rows))
    told = phrases.JUDGED[judged]
    told += f" (chance {number(by_chance, 1)})" if by_chance is not None else ""
    return {"name": name, "rows": str(len(rows)), "half": f"{half} ({len(rows) / 2:.0f})",
            "most": f"{most} ({0.9 * len(rows):.0f})", "told": told}  # fmt: skip


def _pit(title: str, items: Sequence[Any]) -> dict[str, Any] | None:
    """Distribution of the randomised places: on the diagonal if predictions are calibrated."""
    if len(items) < 5:
        return None
    places = np.sort([i.pit for i in items])
    up = np.arange(1, len(places) + 1) / len(places)
    grid = np.linspace(0.0, 1.0, 41)
    # pointwise 95 % limits of the share below, binomial with the normal approximation
    half = 1.96 * np.sqrt(grid * (1 - grid) / len(places))
    words = f"{title}, {len(places)} values: share of values whose place in the prediction is lower"
    panel = Panel(Axis(0.0, 1.0), Axis(0.0, 1.0), words)
    marks = [(v, f"{100 * v:.0f} %") for v in TICKS]
    panel.axes(marks, marks, "place of the value in its prediction")
    low, high = np.clip(grid - half, 0, 1), np.clip(grid + half, 0, 1)
    panel.band(grid.tolist(), low.tolist(), high.tolist(), "var(--edge)", 0.25)
    panel.line([0.0, 1.0], [0.0, 1.0], "var(--edge)", "4 3")
    x = np.repeat(np.concatenate([[0.0], places, [1.0]]), 2)[1:]
    y = np.repeat(np.concatenate([[0.0], up, [1.0]]), 2)[:-1]
    panel.line(x.tolist(), y.tolist())
    return {"title": f"{title}: {len(places)}", "svg": panel.svg()}


def _miss(row: Any) -> dict[str, str]:
    return {
        "source": row.source, "who": ", ".join(p for p in (phrases.whom(row),
                                                           phrases.when(row.time_day)) if p),
        "what": phrases.quantity(row), "seen": number(row.reported),
        "predicted": interval(row.predicted), "tail": tail(row.tail, row.draws),
        "fair": "fair" if row.fair else "transport",
    }  # fmt: skip


def variants(page: Context) -> list[dict[str, str]]:
    """Other mechanisms on the same rows."""
    return [
        {"name": v.label, "told": phrases.VARIANTS[v.told],
         "difference": f"{number(v.difference, 2)} (se {number(v.se, 2)})"
         if v.told != "base" else "",
         "weight": f"{share(v.prior_weight)} / {share(v.stacking_weight)}"}
        for v in page.rows(page.found.comparison.variants)
    ]  # fmt: skip


def studies(page: Context) -> dict[str, Any] | None:
    """What the other studies predict of each study that was left out."""
    table = page.found.comparison.studies
    if table.empty:
        return None
    values, inside = int(table["values"].sum()), int(table["inside90"].sum())
    sources = {r.study: r.source for r in page.rows(page.found.published)}
    surprises = [sources.get(s.study, s.citation) for s in page.rows(table) if s.surprising]
    return {"total": values, "inside": inside, "studies": len(table),
            "surprises": phrases.together(surprises)}  # fmt: skip


def calibration(page: Context) -> dict[str, Any] | None:
    """Whether intervals hold simulated truths as often as they say."""
    found = page.found.calibration
    if not found.done:
        return None
    answers = [q for q in page.rows(found.quantities) if q.group == "answer"]
    return {
        "reasons": found.reasons,
        "kinds": [f"{k.finished} of {k.asked} simulated fits with truths from the {k.kind}, "
                  f"{k.failed} failed" for k in page.rows(found.kinds)],
        "rows": [{"name": page.full(q.quantity), "kind": q.kind, "holds": q.holds,
                  "share": share(q.share90),
                  "limits": f"{share(q.low90)} to {share(q.high90)}"} for q in answers],
    }  # fmt: skip
