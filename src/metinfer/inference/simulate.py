"""The mechanism alone: states of arms over time, for given parameters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import xarray as xr

from metinfer.errors import MetinferError
from metinfer.evidence import bundled_path
from metinfer.evidence.settings import read_toml
from metinfer.inference.density import checked_table
from metinfer.inference.design import coordinates_of, lane_spec
from metinfer.inference.dosing import Course, courses
from metinfer.inference.lanes import LaneTable, lane_theta, solver_lanes
from metinfer.inference.likelihood import TRANSFER, sizes_of
from metinfer.inference.priors import Coordinates, PriorTable, read_parameters
from metinfer.mechanism.equations import INPUTS, STATES
from metinfer.mechanism.grid import build_grid
from metinfer.mechanism.inputs import Input
from metinfer.mechanism.solve import OK
from metinfer.mechanism.solve import solve as solve_lanes


def solve(
    parameters: Mapping[str, Any],
    arms: Sequence[Any],
    days: Sequence[float],
    doses: Sequence[Any] = (),
    inputs: Mapping[str, Mapping[str, Input | float]] | None = None,
) -> xr.Dataset:
    """States of arms over time.

    Parameters
    ----------
    parameters : mapping of str to array
        Parameters of the bundled `parameters.toml` on their natural scale: (), (draw,), or
        (coordinate,) and (draw, coordinate) for those repeated over contexts, species, ...; the
        coordinates are those of `arms`, in order of first appearance. Without draws, a single
        number holds for all coordinates. An `xarray.DataArray` (draw, coordinate) is matched by
        its labels. What is not given takes its prior median, and ``transfer``, the log
        deviations of human effects, 0.
    arms : sequence of Arm
        For example ``[evidence.arm("control")]``.
    days : sequence of float
        Times, ascending.
    doses : sequence of Dose, optional
        What the arms are given, for example ``evidence.doses``: agents of the bundled
        `therapies.toml`, each line for the arm that it names.
    inputs : mapping of str to mapping, optional
        Arm -> input of the model -> its course over time (`metinfer.mechanism.inputs`) or a
        number, in place of what the arm says: ``{"injured": {"injury": Steps((365.0,), (2.0,),
        before=0.0)}}``.

    Returns
    -------
    xarray.Dataset
        One variable per state (draw, arm, day): the niche as fold over healthy, tumour cells per
        founder; a mixture of contexts is averaged. `failed` (draw, arm) says where a solve failed;
        its states are NaN.

    Examples
    --------
    >>> import metinfer as mi
    >>> evidence = mi.read_evidence("tests/data/tiny")
    >>> states = mi.solve({"nk_rate": 0.05}, [evidence.arm("control")], days=[0, 14, 28])
    >>> bool(states["dormant"].sel(day=28) < states["dormant"].sel(day=0))
    True
    """
    table = _bundled_table(coordinates_of(arms, ()))
    named = _complete(table, parameters)
    given = _courses(arms, doses)
    parts = [
        (i, lane_spec(a, c, given[a.arm]), w) for i, a in enumerate(arms) for c, w in a.contexts
    ]
    specs = [spec for _, spec, _ in parts]
    theta = lane_theta(named, LaneTable.of(specs, table.coordinates), np)
    lanes = solver_lanes(specs, [tuple(map(float, days))] * len(specs))
    changed = _changes(arms, inputs or {})
    grid = build_grid(
        [
            replace(lane, inputs={**lane.inputs, **changed[arms[i].arm]})
            for lane, (i, _, _) in zip(lanes, parts, strict=True)
        ]
    )
    lane_of = np.tile(np.arange(len(specs)), len(theta))
    found = solve_lanes(theta.reshape(-1, theta.shape[-1]), grid, lane_of)
    share = np.zeros((len(arms), len(parts)))
    for j, (i, _, weight) in enumerate(parts):
        share[i, j] = weight
    states = found.states.reshape(len(theta), len(specs), -1, len(STATES))
    failed = (found.status != OK).reshape(len(theta), -1) @ (share.T > 0)
    data = np.einsum("dlos,al->sdao", states, share)
    return xr.Dataset(
        {s.title: (("draw", "arm", "day"), v, {"unit": s.unit, "meaning": s.meaning})
         for s, v in zip(STATES, data, strict=True)} | {"failed": (("draw", "arm"), failed)},
        coords={"arm": [a.arm for a in arms], "day": list(days)},
    )  # fmt: skip


def _courses(arms: Sequence[Any], doses: Sequence[Any]) -> dict[str, tuple[Course, ...]]:
    """Exposures of each arm; only the doses of these arms count."""
    if not doses:
        return {a.arm: () for a in arms}
    text = (bundled_path() / "therapies.toml").read_bytes()
    therapies = read_toml("therapies.toml", text)[0]
    return {
        a.arm: courses([d for d in doses if d.arm == a.arm], a.species, therapies) for a in arms
    }


def _changes(
    arms: Sequence[Any], inputs: Mapping[str, Mapping[str, Input | float]]
) -> dict[str, Mapping[str, Input | float]]:
    """Changed inputs of each arm; unknown arms and inputs are refused."""
    arm_names, input_names = [a.arm for a in arms], [i.name for i in INPUTS]
    for arm, changes in inputs.items():
        for name, known in [(arm, arm_names), *((name, input_names) for name in changes)]:
            if name not in known:
                raise MetinferError(f"inputs: no {name!r}; known: {', '.join(known)}")
    return {name: inputs.get(name, {}) for name in arm_names}


def _bundled_table(where: Coordinates) -> PriorTable:
    text = (bundled_path() / "parameters.toml").read_bytes()
    return checked_table(read_parameters(read_toml("parameters.toml", text)[0]), where)


def _complete(table: PriorTable, given: Mapping[str, Any]) -> dict[str, np.ndarray]:
    """Every parameter (draw,) or (draw, coordinate): as given, else its prior median."""
    sizes = sizes_of(table, given)
    dims = {p.name: p.dims for p in table.parameters}
    values = {p.name: _median(table, p.name) for p in table.parameters}
    values[TRANSFER] = np.zeros((1, len(table.transfers)))
    for name, value in given.items():
        dim = dims.get(name)
        labels = getattr(table.coordinates, dim) if dim else None
        values[name] = _matched(name, value, labels, sizes[name])
    draws = max(len(v) for v in values.values())
    if any(len(v) not in (1, draws) for v in values.values()):
        raise MetinferError("parameters have different numbers of draws")
    return {k: np.broadcast_to(v, (draws, *v.shape[1:])) for k, v in values.items()}


def _median(table: PriorTable, name: str) -> np.ndarray:
    entries = [e for e in table.entries if e.parameter.name == name]
    medians = np.array([float(e.quantile([0.5])[0]) for e in entries])
    return medians[None] if not entries or entries[0].parameter.dims else medians


def _matched(name: str, value: Any, labels: Sequence[str] | None, size: int | None) -> np.ndarray:
    """A parameter as (draw,) or (draw, coordinate)."""
    if isinstance(value, xr.DataArray) and labels is not None:
        dim = value.dims[-1]
        value = value.sel({dim: list(labels)})
    array = np.asarray(value, dtype=float)
    if size is None:
        if array.ndim > 1:
            raise MetinferError(f"parameter {name!r} must be () or (draw,); got {array.shape}")
        return np.atleast_1d(array)
    if array.ndim == 0:
        return np.full((1, size), float(array))
    if array.ndim > 2 or array.shape[-1] != size:
        raise MetinferError(
            f"parameter {name!r} must end in {size} coordinates; got shape {array.shape}"
        )
    return np.atleast_2d(array)
