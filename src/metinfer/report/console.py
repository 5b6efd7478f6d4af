"""A page of plain text for a terminal: words, headings and tables as wide as it is."""

from __future__ import annotations

import io
import shutil
from collections.abc import Iterable, Sequence

from rich import box
from rich.console import Console
from rich.table import Table

#: Widths of the columns of decisions: equal, so that tables stand below one another.
WIDTHS = (30, 20, 20, 20, 22)
#: The same where a number stands above its interval.
STACKED = (20, 14, 14, 14, 10)
#: Columns of a terminal that does not say how wide it is, and the fewest that tables need.
WIDTH, NARROW, WIDE = 120, 80, 140


class Page:
    """Plain text and tables, as wide as the terminal."""

    def __init__(self) -> None:
        columns = shutil.get_terminal_size((WIDTH, 24)).columns
        stacked = columns < sum(WIDTHS) + 2 * len(WIDTHS) - 2
        self.widths = STACKED if stacked else WIDTHS
        self.between = "\n(" if stacked else " ("
        self.console = Console(
            file=io.StringIO(), width=min(max(columns, NARROW), WIDE), color_system=None,
            highlight=False, markup=False, emoji=False, legacy_windows=False,
        )  # fmt: skip

    def say(self, *lines: str) -> None:
        """Print lines, broken at spaces where they are too long."""
        for line in lines:
            self.console.print(line)

    def head(self, title: str) -> None:
        """Print a title, underlined."""
        self.say("", title, "=" * len(title))

    def table(self, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
        """Print one table, its columns as wide as they need."""
        table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
        for name in columns:
            table.add_column(name, overflow="fold")
        for row in rows:
            table.add_row(*row)
        self.console.print(table)

    def header(self, columns: Sequence[str]) -> None:
        """Print names of columns, above the `rows` of several cases."""
        self.rows((), columns)

    def rows(self, rows: Iterable[Sequence[str]], columns: Sequence[str] = ()) -> None:
        """Print rows whose columns are as wide in every case."""
        table = Table(box=box.SIMPLE_HEAD if columns else None, pad_edge=False, show_edge=False,
                      show_header=bool(columns), padding=(0, 2, 0, 0))  # fmt: skip
        for k, width in enumerate(self.widths):
            name = columns[k] if k < len(columns) else ""
            table.add_column(name, overflow="fold", width=width)
        for row in rows:
            table.add_row(*row)
        self.console.print(table)

    def text(self) -> str:
        """All that was printed."""
        lines = self.console.file.getvalue().splitlines()  # type: ignore[attr-defined]
        return "\n".join(line.rstrip() for line in lines)
