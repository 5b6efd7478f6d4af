"""Where the uncertainty of an answer comes from: parameters, translation, studies, drug, chance.

Law of total variance: of the variance of an answer over draws, a group of parameters explains
the variance of the mean given the group. That mean is fitted by least squares on the normal
scores of the group and their squares (with the usual correction for the number of columns).
Groups are not independent in a posterior, so each gets the average of what it adds over all
orders of the groups (Shapley 1953; Owen 2014, doi 10.1137/130936233): the parts add up to the
whole. What no group explains (interplay, curvature) is named and not shared out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import comb

import numpy as np

from metinfer.errors import MetinferError

#: Named parameters of every group but the first, which holds all others.
GROUPS: Mapping[str, tuple[str, ...]] = {
    "translation": ("transfer",),
    "between_study": ("stock_level", "site_deviation", "group_spread"),
}
PARAMETER, KINETICS, SAMPLING, UNEXPLAINED = "parameter", "kinetics", "sampling", "unexplained"
#: Draws per column that a regression needs before squares are left out, and before it is refused.
ENOUGH, LEAST = 4, 2
#: Latents and other copies of named parameters, which would count twice.
COPIES = ("latent", "_latent", "causal_share")


class TooFewDrawsError(MetinferError):
    """A run is too short for a split of the variance."""


@dataclass(frozen=True)
class Variance:
    """Variance of an answer in parts.

    Attributes
    ----------
    total : float
        Of one observed answer: over draws, and over the sample of subjects if there is one.
    parts : mapping of str to float
        ``parameter``, ``translation``, ``between_study``, ``kinetics`` (only with kinetics),
        ``sampling`` and ``unexplained``; they add up to the total.
    """

    total: float
    parts: Mapping[str, float]

    @property
    def shares(self) -> dict[str, float]:
        """Parts over the total."""
        return {name: part / self.total if self.total else 0.0 for name, part in self.parts.items()}


def split(
    answer: np.ndarray,
    params: Mapping[str, np.ndarray],
    variant: np.ndarray | None = None,
    sampling: float = 0.0,
) -> Variance:
    """Variance of an answer over draws, split by group of parameters.

    Parameters
    ----------
    answer : ndarray (draw,)
        Failed draws (NaN) are left out.
    params : mapping of str to ndarray
        Named parameters, each (draw,) or (draw, coordinate), as in `NamedDraws.params`.
    variant : ndarray of int (draw,), optional
        Variant of the pharmacokinetics of each draw, as from `kinetics.assignment`.
    sampling : float
        Variance by the chance of who is among the subjects (`binomial`).
    """
    good = np.isfinite(answer)
    columns = {name: c[good] for name, c in _columns(params).items()}
    if variant is not None:
        kinds = np.unique(variant)[1:]
        columns[KINETICS] = (variant[good, None] == kinds).astype(float)
    value = answer[good] - answer[good].mean()
    spread = float(value @ value) / max(len(value) - 1, 1)
    features = _features(columns, len(value))
    names = list(features)
    explained = _explained(value, features)
    parts = {name: spread * _shapley(name, names, explained) for name in names}
    parts |= {
        SAMPLING: float(sampling),
        UNEXPLAINED: spread * (1.0 - explained[tuple(names)]),
    }
    return Variance(spread + float(sampling), parts)


def binomial(risk: np.ndarray, n: int) -> float:
    """Mean variance over draws of an observed share among `n` subjects whose risk is (draw,)."""
    good = risk[np.isfinite(risk)]
    return float(np.mean(good * (1.0 - good)) / n)


def _columns(params: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Normal scores (draw, column) of each group; what does not vary is left out."""
    group_of = {name: group for group, names in GROUPS.items() for name in names}
    found: dict[str, list[np.ndarray]] = {group: [] for group in (PARAMETER, *GROUPS)}
    for name, values in params.items():
        if name in COPIES or name.endswith(COPIES[1]):
            continue
        table = np.asarray(values, dtype=float).reshape(len(values), -1)
        table = table[:, np.ptp(table, axis=0) > 0]
        found[group_of.get(name, PARAMETER)] += [_scores(c) for c in table.T]
    return {group: np.stack(c, axis=1) for group, c in found.items() if c}


def _scores(values: np.ndarray) -> np.ndarray:
    """Normal scores (draw,): a heavy tail must not rule the fit."""
    from scipy.special import ndtri

    rank = np.empty(len(values))
    rank[np.argsort(values, kind="stable")] = np.arange(len(values))
    return np.asarray(ndtri((rank + 0.5) / len(values)))


def _features(columns: Mapping[str, np.ndarray], draws: int) -> dict[str, np.ndarray]:
    width = sum(c.shape[1] for c in columns.values())
    if draws < LEAST * (width + 1):
        needed = LEAST * (width + 1)
        raise TooFewDrawsError(f"a split of the variance needs {needed} draws, got {draws}")
    if draws < ENOUGH * (2 * width + 1):
        return dict(columns)
    return {
        name: c if name == KINETICS else np.concatenate([c, c**2], axis=1)
        for name, c in columns.items()
    }


def _explained(
    value: np.ndarray, features: Mapping[str, np.ndarray]
) -> dict[tuple[str, ...], float]:
    """Share of the variance that each set of groups explains, corrected for its columns.

    By the normal equations, formed once: the columns are centred and of like size.
    """
    table = np.concatenate(list(features.values()), axis=1)
    table = table - table.mean(axis=0)
    gram, toward = table.T @ table, table.T @ value
    owner = np.repeat(list(features), [c.shape[1] for c in features.values()])
    whole, found = float(value @ value), {}
    for size in range(len(features) + 1):
        for chosen in combinations(features, size):
            at = np.flatnonzero(np.isin(owner, chosen))
            found[chosen] = 0.0
            if len(at) and whole > 0:
                fitted, _, rank, _ = np.linalg.lstsq(gram[np.ix_(at, at)], toward[at], rcond=1e-10)
                left = (whole - fitted @ toward[at]) / max(len(value) - 1 - rank, 1)
                found[chosen] = float(np.clip(1.0 - left * (len(value) - 1) / whole, 0.0, 1.0))
    return found


def _shapley(name: str, names: Sequence[str], explained: Mapping[tuple[str, ...], float]) -> float:
    """Mean over all orders of what a group adds to those before it."""
    others = [n for n in names if n != name]
    total = 0.0
    for size in range(len(others) + 1):
        weight = 1.0 / (len(names) * comb(len(others), size))
        for before in combinations(others, size):
            after = tuple(n for n in names if n in (*before, name))
            total += weight * (explained[after] - explained[before])
    return total
