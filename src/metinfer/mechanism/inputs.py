"""Inputs of a lane as functions of time (days) that know their own break points."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol, runtime_checkable

import numpy as np

#: First step (days) after a plain jump of an input; the fastest state moves within hours.
FIRST_STEP = 0.05


@runtime_checkable
class Input(Protocol):
    """A piecewise smooth function of time."""

    def right(self, t: np.ndarray) -> np.ndarray:
        """Values just after times `t` (days), same shape."""

    def left(self, t: np.ndarray) -> np.ndarray:
        """Values just before times `t` (days), same shape."""

    def breaks(self) -> list[tuple[float, float]]:
        """Return times of jumps and kinks, each with the first step to take after it."""

    def longest(self, t: np.ndarray) -> np.ndarray:
        """Longest step (days) from times `t` that still resolves this input."""


@dataclass(frozen=True)
class Constant:
    """The same value at all times."""

    value: float

    def right(self, t: np.ndarray) -> np.ndarray:
        """Return values just after times `t`."""
        return np.full(np.shape(t), self.value)

    left = right

    def breaks(self) -> list[tuple[float, float]]:
        """Return break points with the first step after each."""
        return []

    def longest(self, t: np.ndarray) -> np.ndarray:
        """Return the longest step from times `t`."""
        return np.full(np.shape(t), np.inf)


@dataclass(frozen=True)
class Steps:
    """Constant between jumps: `values[i]` from `times[i]` to `times[i + 1]`.

    Parameters
    ----------
    times : sequence of float
        Days, ascending.
    values : sequence of float
    before : float, optional
        Value before the first time; by default the first value.
    """

    times: Sequence[float]
    values: Sequence[float]
    before: float | None = None

    def __post_init__(self) -> None:
        if len(self.times) != len(self.values) or not len(self.times):
            raise ValueError("steps need as many values as times, and at least one")
        if np.any(np.diff(self.times) <= 0):
            raise ValueError(f"times of steps must rise: {list(self.times)}")

    def _at(self, t: np.ndarray, side: Literal["left", "right"]) -> np.ndarray:
        first = self.values[0] if self.before is None else self.before
        table = np.concatenate([[first], np.asarray(self.values, dtype=float)])
        return table[np.searchsorted(np.asarray(self.times, dtype=float), t, side=side)]

    def right(self, t: np.ndarray) -> np.ndarray:
        """Return values just after times `t`."""
        return self._at(t, "right")

    def left(self, t: np.ndarray) -> np.ndarray:
        """Return values just before times `t`."""
        return self._at(t, "left")

    def breaks(self) -> list[tuple[float, float]]:
        """Return break points with the first step after each."""
        before, after = self.left(np.asarray(self.times)), self.right(np.asarray(self.times))
        return [
            (float(t), FIRST_STEP)
            for t, a, b in zip(self.times, before, after, strict=True)
            if a != b
        ]

    def longest(self, t: np.ndarray) -> np.ndarray:
        """Return the longest step from times `t`."""
        return np.full(np.shape(t), np.inf)


def window(start: float, end: float) -> Steps:
    """Arrival at an even rate from `start` to `end` (days), one in total."""
    if end <= start:
        raise ValueError(f"an arrival must end after it starts: {start} to {end}")
    return Steps((start, end), (1.0 / (end - start), 0.0), before=0.0)


@dataclass(frozen=True)
class Growing:
    """Arrival that follows a growing primary: exponential from `start` to `end`, one in total.

    Parameters
    ----------
    start, end : float
        Days.
    rate : float
        Growth rate of the primary, per day.
    """

    start: float
    end: float
    rate: float

    def _value(self, t: np.ndarray, inside: np.ndarray) -> np.ndarray:
        span = self.end - self.start
        scale = self.rate / -np.expm1(-self.rate * span)
        return np.where(inside, scale * np.exp(np.minimum(self.rate * (t - self.end), 0.0)), 0.0)

    def right(self, t: np.ndarray) -> np.ndarray:
        """Return values just after times `t`."""
        t = np.asarray(t, dtype=float)
        return self._value(t, (t >= self.start) & (t < self.end))

    def left(self, t: np.ndarray) -> np.ndarray:
        """Return values just before times `t`."""
        t = np.asarray(t, dtype=float)
        return self._value(t, (t > self.start) & (t <= self.end))

    def breaks(self) -> list[tuple[float, float]]:
        """Return break points with the first step after each."""
        return [(self.start, FIRST_STEP), (self.end, FIRST_STEP)]

    def longest(self, t: np.ndarray) -> np.ndarray:
        """Return the longest step from times `t`."""
        t = np.asarray(t, dtype=float)
        return np.where((t >= self.start) & (t < self.end), 0.5 / self.rate, np.inf)


@dataclass(frozen=True)
class Sum:
    """Inputs added up, for example two drugs at one receptor, each in units of its own Ki."""

    parts: tuple[Input, ...]

    def right(self, t: np.ndarray) -> np.ndarray:
        """Return values just after times `t`."""
        return np.sum([p.right(t) for p in self.parts], axis=0)

    def left(self, t: np.ndarray) -> np.ndarray:
        """Return values just before times `t`."""
        return np.sum([p.left(t) for p in self.parts], axis=0)

    def breaks(self) -> list[tuple[float, float]]:
        """Return break points with the first step after each."""
        return [b for p in self.parts for b in p.breaks()]

    def longest(self, t: np.ndarray) -> np.ndarray:
        """Return the longest step from times `t`."""
        return np.min([p.longest(t) for p in self.parts], axis=0)


@dataclass(frozen=True)
class Product:
    """Inputs multiplied, for example a level and a factor that sets in later."""

    parts: tuple[Input, ...]
    _sum: Sum = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_sum", Sum(self.parts))

    def right(self, t: np.ndarray) -> np.ndarray:
        """Return values just after times `t`."""
        return np.prod([p.right(t) for p in self.parts], axis=0)

    def left(self, t: np.ndarray) -> np.ndarray:
        """Return values just before times `t`."""
        return np.prod([p.left(t) for p in self.parts], axis=0)

    def breaks(self) -> list[tuple[float, float]]:
        """Return break points with the first step after each."""
        return self._sum.breaks()

    def longest(self, t: np.ndarray) -> np.ndarray:
        """Return the longest step from times `t`."""
        return self._sum.longest(t)


def as_input(value: Input | float) -> Input:
    """Take a number as a constant input; inputs pass unchanged."""
    return value if isinstance(value, Input) else Constant(float(value))
