"""The machine that runs a tape: one compiled function per direction, whatever the tables.

A program (`tape.Tape`) is data: a list of instructions on one workspace of numbers. Nothing of a
folder of tables, no size and no constant, is part of the code compiled here, so that Numba's
cache on the disk serves every folder. The gradient follows the same instructions backwards.

Every instruction reads up to three operands and writes `n` numbers one after the other. An
operand is a place that is the same for all of them (stride 0), one that moves along (stride 1), or
a list of places (`LISTED`).
"""

# ruff: noqa: ANN001, ANN201, ANN202
# mypy: ignore-errors

from __future__ import annotations

import math

import llvmlite.binding as binding
import numpy as np
from numba import carray, cfunc, njit, types
from numba.extending import get_cython_function_address

from metinfer.mechanism.compile import kernel

#: Instruction words: code, output, n, three operands with their strides, terms of a sum.
WIDTH = 10
LISTED = 2
#: Header words of a program; the rest of it lies behind them.
(INPUTS, COPIED, SIZE, INSTRUCTIONS, FIRST, OUTPUTS, OUT, SOLVER, TAPE) = range(9)
HEADER = 9

(SOLVE, SUM, ADD, SUB, MUL, TRUEDIV, NEG, SQR, SQRT, POW, EXP, LOG, LOG1P, EXPM1, ABS, SIGN,
 GAMMALN, ERF, ERFC, ERFCX, LOG1MEXP, SOFTPLUS, SIGMOID, LOGADDEXP, MINIMUM, MAXIMUM, SWITCH, LT,
 GT, LE, GE, EQ, NEQ, AND, OR, INVERT, RECIPROCAL, ISNAN, ISINF) = range(39)  # fmt: skip
ROOT_PI = math.sqrt(math.pi)

for _name in ("erfcx", "psi"):
    binding.add_symbol(
        f"metinfer_{_name}",
        get_cython_function_address("scipy.special.cython_special", f"__pyx_fuse_1{_name}"),
    )
for _name in ("forward", "backward"):
    # A name without the solver's hash: it stays in the cached code when the solver changes.
    binding.add_symbol(f"metinfer_solver_{_name}", getattr(kernel(), _name).address)
erfcx = types.ExternalFunction("metinfer_erfcx", types.float64(types.float64))
psi = types.ExternalFunction("metinfer_psi", types.float64(types.float64))
solver_forward = types.ExternalFunction("metinfer_solver_forward", kernel().SIGNATURE)
solver_backward = types.ExternalFunction("metinfer_solver_backward", kernel().SIGNATURE)

_FLAGS = {"error_model": "numpy", "cache": True, "nogil": True}
small = njit(**_FLAGS)
#: Inlined by LLVM, so that a sweep of one known operation has no choice within its loop.
tiny = njit(forceinline=True, **_FLAGS)


@tiny
def compared(code, a, b):
    """Truth of a statement, 1 or 0."""
    if code == LT:
        return 1.0 if a < b else 0.0
    if code == GT:
        return 1.0 if a > b else 0.0
    if code == LE:
        return 1.0 if a <= b else 0.0
    if code == GE:
        return 1.0 if a >= b else 0.0
    if code == EQ:
        return 1.0 if a == b else 0.0
    if code == NEQ:
        return 1.0 if a != b else 0.0
    if code == AND:
        return 1.0 if a != 0.0 and b != 0.0 else 0.0
    if code == OR:
        return 1.0 if a != 0.0 or b != 0.0 else 0.0
    if code == INVERT:
        return 1.0 if a == 0.0 else 0.0
    return math.nan


@tiny
def function(code, a):
    """Value of a function of one number."""
    if code == EXP:
        return math.exp(a)
    if code == LOG:
        return np.log(a)
    if code == LOG1P:
        return np.log1p(a)
    if code == EXPM1:
        return np.expm1(a)
    if code == ABS:
        return abs(a)
    if code == SIGN:
        return np.sign(a)
    if code == GAMMALN:
        return math.lgamma(a)
    if code == ERF:
        return math.erf(a)
    if code == ERFC:
        return math.erfc(a)
    if code == ERFCX:
        return erfcx(a)
    if code == LOG1MEXP:
        return np.log1p(-math.exp(a)) if a < -math.log(2.0) else np.log(-np.expm1(a))
    if code == SOFTPLUS:
        return max(a, 0.0) + np.log1p(math.exp(-abs(a)))
    if code == SIGMOID:
        return 1.0 / (1.0 + math.exp(-a))
    return math.nan


