"""What a fit would do, before it does it: rows, parameters, solves, time and memory."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Unpack

from metinfer.inference.attempts import refuse_other
from metinfer.inference.chains import Length, Task, available_cores
from metinfer.inference.recipe import MODEL
from metinfer.inference.settings import Options, settings_from, settings_of
from metinfer.runs import open_run, refuse_existing

if TYPE_CHECKING:
    from metinfer.evidence.types import Evidence
    from metinfer.inference.density import Joint

# The rule behind the estimates. Measured on the bundled and on a made-up folder, 2 cores:
# a gradient takes as long as 1.6 solves, an iteration 22 gradients, and each chain some 5,000
# gradients more while it finds the posterior; importing, compiling and writing take 22 s.
GRADIENT, PER_ITERATION, TO_FIND, FIXED_SECONDS = 1.6, 22.0, 5000.0, 22.0
#: Memory of the program with a compiled model, and of one number of a draw, in every copy of it.
FIXED_MIB, BYTES_PER_NUMBER = 1200.0, 48.0
#: Solves that are timed.
TIMED = 30


@dataclass(frozen=True)
class Chains:
    """The chains of one sub-fit: how many, how long, how many of them are there already."""

    chains: int
    draws: int
    tune: int
    finished: int = 0


@dataclass(frozen=True)
class Plan:
    """What a fit would do.

    Attributes
    ----------
    rows, intervals : int
        Those that enter the likelihood.
    not_fitted : mapping of str to int
        Role -> rows and intervals that do not.
    parameters : mapping of str to int
        Free variable -> numbers in it.
    lanes, steps : int
        Groups of animals or people that are solved, and steps of all their grids.
    subfits : mapping of str to Chains
    cores : int
    solve_ms : float
        Time of one solve of all lanes, measured here.
    seconds, memory_mib, disk_mib : float
        Estimates by a stated rule; see `metinfer.inference.plan`.
    """

    rows: int
    intervals: int
    not_fitted: Mapping[str, int]
    parameters: Mapping[str, int]
    lanes: int
    steps: int
    subfits: Mapping[str, Chains]
    cores: int
    solve_ms: float
    seconds: float
    memory_mib: float
    disk_mib: float

    def to_json(self) -> str:
        """The same for a program."""
        return json.dumps(asdict(self), indent=1)

    def to_text(self) -> str:
        """What `metinfer fit --dry-run` prints."""
        other = ", ".join(f"{n} {role}" for role, n in self.not_fitted.items()) or "none"
        free = ", ".join(f"{n} {name}" for name, n in self.parameters.items())
        lines = [
            f"fitted          {self.rows} rows and {self.intervals} intervals (not: {other})",
            f"free parameters {sum(self.parameters.values())} ({free})",
            f"each gradient   {self.lanes} lanes, {self.steps} steps; a solve takes "
            f"{self.solve_ms:.2f} ms here",
            *(f"{name:<15} {_chains(c)}" for name, c in self.subfits.items()),
            f"estimated       {_clock(self.seconds)} on {self.cores} cores, "
            f"{self.memory_mib / 1024:.1f} GiB of memory, {self.disk_mib:.0f} MiB on the disk",
            "The time is right within a factor of about two. Nothing was written.",
        ]
        return "\n".join(lines)


def refuse(
    evidence: Evidence, out: str | Path, *, resume: bool = False, **options: Unpack[Options]
) -> None:
    """Raise UsageError where `fit` would, before anything is begun."""
    _subfits(evidence, Path(out), resume, options)


def plan_fit(
    evidence: Evidence, out: str | Path, *, resume: bool = False, cores: int | None = None,
    **options: Unpack[Options],
) -> Plan:  # fmt: skip
    """What `fit` would do with the same arguments; creates nothing.

    Parameters
    ----------
    evidence : Evidence
    out : path
        Folder of the run, refused as `fit` would.
    resume : bool
    cores : int, optional
    **options
        draws, tune, chains, seed, quick: see `metinfer.inference.settings.Settings`.

    Returns
    -------
    Plan
    """
    from metinfer.inference.density import Joint

    subfits = _subfits(evidence, Path(out), resume, options)
    cores = cores or available_cores()
    joint = Joint.of(evidence)
    grid = joint.grid()
    free = _free(joint)
    once = _solve_seconds(joint)
    numbers = sum(c.chains * c.draws for c in subfits.values()) * _numbers_per_draw(joint, free)
    roles = [m.role for m in evidence.measurements] + [i.role for i in evidence.intervals]
    return Plan(
        rows=len(evidence.fit_rows()),
        intervals=len(evidence.fit_intervals()),
        not_fitted={role: n for role, n in sorted(Counter(roles).items()) if role != "fit"},
        parameters=free,
        lanes=len(joint.design.lanes),
        steps=int(sum(grid.steps)),
        subfits=subfits,
        cores=cores,
        solve_ms=round(1e3 * once, 3),
        seconds=round(FIXED_SECONDS + _sampling(subfits, once) / cores, 1),
        memory_mib=round(FIXED_MIB + numbers * BYTES_PER_NUMBER / 2**20),
        # Every number once in the posterior, the free ones once more in their chain.
        disk_mib=round(numbers * 16 / 2**20, 1),
    )


def _subfits(evidence: Evidence, path: Path, resume: bool, options: Options) -> dict[str, Chains]:
    if resume and (path / "run.toml").is_file():
        run = open_run(path)
        refuse_other(run, evidence, options)
        seeds, settings, files = run.record.seeds, settings_of(run.record), run.record.files
    else:
        refuse_existing(path)
        settings = settings_from(options)
        seeds, files = MODEL.seeds(settings), {}
    found = {}
    for name, each in seeds.items():
        length: Length = MODEL.length(settings, name)
        done = sum(Task(name, k, s).file in files for k, s in enumerate(each))
        found[name] = Chains(len(each), length.draws, length.tune, done)
    return found


def _sampling(subfits: Mapping[str, Chains], once: float) -> float:
    """Seconds that all chains take, one after the other."""
    gradients = sum(
        (c.chains - c.finished) * (TO_FIND + PER_ITERATION * (c.draws + c.tune))
        for c in subfits.values()
    )
    return gradients * GRADIENT * once


def _free(joint: Joint) -> dict[str, int]:
    """Free variable -> numbers in it."""
    sizes = (len(joint.table.normal), len(joint.table.beta), len(joint.table.transfers))
    names = ("latent", "share_latent", "transfer_latent")
    return {name: n for name, n in zip(names, sizes, strict=True) if n}


def _numbers_per_draw(joint: Joint, free: Mapping[str, int]) -> int:
    """Free and derived numbers of a draw, and those of the prior beside them."""
    return 2 * (sum(free.values()) + len(joint.table.entries))


def _solve_seconds(joint: Joint) -> float:
    """Shortest time of a solve of all lanes at the middle of the prior."""
    import numpy as np

    from metinfer.inference.density import TRANSLATION_SD
    from metinfer.inference.solving import theta_of
    from metinfer.mechanism.solve import solve

    table = joint.table
    middle = [np.zeros((1, len(table.normal))), np.full((1, len(table.beta)), 0.5),
              np.zeros((1, len(table.transfers)))]  # fmt: skip
    theta, grid, times = theta_of(joint, middle, TRANSLATION_SD)[0], joint.grid(), []
    solve(theta, grid)  # the first one loads the compiled code
    for _ in range(TIMED):
        began = time.perf_counter()
        solve(theta, grid)
        times.append(time.perf_counter() - began)
    return min(times)


def _chains(chains: Chains) -> str:
    words = f"{chains.chains} chains of {chains.draws} draws after {chains.tune} to adapt"
    return f"{words}; {chains.finished} are finished" if chains.finished else words


def _clock(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"
