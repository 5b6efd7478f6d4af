"""Rows as published, and what was shown for each factor of credibility."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from metinfer.report.content import LEARNT, NARROWED, Answer, Gate, Level, Score
from metinfer.report.contents_account import Credibility, PublishedRow
from metinfer.report.gather import labels
from metinfer.report.gather.fit import when
from metinfer.report.words import is_assumed, number
from metinfer.therapy.applicability import INSIDE

SCORED = ("fit", "check")
SPREADS = {
    "sd": "SD", "sem": "SEM", "log_sd": "log SD", "ci95": "95 % interval", "ci90": "90 % interval",
    "iqr": "quartiles", "range": "range",
}  # fmt: skip


def published_rows(evidence: Any) -> tuple[PublishedRow, ...]:
    """Return every scored row with source, group, statistic, value, n and how it was read."""
    arms, given = {a.arm: a for a in evidence.arms}, labels.given(evidence)
    sources = {s.study: s.citation for s in evidence.studies}
    return tuple(
        _published(r, arms.get(r.arm), given.get(r.arm, ()), sources.get(r.study, r.study))
        for role in SCORED
        for r in evidence.measurements
        if r.role == role
    )


def _published(row: Any, arm: Any, agents: Sequence[str], source: str) -> PublishedRow:
    whom = [
        arm.species if arm else "",
        labels.group(arm, agents),
        when(row.time_day) if row.time_day else "",
    ]
    words, _ = labels.quantity(row)
    note = "; ".join(p for p in (row.reason, row.note) if p)
    return PublishedRow(
        row.row, ", ".join(p for p in (source, row.locator) if p), ", ".join(w for w in whom if w),
        words, printed(row), row.n, row.role, row.confidence or "", note,
    )  # fmt: skip


def printed(row: Any) -> str:
    """Return the number of a row as a paper would print it."""
    if row.statistic == "proportion" and row.events is not None and row.n:
        return f"{row.events:g} of {row.n:g}"
    value = "" if row.value is None else f"{row.value:g}"
    unit = "" if row.unit in ("", "1", None) else f" {row.unit}"
    name = row.statistic.replace("_", " ")
    if row.low is not None and row.high is not None:
        words = SPREADS.get(row.spread, "interval")
        return f"{name} {value}{unit}, {words} {row.low:g} to {row.high:g}"
    if row.spread in SPREADS and row.low is not None:
        return f"{name} {value}{unit}, {SPREADS[row.spread]} {row.low:g}"
    return f"{name} {value}{unit}"


def credibility(
    gates: Sequence[Gate], scores: Sequence[Score], levels: Sequence[Level],
    answers: Sequence[Answer], rows: Sequence[PublishedRow],
) -> tuple[Credibility, ...]:  # fmt: skip
    """Return one line per factor; `met` is None for what this run did not try."""
    return (
        _solver(gates),
        _sampling(gates),
        Credibility(
            "Program", "known-answer cases, limits, another solver", "in the test suite; a run "
            "does not repeat them", None, "run make test on the version that made this page",
        ),
        _level(levels, "calibrated", "Calibration", "intervals hold a known truth as often as "
               "they say, on simulated tables of the same design"),
        _level(levels, "checked", "Model form", "other mechanisms, and each study left out, give "
               "the same answers"),
        _fit(scores),
        _held_out(scores),
        _inputs(rows),
        _applicability(answers),
    )  # fmt: skip


def _solver(gates: Sequence[Gate]) -> Credibility:
    mine = [g for g in gates if g.name in ("solver grid", "failed solves")]
    shown = "; ".join(f"{g.name} {number(g.value, 2)} (limit {g.limit})" for g in mine)
    return Credibility("Solver", "finer steps change no answer; every draw is solved", shown,
                       _all(mine))  # fmt: skip


def _sampling(gates: Sequence[Gate]) -> Credibility:
    mine = [g for g in gates if g.name not in ("solver grid", "failed solves")]
    failed = [g.name for g in mine if g.passed is False]
    return Credibility(
        "Sampling", "chains agree for every reported quantity, in every sub-fit",
        f"{sum(g.passed is True for g in mine)} of {len(mine)} gates pass", _all(mine),
        f"fails: {', '.join(failed)}" if failed else "",
    )  # fmt: skip


def _all(gates: Sequence[Gate]) -> bool | None:
    if not gates or any(g.passed is None for g in gates):
        return None
    return all(g.passed for g in gates)


def _level(levels: Sequence[Level], name: str, factor: str, goal: str) -> Credibility:
    """One level of the verdict: "done" means that it ran, and that its limits were passed."""
    level = next(v for v in levels if v.name == name)
    met = {"pass": True, "fail": False, "done": False}.get(level.state)
    gap = "" if met is not None else f"{level.state}: {level.command}"
    return Credibility(factor, goal, level.meaning if met is not None else "", met, gap)


def _fit(scores: Sequence[Score]) -> Credibility:
    """Coverage of fitted values: the first line of each kind of score is its total."""
    mine = [s for s in scores if s.stream in ("all fitted rows", "all follow-up intervals")]
    return Credibility(
        "Fit", "nine in ten fitted values inside their 90 % predictive interval", _covered(mine),
        _as_expected(mine),
    )  # fmt: skip


def _held_out(scores: Sequence[Score]) -> Credibility:
    mine = [s for s in scores if s.stream == "all rows never fitted"]
    gap = "" if mine else "no row of role check"
    if not scores:
        gap = "not computed yet (metinfer diagnose RUN)"
    return Credibility(
        "Comparator", "rows not fit for fitting (other era, other endpoint), predicted only, are "
        "predicted as well as fitted ones",
        _covered(mine), _as_expected(mine), gap,
    )  # fmt: skip


def _covered(scores: Sequence[Score]) -> str:
    return "; ".join(f"{s.stream}: {s.inside90} of {s.items} inside" for s in scores)


def _as_expected(scores: Sequence[Score]) -> bool | None:
    return all(s.judged != "too narrow" for s in scores) if scores else None


def _inputs(rows: Sequence[PublishedRow]) -> Credibility:
    sure = sum(r.confidence == "high" for r in rows)
    brief = sum("abstract" in r.source.lower() for r in rows)
    return Credibility(
        "Inputs", "every number traced to its place in a paper and read with confidence",
        f"{sure} of {len(rows)} scored rows read with high confidence", sure == len(rows),
        f"{brief} of {len(rows)} read in an abstract" if brief else "",
    )  # fmt: skip


def _applicability(answers: Sequence[Answer]) -> Credibility:
    inside = sum(a.effect.applicability == INSIDE for a in answers)
    states = [a.effect.learnt for a in answers]
    assumed = sum(map(is_assumed, states))
    shown = (f"{inside} of {len(answers)} named answers inside the evidence; "
             f"{states.count(LEARNT)} learnt, {states.count(NARROWED)} narrowed only, {assumed} "
             "assumed")  # fmt: skip
    return Credibility(
        "Applicability", "answers lie inside what was measured", shown,
        inside == len(answers) if answers else None, "flag beside each number in section 12",
    )  # fmt: skip
