"""Questions about one therapy: does it last, when, how much, with what, and which experiment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from metinfer.therapy.draws import Draws
from metinfer.therapy.outcomes import Curve, at, contrasts, hazard_ratio
from metinfer.therapy.populations import YEAR, Population
from metinfer.therapy.predict import arms_of, scenes
from metinfer.therapy.regimen import Therapies, Therapy, moved, scaled, stopped
from metinfer.therapy.simulate import Scene, clock, simulate

#: Multiples of a regimen's doses over which its attainable effect is sought.
FACTORS = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 100.0)
#: A benefit below this (metastases per subject) is too small to be split.
LEAST_BENEFIT = 1e-12
#: States of the tumour, in the order of `Seen.states`: dormant, awake (three), detected, cleared.
TUMOUR = ("D", "W1", "W2", "W3", "L", "K")


@dataclass(frozen=True)
class Question:
    """One therapy in one population, seen through the draws of one source."""

    draws: Draws
    therapies: Therapies
    therapy: Therapy
    population: Population


@dataclass(frozen=True)
class Seen:
    """One population under one therapy: its curves, and its tumour states per subject.

    Attributes
    ----------
    curve : Curve
        (draw, time).
    states : ndarray (draw, time, state)
        In the order of `TUMOUR`.
    """

    curve: Curve
    states: np.ndarray


@dataclass(frozen=True)
class Split:
    """Where the metastases went that a therapy avoided, over time; all (draw, time).

    Founders are conserved (dormant + awake + detected + cleared is constant), so
    ``avoided = removed + dormant + awake``, to the accuracy of the solver.

    Attributes
    ----------
    year : ndarray (time,)
    avoided : ndarray
        Fewer detected metastases per subject than without therapy.
    removed : ndarray
        More founders and clones cleared: this part lasts.
    dormant, awake : ndarray
        More founders still dormant, more clones still growing: this part is delay.
    hazard_ratio : ndarray (draw, time - 1)
        Event hazard over that without therapy; above 1 after the end is rebound.
    stop : float
        Year in which the last dose was given or the setting ended.
    """

    year: np.ndarray
    avoided: np.ndarray
    removed: np.ndarray
    dormant: np.ndarray
    awake: np.ndarray
    hazard_ratio: np.ndarray
    stop: float

    def lasting_share(self) -> np.ndarray:
        """Share of the benefit at the last time that lasts (draw,); NaN without benefit.

        Clearing can exceed what was avoided so far, as some of the cleared would have been
        dormant still: then all of the benefit lasts, and the share is 1.
        """
        benefit = self.avoided[:, -1]
        share = np.full_like(benefit, np.nan)
        np.divide(self.removed[:, -1], benefit, out=share, where=benefit > LEAST_BENEFIT)
        return np.clip(share, 0.0, 1.0)

    def rebound(self) -> np.ndarray:
        """Largest hazard ratio after the end of therapy (draw,); above 1 means rebound."""
        after = self.year[1:] > self.stop
        if not after.any():
            return np.full(len(self.avoided), np.nan)
        return np.max(self.hazard_ratio[:, after], axis=1)


def see(
    draws: Draws,
    therapies: Therapies,
    populations: Sequence[Population],
    therapy: Therapy | None,
    untreated: Mapping[Scene, np.ndarray] | None = None,
) -> tuple[list[Seen], dict[Scene, np.ndarray]]:
    """Return curves and tumour states of each population under one therapy, as `predict.arms`.

    Parameters
    ----------
    untreated : mapping, optional
        Liver courses without therapy, (draw, time) per scene, for sites out of reach.

    Returns
    -------
    seen : list of Seen
    courses : dict of Scene to ndarray (draw, time)
        Expected liver metastases for one founder per subject.
    """
    wanted = {scene for p in populations for scene in scenes(p)}
    solved = simulate(draws, sorted(wanted), therapies, therapy, TUMOUR)
    livers = {scene: states[..., TUMOUR.index("L")] for scene, states in solved.items()}
    arms = arms_of(draws, populations, livers, livers if untreated is None else untreated)
    states = [_states(draws, p, solved) for p in populations]
    return [Seen(a.curve, s) for a, s in zip(arms, states, strict=True)], livers


def split(treated: Seen, untreated: Seen, year: np.ndarray, stop: float) -> Split:
    """Split the benefit of a therapy that ended in year `stop`."""
    change = treated.states - untreated.states
    return Split(
        year=year,
        avoided=-change[..., 4],
        removed=change[..., 5],
        dormant=change[..., 0],
        awake=change[..., 1:4].sum(axis=-1),
        hazard_ratio=hazard_ratio(treated.curve, untreated.curve),
        stop=stop,
    )


def lasting(question: Question, stop: float) -> Split:
    """Stop `stop` days after the start, follow to the last horizon, split the benefit."""
    population = question.population
    asked = (question.draws, question.therapies, [population])
    (control,), base = see(*asked, None)
    (treated,), _ = see(*asked, stopped(question.therapy, stop), base)
    start = population.origin + question.therapy.start_in(population.species)
    return split(treated, control, clock(population.horizons[-1]), (start + stop) / YEAR)


def since(
    treated: Curve, untreated: Curve, time: np.ndarray, begin: float, follow: float
) -> dict[str, np.ndarray]:
    """Benefit over `follow` years from year `begin`, among those event-free and alive then.

    Until `begin` both arms are alike, so that the same people are compared. Returns
    ``risk_untreated``, ``risk``, ``absolute_risk_reduction`` and ``risk_ratio``, each (draw,).
    """
    free = at(untreated.survival, time, begin)
    one, zero = (
        (at(c.event_free, time, begin) - at(c.event_free, time, begin + follow)) / free
        for c in (treated, untreated)
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = one / zero
    return {
        "risk_untreated": zero,
        "risk": one,
        "absolute_risk_reduction": zero - one,
        "risk_ratio": ratio,
    }


def window(question: Question, starts: Sequence[float], follow: float) -> dict[str, np.ndarray]:
    """Benefit by start of therapy among those event-free at the start.

    Parameters
    ----------
    starts : sequence of float
        Days after time zero (after the origin of the population).
    follow : float
        Years of follow-up after each start.

    Returns
    -------
    dict of str to ndarray (draw, start)
        ``risk_untreated``, ``risk``, ``absolute_risk_reduction`` and ``risk_ratio`` over
        `follow` years after the start.
    """
    last = (question.population.origin + max(starts)) / YEAR + follow
    longer = replace(question.population, horizons=(last,))
    asked = (question.draws, question.therapies, [longer])
    (control,), base = see(*asked, None)
    time, found = clock(last), []
    for day in starts:
        (arm,), _ = see(*asked, moved(question.therapy, day), base)
        found.append(since(arm.curve, control.curve, time, (longer.origin + day) / YEAR, follow))
    return {name: np.stack([f[name] for f in found], axis=1) for name in found[0]}


def dose_response(
    question: Question, horizon: float, factors: Sequence[float] = FACTORS
) -> np.ndarray:
    """Absolute risk reduction at `horizon` years for each multiple of the doses (draw, factor)."""
    asked = (question.draws, question.therapies, [question.population])
    (control,), base = see(*asked, None)
    time = clock(question.population.horizons[-1])
    columns = []
    for factor in factors:
        (arm,), _ = see(*asked, scaled(question.therapy, factor), base)
        found = contrasts(arm.curve, control.curve, time, horizon)
        columns.append(found["absolute_risk_reduction"])
    return np.stack(columns, axis=1)


def dose_reaching(effect: np.ndarray, factors: Sequence[float], share: float) -> np.ndarray:
    """Multiple of the doses that reaches `share` of the largest effect (draw,).

    NaN where no multiple helps; the smallest multiple tried stands for "at most this".
    """
    log_factor = np.log(np.asarray(factors, dtype=float))
    best = effect.max(axis=1)
    reached = np.full(len(effect), np.nan)
    for i, (row, top) in enumerate(zip(effect, best, strict=True)):
        if not top > 0:
            continue
        first = int(np.argmax(row >= share * top))
        if first == 0:
            reached[i] = factors[0]
            continue
        low, high = row[first - 1], row[first]
        part = (share * top - low) / (high - low)
        reached[i] = np.exp(
            log_factor[first - 1] + part * (log_factor[first] - log_factor[first - 1])
        )
    return reached


def interaction(question: Question, horizon: float) -> dict[str, np.ndarray]:
    """Return a combination against its parts at `horizon` years, each (draw,).

    Returns
    -------
    dict
        As `together`.
    """
    asked = (question.draws, question.therapies, [question.population])
    (control,), base = see(*asked, None)
    time = clock(question.population.horizons[-1])
    ratios = []
    for therapy in (question.therapy, *question.therapy.parts):
        (arm,), _ = see(*asked, therapy, base)
        ratios.append(contrasts(arm.curve, control.curve, time, horizon)["risk_ratio"])
    return together(ratios[0], ratios[1:])


def together(combination: np.ndarray, parts: Sequence[np.ndarray]) -> dict[str, np.ndarray]:
    """Return a combination's risk ratio (draw,) beside what its parts' ratios lead to expect.

    Returns
    -------
    dict
        ``risk_ratio`` of the combination, ``bliss`` (product of the parts' risk ratios: what
        independent action predicts, Bliss 1939, doi 10.1111/j.1744-7348.1939.tb06990.x),
        ``best_single``, and ``over_bliss``, ``over_best`` (positive: better than that).
    """
    stacked = np.stack(list(parts))
    bliss, best = stacked.prod(axis=0), stacked.min(axis=0)
    return {
        "risk_ratio": combination,
        "bliss": bliss,
        "best_single": best,
        "over_bliss": bliss - combination,
        "over_best": best - combination,
    }


def probability_above(values: np.ndarray, margin: float) -> float:
    """Share of draws (failed ones left out) in which a measure exceeds a margin."""
    good = values[np.isfinite(values)]
    return float(np.mean(good > margin)) if len(good) else float("nan")


def _states(draws: Draws, population: Population, solved: Mapping[Scene, np.ndarray]) -> np.ndarray:
    """Tumour states of the population's mixture per subject (draw, time, state)."""
    scene_of = dict(zip((c for c, _ in population.contexts), scenes(population), strict=True))
    return np.sum(
        [
            share * draws.founders(context, stock)[:, None, None] * solved[scene_of[context]]
            for context, stock, share in population.cells
        ],
        axis=0,
    )
