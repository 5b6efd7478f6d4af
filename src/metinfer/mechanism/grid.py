"""Time grids: graded steps that hit every break point and every output of each lane."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property

import numpy as np
import sympy as sp

from metinfer.errors import MetinferError
from metinfer.mechanism.codegen import BLOCK, DOSED, FAILED, MOVING, STILL
from metinfer.mechanism.dosed import DRUGS, NODE_VALUES, NODES
from metinfer.mechanism.equations import INPUTS, PREPARED, TUMOUR_INPUTS
from metinfer.mechanism.inputs import FIRST_STEP, Constant, Input, Steps, as_input
from metinfer.mechanism.placement import SHRINK, Pattern, Placement

#: A step is at most this share of the time since the last jump.
GROWTH = 0.15
#: A step is at most this share of the lane's horizon.
SHARE = 1.0 / 80.0
#: Longest step in days: a therapy may raise loss rates so much that founders fall by e within
#: weeks. Steps of a niche at rest are exact, and as long as outputs and arrivals allow.
LONGEST = 16.0
#: Under doses: the first step in days after one, and its largest share of the time since. What
#: drugs set off within days is exact there, so that these need not resolve it.
DOSED_FIRST, DOSED_GROWTH = 4.0, 0.3
#: Longest step in days of a lane in which nothing but doses moves the niche: no therapy lasts.
DOSED_LONGEST = 46.0
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
    table : ndarray (row, 3 inputs + node values)
        Inputs at the start, middle and end of a step; then for each of `dosed.NODES` nodes its
        place (-1 to 1), weight and drug levels, zero except under doses.
    start : ndarray (lane, inputs + 1)
        Inputs just before time zero, and whether arriving founders come at once.
    nodes : ndarray of int (lane, output)
        Step after which an output lies.
    kind : ndarray of int (lane,)
        0; 1 where the niche starts at its steady state and stays there; 2 where the grid would
        exceed the step limit; 3 under doses.
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
        of = np.where(self.kind == FAILED, MOVING, self.kind)[lane_of]
        parts = []
        for group in (np.flatnonzero(of == kind) for kind in (STILL, MOVING, DOSED)):
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
    doses = [Placement([lane.input(n) for n in DRUGS]) if _dosed(lane) else None for lane in lanes]
    plans = [_plan(lane, given, refine) for lane, given in zip(lanes, doses, strict=True)]
    kind = np.array([k for k, _ in plans])
    edges = [e for _, e in plans]
    steps = np.array([len(e) - 1 for e in edges])
    h = np.zeros((len(lanes), max(int(steps.max()), 1)))
    for i, e in enumerate(edges):
        h[i, : steps[i]] = np.diff(e)
    table, row_of = _table(lanes, edges, doses, h.shape[1])
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


def _plan(lane: Lane, doses: Placement | None, refine: int) -> tuple[int, np.ndarray]:
    """Kind of a lane, and the nodes of its steps (days)."""
    edges = _split(_edges(lane, doses), refine)
    if len(edges) > STEP_LIMIT:
        return FAILED, edges[:1]
    resting = _split(_stops(lane), refine)
    if _rests(lane, edges, resting):
        return STILL, resting
    return (MOVING if doses is None else DOSED), edges


def _dosed(lane: Lane) -> bool:
    """Whether drug levels change within steps, and no other input that acts on the niche does."""
    smooth = {n for n in lane.inputs if not _constant_between(lane.input(n), lane.outputs[-1])}
    return bool(smooth & set(DRUGS)) and smooth <= {*DRUGS, *TUMOUR_INPUTS}


def _only_drugs(lane: Lane) -> bool:
    """Whether every other input that acts on the niche stays as it was before time zero."""
    others = set(lane.inputs) - {*DRUGS, *TUMOUR_INPUTS}
    return not lane.healthy_start and not any(lane.input(name).breaks() for name in others)


def _constant_between(source: Input, horizon: float) -> bool:
    """Whether an input is constant between its breaks: it then asks for no step of its own."""
    at = np.array([0.0, *(t for t, _ in source.breaks() if 0.0 < t < horizon)])
    return bool(np.isinf(source.longest(at)).all())


def _rests(lane: Lane, edges: np.ndarray, resting: np.ndarray) -> bool:
    """Whether no input moves the niche, and arrival is even over each of the `resting` steps."""
    start = _raw_start(lane)
    for j, name in enumerate(_NAMES):
        tumour = name in TUMOUR_INPUTS
        values = _places(lane.input(name), resting if tumour else edges)
        if np.any(values != (values[:, :1] if tumour else start[j])):
            return False
    return True


def _places(source: Input, edges: np.ndarray) -> np.ndarray:
    """An input at the start, middle and end of each step (step, 3)."""
    begin, end = edges[:-1], edges[1:]
    return np.stack([source.right(begin), source.right(_middle(edges)), source.left(end)], axis=1)


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


def _stops(lane: Lane) -> np.ndarray:
    """Time zero, outputs and breaks of inputs up to the horizon (day,)."""
    breaks = {t for name in lane.inputs for t, _ in lane.input(name).breaks()}
    inner = {t for t in breaks | set(lane.outputs) if 0 < t <= lane.outputs[-1]}
    return np.array([0.0, *sorted(inner)])


def _split(edges: np.ndarray, refine: int) -> np.ndarray:
    """Nodes with every step in `refine` equal parts."""
    if refine == 1 or len(edges) == 1:
        return edges
    parts = edges[:-1, None] + np.diff(edges)[:, None] * np.arange(refine) / refine
    return np.append(parts.ravel(), edges[-1])


def _edges(lane: Lane, doses: Placement | None) -> np.ndarray:
    """Graded nodes of a lane (step + 1,), days."""
    inputs = [lane.input(name) for name in lane.inputs if doses is None or name not in DRUGS]
    niche = [lane.input(name) for name in lane.inputs if name not in TUMOUR_INPUTS]
    kicks = dict.fromkeys(_stops(lane)[1:].tolist(), np.inf)
    for t, first in (b for i in niche for b in i.breaks() if b[0] in kicks):
        kicks[t] = min(first, kicks[t])
    longest = LONGEST
    if doses is not None:
        given = {t for drug in doses.drugs for t, _ in drug.breaks()} & set(kicks)
        kicks |= dict.fromkeys(given, DOSED_FIRST)
        longest = DOSED_LONGEST if _only_drugs(lane) else LONGEST
    first, cap = _pace(lane, niche, longest)
    inputs = [i for i in inputs if not isinstance(i, Constant | Steps)]
    edges = [0.0]
    last = 0.0
    patterns: list[Pattern] = [{} for _ in kicks]
    if doses is not None and not inputs:
        patterns = doses.patterns(np.array([0.0, *kicks]))
    for t, pattern in zip(kicks, patterns, strict=True):
        pace = last, first, DOSED_GROWTH if first == DOSED_FIRST else GROWTH
        known = _known(pattern, edges[-1], pace, cap)
        fitting = None if doses is None else _Fitting(doses, known)
        edges += _between(edges[-1], t, pace, cap, inputs, fitting)
        if len(edges) > STEP_LIMIT:
            break
        if np.isfinite(kicks[t]):
            last, first = t, kicks[t]
    return np.array(edges)


def _known(pattern: Pattern, t: float, pace: tuple[float, float, float], cap: float) -> list[int]:
    """Shrinks known of steps from `t` on at a pace, see `_between`."""
    kick, first, growth = pace
    since = round(min(t - kick, cap / growth), 6)
    return pattern.setdefault((since, first, growth), [])


def _pace(lane: Lane, inputs: Sequence[Input], longest: float) -> tuple[float, float]:
    """First step at time zero, and the longest of all, for the inputs that act on the niche."""
    horizon = lane.outputs[-1]
    start = dict(zip(_NAMES, _raw_start(lane), strict=True))
    jumps = [first for i in inputs for t, first in i.breaks() if t <= 0]
    names = [n for n in _NAMES if n not in TUMOUR_INPUTS]
    if any(start[n] != float(lane.input(n).right(np.zeros(1))[0]) for n in names):
        jumps.append(FIRST_STEP)
    cap = min(horizon * SHARE, longest)
    return min([cap / 4, *jumps]), cap


def _between(
    t: float,
    end: float,
    pace: tuple[float, float, float],
    cap: float,
    inputs: Sequence[Input],
    fitting: _Fitting | None,
) -> list[float]:
    """Nodes after `t` up to `end`; `pace` is the last kick, the first step and its growth."""
    kick, first, growth = pace
    nodes: list[float] = []
    while t < end:
        step = min(max(first, growth * (t - kick)), cap)
        at = np.array([t])
        step = min([step, *(float(i.longest(at)[0]) for i in inputs)])
        left = end - t
        if fitting is not None:
            step = fitting.step(t, min(step, left))
        if left <= step * 1.0001:
            step = left
        elif left < 2 * step:
            step = left / 2
        t = end if step == left else t + step
        nodes.append(t)
        if len(nodes) > STEP_LIMIT:
            break
    return nodes


@dataclass
class _Fitting:
    """Shortens the steps between two stops, in order, until their nodes resolve all effects.

    Parameters
    ----------
    placement : Placement
    known : list of int
        Shrinks of the first steps; those of further steps are added.
    """

    placement: Placement
    known: list[int]
    _taken: int = 0

    def step(self, t: float, step: float) -> float:
        """Longest of `step`, `SHRINK` of it and so on (days)."""
        if self._taken == len(self.known):
            self.known.append(self.placement.shrinks(t, step))
        for _ in range(self.known[self._taken]):
            step *= SHRINK
        self._taken += 1
        return step


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
    lanes: Sequence[Lane],
    edges: Sequence[np.ndarray],
    doses: Sequence[Placement | None],
    width: int,
) -> tuple[np.ndarray, np.ndarray]:
    """Distinct inputs of steps (row, 3 inputs), and the row of each step (lane, step)."""
    parts, row_of = [], np.zeros((len(lanes), width), dtype=np.int64)
    offset = 0
    for i, (lane, e, given) in enumerate(zip(lanes, edges, doses, strict=True)):
        sample = np.concatenate([_sample(lane, e), _nodes(e, given)], axis=1)
        rows, inverse = np.unique(sample, axis=0, return_inverse=True)
        row_of[i, : len(e) - 1] = offset + inverse.ravel()
        offset += len(rows)
        parts.append(rows)
    return np.ascontiguousarray(np.concatenate(parts)), row_of


def _sample(lane: Lane, edges: np.ndarray) -> np.ndarray:
    """Return prepared inputs at the start, middle and end of each step (step, 3 inputs)."""
    values = np.stack([_places(lane.input(name), edges) for name in _NAMES], axis=2)
    return _prepare(lane, values).reshape(len(edges) - 1, 3 * len(_NAMES))


def _nodes(edges: np.ndarray, doses: Placement | None) -> np.ndarray:
    """Node values of each step (step, node values)."""
    shape = (len(edges) - 1, NODES * len(NODE_VALUES))
    if doses is None:
        return np.zeros(shape)
    return doses.nodes(edges[:-1], np.diff(edges)).reshape(shape)
