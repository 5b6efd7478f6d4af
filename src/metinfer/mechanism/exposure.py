"""Drug exposure from a dose table: one compartment, closed form between events.

The amounts in the depot and in the blood are carried from dose to dose, so that years of weekly
doses cost no more per time point than one dose, and no exposure is ever integrated numerically.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np

#: Exposure (in units of Ki, EC50 or the healthy signal) below which it moves nothing.
NEGLIGIBLE = 1e-6
#: Longest step, and first step after a dose, in units of the time constant that matters.
LONGEST, FIRST = 0.5, 0.1


@dataclass(frozen=True)
class Kinetics:
    """One-compartment kinetics.

    Attributes
    ----------
    elimination : float
        Elimination rate, per day (ln 2 over the half-life).
    absorption : float or None
        Absorption rate, per day; None for doses straight into the blood.
    scale : float
        Exposure per unit of amount in the blood: availability over (volume x Ki).
    """

    elimination: float
    absorption: float | None = None
    scale: float = 1.0

    def __post_init__(self) -> None:
        rates = (self.elimination, 1.0 if self.absorption is None else self.absorption)
        if not all(np.isfinite(r) and r > 0 for r in rates):
            raise ValueError(f"rates of elimination and absorption must be above zero: {rates}")

    @property
    def slow(self) -> float:
        """Slowest rate, per day."""
        return min(self.elimination, self.absorption or np.inf)

    @property
    def fast(self) -> float:
        """Fastest rate, per day."""
        return max(self.elimination, self.absorption or 0.0)


@dataclass(frozen=True)
class Exposure:
    """Exposure over time after doses: an `Input`.

    Parameters
    ----------
    kinetics : Kinetics
    times : sequence of float
        Day of each dose.
    amounts : sequence of float
        Amount of each dose.
    durations : sequence of float, optional
        Length of each infusion in days; 0 (default) is a bolus, or a depot with absorption.
    """

    kinetics: Kinetics
    times: Sequence[float]
    amounts: Sequence[float]
    durations: Sequence[float] | None = None

    def __post_init__(self) -> None:
        if len(self.times) != len(self.amounts):
            raise ValueError("an exposure needs as many amounts as dose times")
        if self.durations is not None and len(self.durations) != len(self.times):
            raise ValueError("an exposure needs as many durations as dose times")
        if any(not np.isfinite(a) or a < 0 for a in self.amounts):
            raise ValueError(f"amounts must not be below zero: {list(self.amounts)}")

    def changes(self) -> list[tuple[float, int, float]]:
        """Sorted events: time, what jumps (0 depot, 1 blood, 2 infusion rate) and by how much."""
        length = np.zeros(len(self.times)) if self.durations is None else self.durations
        events: list[tuple[float, int, float]] = []
        for t, amount, span in zip(self.times, self.amounts, length, strict=True):
            if span > 0:
                events += [(float(t), 2, amount / span), (float(t + span), 2, -amount / span)]
            else:
                slot = 1 if self.kinetics.absorption is None else 0
                events.append((float(t), slot, float(amount)))
        return sorted(events)

    @cached_property
    def _events(self) -> tuple[np.ndarray, np.ndarray]:
        """Event times (event,), and depot, blood and infusion rate just after (event, 3)."""
        events = self.changes()
        state = np.zeros((len(events) + 1, 3))
        when = np.array([e[0] for e in events])
        for i, (t, slot, change) in enumerate(events):
            state[i + 1] = self._carry(state[i], t - events[i - 1][0] if i else 0.0)
            state[i + 1, slot] += change
        if len(events):
            state[-1, 2] = state[-1, 2] if abs(state[-1, 2]) > 1e-12 * max(self.amounts) else 0.0
        return when, state

    def _carry(self, state: np.ndarray, dt: np.ndarray | float) -> np.ndarray:
        """Amounts a time `dt` (...,) after `state` (..., 3) without further doses."""
        k, ka = self.kinetics.elimination, self.kinetics.absorption
        depot, blood, rate = state[..., 0], state[..., 1], state[..., 2]
        dt = np.asarray(dt, dtype=float)
        blood = blood * np.exp(-k * dt) - rate * np.expm1(-k * dt) / k
        if ka is not None:
            gap = abs(k - ka)
            spread = (
                dt
                if gap * np.max(dt, initial=0.0) < 1e-12
                else -np.expm1(-gap * dt) / max(gap, 1e-300)
            )
            blood = blood + ka * depot * np.exp(-min(k, ka) * dt) * spread
            depot = depot * np.exp(-ka * dt)
        return np.stack(np.broadcast_arrays(depot, blood, rate), axis=-1)

    def _state(self, t: np.ndarray, side: Literal["left", "right"]) -> np.ndarray:
        when, state = self._events
        t = np.asarray(t, dtype=float)
        index = np.searchsorted(when, t, side=side)
        since = (
            np.where(index > 0, t - when[np.maximum(index - 1, 0)], 0.0)
            if len(when)
            else np.zeros(t.shape)
        )
        return self._carry(state[index], since)

    def right(self, t: np.ndarray) -> np.ndarray:
        """Exposure just after times `t`."""
        return self.kinetics.scale * self._state(t, "right")[..., 1]

    def left(self, t: np.ndarray) -> np.ndarray:
        """Exposure just before times `t`."""
        return self.kinetics.scale * self._state(t, "left")[..., 1]

    def breaks(self) -> list[tuple[float, float]]:
        """Doses and ends of infusions, with a first step short against what follows.

        What follows is absorption, decay, and the rise of the exposure through 1, where an
        effect saturates: a large dose does so in a small part of the absorption time.
        """
        first: dict[float, float] = {}
        for t, slot, change in self.changes():
            rise = self.kinetics.scale * max(change, 0.0) * (self.kinetics.absorption or 1.0)
            rate = max(self.kinetics.fast, rise if slot != 1 else 0.0)
            first[t] = min(FIRST / rate, first.get(t, np.inf))
        return list(first.items())

    def longest(self, t: np.ndarray) -> np.ndarray:
        """Half the slowest time constant while there is any drug left."""
        state = self._state(t, "right")
        present = self.kinetics.scale * (
            state[..., 0] + state[..., 1] + state[..., 2] / self.kinetics.slow
        )
        return np.where(present > NEGLIGIBLE, LONGEST / self.kinetics.slow, np.inf)

    def inside(self, t: float) -> np.ndarray:
        """Amount in the depot, amount in the blood, and infusion rate just after day `t` (3,)."""
        return self._state(np.asarray(t, dtype=float), "right")

    def area(self, start: float, end: float, points: int = 20001) -> float:
        """Area under the exposure from `start` to `end` (days), by fine trapezoids."""
        breaks = self._events[0]
        t = np.unique(
            np.concatenate(
                [np.linspace(start, end, points), breaks[(breaks > start) & (breaks < end)]]
            )
        )
        return float(np.sum(np.diff(t) * (self.right(t[:-1]) + self.left(t[1:])) / 2.0))
