"""Tables as data: what the page shows, what the CSV holds and what `report.json` carries.

A cell keeps the text that is shown apart from the values behind it, so that sorting and
downloads use six digits while the eye gets the digits the interval supports.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from metinfer.report import said, words
from metinfer.report.content import Span

#: Part of a reason (metinfer.report.said) -> what a table says of it.
REASONS = {
    said.NOTHING: "no effect, before and after",
    said.FEW: "within simulation error", said.WIDER: "only became wider",
    said.UNTREATED: "only the risk without therapy was learnt", said.CAPPED: "as its risk ratio",
}  # fmt: skip
SPAN_PARTS = ("median", "lo50", "hi50", "lo90", "hi90")


@dataclass(frozen=True)
class Cell:
    """Shown text, and the values behind it: the first one sorts, a download gets all."""

    text: str
    values: tuple[Any, ...]
    detail: str = ""  # second line, smaller
    tone: str = ""  # "good", "bad", "warn", "assumed" or nothing


@dataclass(frozen=True)
class Column:
    """A column: heading, how a cell is made from a row, and the names of its CSV values."""

    label: str
    make: Callable[[Any], Cell]
    parts: tuple[str, ...] = ()
    numeric: bool = False
    unit: str = ""
    narrow: bool = False


@dataclass(frozen=True)
class Table:
    """A captioned table; `keys` are per-row attributes that the page filters by."""

    name: str
    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    keys: tuple[dict[str, str], ...] = field(default=())
    wide: bool = False  # a landscape page in print
    full: bool = False  # shown whole, without a scroll box

    def as_json(self) -> dict[str, Any]:
        """Return headings and values, every number at full precision."""
        return {
            "caption": self.caption,
            "columns": [
                {"label": c.label, "unit": c.unit, "values": list(c.parts) or [c.label]}
                for c in self.columns
            ],
            "rows": [[plain(v) for cell in row for v in cell.values] for row in self.rows],
            "shown": [[c.text for c in row] for row in self.rows],
        }


def plain(value: Any) -> Any:
    """Return a value JSON can hold, numbers to six digits; NaN and infinities become null."""
    if not isinstance(value, float):
        return value
    return float(f"{value:.6g}") if math.isfinite(value) else None


def table(
    name: str, caption: str, columns: Sequence[Column], items: Iterable[Any], **more: Any
) -> Table:
    """Return the table of `items`; ``keys`` may be a function from item to filter attributes."""
    items = tuple(items)
    keys = more.pop("keys", None)
    return Table(
        name,
        caption,
        tuple(columns),
        tuple(tuple(c.make(item) for c in columns) for item in items),
        keys=tuple(keys(item) for item in items) if keys else (),
        **more,
    )


def text(label: str, get: Callable[[Any], str], **more: Any) -> Column:
    """Return a column of words."""

    def make(item: Any) -> Cell:
        value = str(get(item) or "")
        return Cell(value or words.GAP, (value,))

    return Column(label, make, **more)


def numeric(
    label: str,
    get: Callable[[Any], float | None],
    show: Callable[[float | None], str] = words.number,
    **more: Any,
) -> Column:
    """Return a column of single numbers."""

    def make(item: Any) -> Cell:
        value = get(item)
        return Cell(show(value), (value,))

    return Column(label, make, numeric=True, **more)


def span(
    label: str,
    get: Callable[[Any], Span | None],
    name: Callable[[Any], str] = lambda _: "",
    **more: Any,
) -> Column:
    """Return a column of medians with the 90 % interval below; downloads get all five numbers.

    `name` gives the measure (a key of `words.MEASURES`) that decides unit and decimals.
    """

    def make(item: Any) -> Cell:
        value = get(item)
        if value is None:
            return Cell(words.GAP, (None,) * 5)
        median, _, wide = words.shown(value, name(item))
        shown = words.scale(value, words.measure(name(item)).factor)
        ends = (shown.median, shown.lo50, shown.hi50, shown.lo90, shown.hi90)
        return Cell(median, ends, detail=wide)

    parts = tuple(f"{label} {p}" for p in SPAN_PARTS)
    return Column(label, make, parts=parts, numeric=True, **more)


def flag(label: str, get: Callable[[Any], tuple[str, str]], **more: Any) -> Column:
    """Return a column of short states; `get` gives text and tone."""

    def make(item: Any) -> Cell:
        shown, tone = get(item)
        return Cell(shown, (shown,), tone=tone)

    return Column(label, make, **more)


def state(value: bool | None) -> tuple[str, str]:
    """Return the words and tone of pass, fail and not run."""
    if value is None:
        return "not run", "warn"
    return ("pass", "good") if value else ("fail", "bad")


def learnt(value: str) -> tuple[str, str]:
    """Return the words and tone of learnt, narrowed only or assumed."""
    return value, words.tone(value)


def verdict(get: Callable[[Any], Any], label: str = "Learnt or assumed") -> Column:
    """Return the column of learnt, narrowed only or assumed, with the reason in the download.

    `get` gives an effect; a reason that the numbers beside it do not show stands below.
    """

    def make(item: Any) -> Cell:
        effect = get(item)
        shown, tone = learnt(effect.learnt)
        detail = next((words for part, words in REASONS.items() if part in effect.why), "")
        return Cell(shown, (effect.learnt, effect.why), detail=detail, tone=tone)

    return Column(label, make, parts=(label, "Why"))


def chance(
    label: str,
    get: Callable[[Any], tuple[float | None, float | None]],
    show: Callable[[Any, float], str] = lambda _, value: words.share(value),
    note: Callable[[float], str] = lambda _: "",
    withheld: Callable[[Any], str] = lambda _: "",
) -> Column:
    """Return a column of probabilities with the one before any data, and a note on it, below.

    `withheld` gives why a row shows none; the values stay in the download and in report.json.
    """

    def make(item: Any) -> Cell:
        now, before = get(item)
        if now is None:
            return Cell(words.GAP, (None, None))
        if why := withheld(item):
            return Cell(words.GAP, (now, before), detail=why)
        detail = ""
        if before is not None:
            detail = f"before any data: {words.share(before)}{note(before)}"
        return Cell(show(item, now), (now, before), detail=detail)

    return Column(label, make, parts=(label, f"{label}, before any data"), numeric=True)
