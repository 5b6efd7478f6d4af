"""A wrong folder, a spreadsheet in place of a table, and files that only lie about."""

from __future__ import annotations

from pathlib import Path

import pytest

from metinfer.evidence import check


def test_a_folder_without_tables_is_one_fault(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[project]\n")
    (fault,) = check(tmp_path).faults
    assert fault.message == "this folder holds no evidence"
    assert (fault.file, fault.line) == (str(tmp_path), None)
    assert fault.allowed == "a folder with studies.csv, arms.csv, measurements.csv"
    assert "metinfer new" in fault.hint
    assert check(tmp_path).warnings == ()


def test_the_folder_that_was_meant_is_named(folder) -> None:
    (fault,) = check(folder.root.parent).faults
    assert fault.hint == f"did you mean {folder.root}?"


def test_a_file_of_another_program_is_not_taken_for_a_table(folder) -> None:
    (folder.root / "pyproject.toml").write_text("[project]\n")
    assert "did you mean" not in folder.only_warning().hint
    (folder.root / "pyproject.toml").rename(folder.root / "parameter.toml")
    assert folder.only_fault().hint == 'did you mean "parameters.toml"?'


@pytest.mark.parametrize("name", ["measurements", "doses"])
def test_a_table_that_is_a_spreadsheet_is_to_be_saved_as_csv(folder, name: str) -> None:
    (folder.root / f"{name}.csv").rename(folder.root / f"{name}.xlsx")
    (fault,) = (f for f in folder.faults() if f.file == f"{name}.csv")
    assert fault.message == "the file is missing"
    assert fault.hint == f"{name}.xlsx is here: save it as CSV UTF-8, named {name}.csv"


def test_a_folder_of_nothing_but_a_spreadsheet(tmp_path: Path) -> None:
    (tmp_path / "measurements.xlsx").write_bytes(b"PK")
    hints = {fault.file: fault.hint for fault in check(tmp_path).faults}
    assert "save it as CSV UTF-8" in hints["measurements.csv"]
    (tmp_path / "measurements.xlsx").rename(tmp_path / "ours.xlsx")
    (fault,) = check(tmp_path).faults
    assert "save the sheets of ours.xlsx as CSV" in fault.hint


def test_a_spreadsheet_beside_its_table_is_no_matter(folder) -> None:
    (folder.root / "measurements.xlsx").write_bytes(b"PK")
    assert folder.report().warnings == folder.report().faults == ()


@pytest.mark.parametrize("name", ["~$arms.csv", ".~lock.arms.csv#", "._arms.csv"])
def test_what_a_spreadsheet_keeps_while_it_is_open_is_passed_over(folder, name: str) -> None:
    (folder.root / name).write_bytes(b"\0\1")
    assert folder.report().warnings == folder.report().faults == ()
