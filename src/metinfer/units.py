"""Conversion of published units to the unit of an observable.

Common spellings are looked up in a table, so that `metinfer check` need not load
pint (half a second); anything else goes to pint, and what pint cannot convert is
refused by name.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pint

_TIMES = {
    "minute": (1.0 / 1440.0, "min mins minutes"),
    "hour": (1.0 / 24.0, "h hr hrs hours"),
    "day": (1.0, "d days"),
    "week": (7.0, "w wk wks weeks"),
    "month": (365.25 / 12.0, "mo mos mth mths months"),
    "year": (365.25, "y yr yrs years"),
}

DAYS = {unit: days for unit, (days, _) in _TIMES.items()}
"""Days in each time unit; a year is 365.25 days, as in pint."""

TIME_WORDS = {word: unit for unit, (_, words) in _TIMES.items() for word in (unit, *words.split())}
"""Time unit of each word that tables use for one, in lower case."""

MOLAR_MASS = {
    # Mature human IFN-gamma monomer, 143 residues from the sequence: UniProt P01579.
    "ifng": 16_900.0,
    # Human TIMP-1 with its sugars runs at 28 kDa; the bare sequence (20.7 kDa) is never
    # what an assay meets: UniProt P01033.
    "timp1": 28_000.0,
    # Mature CXCL12-alpha, 68 residues from the sequence: UniProt P48061.
    "cxcl12": 8_000.0,
}
"""Molar mass of each substance that converts between mole and mass, g/mol."""

# Factors to the canonical units in use; a test compares each of them with pint.
_KNOWN = {
    "1": {"1": 1.0, "fold": 1.0, "fraction": 1.0, "percent": 0.01, "%": 0.01},
    "percent": {"percent": 1.0, "%": 1.0, "1": 100.0, "fraction": 100.0},
    "1/day": {"1/day": 1.0, "1/hour": 24.0, "1/week": 1 / 7, "1/year": 1 / 365.25,
              "percent/day": 0.01},
    "1/year": {"1/year": 1.0, "1/day": 365.25, "1/month": 12.0, "percent/year": 0.01,
               "1/1000 person-years": 0.001},
    "ng/mL": {"ng/mL": 1.0, "ug/L": 1.0, "pg/mL": 0.001, "ng/L": 0.001, "ug/mL": 1000.0},
}  # fmt: skip

DOSE_UNITS = ("ng/kg", "ug/kg", "mg/kg", "ug/m2", "mg/m2", "ng", "ug", "mg")
"""Units of a dose; `metinfer.pharmacology` has the factors, and a test compares the two."""

_SAFE = re.compile(r"[A-Za-z0-9µμ%/*^. ()-]{1,60}")
# Nothing may make pint raise a number to a number: that is how a short cell fills memory.
_POWER = re.compile(r"\*\*|\^(?!-?[1-4](?![\d.]))|\^-?\d\s*\^|\d\s*\^|\)\s*\^|\d{6}|\d[eE][\d+-]")
_COUNTS = ("fold", "fraction", "cell", "colony", "colonies", "metastasis", "metastases", "focus",
           "foci", "nodule", "event", "animal", "patient", "liver", "lung", "organ")  # fmt: skip


class UnitError(ValueError):
    """A unit that is unknown, or that cannot become the unit asked for."""


def time_unit(text: str) -> str:
    """Key of `DAYS` that `text` (such as wk, Days or yrs.) stands for; empty for any other word."""
    return TIME_WORDS.get(text.lower().removesuffix("."), "")


def factor(unit: str, target: str, substance: str = "") -> float:
    """Number to multiply a value in `unit` by, to have it in `target`.

    Parameters
    ----------
    unit : str
        Unit as published, for example ``ug/L``, ``percent`` or ``pmol/mL``.
    target : str
        Unit wanted.
    substance : str, optional
        A key of `MOLAR_MASS`; lets amounts in mole become mass and back.

    Raises
    ------
    UnitError
        If `unit` is unknown or measures something else.
    """
    if unit == target:
        return 1.0
    known = _KNOWN.get(target, {}).get(unit)
    return known if known is not None else _pint_factor(unit, target, substance)


def molar_mass_used(unit: str, target: str, substance: str) -> float | None:
    """Molar mass (g/mol) that `factor` needs between `unit` and `target`; None where it needs none.

    Raises
    ------
    UnitError
        If one of the units is unknown.
    """
    if substance not in MOLAR_MASS or unit == target or unit in _KNOWN.get(target, {}):
        return None
    alike = _quantity(unit).is_compatible_with(_quantity(target))
    return None if alike else MOLAR_MASS[substance]


@cache
def _pint_factor(unit: str, target: str, substance: str) -> float:
    given, wanted = _quantity(unit), _quantity(target)
    if substance in MOLAR_MASS:
        molar_mass = MOLAR_MASS[substance] * _registry().Unit("g/mol")
        for scaled in (given, given * molar_mass, given / molar_mass):
            if scaled.is_compatible_with(wanted):
                return float((scaled / wanted).to("dimensionless").magnitude)
    if not given.is_compatible_with(wanted):
        why = ""
        if any(given.is_compatible_with(wanted * _quantity(per)) for per in ("mol/g", "g/mol")):
            why = f": no molar mass is known for {substance or 'this quantity'}"
        raise UnitError(f'"{unit}" cannot be converted to "{target}"{why}')
    return float((given / wanted).to("dimensionless").magnitude)


@cache
def _quantity(unit: str) -> pint.Quantity:
    """One `unit` as a pint quantity; multiplicative units only."""
    if not _SAFE.fullmatch(unit):
        raise UnitError(f'"{unit[:60]}" is not a unit')
    text = re.sub(r"person[- ]?(years?|days?|months?)", r"\1", unit.replace("μ", "µ"))
    text = re.sub(r"(\d+) +(year|day|month)s?\b", r"(\1 \2)", text)
    text = re.sub(r"\b([a-z]?m)([23])\b", r"\1^\2", text.replace("%", "percent"))
    if _POWER.search(text) or "-" in re.sub(r"\^-", "", text):
        raise UnitError(f'"{unit}" is not a unit')
    try:
        quantity: pint.Quantity = 1.0 * _registry().parse_expression(text)
        finite = 0.0 < float(quantity.to_base_units().magnitude) < float("inf")
    except Exception:  # pint raises a dozen kinds, among them tokenizer errors
        raise UnitError(f'"{unit}" is not a known unit') from None
    # An offset scale such as degree Celsius cannot be multiplied.
    if not finite or not quantity._is_multiplicative:
        raise UnitError(f'"{unit}" is not a unit of a quantity that can be scaled')
    return quantity


@cache
def _registry() -> pint.UnitRegistry:
    from pint import UnitRegistry  # half a second: only when the table does not suffice

    registry = UnitRegistry()
    for name in _COUNTS:
        registry.define(f"{name} = 1")
    return registry
