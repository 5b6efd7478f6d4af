"""Scenes to solver lanes: one population context under one therapy, for every draw.

The equations are linear in the founders, so a scene is solved once per draw for one founder per
subject and serves every group that shares it; groups differ by a factor. Draws share grid
lanes: a grid lane is a schedule, and there are only as many as there are variants of the
pharmacokinetics.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from threading import Lock

import numpy as np

from metinfer.inference.design import LaneSpec
from metinfer.inference.lanes import lane_inputs
from metinfer.mechanism.equations import INPUTS, PARAMETERS, STATES
from metinfer.mechanism.grid import Grid, Lane, build_grid
from metinfer.mechanism.inputs import Constant, Input, Product, Steps, Sum
from metinfer.mechanism.solve import OK, solve
from metinfer.pharmacology import BODY
from metinfer.therapy.draws import Draws
from metinfer.therapy.kinetics import Variant, assignment, exposure, variants
from metinfer.therapy.populations import YEAR
from metinfer.therapy.regimen import SetRow, Therapies, Therapy

#: Points of every curve, from 0 to the last horizon.
TIMES = 41
#: Memory for solver grids that are kept, bytes: those of a default run take about a third.
GRID_BYTES = 256 * 2**20

_STATE = {s.name: i for i, s in enumerate(STATES)}
_PARAMETER = {p.name: i for i, p in enumerate(PARAMETERS)}
_HEALTHY = {i.name: i.default for i in INPUTS}


@dataclass(frozen=True, order=True)
class Scene:
    """What a lane depends on besides the therapy: species, context, lasting inputs, years shown."""

    species: str
    context: str
    injury: float
    timp1: float
    arrival: str
    years: float
    timp1_level: str = "healthy"
    arrival_end: float = 0.0
    origin: float = 0.0
    site: str = "liver"

    @property
    def spec(self) -> LaneSpec:
        """The lane as the fit knows it."""
        return LaneSpec(
            species=self.species,
            context=self.context,
            site=self.site,
            timp1_level=self.timp1_level,
            timp1_fold=self.timp1,
            injury=self.injury,
            arrival=self.arrival,
            arrival_end=self.arrival_end,
        )


@dataclass(frozen=True)
class Schedule:
    """What a grid depends on besides the therapy; scenes that agree here share grid lanes."""

    species: str
    injury: float
    arrival: str
    years: float
    arrival_end: float = 0.0
    origin: float = 0.0

    @property
    def steady(self) -> dict[str, Input | float]:
        """Inputs without therapy, as in the fit."""
        return lane_inputs(
            LaneSpec(
                species=self.species,
                context="",
                injury=self.injury,
                arrival=self.arrival,
                arrival_end=self.arrival_end,
            )
        )


def clock(years: float) -> np.ndarray:
    """Return times of a curve (time,), years from 0 to `years`."""
    return np.linspace(0.0, years, TIMES)


def overlapped[T, R](work: Callable[[T], R], items: Sequence[T]) -> Iterator[R]:
    """Yield the result of each item, in order, with two at work.

    While one builds its grids in Python, the compiled solver can be at work for the other.
    """
    pool = ThreadPoolExecutor(2)
    try:
        yield from pool.map(work, items)
    finally:
        pool.shutdown(cancel_futures=True)


def simulate(
    draws: Draws,
    scenes: Sequence[Scene],
    therapies: Therapies,
    therapy: Therapy | None,
    states: Sequence[str] = ("L",),
) -> dict[Scene, np.ndarray]:
    """States of every scene under one therapy, for one founder per subject.

    Parameters
    ----------
    draws : Draws
    scenes : sequence of Scene
    therapies : Therapies
    therapy : Therapy or None
        None leaves the population as it is.
    states : sequence of str
        Symbols of the states wanted, as in `mechanism.equations.STATES`.

    Returns
    -------
    dict of Scene to ndarray (draw, time, state)
        NaN where the solve of a draw failed.
    """
    timed = therapy is not None and "injury" in therapies.targets(therapy)
    count = therapies.variants if therapy is not None and therapy.agents else 1
    variant = assignment(len(draws), count)
    wanted = [_STATE[name] for name in states]
    groups: dict[Schedule, list[Scene]] = {}
    for scene in dict.fromkeys(scenes):
        groups.setdefault(_schedule(scene, timed), []).append(scene)
    found: dict[Scene, np.ndarray] = {}
    for schedule, members in groups.items():
        grid = grid_of(schedule, therapies, therapy, count)
        rows = _rows(draws, members, timed)
        solved = solve(rows, grid, np.tile(variant, len(members)))
        values = solved.states[:, :, wanted]
        values[solved.status != OK] = np.nan
        split = values.reshape(len(members), len(draws), TIMES, len(wanted))
        found |= zip(members, split, strict=True)
    return found


def _schedule(scene: Scene, timed: bool) -> Schedule:
    """Schedule of a scene; lasting injury is in the parameters unless a therapy sets it."""
    injury = scene.injury if timed else 1.0
    arrival = (scene.arrival, scene.years, scene.arrival_end)
    return Schedule(scene.species, injury, *arrival, scene.origin)


def _rows(draws: Draws, scenes: Sequence[Scene], timed: bool) -> np.ndarray:
    """Lane parameters, scene by scene (scene x draw, parameter)."""
    theta = draws.theta([scene.spec for scene in scenes])
    if not timed:
        # the grid has one unit of injury for all: the same product of input and scale
        theta[:, :, _PARAMETER["injury_scale"]] *= [scene.injury for scene in scenes]
    return theta.transpose(1, 0, 2).reshape(-1, theta.shape[-1])


def lanes(
    schedule: Schedule, therapies: Therapies, therapy: Therapy | None, count: int
) -> list[Lane]:
    """One solver lane per variant of the kinetics, for one schedule."""
    outputs = tuple((clock(schedule.years) * YEAR).tolist())
    steady, bolus = schedule.steady, schedule.arrival == "bolus"
    name = f"{therapy.name if therapy else 'none'}:{schedule.species}"
    return [
        Lane(name=f"{name}:{i}", outputs=outputs, inputs=steady | driven, bolus=bolus)
        for i, driven in enumerate(_inputs(therapies, therapy, schedule, count))
    ]


def grid_of(schedule: Schedule, therapies: Therapies, therapy: Therapy | None, count: int) -> Grid:
    """Return the grid of one schedule under a therapy, one lane per variant of the kinetics.

    Grids are kept for the whole process: answers, predictions and decisions ask for the same ones.
    """
    agents = [therapies.agents[a] for a in therapy.agents] if therapy else []
    key = repr((schedule, therapy, agents, therapies.body, count, therapies.refine))
    return _GRIDS.get(
        key, lambda: build_grid(lanes(schedule, therapies, therapy, count), therapies.refine)
    )


class _Kept:
    """Grids by key; those least recently used are dropped beyond `limit` bytes."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._grids: OrderedDict[str, Grid] = OrderedDict()
        self._lock = Lock()

    def get(self, key: str, build: Callable[[], Grid]) -> Grid:
        """Return the grid kept under `key`, or build it."""
        with self._lock:
            if key in self._grids:
                self._grids.move_to_end(key)
                return self._grids[key]
        grid = build()
        with self._lock:
            self._grids[key] = grid
            while len(self._grids) > 1 and self.size > self.limit:
                self._grids.popitem(last=False)
        return grid

    @property
    def size(self) -> int:
        """Bytes of all grids."""
        return sum(a.nbytes for grid in self._grids.values() for a in grid.arrays)


