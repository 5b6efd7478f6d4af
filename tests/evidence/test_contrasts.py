"""Warnings of rows that are well formed, but of which the model can make nothing."""

from __future__ import annotations

import pytest

from metinfer.evidence import bundled_path, check
from metinfer.evidence.template import write_template
from metinfer.therapy.applicability import COLUMNS

IL15, FOLLOWED, NK = 2, 3, 6
SAME = "il15 and control have the same inputs and no dose that differs"
OTHER = {column: "0.5" for column, _ in COLUMNS.values()} | {
    "timp1_level": "high", "site": "lung", "context": "mouse_other", "stock": "other",
    "endpoint_scope": "organ", "arrival": "settled", "arrival_end": "2", "species": "rat",
}  # fmt: skip


def test_a_treated_arm_without_its_dose_is_a_doubt(folder) -> None:
    (folder.root / "doses.csv").unlink()
    warning = folder.only_warning()
    assert (warning.file, warning.line, warning.column) == ("measurements.csv", 8, "reference_arm")
    assert warning.message == f"{SAME}: the model predicts no difference between them"
    assert "doses.csv" in warning.hint


def test_a_dose_of_nothing_is_none(folder) -> None:
    folder.change("doses", 0, amount="0")
    assert SAME in folder.only_warning().message


def test_the_same_dose_in_both_arms_is_no_difference(folder) -> None:
    for arm in ("control", "nk_depleted"):
        folder.add("doses", 0, arm=arm)
    assert SAME in folder.only_warning().message


def test_a_dose_after_the_measurement_is_named(folder) -> None:
    folder.change("doses", 0, start="6")
    assert f"{SAME} before day 5:" in folder.only_warning().message


def test_a_row_that_is_not_fitted_may_compare_equals(folder) -> None:
    (folder.root / "doses.csv").unlink()
    folder.change("measurements", NK, role="check")
    assert folder.report().warnings == ()


@pytest.mark.parametrize("column", OTHER)
def test_arms_that_differ_in_an_input_are_compared(folder, column: str) -> None:
    (folder.root / "doses.csv").unlink()
    folder.change("arms", IL15, **{column: OTHER[column]})
    assert SAME not in folder.report().to_text()


def test_a_fault_of_a_dose_or_an_input_is_named_once(folder) -> None:
    folder.change("doses", 0, arm="il51")
    assert SAME not in folder.report().to_text()
    folder.change("doses", 0, arm="il15", start="soon")
    assert SAME not in folder.report().to_text()
    folder.change("doses", 0, start="1", amount="0")
    folder.change("arms", IL15, injury="much")
    assert SAME not in folder.report().to_text()


def test_a_fold_without_a_time_names_the_day_that_is_used(folder) -> None:
    folder.change("measurements", NK, time="", time_unit="")
    warning = folder.only_warning()
    assert (warning.line, warning.column) == (NK + 2, "time")
    assert "nk_count_fold is predicted at day 0" in warning.message


def test_a_wrong_time_of_a_fold_is_one_fault(folder) -> None:
    folder.change("measurements", NK, time="soon")
    assert folder.only_fault().column == "time"
    assert folder.report().warnings == ()


def test_a_table_without_rows_has_nothing_to_fit(folder) -> None:
    folder.bytes("measurements.csv", lambda data: data[: data.index(b"\n") + 1])
    assert folder.report().warnings == ()  # the intervals are fitted
    (folder.root / "intervals.csv").unlink()
    warning = folder.only_warning()
    assert warning.file == "measurements.csv"
    assert "a header and no rows" in warning.message
    assert "nothing to fit" in warning.message


def test_rows_of_which_none_is_fitted(folder) -> None:
    (folder.root / "intervals.csv").unlink()
    rows = folder.rows("measurements")
    folder.write("measurements", [r | {"role": "check"} if r["role"] == "fit" else r for r in rows])
    assert folder.only_warning().message.startswith("no row has role fit")
    folder.change("measurements", 0, role="fitt")
    assert folder.report().warnings == ()


def test_the_evidence_that_comes_along_has_no_doubt(tmp_path) -> None:
    for root in (bundled_path(), write_template(tmp_path / "mine")):
        assert check(root).warnings == (), root


def test_a_faulty_species_is_not_compared(folder) -> None:
    folder.change("arms", 0, species="mous")
    assert folder.only_fault().column == "species"
    folder.change("arms", 0, species="")
    assert folder.only_fault().column == "species"


@pytest.mark.parametrize("arm", [0, 1])
def test_an_arm_without_a_context_cannot_be_solved(folder, arm) -> None:
    folder.change("arms", arm, context="", stock="")
    found = [f for f in folder.report().faults if f.column == "context"]
    assert [(f.file, f.line) for f in found] == [("arms.csv", arm + 2)]
    assert "is solved in a context, and this arm has none" in found[0].message
    assert "any context of the species" in found[0].hint
