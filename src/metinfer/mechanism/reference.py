"""A slow, independent solve of the same equations by SciPy, to check the compiled one.

It shares only the SymPy expressions: right-hand side by `sympy.lambdify`, adaptive LSODA,
restarted at every break point of the inputs.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import sympy as sp
from scipy.integrate import solve_ivp

from metinfer.mechanism.equations import (
    EQUATIONS,
    INPUTS,
    PARAMETERS,
    PREPARED,
    STATES,
    bolus,
    expand,
)
from metinfer.mechanism.grid import Lane

#: First step after a break, in days: a longer one may try states below zero, where logs end.
FIRST = 1e-3


@cache
def _functions() -> tuple[Any, Any]:
    """Right-hand side and start as functions of (states, parameters, inputs, bolus)."""
    own = [sp.Symbol(s.name, real=True) for s in STATES]
    parameters = [sp.Symbol(p.name, real=True) for p in PARAMETERS]
    inputs = [sp.Symbol(i.name, real=True) for i in INPUTS]
    prepared = dict(PREPARED.values())
    rates = [
        expand(e.production - e.loss * x).subs(prepared)
        for e, x in zip(EQUATIONS, own, strict=True)
    ]
    start: dict[sp.Symbol, sp.Expr] = {}
    for equation, x in zip(EQUATIONS, own, strict=True):
        start[x] = expand(equation.start).subs(prepared).subs(start)
    arguments = [own, parameters, inputs, bolus]
    return (
        sp.lambdify(arguments, rates, "math", cse=True),
        sp.lambdify(arguments, list(start.values()), "math", cse=True),
    )


def reference(
    theta: np.ndarray, lane: Lane, rtol: float = 1e-10, atol: float = 1e-14
) -> np.ndarray:
    """States at the outputs of one lane (output, state) by SciPy's LSODA.

    Parameters
    ----------
    theta : ndarray (parameter,)
    lane : Lane
    rtol, atol : float
        Tolerances of the integration.
    """
    rates, begin = _functions()
    sources = [lane.input(i.name) for i in INPUTS]
    at_start = [
        i.default if lane.healthy_start else float(s.left(np.zeros(1))[0])
        for i, s in zip(INPUTS, sources, strict=True)
    ]
    x = _settled(begin, (theta, at_start, float(lane.bolus)))
    varying = [j for j, i in enumerate(INPUTS) if i.name in lane.inputs]
    values = [float(s.right(np.zeros(1))[0]) for s in sources]

    def slope(t: float, y: np.ndarray, end: float) -> list[float]:
        at = np.array([t])
        for j in varying:
            side = sources[j].left if t >= end else sources[j].right
            values[j] = float(side(at)[0])
        return rates(y, theta, values, 0.0)

    breaks = {t for i in sources for t, _ in i.breaks()}
    stops = sorted({0.0, *lane.outputs} | {t for t in breaks if 0 < t < lane.outputs[-1]})
    at = {0.0: x}
    for a, b in zip(stops[:-1], stops[1:], strict=True):
        run = solve_ivp(
            slope,
            (a, b),
            x,
            "LSODA",
            args=(b,),
            rtol=rtol,
            atol=atol,
            first_step=min((b - a) * 1e-3, FIRST),
        )
        x = run.y[:, -1]
        at[b] = x
    return np.array([at[t] for t in lane.outputs])


def _settled(begin: Any, given: tuple[Any, ...]) -> np.ndarray:
    """Start of all states: a feedback settles by repetition, from the healthy state."""
    x = np.array(begin(np.ones(len(STATES)), *given), dtype=float)
    for _ in range(10_000):
        before, x = x, np.array(begin(x, *given), dtype=float)
        if np.allclose(x, before, rtol=1e-14, atol=0.0):
            break
    return x


def error(states: np.ndarray, truth: np.ndarray, floor: float = 1e-6) -> np.ndarray:
    """Largest error of each state over time (state,), against max(|truth|, floor x its peak)."""
    peak = np.abs(truth).max(axis=0)
    scale = np.maximum(np.abs(truth), floor * peak) + (peak == 0)
    return np.asarray((np.abs(states - truth) / scale).max(axis=0))
