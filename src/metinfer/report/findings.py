"""One result of each figure in words, for a reader who hears the page instead of seeing it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from metinfer.report import words
from metinfer.report.content import (
    Answer,
    Curve,
    Effect,
    IntervalFit,
    Link,
    Parameter,
    RowFit,
    SurvivalFit,
    Trace,
)
from metinfer.report.contents_compare import ComparedAnswer, StudyLine, VariantLine
from metinfer.report.contents_decisions import After, Candidate, Setting, Share, SplitBar


def finding(items: Any) -> str:
    """Return one sentence on what a figure of these items shows; empty for what it does not know.

    Parameters
    ----------
    items
        What the figure is drawn from: a sequence of one kind, or a calibration with its panels.
    """
    if isinstance(items, tuple) and len(items) == 2 and isinstance(items[1], tuple):
        out = sum(q.p < 0.05 for q in items[1])
        return f"{out} of {len(items[1])} lines leave the band."
    found = list(items)
    say = SAYINGS.get(type(found[0])) if found else None
    return say(found) if say else ""


def _rows(rows: Sequence[RowFit]) -> str:
    inside = sum(r.inside for r in rows)
    out = ", ".join(dict.fromkeys(r.source for r in rows if not r.inside))
    more = f"; outside: {out}" if out else ""
    return f"{inside} of {len(rows)} published values lie inside their 90 % interval{more}."


def _intervals(items: Sequence[IntervalFit]) -> str:
    inside = sum(i.inside for i in items)
    return f"{inside} of {len(items)} counts lie inside their 90 % interval."


def _survival(fits: Sequence[SurvivalFit]) -> str:
    ends = [f"{f.arm} {words.share(f.bands[-1].median)}" for f in fits]
    return f"Free of an event at the end, by the model: {'; '.join(ends)}."


def _answers(answers: Sequence[Answer]) -> str:
    return "; ".join(
        f"{a.name}: {words.shown_text(a.effect.posterior, a.effect.measure)}, before the data "
        f"{words.shown_text(a.effect.prior, a.effect.measure)}" for a in answers
    ) + "."  # fmt: skip


def _parameters(parameters: Sequence[Parameter]) -> str:
    known = [p for p in parameters if p.width is not None]
    if not known:
        return ""
    least = min(known, key=lambda p: p.width or 0.0)
    return (
        f"Most narrowed: {least.meaning or least.name}, to {words.share(least.width)} of the width "
        "of its prior."
    )


def _traces(traces: Sequence[Trace]) -> str:
    return f"Largest R-hat {words.number(max(t.rhat or 0.0 for t in traces), 4)}."


def _effects(effects: Sequence[Effect]) -> str:
    most = max(effects, key=lambda e: e.posterior.median)
    clear = sum(e.posterior.lo90 > 0 for e in effects)
    shown = words.shown_text(most.posterior, most.measure)
    return (
        f"Largest median: {most.therapy} in {most.population}, {shown}; {clear} of {len(effects)} "
        "intervals exclude no effect."
    )


def _curves(curves: Sequence[Curve]) -> str:
    ends = [f"{c.therapy or 'no therapy'}, {c.population}: {words.share(c.bands[-1].median)}"
            for c in curves]  # fmt: skip
    return f"Free of the event at the end: {'; '.join(ends)}."


def _links(links: Sequence[Link]) -> str:
    return "; ".join(f"{k.change} {words.shown_text(k.strength, 'fold')} {k.unit}"
                     for k in links) + "."  # fmt: skip


def _variants(variants: Sequence[VariantLine]) -> str:
    told = [v.label for v in variants if v.told_apart]
    return f"Told from the base: {', '.join(told) or 'none'}, of {len(variants)} variants."


def _studies(studies: Sequence[StudyLine]) -> str:
    told = [s.label for s in studies if s.surprising]
    return f"Surprising: {', '.join(told) or 'none'}, of {len(studies)} studies."


def _moved(answers: Sequence[ComparedAnswer]) -> str:
    fits = [(a, f) for a in answers for f in a.fits if f.kind in ("variant", "left out")]
    if not fits:
        return ""
    answer, fit = max(fits, key=lambda p: abs(p[1].shift or 0.0))
    size = words.fixed(100 * (fit.shift or 0.0), 0)
    return f"Largest shift of any fit: {size} % of the interval, {answer.name}, {fit.label}."


def _settings(settings: Sequence[Setting]) -> str:
    first, last = settings[0], settings[-1]
    return "; ".join(
        f"{s.effect.therapy}, {s.words}: {words.shown_text(s.effect.posterior, s.effect.measure)}"
        for s in dict.fromkeys((first, last))
    ) + "."  # fmt: skip


def _splits(bars: Sequence[SplitBar]) -> str:
    most = max(bars, key=lambda b: b.avoided.median)
    return (
        f"Most avoided: {most.therapy}, {words.span_text(most.avoided)} metastases per 1,000 "
        "subjects."
    )


def _after(courses: Sequence[After]) -> str:
    last = [(c, c.bands["posterior"][-1]) for c in courses if "posterior" in c.bands]
    if not last:
        return ""
    course, end = max(last, key=lambda p: p[1].median)
    return f"Highest at the end of follow-up: {course.therapy}, {words.span_text(end)}."


def _shares(shares: Sequence[Share]) -> str:
    made = []
    for share in shares:
        name = max(share.parts, key=lambda k: share.parts[k])
        made.append(f"{share.answer}: mostly {name} ({words.share(share.parts[name])})")
    return "; ".join(made) + "."


def _candidates(candidates: Sequence[Candidate]) -> str:
    last = [(c, c.assurance[-1]) for c in candidates if c.assurance]
    if not last:
        return ""
    one, (n, chance) = max(last, key=lambda p: p[1][1])
    return f"Surest: {one.label}, {words.share(chance)} with {n:,} per arm."


SAYINGS: dict[type, Callable[[Sequence[Any]], str]] = {
    RowFit: _rows, IntervalFit: _intervals, SurvivalFit: _survival, Answer: _answers,
    Parameter: _parameters, Trace: _traces, Effect: _effects, Curve: _curves, Link: _links,
    VariantLine: _variants, StudyLine: _studies, ComparedAnswer: _moved, Setting: _settings,
    SplitBar: _splits, After: _after, Share: _shares, Candidate: _candidates,
}  # fmt: skip
