"""Whether ranks are uniform: simultaneous bands for their ECDF, and the coverage of intervals."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from scipy import stats

#: Sets of uniform ranks from which bands are made, and their seed.
SIMULATED, SEED = 20_000, 20220101


def rank(truth: float, draws: np.ndarray, rng: np.random.Generator) -> int:
    """How many of `draws` (draw,) lie below the truth; ties are broken at random."""
    below, equal = int(np.sum(draws < truth)), int(np.sum(draws == truth))
    return below + int(rng.integers(0, equal + 1))


@lru_cache(maxsize=16)
def _null(fits: int, ranks: int) -> tuple[np.ndarray, np.ndarray]:
    """Pointwise tail of each count (rank, count), and the smallest tail of uniform sets, sorted."""
    share = np.arange(1, ranks) / ranks
    counts = np.arange(fits + 1)
    below = stats.binom.cdf(counts, fits, share[:, None])
    above = stats.binom.sf(counts - 1, fits, share[:, None])
    tail = np.minimum(1.0, 2.0 * np.minimum(below, above))
    rng = np.random.default_rng(SEED)
    made = rng.multinomial(fits, np.full(ranks, 1.0 / ranks), size=SIMULATED)
    least = _least(made, tail)
    return tail, np.sort(least)


def _least(histograms: np.ndarray, tail: np.ndarray) -> np.ndarray:
    """Smallest pointwise tail over all ranks, for each histogram (set, rank)."""
    ecdf = np.cumsum(histograms, axis=-1)[..., :-1]
    return tail[np.arange(len(tail)), ecdf].min(axis=-1)


def uniformity(found: np.ndarray, ranks: int) -> float:
    """Simultaneous p-value that ranks (fit,) in 0 .. `ranks` - 1 are uniform.

    The ECDF is compared with its pointwise binomial law at every rank; the smallest tail is put
    among those of uniform sets (Sailynoja, Burkner & Vehtari 2022,
    doi 10.1007/s11222-022-10090-6, by simulation).
    """
    histogram = np.bincount(np.asarray(found, dtype=int), minlength=ranks)
    tail, least = _null(int(histogram.sum()), ranks)
    mine = _least(histogram, tail)
    at = int(np.searchsorted(least, mine * (1.0 + 1e-9), side="right"))
    return (at + 1.0) / (SIMULATED + 1.0)


def bands(fits: int, ranks: int, level: float = 0.95) -> tuple[np.ndarray, np.ndarray]:
    """Simultaneous band of the ECDF of uniform ranks, less its expectation.

    Returns
    -------
    tuple of ndarray
        Lower and upper limit (rank,) at the shares k / `ranks`, k = 1 .. `ranks` - 1.
    """
    tail, least = _null(fits, ranks)
    limit = least[int((1.0 - level) * SIMULATED)]
    inside = tail >= limit
    expected = np.arange(1, ranks) / ranks
    low = inside.argmax(axis=1) / fits
    high = (fits - inside[:, ::-1].argmax(axis=1)) / fits
    return low - expected, high - expected


def ecdf_difference(found: np.ndarray, ranks: int) -> np.ndarray:
    """ECDF of ranks (fit,) less that of uniform ones, at the shares of `bands` (rank,)."""
    histogram = np.bincount(np.asarray(found, dtype=int), minlength=ranks)
    return np.cumsum(histogram)[:-1] / histogram.sum() - np.arange(1, ranks) / ranks


def covered(found: np.ndarray, ranks: int, level: float) -> np.ndarray:
    """Whether the truth lies in the central interval of `level` (fit,), exactly by its rank."""
    out = round(0.5 * (1.0 - level) * ranks)
    found = np.asarray(found)
    return (found >= out) & (found < ranks - out)


def coverage_limits(fits: int, level: float, error: float) -> tuple[float, float]:
    """Smallest and largest share of covered truths that chance makes, at an error of `error`."""
    low, high = stats.binom.ppf([0.5 * error, 1.0 - 0.5 * error], fits, level)
    return float(low / fits), float(high / fits)
