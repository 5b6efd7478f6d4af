"""The solve as a PyTensor operation, with a real Numba implementation and an exact gradient.

Grid arrays enter the graph as constants, not as parts of the compiled code: another grid of the
same shape compiles nothing anew, and the code can be cached between processes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytensor.tensor as pt
from numba import njit, types
from pytensor.graph.basic import Apply, Variable
from pytensor.graph.op import Op
from pytensor.link.numba.dispatch.basic import register_funcify_and_cache_key

from metinfer.mechanism.codegen import BLOCK
from metinfer.mechanism.compile import call, fingerprint, kernel, symbol
from metinfer.mechanism.equations import PARAMETERS, STATES
from metinfer.mechanism.grid import Grid
from metinfer.mechanism.solve import grid_sizes

_KINDS = ("float64", "int64", "float64", "int64", "float64", "int64", "int64")


def _plan(order: np.ndarray, grid: Sequence[np.ndarray]) -> tuple[int, int]:
    """Blocks of lanes, and numbers each writes to the tape."""
    return len(order) // BLOCK, (grid[2].shape[1] + 1) * len(STATES) * BLOCK


class SolveOp(Op):
    """States (lane, output, state) and the tape of all nodes, from theta (lane, parameter)."""

    __props__ = ("version",)

    def __init__(self, version: str | None = None) -> None:
        self.version = version or fingerprint()

    def make_node(self, theta: Any, order: Any, *grid: Any) -> Apply:
        """Type the inputs and declare the outputs."""
        inputs = _typed(theta, order, grid)
        return Apply(
            self,
            inputs,
            [pt.tensor3("states", dtype="float64"), pt.vector("tape", dtype="float64")],
        )

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: Any) -> None:
        """Run without PyTensor's Numba backend."""
        output_storage[0][0], output_storage[1][0] = _run_forward(*inputs)

    def infer_shape(self, node: Apply, shapes: Any) -> list[tuple[Any, ...]]:
        """Give the shapes of the outputs."""
        h, nodes = shapes[4], shapes[7]
        blocks = shapes[1][0] // BLOCK
        stride = (h[1] + 1) * len(STATES) * BLOCK
        return [(nodes[0], nodes[1], len(STATES)), (blocks * stride,)]

    def pullback(
        self,
        inputs: Sequence[Variable],
        outputs: Sequence[Variable],
        cotangents: Sequence[Variable],
    ) -> list[Variable]:
        """Give the gradient in theta; the grid is constant."""
        theta_bar = PullbackOp(self.version)(cotangents[0], outputs[1], *inputs)
        return [theta_bar, *[pt.zeros_like(i).astype("float64") for i in inputs[1:]]]


class PullbackOp(Op):
    """Gradient (lane, parameter) of sum(cotangent * states), exact for the discrete scheme."""

    __props__ = ("version",)

    def __init__(self, version: str) -> None:
        self.version = version

    def make_node(self, cotangent: Any, tape: Any, theta: Any, order: Any, *grid: Any) -> Apply:
        """Type the inputs and declare the outputs."""
        cotangent, tape = pt.as_tensor(cotangent), pt.as_tensor(tape)
        return Apply(
            self,
            [cotangent, tape, *_typed(theta, order, grid)],
            [pt.matrix("theta_bar", dtype="float64")],
        )

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: Any) -> None:
        """Run without PyTensor's Numba backend."""
        output_storage[0][0] = _run_backward(*inputs)

    def infer_shape(self, node: Apply, shapes: Any) -> list[tuple[Any, ...]]:
        """Give the shapes of the outputs."""
        return [shapes[2]]


def _typed(theta: Any, order: Any, grid: Sequence[Any]) -> list[Variable]:
    arrays = [pt.as_tensor(a, dtype=kind) for a, kind in zip(grid, _KINDS, strict=True)]
    return [pt.as_tensor(theta).astype("float64"), pt.as_tensor(order, dtype="int64"), *arrays]


def _run_forward(theta: Any, order: Any, *grid: Any) -> tuple[np.ndarray, np.ndarray]:
    if theta.shape != (len(grid[5]), len(PARAMETERS)):
        raise ValueError("theta must be (lane, parameter), with as many lanes as the grid")
    blocks, stride = _plan(order, grid)
    tape = np.empty(blocks * stride)
    states = np.empty((*grid[5].shape, len(STATES)))
    sizes = grid_sizes(order, len(theta), grid, (0, blocks, stride))
    theta, lanes = np.ascontiguousarray(theta), np.arange(len(theta))
    call("forward", sizes, theta, order, lanes, *grid, tape, states, tape)
    return states, tape


