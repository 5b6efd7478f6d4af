"""Many short fits of one model: every fit is other data of one compilation.

Each finished fit is a file of its own, put in place by rename, so that a stop loses only what
was running, and memory does not grow with the number of fits. Without a scheduler the fits run
in threads of this process (sampling does not hold the interpreter's lock); with one they are
tasks of a Dask cluster, and a lost worker costs its tasks only: they run again elsewhere.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

import numpy as np

from metinfer.errors import MetinferError, RunError
from metinfer.inference.chains import Length, Task, interrupts_wait, poll_chain, start_chain
from metinfer.inference.compiled import Compiled, compile_free
from metinfer.provenance import code_hash, versions
from metinfer.storage import read_groups, remove_unfinished, write_groups, write_text

if TYPE_CHECKING:
    import xarray as xr

    from metinfer.evidence.types import Evidence

#: Tasks handed to a cluster at once, per thread of it: enough to keep it busy, no more.
AHEAD = 3
#: Lost workers that one task may see before it counts as failed.
RETRIES = 3


@dataclass(frozen=True)
class Refit:
    """One fit: its name (also of its file, may hold ``/``), what data it replaces, its seed."""

    name: str
    data: Mapping[str, np.ndarray] = field(default_factory=dict)
    seed: int = 1


@dataclass(frozen=True)
class Failure:
    """A fit that could not be made, and why."""

    reason: str


class Lost(Failure):
    """A fit that its workers did not survive: nothing is kept of it, and it is tried again."""


def build(evidence: Evidence) -> Any:
    """The joint model of all fitted rows."""
    from metinfer.inference.model import build_model

    return build_model(evidence)


@dataclass(frozen=True)
class Source:
    """What is compiled once.

    Attributes
    ----------
    evidence : Evidence
    make : callable
        Evidence -> PyMC model. Of a module, not local: a cluster's workers call it too.
    """

    evidence: Evidence
    make: Callable[[Evidence], Any] = build

    @property
    def key(self) -> str:
        """What its fits belong to: evidence, model and program."""
        name = f"{self.make.__module__}.{self.make.__qualname__}"
        variant = self.evidence.analysis.get("variant", "base")
        return f"{self.evidence.digest} {variant} {name} {code_hash()}"


Found = tuple[Refit, "xr.Dataset | Failure"]
#: Told after each fit: how many are done, how many of them failed, how many there are.
Progress = Callable[[int, int, int], None]


@dataclass(frozen=True)
class Machinery:
    """Where and how fits are made: folder, cores, cluster, and who looks on."""

    folder: Path
    cores: int = 1
    scheduler: Any = None
    progress: Progress | None = None


def refit_all(
    source: Evidence | Source,
    refits: Iterable[Refit],
    length: Length,
    out: Path,
    *,
    cores: int = 1,
    scheduler: Any = None,
    progress: Progress | None = None,
) -> Iterator[Found]:
    """Fit every refit, or read it if `out` holds it already; one at a time, as they finish.

    Parameters
    ----------
    source : Evidence or Source
        Whose model to compile (once per process).
    refits : iterable of Refit
        All of them are made before the first fit starts: what is there already is found first.
    length : Length
        One chain per fit.
    out : Path
        Folder of the results: ``<name>.nc``, or ``<name>.failed.json``.
    cores : int
        Fits at a time in this process.
    scheduler : str or dask.distributed.Client, optional
        Address of a Dask scheduler.
    progress : callable, optional

    Yields
    ------
    Refit and its draws (chain, draw, ...), with `logp`, their log-density, and attributes
    `divergences` and `seconds`; or the `Failure`. The order is that in which they finish, kept ones
    first.
    """
    made = source if isinstance(source, Source) else Source(source)
    shelf = Shelf(Path(out), made.key, length)
    remove_unfinished(shelf.folder)
    every = list(refits)
    todo: deque[Refit] = deque()
    done = failed = 0
    fits = _all(made, shelf, every, todo, _runner(scheduler, cores))
    for refit, found in fits:
        done, failed = done + 1, failed + isinstance(found, Failure)
        if progress:
            progress(done, failed, len(every))
        yield refit, found


Runner = Callable[[Source, deque[Refit], "Shelf"], Iterator[Found]]


def _all(
    source: Source, shelf: Shelf, every: list[Refit], todo: deque[Refit], run: Runner
) -> Iterator[Found]:
    for refit in every:
        kept = shelf.read(refit)
        if kept is None:
            todo.append(refit)
        else:
            yield refit, kept
    if todo:
        yield from run(source, todo, shelf)


def _runner(scheduler: Any, cores: int) -> Runner:
    if scheduler is not None:
        return lambda source, todo, shelf: _on_cluster(source, todo, shelf, scheduler)
    return lambda source, todo, shelf: _here(source, todo, shelf, cores)


@dataclass(frozen=True)
class Shelf:
    """The folder in which finished fits lie."""

    folder: Path
    key: str
    length: Length

    def read(self, refit: Refit) -> xr.Dataset | Failure | None:
        """The finished fit, if it is whole and was made with the same data and program."""
        mark = self.mark(refit)
        with suppress(RunError, KeyError, FileNotFoundError):
            draws = read_groups(self.draws(refit))["/"]
            if draws.attrs.get("mark") == mark:
                return draws
        with suppress(FileNotFoundError, ValueError, KeyError):
            note = json.loads(self.failed(refit).read_text(encoding="utf-8"))
            if note["mark"] == mark:
                return Failure(note["reason"])
        return None

    def put(self, refit: Refit, found: xr.Dataset | Failure) -> xr.Dataset | Failure:
        """Write the result, whole or not at all."""
        mark = self.mark(refit)
        with interrupts_wait():
            if isinstance(found, Failure):
                note = {"mark": mark, "reason": found.reason}
                write_text(self.failed(refit), json.dumps(note) + "\n")
                return found
            whole = found.assign_attrs(mark=mark)
            write_groups(self.draws(refit), {"/": whole})
        self.failed(refit).unlink(missing_ok=True)
        return whole

    def mark(self, refit: Refit) -> str:
        """What a result says of the fit that it belongs to."""
        total = hashlib.sha256(f"{self.key} {refit.seed} {asdict(self.length)}".encode())
        for name in sorted(refit.data):
            value = np.ascontiguousarray(refit.data[name], dtype=float)
            total.update(f"{name} {value.shape}".encode() + value.tobytes())
        return total.hexdigest()

    def draws(self, refit: Refit) -> Path:
        """File of a fit's draws."""
        return self.folder / f"{refit.name}.nc"

    def failed(self, refit: Refit) -> Path:
        """File that says why a fit failed."""
        return self.folder / f"{refit.name}.failed.json"


