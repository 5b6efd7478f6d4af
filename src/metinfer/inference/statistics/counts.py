"""Shares of a group and counts per animal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytensor.tensor as pt

from metinfer.inference.statistics import density
from metinfer.inference.statistics.base import Arrays, Columns, Statistic, broadcast


class Proportion(Statistic):
    """``events`` of ``n``: binomial.

    Variation between subjects enters through the predicted probability: with a Gamma frailty of
    mean 1 and shape k, 1 - (1 + L / k)^-k of the group have at least one event.

    ``pred``: ``value`` = probability.
    """

    name = "proportion"
    needs = ("events", "n")
    reports = ("events",)

    def prepare(self, columns: Columns) -> Arrays:
        """Events and n."""
        data = super().prepare(columns)
        self._refuse(~((data["events"] >= 0) & (data["events"] <= data["n"])), columns,
                     "needs 0 <= events <= n")  # fmt: skip
        return data

    def logp(self, data: Mapping[str, Any], pred: Mapping[str, Any]) -> Any:
        """Log-mass of the number of events."""
        return binomial(data["events"], data["n"], pred["value"])

    def draw(
        self,
        data: Mapping[str, np.ndarray],
        pred: Mapping[str, np.ndarray],
        rng: np.random.Generator,
    ) -> Arrays:
        """Replicate number of events."""
        p, n = broadcast({"p": pred["value"]}, data["n"])
        return {"events": draw_binomial(n, p, rng)}


class BetaBinomial(Proportion):
    """``events`` of ``n`` with litter or cage effects: beta-binomial (Skellam 1948).

    ``pred``: ``value`` = mean probability; ``overdispersion`` = correlation rho in (0, 1) between
    two animals of the row, so a + b = 1 / rho - 1; rho -> 0 is the binomial.
    """

    name = "beta_binomial"
    predicts = ("value", "overdispersion")

    def logp(self, data: Mapping[str, Any], pred: Mapping[str, Any]) -> Any:
        """Log-mass of the number of events."""
        p, rho = pred["value"], pred["overdispersion"]
        ok = pt.and_(
            pt.and_(pt.gt(p, 0.0), pt.lt(p, 1.0)), pt.and_(pt.gt(rho, 0.0), pt.lt(rho, 1.0))
        )
        p = density.where_ok(ok, p, 0.5)
        total = 1.0 / density.where_ok(ok, rho, 0.5) - 1.0
        a, b = p * total, (1.0 - p) * total
        k, n = data["events"], data["n"]
        upper = pt.gammaln(k + a) + pt.gammaln(n - k + b) - pt.gammaln(n + total)
        lower = pt.gammaln(a) + pt.gammaln(b) - pt.gammaln(total)
        return density.or_impossible(ok, density.log_choose(n, k) + upper - lower)

    def draw(
        self,
        data: Mapping[str, np.ndarray],
        pred: Mapping[str, np.ndarray],
        rng: np.random.Generator,
    ) -> Arrays:
        """Replicate number of events."""
        p, rho, n = broadcast({k: pred[k] for k in self.predicts}, data["n"])
        ok = (p > 0) & (p < 1) & (rho > 0) & (rho < 1)
        p, total = np.where(ok, p, 0.5), 1.0 / np.where(ok, rho, 0.5) - 1.0
        share = rng.beta(p * total, (1.0 - p) * total)
        return {"events": np.where(ok, draw_binomial(n, share, rng), np.nan)}


class CountTotal(Statistic):
    """Sum of the counts of n animals: exactly NegBin(n L, n k).

    Counts of one animal are NegBin(mean L, shape k): a Poisson count with Gamma frailty of mean 1
    and shape k (Greenwood & Yule 1920). The sum of n independent ones has mean n L and shape n k.

    ``pred``: ``value`` = L, mean per animal; ``shape`` = k.
    """

    name = "count_total"
    needs = ("events", "n")
    predicts = ("value", "shape")
    reports = ("events",)

    def logp(self, data: Mapping[str, Any], pred: Mapping[str, Any]) -> Any:
        """Log-mass of the total."""
        return negative_binomial(data["events"], data["n"], pred["value"], pred["shape"])

    def draw(
        self,
        data: Mapping[str, np.ndarray],
        pred: Mapping[str, np.ndarray],
        rng: np.random.Generator,
    ) -> Arrays:
        """Replicate total."""
        mean, shape, n = broadcast({k: pred[k] for k in self.predicts}, data["n"])
        return {"events": draw_negative_binomial(n * mean, n * shape, rng)}


class Count(Statistic):
    """Count in one animal: NegBin(mean L, shape k); columns ``value``.

    ``pred``: ``value`` = L; ``shape`` = k.
    """

    name = "count"
    needs = ("value",)
    predicts = ("value", "shape")

    def logp(self, data: Mapping[str, Any], pred: Mapping[str, Any]) -> Any:
        """Log-mass of the count."""
        return negative_binomial(data["value"], 1.0, pred["value"], pred["shape"])

    def draw(
        self,
        data: Mapping[str, np.ndarray],
        pred: Mapping[str, np.ndarray],
        rng: np.random.Generator,
    ) -> Arrays:
        """Replicate count."""
        mean, shape, _ = broadcast({k: pred[k] for k in self.predicts}, data["value"])
        return {"value": draw_negative_binomial(mean, shape, rng)}


def binomial(k: Any, n: Any, p: Any) -> Any:
    """Log-mass of k of n (either may be fractional: gamma functions); -inf unless 0 <= p <= 1."""
    ok = pt.and_(pt.ge(p, 0.0), pt.le(p, 1.0))
    ok = pt.and_(ok, pt.or_(pt.eq(k, 0.0), pt.gt(p, 0.0)))
    ok = pt.and_(ok, pt.or_(pt.eq(k, n), pt.lt(p, 1.0)))
    p = density.where_ok(ok, p, 0.5)
    logp = density.log_choose(n, k) + density.xlogy(k, p) + density.xlogy(n - k, 1.0 - p)
    return density.or_impossible(ok, logp)


def negative_binomial(total: Any, n: Any, mean: Any, shape: Any) -> Any:
    """Log-mass of a total of n counts; -inf unless mean >= 0 (mean > 0 if total > 0), shape > 0."""
    ok = pt.and_(pt.and_(pt.ge(mean, 0.0), pt.lt(mean, np.inf)), density.positive(shape))
    ok = pt.and_(ok, pt.or_(pt.eq(total, 0.0), pt.gt(mean, 0.0)))
    mean, shape = density.where_ok(ok, mean), density.where_ok(ok, shape)
    return density.or_impossible(ok, density.negative_binomial(total, n * mean, n * shape))


def draw_binomial(n: np.ndarray, p: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Binomial draws; a fractional n is rounded at random, so the mean stays n p."""
    ok = (p >= 0) & (p <= 1)
    trials = np.floor(n + rng.random(np.shape(p))).astype(np.int64)
    return np.where(ok, rng.binomial(trials, np.where(ok, p, 0.5)), np.nan)


def draw_negative_binomial(
    mean: np.ndarray, shape: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Negative binomial draws through the Gamma frailty."""
    ok = (mean >= 0) & (mean < np.inf) & (shape > 0)
    shape = np.where(ok, shape, 1.0)
    frailty = rng.gamma(shape) / shape
    return np.where(ok, rng.poisson(np.where(ok, mean, 0.0) * frailty), np.nan)
