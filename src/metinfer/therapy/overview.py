"""All decisions of one run in one call: which draws, which cases, which answers."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import xarray as xr

from metinfer.therapy.applicability import Applicability
from metinfer.therapy.cases import choose_cases
from metinfer.therapy.decisions import Subject, decide
from metinfer.therapy.draws import NamedDraws
from metinfer.therapy.populations import Population
from metinfer.therapy.regimen import Therapies, read_therapies
from metinfer.therapy.teaching import (
    answer_draws,
    asked_of,
    default_plans,
    experiments,
    usable_plans,
    variances,
)
from metinfer.therapy.variance import TooFewDrawsError

#: Draws of each source that are solved again for every start, duration and dose.
CURVE_DRAWS = 200
#: Sets of kinetics for them: every course has a solver grid per set, which costs most.
CURVE_VARIANTS = 6
#: Draws of the posterior for the parts of the variance and for experiments, and of the prior.
ANSWER_DRAWS, PRIOR_DRAWS = 800, 400
POSTERIOR, PRIOR = "posterior", "prior"


@dataclass(frozen=True)
class Asked:
    """What decisions are made from.

    Attributes
    ----------
    sources : mapping of str to NamedDraws
        ``prior``, ``no_mouse``, ``posterior``, all their draws.
    answers : tuple of mapping
        ``[[answer]]`` entries of analysis.toml.
    known : tuple of str
        Names of all populations of the file, those that the fit cannot predict too.
    more : tuple of str
        Therapies that are looked into although no named answer asks for them.
    """

    sources: Mapping[str, NamedDraws]
    therapies: Therapies
    populations: Mapping[str, Population]
    applicability: Applicability
    answers: tuple[Mapping[str, Any], ...] = ()
    known: tuple[str, ...] = ()
    more: tuple[str, ...] = ()


def decisions_of(asked: Asked) -> dict[str, xr.Dataset]:
    """Every decision by name of its group (see `metinfer.workflow.decisions`)."""
    cases = choose_cases(asked.answers, asked.therapies, asked.populations, asked.more)
    thin = {name: draws.thinned(CURVE_DRAWS) for name, draws in asked.sources.items()}
    few = replace(asked.therapies, variants=CURVE_VARIANTS)
    subject = Subject(thin, few, asked.populations, asked.applicability)
    found = decide(subject, cases)
    if POSTERIOR not in asked.sources:
        return found
    questions = asked_of(asked.answers, cases, asked.populations)
    draws = asked.sources[POSTERIOR].thinned(ANSWER_DRAWS)
    told = answer_draws(draws, questions, asked.therapies, asked.populations)
    # A first look may be too short for it; the other questions have answers all the same.
    with suppress(TooFewDrawsError):
        found["variance"] = variances(draws, questions, told, asked.therapies, asked.populations)
    ratios = [q for q in questions if q["measure"] == "risk_ratio" and q["name"] in told]
    priors = {}
    if PRIOR in asked.sources:
        before = asked.sources[PRIOR].thinned(PRIOR_DRAWS)
        every = answer_draws(before, ratios, asked.therapies, asked.populations)
        priors = {name: parts["value"] for name, parts in every.items()}
    plans = usable_plans(tuple(asked.therapies.plans.values()), asked.known, asked.populations)
    plans = plans or default_plans(cases, asked.populations)
    if plans and ratios:
        values = {q["name"]: told[q["name"]]["value"] for q in ratios}
        given = (asked.therapies, asked.populations, asked.applicability)
        found["experiments"] = experiments(draws, values, priors, plans, given)
    return found


def unlike(therapies: Therapies, own: Path) -> tuple[str, ...]:
    """Return the therapies that a file does not hold in the same form, agents included."""
    if not own.is_file():
        return tuple(therapies.therapies)
    theirs = read_therapies(own)

    def same(name: str) -> bool:
        therapy = therapies.therapies[name]
        # Agents that a file does not have are those of the run.
        agents = all(
            therapies.agents.get(a, theirs.agents.get(a)) == theirs.agents.get(a)
            for a in therapy.agents
        )
        return agents and therapy == theirs.therapies.get(name)

    return tuple(name for name in therapies.therapies if not same(name))
