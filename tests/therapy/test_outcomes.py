"""Event-free curves against individual simulation, and contrasts against hand calculation."""

from __future__ import annotations

import numpy as np
import pytest

from metinfer.therapy.outcomes import (
    Course,
    Curve,
    at,
    contrasts,
    curve,
    hazard_ratio,
    liver_first,
    mix,
    restricted_mean,
    survival,
)
from metinfer.therapy.populations import Mortality

TIME = np.linspace(0.0, 10.0, 41)


def _course(liver: float = 0.3, elsewhere: float = 0.6, shape: float = 0.8) -> Course:
    """Liver events early, others late, so that the order of events matters."""
    return Course(
        liver * (1.0 - np.exp(-TIME / 2.0))[None, :],
        elsewhere * (TIME / 10.0)[None, :] ** 2,
        np.array([shape]),
    )


def test_curves_agree_with_individual_simulation() -> None:
    """Frailty per subject, then first events by inverting the cumulative hazards."""
    rng = np.random.default_rng(1)
    count, course = 40_000, _course()
    frailty = rng.gamma(0.8, 1.0 / 0.8, count)
    first = [
        np.interp(rng.exponential(size=count) / frailty, number[0], TIME, right=np.inf)
        for number in (course.liver, course.elsewhere)
    ]
    liver = np.array([np.mean((first[0] <= t) & (first[0] < first[1])) for t in TIME])
    free = np.array([np.mean(np.minimum(*first) > t) for t in TIME])
    margin = 4.0 * np.sqrt(0.25 / count)
    assert np.abs(liver_first(course)[0] - liver).max() < margin
    assert np.abs(survival(course.liver + course.elsewhere, course.shape)[0] - free).max() < margin


def test_liver_first_equals_all_when_nothing_is_elsewhere() -> None:
    course = _course(elsewhere=0.0)
    np.testing.assert_allclose(
        liver_first(course), 1.0 - survival(course.liver, course.shape), atol=1e-15
    )


def test_liver_first_matches_fine_quadrature() -> None:
    fine = np.linspace(0.0, 10.0, 20001)
    liver, elsewhere = 0.3 * (1 - np.exp(-fine / 2)), 0.6 * (fine / 10) ** 2
    density = (1 + (liver + elsewhere) / 0.8) ** (-1.8)
    exact = np.trapezoid(density, liver)
    assert liver_first(_course())[0, -1] == pytest.approx(exact, abs=1e-4)


def test_large_shape_is_poisson() -> None:
    course = _course(elsewhere=0.0, shape=1e7)
    np.testing.assert_allclose(
        survival(course.liver, course.shape), np.exp(-course.liver), rtol=1e-6
    )


def test_death_from_other_causes_lowers_risk() -> None:
    law = Mortality(60.0, 0.02, 8.0)
    alone = curve(_course(), "liver", TIME, None)
    among = curve(_course(), "liver", TIME, law)
    assert (among.event_free[:, 1:] > alone.event_free[:, 1:]).all()
    assert (among.survival[:, 1:] < alone.survival[:, 1:]).all()


def test_contrasts_by_hand() -> None:
    ones = np.ones((1, 41))
    treated = Curve(1.0 - 0.1 * TIME[None, :] / 10, ones)
    untreated = Curve(1.0 - 0.3 * TIME[None, :] / 10, ones)
    found = contrasts(treated, untreated, TIME, 5.0)
    assert found["risk"][0] == pytest.approx(0.05)
    assert found["absolute_risk_reduction"][0] == pytest.approx(0.10)
    assert found["risk_ratio"][0] == pytest.approx(1 / 3)
    assert found["rmst_gain"][0] == pytest.approx(0.02 * 25 / 2)
    np.testing.assert_allclose(hazard_ratio(treated, untreated), 1 / 3)


def test_a_horizon_between_two_points_is_interpolated() -> None:
    arm = Curve(1.0 - 0.1 * TIME[None, :], np.ones((1, 41)))
    assert at(arm.event_free, TIME, 0.1)[0] == pytest.approx(0.99)
    assert restricted_mean(arm, TIME, 0.1)[0] == pytest.approx(0.1 - 0.05 * 0.01)


def test_risk_ratio_without_untreated_risk_is_undefined() -> None:
    nothing = Curve(np.ones((1, 41)), np.ones((1, 41)))
    assert np.isnan(contrasts(nothing, nothing, TIME, 5.0)["risk_ratio"][0])
    np.testing.assert_array_equal(hazard_ratio(nothing, nothing), 1.0)


def test_mixture_averages_survival_not_hazard() -> None:
    low, high = (Curve(np.full((1, 2), v), np.full((1, 2), v)) for v in (0.2, 0.8))
    assert mix([low, high], [0.25, 0.75]).event_free[0, 0] == pytest.approx(0.65)


def test_a_difference_of_the_size_of_solver_error_is_none() -> None:
    one = Curve(1.0 - 0.03 * TIME[None, :], np.ones((1, 41)))
    other = Curve(1.0 - 0.03 * (1.0 + 1e-7) * TIME[None, :], np.ones((1, 41)))
    found = contrasts(other, one, TIME, 10.0)
    assert found["absolute_risk_reduction"][0] == 0.0
    assert found["risk_ratio"][0] == 1.0
    assert found["rmst_gain"][0] == 0.0
