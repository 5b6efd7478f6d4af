"""Pointwise log-likelihood: one entry per row and interval, for leave-one-out checks."""

from __future__ import annotations

from typing import Any

import numpy as np
import pymc as pm
import xarray as xr

from metinfer.errors import MetinferError
from metinfer.inference.model import NUMBERS, PUBLISHED, layouts

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
    tape = layouts(model).get(PUBLISHED)
    if tape is None:
        raise MetinferError("the model holds no rows of an evidence folder")
    tree = xr.DataTree.from_dict({"posterior": posterior})
    found = pm.compute_log_likelihood(
        tree, model=model, var_names=[PUBLISHED], extend_inferencedata=False, progressbar=False,
        compile_kwargs=compile_kwargs,
    )  # fmt: skip
    numbers = model[NUMBERS].get_value()
    weight = np.concatenate([numbers[tape.data[f"{k}_weight"]] for k in ("row", "interval")])
    scored = found[PUBLISHED].isel({DIM: np.flatnonzero(weight > 0)}).rename(NAME)
    tree["log_likelihood"] = scored.to_dataset()
    return tree
