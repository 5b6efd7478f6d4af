"""How well a fit predicts rows that it has not seen: leave-one-out by importance, or by refit.

PSIS-LOO: Vehtari 2017, doi 10.1007/s11222-016-9696-4; differences of less than 4: Sivula 2020,
arXiv 2008.10296.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import arviz as az
import numpy as np
import xarray as xr

from metinfer.errors import UsageError
from metinfer.inference.density import LATENTS, Joint, density_tape
from metinfer.inference.scoring import DIM
from metinfer.inference.solving import inputs_of

#: Fewest draws, over all chains, from which the tail of importance ratios can be fitted:
#: `az.loo` takes a fifth of the draws, and needs five.
LEAST_DRAWS = 25
#: Differences of less than this are too small for their standard error to mean anything.
SMALL = 4.0


@dataclass(frozen=True)
class Elpd:
    """Log predictive density of each left-out observation, and how it was found.

    Attributes
    ----------
    pointwise, pareto_k : ndarray (observation,)
    limit : float
        Pareto k above which importance sampling is not to be trusted.
    """

    pointwise: np.ndarray
    pareto_k: np.ndarray
    limit: float

    @property
    def doubtful(self) -> np.ndarray:
        """Places of the observations above the limit."""
        return np.flatnonzero(~(self.pareto_k <= self.limit))


class Scorer:
    """Log-likelihood of draws under one variant; its tape is made once."""

    def __init__(self, joint: Joint, translation_sd: float, refine: int = 1) -> None:
        self.joint, self.spread = joint, translation_sd
        self.tape = density_tape(joint, refine)
        design = joint.design
        self.sizes = (len(design.rows), len(design.intervals))
        self.labels = [*joint.coords["row"], *joint.coords["interval"]]

    def __call__(
        self, latents: xr.Dataset, weights: Sequence[np.ndarray] | None = None
    ) -> xr.DataArray:
        """Log-likelihood (chain, draw, observation); rows, then intervals."""
        weights = weights or [np.ones(n) for n in self.sizes]
        values, shape = _flat(latents)
        found = self._scores(values, weights)
        return xr.DataArray(
            found.reshape(*shape, -1), dims=("chain", "draw", DIM), coords={DIM: self.labels}
        )

    def gain(self, latents: xr.Dataset, at: int) -> np.ndarray:
        """Log-density of one observation given all others (draw,), whatever it shares with them."""
        ones = [np.ones(n) for n in self.sizes]
        without = [w.copy() for w in ones]
        side, place = (0, at) if at < self.sizes[0] else (1, at - self.sizes[0])
        without[side][place] = 0.0
        values, _ = _flat(latents)
        pair = [self._scores(values, w).sum(axis=1) for w in (ones, without)]
        return np.asarray(pair[0] - pair[1])

    def _scores(self, values: Sequence[np.ndarray], weights: Sequence[np.ndarray]) -> np.ndarray:
        """Weighted log-likelihoods (draw, observation)."""
        tape = self.tape.with_data(row_weight=weights[0], interval_weight=weights[1])
        return tape.run(inputs_of(self.joint, values, self.spread))["log_likelihood"]


def _flat(latents: xr.Dataset) -> tuple[tuple[np.ndarray, ...], tuple[int, int]]:
    ordered = [latents[n].transpose("chain", "draw", ...).values for n in LATENTS]
    shape = ordered[0].shape[:2]
    return tuple(v.reshape(shape[0] * shape[1], -1) for v in ordered), shape


def pareto_limit(draws: int) -> float:
    """Pareto k up to which `draws` draws give a good estimate."""
    return min(1.0 - 1.0 / math.log10(draws), 0.7)


def leave_one_out(scores: xr.DataArray, latents: xr.Dataset) -> Elpd:
    """Leave-one-out log scores by Pareto-smoothed importance sampling.

    Parameters
    ----------
    scores : xarray.DataArray
        Log-likelihood (chain, draw, observation).
    latents : xarray.Dataset
        The draws behind it; they tell how many independent draws there are.

    Raises
    ------
    UsageError
        With fewer than `LEAST_DRAWS` draws.
    """
    draws = scores.sizes["chain"] * scores.sizes["draw"]
    if draws < LEAST_DRAWS:
        raise UsageError(f"{draws} draws: leaving out rows needs {LEAST_DRAWS} or more in all")
    tree = xr.DataTree.from_dict(
        {"posterior": latents, "log_likelihood": xr.Dataset({"evidence": scores})}
    )
    with warnings.catch_warnings():
        # Large k are not overlooked: those rows are left out by refits.
        warnings.simplefilter("ignore", UserWarning)
        found: Any = az.loo(tree, pointwise=True)
    k = np.asarray(found.pareto_k, dtype=float)
    return Elpd(np.asarray(found.elpd_i, dtype=float), k, pareto_limit(draws))


def log_mean_exp(values: np.ndarray) -> np.ndarray:
    """Logarithm of the mean of exp(values) over the first axis."""
    top = np.max(values, axis=0)
    safe = np.where(np.isfinite(top), top, 0.0)
    with np.errstate(divide="ignore"):
        mean = np.log(np.mean(np.exp(values - safe), axis=0))
    return np.asarray(safe + mean)


def difference(one: np.ndarray, base: np.ndarray) -> tuple[float, float]:
    """Sum of `one - base` over observations, and its standard error."""
    each = one - base
    spread = float(np.std(each, ddof=1)) if len(each) > 1 else float("nan")
    return float(each.sum()), math.sqrt(len(each)) * spread


def verdict(change: float, error: float) -> str:
    """What the tables can tell of a variant, from its difference to the base variant."""
    if not math.isfinite(change):
        return "One of the published values cannot happen under this variant."
    if abs(change) < SMALL:
        return (
            "The tables cannot tell it from the base variant: the difference is too small to count."
        )
    if abs(change) < 2.0 * error:
        return (
            "The tables cannot tell it from the base variant: the difference is within its noise."
        )
    if change < 0:
        return "The tables speak against it: it predicts them worse than the base variant."
    return "The tables speak for it: it predicts them better than the base variant."
