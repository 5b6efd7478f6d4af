"""Variants of the mechanism and left-out studies: all fits of a comparison, and their scores.

Every fit is other data of one compiled model. Fits are made by `refits` and lie in a folder, so a
stopped comparison goes on where it was.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

import arviz as az
import numpy as np
import xarray as xr

from metinfer.errors import UsageError
from metinfer.inference.chains import Length
from metinfer.inference.compare_elpd import Elpd, Scorer, leave_one_out, log_mean_exp
from metinfer.inference.compare_results import Quality, faults
from metinfer.inference.density import LATENTS, TRANSLATION_SD, Joint
from metinfer.inference.leave_out import Left, studies, without
from metinfer.inference.model import build_model
from metinfer.inference.refits import Failure, Lost, Machinery, Refit, Source, refit_all
from metinfer.inference.settings import seed_of
from metinfer.inference.variants import BASE, VARIANTS, switches, with_variant

if TYPE_CHECKING:
    from metinfer.evidence.types import Evidence

#: Draws of each fit that are scored.
SCORED = 2000
#: Target acceptance of the second try of a fit whose chains diverged or disagree.
CAREFUL = 0.99
#: Options of the command line that are called otherwise.
OPTIONS = {"variant_chains": "chains"}


@dataclass(frozen=True)
class Plan:
    """How much is fitted.

    Attributes
    ----------
    draws, tune : int
        Of each chain of a variant or without a study.
    row_draws, row_tune : int
        Of each chain without one row, which serves that row's density alone.
    variant_chains, study_chains, row_chains : int
        Chains of each variant, of each left-out study, and of each left-out row that importance
        sampling cannot judge; no such row is fitted with 0.
    seed : int
    quick : bool
        A first look, which proves nothing however long it is made.
    """

    draws: int = 500
    tune: int = 500
    variant_chains: int = 4
    study_chains: int = 2
    row_chains: int = 1
    row_draws: int = 200
    row_tune: int = 250
    seed: int = 1
    quick: bool = False

    def __post_init__(self) -> None:
        least = {"draws": 50, "tune": 20, "variant_chains": 1, "study_chains": 1, "row_chains": 0}
        for name, lowest in least.items():
            if getattr(self, name) < lowest:
                word = OPTIONS.get(name, name.replace("_", "-"))
                raise UsageError(f"--{word} is {getattr(self, name)}: it must be {lowest} or more")

    @property
    def length(self) -> Length:
        """Length of each chain of a variant or without a study."""
        return Length(self.draws, self.tune)

    @property
    def row_length(self) -> Length:
        """Length of each chain without one row."""
        return Length(min(self.draws, self.row_draws), min(self.tune, self.row_tune))


QUICK = Plan(draws=100, tune=150, variant_chains=2, study_chains=1, row_chains=0, quick=True)


@dataclass(frozen=True)
class Fitted:
    """Draws of one fit (chain, draw, ...), None if no chain finished, and how it went."""

    latents: xr.Dataset | None
    quality: Quality

    def again(self) -> Fitted:
        """The same, marked as a second try."""
        return replace(self, quality=replace(self.quality, tries=2))


class Fits:
    """All fits of a comparison.

    Parameters
    ----------
    evidence : Evidence
    base : xarray.Dataset
        Latents of the main fit of a run (chain, draw, ...).
    plan : Plan
    machinery : Machinery
    refine : int
        What every solver step of the run is split into.
    """

    def __init__(
        self, evidence: Evidence, base: xr.Dataset, plan: Plan, machinery: Machinery,
        refine: int = 1,
    ) -> None:  # fmt: skip
        self.evidence, self.plan, self.machinery = evidence, plan, machinery
        self.refine = refine
        self.source = Source(evidence, builder(refine))
        self.variants: dict[str, Fitted] = {BASE: Fitted(base, quality_of([base]))}
        self.studies: dict[str, Fitted] = {}
        self.rows: dict[tuple[str, int], Fitted] = {}

    @cached_property
    def joint(self) -> Joint:
        """The static parts of the base model."""
        return Joint.of(self.evidence)

    @cached_property
    def left(self) -> tuple[Left, ...]:
        """The studies; a single one cannot be left out."""
        found = studies(self.joint.design)
        return found if len(found) > 1 else ()

    @cached_property
    def scorers(self) -> dict[str, Scorer]:
        """Variant -> what scores its draws."""
        made = {v.name: Joint.of(with_variant(self.evidence, v.name)) for v in VARIANTS}
        return {n: Scorer(j, TRANSLATION_SD, self.refine) for n, j in made.items()}

    @property
    def lost(self) -> int:
        """Fits that the workers of a cluster did not survive."""
        every = (*self.variants.values(), *self.studies.values(), *self.rows.values())
        return sum(fitted.quality.lost for fitted in every)

    def make(self) -> None:
        """Fit the variants, and without each study."""
        wanted = {f"variant/{v.name}": switches(v.pins) for v in VARIANTS if v.name != BASE}
        design = self.joint.design
        every = {f"study/{x.study}": without(design, x.rows, x.intervals) for x in self.left}
        chains = dict.fromkeys(wanted, self.plan.variant_chains)
        chains |= dict.fromkeys(every, self.plan.study_chains)
        for name, fitted in self._fit(wanted | every, chains, self.plan.length).items():
            kind, _, key = name.partition("/")
            (self.variants if kind == "variant" else self.studies)[key] = fitted

    def make_rows(self, doubtful: Mapping[str, Iterable[int]]) -> None:
        """Fit without each of the observations at these places, under each variant."""
        if not self.plan.row_chains:
            return
        design, size = self.joint.design, len(self.joint.design.rows)
        pins = {v.name: v.pins for v in VARIANTS}
        wanted = {}
        for name, places in doubtful.items():
            for k in map(int, places):
                gap = without(design, [k]) if k < size else without(design, (), [k - size])
                wanted[f"row/{name}/{k}"] = {**switches(pins[name]), **gap}
        fits = self._fit(wanted, dict.fromkeys(wanted, self.plan.row_chains), self.plan.row_length)
        for name, fitted in fits.items():
            _, variant, place = name.split("/")
            self.rows[variant, int(place)] = fitted

    def _fit(
        self, wanted: Mapping[str, Any], chains: Mapping[str, int], length: Length
    ) -> dict[str, Fitted]:
        """Every fit; those whose chains diverged or disagree once more, with smaller steps."""
        found = self._sample(wanted, chains, length)
        again = {n: data for n, data in wanted.items() if faults(found[n].quality)}
        if not again:
            return found
        careful = replace(length, target_accept=CAREFUL, tune=2 * length.tune)
        second = self._sample(again, chains, careful, "careful/")
        return found | {name: fitted.again() for name, fitted in second.items()}

    def _sample(
        self, wanted: Mapping[str, Any], chains: Mapping[str, int], length: Length, shelf: str = ""
    ) -> dict[str, Fitted]:
        refits = [
            Refit(f"{shelf}{name}/{k}", data, self._seed(name, k))
            for name, data in wanted.items() for k in range(chains[name])
        ]  # fmt: skip
        found: dict[str, list[Any]] = {name: [None] * chains[name] for name in wanted}
        how = self.machinery
        for refit, result in refit_all(
            self.source, refits, length, how.folder,
            cores=how.cores, scheduler=how.scheduler, progress=how.progress,
        ):  # fmt: skip
            name, _, k = refit.name.removeprefix(shelf).rpartition("/")
            found[name][int(k)] = result
        return {name: fitted_of(results) for name, results in found.items()}

    def _seed(self, name: str, chain: int) -> int:
        """A seed that depends on the fit's name only, so that a longer list changes none."""
        words = [self.plan.seed, zlib.crc32(name.encode()), chain]
        return seed_of(np.random.SeedSequence(words))

    def elpd(self) -> dict[str, tuple[Elpd, tuple[int, ...]]]:
        """Leave-one-out scores of each variant, and the places judged by refits."""
        first = {}
        for name, fitted in self.variants.items():
            if fitted.latents is not None:
                latents = thinned(fitted.latents, SCORED)
                first[name] = leave_one_out(self.scorers[name](latents), latents)
        self.make_rows({name: found.doubtful for name, found in first.items()})
        return {name: self._exact(name, found) for name, found in first.items()}

    def _exact(self, name: str, found: Elpd) -> tuple[Elpd, tuple[int, ...]]:
        pointwise, done = found.pointwise.copy(), []
        for k in map(int, found.doubtful):
            fitted = self.rows.get((name, k))
            if fitted is not None and fitted.latents is not None:
                gain = self.scorers[name].gain(fitted.latents, k)
                pointwise[k] = float(log_mean_exp(gain))
                done.append(k)
        return Elpd(pointwise, found.pareto_k, found.limit), tuple(done)


