"""Cases whose answer is known without a computer."""

from __future__ import annotations

import numpy as np
import pytest

from metinfer.mechanism.grid import Lane, build_grid
from metinfer.mechanism.inputs import Constant, Growing, Steps, window
from metinfer.mechanism.solve import default_theta, solve
from tests.mechanism.lanes import (
    DAYS,
    INDEX,
    NICHE,
    STATE,
    TUMOUR,
    YEARS,
    doses,
    human_lanes,
    mouse_lanes,
    theta,
)


def states(lane, values=None):
    """States of one lane (output, state)."""
    solution = solve(theta() if values is None else values, build_grid([lane]))
    assert solution.status[0] == 0
    return solution.states[0]


def column(lane, name, **values):
    return states(lane, theta(**values))[:, STATE[name]]


@pytest.mark.parametrize("outputs", [DAYS, YEARS])
def test_an_untreated_niche_stays_healthy(outputs):
    niche = states(Lane("none", outputs))[:, NICHE]
    np.testing.assert_allclose(niche, 1.0, rtol=0, atol=1e-8)


def assert_conserved(lane, values):
    values[:, [INDEX["founders"], INDEX["founders0"], INDEX["awake0"]]] = 0.0, 2.0, 0.5
    np.testing.assert_allclose(states(lane, values)[:, TUMOUR].sum(axis=1), 2.5, rtol=3e-6)


@pytest.mark.parametrize("lane", mouse_lanes().values(), ids=lambda x: x.name)
def test_cells_are_conserved_in_mice(lane):
    assert_conserved(lane, theta())


@pytest.mark.parametrize("lane", human_lanes().values(), ids=lambda x: x.name)
def test_cells_are_conserved_in_people(lane):
    assert_conserved(lane, default_theta(1))


def test_arriving_cells_are_conserved_when_all_settle():
    lane = Lane("arrival", DAYS, {"arrival": window(0.0, 10.0)})
    total = states(lane, theta(kS=0.0, fU=0.0, founders0=0.0, awake0=0.0))[:, TUMOUR].sum(axis=1)
    np.testing.assert_allclose(total, 5.0 * np.minimum(np.array(DAYS) / 10.0, 1.0), rtol=1e-7)


def test_a_growing_primary_sheds_one_in_total():
    lane = Lane("primary", DAYS, {"arrival": Growing(2.0, 20.0, 0.2)})
    total = states(lane, theta(kS=0.0, fU=0.0, founders0=0.0, awake0=0.0))[:, TUMOUR].sum(axis=1)
    assert total[DAYS.index(1.0)] == 0.0
    np.testing.assert_allclose(total[-2:], 5.0, rtol=1e-5)


def test_founders_stay_without_killing_and_awakening():
    dormant = column(Lane("still", YEARS), "D", w1=0.0, d0=0.0, m=0.0, founders0=3.0)
    np.testing.assert_allclose(dormant, 3.0, rtol=1e-12)


def test_founders_leave_exponentially_in_a_healthy_niche():
    dormant = column(Lane("leave", YEARS), "D", w1=3e-4, d0=1e-4, m=2e-4, founders0=1.0)
    np.testing.assert_allclose(dormant, np.exp(-6e-4 * np.array(YEARS)), rtol=1e-8)


def test_awake_clones_are_detected_after_an_erlang_time():
    t, tau = np.array(DAYS), 14.0
    values = {"w1": 0.0, "kap": 0.0, "founders0": 0.0, "awake0": 0.9, "tau": tau}
    x = 3.0 * t / tau
    detected = sum(
        0.3 * (1 - np.exp(-x) * sum(x**j / [1, 1, 2][j] for j in range(n))) for n in (1, 2, 3)
    )
    found = column(Lane("erlang", DAYS), "L", **values)
    np.testing.assert_allclose(found, detected, rtol=2e-5, atol=1e-9)


def test_a_dose_of_nothing_is_nothing():
    untreated = states(Lane("none", DAYS))
    treated = states(Lane("zero", DAYS, {"il15": doses(8.0, 0.0, 3.0, 10.0)}))
    np.testing.assert_allclose(treated, untreated, rtol=1e-6, atol=1e-12)


def test_loss_of_ifng_leaves_only_what_is_given():
    lane = Lane("given", YEARS, {"ifng_loss": 1.0, "ifng_drug": 1.0})
    np.testing.assert_allclose(column(lane, "H", SG=1.0), 1.0, atol=1e-8)


