"""The marginal hazard ratio against a Cox regression of simulated people."""

import numpy as np
import pytensor
import pytensor.tensor as pt
import pytest
from scipy import optimize

from metinfer.inference.statistics import marginal_log_hazard_ratio

TIME = np.linspace(0, 10, 101)


def cox(time, event, arm):
    """Estimate of Cox's partial likelihood (no ties), by root finding."""
    order = np.argsort(time)
    event, arm = event[order], arm[order]
    later1, later0 = (np.cumsum(x[::-1])[::-1] for x in (arm, 1 - arm))

    def score(beta):
        p = later1 * np.exp(beta) / (later1 * np.exp(beta) + later0)
        return np.sum(event * (arm - p))

    return optimize.brentq(score, -6, 6)


def test_proportional_hazards_give_their_ratio():
    reference = np.exp(-0.1 * TIME)
    assert marginal_log_hazard_ratio(reference**0.3, reference) == pytest.approx(np.log(0.3))
    assert marginal_log_hazard_ratio(reference, reference) == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize(("share", "frailty"), [(0.5, 0.5), (0.5, 3.0), (0.2, 1.0)])
def test_frailty_shrinks_the_ratio_as_in_a_cox_regression(share, frailty):
    rng = np.random.default_rng(8)
    n = 200_000
    arm = (rng.random(n) < share).astype(float)
    hazard = 0.3 * np.where(arm == 1, 0.4, 1.0) * rng.gamma(frailty, 1 / frailty, n)
    event_at, censored_at = rng.exponential(1 / hazard), rng.exponential(12.0, n)
    end = np.minimum(censored_at, TIME[-1])
    found = cox(np.minimum(event_at, end), event_at <= end, arm)

    survival, reference = ((1 + 0.3 * r * TIME / frailty) ** -frailty for r in (0.4, 1.0))
    seen = np.exp(-0.5 * (TIME[1:] + TIME[:-1]) / 12)
    predicted = marginal_log_hazard_ratio(survival, reference, seen, share)
    assert predicted == pytest.approx(found, abs=0.02)
    assert abs(predicted) < abs(np.log(0.4))


def test_pytensor_and_numpy_agree_and_the_gradient_is_the_slope():
    hazards = np.array([[0.1, 0.2], [0.5, 0.05], [1e-9, 0.1]])
    rate = pt.matrix("rate")
    curves = pt.exp(-rate[:, :, None] * TIME)
    beta = marginal_log_hazard_ratio(curves[:, 0], curves[:, 1])
    f = pytensor.function([rate], [beta, pytensor.grad(beta.sum(), rate)], mode="NUMBA")
    value, gradient = f(hazards)
    s = np.exp(-hazards[:, :, None] * TIME)
    np.testing.assert_allclose(value, marginal_log_hazard_ratio(s[:, 0], s[:, 1]), rtol=1e-9)
    np.testing.assert_allclose(gradient[:2], (np.array([1, -1]) / hazards)[:2], rtol=1e-6)


def test_curves_that_reach_zero_or_never_fall_stay_finite():
    dead = np.where(TIME < 5, np.exp(-TIME), 0.0)
    alive = np.ones_like(TIME)
    assert np.isfinite(marginal_log_hazard_ratio(dead, np.exp(-0.1 * TIME)))
    assert np.isfinite(marginal_log_hazard_ratio(alive, np.exp(-0.1 * TIME)))
    assert np.isfinite(marginal_log_hazard_ratio(alive, alive))