def _here(source: Source, todo: deque[Refit], shelf: Shelf, cores: int) -> Iterator[Found]:
    """Fits in this process, `cores` at a time."""
    compiled = compile_once(source)
    running: dict[int, tuple[Refit, Any, float]] = {}
    try:
        while todo or running:
            while todo and len(running) < max(cores, 1):
                refit = todo.popleft()
                running[id(refit)] = (refit, *_begin(compiled, refit, shelf.length))
            for key, (refit, sampler, began) in list(running.items()):
                found = _look(sampler, refit, shelf.length, began)
                if found is not None:
                    del running[key]
                    yield refit, shelf.put(refit, found)
    finally:
        # A sampler that is left running brings the interpreter down when it exits.
        for _, sampler, _ in running.values():
            sampler.cancel()


def _task(refit: Refit) -> Task:
    return Task(refit.name, 0, refit.seed)


def _begin(compiled: Compiled, refit: Refit, length: Length) -> tuple[Any, float]:
    began = time.perf_counter()
    return start_chain(compiled.with_data(**refit.data), _task(refit), length), began


def _look(sampler: Any, refit: Refit, length: Length, began: float) -> xr.Dataset | Failure | None:
    try:
        groups = poll_chain(sampler, _task(refit), length)
    except MetinferError as error:
        return Failure(str(error))
    if groups is None:
        return None
    stats = groups["sample_stats"]
    # On the sampler's scale: with the Jacobians of its transforms.
    found = groups["posterior"].assign(logp=stats["logp"])
    return found.assign_attrs(
        divergences=int(stats["diverging"].sum()), seconds=round(time.perf_counter() - began, 3)
    )


_compiled: dict[str, Compiled] = {}
_compiling = Lock()


def compile_once(source: Source) -> Compiled:
    """The compiled model of a source; the second call in a process costs nothing."""
    with _compiling:
        if source.key not in _compiled:
            _compiled.clear()
            _compiled[source.key] = compile_free(source.make(source.evidence))
        return _compiled[source.key]


def program() -> dict[str, str]:
    """What decides a fit besides its data and seed: hash of the program, versions of libraries."""
    return {"program": code_hash()[:12], **versions()}


def fit_one(
    source: Source, refit: Refit, length: Length, asked: Mapping[str, str]
) -> xr.Dataset | Failure:
    """One fit in the calling thread: what a worker of a cluster does.

    Raises
    ------
    RunError
        If this is not the program that was asked for: its draws would be others.
    """
    mine = program()
    differs = [f"{k} {mine.get(k)} instead of {v}" for k, v in asked.items() if mine.get(k) != v]
    if differs:
        raise RunError(f"a worker of the cluster has another program: {', '.join(differs)}")
    sampler, began = _begin(compile_once(source), refit, length)
    found = None
    try:
        while found is None:
            found = _look(sampler, refit, length, began)
    except KeyboardInterrupt:
        # A worker that is told to end cuts its chains short: the task is to run elsewhere.
        raise RuntimeError("the worker was stopped") from None
    return found


def _on_cluster(
    source: Source, todo: deque[Refit], shelf: Shelf, scheduler: Any
) -> Iterator[Found]:
    """Fits as tasks of a Dask cluster; results are written here, as they come."""
    client, mine = _client(scheduler)
    running: dict[Any, Refit] = {}
    ahead = AHEAD * max(sum(client.nthreads().values()), 1)

    def submit() -> Any:
        refit = todo.popleft()
        task = (source, refit, shelf.length, program())
        future = client.submit(fit_one, *task, pure=False, retries=RETRIES)
        running[future] = refit
        return future

    try:
        from dask.distributed import as_completed

        stream = as_completed([submit() for _ in range(min(ahead, len(todo)))])
        for future in stream:
            refit = running.pop(future)
            found = _result(future)
            future.release()
            if todo:
                stream.add(submit())
            yield refit, found if isinstance(found, Lost) else shelf.put(refit, found)
    finally:
        client.cancel(list(running))
        if mine:
            client.close()


def _client(scheduler: Any) -> tuple[Any, bool]:
    try:
        from dask.distributed import Client
    except ImportError as error:
        raise MetinferError("a scheduler needs Dask: pip install 'metinfer[dask]'") from error
    return (scheduler, False) if isinstance(scheduler, Client) else (Client(scheduler), True)


def _result(future: Any) -> xr.Dataset | Failure:
    error = future.exception()
    if isinstance(error, MetinferError):
        raise error
    return future.result() if error is None else Lost(f"{type(error).__name__}: {error}")
