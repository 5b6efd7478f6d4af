"""Learnt, narrowed only, or assumed: how far the data moved an answer from its prior.

One function, `verdict`, judges every answer of the program, and says why.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

#: Above this share of overlap an answer counts as assumed (design rule of the project).
ASSUMED_ABOVE = 0.8
#: With at most this share of overlap left the centre is that of the data, wherever it lies: about
#: one centre, an interval of a quarter means that 15 parts in 16 of the precision are the data's.
FIXED_BELOW = 0.25
LEARNT = "learnt"
NARROWED = "narrowed only"
ASSUMED = "assumed, not learnt"
STATES = (LEARNT, NARROWED, ASSUMED)

#: Why. Half of what the prior allows lies in its middle half: a median that stays there is where
#: it would be without any data.
MOVED = "the median left the middle half of the prior"
FIXED = "at most a quarter of the interval is left"
MEASURED = "the interval is narrower, and fitted rows measure this very number"
CENTRE = "the interval is narrower, but its median is still in the middle half of the prior"
ECHO = "the intervals before and after the data overlap by more than 80 %"
FEW = "given the simulation error of their ends, the intervals may overlap by more than 80 %"
WIDER = "the interval only became wider"
STATE_OF = {
    MOVED: LEARNT, FIXED: LEARNT, MEASURED: LEARNT, CENTRE: NARROWED,
    ECHO: ASSUMED, FEW: ASSUMED, WIDER: ASSUMED,
}  # fmt: skip

#: Probabilities (p,) -> quantiles (p, ...).
Quantiles = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Verdict:
    """What is said of an answer.

    Attributes
    ----------
    state : str
        `LEARNT`, `NARROWED` or `ASSUMED`.
    why : str
        One of the reasons of this module.
    overlap, bound : float
        Overlap of the 90 % intervals, and the largest that the number of draws leaves open.
    """

    state: str
    why: str
    overlap: float
    bound: float


@dataclass(frozen=True)
class Summary:
    """Median with 50 % and 90 % equal-tailed intervals, in the unit of the draws."""

    median: float
    lo50: float
    hi50: float
    lo90: float
    hi90: float


def summarise(draws: np.ndarray) -> Summary:
    """Median and equal-tailed 50 % and 90 % intervals of draws of any shape (flattened)."""
    q = np.quantile(np.asarray(draws, dtype=float).ravel(), [0.5, 0.25, 0.75, 0.05, 0.95])
    return Summary(*(float(v) for v in q))


def overlap(prior: np.ndarray, posterior: np.ndarray, mass: float = 0.9) -> float:
    """Overlap of two equal-tailed intervals: length of their intersection over their union.

    Parameters
    ----------
    prior, posterior : ndarray
        Draws of one quantity, any shape (flattened).
    mass : float
        Probability mass of both intervals.

    Returns
    -------
    float
        1 for equal intervals; small where the posterior is much narrower or elsewhere.
        Two intervals of no length overlap fully when they are the same point.
    """
    tail = (1.0 - mass) / 2.0
    a, b = (
        np.quantile(np.asarray(x, dtype=float).ravel(), [tail, 1.0 - tail])
        for x in (prior, posterior)
    )
    union = max(a[1], b[1]) - min(a[0], b[0])
    shared = max(0.0, min(a[1], b[1]) - max(a[0], b[0]))
    return float(shared / union) if union > 0 else float(np.allclose(a, b))


def verdict(prior: np.ndarray, posterior: np.ndarray, measured: bool = False) -> Verdict:
    """Whether the data taught an answer, and why.

    Parameters
    ----------
    prior, posterior : ndarray
        Finite draws of the answer, any shape (flattened).
    measured : bool
        Whether fitted rows measure this very number, such as a risk without therapy: then a
        narrower interval about the same centre is learnt too.

    Returns
    -------
    Verdict
        *Assumed* where the 90 % intervals overlap by more than `ASSUMED_ABOVE`, may do so given
        the number of draws, or that of the posterior is only wider. *Narrowed only* where the
        interval shrank, but its median stayed in the middle half of the prior and more than
        `FIXED_BELOW` of overlap is left: data that say nothing of the answer, but rule out some
        values of what it depends on, do that. *Learnt* otherwise.
    """
    before, after = (np.asarray(x, dtype=float).ravel() for x in (prior, posterior))
    tables = (
        _table(lambda p: np.quantile(before, p), len(before), (0.25, 0.75)),
        _table(lambda p: np.quantile(after, p), len(after), (0.5,)),
    )
    why = str(_reasons(*tables, measured))
    exact, bound = (float(v) for v in _overlaps(*tables))
    return Verdict(STATE_OF[why], why, exact, bound)


def reasons(before: Quantiles, after: Quantiles, draws: tuple[int, int]) -> np.ndarray:
    """Why each of many posteriors counts as what it does, as `verdict` has it.

    Parameters
    ----------
    before, after : callable
        Quantiles (p, ...) of the prior and of the posteriors, for probabilities (p,).
    draws : (int, int)
        Numbers of draws behind them.

    Returns
    -------
    ndarray of str
        Keys of `STATE_OF`.
    """
    return _reasons(
        _table(before, draws[0], (0.25, 0.75)), _table(after, draws[1], (0.5,)), measured=False
    )


def _table(quantiles: Quantiles, draws: int, middle: tuple[float, ...]) -> np.ndarray:
    """Ends of the 90 % interval; then, of each end and of `middle`, two standard errors of rank."""
    wanted = [0.05, 0.95]
    for p in (0.05, 0.95, *middle):
        error = 2.0 * np.sqrt(p * (1.0 - p) / draws)
        wanted += [p - error, p + error]
    return np.asarray(quantiles(np.clip(wanted, 0.0, 1.0)))


def _overlaps(before: np.ndarray, after: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Overlap of the 90 % intervals, and the largest that the number of draws leaves open.

    Each end is known within two standard errors of its rank (binomial). Ends that may be equal
    count as equal, others are moved as close as they may be: without this, two samples of one
    heavy-tailed prior would often pass for learnt.
    """
    low, other_low = _closest(before[2:4], after[2:4])
    high, other_high = _closest(before[4:6], after[4:6])
    exact = _shared(before[0], before[1], after[0], after[1])
    return exact, np.maximum(exact, _shared(low, high, other_low, other_high))