def _run_backward(cotangent: Any, tape: Any, theta: Any, order: Any, *grid: Any) -> np.ndarray:
    if cotangent.shape != (*grid[5].shape, len(STATES)):
        raise ValueError("a cotangent must be (lane, output, state)")
    blocks, stride = _plan(order, grid)
    gradient = np.empty((len(theta), len(PARAMETERS)))
    sizes = grid_sizes(order, len(theta), grid, (0, blocks, stride))
    theta, lanes = np.ascontiguousarray(theta), np.arange(len(theta))
    bar = np.ascontiguousarray(cotangent)
    call("backward", sizes, theta, order, lanes, *grid, tape, bar, gradient)
    return gradient


def _external(function: str) -> types.ExternalFunction:
    """Name the compiled solver, for Numba code."""
    return types.ExternalFunction(symbol(function), kernel().SIGNATURE)


@register_funcify_and_cache_key(SolveOp)
def _numba_solve(op: SolveOp, node: Apply, **kwargs: Any) -> tuple[Callable[..., Any], str]:
    run, width, block, parameters = _external("forward"), len(STATES), BLOCK, len(PARAMETERS)

    @njit
    def solve_states(theta: Any, order: Any, *grid: Any) -> Any:
        start, steps, h, row_of, table, nodes, kind = grid
        lanes, outputs = nodes.shape
        if theta.shape != (lanes, parameters):
            raise ValueError("theta must be (lane, parameter), with as many lanes as the grid")
        blocks, stride = order.size // block, (h.shape[1] + 1) * width * block
        sizes = np.array(
            [lanes, lanes, h.shape[1], table.shape[0], outputs, 0, blocks, stride, blocks]
        )
        tape = np.empty(blocks * stride)
        states = np.empty((lanes, outputs, width))
        flat, rows = np.ascontiguousarray(theta), np.arange(lanes)
        run(
            sizes.ctypes, flat.ctypes, order.ctypes, rows.ctypes, start.ctypes, steps.ctypes,
            h.ctypes, row_of.ctypes, table.ctypes, nodes.ctypes, kind.ctypes,
            tape.ctypes, states.ctypes, tape.ctypes,
        )  # fmt: skip
        return states, tape

    return solve_states, f"metinfer-solve-{op.version}-4"


@register_funcify_and_cache_key(PullbackOp)
def _numba_pullback(op: PullbackOp, node: Apply, **kwargs: Any) -> tuple[Callable[..., Any], str]:
    run, width, block, parameters = _external("backward"), len(STATES), BLOCK, len(PARAMETERS)

    @njit
    def solve_pullback(cotangent: Any, tape: Any, theta: Any, order: Any, *grid: Any) -> Any:
        start, steps, h, row_of, table, nodes, kind = grid
        lanes, outputs = nodes.shape
        if cotangent.shape != (lanes, outputs, width):
            raise ValueError("a cotangent must be (lane, output, state)")
        blocks, stride = order.size // block, (h.shape[1] + 1) * width * block
        sizes = np.array(
            [lanes, lanes, h.shape[1], table.shape[0], outputs, 0, blocks, stride, blocks]
        )
        gradient = np.empty((lanes, parameters))
        flat, rows = np.ascontiguousarray(theta), np.arange(lanes)
        bar = np.ascontiguousarray(cotangent)
        run(
            sizes.ctypes, flat.ctypes, order.ctypes, rows.ctypes, start.ctypes, steps.ctypes,
            h.ctypes, row_of.ctypes, table.ctypes, nodes.ctypes, kind.ctypes,
            tape.ctypes, bar.ctypes, gradient.ctypes,
        )  # fmt: skip
        return gradient

    return solve_pullback, f"metinfer-pullback-{op.version}-4"


def solve_op(theta: Any, grid: Grid) -> Variable:
    """States of every lane as a PyTensor expression, differentiable in `theta`.

    Parameters
    ----------
    theta : tensor (lane, parameter)
        In the order of `equations.PARAMETERS`; row i is solved on grid lane i.
    grid : Grid

    Returns
    -------
    TensorVariable (lane, output, state)
        NaN throughout for a lane that failed.
    """
    order = grid.order(np.arange(len(grid)))
    states, _ = SolveOp()(theta, order, *[pt.constant(a) for a in grid.arrays])
    return states