@tiny
def value(code, a, b, c):
    """Result of one elementary operation."""
    if code == ADD:
        return a + b
    if code == SUB:
        return a - b
    if code == MUL:
        return a * b
    if code == TRUEDIV:
        return a / b
    if code == NEG:
        return -a
    if code == SQR:
        return a * a
    if code == SQRT:
        return math.sqrt(a)
    if code == POW:
        return a**b
    if EXP <= code <= SIGMOID:
        return function(code, a)
    if code == LOGADDEXP:
        top = max(a, b)
        if top == -math.inf:
            return top
        return top + np.log1p(math.exp(-abs(a - b)))
    if code == MINIMUM:
        return a if a < b else b
    if code == MAXIMUM:
        return a if a > b else b
    if code == SWITCH:
        return b if a != 0.0 else c
    if LT <= code <= INVERT:
        return compared(code, a, b)
    if code == RECIPROCAL:
        return 1.0 / a
    if code == ISNAN:
        return 1.0 if math.isnan(a) else 0.0
    if code == ISINF:
        return 1.0 if math.isinf(a) else 0.0
    return math.nan


@tiny
def slope(code, a, v):
    """Derivative of a function of one number whose value is `v`."""
    if code == EXP:
        return v
    if code == LOG:
        return 1.0 / a
    if code == LOG1P:
        return 1.0 / (1.0 + a)
    if code == EXPM1:
        return v + 1.0
    if code == ABS:
        return np.sign(a)
    if code == GAMMALN:
        return psi(a)
    if code == ERF:
        return 2.0 / ROOT_PI * math.exp(-a * a)
    if code == ERFC:
        return -2.0 / ROOT_PI * math.exp(-a * a)
    if code == ERFCX:
        return 2.0 * a * v - 2.0 / ROOT_PI
    if code == LOG1MEXP:
        return -1.0 / np.expm1(-a)
    if code == SOFTPLUS:
        return 1.0 / (1.0 + math.exp(-a))
    if code == SIGMOID:
        return v * (1.0 - v)
    return 0.0


@tiny
def partials(code, a, b, c, v, g):
    """Cotangents of the operands of one operation whose result `v` has the cotangent `g`."""
    if code == ADD:
        return g, g, 0.0
    if code == SUB:
        return g, -g, 0.0
    if code == MUL:
        return g * b, g * a, 0.0
    if code == TRUEDIV:
        return g / b, -g * (v / b), 0.0
    if code == NEG:
        return -g, 0.0, 0.0
    if code == SQR:
        return 2.0 * g * a, 0.0, 0.0
    if code == SQRT:
        return 0.5 * g / v, 0.0, 0.0
    if code == POW:
        return g * b * a ** (b - 1.0), g * v * np.log(a) if a > 0.0 else 0.0, 0.0
    if EXP <= code <= SIGMOID:
        return g * slope(code, a, v), 0.0, 0.0
    if code == LOGADDEXP:
        if v == -math.inf:
            return 0.0, 0.0, 0.0
        return g * math.exp(a - v), g * math.exp(b - v), 0.0
    if code == MINIMUM:
        return (g, 0.0, 0.0) if a < b else (0.0, g, 0.0)
    if code == MAXIMUM:
        return (g, 0.0, 0.0) if a > b else (0.0, g, 0.0)
    if code == SWITCH:
        return (0.0, g, 0.0) if a != 0.0 else (0.0, 0.0, g)
    if code == RECIPROCAL:
        return -g * v * v, 0.0, 0.0
    return 0.0, 0.0, 0.0


@tiny
def place(program, base, stride, i):
    """Place in the workspace of the i-th number of an operand."""
    if stride == LISTED:
        return program[base + i]
    return base + stride * i


