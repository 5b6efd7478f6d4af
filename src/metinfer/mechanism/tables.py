"""The equations and parameters as a reader sees them: LaTeX for the report, rows for the docs."""

from __future__ import annotations

import sympy as sp

from metinfer.mechanism.equations import (
    DERIVED,
    EQUATIONS,
    FLOOR,
    INPUTS,
    PARAMETERS,
    PREPARED,
    STATES,
)

_SYMBOLS = {
    "e15": "e_{15}", "e4": "e_4", "Z": "Z", "ZN": "Z_N", "lnQ": r"\ln Q", "F": "F", "FA": "F_A",
    "Fk": "F_k", "G": "G", "omega": r"\omega", "seed": r"\sigma", "leave": r"\ell",
    "onward": "g", "W1": "W_1", "W2": "W_2", "W3": "W_3",
}  # fmt: skip


def _names() -> dict[sp.Symbol, str]:
    names = {sp.Symbol(s.name, real=True): s.name for s in STATES}
    names |= {sp.Symbol(p.name, real=True): p.symbol for p in PARAMETERS}
    for spec in INPUTS:
        plain = spec.name.replace("_", " ")
        names[sp.Symbol(spec.name, real=True)] = rf"\mathrm{{{plain}}}".replace(" ", r"\ ")
    for symbol in DERIVED:
        names[symbol] = _SYMBOLS[symbol.name]
    return names | {s: _SYMBOLS[s.name] for s in names if s.name in _SYMBOLS}


def _as_power(argument: sp.Expr) -> sp.Expr:
    """exp(argument) with every ``b log(x)`` in it written as x^b."""
    result = sp.Integer(1)
    for term in sp.Add.make_args(sp.expand(argument)):
        logs = [f for f in sp.Mul.make_args(term) if isinstance(f, sp.log)]
        if len(logs) == 1:
            base, power = logs[0].args[0].as_base_exp()
            result *= sp.Pow(base, term / logs[0] * power, evaluate=False)
        else:
            result *= sp.exp(term)
    return result


def _latex(expression: sp.Expr) -> str:
    """LaTeX with powers as powers, and without the numerical floor under logarithms."""
    whole = expression.subs(*PREPARED["timp1"])
    floors = (FLOOR, FLOOR**2)
    whole = whole.replace(lambda e: e.is_Float and float(e) in floors, lambda _: sp.Integer(0))
    whole = whole.replace(
        lambda e: isinstance(e, sp.exp) and e.has(sp.log), lambda e: _as_power(e.args[0])
    )
    return str(sp.latex(whole, symbol_names=_names()))


def latex_equations() -> list[tuple[str, str]]:
    """Every definition and rate as (name, LaTeX), in order of use.

    Returns
    -------
    list of (str, str)
        Derived quantities by symbol name, then states by name; no dollar signs.
    """
    names = _names()
    rows = [(s.name, f"{names[s]} = {_latex(e)}") for s, e in DERIVED.items()]
    for equation in EQUATIONS:
        x = sp.Symbol(equation.state, real=True)
        right = _latex(equation.production)
        if equation.loss != 0:
            loss = _latex(equation.loss)
            loss = rf"\left({loss}\right)" if equation.loss.is_Add else loss
            right = (
                f"{right} - {loss} {names[x]}"
                if equation.production != 0
                else f"-{loss} {names[x]}"
            )
        rows.append((equation.state, rf"\frac{{d{names[x]}}}{{dt}} = {right}"))
    return rows


def parameter_table() -> list[dict[str, str | float]]:
    """One row per lane parameter: name, symbol (LaTeX), unit, meaning, source, default."""
    return [
        {
            "name": p.name, "symbol": p.symbol, "unit": p.unit, "meaning": p.meaning,
            "source": p.source, "default": p.default,
        }
        for p in PARAMETERS
    ]  # fmt: skip
