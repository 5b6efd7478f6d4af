"""The first line of a table to its columns, with one fault for each name that is wrong."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from metinfer.evidence.columns import Column, Table
from metinfer.evidence.faults import Issue, nearest, one_of


@dataclass
class Header:
    """Columns in the order of the header, and its faults.

    Attributes
    ----------
    columns : list of (Column or None)
        None where a column is not known: its cells are passed over.
    issues : list of Issue
    readable : bool
        Whether the rows can be read all the same.
    blank : int
        Columns at the end without a name, as spreadsheets leave them; their cells must be empty.
    """

    columns: list[Column | None] = field(default_factory=list)
    issues: list[Issue] = field(default_factory=list)
    readable: bool = True
    blank: int = 0

    def is_repeated(self, cells: Sequence[str]) -> bool:
        """Whether the cells of a row are the header again, as where files were put together."""
        pairs = zip(self.columns, cells, strict=False)
        return all(cell.strip() == column.name for column, cell in pairs if column is not None)


#: Names of the first column under which pandas and R write (or read again) the numbers of rows.
_INDEX = re.compile(r"|Unnamed: \d+|X|\.\.\.1|index|level_0|row\.?names", re.IGNORECASE)


def read_header(table: Table, line: int, cells: Sequence[str]) -> Header:
    """Header of `table` as it stands in `cells`; a slip of a name is read as what it means."""
    written = [name.strip() for name in cells]
    names = written[: max((k for k, name in enumerate(written, 1) if name), default=0)]
    if names and names[0].startswith("sep="):
        fault = Issue("not a header", table.file, line, value=",".join(names),
                      hint="remove this line, and save with commas")  # fmt: skip
        return Header(issues=[fault], readable=False)
    if len(names) == 1 and any(mark in names[0] for mark in ";\t|"):
        fault = Issue("the columns are not separated by commas", table.file, line, value=names[0],
                      hint="save it as CSV with commas, and decimals with points")  # fmt: skip
        return Header(issues=[fault], readable=False)
    known = {column.name: column for column in table.columns}
    slips = _slips(names, known)
    found = len(known.keys() & set(names)) + len(slips)
    if found < len(known) / 4:
        fault = Issue(f"the first line is no header: it names {found} of {len(known)} columns",
                      table.file, line, value=",".join(names),
                      hint=f"it has to be {expected(table)}")  # fmt: skip
        return Header(issues=[fault], readable=False)
    absent = [c.name for c in table.columns if c.name not in (*names, *slips.values())]
    missing = [name for name in absent if not known[name].optional]
    repeated = sorted({name for name in names if names.count(name) > 1 and name in known})
    issues = [*_unknown(table, line, names, slips), *_repeated(table, line, repeated),
              *_missing(table, line, missing)]  # fmt: skip
    columns = [known.get(slips.get(name, name)) for name in names]
    readable = not repeated and not missing
    return Header(columns, issues, readable, blank=len(written) - len(names))


def expected(table: Table) -> str:
    """The header that a table needs."""
    return ",".join(column.name for column in table.columns if not column.optional)


def _slips(names: Sequence[str], known: dict[str, Column]) -> dict[str, str]:
    """Each unknown name that is close to one that is absent, with that one."""
    found: dict[str, str] = {}
    for name in dict.fromkeys(names):
        absent = [c for c in known if c not in (*names, *found.values())]
        near = nearest(name, absent) if name not in known and names.count(name) == 1 else ""
        if near:
            found[name] = near
    return found


def _unknown(
    table: Table, line: int, names: Sequence[str], slips: dict[str, str]
) -> Iterator[Issue]:
    known = tuple(column.name for column in table.columns)
    for place, name in enumerate(dict.fromkeys(names)):
        if name in known:
            continue
        if place == 0 and name not in slips and _INDEX.fullmatch(name):
            yield Issue("an index, or names of rows, where a column is expected", table.file, line,
                        name, name, hint="write the file without it: index=False in pandas, "
                        "row.names = FALSE in R")  # fmt: skip
            continue
        if name in slips:
            yield Issue(f"unknown column, and there is no {slips[name]}", table.file, line, name,
                        name, hint=f'did you mean "{slips[name]}"?')  # fmt: skip
        else:
            message = "unknown column" if name else "a column without a name"
            hint = "remove it, or put it into note" if name else "give it a name, or remove it"
            yield Issue(message, table.file, line, name, name, one_of(known, 50), hint)


def _repeated(table: Table, line: int, names: Sequence[str]) -> Iterator[Issue]:
    for name in names:
        yield Issue("the column stands twice in the header", table.file, line, name, name,
                    hint="remove or rename one of them")  # fmt: skip


def _missing(table: Table, line: int, names: Sequence[str]) -> Iterator[Issue]:
    for name in names:
        yield Issue("the column is missing", table.file, line, name,
                    hint=f"add it; the header is {expected(table)}")  # fmt: skip