def test_loss_of_ifng_lifts_the_hold_to_its_bound():
    lane = Lane("lost", YEARS, {"ifng_loss": 1.0})
    expected = 0.1 + 0.9 * np.exp(2 * 0.5)
    np.testing.assert_allclose(column(lane, "H", f0=0.1, eta=0.5), expected, rtol=1e-6)


def test_loss_of_perforin_spares_the_hold_and_stops_the_killing():
    lane = Lane("perforin", DAYS, {"perforin_loss": 1.0}, bolus=True)
    lost = states(lane, theta(d0=0.0, kS=0.7))
    np.testing.assert_allclose(lost[:, STATE["H"]], 1.0, atol=1e-8)
    np.testing.assert_allclose(lost[:, STATE["K"]], 0.0, atol=1e-14)
    spared = states(Lane("intact", DAYS, bolus=True), theta(d0=0.0, kS=0.7))
    ratio = (lost[0, STATE["D"]] - 1.0) / (spared[0, STATE["D"]] - 1.0)
    assert ratio == pytest.approx(np.exp(0.7), rel=1e-9)


def test_seeding_without_neutrophils_does_not_depend_on_timp1():
    high = {"timp1": 5.0, "arrival": window(0.0, 14.0)}
    values = {"fU": 0.0, "bQ": 0.0}
    raised = column(Lane("high", DAYS, high), "L", **values)
    healthy = column(Lane("healthy", DAYS, high | {"timp1": 1.0}), "L", **values)
    np.testing.assert_allclose(raised, healthy, rtol=1e-9)
    assert column(Lane("high", DAYS, high), "L", fU=0.5, bQ=0.0)[-1] > 1.01 * healthy[-1]


def test_a_link_that_is_absent_carries_nothing():
    lane = Lane("timp1", DAYS, {"timp1": 5.0})
    np.testing.assert_allclose(states(lane, theta(bT=0.0))[:, NICHE], 1.0, atol=1e-8)


def test_a_reversed_link_reverses_the_effect():
    lane = Lane("timp1", DAYS, {"timp1": 5.0})
    up, down = (column(lane, "N", bQ=b)[-1] for b in (0.5, -0.5))
    assert up < 1.0 < down


def test_full_neutralisation_is_finite():
    lane = Lane("neutral", DAYS, {"cxcl12_neutral": 1.0})
    assert column(lane, "U", bU=0.5)[-1] < 1e-3


def test_the_dip_takes_its_share_of_killing():
    healthy = column(Lane("none", DAYS), "D", d0=0.0, w1=0.0)
    halved = column(Lane("none", DAYS), "D", d0=0.0, w1=0.0, dip=0.5)
    np.testing.assert_allclose(np.log(halved[1:]) / np.log(healthy[1:]), 0.5, rtol=1e-7)
    off = column(Lane("off", DAYS, {"dip_on": 0.0}), "D", d0=0.0, w1=0.0, dip=0.5)
    np.testing.assert_allclose(off, healthy, rtol=1e-12)


def test_scales_multiply_their_inputs():
    scaled = states(Lane("scaled", DAYS, {"injury": 1.0}), theta(injury_scale=2.0, timp1_scale=3.0))
    given = states(Lane("given", DAYS, {"injury": 2.0, "timp1": 3.0}))
    np.testing.assert_allclose(scaled, given, rtol=1e-12)


def test_a_steady_start_does_not_move():
    lane = Lane(
        "steady",
        YEARS,
        {"injury": 1.0, "timp1": 2.0, "il15": 0.5, "cxcr4_drug": 3.0, "nk_depletion": 0.01},
    )
    niche = states(lane, default_theta(1))[:, NICHE]
    np.testing.assert_allclose(niche, np.broadcast_to(niche[0], niche.shape), rtol=1e-9)
    assert np.all(np.abs(niche[0] - 1.0) > 1e-3)


def test_a_healthy_start_reaches_the_steady_one():
    inputs = {"injury": 1.0, "timp1": 2.0, "il15": 0.5}
    late = states(Lane("late", (3000.0,), inputs, healthy_start=True))[0, NICHE]
    steady = states(Lane("steady", (0.0,), inputs))[0, NICHE]
    np.testing.assert_allclose(late, steady, rtol=1e-8)


def test_a_started_input_is_not_part_of_the_start():
    begun = states(Lane("begun", (0.0,), {"injury": Steps([0.0], [2.0], before=0.0)}))
    before = states(Lane("before", (0.0,), {"injury": Constant(2.0)}))
    assert begun[0, STATE["A"]] == 1.0
    assert before[0, STATE["A"]] == 3.0
