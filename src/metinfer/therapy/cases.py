"""Which questions are asked of which therapy: starts, durations, doses, parts, when it ends."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from metinfer.therapy.populations import YEAR, Population
from metinfer.therapy.regimen import Therapies, Therapy, length, moved, prolonged, scaled, stopped

#: Measures that ask what a therapy does, as opposed to the risk without it.
EFFECTS = ("risk_ratio", "absolute_risk_reduction", "rmst_gain", "risk")
#: Later starts, as shares of the time under observation (years 1, 2 and 5 of 10).
STARTS = (0.1, 0.2, 0.5)
#: Durations, as shares of it; long ones only where there is no dose to follow.
DURATIONS, LONG = (0.03, 0.1, 0.2), (0.5,)
#: Multiples of a regimen's doses; 1 is the regimen as it stands.
FACTORS = (0.1, 0.3, 1.0, 3.0, 10.0, 100.0)
#: When a therapy without end is stopped, as a share of the time under observation.
STOP = {"human": 0.1, "mouse": 0.4}
#: A start this much after the therapy's own is a later one.
LATER = 1.2
#: Most therapies looked into where no named answer says which.
MOST = 8


@dataclass(frozen=True, order=True)
class Case:
    """One therapy in one population."""

    therapy: str
    population: str


@dataclass(frozen=True)
class Settings:
    """What is varied in a case; days after time zero (starts) or after the start (others).

    Attributes
    ----------
    starts, durations : tuple of float
        Days.
    factors : tuple of float
        Multiples of the doses; empty without doses.
    stop : float
        Days after the start on which it ends.
    follow : float
        Years of follow-up after each start.
    """

    starts: tuple[float, ...]
    durations: tuple[float, ...]
    factors: tuple[float, ...]
    stop: float
    follow: float


def base_population(asked: Iterable[Mapping[str, Any]], known: Collection[str]) -> str:
    """Return the population of most named answers that is known, or the first one."""
    named = [a["population"] for a in asked if a["population"] in known]
    return max(named, key=named.count) if named else next(iter(known))


def choose_cases(
    asked: Iterable[Mapping[str, Any]],
    therapies: Therapies,
    populations: Collection[str],
    more: Collection[str] = (),
) -> tuple[Case, ...]:
    """Return the cases that are looked into.

    Those of the named answers; every combination and every therapy of `more` in the base
    population. If that is none, the first therapies that are no adverse event.

    Parameters
    ----------
    asked : iterable of mapping
        ``[[answer]]`` entries of analysis.toml.
    therapies : Therapies
    populations : collection of str
    more : collection of str
        Names of further therapies.
    """
    asked = list(asked)
    known, base = therapies.therapies, base_population(asked, populations)
    found = [
        Case(a["therapy"], a["population"])
        for a in asked
        if a["measure"] in EFFECTS and a["therapy"] in known and a["population"] in populations
    ]
    found += [Case(n, base) for n, t in known.items() if t.parts or n in more]
    if not found:
        helpful = [n for n, t in known.items() if t.kind != "adverse"]
        found = [Case(n, base) for n in (helpful or list(known))[:MOST]]
    return tuple(dict.fromkeys(found))


def settings(therapy: Therapy, population: Population) -> Settings:
    """Return what is varied of a therapy in a population."""
    span = population.horizons[-1] * YEAR - population.origin
    own, ends = therapy.start_in(population.species), length(therapy)
    later = tuple(s * span for s in STARTS if s * span > LATER * own)
    starts = (own, *later)
    lengths = DURATIONS if therapy.agents else DURATIONS + LONG
    whole = bool(therapy.parts)
    return Settings(
        starts=() if whole else starts,
        durations=() if whole else tuple(s * span for s in lengths if s * span < span - own),
        factors=FACTORS if therapy.doses else (),
        stop=ends if ends < span - own else STOP[population.species] * span,
        follow=(span - max(starts)) / YEAR,
    )


def variants(therapy: Therapy, chosen: Settings) -> dict[tuple[str, int], Therapy]:
    """Return every course of a therapy that the settings ask for, by kind and place."""
    made: dict[tuple[str, int], Therapy] = {("given", 0): therapy}
    made["stop", 0] = stopped(therapy, chosen.stop) if chosen.stop < length(therapy) else therapy
    for k, day in enumerate(chosen.starts):
        made["start", k] = moved(therapy, day) if k else therapy
    for k, days in enumerate(chosen.durations):
        made["duration", k] = prolonged(therapy, days)
    for k, factor in enumerate(chosen.factors):
        made["dose", k] = therapy if factor == 1.0 else scaled(therapy, factor)
    for k, part in enumerate(therapy.parts):
        made["part", k] = replace(part)
    return made
