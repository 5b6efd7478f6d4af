"""Places within a step at which drug levels are read, crowded where their effects change.

A step holds three panels of three Gauss nodes; what is chosen is where the panels meet. An effect
is c/(c + k) of a level c. The half-effect level k is a parameter of the posterior, so the
placement must serve all of `HALF`, in units of the reference level.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from metinfer.mechanism.dosed import DRUGS, NODES
from metinfer.mechanism.inputs import Constant, Input

#: Half-effect levels for which the moments of an effect must be right.
HALF = np.array([0.03, 0.3, 3.0, 30.0])
#: Largest error of a moment of an effect over one step, days at full effect.
ERROR = 1e-4
#: Levels below which a drug moves nothing, for the lowest of `HALF`.
NEGLIGIBLE = 1e-8
#: Longest step under IL-15 in days of its largest effect and of the range of its effect within the
#: step, for these half-effect levels. NK cells multiply with it, so that moments are not enough.
IL15_STEP, IL15_RANGE, IL15_HALF = 0.7, 0.3, np.array([0.05, 0.3, 2.0])
_GAUSS, _WEIGHT = (v / 2.0 for v in np.polynomial.legendre.leggauss(NODES // 3))
_CUTS = (0.0, 0.003, 0.01, 0.03, 0.06, 0.12, 0.2, 0.33, 0.5, 0.67, 0.8)
_PAIRS = np.array([(a, b) for i, a in enumerate(_CUTS) for b in _CUTS[i + 1 :] if a])
#: Panels of the reference against which a placement is judged, crowded at the start.
_FINE = np.concatenate([[0.0], np.geomspace(1e-4, 0.05, 10), np.linspace(0.1, 1.0, 19)])


def _panels(edges: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Gauss nodes and weights within panels (..., panel + 1), on the unit interval."""
    width = np.diff(edges, axis=-1)[..., None]
    nodes = edges[..., :-1, None] + width * (0.5 + _GAUSS)
    shape = (*edges.shape[:-1], -1)
    return nodes.reshape(shape), (width * _WEIGHT).reshape(shape)


_ends = np.zeros((len(_PAIRS), 1))
_PLACES, _WEIGHTS = _panels(np.concatenate([_ends, _PAIRS, _ends + 1.0], axis=1))
_FINE_PLACES, _FINE_WEIGHTS = _panels(_FINE)


