"""The record of a fit: what an attempt writes down, and whether a stopped one may go on."""

from __future__ import annotations

import shlex
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from metinfer.errors import UsageError
from metinfer.inference.recipe import Recipe
from metinfer.inference.settings import QUICK, Options, Settings, settings_from
from metinfer.inference.variants import BASE
from metinfer.provenance import code_hash, machine, now, versions
from metinfer.runs import (
    BUNDLED,
    COMPLETE,
    FAILED,
    INTERRUPTED,
    RUNNING,
    Record,
    Run,
    create_run,
    is_bundled,
    open_run,
    verify_inputs,
)

if TYPE_CHECKING:
    from metinfer.evidence.types import Evidence

LENGTHS = ("draws", "tune", "chains", "seed")
#: The bundled evidence as a word of the shell.
PRINT_BUNDLED = "\"$(python -c 'from metinfer.evidence import bundled_path as p; print(p())')\""


def begin(evidence: Evidence, path: Path, recipe: Recipe, resume: bool, options: Options) -> Run:
    """A new run folder at `path`, or the stopped one there if it may go on.

    Raises
    ------
    UsageError
        If `path` is taken, or going on would mix two different fits.
    """
    if resume and (path / "run.toml").is_file():
        run = open_run(path)
        refuse_other(run, evidence, options)
        return run
    return create_run(path, evidence, record_of(evidence, path, recipe, settings_from(options)))


def record_of(evidence: Evidence, path: Path, recipe: Recipe, settings: Settings) -> Record:
    """The record of a fit that is about to begin."""
    length = {k: v for k, v in asdict(settings.length).items() if k not in ("draws", "tune")}
    return Record(
        command=command_of(evidence, path, recipe, settings),
        status=RUNNING,
        created=now(),
        settings={**asdict(settings), **length},
        seeds=recipe.seeds(settings),
        digest=evidence.digest,
        code=code_hash(),
        inputs={Path(f.name).name: f.sha256 for f in evidence.files},
        versions=versions(),
        machine=machine(),
        source=BUNDLED if is_bundled(evidence.root) else str(evidence.root.resolve()),
    )


def command_of(evidence: Evidence, path: Path, recipe: Recipe, settings: Settings) -> str:
    """The command as it can be typed again, without the place where metinfer itself lies."""
    from metinfer.evidence import bundled_path

    quick = ["--quick"] if settings.quick else []
    bundled = evidence.root == bundled_path()
    if bundled and recipe.names and settings in (Settings(), QUICK):
        return shlex.join(["metinfer", "demo", "-o", str(path), *quick])
    command, known = ("fit", LENGTHS) if recipe.names else ("prior", ("draws", "seed"))
    words = ["-o", str(path), *(quick if recipe.names else [])]
    for name in known:
        words += [f"--{name}", str(getattr(settings, name))]
    if settings.variant != BASE:
        words += ["--variant", settings.variant]
    data = PRINT_BUNDLED if bundled else shlex.quote(str(evidence.root))
    return f"metinfer {command} {data} {shlex.join(words)}"


def _changed(before: Mapping[str, str], evidence: Evidence) -> list[str]:
    """Names of the inputs that are not as they were."""
    now = {Path(f.name).name: f.sha256 for f in evidence.files}
    return sorted(n for n in {*now, *before} if now.get(n) != before.get(n))


def refuse_other(run: Run, evidence: Evidence, options: Options) -> None:
    """Raise UsageError if going on with `run` would mix two different fits."""
    record = run.record
    if record.prior_only:
        raise UsageError(
            f"{run.path} holds the prior alone, and no fit to go on with: "
            "choose another folder with -o"
        )
    given: Mapping[str, Any] = {k: v for k, v in options.items() if v is not None}
    had = record.settings
    differs = [f"--{k} was {had.get(k)}" for k, v in given.items() if had.get(k) != v]
    if record.digest != evidence.digest:
        changed = ", ".join(_changed(record.inputs, evidence))
        differs.append(f"the evidence was another ({changed} changed)")
    if record.code != code_hash() or record.versions != versions():
        differs.append("the program or one of its libraries was another")
    if differs:
        is_there = record.status == COMPLETE
        whole = f" What it holds is complete: metinfer report {run.path}" if is_there else ""
        raise UsageError(
            f"{run.path} cannot go on as asked: {'; '.join(differs)}. "
            f"Choose another folder with -o, or remove this one.{whole}"
        )
    verify_inputs(run)


@contextmanager
def status_kept(run: Run) -> Iterator[None]:
    """Write into the record how the block ended."""
    began = time.perf_counter()
    try:
        yield
    except KeyboardInterrupt:
        run.update(status=INTERRUPTED, stops=[*run.record.stops, f"{now()} interrupted"])
        raise
    except Exception as error:
        stop = f"{now()} {type(error).__name__}: {error}"
        run.update(status=FAILED, stops=[*run.record.stops, stop])
        raise
    add_time(run, "total", began)
    run.update(status=COMPLETE)


def add_time(run: Run, step: str, began: float) -> None:
    """Add the seconds since `began` to a step of the record."""
    timings = dict(run.record.timings)
    timings[step] = round(timings.get(step, 0.0) + time.perf_counter() - began, 3)
    run.update(timings=timings)
