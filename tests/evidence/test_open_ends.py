"""A bound of an interval that is 0 or infinite is named with the cells to write in its place."""

from __future__ import annotations

import pytest

from metinfer.evidence import read_evidence

NK = 6
_RATIO = {"statistic": "ratio", "spread": "ci95", "value": "4", "low": "2", "high": "8"}
_HAZARD = _RATIO | {"statistic": "hazard_ratio", "observable": "event_hazard_ratio"}
_ODDS = _RATIO | {"statistic": "odds_ratio", "observable": "metastasis_probability"}


@pytest.mark.parametrize("word", ["Inf", "inf", "∞", "NE", "NR", "Infinity", "+Inf", ">inf"])
def test_words_for_an_end_that_was_not_reached(folder, word: str) -> None:
    folder.change("measurements", NK, **_RATIO | {"high": word})
    fault = folder.only_fault()
    assert (fault.column, fault.value) == ("high", word)
    assert fault.message == "not a finite number"


@pytest.mark.parametrize(
    ("cells", "column", "hint"),
    [
        (_RATIO | {"high": "Inf"}, "high",
         "write statistic bound, value 0.975 (the confidence), low 2, spread none, and leave high "
         "empty"),
        (_RATIO | {"spread": "ci90", "low": "0"}, "low",
         "write statistic bound, value 0.95 (the confidence), high 8, spread none, and leave low "
         "empty"),
        (_HAZARD | {"high": "NE"}, "high", "write statistic bound, value 0.975"),
        (_HAZARD | {"high": "NE", "contrast": "per_ln"}, "high", "give the counts, or use role"),
        (_HAZARD | {"high": "NE", "low": "0"}, "high", "give the counts, or use role"),
        (_ODDS | {"high": "Inf"}, "high", "statistic proportion for each arm, with events and n"),
        (_ODDS | {"statistic": "risk_ratio", "low": "0"}, "low", "statistic proportion for each"),
        ({"statistic": "individual", "spread": "none", "value": "", "low": "2", "high": "Inf"},
         "high", "leave the cell empty: the other end alone is a bound"),
        (_RATIO | {"high": "Inf", "role": "out", "reason": "none"}, "high", "say it in note"),
    ],
)  # fmt: skip
def test_what_to_write(folder, cells: dict[str, str], column: str, hint: str) -> None:
    folder.change("measurements", NK, **cells)
    fault = next(f for f in folder.faults() if f.column == column)
    assert hint in fault.hint


def test_what_is_written_then_is_a_bound(folder) -> None:
    bound = {"statistic": "bound", "value": "0.975", "low": "2", "high": "", "spread": "none"}
    folder.change("measurements", NK, **bound)
    row = next(r for r in read_evidence(folder.root).fit_rows() if r.statistic == "bound")
    assert (row.low, row.high, row.value) == (2.0, None, 0.975)


def test_a_number_that_is_no_end_cannot_be_infinite(folder) -> None:
    folder.change("measurements", NK, value="Inf")
    assert folder.only_fault().hint == "leave the cell empty if the number is unknown"