@small
def solve(program, numbers, work, row, backwards, bar):
    """Run the solver from the parameters in the workspace to its states there, or its reverse."""
    at = program[SOLVER]
    theta, states = program[row + 3], program[row + 1]
    sizes = program[at : at + 9]
    order, steps, row_of = program[at + 9], program[at + 10], program[at + 11]
    nodes, kind, lanes = program[at + 12], program[at + 13], program[at + 14]
    start, h, table, count = (
        program[at + 15], program[at + 16], program[at + 17], program[at + 18]
    )  # fmt: skip
    tape = work[program[SIZE] :]
    if backwards:
        gradient = np.empty(count)
        solver_backward(
            sizes.ctypes, work[theta:].ctypes, program[order:].ctypes, program[lanes:].ctypes,
            numbers[start:].ctypes, program[steps:].ctypes, numbers[h:].ctypes,
            program[row_of:].ctypes, numbers[table:].ctypes, program[nodes:].ctypes,
            program[kind:].ctypes, tape.ctypes, bar[states:].ctypes, gradient.ctypes,
        )  # fmt: skip
        for i in range(count):
            bar[theta + i] += gradient[i]
    else:
        solver_forward(
            sizes.ctypes, work[theta:].ctypes, program[order:].ctypes, program[lanes:].ctypes,
            numbers[start:].ctypes, program[steps:].ctypes, numbers[h:].ctypes,
            program[row_of:].ctypes, numbers[table:].ctypes, program[nodes:].ctypes,
            program[kind:].ctypes, tape.ctypes, work[states:].ctypes, tape.ctypes,
        )  # fmt: skip


@tiny
def sweep(code, program, work, o, n, a, sa, b, sb, c, sc):
    """One operation on all its numbers."""
    if sa == LISTED or sb == LISTED or sc == LISTED:
        for i in range(n):
            work[o + i] = value(
                code,
                work[place(program, a, sa, i)],
                work[place(program, b, sb, i)],
                work[place(program, c, sc, i)],
            )
    else:
        for i in range(n):
            work[o + i] = value(code, work[a + sa * i], work[b + sb * i], work[c + sc * i])


@tiny
def sweep_back(code, program, work, bar, o, n, a, sa, b, sb, c, sc):
    """The reverse of `sweep`."""
    for i in range(n):
        g = bar[o + i]
        if g == 0.0:
            continue  # an unused branch has no gradient, not 0 times infinity
        pa, pb, pc = place(program, a, sa, i), place(program, b, sb, i), place(program, c, sc, i)
        da, db, dc = partials(code, work[pa], work[pb], work[pc], work[o + i], g)
        bar[pa] += da
        bar[pb] += db
        bar[pc] += dc


@small
def forward(program, numbers, x, work, out):
    """Fill the workspace, and copy what was asked for to `out`."""
    inputs, copied = program[INPUTS], program[COPIED]
    for i in range(inputs):
        work[i] = x[i]
    for i in range(copied):
        work[inputs + i] = numbers[i]
    for k in range(program[INSTRUCTIONS]):
        row = program[FIRST] + k * WIDTH
        code, o, n = program[row], program[row + 1], program[row + 2]
        a, sa, b, sb = program[row + 3], program[row + 4], program[row + 5], program[row + 6]
        c, sc = program[row + 7], program[row + 8]
        if code == MUL:
            sweep(MUL, program, work, o, n, a, sa, b, sb, c, sc)
        elif code == ADD:
            sweep(ADD, program, work, o, n, a, sa, b, sb, c, sc)
        elif code == SUB:
            sweep(SUB, program, work, o, n, a, sa, b, sb, c, sc)
        elif code == TRUEDIV:
            sweep(TRUEDIV, program, work, o, n, a, sa, b, sb, c, sc)
        elif code == SWITCH:
            sweep(SWITCH, program, work, o, n, a, sa, b, sb, c, sc)
        elif code == EXP:
            sweep(EXP, program, work, o, n, a, sa, b, sb, c, sc)
        elif code == LOG:
            sweep(LOG, program, work, o, n, a, sa, b, sb, c, sc)
        elif code == SOLVE:
            solve(program, numbers, work, row, False, work)
        elif code == SUM:
            terms = program[row + 9]
            for i in range(n):
                total = 0.0
                for j in range(terms):
                    total += work[place(program, a, sa, i * terms + j)]
                work[o + i] = total
        else:
            sweep(code, program, work, o, n, a, sa, b, sb, c, sc)
    for i in range(program[OUTPUTS]):
        out[i] = work[program[program[OUT] + i]]


