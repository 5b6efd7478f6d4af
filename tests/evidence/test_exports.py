"""Tables as R, pandas and spreadsheets write them: read alike, or named with the mend."""

from __future__ import annotations

import csv
import io

import pytest

from metinfer.evidence import read_evidence

TABLES = ("studies", "arms", "doses", "measurements", "intervals")


def _rewrite(folder, table: str, change) -> None:
    """Write a table anew after `change` of its lines (lists of cells, the header first)."""
    path = folder.root / f"{table}.csv"
    lines = change(list(csv.reader(io.StringIO(path.read_text(encoding="utf-8")))))
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, lineterminator="\n").writerows(lines)


@pytest.mark.parametrize("table", TABLES)
def test_na_is_an_empty_cell(folder, table: str) -> None:
    before = read_evidence(folder.root)
    _rewrite(folder, table, lambda lines: [[cell or "NA" for cell in line] for line in lines])
    report = folder.report()
    assert report.ok, report.to_text()
    assert report.warnings == ()
    after = read_evidence(folder.root)
    assert getattr(after, table) == getattr(before, table)
    assert [dict(r.raw) for r in after.measurements] == [dict(r.raw) for r in before.measurements]


def test_na_where_a_cell_is_always_needed(folder) -> None:
    folder.change("arms", 3, cohort="NA")
    fault = folder.only_fault()
    assert (fault.message, fault.value) == ("the cell is empty", "NA")


@pytest.mark.parametrize("name", ["", "Unnamed: 0", "X", "...1"])
@pytest.mark.parametrize("table", TABLES)
def test_an_index_column_is_one_fault(folder, table: str, name: str) -> None:
    _rewrite(folder, table, lambda lines: [[name if not k else str(k), *line]
                                           for k, line in enumerate(lines)])  # fmt: skip
    fault = folder.only_fault()
    assert (fault.file, fault.line) == (f"{table}.csv", 1)
    assert "index=False in pandas" in fault.hint
    assert "row.names = FALSE in R" in fault.hint


@pytest.mark.parametrize("table", TABLES)
def test_row_names_without_a_column_are_one_fault(folder, table: str) -> None:
    _rewrite(folder, table, lambda lines: [[str(k), *line] if k else line
                                           for k, line in enumerate(lines)])  # fmt: skip
    named = [f for f in folder.faults() if f.file == f"{table}.csv"]
    assert [f.message for f in named] == [
        "each row starts with its number, which has no column in the header"
    ]


@pytest.mark.parametrize("table", TABLES)
def test_empty_columns_at_the_end_are_passed_over(folder, table: str) -> None:
    before = read_evidence(folder.root)
    _rewrite(folder, table, lambda lines: [[*line, "", "", ""] for line in lines])
    assert folder.report().ok, folder.report().to_text()
    assert getattr(read_evidence(folder.root), table) == getattr(before, table)


def test_a_cell_beyond_the_last_named_column_is_not_lost(folder) -> None:
    _rewrite(folder, "arms", lambda lines: [[*line, "", "remark" if k == 2 else ""]
                                            for k, line in enumerate(lines)])  # fmt: skip
    fault = folder.only_fault()
    assert (fault.line, fault.value) == (3, "remark")


def test_a_decimal_comma_is_seen_beside_empty_columns(folder) -> None:
    _rewrite(folder, "measurements", lambda lines: [[*line, ""] for line in lines])
    folder.bytes("measurements.csv", lambda data: data.replace(b"0.7,", b"0,7,", 1))
    assert "1 cell too many" in folder.only_fault().message


def test_the_separator_line_of_excel_is_named(folder) -> None:
    folder.bytes("studies.csv", lambda data: b"sep=,\n" + data)
    faults = [f for f in folder.faults() if f.file == "studies.csv"]
    assert [f.hint for f in faults] == ["remove this line, and save with commas"]


def test_usual_words_of_time_are_read(folder) -> None:
    before = read_evidence(folder.root)
    for table, words in (("measurements", "wks"), ("intervals", "d")):
        rows = folder.rows(table)
        unit = "week" if table == "measurements" else "day"
        folder.write(table, [r | {"time_unit": words} if r["time_unit"] == unit else r
                             for r in rows])  # fmt: skip
    after = read_evidence(folder.root)
    assert after.measurements == before.measurements
    assert after.intervals == before.intervals
