"""The ledger: what taught each part of an answer.

An answer is baseline x exposure x effect. Each part is judged by itself, from its draws before
and after the data and from the rows that perturb it; the answer is as good as its weakest part.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np

from metinfer.summaries.table import Summary, finite, summary

#: Share of the prior's 90 % width below which a part counts as narrowed.
NARROWED_BELOW = 0.8
#: Change of the probability of an effect that counts as taught by data.
PRESENCE_SHIFT = 0.2
#: Log effects closer to zero than this count as no effect (0.1 %).
NULL = 1e-3
#: A prior that gives a sign less than this probability excludes it.
EXCLUDED = 0.01
#: Standard errors of rank that are allowed for at each end of an interval.
ERRORS = 2.0


class LedgerState(StrEnum):
    """What taught a part of an answer; the order of definition is that of strength."""

    PEOPLE = "informed_by_people"
    ANIMALS = "informed_by_animals"
    NARROWED = "range_narrowed"
    ASSUMED = "assumption_only"
    CONTRADICTED = "prior_contradicted"


#: From strongest to weakest: a contradicted prior is worse than an assumption.
STRENGTH = tuple(LedgerState)


class Part(StrEnum):
    """Parts of an answer."""

    BASELINE = "baseline"
    EXPOSURE = "exposure"
    EFFECT = "effect"


@dataclass(frozen=True)
class Perturbing:
    """Fitted rows (follow-up intervals among them) and studies that perturb a part."""

    rows_people: int = 0
    studies_people: int = 0
    rows_animals: int = 0
    studies_animals: int = 0


@dataclass(frozen=True)
class Chances:
    """What is told apart of an effect, as probabilities under one set of draws.

    Attributes
    ----------
    present : float
        Probability of any effect, larger than `NULL` on the log scale.
    benefit, harm : float
        Probability of a ratio below, and above, 1.
    beyond : float or None
        Probability of a benefit beyond the margin; None without a margin.
    size : Summary or None
        The ratio where there is an effect.
    """

    present: float
    benefit: float
    harm: float
    beyond: float | None
    size: Summary | None


def chances(log_ratio: np.ndarray, log_margin: float | None = None) -> Chances:
    """Presence, direction, margin and size of an effect.

    Parameters
    ----------
    log_ratio : ndarray (draw,)
        Natural log of a ratio, treated over untreated; finite.
    log_margin : float, optional
        Natural log of the ratio below which the benefit would matter.
    """
    there = np.abs(log_ratio) > NULL
    return Chances(
        present=float(there.mean()),
        benefit=float(np.mean(log_ratio < 0.0)),
        harm=float(np.mean(log_ratio > 0.0)),
        beyond=None if log_margin is None else float(np.mean(log_ratio < log_margin)),
        size=summary(np.exp(log_ratio[there])) if there.any() else None,
    )


def one_sided(prior: np.ndarray) -> bool:
    """Whether the prior leaves one direction only, so that data cannot decide it.

    Parameters
    ----------
    prior : ndarray (draw,)
        Natural log of an effect.
    """
    below, above = float(np.mean(prior < -NULL)), float(np.mean(prior > NULL))
    return min(below, above) < EXCLUDED < max(below, above)


def state_of(
    prior: np.ndarray,
    posterior: np.ndarray,
    rows: Perturbing,
    effect: bool = True,
) -> LedgerState:
    """State of one part of an answer.

    Parameters
    ----------
    prior, posterior : ndarray (draw,)
        On the natural log scale, any number of draws; what is not finite is left out.
    rows : Perturbing
        Fitted rows and studies that perturb the part. Rows of other levers may narrow a part;
        they never inform it.
    effect : bool
        Whether zero means that there is no effect, so that its probability is judged too.

    Returns
    -------
    LedgerState
        *Contradicted* where the posterior median lies outside the 90 % interval of the prior;
        *informed* where rows perturb the part and the data changed it; *narrowed* where the data
        changed it and no row perturbs it; *assumption only* otherwise. The data changed a part
        if its 90 % interval shrank below `NARROWED_BELOW` of the prior's, its median left the
        prior's middle half, or the probability of an effect moved by `PRESENCE_SHIFT`. Every
        quantile is taken at the end of its sampling error that is closest to no change.
    """
    before, after = finite(prior), finite(posterior)
    if not before.size or not after.size:
        return LedgerState.ASSUMED
    if _outside(before, after):
        return LedgerState.CONTRADICTED
    if not (_narrower(before, after) or _moved(before, after) or effect and _shown(before, after)):
        return LedgerState.ASSUMED
    if rows.rows_people and rows.studies_people:
        return LedgerState.PEOPLE
    if rows.rows_animals and rows.studies_animals:
        return LedgerState.ANIMALS
    told = _narrower(before, after) or (effect and _shown(before, after))
    return LedgerState.NARROWED if told else LedgerState.ASSUMED


def without_idle_animals(
    rows: Perturbing, no_mouse: np.ndarray, posterior: np.ndarray, effect: bool = True
) -> Perturbing:
    """Perturbing rows, those in animals left out if all mouse rows together changed nothing.

    Parameters
    ----------
    rows : Perturbing
    no_mouse, posterior : ndarray (draw,)
        On the log scale, from the fit without mouse rows (may be empty: not fitted) and with them.
    """
    idle = len(no_mouse) and state_of(no_mouse, posterior, Perturbing(), effect)
    return replace(rows, rows_animals=0) if idle is LedgerState.ASSUMED else rows


def weakest(states: Iterable[LedgerState]) -> LedgerState:
    """The weakest of some states; an answer is no better than that."""
    return max(states, key=STRENGTH.index, default=LedgerState.ASSUMED)


def _quantile(draws: np.ndarray, p: float, side: float) -> float:
    """Quantile at `p`, moved by `side` standard errors of its rank."""
    error = np.sqrt(p * (1.0 - p) / draws.size)
    return float(np.quantile(draws, np.clip(p + side * ERRORS * error, 0.0, 1.0)))


def _width(draws: np.ndarray, side: float) -> float:
    """Width of the 90 % interval: the largest (side 1) or smallest (-1) within its error."""
    return _quantile(draws, 0.95, side) - _quantile(draws, 0.05, -side)


def _narrower(before: np.ndarray, after: np.ndarray) -> bool:
    return _width(after, 1.0) < NARROWED_BELOW * _width(before, -1.0)


def _moved(before: np.ndarray, after: np.ndarray) -> bool:
    """Whether the median left the middle half of the prior."""
    high = _quantile(after, 0.5, -1.0) > _quantile(before, 0.75, 1.0)
    low = _quantile(after, 0.5, 1.0) < _quantile(before, 0.25, -1.0)
    return high or low


def _outside(before: np.ndarray, after: np.ndarray) -> bool:
    """Whether the median lies outside the 90 % interval of the prior."""
    high = _quantile(after, 0.5, -1.0) > _quantile(before, 0.95, 1.0)
    low = _quantile(after, 0.5, 1.0) < _quantile(before, 0.05, -1.0)
    return high or low


def _shown(before: np.ndarray, after: np.ndarray) -> bool:
    """Whether the data changed the probability that there is an effect."""
    one, two = (float(np.mean(np.abs(v) > NULL)) for v in (before, after))
    return abs(two - one) >= PRESENCE_SHIFT
