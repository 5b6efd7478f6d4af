"""Assurance: the probability that an experiment finds what the model expects, over all doubt."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

#: Standard errors beyond a test's limit at which it is sure to find an effect.
SURE = 6.0
#: Quantiles reported of a result.
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)


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
    from scipy.stats import hypergeom

    good = np.isfinite(risk) & np.isfinite(risk_untreated)
    treated = rng.binomial(n, np.clip(risk[good], 0.0, 1.0))
    control = rng.binomial(n, np.clip(risk_untreated[good], 0.0, 1.0))
    tail = hypergeom.cdf(treated, 2 * n, treated + control, n)
    return Assurance(
        n, float(np.mean(tail <= alpha)), np.quantile((control - treated) / n, QUANTILES)
    )


def assurance_of_mean(log_ratio: np.ndarray, log_sd: float, n: int, alpha: float = 0.025) -> float:
    """Probability that a two-sided t-test of log values tells two arms of `n` apart.

    Parameters
    ----------
    log_ratio : ndarray (draw,)
        Predicted log ratio of the arms' geometric means.
    log_sd : float
        Standard deviation of the log values within an arm.
    alpha : float
        Level of each side.
    """
    from scipy.stats import nct, t

    if n < 2:
        return float("nan")
    good = log_ratio[np.isfinite(log_ratio)]
    free = 2 * n - 2
    limit = t.ppf(1.0 - alpha, free)
    shift = np.abs(good) / (log_sd * np.sqrt(2.0 / n))
    sure = shift > limit + SURE  # beyond reach of the distribution's numerics
    near = np.where(sure, 0.0, shift)
    found = nct.sf(limit, free, near) + nct.cdf(-limit, free, near)
    return float(np.mean(np.where(sure, 1.0, found)))
