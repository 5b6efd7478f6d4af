"""Quantities of the model without a state, as functions of what they depend on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import sympy as sp

from metinfer.mechanism.equations import DERIVED, PREPARED, expand


def derived_function(
    name: str, functions: Mapping[str, Callable[..., Any]]
) -> tuple[tuple[str, ...], Callable[..., Any]]:
    """Names of the arguments of a derived quantity, and the function of them.

    Parameters
    ----------
    name : str
        Symbol of the quantity in `equations.DERIVED`, for example ``G``.
    functions : mapping of str to callable
        ``exp``, ``log`` and ``sqrt`` for the values that will be given.

    Returns
    -------
    tuple of str
        States, lane parameters and inputs that it depends on.
    callable
        Takes their values in that order.
    """
    symbol = next(s for s in DERIVED if s.name == name)
    expression = expand(DERIVED[symbol]).subs(dict(PREPARED.values()))
    arguments = sorted(expression.free_symbols, key=lambda s: str(s))
    call = sp.lambdify(arguments, expression, modules=[dict(functions)])
    return tuple(str(a) for a in arguments), call
