"""One-compartment kinetics against closed forms and against numerical integration."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from metinfer.mechanism.exposure import Exposure, Kinetics

T = np.linspace(0.0, 20.0, 401)


def test_a_bolus_decays():
    found = Exposure(Kinetics(0.5, scale=2.0), [3.0], [10.0]).right(T)
    np.testing.assert_allclose(
        found, np.where(T >= 3.0, 20.0 * np.exp(-0.5 * (T - 3.0)), 0.0), rtol=1e-12
    )


def test_a_bolus_jumps_at_its_time():
    exposure = Exposure(Kinetics(0.5), [3.0], [10.0])
    assert exposure.left(np.array([3.0]))[0] == 0.0
    assert exposure.right(np.array([3.0]))[0] == 10.0


def test_an_infusion_reaches_its_plateau_and_ends():
    exposure = Exposure(Kinetics(2.0), [1.0], [30.0], durations=[10.0])
    assert exposure.right(np.array([10.999]))[0] == pytest.approx(3.0 / 2.0, rel=1e-6)
    assert exposure.right(np.array([13.0]))[0] == pytest.approx(1.5 * np.exp(-4.0), rel=1e-6)


@pytest.mark.parametrize(("k", "ka"), [(0.5, 3.0), (3.0, 0.5), (1.0, 1.0), (1.0, 1.0 + 1e-9)])
def test_absorption_agrees_with_integration(k, ka):
    exposure = Exposure(Kinetics(k, ka, 0.7), [2.0, 5.0, 9.0], [10.0, 20.0, 5.0])
    depot, blood, truth = 0.0, 0.0, {}
    for start, end, dose in ((2.0, 5.0, 10.0), (5.0, 9.0, 20.0), (9.0, 20.0, 5.0)):
        run = solve_ivp(
            lambda t, y: [-ka * y[0], ka * y[0] - k * y[1]], (start, end), [depot + dose, blood],
            rtol=1e-10, atol=1e-12,
        )  # fmt: skip
        depot, blood = run.y[:, -1]
        truth[end] = 0.7 * blood
    np.testing.assert_allclose(
        exposure.left(np.array(list(truth))), list(truth.values()), rtol=1e-7
    )


def test_repeated_doses_add_up():
    many = Exposure(Kinetics(0.2, 1.5), np.arange(8) * 2.0, [1.0] * 8).right(T)
    apart = sum(Exposure(Kinetics(0.2, 1.5), [2.0 * i], [1.0]).right(T) for i in range(8))
    np.testing.assert_allclose(many, apart, rtol=1e-10, atol=1e-14)


def test_the_area_is_dose_over_clearance():
    exposure = Exposure(Kinetics(0.8, 5.0), [0.0, 7.0], [4.0, 4.0])
    assert exposure.area(0.0, 60.0) == pytest.approx(8.0 / 0.8, rel=1e-4)


def test_a_longer_course_costs_no_more_per_time():
    exposure = Exposure(Kinetics(30.0, 60.0), np.arange(520) * 7.0, [1.0] * 520)
    assert np.isfinite(exposure.right(np.linspace(0, 3650, 2001))).all()


def test_the_first_step_follows_the_rise_of_the_effect():
    small, large = (Exposure(Kinetics(1.0, 20.0), [1.0], [a]).breaks()[0][1] for a in (1.0, 100.0))
    assert small == pytest.approx(0.1 / 20.0)
    assert large == pytest.approx(0.1 / 2000.0)


def test_steps_are_free_once_the_drug_is_gone():
    exposure = Exposure(Kinetics(2.0), [1.0], [1.0])
    assert exposure.longest(np.array([0.5, 1.5, 30.0])).tolist() == [np.inf, 0.25, np.inf]


@pytest.mark.parametrize(
    "bad", [{"elimination": 0.0}, {"elimination": -1.0}, {"elimination": 1.0, "absorption": 0.0}]
)
def test_rates_must_be_above_zero(bad):
    with pytest.raises(ValueError, match="above zero"):
        Kinetics(**bad)


@pytest.mark.parametrize(
    ("times", "amounts", "durations"),
    [
        ([1.0], [1.0, 2.0], None),
        ([1.0], [1.0], [0.1, 0.2]),
        ([1.0], [-1.0], None),
        ([1.0], [np.nan], None),
    ],
)
def test_dose_tables_are_checked(times, amounts, durations):
    with pytest.raises(ValueError, match="amounts|durations"):
        Exposure(Kinetics(1.0), times, amounts, durations)
