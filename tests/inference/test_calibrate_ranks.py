import numpy as np
import pytest

from metinfer.inference import calibrate_ranks as tool

RANKS, FITS = 100, 200


def ranks_of(seed, narrow=1.0, shift=0.0, blind=False):
    """Ranks of truths and of their log-likelihood in a normal model with a known posterior.

    truth ~ Normal(0, 1), one observation with sd 1: posterior Normal(y / 2, 1 / sqrt 2).
    """
    rng = np.random.default_rng(seed)
    found, fit = [], []
    for _ in range(FITS):
        truth = rng.standard_normal()
        y = truth + rng.standard_normal()
        if blind:
            draws = rng.standard_normal(RANKS - 1)
        else:
            draws = 0.5 * y + shift + narrow * np.sqrt(0.5) * rng.standard_normal(RANKS - 1)
        found.append(tool.rank(truth, draws, rng))
        fit.append(tool.rank(-((y - truth) ** 2), -((y - draws) ** 2), rng))
    return np.array(found), np.array(fit)


def test_the_right_posterior_stays_inside():
    found, fit = ranks_of(1)
    assert tool.uniformity(found, RANKS) > 0.05
    assert tool.uniformity(fit, RANKS) > 0.05


@pytest.mark.parametrize("wrong", [{"narrow": 0.7}, {"narrow": 1.5}, {"shift": 0.3}])
def test_a_wrong_posterior_is_outside(wrong):
    assert tool.uniformity(ranks_of(2, **wrong)[0], RANKS) < 0.001


def test_a_posterior_that_ignored_the_data_shows_in_the_log_likelihood_only():
    found, fit = ranks_of(3, blind=True)
    assert tool.uniformity(found, RANKS) > 0.05
    assert tool.uniformity(fit, RANKS) < 0.001


def test_the_simultaneous_band_holds_uniform_ranks_as_often_as_it_says():
    rng = np.random.default_rng(4)
    sets = rng.integers(0, RANKS, (1000, FITS))
    p = np.array([tool.uniformity(s, RANKS) for s in sets])
    assert 0.03 < np.mean(p < 0.05) < 0.07
    low, high = tool.bands(FITS, RANKS)
    curves = np.array([tool.ecdf_difference(s, RANKS) for s in sets])
    inside = ((curves >= low - 1e-12) & (curves <= high + 1e-12)).all(axis=1)
    assert np.mean(inside == (p >= 0.05)) > 0.995


def test_coverage_is_exact_by_ranks():
    every = np.arange(RANKS)
    assert tool.covered(every, RANKS, 0.9).sum() == 90
    assert tool.covered(every, RANKS, 0.5).sum() == 50
    low, high = tool.coverage_limits(200, 0.9, 0.01)
    assert low == pytest.approx(0.84)
    assert high == pytest.approx(0.95)


def test_ties_are_broken_at_random():
    rng = np.random.default_rng(5)
    found = [tool.rank(1.0, np.ones(RANKS - 1), rng) for _ in range(2000)]
    assert min(found) < 3
    assert max(found) > RANKS - 4
    assert np.mean(found) == pytest.approx((RANKS - 1) / 2, abs=3)
