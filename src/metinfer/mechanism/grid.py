"""Time grids: graded steps that hit every break point and every output of each lane."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property

import numpy as np
import sympy as sp

from metinfer.errors import MetinferError
from metinfer.mechanism.codegen import BLOCK, FAILED, MOVING, STILL
from metinfer.mechanism.equations import INPUTS, PREPARED, TUMOUR_INPUTS
from metinfer.mechanism.inputs import FIRST_STEP, Constant, Input, Steps, as_input

#: A step is at most this share of the time since the last jump.
GROWTH = 0.2
#: A step is at most this share of the lane's horizon: in general, and with a niche at rest.
SHARE, REST_SHARE = 1.0 / 60.0, 1.0 / 40.0
#: Longest step in days, in general and with a niche at rest: a therapy may raise loss rates so
#: much that founders fall by e within weeks; at rest, growth is the fastest process.
LONGEST, REST_LONGEST = 20.0, 40.0
#: Longest grid of one lane, in steps.
STEP_LIMIT = 200_000
_NAMES = tuple(i.name for i in INPUTS)


@dataclass(frozen=True)
class Lane:
    """One solve: when to report, and under which inputs.

    Attributes
    ----------
    name : str
    outputs : tuple of float
        Days, ascending, from 0 on.
    inputs : mapping of str to Input or float
        What differs from the defaults of `equations.INPUTS`.
    bolus : bool
        The arriving founders come at once at time zero.
    healthy_start : bool
        The niche starts healthy; otherwise at steady state under the inputs just before time
        zero.
    """

    name: str
    outputs: tuple[float, ...]
    inputs: Mapping[str, Input | float] = field(default_factory=dict)
    bolus: bool = False
    healthy_start: bool = False

    def input(self, name: str) -> Input:
        """Return the input of that name, or its default."""
        return as_input(self.inputs.get(name, _DEFAULT[name]))


_DEFAULT = {i.name: i.default for i in INPUTS}


@dataclass(frozen=True)
class Grid:
    """Steps and inputs of all lanes, ready for the compiled solver.

    Attributes
    ----------
    names : tuple of str (lane,)
    outputs : ndarray (lane, output)
        Days; short lanes repeat their last output.
    steps : ndarray of int (lane,)
        Steps of each lane.
    h : ndarray (lane, step)
        Step lengths in days, 0 beyond a lane's end.
    row_of : ndarray of int (lane, step)
        Row of `table` with the inputs of a step.
    table : ndarray (row, 3 inputs)
        Inputs at the start, middle and end of a step.
    start : ndarray (lane, inputs + 1)
        Inputs just before time zero, and whether arriving founders come at once.
    nodes : ndarray of int (lane, output)
        Step after which an output lies.
    kind : ndarray of int (lane,)
        0; 1 where the niche starts at its steady state and stays there; 2 where the grid would
        exceed the step limit.
    """

    names: tuple[str, ...]
    outputs: np.ndarray
    steps: np.ndarray
    h: np.ndarray
    row_of: np.ndarray
    table: np.ndarray
    start: np.ndarray
    nodes: np.ndarray
    kind: np.ndarray

    @cached_property
    def key(self) -> str:
        """Hash of all numbers."""
        digest = hashlib.sha256()
        for array in self.arrays:
            digest.update(repr((array.shape, array.dtype.str)).encode())
            digest.update(np.ascontiguousarray(array).tobytes())
        return digest.hexdigest()

    @property
    def arrays(self) -> tuple[np.ndarray, ...]:
        """Start, steps, h, row_of, table, nodes and kind, as the compiled solver takes them."""
        return (self.start, self.steps, self.h, self.row_of, self.table, self.nodes, self.kind)

    def order(self, lane_of: np.ndarray) -> np.ndarray:
        """Rows of parameters in blocks of one kind and of like length, -1 where one is not full.

        Parameters
        ----------
        lane_of : ndarray of int (row,)
            Grid lane of each row.
        """
        still = self.kind[lane_of] == STILL
        parts = []
        for group in (np.flatnonzero(still), np.flatnonzero(~still)):
            sorted_ = group[np.argsort(self.steps[lane_of[group]], kind="stable")]
            parts += [sorted_, np.full(-len(group) % BLOCK, -1)]
        return np.concatenate(parts).astype(np.int64)

    def __len__(self) -> int:
        return len(self.names)


def build_grid(lanes: Sequence[Lane], refine: int = 1) -> Grid:
    """Graded grid of some lanes.

    Parameters
    ----------
    lanes : sequence of Lane
    refine : int
        Into how many equal parts every step is divided (for checking the grid).

    Returns
    -------
    Grid
    """
    if not lanes:
        raise MetinferError("a grid needs at least one lane")
    for lane in lanes:
        _check(lane)
    edges = [_edges(lane, refine) for lane in lanes]
    kind = np.array([_kind(lane, e) for lane, e in zip(lanes, edges, strict=True)])
    edges = [e[:1] if k == FAILED else e for e, k in zip(edges, kind, strict=True)]
    steps = np.array([len(e) - 1 for e in edges])
    h = np.zeros((len(lanes), max(int(steps.max()), 1)))
    for i, e in enumerate(edges):
        h[i, : steps[i]] = np.diff(e)
    table, row_of = _table(lanes, edges, h.shape[1])
    width = max(len(lane.outputs) for lane in lanes)
    outputs = np.array(
        [[*lane.outputs, *[lane.outputs[-1]] * (width - len(lane.outputs))] for lane in lanes]
    )
    nodes = np.array(
        [np.minimum(np.searchsorted(e, o), len(e) - 1) for e, o in zip(edges, outputs, strict=True)]
    )
    start = np.array([_start(lane) for lane in lanes])
    return Grid(
        tuple(lane.name for lane in lanes), outputs, steps, h, row_of, table, start, nodes, kind
    )


def _kind(lane: Lane, edges: np.ndarray) -> int:
    if len(edges) > STEP_LIMIT:
        return FAILED
    start = _raw_start(lane)
    for j, name in enumerate(_NAMES):
        if name in TUMOUR_INPUTS:
            continue
        source = lane.input(name)
        times = np.concatenate(
            [source.right(edges[:-1]), source.right(_middle(edges)), source.left(edges[1:])]
        )
        if np.any(times != start[j]):
            return MOVING
    return STILL


def _middle(edges: np.ndarray) -> np.ndarray:
    return (edges[:-1] + edges[1:]) / 2


def _check(lane: Lane) -> None:
    times = np.asarray(lane.outputs, dtype=float)
    if (
        times.size == 0
        or not np.all(np.isfinite(times))
        or times[0] < 0
        or np.any(np.diff(times) < 0)
    ):
        raise MetinferError(
            f"lane {lane.name!r}: outputs must be ascending days from 0 on, got {lane.outputs}"
        )
    unknown = sorted(set(lane.inputs) - set(_NAMES))
    if unknown:
        raise MetinferError(
            f"lane {lane.name!r}: unknown input {unknown[0]!r}; known: {', '.join(_NAMES)}"
        )


def _edges(lane: Lane, refine: int) -> np.ndarray:
    """Nodes of a lane (step + 1,), days."""
    horizon = lane.outputs[-1]
    inputs = [lane.input(name) for name in lane.inputs]
    niche = [lane.input(name) for name in lane.inputs if name not in TUMOUR_INPUTS]
    stops = {t for i in inputs for t, _ in i.breaks()} | set(lane.outputs)
    kicks = dict.fromkeys([t for t in stops if 0 < t <= horizon], np.inf)
    for t, first in (b for i in niche for b in i.breaks() if b[0] in kicks):
        kicks[t] = min(first, kicks[t])
    first, cap = _pace(lane, niche)
    inputs = [i for i in inputs if not isinstance(i, Constant | Steps)]
    edges = [0.0]
    last = 0.0
    for t in sorted(kicks):
        edges += _between(edges[-1], t, last, first, cap, inputs)
        if len(edges) > STEP_LIMIT:
            return np.array(edges)
        if np.isfinite(kicks[t]):
            last, first = t, kicks[t]
    edges_ = np.array(edges)
    if refine > 1 and len(edges) > 1:
        parts = edges_[:-1, None] + np.diff(edges_)[:, None] * np.arange(refine) / refine
        edges_ = np.append(parts.ravel(), edges_[-1])
    return edges_


def _pace(lane: Lane, inputs: Sequence[Input]) -> tuple[float, float]:
    """First step at time zero, and the longest of all, for the inputs that act on the niche."""
    horizon = lane.outputs[-1]
    start = dict(zip(_NAMES, _raw_start(lane), strict=True))
    jumps = [first for i in inputs for t, first in i.breaks() if t <= 0]
    names = [n for n in _NAMES if n not in TUMOUR_INPUTS]
    if any(start[n] != float(lane.input(n).right(np.zeros(1))[0]) for n in names):
        jumps.append(FIRST_STEP)
    if not jumps and not any(t < horizon for i in inputs for t, _ in i.breaks()):
        cap = min(horizon * REST_SHARE, REST_LONGEST)
        return cap / 4, cap
    cap = min(horizon * SHARE, LONGEST)
    return min([cap / 4, *jumps]), cap


def _between(
    t: float, end: float, kick: float, first: float, cap: float, inputs: Sequence[Input]
) -> list[float]:
    """Nodes after `t` up to `end`, growing with the time since `kick`."""
    nodes: list[float] = []
    while t < end:
        step = min(max(first, GROWTH * (t - kick)), cap)
        at = np.array([t])
        step = min([step, *(float(i.longest(at)[0]) for i in inputs)])
        left = end - t
        if left <= step * 1.0001:
            step = left
        elif left < 2 * step:
            step = left / 2
        t = end if step == left else t + step
        nodes.append(t)
        if len(nodes) > STEP_LIMIT:
            break
    return nodes


def _raw_start(lane: Lane) -> list[float]:
    if lane.healthy_start:
        return [_DEFAULT[n] for n in _NAMES]
    return [float(lane.input(n).left(np.zeros(1))[0]) for n in _NAMES]


def _start(lane: Lane) -> list[float]:
    raw = np.array(_raw_start(lane))[None, :]
    return [*_prepare(lane, raw)[0], float(lane.bolus)]


def _prepare(lane: Lane, values: np.ndarray) -> np.ndarray:
    """Put functions of one input in place of it, and check that all are finite (..., inputs)."""
    result = values.copy()
    with np.errstate(all="ignore"):
        for name, function in _functions():
            result[..., _NAMES.index(name)] = function(values[..., _NAMES.index(name)])
    for j, name in enumerate(_NAMES):
        bad = values[..., j][~np.isfinite(result[..., j])]
        if bad.size:
            raise MetinferError(f"lane {lane.name!r}: input {name} cannot be {bad[0]:g}")
    return result


@cache
def _functions() -> tuple[tuple[str, Callable[[np.ndarray], np.ndarray]], ...]:
    """Functions of one input alone, by the name of the input."""
    return tuple(
        (name, sp.lambdify(sp.Symbol(name, real=True), expression, "numpy"))
        for name, (_, expression) in PREPARED.items()
    )


def _table(
    lanes: Sequence[Lane], edges: Sequence[np.ndarray], width: int
) -> tuple[np.ndarray, np.ndarray]:
    """Distinct inputs of steps (row, 3 inputs), and the row of each step (lane, step)."""
    parts, row_of = [], np.zeros((len(lanes), width), dtype=np.int64)
    offset = 0
    for i, (lane, e) in enumerate(zip(lanes, edges, strict=True)):
        rows, inverse = np.unique(_sample(lane, e), axis=0, return_inverse=True)
        row_of[i, : len(e) - 1] = offset + inverse.ravel()
        offset += len(rows)
        parts.append(rows)
    return np.ascontiguousarray(np.concatenate(parts)), row_of


def _sample(lane: Lane, edges: np.ndarray) -> np.ndarray:
    """Return prepared inputs at the start, middle and end of each step (step, 3 inputs)."""
    begin, end = edges[:-1], edges[1:]
    middle = _middle(edges)
    values = np.empty((len(begin), 3, len(_NAMES)))
    for j, name in enumerate(_NAMES):
        source = lane.input(name)
        values[:, 0, j], values[:, 1, j], values[:, 2, j] = (
            source.right(begin), source.right(middle), source.left(end),
        )  # fmt: skip
    return _prepare(lane, values).reshape(len(begin), 3 * len(_NAMES))
