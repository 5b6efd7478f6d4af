"""The loops of the solver as LLVM vector instructions, callable from Numba code.

Written straight to LLVM, one vector per value: no type inference of thousands of assignments
(which took three quarters of the compile time) and no hope that a loop gets vectorised.
Elementary functions are written out, so that they are vectors too and give the same bits
everywhere. Multiply and add may fuse; sums are never reordered.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from llvmlite import ir  # type: ignore[import-untyped]
from numba import types
from numba.extending import intrinsic

from metinfer.mechanism.codegen import BLOCK, Loop, loop, workspace

_VECTOR = ir.VectorType(ir.DoubleType(), BLOCK)
_BITS = ir.VectorType(ir.IntType(64), BLOCK)
_LOG2E = 1.4426950408889634
#: ln 2 in two parts, the first with few enough bits that a multiple of it is exact.
_LN2_HIGH, _LN2_LOW = 6.93145751953125e-1, 1.42860682030941723212e-6
#: Added to a number below 2^51, rounds it to an integer that stands in the last bits.
_ROUND = 6755399441055744.0
_TWO52 = 4503599627370496.0


class Emitter:
    """Vector arithmetic on top of an LLVM builder."""

    def __init__(self, builder: Any) -> None:
        self.builder = builder

    def const(self, value: float) -> Any:
        """Form a number in every lane."""
        return ir.Constant(_VECTOR, [float(value)] * BLOCK)

    def bits(self, value: int) -> Any:
        """Form an integer in every lane."""
        return ir.Constant(_BITS, [int(value)] * BLOCK)

    def add(self, a: Any, b: Any) -> Any:
        """Form a + b."""
        return self.builder.fadd(a, b, flags=("contract",))

    def sub(self, a: Any, b: Any) -> Any:
        """Form a - b."""
        return self.builder.fsub(a, b, flags=("contract",))

    def mul(self, a: Any, b: Any) -> Any:
        """Form a b."""
        return self.builder.fmul(a, b, flags=("contract",))

    def div(self, a: Any, b: Any) -> Any:
        """Form a / b."""
        return self.builder.fdiv(a, b)

    def inv(self, a: Any) -> Any:
        """Form 1 / a."""
        return self.div(self.const(1.0), a)

    def neg(self, a: Any) -> Any:
        """Form -a."""
        return self.builder.fneg(a)

    def sqrt(self, a: Any) -> Any:
        """Form the square root of a."""
        kind = ir.FunctionType(_VECTOR, [_VECTOR])
        root = self.builder.module.declare_intrinsic(f"llvm.sqrt.v{BLOCK}f64", (), kind)
        return self.builder.call(root, [a])

    def where(self, test: str, a: Any, b: Any, then: Any, other: Any) -> Any:
        """Choose lane by lane."""
        return self.builder.select(self.builder.fcmp_ordered(test, a, b), then, other)

    def series(self, x: Any, coefficients: Sequence[float]) -> Any:
        """Polynomial in x, highest power first."""
        result = self.const(coefficients[0])
        for c in coefficients[1:]:
            result = self.add(self.mul(result, x), self.const(c))
        return result

    def exp(self, x: Any) -> Any:
        """exp(x): powers of two taken off (Cody and Waite 1980), Taylor to order 13."""
        b = self.builder
        y = self.where("<", x, self.const(-708.0), self.const(-708.0), x)
        y = self.where(">", y, self.const(709.0), self.const(709.0), y)
        shifted = self.add(self.mul(y, self.const(_LOG2E)), self.const(_ROUND))
        n = self.sub(shifted, self.const(_ROUND))
        r = self.sub(y, self.mul(n, self.const(_LN2_HIGH)))
        r = self.sub(r, self.mul(n, self.const(_LN2_LOW)))
        p = self.series(r, [1.0 / math.factorial(k) for k in range(13, -1, -1)])
        power = b.shl(b.add(b.bitcast(shifted, _BITS), self.bits(1023)), self.bits(52))
        value = self.mul(p, b.bitcast(power, _VECTOR))
        return self.add(value, self.sub(x, x))

    def log(self, x: Any) -> Any:
        """log(x) of a positive, normal x: ln 2 per power of two, and 2 artanh of the rest."""
        b = self.builder
        bits = b.bitcast(x, _BITS)
        root = int(np.float64(math.sqrt(0.5)).view(np.int64))
        biased = b.lshr(b.add(bits, self.bits((1023 << 52) - root)), self.bits(52))
        power = b.shl(b.sub(biased, self.bits(1023)), self.bits(52))
        f = b.bitcast(b.sub(bits, power), _VECTOR)
        two52 = self.bits(int(np.float64(_TWO52).view(np.int64)))
        n = self.sub(b.bitcast(b.or_(biased, two52), _VECTOR), self.const(_TWO52 + 1023.0))
        one = self.const(1.0)
        s = self.div(self.sub(f, one), self.add(f, one))
        p = self.series(self.mul(s, s), [1.0 / k for k in range(19, 0, -2)])
        value = self.mul(self.add(s, s), p)
        value = self.add(value, self.mul(n, self.const(_LN2_LOW)))
        value = self.add(value, self.mul(n, self.const(_LN2_HIGH)))
        value = self.add(value, self.sub(x, x))
        return self.where(">", x, self.const(0.0), value, self.const(math.nan))

    def phi(self, z: Any) -> list[Any]:
        """exp(-z) and phi_1 ... phi_4, phi_k the mean of exp(-z (1 - s)) s^(k-1)/(k-1)!.

        Within the unit interval by the series of phi_4 and the downward recursion, beyond by
        the upward one: neither cancels.
        """
        one = self.const(1.0)
        size = self.where(">", z, self.neg(z), z, self.neg(z))
        y = self.where("<=", size, one, z, self.const(0.0))
        big = self.where("<=", size, one, self.const(2.0), z)
        minus = self.neg(y)
        small = [self.series(minus, [1.0 / math.factorial(k) for k in range(17, 3, -1)])]
        for k in (3, 2, 1, 0):
            small.append(self.add(self.mul(minus, small[-1]), self.const(1.0 / math.factorial(k))))
        large, inverse = [self.exp(self.neg(big))], self.inv(big)
        for k in range(4):
            factor = self.const(1.0 / math.factorial(k))
            large.append(self.mul(self.sub(factor, large[-1]), inverse))
        return [self.where("<=", size, one, s, g) for s, g in zip(small[::-1], large, strict=True)]


def emit(builder: Any, pointer: Any, code: Loop) -> None:
    """Write a loop as vector instructions on the workspace at `pointer`."""
    emitter = Emitter(builder)
    rows = workspace()

    def address(name: str) -> Any:
        place = builder.gep(pointer, [ir.Constant(ir.IntType(64), rows[name] * BLOCK)])
        return builder.bitcast(place, _VECTOR.as_pointer())

    values: dict[int, Any] = {}
    for node in code.needed():
        name, *args = code.graph.ops[node]
        if name == "const":
            values[node] = emitter.const(args[0])
        elif name == "load":
            values[node] = builder.load(address(args[0]), align=8)
        elif name == "pick":
            values[node] = values[args[1]][args[0]]
        else:
            values[node] = getattr(emitter, name)(*[values[a] for a in args])
    for name, node in code.stores.items():
        builder.store(values[node], address(name), align=8)
    for name, node in code.adds.items():
        before = builder.load(address(name), align=8)
        builder.store(emitter.add(before, values[node]), address(name), align=8)


def _callable(name: str) -> Callable[..., Any]:
    def typed(typingctx: Any, w: Any) -> tuple[Any, Callable[..., Any]]:
        def build(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            array = context.make_array(signature.args[0])(context, builder, args[0])
            emit(builder, array.data, loop(name))
            return context.get_dummy_value()

        return types.void(w), build

    typed.__name__ = name
    return intrinsic(typed)


start_forward = _callable("start_forward")
start_reverse = _callable("start_reverse")
step_forward = _callable("step_forward")
step_reverse = _callable("step_reverse")
still_forward = _callable("still_forward")
still_reverse = _callable("still_reverse")
dosed_forward = _callable("dosed_forward")
dosed_reverse = _callable("dosed_reverse")
