"""Simulated tables: what every fitted row and interval would say if the model were true.

A set of tables is a mapping from the names of the model's data (`Scored.observed`) to values, so
that a fit to it is other data of one compiled model.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pytensor
import pytensor.tensor as pt

from metinfer.inference.model import (
    LATENTS,
    TRANSLATION_SD,
    Joint,
    Scored,
    named_parameters,
    score_terms,
)
from metinfer.inference.solving import solve_draws, theta_of

#: Interpreted: a few hundred calls cost less than compiling.
_MODE = "FAST_COMPILE"

Tables = dict[str, np.ndarray]
Predicted = dict[str, dict[str, np.ndarray]]


@dataclass(frozen=True)
class World:
    """How the world that made the tables differs from the model; by default, not at all.

    Attributes
    ----------
    name, words : str
        Short name, and what is different.
    latents : callable
        Draws of the latents -> draws that hold in this world.
    theta : callable
        Joint and lane parameters (draw, lane, parameter) -> lane parameters.
    predictions : callable
        Joint, family and its prediction (key -> (row,)) -> prediction.
    publish : callable
        Joint, family, its prediction and a replicate -> replicate as it is published.
    weights : callable
        Joint -> data of the model's weights that the fit replaces.
    """

    name: str = "right"
    words: str = "the model as it is"
    latents: Callable[[Joint, Any], Any] = lambda joint, draws: draws
    theta: Callable[[Joint, np.ndarray], np.ndarray] = lambda joint, theta: theta
    predictions: Callable[..., dict[str, np.ndarray]] = lambda joint, scored, pred: pred
    publish: Callable[..., dict[str, np.ndarray]] = lambda joint, scored, replicate: replicate
    weights: Callable[[Joint], Tables] = lambda joint: {}


RIGHT = World()


@dataclass(frozen=True)
class Simulator:
    """Tables from draws, and the log-likelihood of tables.

    Attributes
    ----------
    joint : Joint
    translation_sd : float
    refine : int
        What every step of the solver's grid is split into.
    """

    joint: Joint
    translation_sd: float = TRANSLATION_SD
    refine: int = 1

    @cached_property
    def terms(self) -> list[Scored]:
        """Families with symbolic predictions; the symbols are in `_symbols`."""
        *latents, solved = self._symbols
        params = named_parameters(
            self.joint, latents[0], latents[1], self.translation_sd * latents[2]
        )
        ones = [pt.ones(len(x)) for x in (self.joint.design.rows, self.joint.design.intervals)]
        return list(score_terms(self.joint, params, solved, *ones))

    @cached_property
    def _symbols(self) -> list[Any]:
        vectors = [pt.vector(name, dtype="float64") for name in LATENTS]
        return [*vectors, pt.tensor3("states", dtype="float64")]

    @cached_property
    def _predict(self) -> Callable[..., list[np.ndarray]]:
        flat = [
            pt.as_tensor_variable(v) + pt.zeros(len(t.family.rows))
            for t in self.terms
            for v in t.pred.values()
        ]
        return pytensor.function(self._symbols, flat, mode=_MODE, on_unused_input="ignore")

    @cached_property
    def _score(self) -> Callable[..., np.ndarray]:
        inputs = {name: pt.vector(name, dtype="float64") for name in self.published}
        total: Any = 0.0
        for t in self.terms:
            data = {**t.family.data, **{k: inputs[n] for k, n in t.observed.items()}}
            total = total + t.family.statistic.logp(data, t.pred).sum()
        return pytensor.function(
            [*self._symbols, *inputs.values()], total, mode=_MODE, on_unused_input="ignore"
        )

    @cached_property
    def published(self) -> Tables:
        """The tables that were published."""
        return {n: t.family.data[k] for t in self.terms for k, n in t.observed.items()}

    def solve(self, draws: Sequence[np.ndarray], world: World = RIGHT) -> np.ndarray:
        """States (draw, lane, output, state) of draws of the latents."""
        theta = world.theta(self.joint, theta_of(self.joint, draws, self.translation_sd))
        return solve_draws(self.joint, theta, self.refine)[0]

    def predict(self, draw: Sequence[np.ndarray], states: np.ndarray) -> Predicted:
        """What every family needs from the model, for one draw: name -> key -> (row,)."""
        values = iter(self._predict(*draw, states))
        return {t.name: {k: next(values) for k in t.pred} for t in self.terms}

    def tables(
        self, predicted: Predicted, rng: np.random.Generator, world: World = RIGHT
    ) -> Tables:
        """One set of tables, on the reported scale and prepared for the model."""
        made: Tables = {}
        for t in self.terms:
            statistic, data = t.family.statistic, t.family.data
            pred = world.predictions(self.joint, t, predicted[t.name])
            replicate = world.publish(self.joint, t, statistic.draw(data, pred, rng))
            with np.errstate(invalid="ignore", divide="ignore"):
                found = statistic.observe(data, replicate)
            made |= {name: found[key] for key, name in t.observed.items()}
        return made

    def log_likelihood(
        self, draw: Sequence[np.ndarray], states: np.ndarray, tables: Mapping[str, np.ndarray]
    ) -> float:
        """Log-likelihood of all rows and intervals of `tables`."""
        return float(self._score(*draw, states, *(tables[name] for name in self.published)))
