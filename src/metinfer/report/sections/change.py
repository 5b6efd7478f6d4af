"""Section 4: per answer, the result that would flip it, counter-evidence, weakest assumption."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from metinfer.report import phrases
from metinfer.report.context import Context
from metinfer.report.numbers import interval, number, share
from metinfer.report.sections.fund import LITTLE, Candidate, candidates
from metinfer.summaries.ledger import Part
from metinfer.summaries.table import scaled


def view(page: Context) -> dict[str, Any]:
    """One entry per named risk ratio, and the findings that speak against the hypothesis."""
    found = candidates(page)
    return {
        "answers": [_entry(page, a, found) for a in page.ratios],
        "against": findings(page, ("fit", "check")),
        "left": len(findings(page, ("prior", "out"))),
    }


def _entry(page: Context, answer: Any, found: Sequence[Candidate]) -> dict[str, Any]:
    best = _teaches(page, answer.key, found)
    part, _ = page.weakest(answer.key)
    return {
        "name": page.name(answer.key), "flip": _flip(best), "assumption": phrases.PARTS[part],
        "meaning": phrases.PART_MEANING[part],
        "parts": [(phrases.PARTS[p], line.state.value, phrases.STATES[line.state],
                   _moved(p, line), f"{line.rows_people} / {line.rows_animals}")
                  for p, line in page.ledger.get(answer.key, {}).items()],
    }  # fmt: skip


def _teaches(page: Context, key: str, found: Sequence[Candidate]) -> tuple[Any, float] | None:
    """The candidate that is expected to remove most of the variance of an answer."""
    table = page.found.questions.narrowing
    mine = [n for n in page.rows(table) if n.answer == key and n.variance_removed is not None]
    best = max(mine, key=lambda n: n.variance_removed, default=None)
    if best is None or best.variance_removed < LITTLE:
        return None
    one = next(c for c in found if c.row.experiment == best.experiment)
    return one, best.variance_removed


def _flip(best: tuple[Candidate, float] | None) -> str:
    if best is None:
        return (
            f"No candidate experiment removes {share(LITTLE)} of its variance; a row that perturbs "
            "its target is needed."
        )
    one, removed = best
    row, gain = one.row, f"it would remove {share(removed)} of the variance"
    if row.untreated is not None:
        apart = max(row.treated.hi90, row.untreated.lo90)
        return (
            f"{row.label}: {share(apart)} or more of treated subjects with metastasis, where "
            f"{interval(scaled(row.treated, 100.0), 0)} % is predicted; {gain}."
        )
    end, side = (row.treated.lo90, "below") if row.treated.median >= 1 else (
        row.treated.hi90, "above")  # fmt: skip
    return (
        f"{row.label}: a change {side} {number(end, 2)}-fold, where "
        f"{interval(row.treated)}-fold is predicted; {gain}."
    )


def _moved(part: Part, line: Any) -> str:
    if line.prior is None or line.posterior is None:
        return "not a parameter of the fit" if part is Part.EXPOSURE else ""
    factor, most = (1000.0, 0) if part is Part.BASELINE else (1.0, 2)
    before, after = (interval(scaled(s, factor), most) for s in (line.prior, line.posterior))
    return f"{before} \u2192 {after}{' per 1,000' if part is Part.BASELINE else ''}"


def findings(page: Context, roles: Sequence[str]) -> list[dict[str, str]]:
    """Findings against the hypothesis with some roles, one per study."""
    studies: dict[str, list[Any]] = {}
    for row in page.rows(page.found.against):
        if row.role in roles and row.kind != "twice":
            studies.setdefault(row.study or row.citation, []).append(row)
    predicted = {r.row: r for r in page.rows(page.found.rows)}
    return [
        {"source": rows[0].source or rows[0].citation, "role": phrases.ROLES[rows[0].role],
         "finding": "; ".join(dict.fromkeys(_finding(r, predicted.get(r.row)) for r in rows))}
        for rows in studies.values()
    ]  # fmt: skip


def _finding(row: Any, fitted: Any) -> str:
    who = row.subgroup if row.species == "human" and row.subgroup else phrases.whom(row)
    if row.statistic in ("ordered", "bound"):
        return f"{who}: {phrases.QUANTITIES.get(row.observable, (row.observable,))[0]}, in words"
    told = f"{who}: {phrases.quantity(row)} {phrases.printed(row, bare=True)}"
    if fitted is not None:
        told += f" (model: {interval(fitted.predicted)})"
    return told
