"""What a message about one cell tells its author to write."""

from __future__ import annotations

import pytest

from metinfer.evidence.cells import CellError, parse_cell
from metinfer.evidence.schema import TABLES

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
    ("text", "meant"),
    [("d", '"day"'), ("hrs", '"hour"'), ("wk", '"week"'), ("yr", '"year"'), ("yrs.", '"year"'),
     ("min", '"minute"'), ("mo", '"month"'), ("m", '"minute" or "month"'), ("days", '"day"')],
)  # fmt: skip
def test_short_words_of_time_are_known(text: str, meant: str) -> None:
    assert _hint("time_unit", text) == f"did you mean {meant}?"


@pytest.mark.parametrize("text", ["s", ".", "q", "x" * 6000])
def test_what_is_short_for_nothing_has_no_hint(text: str) -> None:
    assert "did you mean" not in _hint("time_unit", text)


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
