"""Variants and left-out studies from `comparison.json`."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from metinfer.report.content import Answer, Parameter, Span
from metinfer.report.contents_compare import (
    Compared,
    ComparedAnswer,
    FitAnswer,
    Foreseen,
    StudyLine,
    VariantLine,
)
from metinfer.report.words import fixed

BASE = "base"
AVERAGES = {"by_prior": "averaged by prior weights", "by_stacking": "averaged by stacking"}


def compared(
    run: Any, answers: Sequence[Answer] = (), known: Iterable[Parameter] = ()
) -> Compared | None:
    """The comparison of a run, None where there is none of this posterior.

    Parameters
    ----------
    run
        A `metinfer.runs.Run`.
    answers
        Named answers of the page: their words.
    known
        Parameters of the page: their meanings.
    """
    from metinfer.comparison import read_comparison

    found = read_comparison(run)
    if found is None:
        return None
    words = {p.name: _brief(p.meaning) for p in known if p.meaning}
    labels = {v.name: v.label for v in found.variants}
    named = {a.key: a for a in answers}
    return Compared(
        variants=tuple(_variant(v) for v in found.variants),
        studies=tuple(_study(s, words) for s in found.studies),
        answers=tuple(
            _answer(a, named[a.name], labels) for a in found.answers if a.name in named
        ),
        reasons=found.reasons,
        observations=run_size(run),
        effort=_effort(found),
    )  # fmt: skip


def state(found: Compared | None) -> str:
    """State of the level "checked": pass, fail or not run."""
    if found is None:
        return "not run"
    return "fail" if found.reasons else "pass"


def run_size(run: Any) -> int:
    """Rows and intervals that were fitted."""
    return len(run.evidence.fit_rows()) + len(run.evidence.fit_intervals())


def _effort(found: Any) -> str:
    plan = found.plan
    fits = sum(v.quality.chains for v in found.variants if v.name != BASE)
    fits += sum(s.quality.chains for s in found.studies)
    rows = sum(len(v.exact) for v in found.variants)
    minutes = found.seconds / 60
    core = "core" if found.cores == 1 else "cores"
    return (
        f"{fits} chains of {plan['draws']} draws for variants and left-out studies, and {rows} "
        f"fits without a single row; {minutes:.0f} minutes on {found.cores} {core}."
    )


def _variant(found: Any) -> VariantLine:
    return VariantLine(
        found.name, found.label, found.reason, found.difference, found.difference_se,
        found.sentence, found.prior_weight, found.stacking_weight, len(found.exact),
        found.pareto_max, found.pareto_limit, found.quality.rhat, found.quality.divergences,
        found.name == BASE,
    )  # fmt: skip


def _study(found: Any, words: Mapping[str, str]) -> StudyLine:
    foreseen = tuple(
        Foreseen(p.label, p.observed, Span(p.median, *_half(p), p.lo90, p.hi90), p.place)
        for p in found.predictions
    )
    moved = "; ".join(
        f"{words.get(k, _plain(k))} {fixed(abs(v), 1)} sd {'higher' if v > 0 else 'lower'}"
        for k, v in found.moved
    )
    return StudyLine(
        found.study, found.citation, found.values, found.inside50, found.inside90,
        found.score / found.values, found.score_with / found.values, found.tail,
        found.surprising, found.why, moved,
        "; ".join(words.get(k, _plain(k)) for k in found.alone), foreseen,
        found.quality.rhat, found.quality.divergences,
    )  # fmt: skip


def _half(_: Any) -> tuple[float, float]:
    """The file holds no 50 % interval of these predictions."""
    return math.nan, math.nan


def _brief(meaning: str) -> str:
    """The first words of a meaning, and whom it is about."""
    whom = re.search(r" \([^()]*\)$", meaning)
    first = re.split(r" \(|, ", meaning)[0]
    return first + (whom.group() if whom and not first.endswith(whom.group()) else "")


def _plain(label: str) -> str:
    name, _, where = label.partition("[")
    return name.replace("_", " ") + (f" ({where[:-1].replace('_', ' ')})" if where else "")


def _answer(found: Any, answer: Answer, labels: Mapping[str, str]) -> ComparedAnswer:
    base = found.variants[BASE]
    fits = [_fit(k, labels.get(k, k), "variant", v, base) for k, v in found.variants.items()]
    fits += [_fit(k, label, "average", getattr(found, k), base) for k, label in AVERAGES.items()]
    fits += [_fit(k, k, "left out", v, base) for k, v in found.left_out.items()]
    if found.prior is not None:
        fits.append(_fit("prior", "prior", "prior", found.prior, base))
    return ComparedAnswer(answer.name, answer.effect, tuple(fits), found.sentence)


def _fit(key: str, label: str, kind: str, found: Any, base: Any) -> FitAnswer:
    width = base.hi90 - base.lo90
    shift = (found.median - base.median) / width if width > 0 else None
    span = Span(found.median, found.lo50, found.hi50, found.lo90, found.hi90)
    return FitAnswer(key, label, kind, span, shift)
