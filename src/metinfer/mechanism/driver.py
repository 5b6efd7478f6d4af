"""Drivers over blocks of lanes and steps, in the form Numba compiles.

This module is never run as it stands: `codegen.source` copies it into a file of its own, where
the constants have their values and the loops are those of `emit`. Numba infers all types.
"""

# ruff: noqa: ANN001, ANN201
# mypy: ignore-errors

from __future__ import annotations

import math

import numpy as np
from numba import carray, cfunc, njit, types

#: No re-ordering of sums (results must not depend on the cache), but fused multiply-add.
_FLAGS = {"error_model": "numpy", "fastmath": {"contract"}}
tiny = njit(forceinline=True, nogil=True, **_FLAGS)
_REALS, _WHOLES = types.CPointer(types.float64), types.CPointer(types.int64)
#: sizes, theta, order, lane_of, start, steps, h, row_of, table, nodes, kind, tape, and two more.
SIGNATURE = types.void(
    _WHOLES, _REALS, _WHOLES, _WHOLES, _REALS, _WHOLES, _REALS, _WHOLES, _REALS, _WHOLES, _WHOLES,
    _REALS, _REALS, _REALS,
)  # fmt: skip
entry = cfunc(SIGNATURE, cache=True, **_FLAGS)

# --- constants ---
BLOCK = STATES = PARAMETERS = INPUTS = COLUMNS = SIZE = 0
STILL = FAILED = DOSED = 0
THETA = INPUT = STEP = BOLUS = X = ADJOINT = BAR = 0
SETTLE, SETTLED = 0, 0.0


def start_forward(w):
    """States at time zero from parameters and the inputs before (see `emit`)."""


def start_reverse(w):
    """Its gradient."""


def step_forward(w):
    """States after a step, in place of those before."""


def step_reverse(w):
    """Its gradient: adjoints in place, parameters added up."""


def still_forward(w):
    """States after a step of a niche at rest."""


def still_reverse(w):
    """Its gradient."""


def dosed_forward(w):
    """States after a step under doses."""


def dosed_reverse(w):
    """Its gradient."""


# --- end ---


@tiny
def load_lanes(w, block, order, lane_of, theta, start):
    """Parameters and starting inputs of the lanes of a block; the first fills up."""
    for i in range(BLOCK):
        row = order[block * BLOCK + i]
        if row < 0:
            row = order[block * BLOCK]
        lane = lane_of[row]
        for p in range(PARAMETERS):
            w[THETA + p * BLOCK + i] = theta[row, p]
        for u in range(INPUTS):
            w[INPUT + u * BLOCK + i] = start[lane, u]
        w[BOLUS + i] = start[lane, INPUTS]


@tiny
def settle(w):
    """States at time zero: the fixed point of the start, from that without a feedback.

    Without one, the first pass is the answer and the second puts the feedback's own value beside
    it, which its gradient needs.
    """
    for i in range(BLOCK):
        w[X + i] = 1.0
    start_forward(w)
    for _ in range(SETTLE):
        change = 0.0
        for i in range(BLOCK):
            w[ADJOINT + i] = w[X + i]
        start_forward(w)
        for i in range(BLOCK):
            change = max(change, abs(w[X + i] - w[ADJOINT + i]) / w[X + i])
        if not change > SETTLED:
            break


@tiny
def settle_reverse(w, tape, at):
    """Gradient of `settle`: what a pass hands back through the feedback is passed on again."""
    for j in range(STATES * BLOCK):
        w[X + j] = tape[at + j]
    first = 0.0
    for k in range(SETTLE):
        start_reverse(w)
        size = 0.0
        for i in range(BLOCK):
            size = max(size, abs(w[ADJOINT + i]))
        if k == 0:
            first = size
        if not size > SETTLED * first:
            break


@tiny
def load_step(w, held, lanes, k, steps, h, row_of, table):
    """Length and inputs of step k; lanes that have ended take a step of length zero."""
    for i in range(BLOCK):
        lane = lanes[i]
        w[STEP + i] = h[lane, k] if k < steps[lane] else 0.0
        row = row_of[lane, min(k, steps[lane] - 1)] if steps[lane] > 0 else held[i]
        if row != held[i]:
            held[i] = row
            for u in range(COLUMNS):
                w[INPUT + u * BLOCK + i] = table[row, u]


@tiny
def block_lanes(lanes, held, block, order, lane_of, steps):
    """Grid lanes of a block; returns the most steps any of them takes."""
    most = np.int64(0)
    for i in range(BLOCK):
        row = order[block * BLOCK + i]
        lanes[i] = lane_of[row if row >= 0 else order[block * BLOCK]]
        held[i] = -1
        most = max(most, steps[lanes[i]])
    return most


@tiny
def gather(block, order, lanes, nodes, kind, tape, base, states):
    """States at the outputs of the lanes of a block; a failed lane is NaN throughout."""
    for i in range(BLOCK):
        row = order[block * BLOCK + i]
        if row < 0:
            continue
        failed = kind[lanes[i]] == FAILED
        for o in range(nodes.shape[1]):
            at = base + nodes[lanes[i], o] * STATES * BLOCK + i
            for s in range(STATES):
                value = tape[at + s * BLOCK]
                states[row, o, s] = value
                failed = failed or not math.isfinite(value)
        if failed:
            states[row, :, :] = math.nan


