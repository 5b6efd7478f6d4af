"""What a person sees while chains run: a table on a terminal, a line per chain elsewhere."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any

from rich.console import Console
from rich.live import Live
from rich.table import Table

from metinfer.inference.chains import Task


@dataclass
class _Row:
    done: int = 0
    total: int = 0
    divergences: int = 0
    step: float = 0.0
    seconds: float = 0.0
    state: str = "waiting"


class ChainTable:
    """Progress of chains on stderr: draws, divergences, step size and time left of each."""

    def __init__(self, tasks: Sequence[Task], kept: Sequence[Task] = ()) -> None:
        self.console = Console(stderr=True)
        self.rows = {task: _Row() for task in tasks}
        for task in kept:
            self.rows[task] = _Row(state="kept")
        # The sampler reports from threads of its own.
        self._guard = threading.Lock()
        self._started = time.perf_counter()
        self._live: Live | None = None

    def __enter__(self) -> ChainTable:
        if self.console.is_terminal:
            self._live = Live(console=self.console, get_renderable=self._table, transient=True)
            self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        if self._live:
            self._live.stop()

    def progress(self, task: Task, state: Any) -> None:
        """Note how far a chain is."""
        with self._guard:
            row = self.rows[task]
            row.done, row.total = state.finished_draws, state.total_draws
            row.divergences, row.step = state.divergences, state.step_size
            row.seconds = state.runtime_ms / 1000.0
            row.state = "tuning" if state.tuning else "sampling"

    def finished(self, task: Task) -> None:
        """Note that a chain is on the disk."""
        with self._guard:
            row = self.rows[task]
            row.state, row.done = "finished", row.total
            ended = sum(r.state in ("finished", "kept") for r in self.rows.values())
        took = time.perf_counter() - self._started
        words = f"chain {task.number} of {task.subfit} finished"
        self.console.print(f"{words} ({ended} of {len(self.rows)}; {took:.0f} s)")

    def _table(self) -> Table:
        table = Table("fit", "chain", "state", "draws", "divergences", "step size", "time left")
        with self._guard:
            for task, row in self.rows.items():
                table.add_row(task.subfit, str(task.number), *_cells(row))
        return table


def _cells(row: _Row) -> tuple[str, ...]:
    if not row.total:
        return row.state, "", "", "", ""
    left = row.seconds * (row.total - row.done) / row.done if row.done else float("nan")
    time_left = f"{left:.0f} s" if row.done else ""
    return row.state, f"{row.done}/{row.total}", str(row.divergences), f"{row.step:.3g}", time_left
