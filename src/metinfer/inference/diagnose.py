"""Gates of a fit: each a name, a value, its limit, and whether it passed.

Limits follow the defaults of arviz-stats `diagnose` (Vehtari 2021, doi 10.1214/20-BA1221) and
the rules of this project: no divergences, no failed solves, and a solver grid whose error moves
no posterior mean by more than a hundredth of its sd.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import arviz as az
import numpy as np
import xarray as xr

from metinfer.inference.density import Joint
from metinfer.inference.scoring import scores
from metinfer.inference.solving import solve_draws, theta_of, thin
from metinfer.mechanism.solve import OK

RHAT_LIMIT = 1.01
ESS_LIMIT = 400.0
BFMI_LIMIT = 0.3
GRID_LIMIT = 0.01
#: Posterior draws that the grid check scores again.
GRID_DRAWS = 200
#: Times more steps in the grid check.
GRID_REFINE = 4
ONE_CHAIN = "one chain: cannot be judged"


@dataclass(frozen=True)
class Gate:
    """One gate: what was measured, the limit, whether it holds, and where it was worst."""

    name: str
    value: float
    limit: str
    passed: bool
    detail: str = ""


@dataclass(frozen=True)
class Diagnosis:
    """All gates of one fit."""

    gates: tuple[Gate, ...]

    @property
    def passed(self) -> bool:
        """Whether every gate passed."""
        return all(g.passed for g in self.gates)

    def to_dict(self) -> dict[str, Any]:
        """Plain data for `diagnostics.json`."""
        return {"passed": self.passed, "gates": [asdict(g) for g in self.gates]}


def convergence_gates(posterior: xr.Dataset, sample_stats: xr.Dataset) -> tuple[Gate, ...]:
    """Gates on the chains.

    Parameters
    ----------
    posterior : xarray.Dataset
        Every reported quantity, dims (chain, draw, ...).
    sample_stats : xarray.Dataset
        `diverging` and `energy`, dims (chain, draw).

    Returns
    -------
    tuple of Gate
    """
    divergences = int(sample_stats["diverging"].sum())
    bfmi = np.asarray(
        az.bfmi(sample_stats[["energy"]])["energy"] if "energy" in sample_stats else np.nan
    )
    return (
        *sampling_gates(posterior),
        Gate("divergences", divergences, "0", divergences == 0),
        Gate(
            "E-BFMI",
            float(np.nanmin(bfmi)),
            f">= {BFMI_LIMIT}",
            bool(np.nanmin(bfmi) >= BFMI_LIMIT),
        ),
    )


def sampling_gates(draws: xr.Dataset) -> tuple[Gate, ...]:
    """R-hat, bulk and tail ESS of every quantity (chain, draw, ...) that is not a constant.

    A statistic that is not finite fails its gate, and so does R-hat of a single chain, which has
    no other to agree with.
    """
    with np.errstate(invalid="ignore", divide="ignore"):  # some are the same in every draw
        tables = {kind: az.ess(draws, method=kind) for kind in ("bulk", "tail")}
        rhat = az.rhat(draws) if draws.sizes["chain"] > 1 else None
    ess = (
        _worst(f"{kind} ESS", table, draws=draws, limit=ESS_LIMIT, below=False)
        for kind, table in tables.items()
    )
    if rhat is None:
        return (Gate("R-hat", float("nan"), f"<= {RHAT_LIMIT:g}", False, ONE_CHAIN), *ess)
    return (_worst("R-hat", rhat, draws=draws, limit=RHAT_LIMIT, below=True), *ess)


def subfit_gates(name: str, answers: xr.Dataset, sample_stats: xr.Dataset) -> tuple[Gate, ...]:
    """Gates on a sub-fit: only its named answers are reported, so only they are judged.

    Parameters
    ----------
    name : str
        Of the sub-fit.
    answers : xarray.Dataset
        Named answers, dims (chain, draw).
    sample_stats : xarray.Dataset
        `diverging`, dims (chain, draw).
    """
    bad = int(sample_stats["diverging"].sum())
    divergences = Gate(f"{name}: divergences", bad, "0", bad == 0)
    return (*answer_gates(name, answers), divergences)


def answer_gates(name: str, answers: xr.Dataset) -> tuple[Gate, ...]:
    """Draws without an answer, R-hat, bulk and tail ESS of named answers (chain, draw).

    Gates stand under a name of their own. Chains are judged by the draws that have every answer.
    """
    whole = np.all([np.isfinite(x.values) for x in answers.values()], axis=0)
    bad = int(np.sum(~whole))
    failed = Gate("undefined answers", bad, "0", bad == 0, f"of {whole.size} draws")
    good = answers.isel(draw=whole.all(axis=0))
    moving = [str(v) for v, x in good.items() if x.size and float(np.ptp(x.values)) > 0.0]
    # an answer that is the same in every draw needs no sampling
    found = (failed, *(sampling_gates(good[moving]) if moving else ()))
    return tuple(replace(g, name=f"{name}: {g.name}") for g in found)


def _worst(name: str, table: xr.Dataset, *, draws: xr.Dataset, limit: float, below: bool) -> Gate:
    """Gate on the worst value over all variables that move; names where it was."""
    worst = {
        str(v): float((np.max if below else np.min)(values))
        for v in table.data_vars
        if (values := np.asarray(table[v], dtype=float)[_moving(draws[v])]).size
    }
    told = f"{'<=' if below else '>='} {limit:g}"
    if not worst:
        return Gate(name, float("nan"), told, False, "nothing moves")
    unknown = [v for v in worst if not np.isfinite(worst[v])]
    at = unknown[0] if unknown else (max if below else min)(worst, key=lambda v: worst[v])
    value = worst[at]
    return Gate(name, value, told, bool(value <= limit if below else value >= limit), at)


def _moving(values: xr.DataArray) -> np.ndarray:
    """Whether each element (...) differs among its draws, or is not a number in one."""
    flat = np.asarray(values.transpose("chain", "draw", ...), dtype=float)
    return ~np.asarray(flat.max(axis=(0, 1)) == flat.min(axis=(0, 1)))


def solver_gates(
    joint: Joint,
    latents: xr.Dataset,
    translation_sd: float,
    weights: Sequence[np.ndarray],
    refine: int = 1,
) -> tuple[Gate, ...]:
    """Failed solves and the grid check, on posterior draws.

    Parameters
    ----------
    joint : Joint
    latents : xarray.Dataset
        `latent`, `share_latent` and `transfer_latent`, dims (chain, draw, ...).
    translation_sd : float
        Spread used in the fit.
    weights : sequence of ndarray
        Row weights (row,) and interval weights (interval,) of the fit.
    refine : int
        What every step of the fit was split into.

    Returns
    -------
    tuple of Gate
        `failed solves` counts accepted draws with any failed lane; `solver grid` is the largest
        shift of a reweighted mean, in posterior sd, when steps are split by `GRID_REFINE`.
    """
    theta = theta_of(joint, thin(latents, GRID_DRAWS), translation_sd)
    status = solve_draws(joint, theta, refine)[1]
    bad = int(np.sum(np.any(status != OK, axis=-1)))
    return (
        Gate("failed solves", bad, "0", bad == 0, f"of {len(theta)} draws"),
        grid_gate(joint, latents, translation_sd, weights, refine),
    )


def grid_gate(
    joint: Joint,
    latents: xr.Dataset,
    translation_sd: float,
    weights: Sequence[np.ndarray],
    refine: int,
) -> Gate:
    """The grid check alone; parameters as of `solver_gates`."""
    draws = thin(latents, GRID_DRAWS)
    found = [
        scores(joint, draws, translation_sd, weights, steps).sum(axis=1)
        for steps in (GRID_REFINE * refine, refine)
    ]
    with np.errstate(invalid="ignore"):
        change = found[0] - found[1]
    shift = reweighted_shift(np.concatenate(draws, axis=1), change)
    limit, detail = f"<= {GRID_LIMIT} sd", f"{GRID_REFINE} times the steps"
    return Gate("solver grid", shift, limit, bool(shift <= GRID_LIMIT), detail)


def reweighted_shift(values: np.ndarray, change: np.ndarray) -> float:
    """Largest shift of a mean, in sd, when draws are reweighted by a change of log-density.

    Parameters
    ----------
    values : ndarray (draw, quantity)
    change : ndarray (draw,)
        New minus old log-density; non-finite entries make the shift infinite.

    Returns
    -------
    float
        Computed as a covariance with the centred weights, so that noise of the mean itself
        does not count.
    """
    if not np.all(np.isfinite(change)):
        return float("inf")
    weight = np.exp(change - change.max())
    weight = weight / weight.mean() - 1.0
    spread = values.std(axis=0)
    moved = np.abs((weight[:, None] * (values - values.mean(axis=0))).mean(axis=0))
    return float(np.max(moved / np.where(spread > 0, spread, 1.0)))