def _closest(one: np.ndarray, two: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The closest pair of values within two ranges (low, high); one value where they meet."""
    middle = np.maximum(one[0], two[0])
    apart, beyond = one[1] < two[0], two[1] < one[0]
    return (
        np.where(apart, one[1], np.where(beyond, one[0], middle)),
        np.where(apart, two[0], np.where(beyond, two[1], middle)),
    )


def _shared(low: np.ndarray, high: np.ndarray, other_low: np.ndarray,
            other_high: np.ndarray) -> np.ndarray:  # fmt: skip
    """Intersection over union of two intervals; 1 where both are one point."""
    union = np.maximum(high, other_high) - np.minimum(low, other_low)
    shared = np.maximum(0.0, np.minimum(high, other_high) - np.maximum(low, other_low))
    return np.where(union > 0, shared / np.where(union > 0, union, 1.0), 1.0)


def _reasons(before: np.ndarray, after: np.ndarray, measured: bool) -> np.ndarray:
    exact, bound = _overlaps(before, after)
    wider = (after[0] <= before[0]) & (before[1] <= after[1])
    moved = (after[7] < before[6]) | (after[6] > before[9])
    tests = {
        ECHO: exact > ASSUMED_ABOVE, WIDER: wider, FEW: bound > ASSUMED_ABOVE,
        MOVED: moved, FIXED: bound <= FIXED_BELOW, MEASURED: np.full_like(wider, measured),
    }  # fmt: skip
    return np.select(list(tests.values()), list(tests), CENTRE)


def contraction(prior: np.ndarray, posterior: np.ndarray) -> float:
    """Share of the prior variance that the data removed: 1 - var(posterior)/var(prior)."""
    spread = float(np.var(prior))
    return 1.0 - float(np.var(posterior)) / spread if spread > 0 else 0.0