@small
def backward(program, numbers, work, cotangent, gradient):
    """Gradient in the inputs of sum(cotangent * out), from a workspace that `forward` filled."""
    bar = np.zeros(program[SIZE])
    for i in range(program[OUTPUTS]):
        bar[program[program[OUT] + i]] += cotangent[i]
    for k in range(program[INSTRUCTIONS] - 1, -1, -1):
        row = program[FIRST] + k * WIDTH
        code, o, n = program[row], program[row + 1], program[row + 2]
        a, sa, b, sb = program[row + 3], program[row + 4], program[row + 5], program[row + 6]
        c, sc = program[row + 7], program[row + 8]
        if code == MUL:
            sweep_back(MUL, program, work, bar, o, n, a, sa, b, sb, c, sc)
        elif code == ADD:
            sweep_back(ADD, program, work, bar, o, n, a, sa, b, sb, c, sc)
        elif code == SUB:
            sweep_back(SUB, program, work, bar, o, n, a, sa, b, sb, c, sc)
        elif code == TRUEDIV:
            sweep_back(TRUEDIV, program, work, bar, o, n, a, sa, b, sb, c, sc)
        elif code == SWITCH:
            sweep_back(SWITCH, program, work, bar, o, n, a, sa, b, sb, c, sc)
        elif code == SOLVE:
            solve(program, numbers, work, row, True, bar)
        elif code == SUM:
            terms = program[row + 9]
            for i in range(n):
                g = bar[o + i]
                for j in range(terms):
                    bar[place(program, a, sa, i * terms + j)] += g
        elif not LT <= code <= INVERT:  # comparisons have no gradient
            sweep_back(code, program, work, bar, o, n, a, sa, b, sb, c, sc)
    for i in range(program[INPUTS]):
        gradient[i] = bar[i]


_REALS, _WHOLES = types.CPointer(types.float64), types.CPointer(types.int64)
#: lengths of program and numbers, first and last row; program, numbers, x, out.
MANY = types.void(_WHOLES, _WHOLES, _REALS, _REALS, _REALS)
#: the same with work, and for the gradient with cotangent and gradient.
ONE = types.void(_WHOLES, _WHOLES, _REALS, _REALS, _REALS, _REALS)


@cfunc(MANY, error_model="numpy", cache=True)
def many(lengths_, program_, numbers_, x_, out_):
    """`forward` for rows first to last - 1 of x (row, input), into out (row, output)."""
    lengths = carray(lengths_, 5)
    program, numbers = carray(program_, lengths[0]), carray(numbers_, lengths[1])
    x = carray(x_, (lengths[4], program[INPUTS]))
    out = carray(out_, (lengths[4], program[OUTPUTS]))
    work = np.empty(program[SIZE] + program[TAPE])
    for row in range(lengths[2], lengths[3]):
        forward(program, numbers, x[row], work, out[row])


@cfunc(ONE, error_model="numpy", cache=True)
def one(lengths_, program_, numbers_, x_, work_, out_):
    """`forward` for one vector of inputs; the workspace is kept."""
    lengths = carray(lengths_, 2)
    program, numbers = carray(program_, lengths[0]), carray(numbers_, lengths[1])
    work = carray(work_, program[SIZE] + program[TAPE])
    forward(program, numbers, carray(x_, program[INPUTS]), work, carray(out_, program[OUTPUTS]))


@cfunc(ONE, error_model="numpy", cache=True)
def reverse(lengths_, program_, numbers_, work_, cotangent_, gradient_):
    """`backward` after `one`."""
    lengths = carray(lengths_, 2)
    program, numbers = carray(program_, lengths[0]), carray(numbers_, lengths[1])
    work = carray(work_, program[SIZE] + program[TAPE])
    backward(
        program, numbers, work,
        carray(cotangent_, program[OUTPUTS]), carray(gradient_, program[INPUTS]),
    )  # fmt: skip
