"""Scenes to solver lanes: one population context under one therapy, for every draw.

The equations are linear in the founders, so a scene is solved once per draw for one founder per
subject and serves every group that shares it; groups differ by a factor. Draws share grid
lanes: a grid lane is a schedule, and there are only as many as there are variants of the
pharmacokinetics.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from metinfer.inference.design import LaneSpec
from metinfer.inference.lanes import lane_inputs
from metinfer.mechanism.equations import INPUTS, PARAMETERS, STATES
from metinfer.mechanism.grid import Grid, Lane, build_grid
from metinfer.mechanism.inputs import Constant, Input, Product, Steps, Sum
from metinfer.mechanism.solve import OK, solve
from metinfer.pharmacology import BODY
from metinfer.therapy.draws import Draws
from metinfer.therapy.kinetics import assignment, exposure, variants
from metinfer.therapy.populations import YEAR
from metinfer.therapy.regimen import SetRow, Therapies, Therapy

#: Points of every curve, from 0 to the last horizon.
TIMES = 41


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
    scenes = list(scenes)
    timed = therapy is not None and "injury" in therapies.targets(therapy)
    schedules = [_schedule(scene, timed) for scene in scenes]
    shared = tuple(dict.fromkeys(schedules))
    count = therapies.variants if therapy is not None and therapy.agents else 1
    variant = assignment(len(draws), count)
    solved = solve(
        _rows(draws, scenes, timed),
        _grid(shared, therapies, therapy, count),
        np.concatenate([shared.index(s) * count + variant for s in schedules]),
    )
    values = solved.states[:, :, [_STATE[name] for name in states]]
    values[solved.status != OK] = np.nan
    split = values.reshape(len(scenes), len(draws), TIMES, len(states))
    return dict(zip(scenes, split, strict=True))


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
    return [
        Lane(
            name=f"{therapy.name if therapy else 'none'}:{schedule.species}:{i}",
            outputs=outputs,
            inputs=schedule.steady | _inputs(therapies, therapy, schedule, (i, count)),
            bolus=schedule.arrival == "bolus",
        )
        for i in range(count)
    ]


def _grid(
    schedules: tuple[Schedule, ...], therapies: Therapies, therapy: Therapy | None, count: int
) -> Grid:
    """Return the grid of some schedules; the last one is kept, as each source asks for it."""
    key = repr((schedules, therapy, count, therapies.refine))
    if key not in therapies.memo:
        therapies.memo.clear()
        therapies.memo[key] = build_grid(
            [lane for s in schedules for lane in lanes(s, therapies, therapy, count)],
            therapies.refine,
        )
    grid = therapies.memo[key]
    if not isinstance(grid, Grid):
        raise TypeError(f"the memo holds {type(grid).__name__}, not a grid")
    return grid


def _inputs(
    therapies: Therapies, therapy: Therapy | None, schedule: Schedule, variant: tuple[int, int]
) -> dict[str, Input]:
    """Return inputs that a therapy changes, in one variant (which, of how many) of kinetics."""
    if therapy is None:
        return {}
    species = schedule.species
    which, count = variant
    driven: dict[str, list[Input]] = {}
    settings: dict[str, list[tuple[float, SetRow]]] = {}
    for part in (therapy, *therapy.parts):
        day = schedule.origin + part.start_in(species)
        for dose in part.doses:
            agent = therapies.agents[dose.agent]
            kinetics = variants(agent, species, count)[which]
            course = exposure(dose, kinetics, day, _body(therapies, species))
            driven.setdefault(agent.target, []).append(course)
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
