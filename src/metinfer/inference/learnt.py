"""Learnt or assumed: how far the data moved an answer from its prior."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

#: Above this share of overlap an answer counts as assumed (design rule of the project).
ASSUMED_ABOVE = 0.8
LEARNT = "learnt"
ASSUMED = "assumed, not learnt"


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


def only_wider(prior: np.ndarray, posterior: np.ndarray, mass: float = 0.9) -> bool:
    """Whether the interval of the posterior holds all of that of the prior.

    Such an answer became less certain, not better known, however little the two overlap.
    """
    tail = (1.0 - mass) / 2.0
    a, b = (
        np.quantile(np.asarray(x, dtype=float).ravel(), [tail, 1.0 - tail])
        for x in (prior, posterior)
    )
    return bool(b[0] <= a[0] and a[1] <= b[1])


def verdict(prior: np.ndarray, posterior: np.ndarray) -> str:
    """`LEARNT`, or `ASSUMED`.

    Assumed where the 90 % intervals overlap by more than `ASSUMED_ABOVE`, or that of the posterior
    is only wider.
    """
    assumed = overlap(prior, posterior) > ASSUMED_ABOVE or only_wider(prior, posterior)
    return ASSUMED if assumed else LEARNT


def contraction(prior: np.ndarray, posterior: np.ndarray) -> float:
    """Share of the prior variance that the data removed: 1 - var(posterior)/var(prior)."""
    spread = float(np.var(prior))
    return 1.0 - float(np.var(posterior)) / spread if spread > 0 else 0.0
