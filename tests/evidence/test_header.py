"""A slip in a header is one fault, and hides none of the others."""

from __future__ import annotations


def _rename(folder, old: bytes, new: bytes, table: str = "measurements") -> None:
    def change(data: bytes) -> bytes:
        head, _, rest = data.partition(b"\n")
        return b",".join(new if c == old else c for c in head.split(b",")) + b"\n" + rest

    folder.bytes(f"{table}.csv", change)


def test_a_slip_of_a_name_is_one_fault(folder) -> None:
    _rename(folder, b"spread", b"spred")
    fault = folder.only_fault()
    assert str(fault) == (
        "measurements.csv:1: spred: unknown column, and there is no spread; "
        'got "spred"; did you mean "spread"?'
    )
    assert "10 rows in measurements.csv" in folder.report().to_text()


def test_a_slip_of_a_name_hides_no_other_fault(folder) -> None:
    folder.change("measurements", 0, n="none", statistic="maen")
    folder.change("measurements", 3, low="")  # needs spread to be read
    _rename(folder, b"spread", b"spred")
    found = {(fault.line, fault.column) for fault in folder.faults()}
    assert found == {(1, "spred"), (2, "n"), (2, "statistic"), (5, "low")}


def test_two_slips_are_two_faults(folder) -> None:
    _rename(folder, b"spread", b"Spread")
    _rename(folder, b"level", b"levell")  # a column that may be missing
    assert [f.column for f in folder.faults()] == ["Spread", "levell"]


def test_a_name_that_is_there_already_is_not_meant(folder) -> None:
    folder.write("measurements", [row | {"note2": "x"} for row in folder.rows("measurements")])
    fault = folder.only_fault()
    assert (fault.column, fault.hint) == ("note2", "remove it, or put it into note")


def test_rows_under_a_column_that_is_not_known_are_checked(folder) -> None:
    rows = folder.rows("arms")
    rows[1]["injury"] = "much"
    folder.write("arms", [{"colour": "red", "": "", **row} for row in rows])
    found = {(fault.line, fault.column) for fault in folder.faults()}
    assert found == {(1, "colour"), (1, ""), (3, "injury")}


def test_rows_that_cannot_be_read_are_not_counted(folder) -> None:
    _rename(folder, b"role", b"xyz")
    text = folder.report().to_text()
    assert "role: the column is missing" in text
    assert "0 rows" not in text
    assert "measurements.csv not read: 2 faults" in text
    assert "measurements.csv" not in folder.report().rows


def test_a_missing_table_is_said_to_be_missing_from_the_counts(folder) -> None:
    (folder.root / "arms.csv").unlink()
    assert "arms.csv not read: 1 fault, 0 warnings" in folder.report().to_text()


def test_a_title_above_the_header_is_one_fault(folder) -> None:
    folder.bytes("measurements.csv", lambda data: b"Table 1. Results\n" + data)
    fault = folder.only_fault()
    assert fault.line == 1
    assert fault.message == "the first line is no header: it names 0 of 34 columns"
    assert fault.hint.startswith("it has to be row,study,arm,")


def test_a_table_without_a_header_is_one_fault(folder) -> None:
    folder.bytes("arms.csv", lambda data: data.partition(b"\n")[2])
    assert folder.only_fault().message.startswith("the first line is no header: it names ")


def test_the_header_in_the_middle_is_one_fault(folder) -> None:
    def twice(data: bytes) -> bytes:
        lines = data.splitlines(keepends=True)
        return b"".join([*lines[:3], lines[0], *lines[3:]])

    folder.bytes("measurements.csv", twice)
    fault = folder.only_fault()
    assert (fault.line, fault.message) == (4, "the header again")
