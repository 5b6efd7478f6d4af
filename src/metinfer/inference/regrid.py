"""A fit whose solver steps are too long for its posterior is repeated with shorter ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from metinfer.inference.density import TRANSLATION_SD, Joint
from metinfer.inference.diagnose import grid_gate

if TYPE_CHECKING:
    from metinfer.evidence.types import Evidence

#: Steps are split into at most so many: an error that this does not cure has another cause.
MOST = 8


def solver_is_coarse(joint: Joint, latents: xr.Dataset, refine: int) -> bool:
    """Whether the grid check fails for draws of a fit.

    Parameters
    ----------
    joint : Joint
    latents : xarray.Dataset
        `latent`, `share_latent`, `transfer_latent` of the main fit, dims (chain, draw, ...).
    refine : int
        What every step of the fit was split into.
    """
    weights = [np.ones(len(joint.design.rows)), np.ones(len(joint.design.intervals))]
    return not grid_gate(joint, latents, TRANSLATION_SD, weights, refine).passed


def refined(refine: int) -> int | None:
    """The refinement to try after `refine`; None where there is none left."""
    return 2 * refine if refine < MOST else None


def finer(evidence: Evidence, latents: xr.Dataset, refine: int) -> int | None:
    """The refinement to repeat a fit with; None if it stands, or no finer grid is tried.

    Where the last refinement still fails, the gate says so when the run is judged.
    """
    following = refined(refine)
    if following is None or not solver_is_coarse(Joint.of(evidence), latents, refine):
        return None
    return following
