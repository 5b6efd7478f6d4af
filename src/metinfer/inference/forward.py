"""Draws from the prior, computed for all draws at once and without compiling anything."""

from __future__ import annotations

from typing import Any

import numpy as np
import pymc as pm
import pytensor
import xarray as xr
from pytensor.graph.replace import vectorize_graph

#: Interpreted: one pass over arrays of all draws costs less than compiling it would.
_MODE = "FAST_COMPILE"


def prior_draws(model: pm.Model, draws: int, seed: int) -> xr.Dataset:
    """Draws of every free and derived variable of `model` before any row is read.

    Parameters
    ----------
    model : pymc.Model
    draws : int
    seed : int

    Returns
    -------
    xarray.Dataset
        Dims chain (of length 1), draw, and those of each variable.
    """
    free, derived = list(model.free_RVs), list(model.deterministics)
    values = [np.asarray(v) for v in pm.draw(free, draws, random_seed=seed, mode=_MODE)]
    batch = [pytensor.tensor.as_tensor(v).type() for v in values]
    wide = vectorize_graph(derived, replace=dict(zip(free, batch, strict=True)))
    later = pytensor.function(batch, wide, mode=_MODE, on_unused_input="ignore")(*values)
    found = {v.name: a for v, a in zip([*free, *derived], [*values, *later], strict=True)}
    return _dataset(model, found)


def _dataset(model: pm.Model, found: dict[str, np.ndarray]) -> xr.Dataset:
    named = model.named_vars_to_dims
    data = {}
    for name, values in found.items():
        dims = named.get(name) or [f"{name}_dim_{i}" for i in range(values.ndim - 2)]
        data[name] = (("chain", "draw", *dims), values)
    used = {d for dims, _ in data.values() for d in dims}
    coords: dict[str, Any] = {
        k: list(v) for k, v in model.coords.items() if k in used and v is not None
    }
    return xr.Dataset(data, coords=coords)
