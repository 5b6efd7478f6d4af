"""A CSV file to parsed rows, with a fault for everything in it that cannot be read."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from metinfer.evidence.cells import NA, CellError, allowed_words, parse_cell
from metinfer.evidence.columns import Column, Table
from metinfer.evidence.faults import WARNING, Issue, counted
from metinfer.evidence.header import Header, expected, read_header

LARGEST_CSV = 200_000_000


class RawCells(Mapping[str, str]):
    """Cells of a row by column; the names are shared by all rows, so that a row stays small."""

    __slots__ = ("cells", "places")

    def __init__(self, places: dict[str, int], cells: tuple[str, ...]) -> None:
        self.places = places
        self.cells = cells

    def __getitem__(self, name: str) -> str:
        return self.cells[self.places[name]]

    def __iter__(self) -> Iterator[str]:
        return iter(self.places)

    def __len__(self) -> int:
        return len(self.places)


@dataclass(frozen=True, slots=True)
class ParsedRow:
    """One data row: the cells as they stand, and what could be read from them.

    Attributes
    ----------
    line : int
        Line in the file.
    raw : RawCells
        Cells by column, stripped; a cell that is read as empty is the empty text.
    values : dict
        Parsed cells by column; the column's default where a cell is empty or faulty.
    bad : frozenset of str
        Columns with a fault, so that later checks do not repeat it.
    """

    line: int
    raw: RawCells
    values: dict[str, Any]
    bad: frozenset[str] = frozenset()


@dataclass
class ParsedTable:
    """All rows of one table with the issues met while reading it."""

    table: Table
    rows: list[ParsedRow] = field(default_factory=list)
    issues: list[Issue] = field(default_factory=list)
    line_count: int = 0

    def fault(self, message: str, line: int | None = None, **details: str) -> None:
        """Note one fault of this table."""
        self.issues.append(Issue(message, self.table.file, line, **details))


def read_table(table: Table, data: bytes) -> ParsedTable:
    """Parsed rows and issues of the file `data`."""
    parsed = ParsedTable(table)
    text = _decode(parsed, data)
    if text is None:
        return parsed
    if not text.strip():
        hint = f"its first line names the columns: {expected(table)}"
        parsed.fault("the file is empty", hint=hint)
        return parsed
    records = _records(parsed, text)
    first = next(records, None)
    if first is None:
        return parsed
    header = read_header(table, *first)
    parsed.issues += header.issues
    if header.readable:
        _add_rows(parsed, header, records)
    if parsed.rows and not text.endswith(("\n", "\r")):
        hint = "check that the last row is complete, then end it with a line break"
        parsed.issues.append(Issue("the file does not end with a line break", table.file,
                                   parsed.rows[-1].line, hint=hint, severity=WARNING))  # fmt: skip
    return parsed


def _add_rows(
    parsed: ParsedTable,
    header: Header,
    records: Iterator[tuple[int, list[str]]],
) -> None:
    """Read the rows below a header; cells of columns that are not known are passed over."""
    columns, wrong = header.columns, []
    absent = [column for column in parsed.table.columns if column not in columns]
    kept = [place for place, column in enumerate(columns) if column is not None]
    readers = [_CellReader(parsed, c) for c in (*columns, *absent) if c is not None]
    places = {reader.column.name: place for place, reader in enumerate(readers)}
    for line, cells in records:
        if len(cells) != len(columns) + header.blank:
            wrong.append((line, cells))
            continue
        if header.is_repeated(cells):
            parsed.fault("the header again", line, hint="remove this line")
            continue
        if extra := next(filter(str.strip, cells[len(columns) :]), ""):
            parsed.fault("a cell in a column without a name", line, value=extra,
                         hint="name the column in the header, or clear the cell")  # fmt: skip
        known = [cells[place] for place in kept]
        _add_row(parsed, readers, places, line, known + [""] * len(absent))
    _wrong_lengths(parsed, wrong, len(columns) + header.blank)


def _wrong_lengths(parsed: ParsedTable, rows: Sequence[tuple[int, list[str]]], wanted: int) -> None:
    """Note the rows that have not as many cells as the header."""
    numbered = [cells[0] == str(k) and len(cells) == wanted + 1 for k, (_, cells) in
                enumerate(rows, start=1)]  # fmt: skip
    if rows and all(numbered) and not parsed.rows:
        parsed.fault("each row starts with its number, which has no column in the header", 1,
                     hint="write the file without it: row.names = FALSE in R")  # fmt: skip
        return
    for line, cells in rows:
        _wrong_length(parsed, line, cells, wanted)


def _wrong_length(parsed: ParsedTable, line: int, cells: Sequence[str], wanted: int) -> None:
    few = len(cells) < wanted
    hint = ("the row was cut off" if few else
            "a cell that holds a comma needs quotes; decimals need a point")  # fmt: skip
    by = counted(abs(len(cells) - wanted), "cell")
    parsed.fault(f"{by} too {'few' if few else 'many'}", line, value=",".join(cells), hint=hint)


def read_bytes(path: Path, largest: int) -> bytes:
    """The bytes of a file; raises OSError, also for a file above `largest` bytes."""
    size = path.stat().st_size
    if size > largest:
        raise OSError(f"{size:,} bytes; at most {largest:,} are read")
    return path.read_bytes()


def _decode(parsed: ParsedTable, data: bytes) -> str | None:
    hint = "save it as CSV UTF-8"
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        parsed.fault("the file is UTF-16, not UTF-8", hint=hint)
        return None
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        start = max(data.rfind(b"\n", 0, error.start) + 1, error.start - 20)
        around = data[start : error.start + 10].decode("latin-1").split("\n")[0]
        parsed.fault("not UTF-8 text", line, value=around, hint=hint)
        return None
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        parsed.fault("the file holds a zero byte, so it is damaged or no text", line, hint=hint)
        return None
    return text


def _records(parsed: ParsedTable, text: str) -> Iterator[tuple[int, list[str]]]:
    """Line and cells of each record; a record that spans lines is a fault."""
    # Every line ends alike, so that line_num counts what an editor counts.
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    parsed.line_count = lines.count("\n") + (not lines.endswith("\n"))
    reader = csv.reader(io.StringIO(lines, newline=""), strict=True)
    before = 0
    while True:
        try:
            cells = next(reader, None)
        except csv.Error as error:
            parsed.fault(f"not readable as CSV from here on: {error}", before + 1,
                         hint='look for a quote (") that is not closed or not doubled')  # fmt: skip
            return
        if cells is None:
            return
        line, before = before + 1, reader.line_num
        if before > line:
            parsed.fault(f"a cell runs over {before - line + 1} lines", line,
                         value=next((c for c in cells if "\n" in c), ""),
                         hint="close the quote, and put no line break into a cell")  # fmt: skip
        elif any(cell.strip() for cell in cells):
            yield line, cells


class _CellReader:
    """Reads the cells of one column; a text that was read before is not read again."""

    def __init__(self, parsed: ParsedTable, column: Column) -> None:
        self.parsed = parsed
        self.column = column
        self.default = _default(column)
        empty = () if column.required == "always" else ("", NA)
        self.known: dict[str, Any] = dict.fromkeys(empty, self.default)

    def read(self, text: str, line: int, bad: set[str]) -> Any:
        """Value of a cell; its fault is noted, and its column added to `bad`."""
        if text in self.known:
            return self.known[text]
        try:
            if text in ("", NA):
                raise CellError("the cell is empty", "it is always needed")
            value = self.known[text] = parse_cell(self.column, text)
        except CellError as error:
            bad.add(self.column.name)
            self.parsed.fault(str(error), line, column=self.column.name, value=text,
                              allowed=allowed_words(self.column), hint=error.hint)  # fmt: skip
            return self.default
        return value


def _add_row(
    parsed: ParsedTable,
    readers: Sequence[_CellReader],
    places: dict[str, int],
    line: int,
    cells: list[str],
) -> None:
    bad: set[str] = set()
    texts = [cell.strip() for cell in cells]
    values = {
        r.column.name: r.read(text, line, bad) for r, text in zip(readers, texts, strict=True)
    }
    if NA in texts:
        texts = ["" if text == NA else text for text in texts]
    raw = RawCells(places, tuple(texts))
    parsed.rows.append(ParsedRow(line, raw, values, frozenset(bad)))


def _default(column: Column) -> Any:
    """Value of an empty cell: the default, or no number, or no text."""
    if column.default is not None:
        return int(column.default) if column.kind == "integer" else column.default
    return None if column.kind in ("number", "integer", "number_or_slug") else ""
