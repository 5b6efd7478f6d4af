"""Studies left out one at a time, in words: what the others foresee in their place."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

from metinfer.report.content import Span
from metinfer.report.contents_compare import Foreseen, StudyLine
from metinfer.report.gather import chance
from metinfer.report.gather.places import Places
from metinfer.report.words import fixed, number, share

#: What so many left-out values inside their intervals say.
LEFT_OUT = {
    chance.NARROW: "fewer than expected (probability {chance}, if each were independent); "
                   "predictions of a new study are too sure.",
    chance.RIGHT: "as many as chance allows.",
    chance.WIDE: "more than expected; predictions of a new study are wider than they need be.",
}  # fmt: skip


def told(studies: Sequence[Any]) -> str:
    """How many left-out values lie inside their intervals, and what that says."""
    from metinfer.inference.leave_out import SURPRISE

    values, half, most = (
        sum(getattr(s, k) for s in studies) for k in ("values", "inside50", "inside90")
    )
    if not values:
        return ""
    judged, by_chance = chance.coverage(half, most, values)
    meaning = LEFT_OUT.get(judged, "too few to judge.").format(chance=number(by_chance, 1))
    return (
        f"Of {values} values left out with their study, {half} ({share(half / values)}) lie inside "
        f"their 50 % interval and {most} ({share(most / values)}) inside their 90 % interval: "
        f"{meaning} About {number(SURPRISE * len(studies), 1)} of {len(studies)} studies would "
        "surprise by chance."
    )


def study(found: Any, words: Mapping[str, str], places: Places) -> StudyLine:
    """Return the line of one study.

    Parameters
    ----------
    found
        A `metinfer.inference.compare_results.StudyResult`.
    words
        Parameter -> what it is called on the page.
    places
    """
    from metinfer.inference.predictive import DRAWS

    foreseen = tuple(_foreseen(p, places) for p in found.predictions)
    moved = "; ".join(
        f"{words.get(k, _plain(k))} {fixed(abs(v), 1)} sd {'higher' if v > 0 else 'lower'}"
        for k, v in found.moved
    )
    return StudyLine(
        found.study, found.citation, places.source(found.study), found.values,
        found.inside50, found.inside90,
        found.score / found.values, found.score_with / found.values, found.tail,
        found.surprising, _why(found, foreseen), moved,
        "; ".join(words.get(k, _plain(k)) for k in found.alone), DRAWS, foreseen,
        found.quality.rhat, found.quality.divergences,
    )  # fmt: skip


def _foreseen(found: Any, places: Places) -> Foreseen:
    """In the words and on the scale of the page; the file holds no 50 % interval."""
    scale = places.scale(found.row, found.observed)
    ends = (found.median, math.nan, math.nan, found.lo90, found.hi90)
    span = Span(*(scale.scored * v for v in ends))
    return Foreseen(
        places.value(found.row), scale.scored * found.observed, span, found.place, scale.unit
    )


def _why(found: Any, foreseen: Sequence[Foreseen]) -> str:
    """The number farthest out, in words."""
    if not foreseen:
        return str(found.why)
    far = min(foreseen, key=lambda f: min(f.place, 1.0 - f.place))
    unit = f" {far.unit}" if far.unit not in ("", "ratio") else ""
    ends = " to ".join(number(v) for v in (far.predicted.lo90, far.predicted.hi90))
    opening = "" if found.surprising else "As the others expect. Farthest out: "
    return (
        f"{opening}{far.label}: published {number(far.observed)}{unit}, predicted by the others "
        f"{number(far.predicted.median)} ({ends})."
    )


def brief(meaning: str) -> str:
    """The first words of a meaning, and whom it is about."""
    whom = re.search(r" \([^()]*\)$", meaning)
    first = re.split(r" \(|, ", meaning)[0]
    return first + (whom.group() if whom and not first.endswith(whom.group()) else "")


def _plain(label: str) -> str:
    name, _, where = label.partition("[")
    return name.replace("_", " ") + (f" ({where[:-1].replace('_', ' ')})" if where else "")
