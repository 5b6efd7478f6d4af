"""Which therapy is best, as probabilities; only among those whose effect was learnt."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import xarray as xr

from metinfer.inference.learnt import LEARNT
from metinfer.therapy.records import judged

EFFECT = "risk_ratio"


@dataclass(frozen=True)
class Ranking:
    """Rank probabilities in one population at one horizon.

    Attributes
    ----------
    therapies : tuple of str
        Ranked ones.
    probability : ndarray (therapy, rank)
        Share of posterior draws in which a therapy has each rank; rank 0 is the lowest risk.
    refused : mapping of str to str
        Therapies that are not ranked, with the reason.
    """

    therapies: tuple[str, ...]
    probability: np.ndarray
    refused: Mapping[str, str]


def rank_probabilities(
    predictions: xr.Dataset,
    population: str,
    horizon: int,
    kind: str = "regimen",
    verdicts: Mapping[str, str | None] | None = None,
) -> Ranking:
    """Rank the therapies of one kind by risk ratio over paired posterior draws.

    Parameters
    ----------
    predictions : xarray.Dataset
        As from `predict.predict`.
    population : str
    horizon : int
        Place among the horizons of the population.
    kind : str
        ``regimen``, ``clamp`` or ``adverse``: kinds are never ranked together.
    verdicts : mapping of str to str, optional
        Verdict of each therapy's risk ratio, where it is known already.
    """
    kinds = predictions["kind"].to_numpy()
    names = [str(t) for t in predictions["therapy"].to_numpy()[kinds == kind]]
    refused = {}
    for name in names:
        found = (
            verdicts.get(name)
            if verdicts is not None
            else judged(predictions, name, population, horizon)["learnt"]
        )
        if found != LEARNT:
            refused[name] = f"its {EFFECT.replace('_', ' ')} is {found or 'not compared'}"
    ranked = [n for n in names if n not in refused]
    if len(ranked) < 2:
        refused |= dict.fromkeys(ranked, "no second therapy with a learnt effect to rank against")
        return Ranking((), np.zeros((0, 0)), refused)
    answer = predictions["answer"].sel(
        source="posterior", therapy=ranked, population=population, measure=EFFECT
    )
    draws = answer.isel(horizon=horizon).transpose("draw", "therapy").to_numpy()
    return Ranking(tuple(ranked), ranks(draws[np.isfinite(draws).all(axis=1)]), refused)


def ranks(values: np.ndarray) -> np.ndarray:
    """Probability of each rank, lowest value first (therapy, rank), from (draw, therapy).

    Equal values share the ranks they hold together.
    """
    count = values.shape[1]
    below = (values[:, None, :] < values[:, :, None]).sum(axis=2)
    equal = (values[:, None, :] == values[:, :, None]).sum(axis=2)
    place = np.arange(count)
    holds = (place >= below[..., None]) & (place < (below + equal)[..., None])
    return np.asarray((holds / equal[..., None]).mean(axis=0))
