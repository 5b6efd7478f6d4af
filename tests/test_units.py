"""Units convert as pint says, by hand-checked factors, or are refused by name."""

from __future__ import annotations

import subprocess
import sys

import pytest

from metinfer import pharmacology, units


@pytest.mark.parametrize(
    ("unit", "target", "substance", "expected"),
    [
        ("ng/mL", "ng/mL", "", 1.0),
        ("ug/L", "ng/mL", "", 1.0),
        ("pg/mL", "ng/mL", "", 1e-3),
        ("mg/dL", "ng/mL", "", 1e4),
        ("percent", "1", "", 0.01),
        ("fold", "1", "", 1.0),
        ("fraction", "percent", "", 100.0),
        ("percent/day", "1/day", "", 0.01),
        ("1/month", "1/year", "", 12.0),
        ("1/1000 person-years", "1/year", "", 1e-3),
        ("events/1000 person-years", "1/year", "", 1e-3),
        ("metastases per lung", "1", "", 1.0),
        ("ug/m2", "ng/m^2", "", 1e3),
        # 1 pmol of 28 kDa is 28 ng; 1 nM of 8 kDa is 8 ng/mL.
        ("pmol/mL", "ng/mL", "timp1", 28.0),
        ("nM", "pg/mL", "cxcl12", 8000.0),
        ("ng/mL", "nmol/L", "ifng", 1 / 16.9),
    ],
)
def test_converts(unit: str, target: str, substance: str, expected: float) -> None:
    assert units.factor(unit, target, substance) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("target", units._KNOWN)
def test_table_agrees_with_pint(target: str) -> None:
    for unit, factor in units._KNOWN[target].items():
        assert units._pint_factor(unit, target, "") == pytest.approx(factor, rel=1e-12)


@pytest.mark.parametrize("unit", units.DOSE_UNITS)
def test_dose_units_are_known_to_pint(unit: str) -> None:
    assert units._quantity(unit).magnitude == pytest.approx(1.0)


def test_dose_units_are_those_with_a_factor() -> None:
    assert set(units.DOSE_UNITS) == set(pharmacology.DOSE_UNITS)


@pytest.mark.parametrize(
    ("words", "unit"),
    [("min mins minute minutes", "minute"), ("h hr hrs hour Hours", "hour"),
     ("d D day Days", "day"), ("wk wks Wk. week weeks", "week"), ("mo month Months", "month"),
     ("y yr yrs yrs. year Years", "year"), ("m s fortnight", "")],
)  # fmt: skip
def test_words_of_time(words: str, unit: str) -> None:
    assert {units.time_unit(word) for word in words.split()} == {unit}


@pytest.mark.parametrize("unit", sorted(units.DAYS))
def test_days_agree_with_pint(unit: str) -> None:
    assert units._pint_factor(unit, "day", "") == pytest.approx(units.DAYS[unit], rel=1e-12)


@pytest.mark.parametrize(
    "unit",
    ["mm", "foo", "mmHg", "", "degC", "nM", "fold per doubling", "1/0", "()", "__import__('os')",
     "9**9**9", "9^9^9", "2^99", "10^9^9", "1e999", "(9^9)^9", "x" * 200],
)  # fmt: skip
def test_refuses_by_name(unit: str) -> None:
    with pytest.raises(units.UnitError, match="unit|converted"):
        units.factor(unit, "ng/mL")


def test_mole_needs_a_known_substance() -> None:
    with pytest.raises(units.UnitError, match='"pmol/mL" cannot be converted to "ng/mL"'):
        units.factor("pmol/mL", "ng/mL")


def test_common_units_do_not_load_pint() -> None:
    code = (
        "import sys; from metinfer import units; units.factor('ug/L', 'ng/mL');"
        "sys.exit('pint' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
