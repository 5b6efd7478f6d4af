"""Tables of a comparison: variants, left-out studies, and every answer under every fit."""

from __future__ import annotations

from typing import Any

from metinfer.report import words
from metinfer.report.contents_compare import Compared, ComparedAnswer, VariantLine
from metinfer.report.tables import Cell, Column, Table, flag, numeric, span, table, text


def tables(found: Compared | None) -> list[Table]:
    """Return every table of the comparison; empty ones where there is none."""
    made = found or Compared((), (), (), (), 0, "")
    return [variants(made), studies(made), compared_answers(made), every_fit(made), pareto(made)]


def pareto(found: Compared) -> Table:
    """Return which groups the fit hangs on."""
    columns = [
        text("Group", lambda a: a.label),
        numeric("Values", lambda a: a.values, words.whole),
        numeric("Largest Pareto k", lambda a: a.largest, lambda v: words.number(v, 2)),
        numeric("Limit", lambda a: a.limit, lambda v: words.number(v, 2)),
        numeric("Values above it", lambda a: a.above, words.whole),
    ]
    caption = "Which groups the fit hangs on: Pareto k when one value is left out"
    return table("pareto", caption, columns, found.arms)


def variants(found: Compared) -> Table:
    """Return what the same rows say of each variant."""
    columns = [
        text("Variant of the mechanism", lambda v: v.label),
        numeric("Log score less that of the base", lambda v: v.difference, _signed),
        numeric("Standard error", lambda v: v.error, lambda v: words.number(v, 2)),
        flag("What the tables can tell", lambda v: (v.verdict, _tone(v))),
        text("Where the difference arises", lambda v: v.arises),
        numeric("Prior weight", lambda v: v.prior_weight, words.share),
        numeric("Stacking weight", lambda v: v.stacking_weight, words.share),
        text("Why this prior weight", lambda v: v.reason),
        numeric("Values left out by a refit", lambda v: v.refitted, words.whole),
        numeric("R-hat", lambda v: v.rhat, lambda x: words.number(x, 4)),
        numeric("Divergences", lambda v: v.divergences, words.whole),
    ]
    caption = "Variants of the mechanism on the same rows"
    return table("variants", caption, columns, found.variants, wide=True, full=True)


def _signed(value: float | None) -> str:
    if value is None:
        return words.GAP
    return words.fixed(value, 1) if value <= 0 else f"+{words.fixed(value, 1)}"


def _tone(line: VariantLine) -> str:
    tones = {
        "base": "good",
        "cannot tell": "warn",
        "not judged": "warn",
        "the tables speak for": "good",
    }
    return tones.get(line.verdict, "bad")


def studies(found: Compared) -> Table:
    """Return what the other studies predict for each study."""
    columns = [
        text("Study left out", lambda s: s.label),
        flag("Verdict", lambda s: ("surprises the model", "bad") if s.surprising
             else ("as the others expect", "good")),
        numeric("Values", lambda s: s.values, words.whole),
        _inside("Inside 50 %", "inside50"),
        _inside("Inside 90 %", "inside90"),
        numeric("Log score per value, without it", lambda s: s.score, _score),
        numeric("Log score per value, with it", lambda s: s.score_with, _score),
        _tail(),
        text("Why", lambda s: s.why),
        text("What moves without it", lambda s: s.moved),
        text("Known from this study alone", lambda s: s.alone),
        text("Source", lambda s: s.source),
        numeric("R-hat", lambda s: s.rhat, lambda x: words.number(x, 4)),
        numeric("Divergences", lambda s: s.divergences, words.whole),
    ]  # fmt: skip
    caption = "Each study left out, and predicted from the others"
    return table("left-out", caption, columns, found.studies, wide=True)


def _inside(label: str, name: str) -> Column:
    """Counts, not shares: most studies have one value."""

    def make(line: Any) -> Cell:
        inside = getattr(line, name)
        return Cell(f"{inside} of {line.values}", (inside,))

    return Column(label, make, numeric=True)


def _tail() -> Column:
    def make(line: Any) -> Cell:
        return Cell(words.tail(line.tail, line.draws), (line.tail,))

    return Column("Tail probability", make, numeric=True)


def _score(value: float | None) -> str:
    return words.GAP if value is None else words.fixed(value, 2)


def compared_answers(found: Compared) -> Table:
    """Return every named answer averaged over the variants, and how far single fits move it."""
    measure = lambda a: a.effect.measure  # noqa: E731
    columns = [
        text("Answer", lambda a: a.name),
        text("Measure", _measure_words),
        span("Base", lambda a: a.span("base"), measure),
        span("Average by prior weights", lambda a: a.span("by_prior"), measure),
        span("Average by stacking", lambda a: a.span("by_stacking"), measure),
        span("Prior", lambda a: a.span("prior"), measure),
        text("Medians over the variants", lambda a: _range(a, "variant")),
        text("Medians with one study left out", lambda a: _range(a, "left out")),
        text("In words", lambda a: a.told),
    ]
    caption = "Named answers over all variants and left-out studies"
    return table("compared-answers", caption, columns, found.answers, wide=True)


def _measure_words(answer: ComparedAnswer) -> str:
    measure = words.measure(answer.effect.measure)
    return f"{measure.label}, {words.years(answer.effect.horizon)} ({measure.unit})"


def _range(answer: ComparedAnswer, kind: str) -> str:
    fits = answer.of(kind)
    if not fits:
        return ""
    ends = sorted(fits, key=lambda f: f.span.median)
    shown = [words.shown(f.span, answer.effect.measure)[0] for f in (ends[0], ends[-1])]
    return shown[0] if shown[0] == shown[1] else f"{shown[0]} to {shown[1]}"


def every_fit(found: Compared) -> Table:
    """Return each named answer under each fit, one line per pair."""
    pairs = [(a, f) for a in found.answers for f in a.fits]
    columns: list[Any] = [
        text("Answer", lambda p: p[0].name),
        text("Measure", lambda p: _measure_words(p[0])),
        text("Kind of fit", lambda p: p[1].kind),
        text("Fit", lambda p: p[1].label),
        span("Answer under it", lambda p: p[1].span, lambda p: p[0].effect.measure),
        numeric("Shift of the median, share of the base 90 % interval", lambda p: p[1].shift,
                _share),
    ]  # fmt: skip
    return table("every-fit", "Every named answer under every fit", columns, pairs, wide=True)


def _share(value: float | None) -> str:
    return words.GAP if value is None else f"{words.fixed(100 * value, 0)} %"
