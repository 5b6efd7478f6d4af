"""How wide the log of a median is that was made from a mean and an SD."""

import numpy as np
import pytest

from metinfer.inference.statistics import moment_log_sd, pivot_inflation


@pytest.mark.parametrize("log_sd", [0.2, 0.5, 0.7])
def test_spread_of_log_medians_from_moments_is_that_of_simulated_groups(log_sd):
    n = 400
    x = np.exp(np.random.default_rng(4).normal(0.0, log_sd, (6000, n)))
    mean, variance = x.mean(1), x.var(1, ddof=1)
    log_median = np.log(mean) - 0.5 * np.log1p(variance / mean**2)
    expected = moment_log_sd(np.array(log_sd**2), np.array(n)) / np.sqrt(n * pivot_inflation(n))
    assert log_median.std() == pytest.approx(expected, rel=0.04)
    assert expected > log_sd / np.sqrt(n)


def test_widening_to_the_pivot_is_the_variance_of_student_t():
    assert pivot_inflation(np.array([2, 3, 4, 5, 12])) == pytest.approx([3, 3, 3, 2, 11 / 9])
