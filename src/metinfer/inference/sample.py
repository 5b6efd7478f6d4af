"""From evidence to a run folder with the draws of every sub-fit and of the prior."""

from __future__ import annotations

import os
import shlex
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict, Unpack

import numpy as np

from metinfer.compiling import reproducible
from metinfer.errors import RunError, UsageError
from metinfer.inference.chains import Groups, Length, Task, Watch, run_chains, sample_chain
from metinfer.inference.progress import ChainTable
from metinfer.provenance import code_hash, machine, now, versions
from metinfer.runs import (
    COMPLETE,
    FAILED,
    INTERRUPTED,
    MAIN,
    POSTERIOR,
    RUNNING,
    Record,
    Run,
    create_run,
    group_of,
    open_run,
    reopen,
    verify_inputs,
)
from metinfer.storage import read_groups

if TYPE_CHECKING:
    import xarray as xr

    from metinfer.evidence.types import Evidence

__all__ = ["MODEL", "Options", "Recipe", "Settings", "fit", "prior", "sample_chain"]

#: Data of the compiled model that a sub-fit replaces: name -> values.
Updates = Mapping[str, np.ndarray]


class Options(TypedDict, total=False):
    """Settings of a fit that may be left out; see `Settings`."""

    draws: int | None
    tune: int | None
    chains: int | None
    seed: int | None
    quick: bool | None


@dataclass(frozen=True)
class Settings:
    """What decides the draws, besides evidence and program.

    Attributes
    ----------
    draws, tune, chains : int
        Draws kept and draws spent on adapting, per chain; chains per sub-fit.
    seed : int
        Every chain's seed is spawned from it.
    quick : bool
        A first look: few draws, marked as such in the report.
    """

    draws: int = 1000
    tune: int = 1000
    chains: int = 4
    seed: int = 1
    quick: bool = False

    def __post_init__(self) -> None:
        for name, least in (("draws", 4), ("tune", 20), ("chains", 1), ("seed", 0)):
            if getattr(self, name) < least:
                raise UsageError(f"--{name} is {getattr(self, name)}: it must be {least} or more")

    @property
    def length(self) -> Length:
        """Length of each chain."""
        return Length(self.draws, self.tune)

    def seeds(self, subfits: list[str]) -> dict[str, list[int]]:
        """Seed of each chain of each sub-fit: the first chains do not depend on how many follow."""
        children = np.random.SeedSequence(self.seed).spawn(len(subfits))
        return {
            name: [_seed(s) for s in child.spawn(self.chains)]
            for name, child in zip(subfits, children, strict=True)
        }


QUICK = Settings(draws=250, tune=300, chains=2, quick=True)


@dataclass(frozen=True)
class Recipe:
    """How evidence becomes a model, and which sub-fits are data of that one model.

    Attributes
    ----------
    build : callable
        Evidence, and what every solver step is split into -> PyMC model.
    subfits : callable
        Evidence and model -> data to replace for each sub-fit, `main` first.
    names : tuple of str
        The sub-fits, known before a model is built.
    finer : callable, optional
        Evidence, draws of the main fit and its refinement -> the refinement to repeat the fit
        with, or None if its solver grid was fine enough.
    """

    build: Callable[[Evidence, int], Any]
    subfits: Callable[[Evidence, Any], Mapping[str, Updates]]
    names: tuple[str, ...] = (MAIN,)
    finer: Callable[[Evidence, xr.Dataset, int], int | None] | None = None


def _build(evidence: Evidence, refine: int) -> Any:
    from metinfer.inference.model import build_model

    return build_model(evidence, refine=refine)


def _finer(evidence: Evidence, draws: xr.Dataset, refine: int) -> int | None:
    from metinfer.inference.regrid import finer

    return finer(evidence, draws, refine)


def _without_mouse(evidence: Evidence, model: Any) -> dict[str, Updates]:
    """The main fit, and the fit in which mouse rows weigh nothing."""
    from metinfer.inference.design import build_design

    design = build_design(evidence)
    species = {"row_weight": design.row_species, "interval_weight": design.interval_species}
    return {
        MAIN: {},
        "no_mouse": {k: model[k].get_value() * (s != "mouse") for k, s in species.items()},
    }


MODEL = Recipe(_build, _without_mouse, (MAIN, "no_mouse"), _finer)


