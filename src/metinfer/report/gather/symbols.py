"""Symbols of the equations as plain text, and equations as they are read aloud."""

from __future__ import annotations

import re

from metinfer.mechanism import equations as source

GREEK = {"theta": "\u03b8", "mu": "\u03bc", "eta": "\u03b7", "nu": "\u03bd", "tau": "\u03c4",
         "kappa": "\u03ba", "pi": "\u03c0", "rho": "\u03c1"}  # fmt: skip
#: How operators are said.
SPOKEN = (("**", " to the power "), ("*", " times "), ("/", " over "), (" - ", " minus "),
          (" + ", " plus "), (" = ", " equals "), ("sqrt", "square root of "),
          ("exp", "exponential of "), ("log", "logarithm of "))  # fmt: skip


def of(name: str) -> str:
    """Return the symbol of a parameter as in the equations: k_A, \u03b7, N_max."""
    latex = {p.name: p.symbol for p in source.PARAMETERS}.get(name, name)
    text = re.sub(r"\\([a-z]+)", lambda m: GREEK.get(m[1], m[1]), latex)
    text = re.sub(r"[{}]", "", text)
    return GREEK.get(text, text)


def spoken(plain: str) -> str:
    """Return an equation in words for a reader who hears it."""
    text = re.sub(r"\bd(\w+)/dt\b", r"rate of change of \1", plain)
    for sign, word in SPOKEN:
        text = text.replace(sign, word)
    return re.sub(r" +", " ", text)
