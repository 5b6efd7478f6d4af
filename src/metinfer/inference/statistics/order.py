"""Medians, quartiles, extremes and percentiles: densities of order statistics."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import pytensor.tensor as pt
from scipy import special

from metinfer.inference.statistics import density
from metinfer.inference.statistics.base import Arrays, Columns, Statistic, column, words
from metinfer.inference.statistics.individual import location_scale

#: Gauss-Legendre nodes per published number in the probability mass of rounded numbers.
NODES = 8
_KEYS = ("low", "value", "high")


class Median(Statistic):
    """Median with quartiles (``iqr``) or extremes (``range``) of n: joint order statistics.

    With F the predicted distribution and r1 < r2 < r3 the ranks, the gaps of F between
    0, the three numbers and 1 are Dirichlet(r1, r2 - r1, r3 - r2, n + 1 - r3); times the density
    at each number (David & Nagaraja 2003, section 2.2, doi 10.1002/0471722162). Exact for whole
    ranks. The quantile p has rank p (n + 1), kept within 1 and n, and a rank that is not whole
    is taken as a fractional order statistic (Stigler 1977, J Am Stat Assoc 72:544-550);
    for the median of an even n the variance is then too large by 1 / n of itself.

    ``pred``: ``value`` = median (= mean); ``sd`` = SD between individuals.
    """

    name = "median"
    needs = ("value", "low", "high", "n")
    predicts = ("value", "sd")
    reports = _KEYS
    log = False

    def prepare(self, columns: Columns) -> Arrays:
        """Three ordered numbers and their ranks (``rank_low``, ``rank_value``, ``rank_high``)."""
        data = super().prepare(columns)
        n, spread = data["n"], words(columns, "spread", data["n"].size)
        self._refuse(~np.isin(spread, ["iqr", "range"]), columns, "needs spread iqr or range")
        self._refuse(~(n >= 3), columns, "needs n of at least 3")
        ordered = (data["low"] <= data["value"]) & (data["value"] <= data["high"])
        self._refuse(
            ~ordered | (data["low"] == data["high"]), columns, "needs low <= value <= high"
        )
        if self.log:
            self._refuse(~(data["low"] > 0), columns, "needs numbers above zero")
        low, high = np.where(spread == "iqr", 0.25, 0.0), np.where(spread == "iqr", 0.75, 1.0)
        ranks = {"rank_low": rank(low, n), "rank_value": rank(0.5, n), "rank_high": rank(high, n)}
        return {**data, **ranks}

    def logp(self, data: Mapping[str, Any], pred: Mapping[str, Any]) -> Any:
        """Log-density of (low, median, high); -inf for tied numbers (see `MedianRounded`)."""
        ok, mu, sigma = location_scale(pred, self.log)
        ranks = [data[f"rank_{key}"] for key in _KEYS]
        numbers = [data[key] for key in _KEYS]
        return density.or_impossible(ok, joint(numbers, ranks, data["n"], (mu, sigma, self.log)))

    def draw(
        self,
        data: Mapping[str, np.ndarray],
        pred: Mapping[str, np.ndarray],
        rng: np.random.Generator,
    ) -> Arrays:
        """Replicate quartiles or extremes, and median."""
        ranks = [data[f"rank_{key}"] for key in _KEYS]
        numbers = draw_order(ranks, data["n"], (pred["value"], pred["sd"], self.log), rng)
        return dict(zip(_KEYS, numbers, strict=True))


class MedianLog(Median):
    """Median with quartiles or extremes of n log-normal values; see `Median`.

    ``pred``: ``value`` = median; ``sd`` = SD of ln x.
    """

    name = "median_log"
    log = True


class MedianRounded(Median):
    """Median with quartiles or extremes, rounded or tied: the probability of the rounding cells.

    A published number x with resolution d stands for x +- d / 2. The joint density of `Median`
    is integrated over the three cells (Gauss-Legendre, `NODES` nodes each, within tied cells
    from the smaller number upwards), so that ties have a probability instead of a density of
    zero (David & Nagaraja 2003, section 2.4, for discrete parents).

    Columns besides those of `Median`: ``resolution``; where missing, the coarsest power of ten
    (1 at most) of which all three numbers are multiples. ``pred`` as in `Median`.
    """

    name = "median_rounded"

    def prepare(self, columns: Columns) -> Arrays:
        """As `Median`, with the resolution."""
        n = self._required(columns, "n")
        numbers = {key: self._required(columns, key) for key in _KEYS}
        given = column(columns, "resolution", n.size)
        resolution = np.where(given > 0, given, decimal_step(*numbers.values()))
        tied = numbers["low"] == numbers["high"]
        apart = {**columns, "high": numbers["high"] + np.where(tied, resolution, 0.0)}
        if self.log:
            apart["low"] = np.maximum(numbers["low"], 0.25 * resolution)
            apart["value"] = np.maximum(numbers["value"], 0.25 * resolution)
        return {**super().prepare(apart), **numbers, "resolution": resolution}

    def logp(self, data: Mapping[str, Any], pred: Mapping[str, Any]) -> Any:
        """Log-probability of the three cells."""
        ok, mu, sigma = location_scale(pred, self.log)
        numbers, log_weight = _nodes([data[k] for k in _KEYS], data["resolution"], self.log)
        ranks = [_column(data[f"rank_{key}"]) for key in _KEYS]
        family = (_column(mu), _column(sigma), self.log)
        at_nodes = joint(numbers, ranks, _column(data["n"]), family) + log_weight
        return density.or_impossible(ok, pt.logsumexp(at_nodes, axis=-1))

    def draw(
        self,
        data: Mapping[str, np.ndarray],
        pred: Mapping[str, np.ndarray],
        rng: np.random.Generator,
    ) -> Arrays:
        """Replicate numbers, rounded."""
        step = np.asarray(data["resolution"])
        exact = super().draw(data, pred, rng)
        return {key: np.round(x / step) * step for key, x in exact.items()}


class MedianLogRounded(MedianRounded):
    """Rounded or tied median of log-normal values; see `MedianRounded` and `MedianLog`."""

    name = "median_log_rounded"
    log = True


class Percentile(Statistic):
    """Value at the quantile ``level`` of n: one order statistic of rank level (n + 1).

    F(value) ~ Beta(r, n + 1 - r); conventions as in `Median`.

    ``pred``: ``value`` = median (= mean); ``sd`` = SD between individuals.
    """

    name = "percentile"
    needs = ("value", "level", "n")
    predicts = ("value", "sd")
    log = False

    def prepare(self, columns: Columns) -> Arrays:
        """Value, n and rank."""
        data = super().prepare(columns)
        self._refuse(~((data["level"] > 0) & (data["level"] < 1)), columns, "needs 0 < level < 1")
        if self.log:
            self._refuse(~(data["value"] > 0), columns, "needs a value above zero")
        return {"value": data["value"], "n": data["n"], "rank": rank(data["level"], data["n"])}

    def logp(self, data: Mapping[str, Any], pred: Mapping[str, Any]) -> Any:
        """Log-density of the value."""
        ok, mu, sigma = location_scale(pred, self.log)
        logp = joint([data["value"]], [data["rank"]], data["n"], (mu, sigma, self.log))
        return density.or_impossible(ok, logp)

    def draw(
        self,
        data: Mapping[str, np.ndarray],
        pred: Mapping[str, np.ndarray],
        rng: np.random.Generator,
    ) -> Arrays:
        """Replicate value."""
        family = (pred["value"], pred["sd"], self.log)
        return {"value": draw_order([data["rank"]], data["n"], family, rng)[0]}


class PercentileLog(Percentile):
    """Value at the quantile ``level`` of n log-normal values; see `Percentile`.

    ``pred``: ``value`` = median; ``sd`` = SD of ln x.
    """

    name = "percentile_log"
    log = True


def rank(p: Any, n: np.ndarray) -> np.ndarray:
    """Rank p (n + 1) of the quantile p among n (Weibull's convention), kept within 1 and n."""
    return np.clip(np.asarray(p) * (n + 1.0), 1.0, n)


def decimal_step(*numbers: np.ndarray) -> np.ndarray:
    """Coarsest power of ten from 1 down to 1e-9 of which all numbers are multiples (row,)."""
    step = np.full(np.shape(numbers[0]), 1e-9)
    for power in np.arange(-8, 1):
        scaled = [x * 10.0**-power for x in numbers]
        whole = [np.abs(x - np.round(x)) <= 1e-9 * np.maximum(np.abs(x), 1.0) for x in scaled]
        step = np.where(np.logical_and.reduce(whole), 10.0**power, step)
    return step


def joint(
    numbers: Sequence[Any], ranks: Sequence[Any], n: Any, family: tuple[Any, Any, bool]
) -> Any:
    """Joint log-density of ordered numbers with these ranks among n; -inf if two are equal."""
    mu, sigma, log = family
    x = [pt.log(number) for number in numbers] if log else [pt.as_tensor(v) for v in numbers]
    z = [(number - mu) / sigma for number in x]
    at_numbers = sum(density.normal(v, 0.0, 1.0) - pt.log(sigma) - (u if log else 0.0)
                     for v, u in zip(z, x, strict=True))  # fmt: skip
    gaps = [ranks[0], *(b - a for a, b in pairwise(ranks)), n + 1.0 - ranks[-1]]
    apart = [pt.gt(b, a) for a, b in pairwise(z)]
    inner = [density.log_ndtr_between(a, pt.switch(ok, b, a + 1.0))
             for ok, (a, b) in zip(apart, pairwise(z), strict=True)]  # fmt: skip
    shares = [density.log_ndtr(z[0]), *inner, density.log_ndtr(-z[-1])]
    logp = pt.gammaln(n + 1.0) + at_numbers
    for gap, share in zip(gaps, shares, strict=True):
        logp = logp + (gap - 1.0) * share - pt.gammaln(gap)
    for ok in apart:
        logp = pt.switch(ok, logp, -np.inf)
    return logp


def draw_order(
    ranks: Sequence[np.ndarray],
    n: np.ndarray,
    family: tuple[Any, Any, bool],
    rng: np.random.Generator,
) -> list[np.ndarray]:
    """Draw the numbers with these ranks: Dirichlet gaps, then the family's quantiles (..., row)."""
    value, sigma, log = np.asarray(family[0], float), np.asarray(family[1], float), family[2]
    ok = (sigma > 0) & ((value > 0) | (not log))
    value, sigma = np.where(ok, value, np.nan), np.where(ok, sigma, np.nan)
    bounds = [np.zeros_like(n), *ranks, n + 1.0]
    shape = np.broadcast_shapes(np.shape(value), np.shape(sigma), np.shape(n))
    gaps = np.stack([rng.gamma(np.broadcast_to(b - a, shape)) for a, b in pairwise(bounds)])
    below, above = np.cumsum(gaps, axis=0), np.cumsum(gaps[::-1], axis=0)[::-1]
    total = below[-1]
    numbers = []
    for j in range(len(ranks)):
        low, high = below[j] / total, above[j + 1] / total
        z = np.where(low < 0.5, special.ndtri(low), -special.ndtri(high))
        numbers.append(value * np.exp(sigma * z) if log else value + sigma * z)
    return numbers


def _nodes(numbers: Sequence[Any], step: Any, log: bool) -> tuple[list[Any], Any]:
    """Nodes of the ordered cells, each (row, node), and the logs of their weights."""
    x, w = np.polynomial.legendre.leggauss(NODES)
    grid = np.meshgrid(*[0.5 * (x + 1.0)] * len(numbers), indexing="ij")
    weights = np.meshgrid(*[0.5 * w] * len(numbers), indexing="ij")
    log_weight = pt.as_tensor(sum(np.log(part).ravel() for part in weights))[None, :]
    nodes: list[Any] = []
    for number, share in zip(numbers, grid, strict=True):
        low, high = _column(number - 0.5 * step), _column(number + 0.5 * step)
        low = pt.maximum(low, 0.0) if log else low
        low = pt.maximum(low, nodes[-1]) if nodes else low
        nodes.append(low + (high - low) * share.ravel()[None, :])
        log_weight = log_weight + pt.log(high - low)
    return nodes, log_weight


def _column(x: Any) -> Any:
    return pt.as_tensor(x)[:, None]
