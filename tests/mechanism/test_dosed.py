"""Steps under doses: against SciPy, exact in gradient, and few."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from metinfer.mechanism.codegen import DOSED, MOVING
from metinfer.mechanism.dosed import NODE_VALUES, NODES
from metinfer.mechanism.equations import INPUTS, PARAMETERS
from metinfer.mechanism.grid import Lane, build_grid
from metinfer.mechanism.inputs import Steps, window
from metinfer.mechanism.op import _run_backward, _run_forward
from metinfer.mechanism.reference import error, reference
from metinfer.mechanism.solve import default_theta, solve
from tests.mechanism.lanes import DAYS, INDEX, STATE, agent_lanes, doses, draws, mouse_lanes, theta

AGENTS = agent_lanes()
SCALES = ("il15_scale", "cxcr4_scale", "ifng_scale")
#: A dosed lane may take at most so many steps; without it, a lane of ten years takes 305.
MOST_STEPS = 600


def observed(states):
    """What enters a likelihood (output, observable): metastases, all cells, niche folds."""
    cells = states[:, [STATE[s] for s in ("D", "W1", "W2", "W3", "L")]].sum(axis=1)
    return np.column_stack([states[:, [STATE[s] for s in ("L", "A", "X", "N", "U")]], cells])


def worst(lane, values):
    """Largest error of an observable against LSODA."""
    found = solve(values, build_grid([lane]), np.zeros(len(values), dtype=int)).states
    return max(
        error(observed(states), observed(reference(row, lane, 1e-9))).max()
        for row, states in zip(values, found, strict=True)
    )


@pytest.mark.parametrize("name", AGENTS)
def test_observables_agree_with_lsoda_that_steps_every_dose(name):
    assert worst(AGENTS[name], default_theta(1, founders=1.0)) < 5e-5


@pytest.mark.slow
@pytest.mark.parametrize("name", AGENTS)
def test_observables_agree_with_lsoda_over_wide_draws(name):
    assert worst(AGENTS[name], draws("human", 20, np.random.default_rng(11))) < 1e-4


@pytest.mark.parametrize("scale", [0.1, 10.0])
@pytest.mark.parametrize("name", ["il15", "cxcr4", "ifng"])
def test_observables_agree_with_lsoda_at_any_potency(name, scale):
    assert worst(mouse_lanes()[name], theta(1, **dict.fromkeys(SCALES, scale))) < 1e-4


def test_two_drugs_and_a_restraint_agree_with_a_refined_grid():
    given = {"il15": doses(1.4, 6.0, 3, 10, 17), "cxcr4_drug": doses(8.0, 50.0, *range(3, 17))}
    lane = Lane("both", DAYS, given | {"injury": 1.0, "arrival": window(0.0, 20.0)})
    values = draws("mouse", 20, np.random.default_rng(2))
    one, many = (
        solve(values, build_grid([lane], refine=n), np.zeros(20, dtype=int)).states for n in (1, 6)
    )
    assert max(error(observed(a), observed(b)).max() for a, b in zip(one, many, strict=True)) < 3e-4


@pytest.mark.parametrize("name", AGENTS)
def test_doses_cost_few_steps(name):
    grid = build_grid([AGENTS[name]])
    assert grid.kind.tolist() == [DOSED]
    assert grid.steps[0] < MOST_STEPS


def gradient_error(lane, values):
    """Deviation of the gradient from sixth-order differences, relative to its norm (row,)."""
    grid = build_grid([lane] * len(values))
    order = grid.order(np.arange(len(values)))
    weight = np.random.default_rng(4).normal(size=(*grid.nodes.shape, 12))
    _, tape = _run_forward(values, order, *grid.arrays)
    exact = _run_backward(weight, tape, values, order, *grid.arrays)
    numeric = np.empty_like(exact)
    for p in range(len(PARAMETERS)):
        step = 1e-3 * np.maximum(np.abs(values[:, p]), 1e-2)
        total = np.zeros(len(values))
        for k, factor in ((3, 1.0), (2, -9.0), (1, 45.0)):
            for sign in (1, -1):
                moved = values.copy()
                moved[:, p] += sign * k * step
                change = (solve(moved, grid).states * weight).sum(axis=(1, 2))
                total += sign * factor * change
        numeric[:, p] = total / (60.0 * step)
    scale = np.maximum(np.abs(values), 1e-2)
    norm = np.linalg.norm(numeric * scale, axis=1, keepdims=True)
    return np.abs((exact - numeric) * scale / norm).max(axis=1), exact


@pytest.mark.parametrize("name", AGENTS)
def test_the_gradient_is_that_of_the_scheme(name):
    values = draws("human", 3, np.random.default_rng(5))
    values[0, INDEX["bNA"]] = 0.8
    wrong, exact = gradient_error(replace(AGENTS[name], outputs=(30.0, 400.0)), values)
    assert wrong.max() < 1e-6
    used = {"il": "il15_scale", "cx": "cxcr4_scale", "if": "ifng_scale"}[name[:2]]
    assert (exact[:, INDEX[used]] != 0.0).all()
    assert (exact[:, [INDEX[s] for s in SCALES if s != used]] == 0.0).all()


def test_a_dosed_step_without_drug_is_an_ordinary_step():
    lane = Lane("surgery", DAYS, {"nk_activity": Steps([0.0, 14.0], [0.3, 1.0], 1.0)})
    grid = build_grid([lane], refine=2)
    table = grid.table.copy()
    y, w = np.polynomial.legendre.leggauss(NODES)
    nodes = table[:, 3 * len(INPUTS) :].reshape(len(table), NODES, len(NODE_VALUES))
    nodes[..., 0], nodes[..., 1] = y, w / 2.0
    values = draws("mouse", 5, np.random.default_rng(6))
    dosed = replace(grid, kind=np.array([DOSED]), table=table)
    assert grid.kind == [MOVING]
    one, other = (solve(values, g, np.zeros(5, dtype=int)).states for g in (grid, dosed))
    np.testing.assert_allclose(other, one, rtol=1e-4, atol=1e-9)


@pytest.mark.parametrize("name", SCALES)
def test_a_scale_multiplies_the_exposure(name):
    lane = {"il15_scale": "il15", "cxcr4_scale": "cxcr4", "ifng_scale": "ifng"}[name]
    lane = mouse_lanes()[lane]
    source = next(iter(set(lane.inputs) - {"injury", "arrival"}))
    given = lane.inputs[source]
    threefold = replace(given, kinetics=replace(given.kinetics, scale=3.0 * given.kinetics.scale))
    scaled = solve(theta(1, **{name: 3.0}), build_grid([lane])).states
    other = replace(lane, inputs={**lane.inputs, source: threefold})
    np.testing.assert_allclose(scaled, solve(theta(), build_grid([other])).states, rtol=2e-4)
