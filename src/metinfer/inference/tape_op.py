"""A tape as a PyTensor operation with a real Numba implementation and an exact gradient.

Program and numbers are inputs of the operation, not parts of its code: another folder of tables
compiles nothing anew.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from importlib.util import find_spec
from typing import Any

import llvmlite.binding as binding  # type: ignore[import-untyped]
import numpy as np
import pytensor.tensor as pt
from numba import njit, types
from pytensor.gradient import disconnected_type
from pytensor.graph.basic import Apply, Variable
from pytensor.graph.op import Op
from pytensor.link.numba.dispatch.basic import register_funcify_and_cache_key

from metinfer.errors import MetinferError
from metinfer.inference.tape import entries

#: Changes when the way in which compiled code calls the machine changes.
VERSION = "1"
OTHER_BACKENDS = (
    "metinfer's likelihood runs on PyTensor's Numba backend: sample with nutpie or with PyMC's "
    "own samplers (JAX samplers such as NumPyro and blackjax cannot call it)"
)


class TapeOp(Op):
    """Outputs of a tape, and the workspace that its gradient starts from."""

    __props__ = ()
    gufunc_signature = "(input),(number),(word)->(output),(work)"

    def make_node(self, x: Any, numbers: Any, program: Any) -> Apply:
        """Type the inputs and declare the outputs."""
        inputs = [
            pt.as_tensor(x).astype("float64"), pt.as_tensor(numbers), pt.as_tensor(program)
        ]  # fmt: skip
        return Apply(self, inputs, [pt.vector("out", dtype="float64"),
                                    pt.vector("work", dtype="float64")])  # fmt: skip

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: Any) -> None:
        """Run without PyTensor's Numba backend."""
        x, numbers, program = map(np.ascontiguousarray, inputs)
        out, work = np.empty(program[5]), np.empty(program[2] + program[8])
        entries()["one"]([len(program), len(numbers)], program, numbers, x, work, out)
        output_storage[0][0], output_storage[1][0] = out, work

    def infer_shape(self, node: Apply, shapes: Any) -> list[tuple[Any, ...]]:
        """Give the shapes of the outputs."""
        program = node.inputs[2]
        return [(program[5],), (program[2] + program[8],)]

    def pullback(
        self,
        inputs: Sequence[Variable],
        outputs: Sequence[Variable],
        cotangents: Sequence[Variable],
    ) -> list[Variable]:
        """Give the gradient in `x`; numbers and program are constant."""
        gradient = TapePullbackOp()(cotangents[0], outputs[1], *inputs[1:])
        return [gradient, disconnected_type(), disconnected_type()]

    def connection_pattern(self, node: Apply) -> list[list[bool]]:
        """Say that only `x` has a gradient."""
        return [[True, True], [False, False], [False, False]]


class TapePullbackOp(Op):
    """Gradient (input,) of sum(cotangent * outputs) of a tape."""

    __props__ = ()
    gufunc_signature = "(output),(work),(number),(word)->(input)"

    def make_node(self, cotangent: Any, work: Any, numbers: Any, program: Any) -> Apply:
        """Type the inputs and declare the output."""
        inputs = [pt.as_tensor(v) for v in (cotangent, work, numbers, program)]
        return Apply(self, inputs, [pt.vector("gradient", dtype="float64")])

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: Any) -> None:
        """Run without PyTensor's Numba backend."""
        cotangent, work, numbers, program = map(np.ascontiguousarray, inputs)
        gradient = np.empty(program[0])
        lengths = [len(program), len(numbers)]
        entries()["reverse"](lengths, program, numbers, work, cotangent, gradient)
        output_storage[0][0] = gradient

    def infer_shape(self, node: Apply, shapes: Any) -> list[tuple[Any, ...]]:
        """Give the shape of the output."""
        return [(node.inputs[3][0],)]


@cache
def _external(name: str) -> types.ExternalFunction:
    """Name one of the machine's functions, for Numba code."""
    from metinfer.inference import tape_kernel as machine

    binding.add_symbol(f"metinfer_tape_{name}", getattr(machine, name).address)
    return types.ExternalFunction(f"metinfer_tape_{name}", machine.ONE)


@register_funcify_and_cache_key(TapeOp)
def _numba_tape(op: TapeOp, node: Apply, **kwargs: Any) -> tuple[Callable[..., Any], str]:
    run = _external("one")

    @njit
    def tape(x: Any, numbers: Any, program: Any) -> Any:
        lengths = np.array([program.size, numbers.size])
        flat = np.ascontiguousarray(x)
        out, work = np.empty(program[5]), np.empty(program[2] + program[8])
        run(lengths.ctypes, program.ctypes, numbers.ctypes, flat.ctypes, work.ctypes, out.ctypes)
        return out, work

    return tape, f"metinfer-tape-{VERSION}"


@register_funcify_and_cache_key(TapePullbackOp)
def _numba_pullback(
    op: TapePullbackOp, node: Apply, **kwargs: Any
) -> tuple[Callable[..., Any], str]:
    run = _external("reverse")

    @njit
    def tape_pullback(cotangent: Any, work: Any, numbers: Any, program: Any) -> Any:
        lengths = np.array([program.size, numbers.size])
        bar, gradient = np.ascontiguousarray(cotangent), np.empty(program[0])
        run(
            lengths.ctypes, program.ctypes, numbers.ctypes, work.ctypes, bar.ctypes, gradient.ctypes
        )
        return gradient

    return tape_pullback, f"metinfer-tape-pullback-{VERSION}"


def _refuse_jax() -> None:
    """Let PyTensor's JAX backend stop with one sentence that says what to use instead."""
    from pytensor.link.jax.dispatch import jax_funcify

    @jax_funcify.register(TapeOp)
    def _(op: TapeOp, **kwargs: Any) -> Any:
        raise MetinferError(OTHER_BACKENDS)


if find_spec("jax") is not None:
    _refuse_jax()
