"""Variants and left-out studies from `comparison.json`."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from metinfer.report.content import Answer, Parameter, Span
from metinfer.report.contents_compare import (
    ArmLine,
    Compared,
    ComparedAnswer,
    FitAnswer,
    VariantLine,
)
from metinfer.report.gather import left_out
from metinfer.report.gather.places import Places
from metinfer.report.words import fixed

BASE = "base"
#: Log score of what cannot happen.
NEVER = "\u2212\u221e"
#: Values named for each variant.
LARGEST = 3
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
    from metinfer.comparison import ARRAYS, read_comparison

    found = read_comparison(run)
    if found is None:
        return None
    words = {p.name: left_out.brief(p.meaning) for p in known if p.meaning}
    places = Places(run.evidence)
    scores = run.read_result(ARRAYS)["elpd"] if run.holds(ARRAYS) else None
    labels = {v.name: v.label for v in found.variants}
    labels |= {s.study: places.source(s.study) for s in found.studies}
    named = {a.key: a for a in answers}
    return Compared(
        variants=tuple(_variant(v, scores, places) for v in found.variants),
        studies=tuple(left_out.study(s, words, places) for s in found.studies),
        answers=tuple(
            _answer(a, named[a.name], labels)
            for a in found.answers
            if a.name in named and BASE in a.variants
        ),
        reasons=tuple(_in_words(r, labels) for r in found.reasons),
        observations=run_size(run),
        effort=_effort(found),
        told=left_out.told(found.studies),
        arms=_arms(scores, places, found.variants),
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


def _in_words(reason: str, labels: Mapping[str, str]) -> str:
    """A reason with variants and studies by name."""
    return re.sub(r"[\w-]+", lambda k: labels.get(k[0], k[0]) if "_" in k[0] else k[0], reason)


def _arms(scores: Any, places: Places, variants: Iterable[Any]) -> tuple[ArmLine, ...]:
    """Pareto k of the base fit, by group."""
    limit = next((v.pareto_limit for v in variants if v.name == BASE), math.nan)
    if scores is None or BASE not in scores["variant"].values:
        return ()
    groups: dict[str, list[float]] = {}
    found = scores["pareto_k"].sel(variant=BASE)
    for name, value in zip(scores["observation"].values, found.values, strict=True):
        groups.setdefault(places.owner(str(name)), []).append(float(value))
    made = [ArmLine(k, len(v), max(v), sum(not x <= limit for x in v), limit)
            for k, v in groups.items()]  # fmt: skip
    return tuple(sorted(made, key=lambda a: -a.largest))


def _variant(found: Any, scores: Any, places: Places) -> VariantLine:
    return VariantLine(
        found.name, found.label, found.reason, found.difference, found.difference_se,
        found.sentence, found.prior_weight, found.stacking_weight, len(found.exact),
        found.pareto_max, found.pareto_limit, found.quality.rhat, found.quality.divergences,
        found.name == BASE, _arises(found.name, scores, places), found.judged,
    )  # fmt: skip


def _arises(name: str, scores: Any, places: Places) -> str:
    """The values that make most of the difference to the base, each with its part of it."""
    if scores is None or name == BASE or name not in scores["variant"].values:
        return ""
    one, base = (scores["elpd"].sel(variant=v).values for v in (name, BASE))
    change = np.nan_to_num(one - base, neginf=-math.inf)
    order = np.argsort(-np.abs(change))[:LARGEST]
    return "\n".join(
        f"{places.observation(str(scores['observation'].values[k]))}: {_part(change[k])}"
        for k in order
    )


def _part(change: float) -> str:
    shown = fixed(change, 1) if math.isfinite(change) else NEVER
    return f"+{shown}" if change > 0 else shown


def _answer(found: Any, answer: Answer, labels: Mapping[str, str]) -> ComparedAnswer:
    base = found.variants[BASE]
    fits = [_fit(k, labels.get(k, k), "variant", v, base) for k, v in found.variants.items()]
    fits += [_fit(k, label, "average", getattr(found, k), base) for k, label in AVERAGES.items()]
    fits += [_fit(k, labels.get(k, k), "left out", v, base) for k, v in found.left_out.items()]
    if found.prior is not None:
        fits.append(_fit("prior", "prior", "prior", found.prior, base))
    return ComparedAnswer(answer.name, answer.effect, tuple(fits), _told(found.sentence, labels))


def _told(sentence: str, labels: Mapping[str, str]) -> str:
    """The sentence with studies and variants by name: their keys stand in brackets."""
    return re.sub(r"\((\w[\w-]*)\)", lambda k: f"({labels.get(k[1], k[1])})", sentence)


def _fit(key: str, label: str, kind: str, found: Any, base: Any) -> FitAnswer:
    width = base.hi90 - base.lo90
    shift = (found.median - base.median) / width if width > 0 else None
    span = Span(found.median, found.lo50, found.hi50, found.lo90, found.hi90)
    return FitAnswer(key, label, kind, span, shift)
