"""The compiled solve over lanes, in NumPy arrays: states at the outputs, and a status per lane."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from metinfer.errors import MetinferError
from metinfer.mechanism.codegen import BLOCK, FAILED
from metinfer.mechanism.compile import call, kernel
from metinfer.mechanism.equations import PARAMETERS, STATES
from metinfer.mechanism.grid import Grid

OK, NON_FINITE, STEP_LIMIT = 0, 1, 2
STATUS = {
    OK: "ok",
    NON_FINITE: "a state is not finite",
    STEP_LIMIT: "the grid exceeds the step limit",
}
#: Rows of parameters below which a second thread does not pay.
ROWS_PER_THREAD = 64


@dataclass(frozen=True)
class Solution:
    """States of every row of parameters.

    Attributes
    ----------
    states : ndarray (lane, output, state)
        NaN throughout for a lane that failed.
    status : ndarray of int (lane,)
        0 ok, 1 a state is not finite, 2 the grid exceeds the step limit.
    """

    states: np.ndarray
    status: np.ndarray

    def state(self, name: str) -> np.ndarray:
        """One state (lane, output)."""
        return self.states[..., [s.name for s in STATES].index(name)]


def tape_stride(grid: Grid) -> int:
    """Numbers that one block of lanes writes: all states at all nodes."""
    return (grid.h.shape[1] + 1) * len(STATES) * BLOCK


def grid_sizes(
    order: np.ndarray, rows: int, arrays: Sequence[np.ndarray], span: tuple[int, int, int]
) -> list[int]:
    """Sizes in the order in which the compiled solver reads them.

    Parameters
    ----------
    order : ndarray of int (row,)
        As from `Grid.order`.
    rows : int
        Rows of parameters.
    arrays : sequence of ndarray
        As in `Grid.arrays`.
    span : (int, int, int)
        First block, last block + 1, numbers on the tape from block to block.
    """
    h, table, nodes = arrays[2], arrays[4], arrays[5]
    return [rows, *h.shape, len(table), nodes.shape[1], *span, len(order) // BLOCK]


def solve(
    theta: np.ndarray, grid: Grid, lane_of: np.ndarray | None = None, threads: int | None = None
) -> Solution:
    """Solve the model for rows of parameters.

    Parameters
    ----------
    theta : ndarray (lane, parameter)
        In the order of `equations.PARAMETERS`.
    grid : Grid
    lane_of : ndarray of int (lane,), optional
        Grid lane of each row of `theta`, so that many draws share one; by default row i is
        grid lane i.
    threads : int, optional
        By default as many as there are processors. The result does not depend on it.

    Returns
    -------
    Solution
    """
    theta = np.ascontiguousarray(theta, dtype=np.float64)
    lanes = np.arange(len(grid)) if lane_of is None else np.asarray(lane_of, dtype=np.int64)
    _check(theta, lanes, grid)
    states = np.empty((len(theta), grid.nodes.shape[1], len(STATES)))
    order = grid.order(lanes)
    blocks = len(order) // BLOCK
    workers = max(1, min(threads or os.cpu_count() or 1, len(theta) // ROWS_PER_THREAD))
    cuts = np.linspace(0, blocks, 8 * workers + 1 if workers > 1 else 2).astype(int)
    args = (theta, order, lanes, *grid.arrays)

    def run(first: int, last: int) -> None:
        tape = np.empty(tape_stride(grid))
        call(
            "forward",
            grid_sizes(order, len(theta), grid.arrays, (first, last, 0)),
            *args,
            tape,
            states,
            tape,
        )

    if workers == 1:
        run(0, blocks)
    else:
        kernel()
        with ThreadPoolExecutor(workers) as pool:
            list(pool.map(run, cuts[:-1], cuts[1:]))
    failed = np.isnan(states).any(axis=(1, 2))
    limit = grid.kind[lanes] == FAILED
    return Solution(states, np.where(limit, STEP_LIMIT, np.where(failed, NON_FINITE, OK)))


def _check(theta: np.ndarray, lanes: np.ndarray, grid: Grid) -> None:
    if theta.ndim != 2 or theta.shape[1] != len(PARAMETERS):
        raise MetinferError(
            f"theta must be (lane, {len(PARAMETERS)} parameters), got {theta.shape}"
        )
    if len(lanes) != len(theta):
        raise MetinferError(f"{len(theta)} rows of parameters for {len(lanes)} lanes")
    if len(lanes) and (lanes.min() < 0 or lanes.max() >= len(grid)):
        raise MetinferError(f"lane_of must lie in 0 to {len(grid) - 1}")


def default_theta(rows: int, **values: float) -> np.ndarray:
    """Default parameters repeated (lane, parameter), with some values replaced."""
    unknown = set(values) - {p.name for p in PARAMETERS}
    if unknown:
        raise MetinferError(f"unknown parameter {sorted(unknown)[0]!r}")
    return np.tile([values.get(p.name, p.default) for p in PARAMETERS], (rows, 1)).astype(float)
