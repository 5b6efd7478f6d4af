"""Intervals of any level, and means of counts in which nothing was counted."""

import numpy as np
import pytensor.tensor as pt
import pytest
from scipy import stats

from metinfer.inference.statistics import STATISTICS, StatisticError

LEVELS = {"ci80": 0.8, "ci90": 0.9, "ci96": 0.96, "ci99.9": 0.999}


def prepared(name, **cells):
    columns = {
        k: np.array([v], dtype=object if isinstance(v, str) else float) for k, v in cells.items()
    }
    return STATISTICS[name].prepare(columns)


@pytest.mark.parametrize(("spread", "level"), LEVELS.items())
def test_a_ratio_takes_its_standard_error_from_the_level(spread, level):
    z = stats.norm.ppf(0.5 + level / 2)
    cells = {"low": 2.0 * np.exp(-0.3 * z), "high": 2.0 * np.exp(0.3 * z), "spread": spread}
    assert prepared("ratio", value=2.0, **cells)["se"] == pytest.approx(0.3)


@pytest.mark.parametrize(("spread", "level"), LEVELS.items())
def test_a_mean_takes_its_sd_from_the_level(spread, level):
    half = stats.t.ppf(0.5 + level / 2, 8) * 1.5 / 3.0
    cells = {"low": 10.0 - half, "high": 10.0 + half, "spread": spread}
    assert prepared("mean", value=10.0, n=9, **cells)["variance"] == pytest.approx(1.5**2)


@pytest.mark.parametrize("spread", ["ci40", "ci100", "iqr"])
def test_what_is_no_level_is_refused(spread):
    with pytest.raises(StatisticError, match="needs spread ciNN"):
        prepared("ratio", value=2.0, low=1.0, high=4.0, spread=spread)


@pytest.mark.parametrize("spread", ["sd", "sem"])
@pytest.mark.parametrize(("mean", "shape"), [(0.02, 0.4), (3.0, 0.4), (3.0, 40.0)])
def test_a_mean_of_zero_counts_is_no_event_in_n_animals(spread, mean, shape):
    n = 7
    pred = {"value": pt.constant([mean]), "shape": pt.constant([shape])}
    row = prepared("count_mean", value=0.0, low=0.0, n=n, spread=spread)
    total = prepared("count_total", events=0.0, n=n)
    closed = n * shape * np.log(shape / (shape + mean))  # NegBin(n L, n k) at 0
    assert STATISTICS["count_mean"].logp(row, pred).eval() == pytest.approx(closed, rel=1e-12)
    assert STATISTICS["count_total"].logp(total, pred).eval() == pytest.approx(closed, rel=1e-12)