def fit(
    evidence: Evidence,
    out: str | Path,
    *,
    resume: bool = False,
    progress: bool = True,
    cores: int | None = None,
    recipe: Recipe = MODEL,
    **options: Unpack[Options],
) -> Run:
    """A complete run: the posterior of `evidence`, its sub-fits and the prior, in the folder `out`.

    Parameters
    ----------
    evidence : Evidence
    out : path
        Folder of the run; never overwritten.
    resume : bool
        Keep the finished chains of a stopped run and run the others from their seeds. The draws
        are those of an uninterrupted run. Without a run at `out`, begin one.
    progress : bool
        Show the chains on stderr.
    cores : int, optional
        Chains that run at a time; all cores by default. Does not change the draws.
    recipe : Recipe
        The model and its sub-fits.
    **options
        draws, tune, chains, seed, quick: see `Settings`.

    Returns
    -------
    Run

    Raises
    ------
    UsageError
        If `out` exists (without `resume`), or was begun with other evidence or settings.
    KeyboardInterrupt
        If it was interrupted; finished chains are kept.
    """
    run = _begin(evidence, Path(out), recipe, resume, options)
    with run.locked():
        run.record = open_run(run.path).record
        if run.record.status == COMPLETE and run.holds(POSTERIOR):
            return run
        reopen(run)
        with _status(run):
            while _sample(run, evidence, recipe, cores or available_cores(), progress):
                pass
    return run


def prior(
    evidence: Evidence, out: str | Path, *, recipe: Recipe = MODEL, **options: Unpack[Options]
) -> Run:
    """A run that holds the prior alone: what the model believes before any row is read."""
    run = _begin(evidence, Path(out), replace(recipe, names=()), False, options)
    with run.locked(), _status(run):
        groups = {"prior": _prior_draws(recipe.build(evidence, 1), settings_of(run.record))}
        run.write_groups(POSTERIOR, groups)
    return run


def available_cores() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def settings_of(record: Record) -> Settings:
    """The settings that a record holds."""
    return Settings(**{f.name: record.settings[f.name] for f in fields(Settings)})


def _begin(evidence: Evidence, path: Path, recipe: Recipe, resume: bool, options: Options) -> Run:
    given = {name: value for name, value in options.items() if value is not None}
    if resume and (path / "run.toml").is_file():
        run = open_run(path)
        _refuse_other(run, evidence, given)
        return run
    base = QUICK if given.get("quick") else Settings()
    settings = replace(base, **given)  # type: ignore[arg-type]
    return create_run(path, evidence, _record(evidence, path, recipe, settings))


def _record(evidence: Evidence, path: Path, recipe: Recipe, settings: Settings) -> Record:
    words = ["metinfer", "fit", evidence.root, "-o", path]
    for name in ("draws", "tune", "chains", "seed"):
        words += [f"--{name}", getattr(settings, name)]
    length = {k: v for k, v in asdict(settings.length).items() if k not in ("draws", "tune")}
    return Record(
        command=shlex.join(map(str, words)),
        status=RUNNING,
        created=now(),
        settings={**asdict(settings), **length},
        seeds=settings.seeds(list(recipe.names)),
        digest=evidence.digest,
        code=code_hash(),
        inputs={Path(f.name).name: f.sha256 for f in evidence.files},
        versions=versions(),
        machine=machine(),
    )


def _refuse_other(run: Run, evidence: Evidence, given: Mapping[str, Any]) -> None:
    """Raise UsageError if going on with `run` would mix two different fits."""
    record = run.record
    differs = [
        f"--{k} was {record.settings[k]}" for k, v in given.items() if record.settings[k] != v
    ]
    if record.digest != evidence.digest:
        differs.append("the evidence was another")
    if record.code != code_hash() or record.versions != versions():
        differs.append("the program or one of its libraries was another")
    if differs:
        raise UsageError(
            f"{run.path} cannot go on as asked: {'; '.join(differs)}. "
            "Choose another folder with -o, or remove this one."
        )
    verify_inputs(run)


@contextmanager
def _status(run: Run) -> Iterator[None]:
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
    _time(run, "total", began)
    run.update(status=COMPLETE)


def _time(run: Run, step: str, began: float) -> None:
    timings = dict(run.record.timings)
    timings[step] = round(timings.get(step, 0.0) + time.perf_counter() - began, 3)
    run.update(timings=timings)


