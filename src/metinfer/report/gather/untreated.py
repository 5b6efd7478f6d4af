"""How far the risk without therapy lies from what was followed: no therapy's flag says that."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import xarray as xr

from metinfer.report.content import Answer, Effect
from metinfer.therapy.applicability import INSIDE, follow_up

UNTREATED = "risk_untreated"


def flagged(effects: Iterable[Effect], flags: Mapping[str, float]) -> tuple[Effect, ...]:
    """Return effects in which each risk without therapy is judged by its own population.

    Parameters
    ----------
    effects
    flags
        Population as labelled -> years of follow-up behind it, as `followed` returns.
    """
    return tuple(_flagged(e, flags) for e in effects)


def answers(found: Iterable[Answer], flags: Mapping[str, float]) -> tuple[Answer, ...]:
    """Return named answers in which each risk without therapy is judged by its population."""
    return tuple(replace(a, effect=_flagged(a.effect, flags)) for a in found)


def _flagged(effect: Effect, flags: Mapping[str, float]) -> Effect:
    if effect.measure != UNTREATED or effect.population not in flags:
        return effect
    years = flags[effect.population]
    if years == 0:
        flag = "extrapolated (population)"
    elif effect.horizon > years * (1.0 + 1e-9):
        flag = "extrapolated (time)"
    else:
        flag = INSIDE
    return replace(effect, applicability=flag)


def followed(evidence: Any, predicted: xr.Dataset | None) -> dict[str, float]:
    """Return the years for which cohorts of each population were followed; 0 without a cohort.

    Parameters
    ----------
    evidence
        An `Evidence`.
    predicted
        Content of `predictions.nc`.
    """
    if predicted is None:
        return {}
    longest = follow_up(evidence)
    asked = evidence.populations.get("populations", {})
    made = {}
    for name in map(str, predicted["population"].values):
        one = predicted.sel(population=name)
        contexts = asked.get(name, {}).get("context", ())
        contexts = [contexts] if isinstance(contexts, str) else contexts
        years = min((longest.get(c, 0.0) for c in contexts), default=0.0)
        made[str(one["population_label"].item())] = years if one["cohorts"].item() else 0.0
    return made
