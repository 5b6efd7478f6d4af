"""The equations as plain text with ``^``, ``exp``, ``ln`` and ``sqrt``, for other programs."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import sympy as sp
from sympy.printing.precedence import PRECEDENCE, precedence
from sympy.printing.str import StrPrinter

from metinfer.mechanism.equations import DERIVED, EQUATIONS, INPUTS, PREPARED

#: Added to the name of a quantity for its value at time zero.
START = "_start"
#: Added to the name of an input for its value just before time zero.
BEFORE = "_before"
#: Lane parameters written as numbers: a feedback makes the starts circular, which text for other
#: programs cannot be.
CUT = {"bNA": 0.0}


@dataclass(frozen=True)
class Formulas:
    """The model as text, each part in order of use.

    Attributes
    ----------
    derived : tuple of (str, str)
        Quantities without a state, by name, at any time.
    start_derived : tuple of (str, str)
        Those that a start needs, at time zero; names end in `START`.
    rates : tuple of (str, str)
        Time derivative of each state, per day.
    starts : tuple of (str, str)
        Value of each state at time zero; other states stand for their values at time zero.
    """

    derived: tuple[tuple[str, str], ...]
    start_derived: tuple[tuple[str, str], ...]
    rates: tuple[tuple[str, str], ...]
    starts: tuple[tuple[str, str], ...]


class _Infix(StrPrinter):
    """SymPy's own text, with the operators and functions of SBML infix notation."""

    def _print_Pow(self, expr: sp.Pow, rational: bool = False) -> str:
        base, power = expr.as_base_exp()
        if power == sp.Rational(1, 2):
            return f"sqrt({self._print(base)})"
        text = [self.parenthesize(part, PRECEDENCE["Pow"], strict=False) for part in (base, power)]
        return "^".join(text)

    def _print_log(self, expr: sp.log) -> str:
        return f"ln({self._print(expr.args[0])})"

    def _print_Float(self, expr: sp.Float) -> str:
        return repr(float(expr))

    def _print_Mul(self, expr: sp.Mul) -> str:
        top, bottom = expr.as_numer_denom()
        if bottom == 1:
            return str(super()._print_Mul(expr))
        low = self.parenthesize(bottom, PRECEDENCE["Pow"])
        high = self._print(top)
        return f"{high if precedence(top) >= PRECEDENCE['Mul'] else f'({high})'}/{low}"


def infix(expression: sp.Expr) -> str:
    """One expression as text."""
    return str(_Infix().doprint(expression))


def formulas(before: Collection[str] = ()) -> Formulas:
    """The whole model as text.

    Parameters
    ----------
    before : collection of str
        Inputs whose value just before time zero goes by a name of its own, ending in `BEFORE`.

    Returns
    -------
    Formulas
    """
    cut = {sp.Symbol(name, real=True): sp.Float(value) for name, value in CUT.items()}
    quantities = {s: e.subs(cut) for s, e in [*PREPARED.values(), *DERIVED.items()]}
    equations = [
        (e.state, e.production.subs(cut), e.loss.subs(cut), e.start.subs(cut)) for e in EQUATIONS
    ]
    earlier = {
        sp.Symbol(i.name, real=True): sp.Symbol(i.name + BEFORE) for i in INPUTS if i.name in before
    }
    earlier |= {symbol: sp.Symbol(symbol.name + START) for symbol in quantities}
    needed = _needed(quantities, [start for *_, start in equations])
    return Formulas(
        tuple((s.name, infix(e)) for s, e in quantities.items()),
        tuple((s.name + START, infix(quantities[s].subs(earlier))) for s in needed),
        tuple((x, infix(p - loss * sp.Symbol(x, real=True))) for x, p, loss, _ in equations),
        tuple((x, infix(start.subs(earlier))) for x, _, _, start in equations),
    )


def _needed(quantities: dict[sp.Symbol, sp.Expr], starts: Collection[sp.Expr]) -> list[sp.Symbol]:
    """Quantities that the starts use, themselves or through others, in order of use."""
    wanted = set().union(*(start.free_symbols for start in starts))
    for symbol in reversed(quantities):
        if symbol in wanted:
            wanted |= quantities[symbol].free_symbols
    return [symbol for symbol in quantities if symbol in wanted]
