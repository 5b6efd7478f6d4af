"""Posterior predictive check: what each published row would have looked like under the fit.

Rows with role `check` are predicted by the same formulas although they were never fitted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import xarray as xr

from metinfer.inference.density import Joint, main_number, prediction_tape
from metinfer.inference.families import Family
from metinfer.inference.priors import PriorTable
from metinfer.inference.solving import inputs_of, thin

#: Posterior draws from which replicates are made.
DRAWS = 400


def posterior_predictive(
    evidence: Any, latents: xr.Dataset, translation_sd: float, seed: int, refine: int = 1
) -> xr.Dataset:
    """Replicates of every fitted and checked row, of every interval, and event-free curves.

    Parameters
    ----------
    evidence : Evidence
    latents : xarray.Dataset
        `latent`, `share_latent`, `transfer_latent` of the fit, dims (chain, draw, ...), with
        their labels as coordinates.
    translation_sd : float
    seed : int
    refine : int
        What every step of the solver's grid is split into.

    Returns
    -------
    xarray.Dataset
        `row_reported` (row,), `row_replicate` (draw, row), `row_expected` (draw, row) (what the
        model predicts before sampling noise, on the scale of the statistic), `row_role` (row,),
        `interval_replicate` (draw, interval), `event_free` (draw, cohort, time), time in days, and
        `failed` (draw,), the lanes of a draw that could not be solved.
    """
    rng = np.random.default_rng(seed)
    joint = Joint.of(evidence, ("fit", "check"))
    draws = matched(latents, joint.table, rng)
    found = prediction_tape(joint, refine).run(inputs_of(joint, draws, translation_sd))
    predictions = [
        (family, {k: found[f"{name}/{k}"] for k in family.predicted if f"{name}/{k}" in found})
        for name, family in joint.named_families
    ]
    failed = np.isnan(found["states"]).any(axis=(2, 3)).sum(axis=1)
    return xr.merge([
        xr.Dataset({"failed": ("draw", failed)}),
        _rows(joint, predictions, rng),
        _intervals(joint, predictions, rng),
        _curves(joint, np.exp(found["log_survival"])),
    ])  # fmt: skip


def matched(
    latents: xr.Dataset, table: PriorTable, rng: np.random.Generator
) -> tuple[np.ndarray, ...]:
    """Thinned draws in the layout of `table`; unknowns that the fit did not have are prior draws.

    Returns
    -------
    tuple of ndarray
        (draw, normal), (draw, beta) and (draw, transfer).
    """
    z, share, deviation = thin(latents, DRAWS)
    a, b = table.beta_args
    fresh = (
        rng.standard_normal((len(z), len(table.normal))),
        rng.beta(a, b, (len(z), len(table.beta))),
    )
    for new, old, entries, dim in zip(
        fresh,
        (z, share),
        (table.normal, table.beta),
        ("latent_parameter", "share_parameter"),
        strict=True,
    ):
        known = {str(label): i for i, label in enumerate(latents[dim].values)}
        for i, entry in enumerate(entries):
            if entry.label in known:
                new[:, i] = old[:, known[entry.label]]
    return *fresh, deviation


def _rows(
    joint: Joint,
    predictions: Sequence[tuple[Family, Mapping[str, np.ndarray]]],
    rng: np.random.Generator,
) -> xr.Dataset:
    rows = joint.design.rows
    number = len(next(iter(predictions[0][1].values())))
    reported, replicate = np.full(len(rows), np.nan), np.full((number, len(rows)), np.nan)
    expected = np.full_like(replicate, np.nan)
    for family, pred in predictions:
        if family.name == "interval_person_time":
            continue
        key = main_number(family.statistic)
        reported[family.rows] = family.statistic.published(family.data)[key]
        replicate[:, family.rows] = family.statistic.draw(family.data, pred, rng)[key]
        expected[:, family.rows] = pred["value"]
    return xr.Dataset(
        {
            "row_reported": ("row", reported),
            "row_replicate": (("draw", "row"), replicate),
            "row_expected": (("draw", "row"), expected),
        },
        coords={"row": [r.row for r in rows], "row_role": ("row", [r.role for r in rows])},
    )


def _intervals(
    joint: Joint,
    predictions: Sequence[tuple[Family, Mapping[str, np.ndarray]]],
    rng: np.random.Generator,
) -> xr.Dataset:
    found = [(f, p) for f, p in predictions if f.name == "interval_person_time"]
    if not found:
        return xr.Dataset()
    family, pred = found[0]
    lines = joint.design.intervals
    return xr.Dataset(
        {
            "interval_replicate": (
                ("draw", "interval"),
                family.statistic.draw(family.data, pred, rng)["events"],
            )
        },
        coords={
            "interval_arm": ("interval", [i.arm for i in lines]),
            "interval_start": ("interval", [i.start_day for i in lines]),
            "interval_end": ("interval", [i.end_day for i in lines]),
        },
    )


def _curves(joint: Joint, survival: np.ndarray) -> xr.Dataset:
    """Event-free share of every cohort with an interval table, on one time axis (days)."""
    design = joint.design
    arms = list(dict.fromkeys(i.arm for i in design.intervals))
    if not arms:
        return xr.Dataset()
    end = np.array([i.end_day for i in design.intervals])
    time = np.unique(np.concatenate([[0.0], end]))
    curves = np.full((len(survival), len(arms), len(time)), np.nan)
    for j, arm in enumerate(arms):
        mine = [k for k, i in enumerate(design.intervals) if i.arm == arm]
        known = np.concatenate([[0.0], end[mine]])
        at = np.concatenate([[design.interval_start[mine[0]]], design.interval_end[mine]])
        inside = time <= known[-1]
        curves[:, j, inside] = [
            np.exp(np.interp(time[inside], known, np.log(s[at]))) for s in survival
        ]
    return xr.Dataset(
        {"event_free": (("draw", "cohort", "time"), curves)}, coords={"cohort": arms, "time": time}
    )
