"""Equations, states and links in words, from the one place where they are written."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sympy as sp

from metinfer.mechanism import equations as source
from metinfer.report.content import Definition, Equation, Rule
from metinfer.report.gather import symbols

GREEK = {"lnQ": r"\ln Q", "omega": r"\omega", "lnT": r"\ln T", "e4": "e_4", "e15": "e_{15}",
         "Fk": "F_k", "FA": "F_A", "ZN": "Z_N", "W1": "W_1", "W2": "W_2",
         "W3": "W_3", "Kx": "K_X"}  # fmt: skip
MEANINGS = {
    "e15": "effect of an IL-15 agonist",
    "e4": "share of CXCR4 blocked",
    "Z": "CXCL12 signal through CXCR4",
    "ZN": "the part of that signal that NK cells meet",
    "lnQ": "quiescence of NK cells",
    "F": "active NK cells",
    "FA": "active NK cells as stellate cells feel them",
    "Fk": "NK cells that kill",
    "G": "interferon-gamma signal",
    "omega": "awakening relative to a healthy liver",
    "seed": "share of arriving cells that settle, against a healthy liver",
    "leave": "loss of dormant cells",
    "onward": "passage through each stage of growth",
}


#: Rules of mouse and people, as the page says them.
SHARED = "shared: one value for mouse and people"
SCALED = (
    "scaled: human value = mouse value times a log-normal deviation (sd of the log 0.5, about "
    "1.6-fold), by which the two may differ"
)
SEPARATE = {
    "species": "separate: a value of its own in mouse and in people",
    "context": "separate: a value of its own in each tumour, mouse or human",
    "stock": "separate by group of people or animals: fold of the founders of its tumour",
    "site": "separate by organ", "assay": "separate by assay",
    "timp1_level": "separate by group of patients", "spread": "separate by kind of measurement",
}  # fmt: skip
#: Values at time zero; the solver counts per founder, and founders per subject multiply all.
STEADY = "at rest under the inputs before time zero (healthy: 1)"
STARTS = {
    "D": ("M founders (after surgery)",
          "0, then M founders arrive: at once by vein, or from the primary until its removal"),
    "W1": ("a third of M \u00d7 r clones", "0"),
    "W2": ("a third of M \u00d7 r clones", "0"),
    "W3": ("a third of M \u00d7 r clones", "0"),
    "L": ("0", "0"),
    "K": ("0", "0"),
}  # fmt: skip


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


def equations() -> tuple[Equation, ...]:
    """Return every derived quantity, then every state's equation, as LaTeX and plain text."""
    names = _names()
    titles = {s.name: s for s in source.STATES}
    made = []
    for symbol, expression in source.DERIVED.items():
        tidy = _readable(expression)
        latex = f"{names[symbol]} = {_set(tidy, names)}"
        meaning = MEANINGS.get(str(symbol), str(symbol))
        plain = f"{symbol} = {tidy}"
        named = meaning[0].upper() + meaning[1:]
        made.append(Equation(named, latex, plain, spoken=symbols.spoken(plain)))
    for equation in source.EQUATIONS:
        state = titles[equation.state]
        own = sp.Symbol(state.name, real=True)
        change = _readable(equation.production - equation.loss * own)
        left = names.get(own, state.name)
        latex = rf"\frac{{d{left}}}{{dt}} = {_set(change, names)}"
        title = state.meaning[0].upper() + state.meaning[1:]
        plain = f"d{state.name}/dt = {change}"
        made.append(Equation(title, latex, plain, spoken=symbols.spoken(plain)))
    return tuple(made)


def states() -> tuple[Definition, ...]:
    """Return the states with unit, meaning and source."""
    return tuple(
        Definition(s.title, s.name, s.unit, s.meaning, s.source, *starts(s.name))
        for s in source.STATES
    )


def starts(state: str) -> tuple[str, str]:
    """Return the value of a state at time zero, in people and in mice."""
    if state in source.NICHE:
        return STEADY, STEADY
    return STARTS[state]


def rules(document: Mapping[str, Any]) -> tuple[Rule, ...]:
    """Return which parameters mouse and people share, which are scaled, which are separate.

    Parameters
    ----------
    document
        The parsed parameters.toml.
    """
    groups: dict[str, list[str]] = {}
    for entry in document.get("parameter", ()):
        said = f"{entry['name'].replace('_', ' ')} ({symbols.of(entry.get('symbol', ''))})"
        groups.setdefault(_rule(entry), []).append(said)
    return tuple(Rule(rule, ", ".join(names)) for rule, names in groups.items())


def _rule(entry: Mapping[str, Any]) -> str:
    if entry.get("transfer"):
        return SCALED
    return SEPARATE.get(entry.get("dims", ""), SHARED)


def inputs() -> tuple[Definition, ...]:
    """Return the inputs with unit, meaning and the value in an untreated healthy host."""
    return tuple(
        Definition(i.name, i.name, i.unit, i.meaning, f"default {i.default:g}")
        for i in source.INPUTS
    )
