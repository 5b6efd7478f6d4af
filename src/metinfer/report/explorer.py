"""The numbers behind the interactive curves: small, rounded, inside the page."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from typing import Any

from metinfer.report import words
from metinfer.report.content import Curve, Effect, ReportContent, Span
from metinfer.report.sections import CONTRASTS, measure_words, shown_populations

SOURCES = (
    ("posterior", "posterior"),
    ("prior", "prior, before any data"),
    ("no_mouse", "posterior without mouse rows"),
)
#: Points of a curve: four a year over ten years.
POINTS = 41


def explorer(content: ReportContent) -> dict[str, Any] | None:
    """Return choices, filters and data of the explorer, or None where there are no curves."""
    treated = [c for c in content.curves if c.therapy]
    if not treated:
        return None
    here = {c.source for c in treated}
    horizons = sorted({e.horizon for e in content.effects}) or [max(treated[0].time)]
    shared = {
        "therapy": _same(c.therapy for c in treated),
        "population": _same(c.population for c in treated),
        "horizon": [(words.number(h), words.years(h)) for h in reversed(horizons)],
    }
    measures = dict.fromkeys(e.measure for e in content.effects if e.measure in CONTRASTS)
    return {
        "choices": {**shared, "source": [s for s in SOURCES if s[0] in here]},
        "filters": {
            **shared,
            "population": _same(shown_populations(content)),
            "measure": [(m, words.measure(m).label) for m in measures],
        },
        "data": _data(content),
    }


def _data(content: ReportContent) -> dict[str, Any]:
    """Return what the page draws from; words that come often stand once, in `names`."""
    names: dict[str, int] = {}
    curves = [_curve(c, names) for c in content.curves]
    effects = [_effect(e, names) for e in content.effects if e.measure in CONTRASTS]
    return {
        "event": {c.population: c.event for c in content.curves},
        "time": {c.population: _time(c) for c in content.curves},
        "curves": curves,
        "effects": effects,
        "names": list(names),
        "horizons": _horizons(content),
    }


def _place(word: str, names: dict[str, int]) -> int:
    return names.setdefault(word, len(names))


def _horizons(content: ReportContent) -> dict[str, list[str]]:
    """Return the horizons that each population has, as the choices name them."""
    made: dict[str, list[str]] = {}
    for effect in content.effects:
        here = made.setdefault(effect.population, [])
        if words.number(effect.horizon) not in here:
            here.append(words.number(effect.horizon))
    return made


def _same(values: Iterable[str]) -> list[tuple[str, str]]:
    return [(v, v) for v in dict.fromkeys(values)]


def _kept(curve: Curve) -> list[int]:
    step = max(1, -(-(len(curve.time) - 1) // (POINTS - 1)))
    return sorted({*range(0, len(curve.time), step), len(curve.time) - 1})


def _time(curve: Curve) -> list[float]:
    return [round(curve.time[k], 5) for k in _kept(curve)]


def _curve(curve: Curve, names: dict[str, int]) -> list[Any]:
    """Return therapy, population and source, then each line as steps of ten-thousandths.

    Steps, and words by their place, make the page a quarter smaller than plain values.
    """
    ends = ("lo90", "lo50", "median", "hi50", "hi90")
    lines = [[round(1e4 * getattr(curve.bands[k], end)) for k in _kept(curve)] for end in ends]
    steps = [[b - a for a, b in pairwise([0, *line])] for line in lines]
    return [*(_place(w, names) for w in (curve.therapy, curve.population, curve.source)), steps]


def _effect(effect: Effect, names: dict[str, int]) -> list[Any]:
    """Return therapy, population, horizon, measure, posterior, prior, no mouse rows, learnt."""

    def shown(span: Span | None) -> str | None:
        return None if span is None else words.shown_text(span, effect.measure)

    return [
        _place(effect.therapy, names), _place(effect.population, names),
        words.number(effect.horizon), _place(measure_words(effect), names),
        shown(effect.posterior), shown(effect.prior), shown(effect.no_mouse),
        _place(effect.learnt, names),
    ]  # fmt: skip
