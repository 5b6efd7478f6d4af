"""Shares of a group and counts per animal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
import pytensor.tensor as pt

from metinfer.inference.statistics import density
from metinfer.inference.statistics.base import Arrays, Columns, Statistic, broadcast
from metinfer.inference.statistics.means import standard_deviation


class Proportion(Statistic):
    """``events`` of ``n``: binomial.

    Variation between subjects enters through the predicted probability: with a Gamma frailty of
    mean 1 and shape k, 1 - (1 + L / k)^-k of the group have at least one event.

    ``pred``: ``value`` = probability.
    """

    name = "proportion"
    needs = ("events", "n")
    reports: ClassVar[tuple[str, ...]] = ("events",)

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
    and shape k (Greenwood & Yule 1920, doi 10.2307/2341080). The sum of n independent ones has
    mean n L and shape n k.

    ``pred``: ``value`` = L, mean per animal; ``shape`` = k.
    """

    name = "count_total"
    needs = ("events", "n")
    predicts = ("value", "shape")
    reports: ClassVar[tuple[str, ...]] = ("events",)

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


class CountMean(CountTotal):
    """Mean of n counts with their SD or SEM: the total and, given it, the sample variance.

    n x mean is the total (rounded to a whole number): exactly NegBin(n L, n k), sufficient for L.
    Given the total T the counts are Dirichlet-multinomial(T; k, ..., k), whatever L is (Johnson,
    Kotz & Balakrishnan 1997, Discrete Multivariate Distributions, ch. 35), so the mean and the
    variance of s^2 are known exactly; its shape is approximated by a Gamma of these moments.
    With T below 2, s^2 says nothing and is left out: a mean of 0 is scored as `CountTotal` scores
    0 events. The density is that of (T, s^2).

    ``pred``: ``value`` = L, mean per animal; ``shape`` = k.
    """

    name = "count_mean"
    needs = ("value", "n")
    reports = ("value", "spread")

    def prepare(self, columns: Columns) -> Arrays:
        """Total, n, sample variance, and the factor from SD to the published spread."""
        data = super().prepare(columns)
        total = np.round(data["value"] * data["n"])
        sd, factor = standard_deviation(columns, data["n"])
        self._refuse(~(data["n"] >= 2), columns, "needs n of at least 2")
        self._refuse(~(data["value"] >= 0), columns, "needs a value of at least zero")
        self._refuse((total > 1) & ~(sd > 0), columns, "needs a spread above zero (sd or sem)")
        variance = np.where(np.isfinite(sd), sd, 0.0) ** 2
        return {**data, "events": total, "variance": variance, "factor": factor}

    def logp(self, data: Mapping[str, Any], pred: Mapping[str, Any]) -> Any:
        """Log-mass of the total plus log-density of the sample variance."""
        total, n, shape = data["events"], data["n"], pred["shape"]
        informs = pt.and_(pt.gt(total, 1.0), density.positive(shape))
        at = (density.where_ok(informs, total, 2.0), density.where_ok(informs, shape))
        mean, var = variance_moments(at[0], n, at[1])
        s2 = density.where_ok(informs, data["variance"])
        spread = pt.switch(informs, density.gamma(s2, mean**2 / var, mean / var), 0.0)
        return negative_binomial(total, n, pred["value"], shape) + spread

    def draw(
        self,
        data: Mapping[str, np.ndarray],
        pred: Mapping[str, np.ndarray],
        rng: np.random.Generator,
    ) -> Arrays:
        """Replicate mean and published spread, from n counts."""
        mean, shape, n, factor = broadcast(
            {k: pred[k] for k in self.predicts}, data["n"], data["factor"]
        )
        size = int(n.max())
        wide = (*mean.shape, size)
        each = [np.broadcast_to(x[..., None], wide) for x in (mean, shape)]
        counts = draw_negative_binomial(each[0], each[1], rng)
        used = np.arange(size) < n[..., None]
        average = np.where(used, counts, 0.0).sum(-1) / n
        squares = np.where(used, (counts - average[..., None]) ** 2, 0.0).sum(-1)
        return {"value": average, "spread": np.sqrt(squares / (n - 1.0)) * factor}

    def observe(self, data: Mapping[str, np.ndarray], replicate: Mapping[str, Any]) -> Arrays:
        """Mean, total and sample variance."""
        value = np.asarray(replicate["value"], dtype=float)
        variance = (np.asarray(replicate["spread"]) / data["factor"]) ** 2
        return {"value": value, "events": np.round(value * data["n"]), "variance": variance}

    def published(self, data: Mapping[str, np.ndarray]) -> Arrays:
        """Mean and spread as published."""
        spread = np.sqrt(data["variance"]) * data["factor"]
        return {"value": np.asarray(data["value"], dtype=float), "spread": spread}


def variance_moments(total: Any, n: Any, shape: Any) -> tuple[Any, Any]:
    """Mean and variance of the sample variance of n counts of this total (total >= 2).

    From the factorial moments of the Dirichlet-multinomial,
    E[x_i^(a) x_j^(b)] = T^(a+b) k^[a] k^[b] / (n k)^[a+b], falling and rising factorials.
    """
    k, whole = shape, n * shape
    t = [total]
    up, all_up = [k], [whole]
    for j in range(1, 4):
        t.append(t[-1] * (total - j))
        up.append(up[-1] * (k + j))
        all_up.append(all_up[-1] * (whole + j))
    one = [n * t[j] * up[j] / all_up[j] for j in range(4)]
    cross = n * (n - 1.0) * t[3] * up[1] ** 2 / all_up[3]
    pairs = one[1]
    pairs_squared = one[3] + 4.0 * one[2] + 2.0 * one[1] + cross
    mean = (pairs + total - total**2 / n) / (n - 1.0)
    return mean, (pairs_squared - pairs**2) / (n - 1.0) ** 2


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
