"""Section 8: which studies carry which answer, species spread, weight of the prior."""

from __future__ import annotations

from typing import Any

from metinfer.report import phrases
from metinfer.report.context import UNTREATED, Context
from metinfer.report.numbers import fixed

#: Above this, power scaling says that a prior or the data matter to an answer (arviz `psense`).
MATTERS = 0.05
#: Pull, or shift, at which a cell has its full colour.
FULL = 0.5


def view(page: Context) -> dict[str, Any]:
    """Heatmap of study by answer, and one line per answer on spread and prior."""
    answers = [a for a in page.answers.values()
               if a.measure in (UNTREATED, "risk_ratio")]  # fmt: skip
    left_out = page.found.comparison.answers
    done = len(left_out) and (left_out["kind"] == "left_out").any()
    cells = _shifts(page) if done else _pulls(page)
    studies = dict.fromkeys(s for s, _ in cells)
    names = {r.study: r.source for r in page.rows(page.found.published)}
    names |= {r.study: r.source for r in page.rows(page.found.cohorts)}
    return {
        "shifts": bool(done),
        "heads": [{"number": k + 1, "name": page.name(a.key)} for k, a in enumerate(answers)],
        "rows": [{"name": names.get(s, s), "cells": [_cell(cells.get((s, a.key)))
                                                     for a in answers]} for s in studies],
        "spread": [_spread(page, a) for a in answers],
    }  # fmt: skip


def _pulls(page: Context) -> dict[tuple[str, str], float]:
    """Pull of the strongest studies on each answer, sd per doubling of weight."""
    return {(study, row.answer): pull for row in page.rows(page.found.foundations)
            for study, pull in row.pulls.items()}  # fmt: skip


def _shifts(page: Context) -> dict[tuple[str, str], float]:
    """Shift of each answer without each study, as a share of its 90 % interval."""
    return {(r.fit, r.answer): r.shift for r in page.rows(page.found.comparison.answers)
            if r.kind == "left_out" and r.shift is not None}  # fmt: skip


def _cell(value: float | None) -> dict[str, str]:
    if value is None:
        return {"text": "", "weight": "0", "side": ""}
    weight = min(abs(value) / FULL, 1.0)
    sign = "+" if value > 0 else ""
    return {"text": f"{sign}{fixed(value, 2)}", "weight": f"{100 * weight:.0f}%",
            "side": "up" if value > 0 else "down"}  # fmt: skip


def _spread(page: Context, answer: Any) -> dict[str, str]:
    row = next((f for f in page.rows(page.found.foundations) if f.answer == answer.key), None)
    name = answer.measure
    made = {"name": page.name(answer.key), "base": phrases.shown(answer.posterior, name)}
    if row is None:
        return made | dict.fromkeys(("narrow", "wide", "prior", "data", "decides"), "")
    prior, data = row.prior_power, row.data_power
    return made | {
        "narrow": phrases.shown(row.narrow, name), "wide": phrases.shown(row.wide, name),
        "prior": fixed(prior, 3), "data": fixed(data, 3), "decides": _decides(prior, data),
    }  # fmt: skip


def _decides(prior: float, data: float) -> str:
    if prior > MATTERS:
        return "prior and data" if data > MATTERS else "prior"
    return "data" if data > MATTERS else "neither"
