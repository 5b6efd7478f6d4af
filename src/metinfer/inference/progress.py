"""What a person sees while chains run: a table on a terminal, lines elsewhere, JSON for programs.

All of it goes to stderr.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

from rich.console import Console
from rich.live import Live
from rich.table import Table

from metinfer.errors import UsageError
from metinfer.inference.chains import Length, Task

#: Seconds between two JSON lines of one chain.
EVERY = 1.0
HEAD = ("fit", "chain", "state", "draws", "divergences", "step size", "time left")


@dataclass
class _Row:
    done: int = 0
    total: int = 0
    divergences: int = 0
    step: float = 0.0
    seconds: float = 0.0
    state: str = "waiting"

    @property
    def left(self) -> float | None:
        """Seconds until this chain ends, if it goes on as it did."""
        if self.state == "waiting" or not self.done:
            return None
        return self.seconds * (self.total - self.done) / self.done


class Silent:
    """Nobody looks on. Also what the other views of a fit share."""

    def __init__(
        self,
        tasks: Sequence[Task],
        kept: Sequence[Task] = (),
        lengths: Mapping[str, Length] | None = None,
    ) -> None:
        totals = {name: length.draws + length.tune for name, length in (lengths or {}).items()}
        self.rows = {task: _Row(total=totals.get(task.subfit, 0)) for task in tasks}
        for task in kept:
            self.rows[task].state = "kept"
        # The sampler reports from threads of its own.
        self._guard = threading.Lock()
        self._started = time.perf_counter()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        """End the view."""

    def phase(self, words: str) -> None:
        """Say what is done now, for example compiling."""

    def progress(self, task: Task, state: Any) -> None:
        """Note how far a chain is."""

    def finished(self, task: Task) -> None:
        """Note that a chain is on the disk."""

    def _note(self, task: Task, state: Any) -> _Row:
        with self._guard:
            row = self.rows[task]
            row.done, row.total = state.finished_draws, state.total_draws
            row.divergences, row.step = state.divergences, state.step_size
            row.seconds = state.runtime_ms / 1000.0
            row.state = "tuning" if state.tuning else "sampling"
            return row

    def _end(self, task: Task) -> tuple[int, float]:
        """How many chains have ended, and after how many seconds."""
        with self._guard:
            row = self.rows[task]
            row.state, row.done = "finished", row.total
            ended = sum(r.state in ("finished", "kept") for r in self.rows.values())
        return ended, time.perf_counter() - self._started


class ChainTable(Silent):
    """Draws, divergences, step size and time left of each chain; lines where no terminal is."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.console = Console(stderr=True)
        self._phase = ""
        self._live: Live | None = None
        self._sampling: float | None = None

    def __enter__(self) -> Self:
        if self.console.is_terminal:
            self._live = Live(console=self.console, get_renderable=self._table, transient=True)
            self._live.start()
        return self

    def __exit__(self, *how: object) -> None:
        """Take the table off the screen; the lines of finished chains stay."""
        if self._live:
            self._live.stop()

    def phase(self, words: str) -> None:
        """Show it under the table, or on a line of its own."""
        with self._guard:
            self._phase = words
        if not self._live:
            self.console.print(words)

    def progress(self, task: Task, state: Any) -> None:
        """Note how far a chain is, and when the first of them began."""
        if self._sampling is None:
            self._sampling = time.perf_counter()
        self._note(task, state)

    def finished(self, task: Task) -> None:
        """Print a line that stays."""
        ended, took = self._end(task)
        words = f"chain {task.number} of {task.subfit} finished"
        divergences = self.rows[task].divergences
        if divergences:
            words += f", {divergences} divergences"
        self.console.print(f"{words} ({ended} of {len(self.rows)}; {took:.0f} s)", highlight=False)

    def _table(self) -> Table:
        with self._guard:
            table = Table(*HEAD, caption=self._caption(), caption_justify="left")
            for task, row in self.rows.items():
                table.add_row(task.subfit, str(task.number), *_cells(row), style=_style(row))
        return table

    def _caption(self) -> str:
        passed = time.perf_counter() - self._started
        words = f"{self._phase}; {_clock(passed)} passed"
        left = self._left()
        return words if left is None else f"{words}, about {_clock(left)} left for all chains"

    def _left(self) -> float | None:
        """Seconds until all chains end, if draws go on at the rate so far."""
        rows = [r for r in self.rows.values() if r.state != "kept"]
        done, total = sum(r.done for r in rows), sum(r.total for r in rows)
        if self._sampling is None or not done or done == total:
            return None
        return (time.perf_counter() - self._sampling) * (total - done) / done


class JsonLines(Silent):
    """One JSON object per line: `event` is phase, chain or finished."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._said: dict[Task, float] = {}

    def phase(self, words: str) -> None:
        """Write what is done now."""
        self._write(event="phase", phase=words)

    def progress(self, task: Task, state: Any) -> None:
        """Write how far a chain is, at most once in `EVERY` seconds."""
        row, now = self._note(task, state), time.perf_counter()
        if now - self._said.get(task, -EVERY) < EVERY:
            return
        self._said[task] = now
        left = row.left
        self._write(
            event="chain", fit=task.subfit, chain=task.number, state=row.state, draws=row.done,
            of=row.total, divergences=row.divergences, step_size=row.step,
            seconds=round(row.seconds, 2), seconds_left=None if left is None else round(left, 1),
        )  # fmt: skip

    def finished(self, task: Task) -> None:
        """Write that a chain is on the disk."""
        ended, took = self._end(task)
        self._write(
            event="finished", fit=task.subfit, chain=task.number, finished=ended,
            chains=len(self.rows), divergences=self.rows[task].divergences, seconds=round(took, 2),
        )  # fmt: skip

    def _write(self, **what: Any) -> None:
        line = json.dumps(what) + "\n"
        with self._guard:
            sys.stderr.write(line)
            sys.stderr.flush()


#: How a fit is shown -> its view.
VIEWS = {"table": ChainTable, "json": JsonLines, "none": Silent}


def view_of(progress: bool | str) -> type[Silent]:
    """The view for True, False, or a name of `VIEWS`."""
    name = ("none", "table")[progress] if isinstance(progress, bool) else progress
    if name not in VIEWS:
        raise UsageError(f"progress is {progress!r}: it must be one of {', '.join(VIEWS)}")
    return VIEWS[name]


def _cells(row: _Row) -> tuple[str, ...]:
    if not row.done:
        return row.state, str(row.total or ""), "", "", ""
    left = "" if row.left is None or row.state == "finished" else _clock(row.left)
    return row.state, f"{row.done}/{row.total}", str(row.divergences), f"{row.step:.3g}", left


def _style(row: _Row) -> str | None:
    if row.divergences and row.state != "tuning":
        return "bold red"
    return {"waiting": "dim", "kept": "dim", "finished": "green"}.get(row.state)


def _clock(seconds: float) -> str:
    """Seconds below two minutes, minutes and seconds above."""
    whole = round(seconds)
    return f"{whole} s" if whole < 120 else f"{whole // 60} min {whole % 60:02d} s"
