"""Single founders, one by one: a simulation by chance against which event-free curves are checked.

The niche (its awakening signal and its killing NK cells) is taken from the solver; founders are
not. Each subject has a Poisson number of them, each awakens, dies or grows to detection at
random times, by thinning (Lewis and Shedler 1979, doi 10.1002/nav.3800260304). Nothing of the
equations of the tumour, of the frailty formulas or of the outcome code is used.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from metinfer.mechanism.derived import derived_function
from metinfer.mechanism.equations import INPUTS, PARAMETERS, STATES
from metinfer.mechanism.grid import Lane, build_grid
from metinfer.mechanism.solve import solve

#: Stages of a clone between awakening and detection.
STAGES = 3


@dataclass(frozen=True)
class Niche:
    """What founders feel over time: awakening signal H and killing NK cells, both (day,)."""

    day: np.ndarray
    signal: np.ndarray
    kill: np.ndarray


def niche(theta: np.ndarray, lane: Lane, step: float = 1.0) -> Niche:
    """Return the niche of one lane on a fine grid of days.

    Parameters
    ----------
    theta : ndarray (parameter,)
        In the order of `mechanism.equations.PARAMETERS`.
    lane : Lane
        Its last output ends the course.
    step : float
        Days between two values.
    """
    day = np.arange(0.0, lane.outputs[-1] + step / 2.0, step)
    states = solve(theta[None], build_grid([replace(lane, outputs=tuple(day))])).states[0]
    names, call = derived_function("Fk", {"exp": np.exp, "log": np.log, "sqrt": np.sqrt})
    known: dict[str, np.ndarray | float] = {s.name: states[:, i] for i, s in enumerate(STATES)}
    known |= {p.name: float(theta[i]) for i, p in enumerate(PARAMETERS)}
    known |= {i.name: lane.input(i.name).right(day) for i in INPUTS}
    kill = np.broadcast_to(call(*(known[n] for n in names)), day.shape)
    return Niche(day, np.asarray(known["H"]), kill)


def first_events(
    theta: np.ndarray, around: Niche, mean: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Day of the first detected metastasis of each subject (subject,); infinite without one.

    Parameters
    ----------
    theta : ndarray (parameter,)
    around : Niche
    mean : ndarray (subject,)
        Expected founders of each subject: their frailty times the mean of the group.
    rng : Generator
    """
    at = {p.name: float(theta[i]) for i, p in enumerate(PARAMETERS)}
    awake = np.full(STAGES, at["awake0"] / STAGES)
    awake[-1] *= 1.0 - at["seen"]
    start = np.array([at["founders0"], *awake])
    count = rng.poisson(mean * start.sum())
    owner = np.repeat(np.arange(len(mean)), count)
    stage = rng.choice(len(start), size=len(owner), p=start / start.sum())
    day = np.zeros(len(owner))
    first = np.full(len(mean), np.inf)
    bound = _rates(at, around.signal.max(), around.kill.max())
    while len(day):
        day = day + rng.exponential(size=len(day)) / bound.sum(axis=0)[np.minimum(stage, 1)]
        inside = day <= around.day[-1]
        day, stage, owner = day[inside], stage[inside], owner[inside]
        onward, lost = _events(at, around, (day, stage), bound, rng)
        stage = stage + onward
        done = stage > STAGES
        np.minimum.at(first, owner[done], day[done])
        keep = ~(done | lost)
        day, stage, owner = day[keep], stage[keep], owner[keep]
    return first


def _rates(at: dict[str, float], signal: np.ndarray, kill: np.ndarray) -> np.ndarray:
    """Rates onward and of loss, of dormant founders and of awake clones (2, 2, ...)."""
    onward = np.stack([at["w1"] * signal, STAGES / at["tau"] + 0.0 * kill])
    loss = np.stack([at["d0"] + at["m"] * kill, at["kap"] * kill])
    return np.stack([onward, loss])


def _events(
    at: dict[str, float],
    around: Niche,
    who: tuple[np.ndarray, np.ndarray],
    bound: np.ndarray,
    rng: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray]:
    """Which founders go on to the next stage, and which are lost, at their proposed times."""
    day, stage = who
    kind = np.minimum(stage, 1)
    signal, kill = (np.interp(day, around.day, v) for v in (around.signal, around.kill))
    rates = np.take_along_axis(_rates(at, signal, kill), kind[None, None], axis=1)[:, 0]
    drawn = rng.random(len(day)) * bound.sum(axis=0)[kind]
    onward = drawn < rates[0]
    return onward, ~onward & (drawn < rates.sum(axis=0))
