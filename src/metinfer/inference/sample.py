"""From evidence to a run folder with the draws of every sub-fit and of the prior."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack

import numpy as np

from metinfer.errors import RunError
from metinfer.inference.attempts import add_time, begin, status_kept
from metinfer.inference.chains import (
    Groups,
    Length,
    Task,
    Watch,
    available_cores,
    run_chains,
    sample_chain,
)
from metinfer.inference.compiled import compile_free
from metinfer.inference.progress import Silent, view_of
from metinfer.inference.recipe import MODEL, Recipe, Updates
from metinfer.inference.settings import Options, Settings, seed_of, settings_of
from metinfer.inference.variants import BASE, with_variant
from metinfer.provenance import now
from metinfer.runs import (
    COMPLETE,
    POSTERIOR,
    Run,
    group_of,
    open_run,
    reopen,
)
from metinfer.storage import read_groups

if TYPE_CHECKING:
    import xarray as xr

    from metinfer.evidence.types import Evidence

__all__ = ["MODEL", "Options", "Recipe", "Settings", "fit", "prior", "sample_chain"]

log = logging.getLogger("metinfer")


def fit(
    evidence: Evidence,
    out: str | Path,
    *,
    resume: bool = False,
    progress: bool | str = True,
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
    progress : bool or str
        Show the chains on stderr: True or ``"table"``, ``"json"`` for one JSON object per line,
        False or ``"none"``.
    cores : int, optional
        Chains that run at a time; all cores by default. Does not change the draws.
    recipe : Recipe
        The model and its sub-fits.
    **options
        draws, tune, chains, seed, quick, variant: see `Settings`.

    Returns
    -------
    Run

    Raises
    ------
    UsageError
        If `out` exists (without `resume`), or was begun with other evidence or settings.
    KeyboardInterrupt
        If it was interrupted; finished chains are kept.

    Examples
    --------
    A first look; what it draws proves nothing:

    >>> import metinfer as mi
    >>> run = mi.fit(mi.read_evidence("tests/data/tiny"), "runs/tiny", quick=True)
    >>> "awakening_rate" in run.posterior
    True
    """
    view = view_of(progress)
    run = begin(evidence, Path(out), recipe, resume, options)
    evidence = as_settled(run, evidence)
    with run.locked():
        run.record = open_run(run.path).record
        if run.record.status == COMPLETE and run.holds(POSTERIOR):
            return run
        reopen(run)
        with status_kept(run):
            while _sample(run, evidence, recipe, cores or available_cores(), view):
                pass
    return run


def prior(
    evidence: Evidence, out: str | Path, *, recipe: Recipe = MODEL, **options: Unpack[Options]
) -> Run:
    """A run that holds the prior alone: what the model believes before any row is read."""
    run = begin(evidence, Path(out), replace(recipe, names=(), short=()), False, options)
    evidence = as_settled(run, evidence)
    with run.locked(), status_kept(run):
        groups = {"prior": _prior_draws(recipe.build(evidence, 1), settings_of(run.record))}
        run.write_groups(POSTERIOR, groups)
    return run


def as_settled(run: Run, evidence: Evidence) -> Evidence:
    """The evidence, to be read by the variant of the mechanism that the run is of."""
    name = settings_of(run.record).variant
    return evidence if name == BASE else with_variant(evidence, name)


def _sample(run: Run, evidence: Evidence, recipe: Recipe, cores: int, view: type[Silent]) -> bool:
    """Sample and write the posterior; or True if it is to be done again on a finer grid."""
    settings = settings_of(run.record)
    lengths = {name: recipe.length(settings, name) for name in run.record.seeds}
    tasks = [Task(n, k, s) for n, seeds in run.record.seeds.items() for k, s in enumerate(seeds)]
    kept = [task for task in tasks if _is_finished(run, task, lengths[task.subfit])]
    todo = [task for task in tasks if task not in kept]
    log.info("%s: %d of %d chains are finished", run.path, len(kept), len(tasks))
    with view(tasks, kept, lengths) as watch:
        watch.phase("building the model")
        model = recipe.build(evidence, run.record.refine)
        every = recipe.subfits(evidence, model)
        subfits = {name: every[name] for name in run.record.seeds}
        if todo:
            _run(run, _compiled(run, model, subfits, watch), todo, lengths, cores, watch)
        watch.phase("checking the solver's grid and writing the posterior")
        groups = _gather(run)
        if _refine(run, evidence, recipe, groups["posterior"]):
            return True
        _write(run, model, subfits, groups)
    return False


def _compiled(
    run: Run, model: Any, subfits: Mapping[str, Updates], watch: Watch
) -> Mapping[str, Any]:
    began = time.perf_counter()
    watch.phase("compiling the model (some 10 s; half a minute more the first time)")
    compiled = _compile(model, subfits)
    add_time(run, "compile", began)
    return compiled


def _write(run: Run, model: Any, subfits: Mapping[str, Updates], groups: Groups) -> None:
    """Put together what the chains left behind, what derives from it, and the prior."""
    from metinfer.inference.forward import with_derived

    for subfit, data in subfits.items():
        name = group_of("posterior", subfit)
        groups[name] = with_derived(model, groups[name], data)
    groups["prior"] = _prior_draws(model, settings_of(run.record))
    run.write_groups(POSTERIOR, groups)


def _refine(run: Run, evidence: Evidence, recipe: Recipe, draws: xr.Dataset) -> bool:
    """Whether the solver's grid was too coarse; the chains then no longer count as finished."""
    finer = recipe.finer and recipe.finer(evidence, draws, run.record.refine)
    if not finer:
        return False
    stop = f"{now()} the solver grid was too coarse: begun again with refine = {finer}"
    files = {k: v for k, v in run.record.files.items() if not k.startswith("chains/")}
    settings = {**run.record.settings, "refine": finer}
    run.update(settings=settings, files=files, stops=[*run.record.stops, stop])
    return True


def _run(
    run: Run,
    compiled: Mapping[str, Any],
    todo: list[Task],
    lengths: Mapping[str, Length],
    cores: int,
    watch: Watch,
) -> None:
    """Run chains; each is put into the run folder when it has finished."""
    began = time.perf_counter()
    watch.phase("sampling")

    def commit(task: Task, groups: Groups) -> None:
        origin = _marks(run, task)
        groups["posterior"] = groups["posterior"].assign_attrs(origin)
        run.write_groups(task.file, groups)

    run_chains(compiled, todo, lengths, cores, commit, watch)
    add_time(run, "sampling", began)


def _is_finished(run: Run, task: Task, length: Length) -> bool:
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
    return same and draws.sizes["draw"] == length.draws


def _marks(run: Run, task: Task) -> dict[str, str]:
    """What a chain's file says of the fit that it belongs to."""
    record = run.record
    refine = str(record.refine)
    return {"seed": str(task.seed), "digest": record.digest, "code": record.code, "refine": refine}


def _compile(model: Any, subfits: Mapping[str, Updates]) -> dict[str, Any]:
    """One compiled model, with each sub-fit's data."""
    compiled = compile_free(model)
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
    seed = seed_of(np.random.SeedSequence([settings.seed, 1]))
    return prior_draws(model, settings.draws * settings.chains, seed % 2**32)