@entry
def forward(
    sizes,
    theta_,
    order_,
    lane_of_,
    start_,
    steps_,
    h_,
    row_of_,
    table_,
    nodes_,
    kind_,
    tape_,
    states_,
    spare,
):
    """Solve blocks first to last - 1; `tape` keeps the states at every node.

    `sizes` holds rows, lanes, steps, table rows, outputs, first, last, stride and blocks.
    `order` holds the rows of each block, -1 to fill up; a block is of one kind of lane. A stride of
    zero keeps the tape of one block only.
    """
    size = carray(sizes, 9)
    theta = carray(theta_, (size[0], PARAMETERS))
    order, lane_of = carray(order_, size[8] * BLOCK), carray(lane_of_, size[0])
    start, steps = carray(start_, (size[1], INPUTS + 1)), carray(steps_, size[1])
    h, row_of = carray(h_, (size[1], size[2])), carray(row_of_, (size[1], size[2]))
    table = carray(table_, (size[3], COLUMNS))
    nodes, kind = carray(nodes_, (size[1], size[4])), carray(kind_, size[1])
    first, last, stride = size[5], size[6], size[7]
    tape = carray(tape_, (size[2] + 1) * STATES * BLOCK + stride * (last - first))
    states = carray(states_, (size[0], size[4], STATES))
    w = np.zeros(SIZE)
    lanes = np.zeros(BLOCK, dtype=np.int64)
    held = np.zeros(BLOCK, dtype=np.int64)
    for block in range(first, last):
        most = block_lanes(lanes, held, block, order, lane_of, steps)
        still = kind[lanes[0]] == STILL
        dosed = kind[lanes[0]] == DOSED
        load_lanes(w, block, order, lane_of, theta, start)
        settle(w)
        base = (block - first) * stride
        for j in range(STATES * BLOCK):
            tape[base + j] = w[X + j]
        for k in range(most):
            load_step(w, held, lanes, k, steps, h, row_of, table)
            if still:
                still_forward(w)
            elif dosed:
                dosed_forward(w)
            else:
                step_forward(w)
            at = base + (k + 1) * STATES * BLOCK
            for j in range(STATES * BLOCK):
                tape[at + j] = w[X + j]
        gather(block, order, lanes, nodes, kind, tape, base, states)


@tiny
def add_cotangents(w, k, block, order, lanes, nodes, pointer, cotangent):
    """Add the cotangents of the outputs that lie at node k."""
    for i in range(BLOCK):
        row = order[block * BLOCK + i]
        if row < 0:
            continue
        while pointer[i] >= 0 and nodes[lanes[i], pointer[i]] >= k:
            for s in range(STATES):
                w[ADJOINT + s * BLOCK + i] += cotangent[row, pointer[i], s]
            pointer[i] -= 1


@tiny
def store_gradient(w, block, order, lanes, kind, gradient):
    """Gradient of each lane in its parameters; a failed lane gives zero and harms no other."""
    for i in range(BLOCK):
        row = order[block * BLOCK + i]
        if row < 0:
            continue
        good = kind[lanes[i]] != FAILED
        for p in range(PARAMETERS):
            good = good and math.isfinite(w[BAR + p * BLOCK + i])
        for p in range(PARAMETERS):
            gradient[row, p] = w[BAR + p * BLOCK + i] if good else 0.0


@entry
def backward(
    sizes,
    theta_,
    order_,
    lane_of_,
    start_,
    steps_,
    h_,
    row_of_,
    table_,
    nodes_,
    kind_,
    tape_,
    cotangent_,
    gradient_,
):
    """Exact gradient of sum(cotangent * states) of the discrete scheme, from the whole tape."""
    size = carray(sizes, 9)
    theta = carray(theta_, (size[0], PARAMETERS))
    order, lane_of = carray(order_, size[8] * BLOCK), carray(lane_of_, size[0])
    start, steps = carray(start_, (size[1], INPUTS + 1)), carray(steps_, size[1])
    h, row_of = carray(h_, (size[1], size[2])), carray(row_of_, (size[1], size[2]))
    table = carray(table_, (size[3], COLUMNS))
    nodes, kind = carray(nodes_, (size[1], size[4])), carray(kind_, size[1])
    first, last, stride = size[5], size[6], size[7]
    tape = carray(tape_, stride * (last - first))
    cotangent = carray(cotangent_, (size[0], size[4], STATES))
    gradient = carray(gradient_, (size[0], PARAMETERS))
    w = np.zeros(SIZE)
    lanes = np.zeros(BLOCK, dtype=np.int64)
    held = np.zeros(BLOCK, dtype=np.int64)
    pointer = np.zeros(BLOCK, dtype=np.int64)
    for block in range(first, last):
        most = block_lanes(lanes, held, block, order, lane_of, steps)
        still = kind[lanes[0]] == STILL
        dosed = kind[lanes[0]] == DOSED
        load_lanes(w, block, order, lane_of, theta, start)
        for j in range(STATES * BLOCK):
            w[ADJOINT + j] = 0.0
        for j in range(PARAMETERS * BLOCK):
            w[BAR + j] = 0.0
        for j in range(BLOCK):
            pointer[j] = nodes.shape[1] - 1
        for k in range(most, 0, -1):
            add_cotangents(w, k, block, order, lanes, nodes, pointer, cotangent)
            load_step(w, held, lanes, k - 1, steps, h, row_of, table)
            at = (block - first) * stride + (k - 1) * STATES * BLOCK
            for j in range(STATES * BLOCK):
                w[X + j] = tape[at + j]
            if still:
                still_reverse(w)
            elif dosed:
                dosed_reverse(w)
            else:
                step_reverse(w)
        add_cotangents(w, 0, block, order, lanes, nodes, pointer, cotangent)
        load_lanes(w, block, order, lane_of, theta, start)
        settle_reverse(w, tape, (block - first) * stride)
        store_gradient(w, block, order, lanes, kind, gradient)
