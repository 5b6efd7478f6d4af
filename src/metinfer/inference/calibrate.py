"""Simulation-based calibration: the truth of simulated tables must be a draw like any other.

Prior calibration: a truth from the prior, tables simulated from it, the posterior given those
tables (Talts et al. 2018, arXiv 1804.06788). Posterior calibration: a truth from the posterior of
the published tables, tables simulated from it, the posterior given the published *and* the
simulated tables (Sailynoja, Schmitt, Burkner & Vehtari 2025, arXiv 2502.03279). In both, the rank
of the truth among independent draws is uniform if sampler, priors and likelihood belong together.

The compiled model holds every row twice (`AGAIN`): the published tables, which weigh nothing in
prior calibration, and the simulated ones. Every fit is other data of that one model.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property, partial
from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr
from scipy import stats

from metinfer.errors import UsageError
from metinfer.inference.calibrate_ranks import rank
from metinfer.inference.chains import Length
from metinfer.inference.density import LATENTS, TRANSLATION_SD, Joint
from metinfer.inference.lanes import TRANSFERRED
from metinfer.inference.model import joint_model
from metinfer.inference.refits import Failure, Machinery, Refit, Source, refit_all
from metinfer.inference.worlds import RIGHT, Simulator, Tables, World
from metinfer.provenance import code_hash
from metinfer.storage import write_text

if TYPE_CHECKING:
    from metinfer.evidence.types import Evidence

PRIOR, POSTERIOR = "prior", "posterior"
KINDS = (PRIOR, POSTERIOR)
#: Ending of the names of the simulated tables' data.
AGAIN = "_again"
#: Name of the log-likelihood of all tables: a quantity that depends on the data, which shows a
#: posterior that ignored them (Modrak et al. 2023, doi 10.1214/23-BA1404).
FIT = "log_likelihood"

Draws = tuple[np.ndarray, ...]
#: Named parameters (draw, ...) -> named answers (draw,).
Answers = Callable[[Mapping[str, np.ndarray]], Mapping[str, np.ndarray]]


@dataclass(frozen=True)
class Plan:
    """How many fits, and how long each chain is.

    Attributes
    ----------
    fits : int
        Of each kind.
    seed : int
    ranked : int
        Draws that each truth is ranked among: 99 make exact 50 % and 90 % intervals.
    every : int
        Draws of the chain for each that is ranked.
    tune : int
    """

    fits: int = 200
    seed: int = 1
    ranked: int = 99
    every: int = 5
    tune: int = 300

    def __post_init__(self) -> None:
        if self.fits < 1:
            raise UsageError(f"--fits is {self.fits}: it must be 1 or more")

    @property
    def length(self) -> Length:
        """Length of each chain."""
        return Length(self.ranked * self.every, self.tune)


@dataclass(frozen=True)
class Judged:
    """One fit: rank of the truth, truth, and effective draws, of each quantity; or why it failed.

    `values` (draw,) are those that the truth was ranked among; they are not kept on the disk.
    """

    name: str
    ranks: Mapping[str, int]
    truth: Mapping[str, float]
    effective: Mapping[str, float]
    values: Mapping[str, np.ndarray] = field(default_factory=dict)
    divergences: int = 0
    seconds: float = 0.0
    failure: str | None = None


class Calibration:
    """All fits of one kind of calibration.

    Parameters
    ----------
    evidence : Evidence
    kind : str
        `PRIOR` or `POSTERIOR`.
    plan : Plan
    machinery : Machinery
    latents : xarray.Dataset, optional
        Posterior draws of the published tables (chain, draw, ...), for posterior calibration.
    answers : callable, optional
        Named answers of draws.
    world : World
        What the tables are simulated from; the model itself by default.
    refine : int
        What every step of the solver's grid is split into.
    """

    def __init__(
        self, evidence: Evidence, kind: str, plan: Plan, machinery: Machinery, *,
        latents: xr.Dataset | None = None, answers: Answers | None = None,
        world: World = RIGHT, refine: int = 1,
    ) -> None:  # fmt: skip
        if kind == POSTERIOR and latents is None:
            raise UsageError("posterior calibration needs the draws of a run")
        self.kind, self.plan, self.machinery = kind, plan, machinery
        self.answers, self.world = answers or (lambda params: {}), world
        self.source = doubled_source(evidence, refine)
        self.simulator = Simulator(Joint.of(evidence), TRANSLATION_SD, refine)
        self._latents = latents

    @property
    def joint(self) -> Joint:
        """The static parts of the model."""
        return self.simulator.joint

    @cached_property
    def truths(self) -> Draws:
        """Latents from which the tables are simulated (fit, latent), before the world acts."""
        if self.kind == PRIOR:
            made = [prior_draw(self.joint, self._rng(k)) for k in range(self.plan.fits)]
            return tuple(np.stack(part) for part in zip(*made, strict=True))
        assert self._latents is not None  # noqa: S101 -- checked where it came in
        flat = self._latents[list(LATENTS)].stack(sample=("chain", "draw"))
        require_draws(self._latents, self.plan.fits)
        order = np.random.default_rng(self.plan.seed).permutation(flat.sizes["sample"])
        at = order[: self.plan.fits]
        return tuple(flat[n].transpose("sample", ...).to_numpy()[at] for n in LATENTS)

    def _rng(self, k: int, *use: int) -> np.random.Generator:
        return np.random.default_rng([self.plan.seed, KINDS.index(self.kind), k, *use])

    @cached_property
    def _true(self) -> Draws:
        return tuple(np.asarray(v) for v in self.world.latents(self.joint, self.truths))

    @cached_property
    def _states(self) -> np.ndarray:
        return self.simulator.solve(self._true, self.world)

    def tables(self, k: int) -> Tables:
        """Simulated tables of fit `k`."""
        rng = self._rng(k)
        rng.bit_generator.advance(2**64)  # type: ignore[attr-defined]
        predicted = self.simulator.predict([v[k] for v in self._true], self._states[k])
        return self.simulator.tables(predicted, rng, self.world)

    def refits(self) -> list[Refit]:
        """Every fit: its data and seed."""
        base = (blank(self.joint, "") if self.kind == PRIOR else {}) | self.world.weights(
            self.joint
        )
        made = []
        for k in range(self.plan.fits):
            data = base | {f"{name}{AGAIN}": v for name, v in self.tables(k).items()}
            seed = int(self._rng(k).integers(2**62))
            made.append(Refit(f"{self.kind}/{self.world.name}-{k:04d}", data, seed))
        return made

    def run(self) -> Iterator[Judged]:
        """Make every fit, or read it if it is there; yield each as it is judged."""
        made = self.refits()
        place = {refit.name: k for k, refit in enumerate(made)}
        how = self.machinery
        for refit, found in refit_all(
            self.source, made, self.plan.length, how.folder,
            cores=how.cores, scheduler=how.scheduler, progress=how.progress,
        ):  # fmt: skip
            if isinstance(found, Failure):
                yield Judged(refit.name, {}, {}, {}, failure=found.reason)
            else:
                yield self._kept(place[refit.name], refit, found)

    def _kept(self, k: int, refit: Refit, found: xr.Dataset) -> Judged:
        """The judgement of a fit, from the disk if it is there."""
        path = self.machinery.folder / f"{refit.name}.ranks.json"
        mark = f"{found.attrs['mark']} {code_hash(('inference', 'therapy'))} {self.plan.every}"
        with suppress(FileNotFoundError, ValueError, KeyError):
            note = json.loads(path.read_text(encoding="utf-8"))
            if note.pop("mark") == mark:
                return Judged(**note)
        judged = replace(self.judge(k, refit, found), values={})
        write_text(path, json.dumps({"mark": mark, **asdict(judged)}) + "\n")
        return judged

    def judge(self, k: int, refit: Refit, found: xr.Dataset) -> Judged:
        """Rank the truth among draws that are nearly independent.

        The truth stands at a place of its own by chance: answers have unknowns besides the draws
        (of a drug's kinetics, say), which go by place.
        """
        thinned = found.isel(chain=0, draw=slice(None, None, self.plan.every))
        draws = [thinned[n].transpose("draw", ...).to_numpy() for n in LATENTS]
        rng = self._rng(k, 1)
        at = int(rng.integers(self.plan.ranked + 1))
        truth = [v[k] for v in self._true]
        both = tuple(np.insert(d, at, t, axis=0) for d, t in zip(draws, truth, strict=True))
        values = self.quantities(both)
        fits = thinned["logp"].to_numpy() - log_prior(self.joint, tuple(draws))
        values[FIT] = np.insert(fits, at, self._fit_of_truth(k))
        ranks = {n: _rank(v, at, rng) for n, v in values.items()}
        after = {n: np.delete(v, at) for n, v in values.items()}
        return Judged(
            refit.name, ranks, {n: float(v[at]) for n, v in values.items()},
            effective(after), after,
            int(found.attrs["divergences"]), float(found.attrs["seconds"]),
        )  # fmt: skip

    def quantities(self, draws: Draws) -> dict[str, np.ndarray]:
        """Named answers, then every parameter on its natural scale (draw,)."""
        params = self.joint.parameters(draws, TRANSLATION_SD)
        return {**self.answers(params), **labelled(self.joint, params)}

    def _fit_of_truth(self, k: int) -> float:
        draw, states = (
            [v[k] for v in self._true],
            self.simulator.solve([v[k : k + 1] for v in self._true]),
        )
        total = self.simulator.log_likelihood(draw, states[0], self.tables(k))
        if self.kind == POSTERIOR:
            total += self.simulator.log_likelihood(draw, states[0], self.simulator.published)
        return total


def require_draws(latents: xr.Dataset, fits: int) -> None:
    """Raise UsageError if there are fewer posterior draws (chain, draw, ...) than fits."""
    number = latents.sizes["chain"] * latents.sizes["draw"]
    if fits > number:
        raise UsageError(f"the run has {number} draws: --fits must not be more")


def doubled_source(evidence: Evidence, refine: int = 1) -> Source:
    """The model that holds every row twice, as what is compiled once."""
    make: Any = partial(_doubled, refine=refine)
    make.__module__, make.__qualname__ = __name__, f"doubled_{refine}"
    return Source(evidence, make)


def _doubled(evidence: Evidence, refine: int) -> Any:
    return joint_model(Joint.of(evidence), refine, ("", AGAIN))


def blank(joint: Joint, end: str) -> Tables:
    """Weights with which the tables of that ending say nothing."""
    design = joint.design
    return {
        f"row_weight{end}": np.zeros(len(design.rows)),
        f"interval_weight{end}": np.zeros(len(design.intervals)),
    }


def prior_draw(joint: Joint, rng: np.random.Generator) -> Draws:
    """One draw of the latents from the prior."""
    table = joint.table
    return (
        rng.standard_normal(len(table.normal)),
        rng.beta(*table.beta_args),
        rng.standard_normal(len(table.transfers)),
    )


def log_prior(joint: Joint, draws: Draws) -> np.ndarray:
    """Log-density of the prior on the sampler's scale, log-odds for shares (draw,)."""
    z, share, deviation = draws
    total = stats.norm.logpdf(z).sum(axis=-1) + stats.norm.logpdf(deviation).sum(axis=-1)
    a, b = joint.table.beta_args
    slope = np.log(share) + np.log1p(-share)
    return np.asarray(total + (stats.beta.logpdf(share, a, b) + slope).sum(axis=-1))


def labelled(joint: Joint, params: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Every scalar parameter by its label (draw,)."""
    found = {}
    for parameter in joint.table.parameters:
        if parameter.name not in params:
            continue
        values = params[parameter.name]
        if parameter.dims is None:
            found[parameter.name] = values
            continue
        labels = getattr(joint.table.coordinates, parameter.dims)
        found |= {f"{parameter.name}[{c}]": values[:, i] for i, c in enumerate(labels)}
    deviations = params["transfer"]
    return found | {f"transfer[{n}]": deviations[:, i] for i, n in enumerate(TRANSFERRED.values())}


def effective(values: Mapping[str, np.ndarray]) -> dict[str, float]:
    """Effective number of draws, bulk, of each quantity (draw,)."""
    tool: Any = import_module("arviz_stats.base").array_stats
    found = {}
    for name, draws in values.items():
        constant = not np.isfinite(draws).all() or np.ptp(draws) == 0
        found[name] = (
            float("nan") if constant else float(tool.ess(draws[None], chain_axis=0, draw_axis=1))
        )
    return found


def _rank(values: np.ndarray, at: int, rng: np.random.Generator) -> int:
    """Rank of the value at a place among the others; -1 where one is not a number."""
    if not np.isfinite(values).all():
        return -1
    return rank(float(values[at]), np.delete(values, at), rng)


def as_dataset(judged: Sequence[Judged], quantities: Sequence[str]) -> xr.Dataset:
    """Results of all fits that did not fail (fit, quantity)."""
    whole = [j for j in judged if j.failure is None]

    def table(pick: Callable[[Judged, str], float], kind: Any) -> Any:
        cells = [[pick(j, q) for q in quantities] for j in whole]
        return ("fit", "quantity"), np.array(cells, dtype=kind).reshape(len(whole), -1)

    return xr.Dataset(
        {
            "rank": table(lambda j, q: j.ranks[q], int),
            "truth": table(lambda j, q: j.truth[q], float),
            "effective": table(lambda j, q: j.effective[q], float),
            "divergences": ("fit", np.array([j.divergences for j in whole], dtype=int)),
            "seconds": ("fit", np.array([j.seconds for j in whole], dtype=float)),
        },
        coords={"fit": [j.name for j in whole], "quantity": list(quantities)},
    )
