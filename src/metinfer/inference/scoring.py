"""Log-densities of draws outside a PyMC model: of every row and interval, and of the prior."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytensor
import pytensor.tensor as pt
import xarray as xr
from scipy.stats import beta, norm

from metinfer.inference.model import INTERVALS, LATENTS, Joint, named_parameters, score_terms
from metinfer.inference.solving import solve_draws, theta_of

#: Dimension of rows followed by intervals, each in the order of its table.
DIM = "observation"


def score_function(joint: Joint, translation_sd: float) -> Callable[..., np.ndarray]:
    """Log-likelihood of every row, then every interval, given states (no ODE in the graph).

    Returns
    -------
    callable
        latent, share_latent, transfer_latent, states (lane, output, state), row weights (row,)
        and interval weights (interval,) -> log-likelihood (observation,).
    """
    z, share, deviation = (pt.vector(n, dtype="float64") for n in LATENTS)
    states = pt.tensor3("states", dtype="float64")
    rows, intervals = (pt.vector(n, dtype="float64") for n in ("rows", "intervals"))
    params = named_parameters(joint, z, share, translation_sd * deviation)
    parts, places = [], []
    for term in score_terms(joint, params, states, rows, intervals):
        logp = term.family.statistic.logp(term.family.data, term.pred)
        parts.append(pt.where(pt.gt(term.weight, 0.0), term.weight * logp, 0.0))
        places.append(term.family.rows + len(joint.design.rows) * (term.name == INTERVALS))
    joined = pt.concatenate(parts)[np.argsort(np.concatenate(places))]
    return pytensor.function(
        [z, share, deviation, states, rows, intervals], joined, on_unused_input="ignore"
    )


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
    scorer = score_function(joint, translation_sd)
    states, _ = solve_draws(joint, theta_of(joint, draws, translation_sd), refine)
    found = np.array([scorer(*v, *weights) for v in zip(*draws, states, strict=True)])
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
