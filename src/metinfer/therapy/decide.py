"""Questions about one therapy: does it last, when, how much, with what, and which experiment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.stats import hypergeom

from metinfer.therapy.draws import Draws
from metinfer.therapy.outcomes import at, contrasts, hazard_ratio
from metinfer.therapy.populations import YEAR, Population
from metinfer.therapy.predict import arms, scenes
from metinfer.therapy.regimen import Therapies, Therapy, moved, scaled, stopped
from metinfer.therapy.simulate import clock, simulate

#: Multiples of a regimen's doses over which its attainable effect is sought.
FACTORS = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 100.0)
#: A benefit below this (metastases per subject) is too small to be split.
LEAST_BENEFIT = 1e-12


@dataclass(frozen=True)
class Question:
    """One therapy in one population, seen through the draws of one source."""

    draws: Draws
    therapies: Therapies
    therapy: Therapy
    population: Population


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
        return np.nanmax(self.hazard_ratio[:, after], axis=1)


def lasting(question: Question, stop: float) -> Split:
    """Stop `stop` days after the start, follow to the last horizon, split the benefit."""
    population = question.population
    ended = stopped(question.therapy, stop)
    treated, untreated = (_states(question, t) for t in (ended, None))
    change = treated - untreated
    asked = (question.draws, question.therapies, [population])
    (control,), base = arms(*asked, None)
    (arm,), _ = arms(*asked, ended, base)
    start = population.origin + question.therapy.start_in(population.species)
    return Split(
        year=clock(population.horizons[-1]),
        avoided=-change[..., 4],
        removed=change[..., 5],
        dormant=change[..., 0],
        awake=change[..., 1:4].sum(axis=-1),
        hazard_ratio=hazard_ratio(arm.curve, control.curve),
        stop=(start + stop) / YEAR,
    )


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
    (control,), base = arms(*asked, None)
    time = clock(last)
    risk: list[np.ndarray] = []
    risk_untreated: list[np.ndarray] = []
    for day in starts:
        (arm,), _ = arms(*asked, moved(question.therapy, day), base)
        begin = (longer.origin + day) / YEAR
        free = at(control.curve.survival, time, begin)
        for out, curve in ((risk, arm.curve), (risk_untreated, control.curve)):
            events = at(curve.event_free, time, begin) - at(curve.event_free, time, begin + follow)
            out.append(events / free)
    one, zero = np.stack(risk, axis=1), np.stack(risk_untreated, axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = one / zero
    return {
        "risk_untreated": zero,
        "risk": one,
        "absolute_risk_reduction": zero - one,
        "risk_ratio": ratio,
    }


def dose_response(
    question: Question, horizon: float, factors: Sequence[float] = FACTORS
) -> np.ndarray:
    """Absolute risk reduction at `horizon` years for each multiple of the doses (draw, factor)."""
    asked = (question.draws, question.therapies, [question.population])
    (control,), base = arms(*asked, None)
    time = clock(question.population.horizons[-1])
    columns = []
    for factor in factors:
        (arm,), _ = arms(*asked, scaled(question.therapy, factor), base)
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
        ``risk_ratio`` of the combination, ``bliss`` (product of the parts' risk ratios: what
        independent action predicts, Bliss 1939, doi 10.1111/j.1744-7348.1939.tb06990.x),
        ``best_single``, and ``over_bliss``, ``over_best`` (positive: better than that).
    """
    asked = (question.draws, question.therapies, [question.population])
    (control,), base = arms(*asked, None)
    time = clock(question.population.horizons[-1])
    ratios = []
    for therapy in (question.therapy, *question.therapy.parts):
        (arm,), _ = arms(*asked, therapy, base)
        ratios.append(contrasts(arm.curve, control.curve, time, horizon)["risk_ratio"])
    together, parts = ratios[0], np.stack(ratios[1:])
    bliss, best = parts.prod(axis=0), parts.min(axis=0)
    return {
        "risk_ratio": together,
        "bliss": bliss,
        "best_single": best,
        "over_bliss": bliss - together,
        "over_best": best - together,
    }


def probability_above(values: np.ndarray, margin: float) -> float:
    """Share of draws (failed ones left out) in which a measure exceeds a margin."""
    good = values[np.isfinite(values)]
    return float(np.mean(good > margin)) if len(good) else float("nan")


@dataclass(frozen=True)
class Assurance:
    """What an experiment with `n` per arm is expected to show.

    Attributes
    ----------
    n : int
    power : float
        Probability, over draws and chance, that the test finds a benefit.
    difference : ndarray (5,)
        5, 25, 50, 75 and 95 % quantiles of the observed difference in share with metastasis
        (control minus treated).
    """

    n: int
    power: float
    difference: np.ndarray


def assurance(
    risk: np.ndarray,
    risk_untreated: np.ndarray,
    n: int,
    rng: np.random.Generator,
    alpha: float = 0.025,
) -> Assurance:
    """Probability that `n` subjects per arm show the benefit by Fisher's exact test, one-sided.

    Parameters
    ----------
    risk, risk_untreated : ndarray (draw,)
        Paired draws of the share with metastasis in both arms.
    n : int
        Subjects per arm.
    alpha : float
        One-sided level.
    """
    good = np.isfinite(risk) & np.isfinite(risk_untreated)
    treated = rng.binomial(n, np.clip(risk[good], 0.0, 1.0))
    control = rng.binomial(n, np.clip(risk_untreated[good], 0.0, 1.0))
    tail = hypergeom.cdf(treated, 2 * n, treated + control, n)
    seen = (control - treated) / n
    return Assurance(
        n, float(np.mean(tail <= alpha)), np.quantile(seen, [0.05, 0.25, 0.5, 0.75, 0.95])
    )


def _states(question: Question, therapy: Therapy | None) -> np.ndarray:
    """D, W1, W2, W3, L, K of the population's mixture per subject (draw, time, state)."""
    population, draws = question.population, question.draws
    scene_of = dict(zip((c for c, _ in population.contexts), scenes(population), strict=True))
    names = ("D", "W1", "W2", "W3", "L", "K")
    solved = simulate(draws, list(scene_of.values()), question.therapies, therapy, names)
    return sum(
        share * draws.founders(context, stock)[:, None, None] * solved[scene_of[context]]
        for context, stock, share in population.cells
    )
