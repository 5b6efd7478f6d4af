"""Checks of analysis.toml: the question asked, and the answers fixed before fitting."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from metinfer.evidence.cells import SLUG, SLUG_HINT
from metinfer.evidence.draft import Draft
from metinfer.evidence.faults import WARNING, Issue, did_you_mean, one_of
from metinfer.evidence.vocabulary import MISSING_SPREAD

FILE = "analysis.toml"
TEXTS = ("question", "decision", "context_of_use", "influence", "consequence", "limits")
#: May be left out: the limits that the program holds every run to are shown instead.
OPTIONAL = ("acceptance",)
KEYS = (*TEXTS, *OPTIONAL, "answer", "missing_spread")
MEASURES = ("risk", "risk_untreated", "absolute_risk_reduction", "risk_ratio", "rmst_gain")
MOST_ANSWERS = 12
_ANSWER = ("name", "therapy", "population", "measure", "time_year", "margin")


def texts_are_text(draft: Draft) -> Iterator[Issue]:
    """The author's fields are known ones and hold text; a missing one is a gap to be seen."""
    analysis = draft.settings.get("analysis", {})
    for key, value in analysis.items():
        if key not in KEYS:
            yield Issue("unknown field", FILE, column=key, allowed=one_of(KEYS),
                        hint=did_you_mean(key, KEYS, "remove it"))  # fmt: skip
        elif key in (*TEXTS, *OPTIONAL) and not _is_text(value):
            yield Issue("not text", FILE, column=key, value=str(value), allowed="a text in quotes")
    if analysis:
        for key in TEXTS:
            if not analysis.get(key):
                yield Issue("the field is empty", FILE, column=key, severity=WARNING,
                            hint="the report will show the gap")  # fmt: skip


def options_are_known(draft: Draft) -> Iterator[Issue]:
    """`missing_spread`, if it is there, is one of its choices."""
    value = draft.settings.get("analysis", {}).get("missing_spread", "default")
    if value not in MISSING_SPREAD:
        yield Issue("unknown choice", FILE, column="missing_spread", value=str(value),
                    allowed=one_of(MISSING_SPREAD),
                    hint=did_you_mean(str(value), MISSING_SPREAD))  # fmt: skip


def answers_are_complete(draft: Draft) -> Iterator[Issue]:
    """At most 12 answers, each with a name of its own and everything that defines it."""
    answers = draft.settings.get("analysis", {}).get("answer", [])
    if not isinstance(answers, list) or not all(isinstance(a, dict) for a in answers):
        yield Issue("not a list of answers", FILE, column="answer", hint="write [[answer]]")
        return
    if len(answers) > MOST_ANSWERS:
        yield Issue(f"{len(answers)} answers", FILE, column="answer",
                    allowed=f"at most {MOST_ANSWERS}",
                    hint="many answers make chance findings")  # fmt: skip
    seen: set[str] = set()
    for number, answer in enumerate(answers, start=1):
        yield from _answer_issues(draft, f"answer {number}", answer)
        name = answer.get("name")
        if isinstance(name, str) and name in seen:
            yield Issue("the name stands twice", FILE, column=f"answer {number}.name", value=name)
        seen.add(str(name))


def _answer_issues(draft: Draft, where: str, answer: dict[str, Any]) -> Iterator[Issue]:
    for key in answer:
        if key not in _ANSWER:
            yield Issue("unknown field", FILE, column=f"{where}.{key}", allowed=one_of(_ANSWER),
                        hint=did_you_mean(key, _ANSWER, "remove it"))  # fmt: skip
    for key in ("name", "therapy", "population", "measure", "time_year"):
        if key not in answer:
            yield Issue("the field is missing", FILE, column=f"{where}.{key}")
    yield from _choice(where, answer, "measure", MEASURES)
    for key, file in (("therapy", "therapies"), ("population", "populations")):
        known = draft.settings.get(file, {}).get(file)
        if isinstance(known, dict) and known:
            yield from _choice(where, answer, key, tuple(known))
    name = answer.get("name", "x")
    if not isinstance(name, str) or not SLUG.fullmatch(name):
        yield Issue("not a valid id", FILE, column=f"{where}.name", value=str(name), hint=SLUG_HINT)
    if "time_year" in answer and not (_is_number(answer["time_year"]) and answer["time_year"] > 0):
        yield Issue("not a time", FILE, column=f"{where}.time_year", value=str(answer["time_year"]),
                    allowed="years, above 0")  # fmt: skip
    if "margin" in answer and not _is_number(answer["margin"]):
        yield Issue("not a number", FILE, column=f"{where}.margin", value=str(answer["margin"]))


def _choice(
    where: str, answer: dict[str, Any], key: str, choices: tuple[str, ...]
) -> Iterator[Issue]:
    value = answer.get(key)
    if key in answer and value not in choices:
        yield Issue(f"unknown {key}", FILE, column=f"{where}.{key}", value=str(value),
                    allowed=one_of(choices), hint=did_you_mean(str(value), choices))  # fmt: skip


def _is_text(value: object) -> bool:
    return isinstance(value, str) or (
        isinstance(value, list) and all(isinstance(v, str) for v in value)
    )


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
