"""Therapy predictions: every draw solved with and without a therapy, read as outcomes.

Treated and untreated lanes of a draw share all parameters, so contrasts are paired. The same
code serves prior, posterior without mouse rows, and posterior.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import xarray as xr

from metinfer.therapy.applicability import Applicability
from metinfer.therapy.draws import Draws
from metinfer.therapy.outcomes import Course, Curve, contrasts, curve, hazard_ratio, mix
from metinfer.therapy.populations import Population
from metinfer.therapy.regimen import Therapies, Therapy
from metinfer.therapy.simulate import TIMES, Scene, clock, overlapped, simulate

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
MEASURES = ("risk", "risk_untreated", "absolute_risk_reduction", "risk_ratio", "rmst_gain")
SOURCES = ("prior", "no_mouse", "posterior")


@dataclass(frozen=True)
class Arm:
    """One population under one therapy (or none): curve per draw, and the draws that failed.

    Attributes
    ----------
    curve : Curve
        Event-free share and survival, (draw, time).
    failed : ndarray of bool (draw,)
    """

    curve: Curve
    failed: np.ndarray


def predict(
    sources: Mapping[str, Draws],
    therapies: Therapies,
    populations: Mapping[str, Population],
    applicability: Applicability | None = None,
) -> xr.Dataset:
    """Event-free curves and measures of every therapy in every population.

    Parameters
    ----------
    sources : mapping of str to Draws
        Usually ``prior``, ``no_mouse`` and ``posterior``, with equal numbers of draws.
    therapies : Therapies
    populations : mapping of str to Population
    applicability : Applicability, optional
        Computes the flag beside each answer; without it the flag is ``unknown``.

    Returns
    -------
    xarray.Dataset
        ``event_free`` and ``hazard_ratio`` (source, therapy, population, time, quantile),
        ``event_free_untreated`` (source, population, time, quantile), ``answer`` (source, draw,
        therapy, population, horizon, measure), ``failed`` (source, therapy, population), and the
        years of each population's times and horizons.
    """
    draws = min(len(d) for d in sources.values())
    data = _empty(list(sources), draws, therapies, populations)
    groups = list(populations.values())
    untreated = [arms(source, therapies, groups, None) for source in sources.values()]
    for s, (controls, _) in enumerate(untreated):
        for p, control in enumerate(controls):
            data["untreated"][s, p] = quantiles(control.curve.event_free)

    def treated(therapy: Therapy) -> list[list[Arm]]:
        bases = (base for _, base in untreated)
        return [
            arms(source, therapies, groups, therapy, base)[0]
            for source, base in zip(sources.values(), bases, strict=True)
        ]

    for t, found in enumerate(overlapped(treated, list(therapies.therapies.values()))):
        for s, of_source in enumerate(found):
            for p, pair in enumerate(zip(of_source, untreated[s][0], strict=True)):
                _fill(data, (s, t, p), pair, groups[p])
    return _dataset(data, list(sources), therapies, populations, applicability)


def arms(
    draws: Draws,
    therapies: Therapies,
    populations: Sequence[Population],
    therapy: Therapy | None,
    untreated: Mapping[Scene, np.ndarray] | None = None,
) -> tuple[list[Arm], dict[Scene, np.ndarray]]:
    """Return the arm of each population under one therapy, and the liver courses behind it.

    Parameters
    ----------
    untreated : mapping, optional
        Liver courses without therapy, (draw, time) per scene, for sites out of reach.

    Returns
    -------
    arms : list of Arm
    courses : dict of Scene to ndarray (draw, time)
        Expected liver metastases for one founder per subject.
    """
    wanted = {scene for p in populations for scene in scenes(p)}
    solved = simulate(draws, sorted(wanted), therapies, therapy)
    livers = {scene: states[..., 0] for scene, states in solved.items()}
    return arms_of(draws, populations, livers, livers if untreated is None else untreated), livers


def arms_of(
    draws: Draws,
    populations: Sequence[Population],
    livers: Mapping[Scene, np.ndarray],
    base: Mapping[Scene, np.ndarray],
) -> list[Arm]:
    """Return the arm of each population from liver courses under a therapy and without one."""
    return [_arm(draws, p, livers, base) for p in populations]


def scenes(population: Population) -> tuple[Scene, ...]:
    """Return the solves behind a population, one per context."""
    return tuple(
        Scene(
            species=population.species,
            context=context,
            injury=population.inputs["injury"],
            timp1=population.inputs["timp1"],
            timp1_level=population.timp1_level,
            arrival=population.arrival,
            arrival_end=population.arrival_end,
            origin=population.origin,
            site=population.site,
            years=population.horizons[-1],
        )
        for context, _ in population.contexts
    )


def _arm(
    draws: Draws,
    population: Population,
    livers: Mapping[Scene, np.ndarray],
    base: Mapping[Scene, np.ndarray],
) -> Arm:
    scene_of = dict(zip((c for c, _ in population.contexts), scenes(population), strict=True))
    time = clock(population.horizons[-1])
    curves = []
    for context, stock, _ in population.cells:
        scene = scene_of[context]
        course = _course(draws, population, (context, stock), livers[scene], base[scene])
        curves.append(curve(course, population.endpoint, time, population.other_cause))
    mixed = mix(curves, [share for _, _, share in population.cells])
    return Arm(mixed, ~np.isfinite(mixed.event_free).all(axis=1))


def _course(
    draws: Draws, population: Population, cell: tuple[str, str], liver: np.ndarray, base: np.ndarray
) -> Course:
    context, stock = cell
    amount = draws.founders(context, stock)[:, None]
    elsewhere = np.zeros_like(base)
    if population.elsewhere:
        share = draws.liver_share(context)[:, None]
        reached = liver if population.reach == "everywhere" else base
        elsewhere = amount * reached * (1.0 - share) / share
    return Course(amount * liver, elsewhere, draws.frailty(context))


def _empty(
    sources: list[str], draws: int, therapies: Therapies, populations: Mapping[str, Population]
) -> dict[str, np.ndarray]:
    horizons = max(len(p.horizons) for p in populations.values())
    cells = (len(sources), len(therapies.therapies), len(populations))
    return {
        "event_free": np.full((*cells, TIMES, len(QUANTILES)), np.nan),
        "hazard_ratio": np.full((*cells, TIMES, len(QUANTILES)), np.nan),
        "untreated": np.full((len(sources), len(populations), TIMES, len(QUANTILES)), np.nan),
        "measure": np.full((len(sources), draws, *cells[1:], horizons, len(MEASURES)), np.nan),
        "failed": np.zeros(cells, dtype=int),
    }


def _fill(
    data: dict[str, np.ndarray],
    cell: tuple[int, int, int],
    pair: tuple[Arm, Arm],
    population: Population,
) -> None:
    """Put one source, therapy and population in place."""
    (arm, control), (s, t, p) = pair, cell
    data["event_free"][cell] = quantiles(arm.curve.event_free)
    data["hazard_ratio"][cell][1:] = quantiles(hazard_ratio(arm.curve, control.curve))
    data["failed"][cell] = int(np.sum(arm.failed | control.failed))
    _measures(data["measure"][s, :, t, p], arm, control, population)


def _measures(out: np.ndarray, arm: Arm, control: Arm, population: Population) -> None:
    """Fill `out` (draw, horizon, measure)."""
    time = clock(population.horizons[-1])
    for h, horizon in enumerate(population.horizons):
        found = contrasts(arm.curve, control.curve, time, horizon)
        for m, name in enumerate(MEASURES):
            out[:, h, m] = found[name][: len(out)]


def quantiles(values: np.ndarray) -> np.ndarray:
    """Quantiles over draws of (draw, time), as (time, quantile); failed draws are left out."""
    good = values[~np.isnan(values).any(axis=1)]
    if not len(good):
        return np.full((values.shape[1], len(QUANTILES)), np.nan)
    ordered = np.sort(good, axis=0)
    place = np.array(QUANTILES) * (len(ordered) - 1)
    below = np.floor(place).astype(int)
    above = np.minimum(below + 1, len(ordered) - 1)
    share = (place - below)[:, None]
    return _between(ordered[below], ordered[above], share).T


def _between(low: np.ndarray, high: np.ndarray, share: np.ndarray) -> np.ndarray:
    with np.errstate(invalid="ignore"):
        return np.where(low == high, low, low * (1.0 - share) + high * share)


def _dataset(
    data: dict[str, np.ndarray],
    sources: list[str],
    therapies: Therapies,
    populations: Mapping[str, Population],
    applicability: Applicability | None,
) -> xr.Dataset:
    cell = ("source", "therapy", "population")
    curve_dims = (*cell, "time", "quantile")
    groups, cures = list(populations.values()), list(therapies.therapies.values())
    longest = max(groups, key=lambda p: p.horizons[-1])
    horizons = data["measure"].shape[-2]
    flags = [
        [applicability.flag(t, p) if applicability else "unknown" for p in groups] for t in cures
    ]
    return xr.Dataset(
        {
            "event_free": (curve_dims, data["event_free"]),
            "event_free_untreated": (
                ("source", "population", "time", "quantile"),
                data["untreated"],
            ),
            "hazard_ratio": (curve_dims, data["hazard_ratio"]),
            "answer": (
                ("source", "draw", "therapy", "population", "horizon", "measure"),
                data["measure"],
            ),
            "failed": (cell, data["failed"]),
            "applicability": (("therapy", "population"), np.array(flags, dtype=str)),
        },
        coords={
            "source": sources,
            "therapy": list(therapies.therapies),
            "population": list(populations),
            "time": clock(longest.horizons[-1]),
            "horizon": _padded(longest.horizons, horizons),
            "quantile": list(QUANTILES),
            "measure": list(MEASURES),
            "therapy_label": ("therapy", [t.label for t in cures]),
            "kind": ("therapy", [t.kind for t in cures]),
            "population_label": ("population", [p.label for p in groups]),
            "species": ("population", [p.species for p in groups]),
            "endpoint": ("population", [p.endpoint for p in groups]),
            "competing_death": ("population", [int(p.other_cause is not None) for p in groups]),
            "era": ("population", [p.era for p in groups]),
            "adjuvant": ("population", [p.adjuvant for p in groups]),
            "age": ("population", [p.age for p in groups]),
            "other_cause_reason": ("population", [p.other_cause_reason for p in groups]),
            "cohorts": ("population", [", ".join(p.cohorts) for p in groups]),
            "reach": ("population", [p.reach for p in groups]),
            "therapy_reason": ("therapy", [t.reason for t in cures]),
            "time_year": (
                ("population", "time"),
                np.array([clock(p.horizons[-1]) for p in groups]),
            ),
            "horizon_year": (
                ("population", "horizon"),
                np.array([_padded(p.horizons, horizons) for p in groups]),
            ),
        },
        attrs={
            "time": "the axis of the longest population; time_year has each population's own",
            "risk": "no death from other causes unless the population states a mortality law",
        },
    )


def _padded(values: Sequence[float], length: int) -> np.ndarray:
    return np.append(np.array(values), np.full(length - len(values), np.nan))
