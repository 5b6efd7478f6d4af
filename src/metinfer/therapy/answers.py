"""The named answers of an analysis, for every draw: what gates, checks and refits are judged on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from metinfer.therapy.draws import Draws
from metinfer.therapy.outcomes import contrasts
from metinfer.therapy.populations import Population
from metinfer.therapy.predict import Arm, arms
from metinfer.therapy.regimen import Therapies
from metinfer.therapy.simulate import clock


def named_answers(
    draws: Draws,
    asked: Sequence[Mapping[str, Any]],
    therapies: Therapies,
    populations: Mapping[str, Population],
) -> dict[str, np.ndarray]:
    """Each named answer per draw; only the therapies and populations it needs are solved.

    Parameters
    ----------
    draws : Draws
    asked : sequence of mapping
        The ``[[answer]]`` entries of ``analysis.toml``: name, therapy, population, measure,
        time_year. Those whose therapy or population is not given are left out.
    therapies : Therapies
    populations : mapping of str to Population

    Returns
    -------
    dict of str to ndarray (draw,)
        In the unit of the measure: a share, a ratio, or years; not finite where a solve failed.
    """
    wanted = [
        a for a in asked if a["therapy"] in therapies.therapies and a["population"] in populations
    ]
    names = list(dict.fromkeys(a["population"] for a in wanted))
    groups = {name: populations[name] for name in names}
    controls, base = arms(draws, therapies, list(groups.values()), None)
    control = dict(zip(names, controls, strict=True))
    found: dict[str, np.ndarray] = {}
    for cure in dict.fromkeys(a["therapy"] for a in wanted):
        mine = [a for a in wanted if a["therapy"] == cure]
        places = list(dict.fromkeys(a["population"] for a in mine))
        part = [groups[p] for p in places]
        treated, _ = arms(draws, therapies, part, therapies.therapies[cure], base)
        arm = dict(zip(places, treated, strict=True))
        for one in mine:
            where = one["population"]
            found[one["name"]] = _measure(one, arm[where], control[where], groups[where])
    return {a["name"]: found[a["name"]] for a in wanted}


def grid_shifts(
    draws: Draws,
    asked: Sequence[Mapping[str, Any]],
    therapies: Therapies,
    populations: Mapping[str, Population],
    finer: int,
) -> dict[str, float]:
    """How far each named answer moves when every solver step is split into `finer` more.

    Parameters as of `named_answers`.

    Returns
    -------
    dict of str to float
        Shift of the mean over draws, in sd of the draws; infinite where a solve failed.
    """
    fine = replace(therapies, refine=finer * therapies.refine)
    old, new = (named_answers(draws, asked, t, populations) for t in (therapies, fine))
    return {name: _shift(old[name], new[name]) for name in old}


def _shift(old: np.ndarray, new: np.ndarray) -> float:
    change = new - old
    if not np.isfinite(change).all():
        return float("inf")
    spread = float(old.std())
    # an answer that is the same in every draw is compared with itself
    return float(abs(change.mean())) / (spread or float(abs(old).max()) or 1.0)


def _measure(
    asked: Mapping[str, Any], treated: Arm, control: Arm, population: Population
) -> np.ndarray:
    time = clock(population.horizons[-1])
    values = contrasts(treated.curve, control.curve, time, float(asked["time_year"]))
    return values[asked["measure"]]
