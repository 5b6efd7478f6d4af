"""The model of a run, made again from what the run folder holds, and proved to be the same."""

from __future__ import annotations

import logging
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import numpy as np

from metinfer import results
from metinfer.errors import MetinferError, RunError
from metinfer.inference.recipe import MODEL, Recipe
from metinfer.inference.sample import as_settled
from metinfer.provenance import code_hash, versions
from metinfer.runs import MAIN, verify_inputs

if TYPE_CHECKING:
    import xarray as xr

    from metinfer.runs import Run

#: Draws whose log-density is computed again, and by how much it may differ (rounding only).
TRIED, TOLERANCE = 5, 1e-6
#: What was found with this program, where it is not the one of the fit.
AGREEMENT = "program.json"

log = logging.getLogger("metinfer")


def model_of(run: Run, recipe: Recipe = MODEL) -> Any:
    """The PyMC model whose posterior `run` holds.

    Parameters
    ----------
    run : Run
    recipe : Recipe
        How evidence becomes a model.

    Returns
    -------
    pymc.Model
        Built from the copied inputs. It is the model that was fitted by hash of the inputs, of
        the program and of its libraries; where the program or a library is another one, the
        log-density of stored draws must come out as the sampler stored it.

    Raises
    ------
    RunError
        If the inputs were changed, or this program makes another model of them.
    """
    verify_inputs(run)
    model = _made_again(run, recipe)
    if not same_program(run):
        log.info("%s: another program made this run; its log-density is computed again", run.path)
        _require(run, density_gap(model, run.posterior, run.sample_stats))
    return model


def _made_again(run: Run, recipe: Recipe) -> Any:
    """The model of the main fit, from the copied inputs."""
    evidence = as_settled(run, run.evidence)
    model = recipe.build(evidence, run.record.refine)
    for name, value in recipe.subfits(evidence, model)[MAIN].items():
        model[name].set_value(value)
    return model


def same_program(run: Run) -> bool:
    """Whether program and libraries are, by hash and version, those of the fit."""
    return (run.record.code, run.record.versions) == (code_hash(), versions())


def agreement(run: Run, recipe: Recipe = MODEL) -> float:
    """How far the log-density of stored draws is from what this program computes.

    Parameters
    ----------
    run : Run
    recipe : Recipe

    Returns
    -------
    float
        As from `density_gap`: 0 for the program of the fit, and for a run without a posterior.
        With another program it is computed once, and kept in the run folder.
    """
    if same_program(run) or "posterior" not in run.groups:
        return 0.0
    tried = {"code": code_hash(), "versions": versions()}
    kept = results.read_json(run, AGREEMENT)
    if kept.get("tried") == tried:
        return float("inf") if kept["gap"] is None else float(kept["gap"])
    try:
        gap = density_gap(_made_again(run, recipe), run.posterior, run.sample_stats)
    except MetinferError:
        gap = float("inf")  # tables that this program refuses
    with suppress(MetinferError, OSError):  # the folder may be in use, or not ours to write to
        results.write_json(run, AGREEMENT, {"tried": tried, "gap": gap})
    return gap


def is_same_model(run: Run) -> bool:
    """Whether this program makes the model that was fitted."""
    return agreement(run) <= TOLERANCE


def require_same_model(run: Run) -> None:
    """Raise RunError if this program makes another model than the one that was fitted."""
    _require(run, agreement(run))


def _require(run: Run, gap: float) -> None:
    if not gap <= TOLERANCE:
        raise RunError(
            f"this program makes another model of the inputs of {run.path}: the log-density of "
            f"its draws differs by {gap:.3g}. Fit again into another folder: "
            f"metinfer fit {run.path / 'inputs'} -o another-folder"
        )


def density_gap(model: Any, posterior: xr.Dataset, sample_stats: xr.Dataset) -> float:
    """Largest relative difference between stored log-densities and those of `model`.

    Parameters
    ----------
    model : pymc.Model
    posterior, sample_stats : xarray.Dataset
        Draws of the free variables and their `logp`, dims (chain, draw, ...).

    Returns
    -------
    float
        Infinite if the model has other free variables, or no log-density was stored.
    """
    names = [v.name for v in model.free_RVs]
    if not {*names} <= {*posterior} or "logp" not in sample_stats:
        return float("inf")
    try:
        score = model.compile_logp(mode="FAST_COMPILE")
        at = np.linspace(0, posterior.sizes["draw"] - 1, TRIED).astype(int)
        gaps = [_gap(model, score, posterior, sample_stats, int(k)) for k in at]
    except (ValueError, TypeError):
        return float("inf")  # shapes of another model
    return max(gaps)


def _gap(
    model: Any, score: Any, posterior: xr.Dataset, sample_stats: xr.Dataset, draw: int
) -> float:
    point = {}
    for variable in model.free_RVs:
        value = posterior[variable.name].isel(chain=0, draw=draw).values
        transform = model.rvs_to_transforms[variable]
        if transform is not None:
            value = transform.forward(value, *variable.owner.inputs).eval()
        point[model.rvs_to_values[variable].name] = value
    stored = float(sample_stats["logp"].isel(chain=0, draw=draw))
    found = float(score(point))
    return abs(found - stored) / (1.0 + abs(stored)) if np.isfinite(found) else float("inf")
