"""Intervals, contrasts and the correlation of ratios that share a control."""

import numpy as np
import pytensor
import pytensor.tensor as pt
import pytest
from scipy import stats

from metinfer.inference.statistics import (
    STATISTICS,
    StatisticError,
    share_control,
    shared_control_draw,
    shared_control_logp,
)

GROUP = np.array(["b", "a", "b", "a", "c", "b"])
SE = np.array([0.3, 0.5, 0.4, 0.6, 0.2, 0.35])
CONTROL = np.array([0.2, np.nan, 0.2, np.nan, 0.1, 0.2])
LOG = np.array([0.5, -0.2, 0.9, 0.1, 0.3, -0.4])
DATA = {"log_value": LOG, "se": SE, "step": np.ones(6)}
PRED = {"value": np.array([1.2, 1.1, 2.0, 0.9, 1.0, 1.0]), "between_sd": np.full(6, 0.1)}


def covariance():
    c2 = np.where(np.isnan(CONTROL), 0.5 * 0.5**2, CONTROL**2)
    same = GROUP[:, None] == GROUP
    return np.diag(SE**2 - c2 + 0.01) + np.where(same, c2, 0.0)


def test_shared_control_is_the_multivariate_normal():
    shared = share_control(GROUP, SE, CONTROL)
    pred = {k: pt.vector(k) for k in PRED}
    logp = shared_control_logp(DATA, pred, shared)
    score = pytensor.function(
        list(pred.values()), [logp, *pytensor.grad(logp.sum(), list(pred.values()))], mode="NUMBA"
    )
    logp, *gradients = score(*PRED.values())
    joint = stats.multivariate_normal(np.log(PRED["value"]), covariance())
    assert logp.sum() == pytest.approx(joint.logpdf(LOG), abs=1e-10)
    for g, name in zip(np.unique(GROUP), ("a", "b", "c"), strict=True):
        rows = name == GROUP
        part = stats.multivariate_normal(np.log(PRED["value"][rows]), covariance()[rows][:, rows])
        assert logp[g == GROUP].sum() == pytest.approx(part.logpdf(LOG[rows]), abs=1e-10)
    slope = np.linalg.solve(covariance(), LOG - np.log(PRED["value"])) / PRED["value"]
    np.testing.assert_allclose(gradients[0], slope, rtol=1e-8)


def test_a_group_with_an_impossible_prediction_is_impossible_and_others_are_not_touched():
    shared = share_control(GROUP, SE, CONTROL)
    wrong = {**PRED, "value": np.where(np.arange(6) == 0, np.nan, PRED["value"])}
    logp = [
        shared_control_logp(DATA, {k: pt.as_tensor(v) for k, v in p.items()}, shared).eval()
        for p in (PRED, wrong)
    ]
    assert logp[1][0] == -np.inf
    assert not np.isnan(logp[1]).any()
    np.testing.assert_array_equal(logp[0][GROUP != "b"], logp[1][GROUP != "b"])


def test_shared_control_draws_have_the_covariance():
    shared = share_control(GROUP, SE, CONTROL)
    many = {k: np.broadcast_to(v, (40_000, 6)) for k, v in PRED.items()}
    draws = shared_control_draw(DATA, many, shared, np.random.default_rng(2))["value"]
    np.testing.assert_allclose(np.cov(np.log(draws).T), covariance(), atol=0.012)


def test_a_lopsided_interval_is_refused_and_a_rounded_one_is_not():
    row = {"value": [1.1], "low": [0.9], "high": [1.6], "spread": ["ci95"]}
    data = STATISTICS["ratio"].prepare(row)
    assert data["se"][0] == pytest.approx(np.log(1.6 / 0.9) / 3.9199, rel=1e-4)
    with pytest.raises(StatisticError, match="centre"):
        STATISTICS["ratio"].prepare({**row, "value": [1.5]})


def test_a_fold_without_interval_has_a_stated_default_and_is_marked():
    row = {
        "value": [2.0, 2.0],
        "low": [np.nan, 1.0],
        "high": [np.nan, 4.0],
        "spread": [None, "ci95"],
    }
    data = STATISTICS["ratio"].prepare(row)
    assert data["assumed"].tolist() == [1, 0]
    assert data["se"][0] == pytest.approx(np.log(2))
