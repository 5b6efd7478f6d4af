"""From named parameters to the parameters of each lane, and from lane specs to solver lanes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from metinfer.inference.design import LaneSpec
from metinfer.inference.priors import Coordinates
from metinfer.mechanism.equations import PARAMETERS
from metinfer.mechanism.grid import Lane
from metinfer.mechanism.inputs import Input, Steps, window

#: Lane parameter -> named parameter, where nothing but the name differs.
SHARED = {
    "kA": "stellate_rate", "kX": "cxcl12_rate", "Kx": "receptor_constant", "th": "number_share",
    "r15": "il15_growth", "Ncap": "nk_ceiling", "kdep": "nk_depletion_rate",
    "kR": "tolerance_recovery", "kd": "tolerance_onset", "kU": "neutrophil_rate",
    "mu": "neutrophil_mobilisation", "bU": "cxcl12_neutrophil",
    "kdepU": "neutrophil_depletion_rate", "fN": "nk_ifng_share", "hG": "ifng_steepness",
    "f0": "awakening_floor", "kH": "signal_rate", "nu": "seeding_exponent",
    "injury_scale": "injury_size",
}  # fmt: skip
BY_SPECIES = {"kN": "nk_rate", "d0": "dormant_loss", "m": "dormant_kill", "kap": "clone_kill"}
BY_CONTEXT = {"w1": "awakening_rate", "tau": "growth_time"}
TRANSFERRED = {
    "bA": "stellate_cxcl12", "bT": "timp1_cxcl12", "bQ": "cxcl12_nk",
    "SG": "ifng_potency", "eta": "nk_hold", "fU": "neutrophil_seeding",
}  # fmt: skip


@dataclass(frozen=True)
class LaneTable:
    """Where each lane finds its coordinates. Arrays (lane,)."""

    species: np.ndarray
    context: np.ndarray
    site: np.ndarray
    level: np.ndarray
    human: np.ndarray
    timp1_fold: np.ndarray
    surgery: np.ndarray
    settled: np.ndarray

    @classmethod
    def of(cls, lanes: Sequence[LaneSpec], coordinates: Coordinates) -> LaneTable:
        """Index arrays for `lanes`; level 0 is `healthy`."""
        levels = ("healthy", *coordinates.timp1_level)
        return cls(
            species=np.array([coordinates.species.index(s.species) for s in lanes], dtype=int),
            context=np.array([coordinates.context.index(s.context) for s in lanes], dtype=int),
            site=np.array([coordinates.site.index(s.site) for s in lanes], dtype=int),
            level=np.array([levels.index(s.timp1_level) for s in lanes], dtype=int),
            human=np.array([float(s.species == "human") for s in lanes]),
            timp1_fold=np.array([s.timp1_fold for s in lanes]),
            surgery=np.array([float(s.surgery) for s in lanes]),
            settled=np.array([float(s.arrival in ("settled", "none")) for s in lanes]),
        )


def timp1_folds(params: Mapping[str, Any], xp: Any) -> Any:
    """TIMP-1 folds with the healthy level (1) first, (..., 1 + timp1_level)."""
    healthy = xp.ones_like(params["stellate_rate"])[..., None]
    if "timp1_fold" not in params:
        return healthy
    return xp.concatenate([healthy, params["timp1_fold"]], axis=-1)


def lane_theta(params: Mapping[str, Any], table: LaneTable, xp: Any) -> Any:
    """Lane parameters in the order of `mechanism.equations.PARAMETERS`.

    Parameters
    ----------
    params : mapping
        Named parameters, each (...,) or (..., coordinate), with ``transfer`` (..., transfer)
        the log deviations of human effects, in the order of `TRANSFERRED`.
    table : LaneTable
    xp : module
        `numpy` or `pytensor.tensor`.

    Returns
    -------
    array (..., lane, parameter)
    """
    one = xp.ones_like(params["stellate_rate"])[..., None] * np.ones(len(table.human))
    values = {lane: params[name][..., None] * one for lane, name in SHARED.items()}
    values |= {lane: params[name][..., table.species] for lane, name in BY_SPECIES.items()}
    values |= {lane: params[name][..., table.context] for lane, name in BY_CONTEXT.items()}
    for j, (lane, name) in enumerate(TRANSFERRED.items()):
        deviation = params["transfer"][..., j][..., None] * table.human
        values[lane] = params[name][..., None] * xp.exp(deviation)
    values["fU"] = 1.0 - xp.exp(-values["fU"])
    site = params["site_deviation"][..., table.site]
    values["kS"] = params["arrival_kill"][..., None] * xp.exp(site)
    values["timp1_scale"] = timp1_folds(params, xp)[..., table.level] * table.timp1_fold
    values["dip"] = params["surgery_dip"][..., None] * table.surgery
    values["founders"] = one * (1.0 - table.settled)
    values["founders0"] = one * table.settled
    values["awake0"] = params["awake_share"][..., table.context] * table.settled
    return xp.stack([values[p.name] for p in PARAMETERS], axis=-1)


#: Days for which NK activity stays low after surgery (assumption; the row gives the depth only).
SURGERY_DAYS = 14.0


def solver_lanes(lanes: Sequence[LaneSpec], outputs: Sequence[Sequence[float]]) -> list[Lane]:
    """Solver lanes for lane specs and their output times (days)."""
    return [
        Lane(f"{i}:{spec.context}", tuple(times), lane_inputs(spec), bolus=spec.arrival == "bolus")
        for i, (spec, times) in enumerate(zip(lanes, outputs, strict=True))
    ]


def lane_inputs(spec: LaneSpec) -> dict[str, Input | float]:
    """Inputs of a lane; TIMP-1 and surgery enter through lane parameters that scale them."""
    inputs: dict[str, Input | float] = {
        "injury": spec.injury,
        "nk_depletion": spec.nk_depletion,
        "nk_activity": spec.nk_activity,
        "perforin_loss": spec.perforin_loss,
        "ifng_loss": spec.ifng_loss,
        "neutrophil_depletion": spec.neutrophil_depletion,
    }
    if spec.surgery:
        inputs["dip_on"] = Steps((0.0, SURGERY_DAYS), (1.0, 0.0), before=0.0)
    if spec.arrival == "primary":
        inputs["arrival"] = window(spec.arrival_start, spec.arrival_end)
    return inputs
