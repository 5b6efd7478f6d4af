"""Run folders: what was run is known exactly, and nothing unfinished looks finished.

A run folder holds `run.toml` (what was run, with what, how far it came, hashes of every file),
`inputs/` (a copy of the evidence), `chains/<sub-fit>/<k>.nc` (finished chains), `posterior.nc`,
and later `predictions.nc`, `diagnostics.json`, `report.html` and `report.json`. Nothing in it is
ever unpickled or executed.
"""

from __future__ import annotations

import glob
import json
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import tomli_w
from filelock import FileLock, Timeout

from metinfer.errors import RunError, UsageError
from metinfer.fitted_inputs import BUNDLED, changed_since, is_bundled, verify_inputs
from metinfer.record import (
    COMPLETE,
    FAILED,
    INTERRUPTED,
    RUNNING,
    SCHEMA,
    Record,
    read_record,
)
from metinfer.storage import (
    digest,
    read_groups,
    remove_unfinished,
    write_bytes,
    write_groups,
    write_text,
)

if TYPE_CHECKING:
    import xarray as xr

    from metinfer.evidence.types import Evidence
    from metinfer.therapy.objects import Population, Treatment

__all__ = [
    "BUNDLED", "COMPLETE", "FAILED", "INTERRUPTED", "JOBS", "MAIN", "POSTERIOR", "RUNNING",
    "SCHEMA", "Record", "Run", "as_run", "changed_since", "create_run", "group_of", "is_bundled",
    "load_run", "open_run", "read_record", "refuse_existing", "reopen", "unfinished",
    "verify_inputs",
]  # fmt: skip

MAIN = "main"
POSTERIOR = "posterior.nc"
#: Folders of commands that go on for long, each with a lock of its own.
JOBS = ("comparison", "calibration")
#: Seconds that one command waits for another to put its result into the same folder.
PATIENCE = 20.0
#: Seconds after which a folder that was to become a run counts as left behind by a killed process.
ABANDONED = 600.0


