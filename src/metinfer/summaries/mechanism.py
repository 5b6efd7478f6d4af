"""Equations, states and inputs of the mechanism, from the one place where they are written."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
import sympy as sp

from metinfer.mechanism import equations as source
from metinfer.summaries.table import frame

GREEK = {"lnQ": r"\ln Q", "omega": r"\omega", "lnT": r"\ln T", "e4": "e_4", "e15": "e_{15}",
         "Fk": "F_k", "FA": "F_A", "ZN": "Z_N", "W1": "W_1", "W2": "W_2",
         "W3": "W_3", "Kx": "K_X"}  # fmt: skip


def _names() -> dict[sp.Symbol, str]:
    named = {p.name: p.symbol for p in source.PARAMETERS}
    every = {s for e in source.EQUATIONS for s in (e.production.free_symbols | e.loss.free_symbols)}
    every |= {s for e in source.DERIVED.values() for s in e.free_symbols} | set(source.DERIVED)
    return {s: _latex(str(s), named) for s in every}


def _latex(name: str, named: dict[str, str]) -> str:
    if name in named:
        return named[name]
    if name in GREEK:
        return GREEK[name]
    return name if len(name) == 1 else r"\mathrm{" + name.replace("_", r"\,") + "}"


def _set(expression: sp.Expr, names: dict[sp.Symbol, str]) -> str:
    return str(sp.latex(expression, symbol_names=names, mul_symbol=r"\,"))


def _readable(expression: sp.Expr) -> sp.Expr:
    """Return powers as powers: the equations hold them as exp(b log(x + a tiny floor))."""
    bare = expression.subs({source.FLOOR: 0, source.FLOOR**2: 0})
    return bare.replace(sp.exp, _as_powers)


def _as_powers(exponent: sp.Expr) -> sp.Expr:
    if not exponent.has(sp.log) or exponent.has(sp.exp):
        return sp.exp(exponent)
    return sp.Mul(*(_power(term) for term in sp.Add.make_args(sp.expand(exponent))))


def _power(term: sp.Expr) -> sp.Expr:
    factors = sp.Mul.make_args(term)
    log = next((f for f in factors if isinstance(f, sp.log)), None)
    if log is None:
        return sp.exp(term)
    base, power = log.args[0].as_base_exp()
    return sp.Pow(base, term / log * power)


def equations() -> pd.DataFrame:
    """Every derived quantity, then every state's equation, as LaTeX and plain text."""
    names, made = _names(), []
    for symbol, expression in source.DERIVED.items():
        tidy = _readable(expression)
        made.append({
            "key": str(symbol), "state": "", "latex": f"{names[symbol]} = {_set(tidy, names)}",
            "plain": f"{symbol} = {tidy}",
        })  # fmt: skip
    titles = {s.name: s for s in source.STATES}
    for equation in source.EQUATIONS:
        state = titles[equation.state]
        own = sp.Symbol(state.name, real=True)
        change = _readable(equation.production - equation.loss * own)
        left = names.get(own, state.name)
        made.append({
            "key": state.name, "state": state.meaning,
            "latex": rf"\frac{{d{left}}}{{dt}} = {_set(change, names)}",
            "plain": f"d{state.name}/dt = {change}",
        })  # fmt: skip
    return frame(made)


def states() -> pd.DataFrame:
    """States with symbol, unit, meaning and source; whether they rest at time zero."""
    return frame(
        {"name": s.title, "symbol": s.name, "unit": s.unit, "meaning": s.meaning,
         "source": s.source, "at_rest": s.name in source.NICHE}
        for s in source.STATES
    )  # fmt: skip


def inputs() -> pd.DataFrame:
    """Inputs with unit, meaning and the value in an untreated healthy host."""
    return frame(
        {"name": i.name, "unit": i.unit, "meaning": i.meaning, "default": i.default}
        for i in source.INPUTS
    )


def rules(document: Mapping[str, Any]) -> pd.DataFrame:
    """How mouse and people share each parameter: code of the rule and the parameter.

    Codes: ``shared``, ``scaled``, or the dimension by which a parameter is separate.
    """
    return frame(
        (
            {"rule": "scaled" if p.get("transfer") else p.get("dims", "") or "shared",
             "parameter": p["name"], "symbol": p.get("symbol", "")}
            for p in document.get("parameter", ())
        ),
        ("rule", "parameter", "symbol"),
    )  # fmt: skip
