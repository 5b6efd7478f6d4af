"""Log-densities of draws outside a PyMC model: of every row and interval, and of the prior."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import xarray as xr
from scipy.stats import beta, norm

from metinfer.inference.density import LATENTS, Joint, density_tape
from metinfer.inference.solving import inputs_of

#: Dimension of rows followed by intervals, each in the order of its table.
DIM = "observation"


def scores(
    joint: Joint,
    draws: Sequence[np.ndarray],
    translation_sd: float,
    weights: Sequence[np.ndarray],
    refine: int = 1,
) -> np.ndarray:
    """Weighted log-likelihood of every row, then every interval (draw, observation).

    Parameters
    ----------
    joint : Joint
    draws : sequence of ndarray
        `latent`, `share_latent` and `transfer_latent`, each (draw, ...).
    translation_sd : float
    weights : sequence of ndarray
        Row weights (row,) and interval weights (interval,).
    refine : int
        What every step of the solver's grid is split into.
    """
    tape = density_tape(joint, refine)
    tape = tape.with_data(row_weight=weights[0], interval_weight=weights[1])
    return tape.run(inputs_of(joint, draws, translation_sd))["log_likelihood"]


def pointwise_scores(
    joint: Joint,
    latents: xr.Dataset,
    translation_sd: float,
    weights: Sequence[np.ndarray],
    refine: int = 1,
) -> xr.DataArray:
    """Log-likelihood of every row and interval, for every draw.

    Parameters
    ----------
    joint : Joint
    latents : xarray.Dataset
        `latent`, `share_latent`, `transfer_latent`, dims (chain, draw, ...).
    translation_sd : float
    weights : sequence of ndarray
        Row weights (row,) and interval weights (interval,) of the fit.
    refine : int
        What every step of the solver's grid is split into.

    Returns
    -------
    xarray.DataArray
        (chain, draw, observation), labelled by row id, then `arm:start-end` in days.
    """
    ordered = [latents[n].transpose("chain", "draw", ...).values for n in LATENTS]
    chains, number = ordered[0].shape[:2]
    draws = tuple(v.reshape(chains * number, *v.shape[2:]) for v in ordered)
    found = scores(joint, draws, translation_sd, weights, refine)
    labels = [*joint.coords["row"], *joint.coords["interval"]]
    return xr.DataArray(
        found.reshape(chains, number, -1), dims=("chain", "draw", DIM), coords={DIM: labels}
    )


def log_prior(joint: Joint, latents: xr.Dataset) -> xr.DataArray:
    """Log-density of the prior of all free variables (chain, draw)."""
    a, b = joint.table.beta_args
    z, share, deviation = (latents[n].transpose("chain", "draw", ...) for n in LATENTS)
    total = norm.logpdf(z.values).sum(axis=-1) + norm.logpdf(deviation.values).sum(axis=-1)
    total = total + beta.logpdf(share.values, a, b).sum(axis=-1)
    return xr.DataArray(total, dims=("chain", "draw"))
