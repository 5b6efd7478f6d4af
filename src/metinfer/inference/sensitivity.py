"""What an answer rests on: power scaling, pull of each cohort, pairs that cannot be told apart.

Power scaling: Kallioinen 2024, doi 10.1007/s11222-023-10366-5.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping, Sequence
from importlib import import_module
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from metinfer.inference.design import Design
from metinfer.inference.scoring import DIM

#: Pairs of parameters that are listed, and the correlation from which they are.
PAIRS, CORRELATED = 10, 0.5
_SAMPLE = ("chain", "draw")


def streams(design: Design) -> tuple[str, ...]:
    """Kind of data of each row and interval (observation,): what is measured, in whom."""
    arms = design.arms
    rows = [f"{r.observable} ({arms[r.arm].species})" for r in design.rows]
    return (*rows, *(f"event_hazard ({arms[i.arm].species})" for i in design.intervals))


def cohorts(design: Design) -> tuple[str, ...]:
    """Study of each row and interval (observation,)."""
    rows = [r.study for r in design.rows]
    return (*rows, *(design.arms[i.arm].study for i in design.intervals))


def power_scaling(
    answers: xr.Dataset, prior: xr.DataArray, scores: xr.DataArray, labels: Sequence[str]
) -> pd.DataFrame:
    """Sensitivity of each answer to the prior and to each stream of data.

    Parameters
    ----------
    answers : xarray.Dataset
        Draws (chain, draw) of each answer.
    prior : xarray.DataArray
        Log-density of the prior (chain, draw).
    scores : xarray.DataArray
        Log-likelihood (chain, draw, observation).
    labels : sequence of str
        Stream of each observation.

    Returns
    -------
    pandas.DataFrame
        Index: answers. Columns: ``prior``, ``data`` (all rows together) and each stream. Entries:
        cumulative Jensen-Shannon distance per doubling of the power; above 0.05 it matters.
    """
    az: Any = import_module("arviz_stats")
    parts = {"prior": prior, "data": scores.sum(DIM), **by_label(scores, labels)}
    tree = xr.DataTree.from_dict({
        "posterior": answers, "log_prior": xr.Dataset({"prior": prior}),
        "log_likelihood": xr.Dataset({k: v for k, v in parts.items() if k != "prior"}),
    })  # fmt: skip
    made = {}
    for name, part in parts.items():
        if float(part.max() - part.min()) == 0.0:  # rows of weight zero: equal weights of draws
            made[name] = dict.fromkeys(map(str, answers.data_vars), 0.0)
            continue
        group = "prior" if name == "prior" else "likelihood"
        # An answer may be the same in every draw: its sensitivity is not a number.
        with warnings.catch_warnings(), np.errstate(invalid="ignore", divide="ignore"):
            # Powers of 0.99 and 1.01 leave weights so even that their tail needs no fit.
            warnings.filterwarnings("ignore", "Number of tail draws", UserWarning)
            found = az.psense(tree, group=group, group_var_names=[name])
        made[name] = {str(k): float(found[k]) for k in answers.data_vars}
    return pd.DataFrame(made).loc[list(map(str, answers.data_vars))]


def by_label(scores: xr.DataArray, labels: Sequence[str]) -> dict[str, xr.DataArray]:
    """Log-likelihoods summed over the observations of each label (chain, draw)."""
    where = np.asarray(labels)
    return {
        str(name): scores.isel({DIM: np.flatnonzero(where == name)}).sum(DIM)
        for name in dict.fromkeys(labels)
    }


def pull(answers: xr.Dataset, scores: xr.DataArray, labels: Sequence[str]) -> pd.DataFrame:
    """How far each cohort pulls the mean of each answer, in posterior sd.

    The exact derivative of the posterior mean with respect to the weight of the cohort's rows:
    the covariance of answer and log-likelihood, over the sd of the answer. It tells direction and
    order of magnitude; what happens when a cohort is left out is told by refits.

    Returns
    -------
    pandas.DataFrame
        Index: answers; columns: cohorts.
    """
    terms = {k: _flat(v) for k, v in by_label(scores, labels).items()}
    made = {}
    for name, values in answers.items():
        x = _flat(values)
        good = np.isfinite(x)
        spread = x[good].std()
        made[str(name)] = {
            k: float(np.cov(x[good], v[good])[0, 1] / spread) if spread > 0 else 0.0
            for k, v in terms.items()
        }
    return pd.DataFrame(made).T


def correlated_pairs(draws: Mapping[str, np.ndarray] | Iterable[Any]) -> pd.DataFrame:
    """Pairs of scalar parameters that the data tie together most.

    Parameters
    ----------
    draws : mapping of str to ndarray (draw,)

    Returns
    -------
    pandas.DataFrame
        Columns ``one``, ``other``, ``correlation`` (of ranks, Spearman); at most `PAIRS`, strongest
        first, none below `CORRELATED`.
    """
    named = dict(draws)
    names = [k for k, v in named.items() if np.ptp(v) > 0]
    if len(names) < 2:
        return pd.DataFrame(columns=["one", "other", "correlation"])
    ranks = pd.DataFrame({k: named[k] for k in names}).rank().to_numpy()
    matrix = np.corrcoef(ranks, rowvar=False)
    first, second = np.triu_indices(len(names), 1)
    order = np.argsort(-np.abs(matrix[first, second]))[:PAIRS]
    rows = [(names[first[k]], names[second[k]], matrix[first[k], second[k]]) for k in order]
    table = pd.DataFrame(rows, columns=["one", "other", "correlation"])
    return table[table["correlation"].abs() >= CORRELATED].reset_index(drop=True)


def _flat(values: xr.DataArray) -> np.ndarray:
    return values.transpose(*_SAMPLE).to_numpy().ravel()
