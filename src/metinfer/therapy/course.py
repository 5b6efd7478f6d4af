"""A course of doses as a model input whose steps are as long as its effect allows.

Every drug effect of the model saturates in its level c, and no state of the model follows
within minutes. So steps are chosen by what the effect c/(k + c) adds up to: the integral of its
quadratic through the ends and the middle of a step, which is what the solver sees, must be
right to `ERROR` days for every half-effect level k that parameters may give. A level that runs
through 1 within seconds then takes a few steps, not forty; benchmarks/predict_speed.py reports
the error of the answers.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property, lru_cache
from math import inf

import numpy as np

from metinfer.mechanism.exposure import Exposure, Kinetics

#: Largest error of one step in the time integral of the effect, days at full effect.
ERROR = 1e-5
#: Half-effect levels, in units of the reference level, for which that holds: of IL-15 it is the
#: reference, of a CXCR4 antagonist a few Ki, of IFN-gamma what its potency and the hold make it.
HALF_EFFECT = {
    "il15": (1.0,),
    "cxcr4_drug": (1.0, 10.0),
    "ifng_drug": (0.1, 1.0, 10.0),
}
#: First step after a dose where the effect allows it, days: no state is faster than a day or so.
FIRST_STEP = 0.5
#: Step lengths tried next, in units of the last one.
LADDER = np.array([0.1, 0.2, 0.4, 0.7, 1.0, 1.4, 2.0, 3.0])
#: Shortest step, days.
SHORTEST = 1e-7
#: Places within a step at which the effect is read: for its quadratic and for two of half length.
PLACES = np.array([0.0, 0.25, 0.5, 0.75, 1.0])
GAP = np.array([1.0, -4.0, 6.0, -4.0, 1.0]) / 12.0


@dataclass(frozen=True)
class Course(Exposure):
    """An `Exposure` with steps chosen by effect; exposures themselves are the same.

    Parameters
    ----------
    target : str
        Model input that the exposure drives.
    """

    target: str = "ifng_drug"

    def breaks(self) -> list[tuple[float, float]]:
        """Return doses and ends of infusions, each with the longest first step after it."""
        return [(float(t), FIRST_STEP) for t in np.unique(self._events[0])]

    def longest(self, t: np.ndarray) -> np.ndarray:
        """Longest step (days) from each time of `t` (any shape)."""
        if t.size == 1:  # a grid asks for one step at a time
            return np.array([self._longest(t.item())]).reshape(t.shape)
        return np.array([self._longest(when) for when in t.ravel().tolist()]).reshape(t.shape)

    def _longest(self, t: float) -> float:
        nodes = self._nodes
        place = bisect_right(nodes, t + SHORTEST / 2.0)
        return nodes[place] - t if 0 < place < len(nodes) else inf

    @cached_property
    def _nodes(self) -> list[float]:
        """Times (days) at which a step should end at the latest, events included."""
        when, state = self._events
        nodes: list[float] = []
        for i, (t, gap) in enumerate(zip(when, np.diff(when, append=inf), strict=True)):
            nodes.append(float(t))
            if gap <= SHORTEST:
                continue
            # courses soon repeat themselves: the same amounts, the same steps
            left = tuple(float(f"{v:.4g}") for v in state[i + 1])
            after = _pattern(self.kinetics, left, float(f"{gap:.9g}"), self.target)
            nodes += (t + after[after < gap - SHORTEST]).tolist()
        return nodes


def _washout(kinetics: Kinetics, state: tuple[float, ...], half: float) -> float:
    """Days after which what is in the body adds less than the error to any effect."""
    depot, blood, rate = state
    if rate > 0:
        return inf
    left = kinetics.scale * (depot + blood) / half / kinetics.slow / ERROR
    return float(np.log(max(left, 1.0)) / kinetics.slow)


@lru_cache(maxsize=20_000)
def _pattern(kinetics: Kinetics, state: tuple[float, ...], reach: float, target: str) -> np.ndarray:
    """Ends of steps (step,), days after an event that left `state`, as far as `reach`."""
    half = np.array(HALF_EFFECT[target])
    end = min(reach, _washout(kinetics, state, half[0]))
    bare = Exposure(kinetics, (), ())
    step, now = 0.1 / kinetics.fast, 0.0
    nodes: list[float] = []
    while now < end:
        tried = np.maximum(step * LADDER, SHORTEST)
        level = kinetics.scale * bare._carry(np.array(state), now + tried[:, None] * PLACES)[..., 1]
        effect = level[..., None] / (level[..., None] + half)
        error = tried * np.abs(GAP @ effect).max(axis=-1)
        count = int(np.argmin(np.append(error <= ERROR, False)))
        step = float(tried[max(count - 1, 0)])
        if count or step <= SHORTEST:
            now += step
            nodes.append(now)
    return np.array(nodes)
