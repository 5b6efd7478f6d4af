"""Means and geometric means with a spread and a sample size."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytensor.tensor as pt
from scipy import stats

from metinfer.inference.statistics import density
from metinfer.inference.statistics.base import (
    SKEW_LIMIT,
    Arrays,
    Columns,
    Statistic,
    broadcast,
    column,
    interval_level,
    words,
)


def standard_deviation(columns: Columns, n: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """SD (row,) from the published spread, and the factor that turns it into that spread.

    A SD, SEM or log SD stands in ``low``; an interval in ``low`` and ``high``.
    ``sem`` is SD / sqrt(n); an interval of the mean is mean +- t(n - 1) SEM, so half its width
    over the t quantile is the SEM.
    """
    kind = words(columns, "spread", n.size)
    low = column(columns, "low", n.size)
    level = interval_level(kind)
    with np.errstate(invalid="ignore"):
        t = stats.t.ppf(0.5 + np.where(np.isnan(level), 0.5, level) / 2.0, np.maximum(n - 1.0, 1.0))
    half = 0.5 * (column(columns, "high", n.size) - low)
    of_mean = (kind == "sem") | ~np.isnan(level)
    spread = np.where(np.isnan(level), low, half)
    factor = np.where(of_mean, 1.0 / np.sqrt(n), 1.0) * np.where(np.isnan(level), 1.0, t)
    return spread / factor, factor


def pivot_inflation(n: np.ndarray) -> np.ndarray:
    """Variance of the t pivot over that of a normal one, (n - 1) / (n - 3); 3 below n of 4."""
    n = np.asarray(n, dtype=float)
    return np.where(n >= 4, (n - 1.0) / np.maximum(n - 3.0, 1.0), 3.0)


def moment_log_sd(log_variance: np.ndarray, n: np.ndarray) -> np.ndarray:
    """SD of logs to score a mean by where the published spread is taken as known (row,).

    ln m - ln(1 + cv^2) / 2 = 2 ln m - ln(mean square) / 2 of n log-normal values has, to first
    order, the variance [4 (w - 1) + (w^4 - 1) / 4 - 2 (w^2 - 1)] / n with w = exp(log variance):
    the largest values weigh in, so it is more than log variance / n (by 7 % at a log SD of 0.5, by
    half at 0.7). Widened to the t pivot as the spread is an estimate itself.
    """
    w = np.exp(log_variance)
    variance = 4.0 * (w - 1.0) + (w**4 - 1.0) / 4.0 - 2.0 * (w**2 - 1.0)
    return np.sqrt(variance * pivot_inflation(n))


class Mean(Statistic):
    """Arithmetic mean of n values with their SD, SEM or interval.

    For normal values the pair is sufficient, and exactly
    mean ~ Normal(mu, sigma / sqrt n), (n - 1) s^2 / sigma^2 ~ chi-square(n - 1), independent
    (Cochran 1934, doi 10.1017/S0305004100016595). The density is that of (mean, s^2).

    ``pred``: ``value`` = mu; ``sd`` = sigma, the SD between individuals (a prediction or a free
    nuisance); optional ``between_sd`` (0), SD of mu between experiments: the mean then has
    variance sigma^2 / n + between_sd^2, and s^2 is as before.
    """

    name = "mean"
    needs = ("value", "n")
    predicts = ("value", "sd")
    optional = ("between_sd",)
    reports = ("value", "spread")

    def prepare(self, columns: Columns) -> Arrays:
        """Mean, variance, n, and the factor from SD to the published spread."""
        data = super().prepare(columns)
        sd, factor = standard_deviation(columns, data["n"])
        self._refuse(~(data["n"] >= 2), columns, "needs n of at least 2")
        self._refuse(~(sd > 0), columns, "needs a spread above zero (sd, sem or ciNN)")
        return {**data, "variance": sd**2, "factor": factor}

    def logp(self, data: Mapping[str, Any], pred: Mapping[str, Any]) -> Any:
        """Log-density of (mean, variance)."""
        ok = pt.and_(density.finite(pred["value"]), density.positive(pred["sd"]))
        mu = density.where_ok(ok, pred["value"])
        sigma = density.where_ok(ok, pred["sd"])
        mean = density.normal(data["value"], mu, _standard_error(sigma, data["n"], pred))
        return density.or_impossible(
            ok, mean + density.variance(data["variance"], sigma**2, data["n"])
        )

    def draw(
        self,
        data: Mapping[str, np.ndarray],
        pred: Mapping[str, np.ndarray],
        rng: np.random.Generator,
    ) -> Arrays:
        """Replicate mean and published spread."""
        mu, sigma, between, n, factor = broadcast(
            {k: pred[k] for k in self.predicts},
            pred.get("between_sd", 0.0),
            data["n"],
            data["factor"],
        )
        mu = mu + between * rng.standard_normal(mu.shape)
        mean, sd = _draw_moments(mu, np.where(sigma > 0, sigma, np.nan), n, rng)
        return {"value": mean, "spread": sd * factor}

    def observe(self, data: Mapping[str, np.ndarray], replicate: Mapping[str, Any]) -> Arrays:
        """Mean and variance."""
        variance = (np.asarray(replicate["spread"]) / data["factor"]) ** 2
        return {"value": np.asarray(replicate["value"], dtype=float), "variance": variance}

    def published(self, data: Mapping[str, np.ndarray]) -> Arrays:
        """Mean and spread as published."""
        return {
            "value": np.asarray(data["value"], dtype=float),
            "spread": np.sqrt(data["variance"]) * data["factor"],
        }


class MeanPlugin(Statistic):
    """Mean whose published standard error is taken as known: mean ~ Normal(mu, SEM).

    For rows whose SD carries no information about the model's spread. Ignoring that the SEM is
    itself estimated makes intervals too narrow for small n (a normal instead of a t pivot), so
    the SEM is inflated to the SD of the t pivot, SEM sqrt((n - 1) / (n - 3)), for n of 4 or more,
    and by sqrt 3 below.

    ``pred``: ``value`` = mu; optional ``sd_extra`` (0): further SD, added in quadrature.
    """

    name = "mean_sem"
    needs = ("value", "n")
    optional = ("sd_extra",)

    def prepare(self, columns: Columns) -> Arrays:
        """Mean and its standard error."""
        data = super().prepare(columns)
        sd, _ = standard_deviation(columns, data["n"])
        self._refuse(~(sd > 0), columns, "needs a spread above zero (sd, sem or ciNN)")
        n = data["n"]
        return {**data, "se": sd / np.sqrt(n) * np.sqrt(pivot_inflation(n))}

    def logp(self, data: Mapping[str, Any], pred: Mapping[str, Any]) -> Any:
        """Log-density of the mean."""
        ok = density.finite(pred["value"])
        se = pt.sqrt(data["se"] ** 2 + pt.as_tensor(pred.get("sd_extra", 0.0)) ** 2)
        return density.or_impossible(
            ok, density.normal(data["value"], density.where_ok(ok, pred["value"]), se)
        )

    def draw(
        self,
        data: Mapping[str, np.ndarray],
        pred: Mapping[str, np.ndarray],
        rng: np.random.Generator,
    ) -> Arrays:
        """Replicate mean."""
        mu, se, extra = broadcast({"v": pred["value"]}, data["se"], pred.get("sd_extra", 0.0))
        return {"value": rng.normal(mu, np.hypot(se, extra))}


class GeometricMean(Statistic):
    """Geometric mean of n values with the SD of their logarithms (or a geometric SD factor).

    The exact analogue of `Mean` for log-normal values: the logarithms are normal. Columns:
    ``spread`` ``log_sd`` (natural log), or an interval of the geometric mean. The density is that
    of (mean of ln x, variance of ln x).

    ``pred``: ``value`` = exp(E ln x), the median; ``sd`` = SD of ln x; optional ``between_sd`` (0)
    on the log scale, as in `Mean`.
    """

    name = "geometric_mean"
    needs = ("value", "n")
    predicts = ("value", "sd")
    optional = ("between_sd",)
    reports = ("value", "spread")

    def prepare(self, columns: Columns) -> Arrays:
        """Log of the published mean, log variance, n, factor."""
        data = super().prepare(columns)
        self._refuse(~(data["value"] > 0), columns, "needs a value above zero")
        logs = {k: v for k, v in columns.items() if k not in ("low", "high")}
        kind = words(columns, "spread", data["n"].size)
        interval = np.isfinite(interval_level(kind))
        for bound in ("low", "high"):
            cell = column(columns, bound, data["n"].size)
            with np.errstate(invalid="ignore", divide="ignore"):
                logs[bound] = np.where(interval, np.log(cell), cell)
        sd, factor = standard_deviation(logs, data["n"])
        self._refuse(~(sd > 0), columns, "needs a log spread above zero (log_sd or ciNN)")
        return {
            "log_value": np.log(data["value"]),
            "n": data["n"],
            "variance": sd**2,
            "factor": factor,
        }

    def logp(self, data: Mapping[str, Any], pred: Mapping[str, Any]) -> Any:
        """Log-density of (log mean, log variance)."""
        ok = pt.and_(density.positive(pred["value"]), density.positive(pred["sd"]))
        mu = pt.log(density.where_ok(ok, pred["value"]))
        sigma = density.where_ok(ok, pred["sd"])
        mean = density.normal(data["log_value"], mu, _standard_error(sigma, data["n"], pred))
        return density.or_impossible(
            ok, mean + density.variance(data["variance"], sigma**2, data["n"])
        )

    def draw(
        self,
        data: Mapping[str, np.ndarray],
        pred: Mapping[str, np.ndarray],
        rng: np.random.Generator,
    ) -> Arrays:
        """Replicate geometric mean and log spread."""
        value, sigma, between, n, factor = broadcast(
            {k: pred[k] for k in self.predicts},
            pred.get("between_sd", 0.0),
            data["n"],
            data["factor"],
        )
        ok = (value > 0) & (sigma > 0)
        mu = np.log(np.where(ok, value, np.nan)) + between * rng.standard_normal(value.shape)
        mean, sd = _draw_moments(mu, np.where(ok, sigma, np.nan), n, rng)
        return {"value": np.exp(mean), "spread": sd * factor}

    def observe(self, data: Mapping[str, np.ndarray], replicate: Mapping[str, Any]) -> Arrays:
        """Log of the mean, and log variance."""
        variance = (np.asarray(replicate["spread"]) / data["factor"]) ** 2
        return {"log_value": np.log(replicate["value"]), "variance": variance}

    def published(self, data: Mapping[str, np.ndarray]) -> Arrays:
        """Geometric mean and log spread as published."""
        return {
            "value": np.exp(data["log_value"]),
            "spread": np.sqrt(data["variance"]) * data["factor"],
        }


class MeanLog(Mean):
    """Arithmetic mean of n positive, skewed values with their SD or SEM: moments to logs.

    With cv = s / m the moments of a log-normal give the log SD, sqrt(ln(1 + cv^2)), and the log
    of the median, ln m - ln(1 + cv^2) / 2 (Higgins, White & Anzures-Cabrera 2008,
    doi 10.1002/sim.3427, method 1). The pair is then scored as if it were the mean and the
    variance of the logs (`GeometricMean`).

    The match is not exact, because m and s of a skewed sample lean on its largest value: with a
    free ``sd`` it holds to a log SD of about 0.5 (SD half of the mean). The model takes the spread
    as known instead and widens it for that (`moment_log_sd`), which recovers the median to a log
    SD of 0.7 (docs/statistics_recovery.md). Rows with an SD above the mean (`SKEW_LIMIT`) are
    refused. The density is that of the two derived numbers.

    ``pred``: ``value`` = median (exp E ln x); ``sd`` = SD of ln x; optional ``between_sd`` (0) on
    the log scale, as in `Mean`.
    """

    name = "mean_log"

    def prepare(self, columns: Columns) -> Arrays:
        """Log median and log variance from the moments, n, and what `published` needs."""
        data = super().prepare(columns)
        value, variance = data["value"], data["variance"]
        self._refuse(~(value > 0), columns, "needs a value above zero")
        self._refuse(variance > (SKEW_LIMIT * value) ** 2, columns,
                     f"is not fit for an SD above {SKEW_LIMIT:g} of the mean")  # fmt: skip
        return {**data, **_log_moments(value, variance)}

    def logp(self, data: Mapping[str, Any], pred: Mapping[str, Any]) -> Any:
        """Log-density of (log median, log variance) from the moments."""
        logs = {"log_value": data["log_value"], "variance": data["log_variance"], "n": data["n"]}
        return GeometricMean().logp(logs, pred)

    def draw(
        self,
        data: Mapping[str, np.ndarray],
        pred: Mapping[str, np.ndarray],
        rng: np.random.Generator,
    ) -> Arrays:
        """Replicate mean and published spread (through the same moments)."""
        replicate = GeometricMean().draw({**data, "factor": np.ones(1)}, pred, rng)
        cv2 = np.expm1(replicate["spread"] ** 2)
        mean = replicate["value"] * np.sqrt(1.0 + cv2)
        return {"value": mean, "spread": mean * np.sqrt(cv2) * data["factor"]}

    def observe(self, data: Mapping[str, np.ndarray], replicate: Mapping[str, Any]) -> Arrays:
        """Mean and variance, and the log median and log variance from them."""
        found = super().observe(data, replicate)
        return {**found, **_log_moments(found["value"], found["variance"])}


def _log_moments(value: np.ndarray, variance: np.ndarray) -> Arrays:
    """Log variance and log median of log-normal values of this mean and variance."""
    log_variance = np.log1p(variance / value**2)
    return {"log_variance": log_variance, "log_value": np.log(value) - 0.5 * log_variance}


def _standard_error(sigma: Any, n: Any, pred: Mapping[str, Any]) -> Any:
    """SD of the mean of n values, with the SD between experiments where there is one."""
    return pt.sqrt(sigma**2 / n + pt.as_tensor(pred.get("between_sd", 0.0)) ** 2)


def _draw_moments(
    mu: np.ndarray, sigma: np.ndarray, n: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Sample mean and SD of n normal values, elementwise."""
    mean = mu + sigma / np.sqrt(n) * rng.standard_normal(mu.shape)
    return mean, sigma * np.sqrt(rng.chisquare(n - 1.0) / (n - 1.0))
