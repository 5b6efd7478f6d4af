"""From a PyTensor graph to a tape: instructions that one compiled machine runs.

Statistics and observables stay written once, in PyTensor. A tape is their graph as data: indexing,
reshaping and joining turn into *places* in a workspace while the tape is made and cost nothing when
it runs; what is left is elementary operations, sums and the solver. A changed table is another
tape (made in a fraction of a second), and nothing is compiled for it.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

import numpy as np
import pytensor.tensor as pt
from pytensor.graph.basic import Apply, Constant, Variable
from pytensor.graph.traversal import io_toposort

from metinfer.errors import MetinferError
from metinfer.mechanism.codegen import BLOCK
from metinfer.mechanism.equations import STATES
from metinfer.mechanism.solve import grid_sizes

#: Evaluations below which a second thread does not pay.
ROWS_PER_THREAD = 16


@dataclass(frozen=True)
class Tape:
    """A program and the numbers that it reads.

    Attributes
    ----------
    program : ndarray of int
    prelude : ndarray of int
        Program of what depends on data alone; its results lie among `numbers`.
    numbers : ndarray
        Data, constants and what derives from them, then the solver's grid.
    inputs : mapping of str to slice
        Where each input lies in the vector of inputs.
    data : mapping of str to ndarray of int
        Name of the data -> places in `numbers`, in its own shape.
    outputs : mapping of str to ndarray of int
        Name of an output -> places in the vector of outputs, in its own shape.
    """

    program: np.ndarray
    prelude: np.ndarray
    numbers: np.ndarray
    inputs: Mapping[str, slice]
    data: Mapping[str, np.ndarray]
    outputs: Mapping[str, np.ndarray]

    @property
    def size(self) -> int:
        """Length of the vector of inputs."""
        return int(self.program[0])

    @property
    def results(self) -> int:
        """Length of the vector of outputs."""
        return int(self.program[5])

    def gradient(self, x: np.ndarray, cotangent: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Outputs (output,) at `x` (input,), and the gradient (input,) of cotangent . outputs."""
        lengths = [len(self.program), len(self.numbers)]
        work, out = np.empty(self.program[2] + self.program[8]), np.empty(self.results)
        found = np.empty(self.size)
        x, bar = np.ascontiguousarray(x, dtype=float), np.ascontiguousarray(cotangent, dtype=float)
        entries()["one"](lengths, self.program, self.numbers, x, work, out)
        entries()["reverse"](lengths, self.program, self.numbers, work, bar, found)
        return out, found

    def with_data(self, **updates: Any) -> Tape:
        """The tape with other data, each of its own shape.

        Raises
        ------
        KeyError, ValueError
            If it has no data of that name, or of that shape.
        """
        numbers = self.numbers.copy()
        for name, values in updates.items():
            places = self.data[name]
            if np.shape(values) != places.shape:
                raise ValueError(f"{name} has the shape {places.shape}, not {np.shape(values)}")
            numbers[places] = values
        return replace(self, numbers=numbers).settled()

    def settled(self) -> Tape:
        """The tape with everything computed that derives from its data alone."""
        copied = int(self.prelude[1])
        work, none = np.empty(int(self.prelude[2])), np.empty(0)
        lengths = [len(self.prelude), len(self.numbers)]
        entries()["one"](lengths, self.prelude, self.numbers, np.zeros(self.size), work, none)
        return replace(self, numbers=np.concatenate([work[self.size :], self.numbers[copied:]]))

    def run(self, x: np.ndarray) -> dict[str, np.ndarray]:
        """Outputs of many vectors of inputs at once.

        Parameters
        ----------
        x : ndarray (draw, input)

        Returns
        -------
        dict
            Name of an output -> (draw, ...) in its own shape.
        """
        x = np.ascontiguousarray(x, dtype=float)
        if x.ndim != 2 or x.shape[1] != self.size:
            raise MetinferError(f"a tape of {self.size} inputs got an array of shape {x.shape}")
        out = np.empty((len(x), self.results))
        workers = max(1, min(os.cpu_count() or 1, len(x) // ROWS_PER_THREAD))
        cuts = np.linspace(0, len(x), 4 * workers + 1 if workers > 1 else 2).astype(int)
        many = entries()["many"]

        def part(first: int, last: int) -> None:
            lengths = [len(self.program), len(self.numbers), first, last, len(x)]
            many(lengths, self.program, self.numbers, x, out)

        if workers == 1:
            part(0, len(x))
        else:
            with ThreadPoolExecutor(workers) as pool:
                list(pool.map(part, cuts[:-1], cuts[1:]))
        return {name: out[:, places] for name, places in self.outputs.items()}


@cache
def entries() -> dict[str, Callable[..., None]]:
    """The machine's compiled functions, called with a list of lengths and arrays."""
    from metinfer.inference import tape_kernel

    def wrapped(entry: Any) -> Callable[..., None]:
        raw = entry.ctypes
        kinds = raw.argtypes

        def call(lengths: Sequence[int], *arrays: np.ndarray) -> None:
            held = [np.array(lengths, dtype=np.int64), *arrays]
            raw(*[ctypes.cast(a.ctypes.data, k) for a, k in zip(held, kinds, strict=True)])

        return call

    return {name: wrapped(getattr(tape_kernel, name)) for name in ("many", "one", "reverse")}


def record(
    inputs: Mapping[str, Variable],
    data: Mapping[str, tuple[Variable, Any]],
    outputs: Mapping[str, Variable],
    first: Sequence[str] = (),
) -> Tape:
    """The tape of a PyTensor graph.

    Parameters
    ----------
    inputs : mapping of str to Variable
        Vectors or arrays of static shape, in the order in which they lie in the inputs.
    data : mapping of str to (Variable, array)
        What may be replaced later, with its value.
    outputs : mapping of str to Variable
    first : sequence of str
        Data that lie first in `Tape.numbers`, in this order.

    Raises
    ------
    MetinferError
        If the graph uses an operation that no tape has.
    """
    recorder = Recorder()
    spans, at = {}, 0
    for name, variable in inputs.items():
        shape = variable.type.shape
        if any(n is None for n in shape):
            raise MetinferError(f"the input {name} has no static shape")
        size = int(np.prod(shape, dtype=int))
        recorder.places[variable] = np.arange(at, at + size).reshape(shape)
        spans[name] = slice(at, at + size)
        at += size
    recorder.begin(at)
    layout = {}
    for name in (*first, *(n for n in data if n not in first)):
        variable, values = data[name]
        recorder.places[variable] = recorder.hold(np.asarray(values, dtype=float))
        layout[name] = recorder.places[variable] - at
    for node in io_toposort(list(recorder.places), list(outputs.values())):
        recorder.read(node)
    found = {name: recorder.at(variable) for name, variable in outputs.items()}
    order = np.cumsum([0, *(a.size for a in found.values())])
    shapes = {
        name: np.arange(begin, begin + a.size).reshape(a.shape)
        for (name, a), begin in zip(found.items(), order, strict=False)
    }
    flat = np.concatenate([np.zeros(0, dtype=np.int64), *(a.ravel() for a in found.values())])
    program, prelude, numbers = recorder.finish(flat)
    return Tape(program, prelude, numbers, spans, layout, shapes).settled()


@dataclass
class Recorder:
    """A tape in the making.

    Attributes
    ----------
    places : dict
        Variable -> places of its numbers in the workspace, in its shape.
    known : dict
        Variable -> its value, where it does not depend on inputs or data.
    """

    places: dict[Variable, np.ndarray] = field(default_factory=dict)
    known: dict[Variable, np.ndarray] = field(default_factory=dict)
    _rows: list[_Row] = field(default_factory=list)
    _static: list[_Row] = field(default_factory=list)
    _held: list[np.ndarray] = field(default_factory=list)
    _constants: dict[tuple[Any, ...], int] = field(default_factory=dict)
    _made: dict[tuple[Any, ...], np.ndarray] = field(default_factory=dict)
    _solver: SolverPart | None = None
    _inputs: int = 0
    _copied: int = 0
    _temporary: int = 0

    def begin(self, inputs: int) -> None:
        """Place what follows behind so many inputs."""
        self._inputs = inputs

    def hold(self, values: np.ndarray) -> np.ndarray:
        """Places of numbers that are copied into the workspace, in their shape."""
        at = self._inputs + self._copied
        self._held.append(values.ravel())
        self._copied += values.size
        return np.arange(at, at + values.size).reshape(values.shape)

    def at(self, variable: Variable) -> np.ndarray:
        """Places of a variable; those of a known value are made when first asked for."""
        if variable in self.places:
            return self.places[variable]
        values = np.asarray(self.value(variable), dtype=float)
        key = (values.shape, values.tobytes())
        if key not in self._constants:
            self._constants[key] = len(self._constants)
            self._made[key] = self.hold(values)
        return self._made[key]

    def value(self, variable: Variable) -> Any:
        """Value of a variable that depends on no input."""
        return variable.data if isinstance(variable, Constant) else self.known[variable]

    def is_known(self, variable: Variable) -> bool:
        """Whether a variable depends on no input and no data."""
        return isinstance(variable, Constant) or variable in self.known

    def read(self, node: Apply) -> None:
        """Follow one node of the graph."""
        if all(self.is_known(i) for i in node.inputs):
            storage: list[list[Any]] = [[None] for _ in node.outputs]
            node.op.perform(node, [self.value(i) for i in node.inputs], storage)
            for output, cell in zip(node.outputs, storage, strict=True):
                self.known[output] = np.asarray(cell[0])
            return
        from metinfer.inference.tape_readers import READERS

        name = type(node.op).__name__
        reader = READERS.get(name)
        if reader is None:
            raise MetinferError(f"no tape has the operation {node.op}")
        made = reader(self, node)
        if made is not None:
            self.places[node.outputs[0]] = made

    def emit(self, code: str, *operands: np.ndarray) -> np.ndarray:
        """Places of an elementary operation on operands of one shape (after broadcasting)."""
        arrays = np.broadcast_arrays(*operands)
        key = (code, *(a.tobytes() for a in arrays), arrays[0].shape)
        if key not in self._made:
            self._made[key] = self._write(code, [a.ravel() for a in arrays], arrays[0].shape)
        return self._made[key]

    def total(self, terms: np.ndarray) -> np.ndarray:
        """Places of sums over the last axis of `terms`."""
        shape = terms.shape[:-1]
        return self._write("SUM", [terms.ravel()], shape, terms.shape[-1])

    def solve(self, theta: np.ndarray, part: SolverPart) -> np.ndarray:
        """Places of the states (lane, output, state) that the solver makes of `theta`."""
        if self._solver is not None:
            raise MetinferError("a tape has one solver")
        self._solver = part
        dense = theta
        if np.any(np.diff(theta.ravel()) != np.diff(theta.ravel()[:2])) or theta.flat[0] >= 0:
            dense = self.emit("ADD", theta, self.at(pt.constant(0.0)))  # one behind the other
        return self._write("SOLVE", [dense.ravel()], (*part.shape, len(STATES)))

    def _write(
        self, code: str, operands: list[np.ndarray], shape: tuple[int, ...], terms: int = 0
    ) -> np.ndarray:
        size = int(np.prod(shape, dtype=int))
        if code != "SOLVE" and all(np.all(p >= self._inputs) for p in operands):
            places = self.hold(np.zeros(shape))
            self._static.append(_Row(code, places.ravel(), operands, terms))
            return places
        # Behind the held numbers, whose count is known at the end: marked by their sign.
        places = -1 - np.arange(self._temporary, self._temporary + size).reshape(shape)
        self._temporary += size
        self._rows.append(_Row(code, places.ravel(), operands, terms))
        return places

    def finish(self, outputs: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The program, its prelude and its numbers, when all is read."""
        numbers = np.concatenate([np.zeros(0), *self._held])
        base = self._inputs + self._copied
        sizes = (self._inputs, self._copied, base)
        prelude = _assembled(self._static, outputs[:0], sizes)
        program = _assembled(self._rows, outputs, (*sizes[:2], base + self._temporary))
        if self._solver is not None:
            words, numbers, program[8] = self._solver.placed(len(program), numbers)
            program = np.concatenate([program, words])
        return program, prelude, numbers


@dataclass(frozen=True)
class _Row:
    """One instruction before it is laid out: places of its result and of its operands."""

    code: str
    out: np.ndarray
    operands: list[np.ndarray]
    terms: int


def _assembled(
    rows: Sequence[_Row], outputs: np.ndarray, sizes: tuple[int, int, int]
) -> np.ndarray:
    """A program of instructions (see `tape_kernel` for its words)."""
    from metinfer.inference import tape_kernel as machine

    inputs, copied, _ = sizes
    after = machine.HEADER + len(rows) * machine.WIDTH
    lists: list[np.ndarray] = []

    def settled(places: np.ndarray) -> np.ndarray:
        return np.where(places < 0, inputs + copied - 1 - places, places).astype(np.int64)

    def operand(places: np.ndarray) -> tuple[int, int]:
        nonlocal after
        p = settled(places)
        if p.size == 0 or np.all(p == p[0]):
            return int(p[0]) if p.size else 0, 0
        if np.all(np.diff(p) == 1):
            return int(p[0]), 1
        lists.append(p)
        after += p.size
        return after - p.size, machine.LISTED

    words = []
    for row in rows:
        first = int(settled(row.out[:1])[0]) if row.out.size else 0
        line = [getattr(machine, row.code), first, row.out.size]
        for places in row.operands:
            line += operand(places)
        words += [*line, *[0] * (machine.WIDTH - 1 - len(line)), row.terms]
    header = [*sizes, len(rows), machine.HEADER, outputs.size, after, after + outputs.size, 0]
    return np.concatenate([np.array([*header, *words], dtype=np.int64), *lists, settled(outputs)])


@dataclass(frozen=True)
class SolverPart:
    """The solver's grid, as a tape holds it."""

    order: np.ndarray
    arrays: tuple[np.ndarray, ...]
    parameters: int

    @property
    def shape(self) -> tuple[int, int]:
        """Lanes and outputs."""
        lanes, outputs = self.arrays[5].shape
        return lanes, outputs

    def placed(self, at: int, numbers: np.ndarray) -> tuple[np.ndarray, np.ndarray, int]:
        """Words of the program from `at` on, the numbers with the grid, and numbers of the tape."""
        start, steps, h, row_of, table, nodes, kind = self.arrays
        lanes = len(nodes)
        blocks, stride = len(self.order) // BLOCK, (h.shape[1] + 1) * len(STATES) * BLOCK
        sizes = grid_sizes(self.order, lanes, self.arrays, (0, blocks, stride))
        whole = [self.order, steps, row_of, nodes, kind, np.arange(lanes)]
        ends = at + 19 + np.cumsum([0, *(a.size for a in whole)])
        real = len(numbers) + np.cumsum([0, start.size, h.size, table.size])
        words = [*sizes, *ends[:-1], *real[:-1], lanes * self.parameters]
        flat = [np.array(words, dtype=np.int64), *(a.ravel().astype(np.int64) for a in whole)]
        reals = np.concatenate([numbers, start.ravel(), h.ravel(), table.ravel()])
        return np.concatenate(flat), reals, blocks * stride


if __name__ == "__main__":  # what `make setup` does, so that the first fit need not
    entries()
