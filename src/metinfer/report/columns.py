"""Tables of the page from frames, by declared columns: key, words, format."""

from __future__ import annotations

import base64
import gzip
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

import pandas as pd

from metinfer.report.numbers import GAP, interval, number
from metinfer.summaries.table import Summary, flat

#: Significant digits in a CSV file.
CSV_DIGITS = "%.6g"


@dataclass(frozen=True)
class Column:
    """A column of a table.

    Attributes
    ----------
    key : str
        Column of the frame; its value sorts.
    words : str
        Heading, with the unit.
    show : callable, optional
        Row -> text of the cell; by default the value as a number, interval or text.
    badge : callable, optional
        Row -> class of a badge around the text.
    """

    key: str
    words: str
    show: Callable[[Any], str] | None = None
    badge: Callable[[Any], str] | None = None


@dataclass(frozen=True)
class Cell:
    """Text of a cell, what sorts it (a number or None), and the class of its badge."""

    text: str
    sort: float | None
    badge: str = ""


@dataclass(frozen=True)
class Table:
    """A table of the page; `frame` names the numbers behind it."""

    name: str
    caption: str
    heads: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    frame: str = ""


def table(
    name: str, caption: str, columns: Sequence[Column], items: Iterable[Any], frame: str = ""
) -> Table:
    """Table of some rows of a frame."""
    rows = tuple(tuple(_cell(c, item) for c in columns) for item in items)
    return Table(name, caption, tuple(c.words for c in columns), rows, frame)


def _cell(column: Column, item: Any) -> Cell:
    value = getattr(item, column.key, None)
    text = column.show(item) if column.show else _text(value)
    return Cell(text or GAP, _sort(value), column.badge(item) if column.badge else "")


def _text(value: Any) -> str:
    if isinstance(value, Summary):
        return interval(value)
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, bool) or value is None:
        return {True: "yes", False: "no", None: ""}[value]
    return number(value) if isinstance(value, int | float) else str(value)


def _sort(value: Any) -> float | None:
    if isinstance(value, Summary):
        return value.median
    return float(value) if isinstance(value, int | float) else None


def csv(frame: pd.DataFrame) -> str:
    """A frame as CSV text; text that starts like a formula gets an apostrophe."""
    made = flat(frame)
    for name in made.columns:
        made[name] = [
            f"'{v}" if isinstance(v, str) and v[:1] in "=+-@\t\r" else v for v in made[name]
        ]
    return made.to_csv(index=False, float_format=CSV_DIGITS, lineterminator="\r\n")


def packed(frame: pd.DataFrame) -> str:
    """CSV text of a frame, compressed for the page."""
    return base64.b64encode(gzip.compress(csv(frame).encode(), mtime=0)).decode()