class Run:
    """A run folder.

    Attributes
    ----------
    path : Path
        Its folder.
    record : Record
        What was run, how far it came, and the hash of every file.

    Examples
    --------
    >>> import metinfer as mi
    >>> run = mi.load_run("runs/tiny")
    >>> run.record.status
    'complete'
    """

    def __init__(self, path: Path, record: Record) -> None:
        self.path = path
        self.record = record
        self._lock = FileLock(path / ".lock", timeout=0, is_singleton=True)

    def __repr__(self) -> str:
        return f"Run({str(self.path)!r}, {self.record.status})"

    @cached_property
    def evidence(self) -> Evidence:
        """The evidence that was fitted, read from the copy in the run folder.

        It remembers the variant of the mechanism, so that everything made of it is of that one.
        """
        from metinfer.evidence import read_evidence

        found = read_evidence(self.path / "inputs")
        variant = self.record.settings.get("variant", "base")
        if variant == "base":
            return found
        from metinfer.inference.variants import with_variant

        return with_variant(found, str(variant))

    @cached_property
    def groups(self) -> dict[str, xr.Dataset]:
        """Every group of `posterior.nc`: posterior, sample_stats, prior, posterior_no_mouse, ..."""
        return read_groups(self.path / POSTERIOR)

    @property
    def posterior(self) -> xr.Dataset:
        """Draws of the main fit (chain, draw, ...)."""
        return self._group("posterior")

    @property
    def sample_stats(self) -> xr.Dataset:
        """Sampler statistics of the main fit (chain, draw)."""
        return self._group("sample_stats")

    @property
    def prior(self) -> xr.Dataset:
        """Draws of the prior (chain, draw, ...)."""
        return self._group("prior")

    @property
    def subfits(self) -> dict[str, xr.Dataset]:
        """Draws of every sub-fit, `main` among them, (chain, draw, ...)."""
        return {name: self._group(group_of("posterior", name)) for name in self.record.seeds}

    def model(self) -> Any:
        """The PyMC model that was fitted; see `metinfer.inference.reproduce.model_of`."""
        from metinfer.inference.reproduce import model_of

        return model_of(self)

    def to_json(self) -> str:
        """What a program wants to know of a run: folder, status, settings, hashes, timings."""
        table = {"run": str(self.path), **asdict(self.record)}
        return json.dumps(table, indent=1)

    def statistics_of(self, subfit: str = MAIN) -> xr.Dataset:
        """Sampler statistics of a sub-fit (chain, draw)."""
        return self._group(group_of("sample_stats", subfit))

    def ask(
        self,
        therapy: Treatment,
        population: str | Population,
        measure: str = "risk_ratio",
        time: float = 10.0,
        time_unit: str = "year",
        **how: Any,
    ) -> xr.DataArray:
        """One answer (source, draw): see `metinfer.asking.ask`, also for what else it takes."""
        from metinfer.asking import ask

        return ask(self, therapy, population, measure, time, time_unit, **how)

    def _group(self, name: str) -> xr.Dataset:
        if name not in self.groups:
            raise RunError(f"{self.path} has no {name}: it holds {', '.join(self.groups)}")
        return self.groups[name]

    @contextmanager
    def locked(self, wait: float = 0.0) -> Iterator[None]:
        """Hold the folder: a second process is refused, after `wait` seconds, until the end."""
        try:
            with self._lock.acquire(timeout=wait):
                yield
        except Timeout:
            raise UsageError(f"{self.path} is in use by another metinfer process") from None

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Hold the folder to put a result there, and sweep up what killed processes left."""
        with self.locked(PATIENCE):
            remove_unfinished(self.path, JOBS)
            yield

    @contextmanager
    def at_work(self, job: str) -> Iterator[Path]:
        """Hold the folder of a job, one of `JOBS`, until its end; the run itself stays free.

        A second process with the same job is refused; results of other commands may be put into
        the run meanwhile, and leave alone what the job is writing.
        """
        folder = self.path / job
        folder.mkdir(exist_ok=True)
        lock = FileLock(folder / ".lock", timeout=0, is_singleton=True)
        try:
            lock.acquire()
        except Timeout:
            raise UsageError(f"{folder} is in use by another metinfer process") from None
        try:
            remove_unfinished(folder)
            yield folder
        finally:
            lock.release()

    def update(self, **changes: Any) -> None:
        """Change fields of the record and write `run.toml`."""
        self.record = replace(self.record, **changes)
        table = {**asdict(self.record), "schema": SCHEMA}
        write_text(self.path / "run.toml", tomli_w.dumps(table))

    def write_text(self, name: str, text: str) -> Path:
        """Write a result as text, and its hash into the record."""
        return self._keep(name, lambda path: write_text(path, text))

    def write_groups(self, name: str, groups: Mapping[str, xr.Dataset]) -> Path:
        """Write a result as netCDF with one group per dataset, and its hash into the record."""
        return self._keep(name, lambda path: write_groups(path, groups))

    def _keep(self, name: str, write: Callable[[Path], None]) -> Path:
        path = self.path / name
        with self.writing():
            write(path)
            # Another command may have put a result of its own here meanwhile.
            self.record = read_record(self.path)
            self.update(files={**self.record.files, name: digest(path)})
        return path

    def read_result(self, name: str) -> dict[str, xr.Dataset]:
        """Groups of a netCDF result of this run, checked against its hash."""
        self.verify(name)
        return read_groups(self.path / name)

    def verify(self, name: str) -> None:
        """Raise RunError unless the file `name` is the one that this run wrote."""
        expected = self.record.files.get(name)
        path = self.path / name
        if expected is None or not path.is_file():
            raise RunError(f"{self.path} has no {name}")
        if digest(path) != expected:
            made = "Finished chains are kept: metinfer fit ... --resume makes it again."
            again = made if name == POSTERIOR else "The command that made it makes it again."
            raise RunError(
                f"{path} is not what this run wrote (its hash differs): it was changed or damaged. "
                f"{again}"
            )

    def holds(self, name: str) -> bool:
        """Whether the file `name` is there just as this run wrote it."""
        path = self.path / name
        return path.is_file() and self.record.files.get(name) == digest(path)


def group_of(kind: str, subfit: str) -> str:
    """Name of a group in `posterior.nc`: the main fit has the plain name."""
    return kind if subfit == MAIN else f"{kind}_{subfit}"


def create_run(path: Path, evidence: Evidence, record: Record) -> Run:
    """A new run folder with a copy of the evidence; it appears whole or not at all.

    Raises
    ------
    UsageError
        If there is something at `path`, or it cannot be written.
    RunError
        If a file changed since the evidence was read.
    """
    refuse_existing(path, resumable=not record.prior_only)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _sweep_abandoned(path)
        aside = Path(tempfile.mkdtemp(dir=path.parent, prefix=f".{path.name}-", suffix=".new"))
    except OSError as error:
        raise UsageError(f"cannot write in {path.parent}: {error.strerror}") from error
    try:
        aside.chmod(0o755)
        _copy_inputs(evidence, aside / "inputs")
        Run(aside, record).update()
        _put(aside, path)
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    return Run(path, record)


def _sweep_abandoned(path: Path) -> None:
    """Remove runs beside `path` whose making was killed."""
    for aside in path.parent.glob(f".{glob.escape(path.name)}-*.new"):
        if time.time() - aside.stat().st_mtime > ABANDONED:
            shutil.rmtree(aside, ignore_errors=True)


def _put(aside: Path, path: Path) -> None:
    try:
        aside.rename(path)
    except OSError:
        refuse_existing(path)  # somebody was faster
        raise


def refuse_existing(path: Path, resumable: bool = True) -> None:
    """Raise UsageError if there is something at `path`; an empty folder is nothing.

    Parameters
    ----------
    path : Path
    resumable : bool
        Whether the command knows `--resume`, which is named if there is a fit to go on with.
    """
    if not path.exists() or (path.is_dir() and not any(path.iterdir())):
        return
    todo = "choose another folder with -o"
    with suppress(RunError):
        record = read_record(path)
        if record.status == COMPLETE:
            todo = f"it is complete, see metinfer report {path}, or {todo}"
        elif resumable and not record.prior_only:
            todo = f"add --resume to go on with it, or {todo}"
    raise UsageError(f"{path} exists and is never overwritten: {todo}")


def _copy_inputs(evidence: Evidence, folder: Path) -> None:
    for source in evidence.files:
        content = source.path.read_bytes()
        copy = folder / Path(source.name).name
        write_bytes(copy, content)
        if digest(copy) != source.sha256:
            raise RunError(f"{source.path} changed while it was being read: try again")


def load_run(path: str | Path) -> Run:
    """A finished run, with its inputs and results checked against their hashes.

    Parameters
    ----------
    path : path
        Folder of the run.

    Returns
    -------
    Run

    Raises
    ------
    RunError
        If it is no run folder, is not complete, or was changed.

    Examples
    --------
    >>> import metinfer as mi
    >>> run = mi.load_run("runs/tiny")
    >>> run.evidence.arm("il15").species
    'mouse'
    """
    run = open_run(Path(path))
    if run.record.status != COMPLETE:
        raise RunError(unfinished(run))
    verify_inputs(run)
    run.verify(POSTERIOR)
    return run


def as_run(run: Run | str | Path) -> Run:
    """The run that was given, or the finished one in the folder that was named."""
    return load_run(run) if isinstance(run, str | Path) else run


def unfinished(run: Run) -> str:
    """Why a run cannot be used yet, and what to do."""
    if run.record.prior_only:
        return (
            f"{run.path} is not complete: its status is {run.record.status}. It was to hold the "
            "prior alone, which is drawn in one go: metinfer prior DATA -o another-folder"
        )
    chains = sum(1 for name in run.record.files if name.startswith("chains/"))
    total = sum(len(seeds) for seeds in run.record.seeds.values())
    return (
        f"{run.path} is not complete: its status is {run.record.status}, with {chains} of {total} "
        f"chains finished. To go on: metinfer fit DATA -o {run.path} --resume"
    )


def open_run(path: Path) -> Run:
    """A run in whatever state it is; one whose process is gone counts as interrupted."""
    if not (path / "run.toml").exists():
        raise RunError(_no_run(path))
    record = read_record(path)
    run = Run(path, record)
    if record.status == RUNNING and not _in_use(run):
        run.record = replace(record, status=INTERRUPTED)
    return run


def _no_run(path: Path) -> str:
    """Why there is no run at a place, and what to name instead."""
    if not path.exists():
        return f"{path} is not there: name the folder of a run"
    told = f"{path} is not a run folder (it has no run.toml)"
    if (path / "studies.csv").is_file():
        return f"{told}, but evidence: fit it first: metinfer fit {path} -o RUN"
    inside = sorted(str(record.parent) for record in path.glob("*/run.toml"))
    return f"{told}; runs in it: {', '.join(inside)}" if inside else told


def reopen(run: Run) -> None:
    """Make a stopped run ready to go on: sweep up, and remove what is not as it was written.

    A changed chain that stayed would look like one that a kill kept out of the record.
    """
    remove_unfinished(run.path, JOBS)
    whole = {name: sha for name, sha in run.record.files.items() if run.holds(name)}
    for name in run.record.files.keys() - whole.keys():
        (run.path / name).unlink(missing_ok=True)
    run.update(status=RUNNING, files=whole)


def _in_use(run: Run) -> bool:
    try:
        with run.locked():
            return False
    except UsageError:
        return True
