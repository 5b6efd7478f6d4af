"""From named parameters to the parameters of each lane, and from lane specs to solver lanes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from metinfer.inference.design import LaneSpec
from metinfer.inference.priors import Coordinates, PriorTable
from metinfer.inference.variants import switches
from metinfer.mechanism.equations import PARAMETERS
from metinfer.mechanism.grid import Lane
from metinfer.mechanism.inputs import Input, Steps, Sum, window

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


#: Key of the named parameters already gathered in the order of `NAMES`.
JOINED = "joined"
#: Order in which named parameters are laid side by side before lanes pick from them.
NAMES = tuple(
    dict.fromkeys(
        [*SHARED.values(), *BY_SPECIES.values(), *BY_CONTEXT.values(), *TRANSFERRED.values(),
         "arrival_kill", "site_deviation", "timp1_fold", "surgery_dip", "awake_share"]
    )
)  # fmt: skip
DIMS = {
    **dict.fromkeys(BY_SPECIES.values(), "species"),
    **dict.fromkeys(BY_CONTEXT.values(), "context"),
    "site_deviation": "site", "timp1_fold": "timp1_level", "awake_share": "context",
}  # fmt: skip


@dataclass(frozen=True)
class LaneTable:
    """Where each lane parameter comes from: value x factor x exp(deviation).

    One gather serves all lanes, which keeps the graph small. Arrays (lane, parameter).

    Attributes
    ----------
    value, deviation : ndarray of int
        Places in the joined vector of named parameters; its last two entries are 1 and 0.
    factor : ndarray
    zero : int
        Place of the entry 0.
    pins : mapping of str to float
        Lane parameters that a variant of the model holds at a fixed value.
    """

    value: np.ndarray
    deviation: np.ndarray
    factor: np.ndarray
    zero: int
    pins: Mapping[str, float] = field(default_factory=dict)

    @classmethod
    def of(cls, lanes: Sequence[LaneSpec], coordinates: Coordinates) -> LaneTable:
        """The table of `lanes`, for parameters repeated over `coordinates`."""
        at = _Places(coordinates)
        cells = [[_cell(p.name, spec, at) for p in PARAMETERS] for spec in lanes]
        value, deviation, factor = (
            np.array([[c[i] for c in row] for row in cells]) for i in range(3)
        )
        return cls(value, deviation, factor, at.zero, coordinates.pins)


class _Places:
    """Places of named parameters in the joined vector."""

    def __init__(self, coordinates: Coordinates) -> None:
        self.coordinates = coordinates
        sizes = [len(getattr(coordinates, DIMS[n])) if n in DIMS else 1 for n in NAMES]
        sizes.append(len(TRANSFERRED))
        self.first = dict(zip((*NAMES, "transfer", "one"), np.cumsum([0, *sizes]), strict=True))
        self.one, self.zero = int(self.first["one"]), int(self.first["one"]) + 1

    def __call__(self, name: str, coordinate: str | None = None) -> int:
        offset = (
            0 if coordinate is None else getattr(self.coordinates, DIMS[name]).index(coordinate)
        )
        return int(self.first[name]) + offset


def _cell(parameter: str, spec: LaneSpec, at: _Places) -> tuple[int, int, float]:
    """Place of the value, place of the log deviation, and factor of one lane parameter."""
    if parameter in SHARED:
        return at(SHARED[parameter]), at.zero, 1.0
    if parameter in BY_SPECIES:
        return at(BY_SPECIES[parameter], spec.species), at.zero, 1.0
    if parameter in BY_CONTEXT:
        return at(BY_CONTEXT[parameter], spec.context), at.zero, 1.0
    if parameter in TRANSFERRED:
        moved = at("transfer") + list(TRANSFERRED).index(parameter)
        return at(TRANSFERRED[parameter]), moved if spec.species == "human" else at.zero, 1.0
    return _special(parameter, spec, at)


def _special(parameter: str, spec: LaneSpec, at: _Places) -> tuple[int, int, float]:
    """Lane parameters that depend on more than one coordinate or on how founders arrive."""
    settled = float(spec.arrival in ("settled", "none"))
    level = spec.timp1_level
    match parameter:
        case "kS":
            return at("arrival_kill"), at("site_deviation", spec.site), 1.0
        case "timp1_scale":
            place = at.one if level == "healthy" else at("timp1_fold", level)
            return place, at.zero, spec.timp1_fold
        case "dip":
            return at("surgery_dip"), at.zero, float(spec.surgery)
        case "sT" | "bNA" | "seen":  # switches of variants, at their base values
            return at.one, at.zero, float(parameter == "sT")
        case "il15_scale" | "cxcr4_scale" | "ifng_scale":
            return at.one, at.zero, 1.0
        case "awake0":
            return at("awake_share", spec.context), at.zero, settled
        case "founders":
            return at.one, at.zero, 1.0 - settled
        case "founders0":
            return at.one, at.zero, settled
    raise KeyError(parameter)


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
    one = xp.ones_like(params["stellate_rate"])[..., None]
    joined = xp.concatenate(
        [_side_by_side(params, xp), params["transfer"], one, 0.0 * one], axis=-1
    )
    theta = joined[..., table.value] * table.factor
    moved = np.nonzero(table.deviation != table.zero)
    if moved[0].size:
        there = (..., *moved)
        deviated = theta[there] * xp.exp(joined[..., table.deviation[moved]])
        theta = _replaced(theta, there, deviated, xp)
    shares = (..., np.flatnonzero(_SHARE))
    theta = _replaced(theta, shares, 1.0 - xp.exp(-theta[shares]), xp)
    return _held(theta, params, table, xp)


def _replaced(array: Any, index: tuple[Any, ...], values: Any, xp: Any) -> Any:
    """A copy of an array in which the indexed part has other values."""
    if xp is np:
        made = array.copy()
        made[index] = values
        return made
    return xp.set_subtensor(array[index], values)


def _held(theta: Any, params: Mapping[str, Any], table: LaneTable, xp: Any) -> Any:
    """Lane parameters with those of a variant at their values: of the table, or data of a model."""
    if table.pins:
        fixed = switches(table.pins)
        theta = xp.where(fixed["switch"] > 0, fixed["switch_value"], theta)
    if "switch" in params:
        theta = xp.where(xp.greater(params["switch"], 0.0), params["switch_value"], theta)
    return theta


def _side_by_side(params: Mapping[str, Any], xp: Any) -> Any:
    """Named parameters in the order of `NAMES`, gathered already (`JOINED`) or joined here."""
    if JOINED in params:
        return params[JOINED]
    return xp.concatenate(
        [params[n] if n in DIMS else params[n][..., None] for n in NAMES if n in params], axis=-1
    )


def joined_places(table: PriorTable) -> np.ndarray:
    """Places in `PriorTable.labels` of the parameters in the order of `NAMES` (value,)."""
    wanted = [e.label for n in NAMES for e in table.entries if e.parameter.name == n]
    return np.array([table.labels.index(label) for label in wanted])


#: Lane parameters that are a share 1 - exp(-link).
SHARES = ("fU",)
_SHARE = np.array([p.name in SHARES for p in PARAMETERS])


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
    for target in dict.fromkeys(name for name, _ in spec.doses):
        given = tuple(course for name, course in spec.doses if name == target)
        inputs[target] = given[0] if len(given) == 1 else Sum(given)
    return inputs