def _build(evidence: Evidence, refine: int) -> Any:
    return build_model(evidence, refine=refine)


def builder(refine: int) -> Callable[[Evidence], Any]:
    """What builds the model on a grid split into `refine`, under a name of its own."""
    make: Any = partial(_build, refine=refine)
    make.__module__, make.__qualname__ = __name__, f"build_{refine}"
    return make


def fitted_of(results: Sequence[Any]) -> Fitted:
    """Chains of one fit side by side."""
    chains = [r for r in results if isinstance(r, xr.Dataset)]
    failed = [r for r in results if isinstance(r, Failure)]
    failures, lost = tuple(r.reason for r in failed), sum(isinstance(r, Lost) for r in failed)
    if not chains:
        return Fitted(None, Quality(0, 0, None, None, 0, 0.0, failures, lost=lost))
    joined = xr.concat([c[list(LATENTS)] for c in chains], dim="chain", combine_attrs="drop")
    latents = joined.assign_coords(chain=np.arange(len(chains)))
    return Fitted(latents, replace(quality_of(chains, latents, failures), lost=lost))


def quality_of(
    chains: Iterable[xr.Dataset], latents: xr.Dataset | None = None, failures: tuple[str, ...] = ()
) -> Quality:
    """How the chains of one fit went."""
    parts = list(chains)
    draws = latents if latents is not None else parts[0][list(LATENTS)]
    many = draws.sizes["chain"] > 1
    divergences = sum(int(c.attrs.get("divergences", 0)) for c in parts)
    seconds = round(sum(float(c.attrs.get("seconds", 0.0)) for c in parts), 1)
    return Quality(
        draws.sizes["chain"], draws.sizes["draw"], _worst(az.rhat(draws), max) if many else None,
        _worst(az.ess(draws, method="bulk"), min), divergences, seconds, failures,
    )  # fmt: skip


def _worst(table: xr.Dataset, pick: Callable[..., float]) -> float:
    return round(pick(float(pick(v.values.ravel())) for v in table.data_vars.values() if v.size), 4)


def thinned(latents: xr.Dataset, most: int) -> xr.Dataset:
    """At most `most` draws over all chains, evenly spaced within each chain."""
    step = max(1, -(-latents.sizes["chain"] * latents.sizes["draw"] // most))
    return latents.isel(draw=slice(None, None, step))


def describe(plan: Plan) -> dict[str, Any]:
    """The plan as plain data, with the variants and their weights."""
    return {**asdict(plan), "variants": {v.name: [dict(v.pins), v.weight] for v in VARIANTS}}
