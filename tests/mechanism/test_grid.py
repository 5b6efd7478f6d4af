"""Grids: every break and output is a node, and steps grow between them."""

from __future__ import annotations

import numpy as np
import pytest

from metinfer.errors import MetinferError
from metinfer.mechanism.dosed import NODE_VALUES, NODES
from metinfer.mechanism.equations import INPUTS
from metinfer.mechanism.grid import Lane, build_grid
from metinfer.mechanism.inputs import Product, Steps, Sum, window
from tests.mechanism.lanes import DAYS, YEARS, doses, mouse_lanes


def edges(grid, lane=0):
    return np.concatenate([[0.0], np.cumsum(grid.h[lane, : grid.steps[lane]])])


def test_every_break_and_output_is_a_node():
    lane = Lane("a", DAYS, {"arrival": window(2.5, 20.25), "il15": doses(4.0, 10.0, 5.125)})
    nodes = edges(build_grid([lane]))
    for t in (*DAYS, 2.5, 20.25, 5.125):
        assert np.abs(nodes - t).min() < 1e-9


def test_outputs_point_at_their_nodes():
    grid = build_grid([Lane("a", DAYS), Lane("b", (2.0, 2.0, 8.0))])
    np.testing.assert_allclose(edges(grid, 0)[grid.nodes[0]], DAYS, atol=1e-9)
    np.testing.assert_allclose(edges(grid, 1)[grid.nodes[1]], grid.outputs[1], atol=1e-9)
    assert grid.outputs[1].tolist() == [2.0, 2.0, 8.0, 8.0, 8.0, 8.0, 8.0]


def test_steps_are_short_after_a_jump_and_grow():
    grid = build_grid(
        [
            Lane(
                "a",
                (60.0,),
                {"injury": Steps([10.0], [1.0])} | {"timp1": Steps([10.0], [2.0], 1.0)},
            )
        ]
    )
    nodes = edges(grid)
    after = np.diff(nodes[nodes >= 10.0 - 1e-9])
    assert after[0] == pytest.approx(0.05)
    assert np.all(np.diff(after[:-2]) > -1e-9)
    assert np.diff(nodes).max() <= 1.0 + 1e-9


@pytest.mark.parametrize("half", [0.03, 1.0, 30.0])
def test_the_effect_of_a_short_exposure_is_resolved(half):
    source = doses(np.log(2) / (25 / 1440), 50.0, 10.0, absorption=None)
    grid = build_grid([Lane("a", (0.0, 30.0), {"ifng_drug": source})])
    nodes = grid.table[grid.row_of[0, : grid.steps[0]], 3 * len(INPUTS) :]
    nodes = nodes.reshape(grid.steps[0], NODES, len(NODE_VALUES))
    level = nodes[..., NODE_VALUES.index("ifng_drug")]
    found = (grid.h[0, : grid.steps[0], None] * nodes[..., 1] * level / (level + half)).sum()
    t = np.linspace(10.0, 13.0, 300_001)
    exact = np.trapezoid(source.right(t) / (source.right(t) + half), t)
    assert found == pytest.approx(exact, abs=1e-4)


def test_refining_divides_every_step():
    lane = mouse_lanes()["arrival"]
    once, four = build_grid([lane]), build_grid([lane], refine=4)
    assert four.steps[0] == 4 * once.steps[0]
    np.testing.assert_allclose(edges(four)[::4], edges(once), atol=1e-9)


def test_the_key_is_of_the_content():
    one, same, other = (build_grid([Lane("a", (10.0,), {"injury": j})]) for j in (1.0, 1.0, 2.0))
    assert one.key == same.key != other.key


def test_constant_lanes_need_one_row_of_inputs():
    assert len(build_grid([Lane("a", YEARS, {"injury": 1.0})]).table) == 1


@pytest.mark.parametrize("outputs", [(), (-1.0,), (2.0, 1.0), (np.nan,), (np.inf,)])
def test_outputs_are_checked(outputs):
    with pytest.raises(MetinferError, match="lane 'a': outputs"):
        build_grid([Lane("a", outputs)])


def test_an_unknown_input_is_named():
    with pytest.raises(MetinferError, match="unknown input 'il2'"):
        build_grid([Lane("a", (1.0,), {"il2": 1.0})])


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_an_input_that_is_not_finite_is_refused(value):
    with pytest.raises(MetinferError, match="input injury cannot be"):
        build_grid([Lane("a", (1.0,), {"injury": value})])


def test_timp1_must_be_above_zero():
    with pytest.raises(MetinferError, match="input timp1 cannot be 0"):
        build_grid([Lane("a", (1.0,), {"timp1": 0.0})])


def test_no_lanes_are_refused():
    with pytest.raises(MetinferError, match="at least one lane"):
        build_grid([])


def test_inputs_combine():
    t = np.array([0.0, 1.0, 2.0])
    step = Steps([1.0], [3.0], before=1.0)
    both = Sum((step, Steps([2.0], [1.0], before=0.0)))
    np.testing.assert_array_equal(both.right(t), [1.0, 3.0, 4.0])
    np.testing.assert_array_equal(both.left(t), [1.0, 1.0, 3.0])
    assert sorted(b[0] for b in both.breaks()) == [1.0, 2.0]
    np.testing.assert_array_equal(Product((step, step)).right(t), [1.0, 9.0, 9.0])


@pytest.mark.parametrize(
    ("times", "values"), [((), ()), ((1.0,), (1.0, 2.0)), ((2.0, 1.0), (0.0, 0.0))]
)
def test_steps_are_checked(times, values):
    with pytest.raises(ValueError, match="steps"):
        Steps(times, values)


def test_an_empty_window_is_refused():
    with pytest.raises(ValueError, match="end after it starts"):
        window(5.0, 5.0)
