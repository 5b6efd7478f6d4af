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
from metinfer.therapy.draws import Draws
from metinfer.therapy.kinetics import VARIANTS, assignment, course, variants
from metinfer.therapy.populations import YEAR
from metinfer.therapy.regimen import Therapies, Therapy

#: Points of every curve, from 0 to the last horizon.
TIMES = 41


@dataclass(frozen=True, order=True)
class Scene:
    """What a lane depends on besides the therapy: species, context, lasting inputs, years shown."""

    species: str
    context: str
    injury: float
    timp1: float
    arrival: str
    years: float

    @property
    def spec(self) -> LaneSpec:
        """The lane as the fit knows it."""
        return LaneSpec(
            species=self.species,
            context=self.context,
            timp1_fold=self.timp1,
            injury=self.injury,
            arrival=self.arrival,
        )

    @property
    def schedule(self) -> tuple[str, float, str, float]:
        """What the grid depends on: scenes that agree here share grid lanes."""
        return (self.species, self.injury, self.arrival, self.years)


def clock(years: float) -> np.ndarray:
    """Times of a curve (time,), years from 0 to `years`."""
    return np.linspace(0.0, years, TIMES)