def _sample(run: Run, evidence: Evidence, recipe: Recipe, cores: int, progress: bool) -> bool:
    """Sample and write the posterior; or True if it is to be done again on a finer grid."""
    from metinfer.inference.forward import with_derived

    settings = settings_of(run.record)
    tasks = [Task(n, k, s) for n, seeds in run.record.seeds.items() for k, s in enumerate(seeds)]
    kept = [task for task in tasks if _is_finished(run, task, settings)]
    todo = [task for task in tasks if task not in kept]
    model = recipe.build(evidence, refinement(run.record))
    subfits = recipe.subfits(evidence, model)
    if todo:
        began = time.perf_counter()
        compiled = _compile(model, subfits)
        _time(run, "compile", began)
        began = time.perf_counter()
        with ChainTable(tasks, kept) if progress else nullcontext() as watch:
            _run(run, compiled, todo, cores, watch)
        _time(run, "sampling", began)
    groups = _gather(run)
    if _refine(run, evidence, recipe, groups["posterior"]):
        return True
    for subfit, data in subfits.items():
        name = group_of("posterior", subfit)
        groups[name] = with_derived(model, groups[name], data)
    groups["prior"] = _prior_draws(model, settings)
    run.write_groups(POSTERIOR, groups)
    return False


def refinement(record: Record) -> int:
    """What every step of the solver's grid is split into in this run."""
    return int(record.settings.get("refine", 1))


def _refine(run: Run, evidence: Evidence, recipe: Recipe, draws: xr.Dataset) -> bool:
    """Whether the solver's grid was too coarse; the chains then no longer count as finished."""
    finer = recipe.finer and recipe.finer(evidence, draws, refinement(run.record))
    if not finer:
        return False
    stop = f"{now()} the solver grid was too coarse: begun again with refine = {finer}"
    files = {k: v for k, v in run.record.files.items() if not k.startswith("chains/")}
    settings = {**run.record.settings, "refine": finer}
    run.update(settings=settings, files=files, stops=[*run.record.stops, stop])
    return True


def _run(
    run: Run, compiled: Mapping[str, Any], todo: list[Task], cores: int, watch: Watch | None
) -> None:
    def commit(task: Task, groups: Groups) -> None:
        origin = _marks(run, task)
        groups["posterior"] = groups["posterior"].assign_attrs(origin)
        run.write_groups(task.file, groups)

    run_chains(compiled, todo, settings_of(run.record).length, cores, commit, watch)


def _is_finished(run: Run, task: Task, settings: Settings) -> bool:
    """Whether the chain's file is whole and of this fit, even if the record never heard of it."""
    path = run.path / task.file
    if not path.is_file():
        return False
    if run.holds(task.file):
        return True
    try:
        draws = read_groups(path)["posterior"]
    except (RunError, KeyError):
        return False
    same = _marks(run, task).items() <= draws.attrs.items()
    return same and draws.sizes["draw"] == settings.draws


def _marks(run: Run, task: Task) -> dict[str, str]:
    """What a chain's file says of the fit that it belongs to."""
    record = run.record
    refine = str(refinement(record))
    return {"seed": str(task.seed), "digest": record.digest, "code": record.code, "refine": refine}


def _compile(model: Any, subfits: Mapping[str, Updates]) -> dict[str, Any]:
    """One compiled model of the free variables, with each sub-fit's data.

    Derived variables are computed after sampling, which spares the compiler most of its work.
    """
    import nutpie

    with reproducible():
        free = [v.name for v in model.free_RVs]
        compiled = nutpie.compile_pymc_model(model, backend="numba", var_names=free)
    return {name: compiled.with_data(**updates) for name, updates in subfits.items()}


def _gather(run: Run) -> Groups:
    """The chains of every sub-fit side by side."""
    import xarray as xr

    groups: Groups = {}
    for subfit, seeds in run.record.seeds.items():
        parts = [read_groups(run.path / Task(subfit, k, s).file) for k, s in enumerate(seeds)]
        for kind in ("posterior", "sample_stats"):
            joined = xr.concat([p[kind] for p in parts], dim="chain", combine_attrs="drop")
            groups[group_of(kind, subfit)] = joined.assign_coords(chain=np.arange(len(seeds)))
    return groups


def _prior_draws(model: Any, settings: Settings) -> xr.Dataset:
    """As many draws of every parameter from the prior as the posterior has (chain, draw, ...)."""
    from metinfer.inference.forward import prior_draws

    # A stream of its own: spawned children are those of the chains.
    seed = _seed(np.random.SeedSequence([settings.seed, 1]))
    return prior_draws(model, settings.draws * settings.chains, seed % 2**32)


def _seed(sequence: np.random.SeedSequence) -> int:
    """A seed that fits a signed 64-bit integer, as TOML has them."""
    return int(sequence.generate_state(1, np.uint64)[0] >> np.uint64(1))
