"""Quantities of the mechanism without a state, as PyTensor functions of what they depend on.

The formulas are those of `mechanism.equations`; nothing is typed again here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import numpy as np
import pytensor.tensor as pt

from metinfer.inference.design import LaneSpec
from metinfer.inference.lanes import lane_inputs
from metinfer.mechanism.derived import derived_function
from metinfer.mechanism.equations import INPUTS
from metinfer.mechanism.inputs import Input

#: Elementary functions as PyTensor writes them.
_FUNCTIONS = {"exp": pt.exp, "log": pt.log, "sqrt": pt.sqrt}


@cache
def formula(name: str) -> tuple[tuple[str, ...], Callable[..., Any]]:
    """Arguments of a derived quantity and its function; see `mechanism.derived`."""
    return derived_function(name, _FUNCTIONS)


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
