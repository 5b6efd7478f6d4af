"""Pointwise log-likelihood: one entry per row and interval, for leave-one-out checks."""

from __future__ import annotations

from typing import Any

import numpy as np
import pymc as pm
import xarray as xr

from metinfer.errors import MetinferError

#: Name of the variable and of its dimension.
NAME, DIM = "evidence", "observation"


def pointwise(
    model: pm.Model, posterior: xr.Dataset, compile_kwargs: dict[str, Any] | None = None
) -> xr.DataTree:
    """Log-likelihood of every published row and interval, per draw.

    Parameters
    ----------
    model : pymc.Model
        From `build_model`, or with `add_likelihood`.
    posterior : xarray.Dataset
        Every free variable of `model`, dims (chain, draw, ...).
    compile_kwargs : dict, optional
        For `pymc.compute_log_likelihood`.

    Returns
    -------
    xarray.DataTree
        Groups ``posterior`` and ``log_likelihood``; the latter holds one variable, ``evidence``
        (chain, draw, observation), as `arviz.loo` takes it. Rows stand in the order of the
        tables and intervals behind them; those with weight 0 are left out.
    """
    observed = [v.name for v in model.observed_RVs if _dim(model, v.name)]
    if not observed:
        raise MetinferError("the model holds no rows of an evidence folder")
    tree = xr.DataTree.from_dict({"posterior": posterior})
    found = pm.compute_log_likelihood(
        tree, model=model, var_names=observed, extend_inferencedata=False, progressbar=False,
        compile_kwargs=compile_kwargs,
    )  # fmt: skip
    parts = [found[name].rename({_dim(model, name): DIM}) for name in observed]
    joined = xr.concat(parts, dim=DIM).rename(NAME)
    tree["log_likelihood"] = joined.sel({DIM: _weighted(model)}).to_dataset()
    return tree


def _dim(model: pm.Model, name: str) -> str:
    """The dimension of an observed variable, if its entries are rows or intervals."""
    dims = model.named_vars_to_dims.get(name) or ("",)
    known = dims[0] == "interval" or dims[0] == f"row_{name.removeprefix('rows_')}"
    return str(dims[0]) if known else ""


def _weighted(model: pm.Model) -> list[str]:
    """Labels of rows and intervals whose weight is above zero, in the order of the tables."""
    labels: list[str] = []
    for dim in ("row", "interval"):
        weight = np.asarray(model[f"{dim}_weight"].get_value())
        labels += [str(k) for k, w in zip(model.coords[dim], weight, strict=True) if w > 0]
    return labels