_GRIDS = _Kept(GRID_BYTES)


def _inputs(
    therapies: Therapies, therapy: Therapy | None, schedule: Schedule, count: int
) -> list[dict[str, Input]]:
    """Return inputs that a therapy changes, in each of `count` variants of the kinetics."""
    if therapy is None:
        return [{} for _ in range(count)]
    kinetics = {
        name: variants(therapies.agents[name], schedule.species, count) for name in therapy.agents
    }
    chosen = ({name: v[i] for name, v in kinetics.items()} for i in range(count))
    return [_driven(therapies, therapy, schedule, one) for one in chosen]


def _driven(
    therapies: Therapies, therapy: Therapy, schedule: Schedule, kinetics: Mapping[str, Variant]
) -> dict[str, Input]:
    """Return inputs that a therapy changes, under one variant of each agent's kinetics."""
    species = schedule.species
    driven: dict[str, list[Input]] = {}
    settings: dict[str, list[tuple[float, SetRow]]] = {}
    for part in (therapy, *therapy.parts):
        day = schedule.origin + part.start_in(species)
        for dose in part.doses:
            target = therapies.agents[dose.agent].target
            course = exposure(dose, kinetics[dose.agent], day, _body(therapies, species))
            driven.setdefault(target, []).append(course)
        for row in part.sets:
            settings.setdefault(row.input, []).append((day, row))
    inputs: dict[str, Input] = {
        n: p[0] if len(p) == 1 else Sum(tuple(p)) for n, p in driven.items()
    }
    base = _HEALTHY | {"injury": schedule.injury}
    return inputs | {name: _setting(base[name], rows) for name, rows in settings.items()}


def _setting(base: float, rows: Sequence[tuple[float, SetRow]]) -> Input:
    """Return a constant input with settings laid over it, in the order in which they start."""
    result: Input = Constant(base)
    for day, row in sorted(rows, key=lambda item: item[0] + item[1].start):
        edges = (day + row.start, day + row.stop)
        if row.factor is not None:
            result = Product((result, _pulse(edges, row.factor, 1.0)))
        else:
            result = Sum(
                (Product((result, _pulse(edges, 0.0, 1.0))), _pulse(edges, row.value or 0.0, 0.0))
            )
    return result


def _pulse(edges: tuple[float, float], inside: float, outside: float) -> Steps:
    start, stop = edges
    if np.isinf(stop):
        return Steps((start,), (inside,), before=outside)
    return Steps((start, stop), (inside, outside), before=outside)


def _body(therapies: Therapies, species: str) -> Mapping[str, float]:
    return therapies.body.get(species) or BODY
