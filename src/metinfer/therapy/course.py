"""A course of doses as a model input whose steps are as long as its effect allows.

Every drug effect of the model saturates in its level c (c/(1 + c) and the like), so a level far
above or far below 1 needs no fine steps. Against steps that resolve the drug itself this takes
a half to a third of the steps; benchmarks/predict_speed.py reports the error of the effect.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property
from math import exp, inf, log

import numpy as np

from metinfer.mechanism.exposure import Exposure

#: Longest step within the range where the effect changes, in units of the slowest time constant.
LONGEST = 2.0
#: Levels below and above which the effect is taken as constant when choosing a step.
LOW, HIGH = 1e-2, 1e2


@dataclass(frozen=True)
class Course(Exposure):
    """An `Exposure` with steps chosen by effect; exposures themselves are the same."""

    @cached_property
    def _plain(self) -> tuple[list[float], list[list[float]], float]:
        """Events and the slowest rate as Python numbers: a grid asks for one step at a time."""
        when, state = self._events
        return when.tolist(), state.tolist(), self.kinetics.slow

    def longest(self, t: np.ndarray) -> np.ndarray:
        """Longest step (days) from each time of `t` (any shape)."""
        return np.array([self._longest(when) for when in t.ravel().tolist()]).reshape(t.shape)

    def _longest(self, t: float) -> float:
        when, state, slow = self._plain
        index = bisect_right(when, t)
        if not index:
            return inf
        kinetics = self.kinetics
        depot, blood, rate = state[index]
        since = t - when[index - 1]
        most = kinetics.scale * ((depot + blood) * exp(-slow * since) + rate / slow)
        if most < LOW:
            return inf
        step = LONGEST / slow
        least = kinetics.scale * blood * exp(-kinetics.elimination * since)
        if least > HIGH:
            step = max(step, log(least / HIGH) / kinetics.elimination)
        return step
