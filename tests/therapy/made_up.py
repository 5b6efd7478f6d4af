"""Draws with known lane parameters, for tests of predictions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from metinfer.inference.design import LaneSpec
from metinfer.mechanism.equations import PARAMETERS
from metinfer.mechanism.solve import default_theta

INDEX = {p.name: i for i, p in enumerate(PARAMETERS)}


@dataclass(frozen=True)
class MadeUp:
    """The same lane parameters in every context but for a few that are given."""

    values: dict[str, float] = field(default_factory=dict)
    number: float = 0.8
    shape: float = 1.5
    share: float = 0.25
    count: int = 4

    def __len__(self) -> int:
        return self.count

    def theta(self, specs: Sequence[LaneSpec]) -> np.ndarray:
        rows = default_theta(self.count * len(specs), **self.values).reshape(
            self.count, len(specs), -1
        )
        for j, spec in enumerate(specs):
            rows[:, j, INDEX["timp1_scale"]] = spec.timp1_fold
            if spec.arrival != "settled":
                rows[:, j, INDEX["founders"]] = 1.0
                rows[:, j, INDEX["founders0"]] = rows[:, j, INDEX["awake0"]] = 0.0
        return rows

    def founders(self, context: str, stock: str) -> np.ndarray:
        return np.full(self.count, self.number)

    def frailty(self, context: str) -> np.ndarray:
        return np.full(self.count, self.shape)

    def liver_share(self, context: str) -> np.ndarray:
        return np.full(self.count, self.share)
