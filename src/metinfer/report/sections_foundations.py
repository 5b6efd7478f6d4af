"""Tables on the ground under each answer: priors, identifiability, sensitivity."""

from __future__ import annotations

from typing import Any

from metinfer.report import words
from metinfer.report.contents_foundations import MATTERS, Foundation, Ground
from metinfer.report.tables import Column, Table, flag, numeric, span, table, text

#: Streams of data with a column of their own: the strongest ones.
STREAMS = 5


def tables(ground: Ground) -> list[Table]:
    """Return every table of the ground; those without rows are empty."""
    made = (rests_on, power, prior_rows, impossible, pairs, conflicts, sense)
    return [make(ground) for make in made]


def conflicts(ground: Ground) -> Table:
    """Return the parameters whose posterior median lies outside the interval of their prior."""
    found = [m for m in ground.moved if m.conflict]
    caption = "Parameters in conflict with their prior"
    return table("conflicts", caption, _moved(), found, full=True)


def sense(ground: Ground) -> Table:
    """Return the other parameters that the data moved, to be held against what is known."""
    found = [m for m in ground.moved if not m.conflict]
    return table("sense", "Values that the data moved", _moved(), found, wide=True)


def _moved() -> list[Column]:
    return [
        text("Parameter", lambda m: m.meaning),
        text("Unit", lambda m: m.unit),
        span("Posterior", lambda m: m.posterior),
        span("Prior", lambda m: m.prior),
        text("Argument for the prior: what is known otherwise", lambda m: m.reason),
        text("That is", lambda m: m.remark),
        text("Answers that move with it (rank correlation)", lambda m: m.answers),
    ]


def rests_on(ground: Ground) -> Table:
    """Return each named answer under other transfers from mouse to human, and who pulls it."""
    measure = lambda f: f.effect.measure  # noqa: E731
    columns = [
        text("Answer", lambda f: f.name),
        text("Measure", _measure_words),
        span("Prior", lambda f: f.effect.prior, measure),
        span("Without mouse rows", lambda f: f.effect.no_mouse, measure),
        span("Alike (sd 0.25)", lambda f: f.narrow, measure),
        span("Base case (sd 0.5)", lambda f: f.effect.posterior, measure),
        span("Far apart (sd 1)", lambda f: f.wide, measure),
        numeric("90 % interval, width after / before", _width, words.width),
        numeric("R-hat", lambda f: f.rhat, lambda v: words.number(v, 4)),
        numeric("Bulk ESS", lambda f: f.ess_bulk, words.whole),
        numeric("Tail ESS", lambda f: f.ess_tail, words.whole),
        text("Studies that pull most (sd)", _pulls),
    ]
    caption = "What each named answer rests on"
    return table("rests-on", caption, columns, ground.foundations, wide=True)


def _measure_words(found: Foundation) -> str:
    measure = words.measure(found.effect.measure)
    return f"{measure.label}, {words.years(found.effect.horizon)} ({measure.unit})"


def _width(found: Foundation) -> float | None:
    prior, measure = found.effect.prior, found.effect.measure
    if prior is None:
        return None
    return words.width_ratio(prior, found.effect.posterior, measure in words.POSITIVE)


def _pulls(found: Foundation) -> str:
    """Studies with their pulls; only the number gets a true minus, the name keeps its hyphen."""
    return ", ".join(f"{p.study} {_signed(p.pull)}" for p in found.pulls)


def _signed(value: float) -> str:
    return f"{value:+.2f}".replace("-", words.MINUS)


def power(ground: Ground) -> Table:
    """Return how each named answer answers to more weight on the prior and on each stream."""
    strongest: dict[str, float] = {}
    for found in ground.foundations:
        for name, value in found.streams.items():
            # A stream that cannot be weighed (constant answers) has none.
            strongest[name] = max(strongest.get(name, 0.0), value or 0.0)
    shown = sorted(strongest, key=lambda k: -strongest[k])[:STREAMS]
    columns = [
        text("Answer", lambda f: f.name),
        text("Measure", lambda f: words.measure(f.effect.measure).label),
        numeric("Prior", lambda f: f.prior_power, _scaled),
        numeric("All data", lambda f: f.data_power, _scaled),
        flag("Reading", lambda f: (f.judged, _tone(f))),
        *(numeric(name[:1].upper() + name[1:], _stream(name), _scaled) for name in shown),
    ]
    caption = "Power scaling: change of each answer per doubling of the weight of a part"
    return table("power", caption, columns, ground.foundations, wide=True)


def _stream(name: str) -> Any:
    return lambda f: f.streams.get(name)


def _scaled(value: float | None) -> str:
    return words.GAP if value is None else f"{value:.3f}"


def _tone(found: Foundation) -> str:
    return "assumed" if (found.prior_power or 0.0) > MATTERS else "good"


def prior_rows(ground: Ground) -> Table:
    """Return each published value beside what the prior alone would have published."""
    columns = [
        text("Row", lambda r: r.row),
        text("Quantity", lambda r: f"{r.quantity} ({r.unit})" if r.unit else r.quantity),
        text("Role", lambda r: r.role),
        numeric("Reported", lambda r: r.reported),
        span("Prior prediction", lambda r: r.predicted),
        flag("Inside 90 %", lambda r: ("inside", "good") if r.inside else ("outside", "warn")),
    ]
    caption = "What the prior alone would have published, on the reported scale"
    return table("prior-rows", caption, columns, ground.prior_rows)


def impossible(ground: Ground) -> Table:
    """Return the share of prior draws that hold something biologically impossible."""
    columns = [
        text("What is looked at", lambda i: i.what),
        numeric("Possible from", lambda i: i.low),
        numeric("to", lambda i: i.high),
        text("Because", lambda i: i.reason),
        numeric("Prior draws outside", lambda i: i.share, lambda v: f"{100 * (v or 0):.1f} %"),
    ]
    caption = "Prior draws that are biologically impossible"
    return table("impossible", caption, columns, ground.impossible, full=True)


def pairs(ground: Ground) -> Table:
    """Return the pairs of parameters that the data tie together most."""
    columns = [
        text("One", lambda p: p.one),
        text("Other", lambda p: p.other),
        numeric("Rank correlation", lambda p: p.correlation, lambda v: words.number(v, 2)),
    ]
    caption = "Parameters that the data cannot tell apart: strongest pairs"
    return table("pairs", caption, columns, ground.pairs, full=True)
