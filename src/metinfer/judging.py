"""Judge a run: its named answers in every sub-fit, its gates, and what the answers rest on."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from metinfer import results
from metinfer.runs import MAIN, Run

if TYPE_CHECKING:
    from metinfer.inference.density import Joint
    from metinfer.inference.diagnose import Gate

ANSWERS = "answers.nc"
POSTERIOR_GROUP = "posterior"
#: Draws of the posterior, and of what it is compared with, in which named answers are computed:
#: neighbours in a chain say little that is new.
ANSWERED, COMPARED = 2000, 2000
#: Draws of the posterior in which named answers are solved again with finer steps.
REFINED = 100
#: Studies that pull most, listed beside each answer.
PULLS = 3


def answer_draws(run: Run, therapies: Any, populations: Any) -> dict[str, xr.Dataset]:
    """Named answers in every group of draws of a run; also written to `answers.nc`.

    Parameters
    ----------
    run : Run
    therapies : Therapies
    populations : mapping of str to Population

    Returns
    -------
    dict of str to xarray.Dataset
        Group of ``posterior.nc`` -> one variable (chain, draw) per named answer.
    """
    from metinfer.therapy.answers import named_answers
    from metinfer.therapy.draws import NamedDraws

    asked = run.evidence.analysis.get("answer", [])
    where = _joint(run).design.coordinates
    made = {}
    for name, group in run.groups.items():
        if not name.startswith(("prior", POSTERIOR_GROUP)):
            continue
        thinned = every_so_often(group, ANSWERED if name == POSTERIOR_GROUP else COMPARED)
        size = (thinned.sizes["chain"], thinned.sizes["draw"])
        found = named_answers(NamedDraws.of(thinned, where), asked, therapies, populations)
        made[name] = xr.Dataset(
            {k: (("chain", "draw"), np.reshape(v, size)) for k, v in found.items()}
        )
    results.write_groups(run, ANSWERS, made)
    return made


def every_so_often(draws: xr.Dataset, most: int) -> xr.Dataset:
    """Every second, third, ... draw of each chain, so that about `most` are left in all."""
    step = max(1, draws.sizes["chain"] * draws.sizes["draw"] // most)
    return draws.isel(draw=slice(None, None, step))


def gates(run: Run, answers: Mapping[str, xr.Dataset], prior: Gate | None) -> tuple[Gate, ...]:
    """Every gate of a run: chains of all reported quantities, solver, prior, sub-fits.

    Parameters
    ----------
    run : Run
    answers : mapping of str to xarray.Dataset
        As from `answer_draws`.
    prior : Gate, optional
        Whether prior draws are biologically possible.
    """
    from metinfer.inference.density import TRANSLATION_SD
    from metinfer.inference.diagnose import (
        answer_gates,
        convergence_gates,
        solver_gates,
        subfit_gates,
    )

    refine = run.record.refine
    joint = _joint(run)
    found = convergence_gates(run.posterior, run.statistics_of(MAIN))
    named = answers.get(POSTERIOR_GROUP, xr.Dataset())
    if named.data_vars:
        found += answer_gates("answers", named)
    found += solver_gates(joint, run.posterior, TRANSLATION_SD, _weights(joint), refine)
    for name, draws in answers.items():
        subfit = name.removeprefix(f"{POSTERIOR_GROUP}_")
        if subfit != name and draws.data_vars:
            found += subfit_gates(subfit, draws, run.statistics_of(subfit))
    found += (_same_model(run),)
    return found if prior is None else (*found, prior)


def _same_model(run: Run) -> Gate:
    """Whether this program, which judges, makes the model that was fitted."""
    from metinfer.inference.diagnose import Gate
    from metinfer.inference.reproduce import TOLERANCE, agreement

    gap = agreement(run)
    detail = "relative change of the log-density of stored draws"
    return Gate("model of the fit", gap, f"<= {TOLERANCE:g}", bool(gap <= TOLERANCE), detail)


def grid_gate(run: Run, therapies: Any, populations: Any) -> tuple[Gate, ...]:
    """Whether finer solver steps would move the named answers; none without an answer.

    The gate of the fit says nothing of it: courses of therapy have solver grids of their own.
    """
    from metinfer.inference.diagnose import GRID_LIMIT, GRID_REFINE, Gate
    from metinfer.therapy.answers import grid_shifts
    from metinfer.therapy.draws import NamedDraws

    draws = NamedDraws.of(run.posterior, _joint(run).design.coordinates).thinned(REFINED)
    asked = run.evidence.analysis.get("answer", [])
    shifts = grid_shifts(draws, asked, therapies, populations, GRID_REFINE)
    if not shifts:
        return ()
    at = max(shifts, key=lambda name: shifts[name])
    limit, holds = f"<= {GRID_LIMIT} sd", shifts[at] <= GRID_LIMIT
    return (Gate("answers: solver grid", shifts[at], limit, bool(holds), at),)


def foundations(run: Run, answers: Mapping[str, xr.Dataset]) -> dict[str, Any]:
    """What every named answer rests on, as plain data.

    Returns
    -------
    dict
        ``answers``: name -> values in each group of draws, overlap of prior and posterior,
        verdict, share of the prior variance removed, sampling quality, power scaling, and the
        studies that pull most; ``pairs``: parameters that the data cannot tell apart.
    """
    from metinfer.inference import sensitivity as tool
    from metinfer.inference.density import TRANSLATION_SD
    from metinfer.inference.scoring import log_prior, pointwise_scores

    after = answers.get(POSTERIOR_GROUP, xr.Dataset())
    pairs = tool.correlated_pairs(_scalars(run.posterior)).to_dict("records")
    if not after.data_vars:
        return {"answers": {}, "pairs": pairs}
    joint = _joint(run)
    latents = every_so_often(run.posterior, ANSWERED)
    refine = run.record.refine
    scores = pointwise_scores(joint, latents, TRANSLATION_SD, _weights(joint), refine)
    power = tool.power_scaling(after, log_prior(joint, latents), scores, tool.streams(joint.design))
    pulls = tool.pull(after, scores, tool.cohorts(joint.design))
    quality = _quality(after)
    found = {
        name: _foundation(name, answers)
        | quality[name]
        | {"power": power.loc[name].to_dict(), "pulls": _strongest(pulls.loc[name])}
        for name in map(str, after.data_vars)
    }
    return {"answers": found, "pairs": pairs}


def _foundation(name: str, answers: Mapping[str, xr.Dataset]) -> dict[str, Any]:
    """Values of one answer in each group, and how far the data moved it from its prior."""
    from metinfer.inference.learnt import contraction, overlap, summarise

    draws = {k: _finite(v[name]) for k, v in answers.items() if name in v}
    draws = {k: v for k, v in draws.items() if len(v)}
    found: dict[str, Any] = {"values": {k: vars(summarise(v)) for k, v in draws.items()}}
    if {"prior", POSTERIOR_GROUP} <= set(draws):
        pair = draws["prior"], draws[POSTERIOR_GROUP]
        found |= {"overlap": overlap(*pair), "contraction": contraction(*pair)}
    return found


def _quality(draws: xr.Dataset) -> dict[str, dict[str, float]]:
    az: Any = import_module("arviz_stats")
    with np.errstate(invalid="ignore", divide="ignore"):  # an answer may be the same in every draw
        tables = {
            "rhat": az.rhat(draws), "ess_bulk": az.ess(draws, method="bulk"),
            "ess_tail": az.ess(draws, method="tail"), "mcse": az.mcse(draws),
        }  # fmt: skip
    return {
        str(name): {k: float(table[name]) for k, table in tables.items()}
        for name in draws.data_vars
    }


def _strongest(pulls: Any) -> list[dict[str, Any]]:
    order = pulls.abs().sort_values(ascending=False).index[:PULLS]
    return [{"study": str(k), "pull": float(pulls[k])} for k in order]


def _scalars(posterior: xr.Dataset) -> dict[str, np.ndarray]:
    """Every named scalar of a posterior (draw,), the latents of sampling left out."""
    made = {}
    for name, values in posterior.data_vars.items():
        if str(name).endswith("latent"):
            continue
        flat = values.stack(sample=("chain", "draw")).transpose("sample", ...)
        if flat.ndim == 1:
            made[str(name)] = flat.to_numpy()
        elif flat.ndim == 2:
            labels = flat[flat.dims[1]].values
            made |= {f"{name}[{at}]": flat.to_numpy()[:, k] for k, at in enumerate(labels)}
    return made


def _finite(values: xr.DataArray) -> np.ndarray:
    flat = np.asarray(values, dtype=float).ravel()
    return flat[np.isfinite(flat)]


def _joint(run: Run) -> Joint:
    from metinfer.inference.density import Joint

    return Joint.of(run.evidence)


def _weights(joint: Joint) -> list[np.ndarray]:
    return [np.ones(len(joint.design.rows)), np.ones(len(joint.design.intervals))]
