"""Weights of models from how well each predicts rows that it has not seen, and averages by them.

Stacking: Yao 2018, doi 10.1214/17-BA1091.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from metinfer.inference.learnt import Summary

#: Steps after which the weights no longer change in any digit that is shown.
STEPS = 5000


def stacking_weights(elpd: np.ndarray) -> np.ndarray:
    """Weights that maximise the log score of the weighted mixture of predictions.

    Parameters
    ----------
    elpd : ndarray (observation, model)
        Log predictive density of each left-out observation.

    Returns
    -------
    ndarray (model,)
        Not negative; they sum to one. Models that predict alike share their weight evenly.
    """
    finite = elpd[np.isfinite(elpd).all(axis=1)]
    density = np.exp(finite - finite.max(axis=1, keepdims=True))
    weights = np.full(elpd.shape[1], 1.0 / elpd.shape[1])
    # Expectation-maximisation of the mixture: every step raises the score.
    for _ in range(STEPS):
        share = weights * density
        new = (share / share.sum(axis=1, keepdims=True)).mean(axis=0)
        if np.max(np.abs(new - weights)) < 1e-9:
            break
        weights = new
    return weights / weights.sum()


def averaged(draws: Sequence[np.ndarray], weights: np.ndarray) -> Summary:
    """Summary of the mixture of several posteriors.

    Parameters
    ----------
    draws : sequence of ndarray (draw,)
        One quantity under each model; draws that are not finite are left out.
    weights : ndarray (model,)
    """
    good = [np.asarray(d)[np.isfinite(d)] for d in draws]
    values = np.concatenate(good)
    mass = np.concatenate(
        [np.full(len(d), w / max(len(d), 1)) for d, w in zip(good, weights, strict=True)]
    )
    order = np.argsort(values)
    total = np.cumsum(mass[order]) - 0.5 * mass[order]
    wanted = np.array([0.5, 0.25, 0.75, 0.05, 0.95]) * mass.sum()
    return Summary(*(float(v) for v in np.interp(wanted, total, values[order])))
