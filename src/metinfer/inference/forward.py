"""Draws from the prior, and what derives from draws: all at once, without compiling anything."""

from __future__ import annotations

from collections.abc import Mapping
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
    free = list(model.free_RVs)
    values = pm.draw(free, draws, random_seed=seed, mode=_MODE)
    found = {v.name: np.asarray(a)[None] for v, a in zip(free, values, strict=True)}
    return with_derived(model, _dataset(model, found))


def with_derived(
    model: pm.Model, draws: xr.Dataset, data: Mapping[str, np.ndarray] | None = None
) -> xr.Dataset:
    """Draws of the free variables of `model`, and of every variable derived from them.

    Parameters
    ----------
    model : pymc.Model
    draws : xarray.Dataset
        Every free variable, dims (chain, draw, ...).
    data : mapping, optional
        Data of the model that were replaced when the draws were made.

    Returns
    -------
    xarray.Dataset
        Dims chain, draw, and those of each variable.
    """
    free, derived = list(model.free_RVs), list(model.deterministics)
    values = [draws[v.name].transpose("chain", "draw", ...).values for v in free]
    batch = [pytensor.tensor.as_tensor(v).type() for v in values]
    # data of the likelihood alone change nothing that derives from the draws
    replaced = {
        model[name]: np.asarray(value)
        for name, value in (data or {}).items() if name in model.named_vars
    }  # fmt: skip
    fixed = {
        shared: pytensor.tensor.as_tensor(v, dtype=shared.dtype) for shared, v in replaced.items()
    }
    wide = vectorize_graph(derived, replace=dict(zip(free, batch, strict=True)))
    compute = pytensor.function(batch, wide, mode=_MODE, givens=fixed, on_unused_input="ignore")
    found = {v.name: np.asarray(a) for v, a in zip(derived, compute(*values), strict=True)}
    return draws.merge(_dataset(model, _spread(found, draws)))


def _spread(found: dict[str, np.ndarray], draws: xr.Dataset) -> dict[str, np.ndarray]:
    """Repeat over chains and draws what depends on no free variable."""
    size = (draws.sizes["chain"], draws.sizes["draw"])
    return {
        name: values
        if values.shape[:2] == size
        else np.broadcast_to(values, (*size, *values.shape))
        for name, values in found.items()
    }


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
