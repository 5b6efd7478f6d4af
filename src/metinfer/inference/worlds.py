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

from metinfer.inference.density import TRANSLATION_SD, Graph, Joint, Scored, prediction_tape
from metinfer.inference.solving import inputs_of, solve_draws, theta_of
from metinfer.inference.tape import Tape

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
        """Families with symbolic predictions."""
        graph = Graph(self.joint)
        return graph.terms(graph.states, "")

    @cached_property
    def _tape(self) -> Tape:
        """Predictions and log-likelihood from states that were solved before."""
        return prediction_tape(self.joint, None)

    def _run(
        self, tape: Tape, draw: Sequence[np.ndarray], states: np.ndarray
    ) -> dict[str, np.ndarray]:
        x = inputs_of(self.joint, [np.asarray(d)[None] for d in draw], self.translation_sd)
        return tape.run(np.concatenate([x, states.reshape(1, -1)], axis=1))

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
        found = self._run(self._tape, draw, states)
        return {t.name: {k: found[f"{t.name}/{k}"][0] for k in t.pred} for t in self.terms}

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
        found = self._run(self._tape.with_data(**tables), draw, states)
        return float(found["log_likelihood"].sum())
