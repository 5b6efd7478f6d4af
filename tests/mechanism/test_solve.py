"""The compiled solve: against SciPy, and what must never change a result."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from metinfer.errors import MetinferError
from metinfer.mechanism.codegen import DOSED, MOVING, STILL
from metinfer.mechanism.grid import Lane, build_grid
from metinfer.mechanism.inputs import Growing, window
from metinfer.mechanism.reference import error, reference
from metinfer.mechanism.solve import NON_FINITE, OK, STEP_LIMIT, default_theta, solve
from tests.mechanism.lanes import (
    DAYS,
    INDEX,
    YEARS,
    doses,
    draws,
    human_lanes,
    mouse_lanes,
    theta,
)

LANES = [("mouse", lane) for lane in mouse_lanes().values()]
LANES += [("human", lane) for lane in human_lanes().values()]


@pytest.mark.parametrize(("species", "lane"), LANES, ids=[lane.name for _, lane in LANES])
def test_states_agree_with_lsoda(species, lane):
    values = draws(species, 2, np.random.default_rng(7))
    found = solve(values, build_grid([lane]), np.zeros(2, dtype=int)).states
    for row, states in zip(values, found, strict=True):
        assert error(states, reference(row, lane)).max() < 1e-4


def test_the_scheme_is_of_fourth_order():
    lane = mouse_lanes()["injury"]
    truth = reference(theta()[0], lane)
    once, twice = (error(solve(theta(), build_grid([lane], r)).states[0], truth) for r in (1, 2))
    assert 12.0 < once.max() / twice.max() < 20.0


def test_rows_do_not_depend_on_their_neighbours():
    lanes = [*mouse_lanes().values(), *human_lanes().values()]
    values = draws("mouse", len(lanes), np.random.default_rng(1))
    together = solve(values, build_grid(lanes)).states
    for i, lane in enumerate(lanes):
        alone = solve(values[i : i + 1], build_grid([lane])).states[0]
        np.testing.assert_array_equal(together[i, : len(lane.outputs)], alone)
        np.testing.assert_array_equal(
            together[i, len(lane.outputs) :],
            alone[-1:].repeat(together.shape[1] - len(lane.outputs), axis=0),
        )


RESTING = [{}, {"injury": 1.0, "timp1": 2.0}, {"arrival": window(0.0, 9.0)}]


@pytest.mark.parametrize("inputs", RESTING)
def test_a_niche_at_rest_may_be_left_out(inputs):
    grid = build_grid([Lane("rest", DAYS, inputs)], refine=200)
    assert grid.kind.tolist() == [STILL]
    values = draws("mouse", 20, np.random.default_rng(6))
    lanes = np.zeros(20, dtype=int)
    short = solve(values, build_grid([Lane("rest", DAYS, inputs)]), lanes).states
    whole = solve(values, replace(grid, kind=np.array([MOVING])), lanes).states
    np.testing.assert_allclose(short, whole, rtol=1e-6, atol=1e-12)


@pytest.mark.parametrize("inputs", RESTING)
def test_a_step_at_rest_is_exact_at_any_length(inputs):
    values = draws("mouse", 20, np.random.default_rng(6))
    one, many = (
        solve(values, build_grid([Lane("rest", DAYS, inputs)], refine=n), np.zeros(20, int)).states
        for n in (1, 7)
    )
    np.testing.assert_allclose(one, many, rtol=1e-9, atol=1e-13)


def test_an_uneven_arrival_takes_steps():
    assert build_grid([Lane("grows", DAYS, {"arrival": Growing(0.0, 20.0, 0.2)})]).kind == [MOVING]


@pytest.mark.parametrize(
    ("name", "kind"), [("injury", MOVING), ("depletion", MOVING), ("il15", DOSED)]
)
def test_a_niche_that_moves_is_solved(name, kind):
    assert build_grid([mouse_lanes()[name]]).kind.tolist() == [kind]


def test_threads_and_shared_lanes_change_nothing():
    grid = build_grid([*mouse_lanes().values()])
    lane_of = np.random.default_rng(2).integers(0, len(grid), 300)
    values = draws("mouse", 300, np.random.default_rng(3))
    one, two = (solve(values, grid, lane_of, threads=n).states for n in (1, 2))
    np.testing.assert_array_equal(one, two)
    single = solve(values[17:18], grid, lane_of[17:18]).states[0]
    np.testing.assert_array_equal(one[17], single)


def test_a_failed_lane_harms_no_other():
    grid = build_grid([Lane(str(i), DAYS) for i in range(5)])
    values = theta(5)
    healthy = solve(values, grid).states
    values[2, INDEX["kN"]] = np.nan
    values[3, INDEX["tau"]] = 0.0
    solution = solve(values, grid)
    assert solution.status.tolist() == [OK, OK, NON_FINITE, NON_FINITE, OK]
    assert np.isnan(solution.states[2:4]).all()
    np.testing.assert_array_equal(solution.states[[0, 1, 4]], healthy[[0, 1, 4]])


def test_a_grid_beyond_the_limit_is_a_status(monkeypatch):
    monkeypatch.setattr("metinfer.mechanism.grid.STEP_LIMIT", 100)
    often = Lane("often", DAYS, {"cxcr4_drug": doses(5.0, 50.0, *np.arange(5.0, 50.0, 0.25))})
    grid = build_grid([Lane("short", DAYS), often])
    solution = solve(theta(2), grid)
    assert solution.status.tolist() == [OK, STEP_LIMIT]
    assert np.isnan(solution.states[1]).all()


@pytest.mark.parametrize("species", ["mouse", "human"])
def test_states_stay_positive_at_any_step(species, monkeypatch):
    monkeypatch.setattr("metinfer.mechanism.grid.SHARE", 0.5)
    monkeypatch.setattr("metinfer.mechanism.grid.FIRST_STEP", 1000.0)
    monkeypatch.setattr("metinfer.mechanism.grid.LONGEST", np.inf)
    monkeypatch.setattr("metinfer.mechanism.grid.GROWTH", 1.0)
    values = draws(species, 50, np.random.default_rng(5))
    lane = Lane("coarse", (0.0, YEARS[-1]), {"injury": 3.0, "timp1": 4.0}, healthy_start=True)
    grid = build_grid([lane])
    assert grid.steps[0] < 8
    states = solve(values, grid, np.zeros(50, dtype=int)).states
    assert np.isfinite(states).all()
    assert states[:, -1, :6].min() > 0.0


@pytest.mark.parametrize(
    ("values", "lane_of", "message"),
    [
        (np.zeros((2, 3)), None, "theta must be"),
        (default_theta(3), None, "3 rows of parameters for 1 lanes"),
        (default_theta(1), np.array([1]), "lane_of must lie in 0 to 0"),
    ],
)
def test_shapes_are_checked(values, lane_of, message):
    with pytest.raises(MetinferError, match=message):
        solve(values, build_grid([Lane("a", DAYS)]), lane_of)


def test_no_rows_give_no_states():
    solution = solve(default_theta(0), build_grid([Lane("a", DAYS)]), np.zeros(0, dtype=int))
    assert solution.states.shape == (0, len(DAYS), 12)
