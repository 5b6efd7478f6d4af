"""What a column and a table are: the specification that reader, checker and dictionary share."""

from __future__ import annotations

from dataclasses import dataclass

KINDS = {
    "text": "any text in one line",
    "slug": "letters, digits and . _ - +, starting with a letter or digit",
    "number": "a finite number with a decimal point",
    "integer": "a whole number",
    "choice": "one of the allowed values",
    "time_unit": "minute, hour, day, week, month or year, or a usual short form of one "
    "(min, h, d, wk, mo, yr)",
    "spread": "none, sd, sem, log_sd, ciNN (for example ci95), iqr or range",
    "doi": "a DOI such as 10.1038/s41586-021-03614-z",
    "url": "an address starting with https:// or http://",
    "number_or_slug": "a number, or the name of a parameter",
    "mixture": "a slug, or shares that add to 1 such as er_positive:0.75;er_negative:0.25",
}
"""Kinds of column and what a cell of that kind may hold."""


@dataclass(frozen=True)
class Column:
    """One column of a table.

    Attributes
    ----------
    name : str
        Column name in the header.
    kind : str
        A key of `KINDS`.
    meaning : str
        One sentence for the data dictionary.
    unit : str
        Unit of the numbers, or where the unit is named.
    choices : tuple of str
        Allowed values of a choice.
    required : str
        When the cell must be filled: ``always``, empty for never, or words for
        a condition that a check enforces.
    default : float, str or None
        Value of an empty cell.
    low, high : float or None
        Smallest and largest number allowed.
    optional : bool
        Whether the whole column may be missing from the header.
    open_ended : bool
        Whether a number may be infinite, as the end of an interval that was not reached.
    """

    name: str
    kind: str
    meaning: str
    unit: str = ""
    choices: tuple[str, ...] = ()
    required: str = ""
    default: float | str | None = None
    low: float | None = None
    high: float | None = None
    optional: bool = False
    open_ended: bool = False

    @property
    def allowed(self) -> str:
        """What a cell may hold, in words."""
        if self.choices:
            return ", ".join(self.choices)
        words = KINDS[self.kind]
        if self.low is not None and self.high is not None:
            return f"{words}, from {_plain(self.low)} to {_plain(self.high)}"
        if self.low is not None and self.kind == "number":
            return f"{words}, at least {_plain(self.low)}"
        return words


def _plain(number: float) -> str:
    """A bound as it is written in a table, without an exponent."""
    return f"{number:.0f}" if number == int(number) else f"{number:g}"


@dataclass(frozen=True)
class Table:
    """One CSV file of the evidence.

    Attributes
    ----------
    name : str
        Short name, also the attribute of `Evidence`.
    meaning : str
        What one row is.
    columns : tuple of Column
        Its columns, in the order of the header.
    key : str
        Column whose value must be unique, or empty.
    required : bool
        Whether the file must be there.
    """

    name: str
    meaning: str
    columns: tuple[Column, ...]
    key: str = ""
    required: bool = True

    @property
    def file(self) -> str:
        """File name in the folder."""
        return f"{self.name}.csv"

    def column(self, name: str) -> Column:
        """The column called `name`."""
        return next(column for column in self.columns if column.name == name)
