"""Section 9: therapy by population by horizon, prior and posterior overlaid."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from metinfer.report import phrases
from metinfer.report.context import Context
from metinfer.report.numbers import number, years

ENDS = ("q05", "median", "q95")


def view(page: Context) -> dict[str, Any] | None:
    """Choices and data of the explorer; None where there are no curves."""
    found = page.found
    if found.curves.empty:
        return None
    effects = page.rows(found.effects)
    horizons = {(e.population, number(e.horizon_year)): years(e.horizon_year) for e in effects}
    return {
        "therapies": [(t.therapy, t.label) for t in page.rows(found.therapies)],
        "populations": [(p.population, p.label) for p in page.rows(found.populations)],
        "horizons": [(p, h, words) for (p, h), words in horizons.items()],
        "data": {
            "event": {p.population: phrases.event(p, phrases.SHORT_EVENTS)
                      for p in page.rows(found.populations)},
            "curves": [_curve(c) for c in page.rows(found.curves)],
            "effects": [_effect(page, e) for e in effects
                        if e.measure in ("risk_ratio", "absolute_risk_reduction", "risk",
                                         "risk_untreated", "rmst_gain")],
        },
    }  # fmt: skip


def _curve(row: Any) -> list[Any]:
    """Therapy, population, source, times, then each line as steps of ten-thousandths.

    Steps make the page a quarter smaller than plain values.
    """
    lines = [[round(1e4 * v) for v in getattr(row, end)] for end in ENDS]
    steps = [[b - a for a, b in pairwise([0, *line])] for line in lines]
    last = row.time_year[-1]
    even = [round(t / last, 4) for t in row.time_year]
    return [row.therapy, row.population, row.source, last, even if not _is_even(even) else 0, steps]


def _is_even(places: list[float]) -> bool:
    step = 1.0 / (len(places) - 1)
    return all(abs(v - k * step) < 2e-4 for k, v in enumerate(places))


def _effect(page: Context, row: Any) -> list[str | None]:
    """Therapy, population, horizon, measure, posterior, prior."""
    return [row.therapy, row.population, number(row.horizon_year), row.measure,
            phrases.shown(row.posterior, row.measure),
            None if row.prior is None else phrases.shown(row.prior, row.measure)]  # fmt: skip
