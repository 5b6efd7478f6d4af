"""Switches of variants: what they do where they are on, and nothing where they are off."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytensor
import pytensor.tensor as pt
import pytest

from metinfer.mechanism.codegen import MOVING
from metinfer.mechanism.grid import Lane, build_grid
from metinfer.mechanism.inputs import Steps
from metinfer.mechanism.op import solve_op
from metinfer.mechanism.reference import error, reference
from metinfer.mechanism.solve import solve
from tests.mechanism.lanes import DAYS, INDEX, NICHE, STATE, mouse_lanes, theta
from tests.mechanism.test_op import difference

#: Strong enough that an injury tips the niche over.
SWITCH = {"bNA": 3.0, "bQ": 1.0, "bA": 1.0}


def states(lane, **values):
    return solve(theta(**values), build_grid([lane])).states[0]


def test_timp1_on_seeding_only_spares_nk_cells():
    lane = Lane("timp1", DAYS, {"timp1": 4.0, "injury": 1.0})
    both, seeding = states(lane), states(lane, sT=0.0)
    none = states(Lane("none", DAYS, {"injury": 1.0}))
    assert both[-1, STATE["N"]] < 0.99 * none[-1, STATE["N"]]
    np.testing.assert_allclose(seeding[:, STATE["N"]], none[:, STATE["N"]], rtol=1e-12)
    for name in ("X", "U"):
        np.testing.assert_array_equal(seeding[:, STATE[name]], both[:, STATE[name]])


def test_timp1_that_raises_no_cxcl12_leaves_nothing_to_spare():
    lane = Lane("timp1", DAYS, {"timp1": 4.0, "injury": 1.0})
    np.testing.assert_array_equal(states(lane, sT=0.0, bT=0.0), states(lane, bT=0.0))


def test_a_restraint_leaves_the_healthy_niche_at_rest():
    lane = Lane("none", (0.0, 10.0, 3000.0))
    grid = replace(build_grid([lane]), kind=np.array([MOVING]))
    niche = solve(theta(**SWITCH), grid).states[0][:, NICHE]
    np.testing.assert_allclose(niche, 1.0, rtol=0, atol=1e-8)


def test_injury_and_nk_loss_reinforce_each_other():
    injured = Lane("injury", DAYS, {"injury": 1.0})
    with_, without = (states(injured, bNA=b)[0] for b in (2.0, 0.0))
    assert with_[STATE["A"]] > 1.05 * without[STATE["A"]]
    assert with_[STATE["N"]] < 0.99 * without[STATE["N"]]


@pytest.mark.parametrize("inputs", [{"injury": 0.3}, {"injury": 2.0, "nk_depletion": 0.02}])
@pytest.mark.parametrize("values", [{"bNA": 1.5}, SWITCH], ids=["weak", "switch"])
def test_a_start_with_restraint_is_a_steady_state(inputs, values):
    grid = replace(build_grid([Lane("steady", DAYS, inputs)]), kind=np.array([MOVING]))
    niche = solve(theta(**values), grid).states[0][:, NICHE]
    np.testing.assert_allclose(niche, np.broadcast_to(niche[0], niche.shape), rtol=1e-9)


def test_the_steady_start_is_the_branch_that_a_healthy_niche_reaches():
    inputs = {"injury": 0.4}
    late = states(Lane("late", (4000.0,), inputs, healthy_start=True), **SWITCH)[0, NICHE]
    steady = states(Lane("steady", (0.0,), inputs), **SWITCH)[0, NICHE]
    np.testing.assert_allclose(late, steady, rtol=1e-7)


def test_a_switch_stays_on_after_its_cause_has_gone():
    pulse = {"injury": Steps([0.0, 60.0], [2.0, 0.0], before=0.0)}
    lane = Lane("pulse", (0.0, 60.0, 2000.0), pulse)
    stuck, back = (states(lane, **(SWITCH | {"bNA": b}))[-1, STATE["A"]] for b in (3.0, 1.0))
    assert stuck > 1.5
    assert back == pytest.approx(1.0, abs=1e-3)


@pytest.mark.parametrize("name", ["injury", "depletion", "cxcr4"])
def test_restrained_states_agree_with_lsoda(name):
    lane = mouse_lanes()[name]
    values = theta(bNA=1.0, sT=0.3)
    found = solve(values, build_grid([lane], refine=2)).states[0]
    assert error(found, reference(values[0], lane)).max() < 1e-3


def test_the_gradient_through_a_settled_start_is_exact():
    lanes = [
        Lane("rest", DAYS, {"injury": 1.0}),
        Lane("moves", DAYS, {"injury": Steps([0, 9], [2.0, 0.5], before=1.0), "timp1": 2.0}),
        Lane("off", DAYS, {"injury": 1.0, "timp1": 3.0}),
    ]
    grid = build_grid(lanes)
    values = theta(3, bNA=1.5, sT=0.4)
    values[2, INDEX["bNA"]] = 0.0
    weight = np.random.default_rng(1).normal(size=(*grid.nodes.shape, 12))
    x = pt.matrix("theta")
    cost = (solve_op(x, grid) * weight).sum()
    gradient = pytensor.function([x], pt.grad(cost, x), mode="NUMBA")(values)
    numeric = np.stack([difference(values, grid, weight, p) for p in INDEX.values()], axis=1)
    scale = np.maximum(np.abs(values), 0.1)
    norm = np.linalg.norm(numeric * scale, axis=1, keepdims=True)
    assert np.abs((gradient - numeric) * scale / norm).max() < 1e-6
    assert (gradient[:, INDEX["bNA"]] != 0.0).all()


def test_a_restrained_lane_does_not_change_its_neighbours():
    lane = Lane("injury", DAYS, {"injury": 1.0})
    alone = solve(theta(), build_grid([lane])).states[0]
    values = theta(2)
    values[1, INDEX["bNA"]] = 2.0
    np.testing.assert_array_equal(solve(values, build_grid([lane, lane])).states[0], alone)


def test_clones_that_imaging_removed_are_neither_there_nor_seen_at_once():
    lane = Lane("surgery", DAYS)
    every, unseen = states(lane), states(lane, seen=1.0)
    assert unseen[0, STATE["W3"]] == 0.0
    assert every[0, STATE["W3"]] == pytest.approx(theta()[0, INDEX["awake0"]] / 3)
    for name in ("W1", "W2", "D"):
        np.testing.assert_array_equal(unseen[:, STATE[name]], every[:, STATE[name]])
    # A clone of the second third needs two steps to detection: quadratic, not linear, in time.
    seen = unseen[1, STATE["L"]]
    assert 0.05 * every[1, STATE["L"]] < seen < 0.15 * every[1, STATE["L"]]
