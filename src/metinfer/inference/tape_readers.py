"""How each operation of a PyTensor graph becomes places and instructions of a tape."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytensor.tensor as pt
from pytensor.graph.basic import Apply, Variable
from pytensor.tensor.elemwise import CAReduce, DimShuffle, Elemwise
from pytensor.tensor.subtensor import indices_from_subtensor

from metinfer.inference.tape import Recorder, SolverPart
from metinfer.mechanism.op import SolveOp

_SAME = frozenset({"Identity", "Cast"})
_OTHER_NAMES = {"ScalarMinimum": "MINIMUM", "ScalarMaximum": "MAXIMUM"}


def _elementwise(recorder: Recorder, node: Apply) -> np.ndarray:
    name = type(node.op.scalar_op).__name__ if isinstance(node.op, Elemwise) else "LogAddExp"
    operands = [recorder.at(i) for i in node.inputs]
    if name in _SAME:
        return operands[0]
    if name == "Second":
        return np.broadcast_arrays(*operands)[1]
    if name == "Pow" and recorder.is_known(node.inputs[1]):
        exponent = np.unique(recorder.value(node.inputs[1]))
        if exponent.size == 1 and exponent[0] in (2.0, 0.5):
            code = "SQR" if exponent[0] == 2.0 else "SQRT"
            return recorder.emit(code, np.broadcast_arrays(*operands)[0])
    if name == "Clip":
        low = recorder.emit("MAXIMUM", operands[0], operands[1])
        return recorder.emit("MINIMUM", low, operands[2])
    code = _OTHER_NAMES.get(name, name.upper())
    if name in ("Add", "Mul", "ScalarMinimum", "ScalarMaximum", "AND", "OR"):
        result = operands[0]
        for other in operands[1:]:
            result = recorder.emit(code, result, other)
        return np.broadcast_arrays(result, *operands)[0]
    return recorder.emit(code, *operands)


def _dimshuffle(recorder: Recorder, node: Apply) -> np.ndarray:
    op: DimShuffle = node.op
    places = recorder.at(node.inputs[0])
    kept = [d for d in op.new_order if d != "x"]
    dropped = tuple(d for d in range(places.ndim) if d not in kept)
    moved = np.squeeze(places.transpose([*kept, *dropped]), tuple(range(len(kept), places.ndim)))
    for axis, d in enumerate(op.new_order):
        if d == "x":
            moved = np.expand_dims(moved, axis)
    return moved


def _index(recorder: Recorder, node: Apply, entries_: Sequence[Variable]) -> tuple[Any, ...]:
    """The index of a subtensor operation."""
    values = [recorder.value(e) for e in entries_]
    values = [v.item() if np.ndim(v) == 0 else v for v in map(np.asarray, values)]
    return tuple(indices_from_subtensor(values, node.op.idx_list))


def _subtensor(recorder: Recorder, node: Apply) -> np.ndarray:
    return recorder.at(node.inputs[0])[_index(recorder, node, node.inputs[1:])]


def _set_subtensor(recorder: Recorder, node: Apply) -> np.ndarray:
    places, index = recorder.at(node.inputs[0]), _index(recorder, node, node.inputs[2:])
    part = recorder.at(node.inputs[1])
    if not node.op.set_instead_of_inc:
        part = recorder.emit("ADD", places[index], part)
    made = places.copy()
    made[index] = part
    return made


def _join(recorder: Recorder, node: Apply) -> np.ndarray:
    return np.concatenate([recorder.at(i) for i in node.inputs], axis=node.op.axis)


def _reshape(recorder: Recorder, node: Apply) -> np.ndarray:
    shape = tuple(int(n) for n in np.asarray(recorder.value(node.inputs[1])))
    return recorder.at(node.inputs[0]).reshape(shape)


def _sum(recorder: Recorder, node: Apply) -> np.ndarray:
    op: CAReduce = node.op
    places = recorder.at(node.inputs[0])
    axes = tuple(range(places.ndim)) if op.axis is None else tuple(a % places.ndim for a in op.axis)
    kept = [d for d in range(places.ndim) if d not in axes]
    moved = places.transpose([*kept, *axes])
    flat = moved.reshape((*[places.shape[d] for d in kept], -1))
    if flat.shape[-1] == 0:
        return np.broadcast_to(recorder.at(pt.constant(0.0)), flat.shape[:-1])
    return recorder.total(flat)


def _log_sum_exp(recorder: Recorder, node: Apply) -> np.ndarray:
    """By pairs, along the axis."""
    places = recorder.at(node.inputs[0])
    axes = range(places.ndim) if node.op.axis is None else node.op.axis
    for axis in sorted((a % places.ndim for a in axes), reverse=True):
        parts = np.moveaxis(places, axis, 0)
        places = parts[0]
        for part in parts[1:]:
            places = recorder.emit("LOGADDEXP", places, part)
    return places


def _alloc(recorder: Recorder, node: Apply) -> np.ndarray:
    shape = tuple(int(np.asarray(recorder.value(i))) for i in node.inputs[1:])
    return np.broadcast_to(recorder.at(node.inputs[0]), shape)


def _same(recorder: Recorder, node: Apply) -> np.ndarray:
    return recorder.at(node.inputs[0])


def _stack(recorder: Recorder, node: Apply) -> np.ndarray:
    return np.stack([recorder.at(i) for i in node.inputs])


def _shape(recorder: Recorder, node: Apply) -> None:
    shape = recorder.at(node.inputs[0]).shape
    whole = not hasattr(node.op, "i")
    recorder.known[node.outputs[0]] = np.asarray(shape if whole else shape[node.op.i])


def _solve(recorder: Recorder, node: Apply) -> np.ndarray:
    theta, order, *grid = node.inputs
    arrays = tuple(np.asarray(recorder.value(g)) for g in grid)
    places = recorder.at(theta)
    part = SolverPart(np.asarray(recorder.value(order)), arrays, places.shape[1])
    return recorder.solve(places, part)


#: Name of an operation -> what reads it.
READERS: dict[str, Callable[[Recorder, Apply], np.ndarray | None]] = {
    "Elemwise": _elementwise, "LogAddExp": _elementwise, "LogSumExp": _log_sum_exp,
    "DimShuffle": _dimshuffle,
    "Subtensor": _subtensor, "AdvancedSubtensor": _subtensor, "AdvancedSubtensor1": _subtensor,
    "IncSubtensor": _set_subtensor, "AdvancedIncSubtensor": _set_subtensor,
    "AdvancedIncSubtensor1": _set_subtensor, "Join": _join, "Reshape": _reshape, "Sum": _sum,
    "Alloc": _alloc, "TensorFromScalar": _same, "ScalarFromTensor": _same, "MakeVector": _stack,
    "Shape": _shape, "Shape_i": _shape, SolveOp.__name__: _solve,
}  # fmt: skip
