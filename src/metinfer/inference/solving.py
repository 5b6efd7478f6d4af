"""Many draws of the latents solved at once, outside a PyMC model."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import xarray as xr

from metinfer.inference.density import LATENTS, Joint
from metinfer.inference.lanes import lane_theta
from metinfer.inference.priors import ALL
from metinfer.mechanism.solve import solve


def thin(latents: xr.Dataset, number: int) -> tuple[np.ndarray, ...]:
    """Evenly spaced draws over all chains: (draw, latent), (draw, share), (draw, transfer)."""
    stacked = latents.stack(sample=("chain", "draw"))
    at = np.linspace(0, stacked.sizes["sample"] - 1, min(number, stacked.sizes["sample"])).astype(
        int
    )
    return tuple(np.asarray(stacked[n].transpose("sample", ...))[at] for n in LATENTS)


def inputs_of(joint: Joint, draws: Sequence[np.ndarray], translation_sd: float) -> np.ndarray:
    """Inputs of a tape (draw, input): every parameter, then log deviations of human effects."""
    z, share, deviation = draws
    return np.concatenate([joint.table.natural(z, share, np)[ALL], translation_sd * deviation], 1)


def theta_of(joint: Joint, draws: Sequence[np.ndarray], translation_sd: float) -> np.ndarray:
    """Lane parameters of draws (draw, lane, parameter)."""
    return lane_theta(joint.parameters(draws, translation_sd), joint.lanes, np)


def solve_draws(joint: Joint, theta: np.ndarray, refine: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """States (draw, lane, output, state) and status (draw, lane) of many draws on one grid."""
    draws, lanes = theta.shape[:2]
    lane_of = np.tile(np.arange(lanes), draws)
    solution = solve(theta.reshape(draws * lanes, -1), joint.grid(refine), lane_of)
    return solution.states.reshape(
        draws, lanes, *solution.states.shape[1:]
    ), solution.status.reshape(draws, lanes)
