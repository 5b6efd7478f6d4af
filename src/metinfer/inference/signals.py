"""Quantities of the mechanism without a state, as PyTensor functions of what they depend on.

The formulas are those of `mechanism.equations`; nothing is typed again here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import numpy as np
import pytensor.tensor as pt
import sympy as sp

from metinfer.inference.design import LaneSpec
from metinfer.inference.lanes import lane_inputs
from metinfer.mechanism.equations import DERIVED, INPUTS, expand
from metinfer.mechanism.inputs import Input

#: Elementary functions as PyTensor writes them.
_FUNCTIONS = {"exp": pt.exp, "log": pt.log, "sqrt": pt.sqrt}


@cache
def formula(name: str) -> tuple[tuple[str, ...], Callable[..., Any]]:
    """Names of the arguments of a derived quantity, and the function of them.

    Parameters
    ----------
    name : str
        Symbol of the quantity in `mechanism.equations.DERIVED`, for example ``G``.

    Returns
    -------
    tuple of str
        States, lane parameters and inputs that it depends on.
    callable
        Takes their values in that order, as tensors or arrays of one shape.
    """
    symbol = next(s for s in DERIVED if s.name == name)
    expression = expand(DERIVED[symbol])
    arguments = sorted(expression.free_symbols, key=lambda s: s.name)
    call = sp.lambdify(arguments, expression, modules=[_FUNCTIONS, "numpy"])
    return tuple(a.name for a in arguments), call


def input_values(
    lanes: Sequence[LaneSpec], outputs: Sequence[Sequence[float]], name: str
) -> np.ndarray:
    """An input just before each output time (lane, output); short lanes repeat their last.

    Just before, because what is given at the time of a measurement cannot have acted yet.
    """
    default = next(i.default for i in INPUTS if i.name == name)
    width = max(map(len, outputs), default=0)
    rows = [
        _course(lane_inputs(s).get(name, default), t) for s, t in zip(lanes, outputs, strict=True)
    ]
    return np.array([np.pad(row, (0, width - len(row)), mode="edge") for row in rows])


def _course(course: Input | float, times: Sequence[float]) -> np.ndarray:
    at = np.asarray(times, dtype=float)
    return course.left(at) if isinstance(course, Input) else np.full(len(at), float(course))
