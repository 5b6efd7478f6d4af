"""The limits that a run had to keep: names of the program in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from metinfer.report.content import Answer, Gate
from metinfer.report.words import measure
from metinfer.results import read_json

#: What each gate guards.
GUARDS = {
    "R-hat": "the chains agree with one another",
    "bulk ESS": "enough independent draws for medians",
    "tail ESS": "enough independent draws for interval ends",
    "divergences": "no corner of the posterior was missed",
    "E-BFMI": "the sampler moves freely between energy levels",
    "undefined answers": "every named answer is a number in every draw",
    "failed solves": "every accepted draw has a solved model",
    "model of the fit": "the program that judges makes the model that was fitted",
    "solver grid": "finer time steps would not change the answers",
    "possible prior draws": "the priors allow what cohorts show, and rule out what cannot be",
}
#: What a gate is of, if it is not the main fit: before the colon in its name.
PARTS = {
    "answers": "named answers",
    "no_mouse": "fit without mouse rows",
    "translation_0.25": "fit with less spread between mouse and human",
    "translation_1": "fit with more spread between mouse and human",
}
#: Where a gate was worst.
DETAILS = {
    "latent": "worst among all unknowns, on the scale of sampling",
    "share_latent": "worst among shares, on the scale of sampling",
    "transfer_latent": "worst among mouse-to-human deviations",
}


def gates(run: Any) -> tuple[tuple[Gate, ...], bool | None]:
    """Return the gates, and whether all passed (None: not judged)."""
    document = read_json(run, "diagnostics.json")
    if not document:
        return (), None
    return tuple(map(_gate, document["gates"])), bool(document["passed"])


def _gate(found: dict[str, Any]) -> Gate:
    part, _, name = found["name"].rpartition(": ")
    meaning = GUARDS.get(name, "")
    detail = DETAILS.get(found.get("detail", ""), found.get("detail", "")).replace("_", " ")
    label = f"{name}, {PARTS.get(part, part.replace('_', ' '))}" if part else name
    words = f"{meaning} ({detail})" if detail else meaning
    return Gate(label, words, found["value"], words_of(found["limit"]), found["passed"])


def named(found: Sequence[Gate], answers: Sequence[Answer]) -> tuple[Gate, ...]:
    """Return gates in which a named answer is called as on the page, not by its key."""
    known = {a.key.replace("_", " "): f"{a.name}, {measure(a.effect.measure).label}"
             for a in answers if a.key}  # fmt: skip
    made = []
    for gate in found:
        head, _, tail = gate.meaning.partition(" (")
        detail = known.get(tail.removesuffix(")"))
        made.append(replace(gate, meaning=f"{head} ({detail})") if detail else gate)
    return tuple(made)


def words_of(limit: str) -> str:
    """A limit as it is read aloud."""
    return limit.replace("<=", "at most").replace(">=", "at least")
