"""One chain is the unit of sampling: one call of the sampler with its own seed.

The sampler returns a cut trace as if it were whole when it is interrupted, so the draws are
counted here and a short trace is never taken for a finished chain.
"""

from __future__ import annotations

import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import TYPE_CHECKING, Any, Protocol

from metinfer.errors import MetinferError

if TYPE_CHECKING:
    import xarray as xr

#: Seconds to wait for one chain before looking at the next.
POLL = 0.05
#: Milliseconds between two looks at a chain's progress.
PROGRESS_RATE = 250


@dataclass(frozen=True)
class Length:
    """How long a chain is, and how it is sampled.

    Attributes
    ----------
    draws, tune : int
        Draws kept, and draws spent on adapting before.
    target_accept : float
        Acceptance probability that the step size is adapted to.
    adaptation : str
        Mass matrix: ``low_rank`` follows the ridges of these posteriors.
    """

    draws: int
    tune: int
    target_accept: float = 0.95
    adaptation: str = "low_rank"


@dataclass(frozen=True)
class Task:
    """A chain to run: which sub-fit, its number there, its seed."""

    subfit: str
    number: int
    seed: int

    @property
    def file(self) -> str:
        """Its place in the run folder."""
        return f"chains/{self.subfit}/{self.number}.nc"


class Watch(Protocol):
    """Whoever looks on while chains run."""

    def phase(self, words: str) -> None:
        """What is done now, for example compiling."""

    def progress(self, task: Task, state: Any) -> None:
        """`state` has draws, divergences, step size and time of a running chain."""

    def finished(self, task: Task) -> None:
        """The chain is on the disk."""


Groups = dict[str, "xr.Dataset"]


def available_cores() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def sample_chain(
    compiled: Any, task: Task, length: Length, watch: Watch | None = None
) -> dict[str, xr.Dataset]:
    """Posterior draws and sampler statistics of one chain.

    Parameters
    ----------
    compiled : compiled nutpie model
    task : Task
    length : Length
    watch : Watch, optional

    Returns
    -------
    dict
        ``posterior`` and ``sample_stats``, each with dims chain (of length 1) and draw.

    Raises
    ------
    KeyboardInterrupt
        If the trace is shorter than asked for.
    """
    found: list[Groups] = []
    only = {task.subfit: compiled}, [task], {task.subfit: length}
    run_chains(*only, 1, lambda _, groups: found.append(groups), watch)
    return found[0]


def run_chains(
    compiled: Mapping[str, Any],
    tasks: Sequence[Task],
    lengths: Mapping[str, Length],
    cores: int,
    commit: Callable[[Task, Groups], None],
    watch: Watch | None = None,
) -> None:
    """Run chains, `cores` at a time; each is handed to `commit` when it has finished.

    Parameters
    ----------
    compiled : mapping
        Sub-fit -> compiled model.
    lengths : mapping
        Sub-fit -> length of its chains.
    commit : callable
        Puts a finished chain on the disk. Interrupts wait until it has.
    """
    waiting = deque(tasks)
    running: dict[Task, Any] = {}
    try:
        while waiting or running:
            while waiting and len(running) < cores:
                task = waiting.popleft()
                running[task] = start_chain(
                    compiled[task.subfit], task, lengths[task.subfit], watch
                )
            for task in list(running):
                groups = poll_chain(running[task], task, lengths[task.subfit])
                if groups is None:
                    continue
                del running[task]
                with interrupts_wait():
                    commit(task, groups)
                if watch:
                    watch.finished(task)
    finally:
        # A sampler that is left running brings the interpreter down when it exits.
        for sampler in running.values():
            sampler.cancel()


def start_chain(compiled: Any, task: Task, length: Length, watch: Watch | None = None) -> Any:
    """The sampler of a chain, running in threads of its own."""
    import nutpie

    def show(states: list[Any]) -> None:
        if watch:
            watch.progress(task, states[0])

    return nutpie.sample(
        compiled,
        chains=1,
        cores=1,
        seed=task.seed,
        draws=length.draws,
        tune=length.tune,
        target_accept=length.target_accept,
        adaptation=length.adaptation,
        progress_bar=False,
        progress_callback=show,
        progress_rate=PROGRESS_RATE,
        blocking=False,
    )


def poll_chain(sampler: Any, task: Task, length: Length) -> Groups | None:
    """The finished chain, or None if it is still running."""
    try:
        tree = sampler.wait(timeout=POLL)
    except TimeoutError:
        return None
    except RuntimeError as error:
        reason = str(error).split("\n\n")[0]
        raise MetinferError(
            f"chain {task.number} of {task.subfit} could not be sampled: {reason}"
        ) from error
    groups = {name: _plain(tree[name].to_dataset()) for name in ("posterior", "sample_stats")}
    if any(group.sizes["draw"] != length.draws for group in groups.values()):
        raise KeyboardInterrupt
    return groups


def _plain(group: xr.Dataset) -> xr.Dataset:
    """Numbers only, without attributes that differ from call to call."""
    objects = [name for name, values in group.data_vars.items() if values.dtype.kind == "O"]
    return group.drop_vars(objects).drop_attrs()


@contextmanager
def interrupts_wait() -> Iterator[None]:
    """Hold Ctrl-C back until the block has ended, then raise KeyboardInterrupt."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    came: list[int] = []

    def note(number: int, _: FrameType | None) -> None:
        came.append(number)

    heard = [s for s in (signal.SIGINT, signal.SIGTERM) if signal.getsignal(s) != signal.SIG_IGN]
    before = {s: signal.signal(s, note) for s in heard}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    if came:
        raise KeyboardInterrupt
