"""What a message about one cell tells its author to write."""

from __future__ import annotations

import pytest

from metinfer.evidence.cells import CellError, parse_cell
from metinfer.evidence.schema import TABLES
from metinfer.evidence.vocabulary import interval_level

SHARE, MEAN = 0, 3


def _hint(column: str, text: str) -> str:
    with pytest.raises(CellError) as caught:
        parse_cell(TABLES["measurements"].column(column), text)
    return caught.value.hint


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("1,092", "write 1.092, or 1092 if the comma separates thousands"),
        ("-12,500", "write -12.500, or -12500 if the comma separates thousands"),
        ("1,092,500", "write it without commas: 1092500"),
        ("1,092.5", "write it without commas: 1092.5"),
        ("0,092", "write the decimal with a point: 0.092"),
        ("1,09", "write the decimal with a point: 1.09"),
        ("1092,500", "write the decimal with a point: 1092.500"),
    ],
)
def test_a_comma_is_not_taken_for_a_point_where_it_may_be_none(text: str, hint: str) -> None:
    assert _hint("value", text) == hint


@pytest.mark.parametrize(
    ("text", "hint"),
    [("m", 'did you mean "min" or "mo"?'), ("wekk", 'did you mean "week"?'), ("q", "")],
)  # fmt: skip
def test_a_time_unit_that_is_none(text: str, hint: str) -> None:
    assert _hint("time_unit", text) == hint


@pytest.mark.parametrize("mark", ["NaN", "nan", "N/A", "#N/A", "<NA>", "NULL", "-", "–", "na", "."])  # noqa: RUF001
@pytest.mark.parametrize("column", ["value", "n", "spread", "cohort", "matrix", "source_url"])
def test_a_mark_of_a_missing_value_is_named_in_every_column(column: str, mark: str) -> None:
    assert _hint(column, mark) == "leave the cell empty"


def test_a_whole_number_with_a_point_before_three_digits_may_be_thousands() -> None:
    assert _hint("n", "1.000") == "write 1, or 1000 if the point separates thousands"
    assert _hint("events", "1.092") == "write 1.092, or 1092 if the point separates thousands"
    assert parse_cell(TABLES["measurements"].column("n"), "12.0") == 12


@pytest.mark.parametrize("error", ["#DIV/0!", "#VALUE!", "#REF!", "#NAME?", "#NUM!"])
def test_an_error_of_a_formula_is_named(error: str) -> None:
    assert _hint("value", error) == "paste the value instead"


@pytest.mark.parametrize("text", ["3-5", "2.5 – 4", "1 to 8", "(2;9)"])  # noqa: RUF001
def test_two_numbers_in_a_cell(text: str) -> None:
    assert _hint("low", text) == "two numbers in one cell: low and high take one each"


@pytest.mark.parametrize("text", ["3.2 ± 0.7", "3.2±0.7", "3.2 +/- 0.7"])
def test_a_number_with_its_spread(text: str) -> None:
    assert "what follows the mark goes into low" in _hint("value", text)


@pytest.mark.parametrize("text", ["9/12", "9 of 12"])
def test_a_number_of_n(text: str) -> None:
    assert _hint("value", text).endswith("the first goes into events, the other into n")


@pytest.mark.parametrize("text", ["05-Mar", "5 Mar 2024", "Mar-05", "2024-03-05", "3/5/24"])
def test_a_date_is_named(text: str) -> None:
    assert "made a date of this" in _hint("value", text)


@pytest.mark.parametrize("spread", ["ci50", "ci80", "ci90", "ci95", "ci96", "ci99", "ci99.9"])
def test_an_interval_of_any_level(spread: str) -> None:
    assert parse_cell(TABLES["measurements"].column("spread"), spread) == spread
    assert interval_level(spread) == pytest.approx(float(spread[2:]) / 100)


@pytest.mark.parametrize(
    ("spread", "hint"),
    [
        ("ci5", "50 or more, and below 100"),
        ("ci49.9", "50 or more, and below 100"),
        ("ci100", "50 or more, and below 100"),
        ("95% CI", 'did you mean "ci95"?'),
        ("CI99", 'did you mean "ci99"?'),
        ("90 % interval", 'did you mean "ci90"?'),
        ("SEM", 'did you mean "sem"?'),
        ("95", ""),
    ],
)
def test_a_spread_that_is_none(spread: str, hint: str) -> None:
    assert _hint("spread", spread) == hint


def test_whole_numbers_have_one_lowest_value() -> None:
    assert TABLES["measurements"].column("n").allowed == "a whole number, from 1 to 1000000000"
    assert TABLES["arms"].column("perforin_loss").allowed.endswith(", from 0 to 1")


def test_what_a_statistic_needs_is_not_called_allowed(folder) -> None:
    folder.change("measurements", MEAN, n="")
    fault = folder.only_fault()
    assert fault.allowed == ""
    assert fault.hint.startswith("needed: value + low + n;")


@pytest.mark.parametrize(
    ("cells", "words"),
    [
        ({}, "write 1 if it has none, or percent"),
        ({"observable": "timp1_level", "statistic": "individual"}, "for example ng/mL"),
        ({"observable": "nk_turnover", "statistic": "individual"}, "for example 1/day"),
    ],
)
def test_a_missing_unit_has_an_example(folder, cells: dict[str, str], words: str) -> None:
    folder.change("measurements", SHARE, unit="", **cells)
    assert folder.only_fault().hint == words