def _moment_weights(places: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Weights of nodes (..., node) in means by the first Legendre polynomials (..., moment)."""
    y = 2.0 * places - 1.0
    base = np.stack([np.ones_like(y), y, (3.0 * y**2 - 1.0) / 2.0], axis=-1)
    return weights[..., None] * base


_MOMENTS = _moment_weights(_PLACES, _WEIGHTS)
_FINE_MOMENTS = _moment_weights(_FINE_PLACES, _FINE_WEIGHTS)
#: What tells one course of levels over a step from another.
_MARKS = np.array([0.0, 0.01, 0.1, 0.3, 0.6, 0.95])
#: What tells one course of levels between two stops from another, to so many digits; levels below
#: `NOTHING` are none.
_COURSE = np.concatenate([[0.0], np.geomspace(1e-4, 0.1, 4), [0.3, 0.6, 0.95]])
DIGITS, NOTHING = 7, 1e-12
#: Shortest step under doses in days, factor from one trial of a step to the next, and how many are
#: evaluated together.
SHORTEST, SHRINK, _AT_ONCE = 1e-5, 2.0 / 3.0, 6
#: Shrinks of the steps between two stops, by the pace at the start.
Pattern = dict[tuple[float, ...], list[int]]


def _key(values: Sequence[float], digits: int) -> tuple[str, ...]:
    """Values to so many digits, to look up what is known of them."""
    return tuple(f"%.{digits}g" % v for v in values)


def _steady(length: np.ndarray, marks: np.ndarray) -> np.ndarray:
    """Whether IL-15 changes little enough over steps with levels (step, mark, drug)."""
    il15 = marks[..., DRUGS.index("il15"), None]
    effect = il15 / (IL15_HALF + il15)
    most, range_ = effect[..., -1].max(axis=-1), np.ptp(effect, axis=-2).max(axis=-1)
    return (length * most <= IL15_STEP) & (length * range_ <= IL15_RANGE)


@dataclass
class Placement:
    """Chooses nodes for steps of one lane.

    Parameters
    ----------
    drugs : sequence of Input
        Sources of the levels of `dosed.DRUGS`.
    """

    drugs: Sequence[Input]
    _known: dict[tuple[str, ...], tuple[int, float]] = field(default_factory=dict)
    _patterns: dict[tuple[str, ...], Pattern] = field(default_factory=dict)

    @cached_property
    def _varying(self) -> list[int]:
        """Which drugs are not constant."""
        return [i for i, drug in enumerate(self.drugs) if not isinstance(drug, Constant)]

    def shrinks(self, start: float, step: float) -> int:
        """How often a step (days) must shrink by `SHRINK` to resolve the effects of all drugs."""
        count = 0
        while step > SHORTEST:
            tried = np.multiply.accumulate([step] + [SHRINK] * (_AT_ONCE - 1))
            marks = self._levels(start + tried[:, None] * _MARKS)
            for i in np.flatnonzero(_steady(tried, marks) | (tried <= SHORTEST)).tolist():
                if tried[i] <= SHORTEST or self._best(start, tried[i], marks[i])[1] <= ERROR:
                    return count + i
            count += _AT_ONCE
            step = tried[-1] * SHRINK
        return count

    def patterns(self, stops: np.ndarray) -> list[Pattern]:
        """Shrinks of the steps between `stops` (stop,), days, as far as they are known.

        No dose lies between stops. Stretches over which levels agree share what is known of them;
        who takes a step beyond adds to it.
        """
        length = np.diff(stops)
        levels = self._levels(stops[:-1, None] + length[:, None] * _COURSE)
        levels[levels < NOTHING] = 0.0
        return [
            self._patterns.setdefault(_key((span, *level.ravel().tolist()), DIGITS), {})
            for span, level in zip(length.tolist(), levels[..., self._varying], strict=True)
        ]

    def nodes(self, start: np.ndarray, length: np.ndarray) -> np.ndarray:
        """Node values of steps (step, node, value), see `dosed.NODE_VALUES`."""
        marks = self._levels(start[:, None] + length[:, None] * _MARKS)
        steps = zip(start, length, marks, strict=True)
        best = np.array([self._best(*step)[0] for step in steps], dtype=int)
        places = _PLACES[best]
        levels = self._levels(start[:, None] + length[:, None] * places)
        whole = np.stack([2.0 * places - 1.0, _WEIGHTS[best]], axis=-1)
        return np.concatenate([whole, levels], axis=-1)

    def _levels(self, t: np.ndarray) -> np.ndarray:
        """Levels at times (...,) in days (..., drug)."""
        result = np.empty((*t.shape, len(self.drugs)))
        for i, drug in enumerate(self.drugs):
            result[..., i] = drug.value if isinstance(drug, Constant) else drug.right(t)
        return result

    def _best(self, start: float, length: float, marks: np.ndarray) -> tuple[int, float]:
        """Best placement and its error; steps whose levels agree to four digits share it."""
        key = _key((length, *marks[:, self._varying].ravel().tolist()), 4)
        if key not in self._known:
            errors = self._errors(start, length, marks)
            best = int(errors.argmin())
            self._known[key] = best, float(errors[best])
        return self._known[key]

    def _errors(self, start: float, length: float, marks: np.ndarray) -> np.ndarray:
        """Largest error of a moment, for every placement (pair,)."""
        moving = [i for i in range(marks.shape[1]) if np.ptp(marks[:, i]) > NEGLIGIBLE]
        if not moving:
            return np.zeros(len(_PAIRS))
        truth = self._moments(start + length * _FINE_PLACES, _FINE_MOMENTS, moving)
        found = self._moments(start + length * _PLACES, _MOMENTS, moving)
        return length * np.abs(found - truth).max(axis=(-1, -2, -3))

    def _moments(self, t: np.ndarray, weights: np.ndarray, moving: Sequence[int]) -> np.ndarray:
        """Moments of every effect (..., moment, drug, half) from nodes at times `t` (..., node)."""
        level = self._levels(t)[..., moving, None]
        return np.einsum("...nm,...ndk->...mdk", weights, level / (level + HALF))
