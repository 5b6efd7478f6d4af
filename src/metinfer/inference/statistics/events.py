"""Events over time: interval tables, survival at a time, rates."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytensor.tensor as pt

from metinfer.inference.statistics import density
from metinfer.inference.statistics.base import (
    Arrays,
    Columns,
    Statistic,
    broadcast,
    column,
    interval_level,
    normal_quantile,
    words,
)
from metinfer.inference.statistics.counts import binomial, draw_binomial

#: Cumulative hazards closer than this times their size count as equal: solver noise, not a fall.
HAZARD_NOISE = 1e-9


class IntervalPersonTime(Statistic):
    """Events in one interval with its person-time: Poisson(person_time x mean hazard).

    The mean hazard is (H(end) - H(start)) / width, H = -ln S the predicted cumulative hazard. A
    hazard constant within the interval gives the exact likelihood (Holford 1980,
    doi 10.2307/2529982); the factor that depends only on the data is kept, so it is a log-mass.

    Columns: ``events``, ``person_time``, ``start``, ``end`` (one unit of time for all three).
    ``pred``: ``start``, ``end`` = H at the two bounds.
    """

    name = "interval_person_time"
    needs = ("events", "person_time", "start", "end")
    predicts = ("start", "end")
    reports = ("events",)

    def prepare(self, columns: Columns) -> Arrays:
        """Events, and exposure as a multiple of the interval's width."""
        data = super().prepare(columns)
        width = data["end"] - data["start"]
        self._refuse(~(width > 0), columns, "needs start < end")
        self._refuse(~(data["person_time"] > 0), columns, "needs person_time above zero")
        return {"events": data["events"], "exposure": data["person_time"] / width}

    def logp(self, data: Mapping[str, Any], pred: Mapping[str, Any]) -> Any:
        """Log-mass of the number of events."""
        ok, hazard = _increment(pred["start"], pred["end"])
        k = data["events"]
        ok = pt.and_(ok, pt.or_(pt.eq(k, 0.0), pt.gt(hazard, 0.0)))
        mean = density.where_ok(ok, data["exposure"] * hazard)
        return density.or_impossible(ok, density.poisson(k, mean))

    def draw(
        self,
        data: Mapping[str, np.ndarray],
        pred: Mapping[str, np.ndarray],
        rng: np.random.Generator,
    ) -> Arrays:
        """Replicate number of events, given the person-time."""
        start, end, exposure = broadcast({k: pred[k] for k in self.predicts}, data["exposure"])
        mean = exposure * np.maximum(end - start, 0.0)
        ok = np.isfinite(mean)
        return {"events": np.where(ok, rng.poisson(np.where(ok, mean, 0.0)), np.nan)}


class IntervalAtRisk(Statistic):
    """Events among those at risk at the start of an interval: actuarial binomial.

    Withdrawals are taken to leave half-way: they count half, so k of n' = n - c / 2 with
    probability 1 - exp(-(H(end) - H(start))) (Cutler & Ederer 1958,
    doi 10.1016/0021-9681(58)90126-7; Kalbfleisch & Prentice 2002, ch. 1). The same value follows
    from letting each withdrawal survive half of the interval's hazard.

    Columns: ``events``, ``at_risk``, ``censored`` (0). ``pred``: ``start``, ``end`` = H = -ln S.
    """

    name = "interval_at_risk"
    needs = ("events", "at_risk")
    predicts = ("start", "end")
    reports = ("events",)

    def prepare(self, columns: Columns) -> Arrays:
        """Events and the effective number at risk."""
        data = super().prepare(columns)
        censored = column(columns, "censored", data["events"].size, 0.0)
        self._refuse(~(data["events"] + censored <= data["at_risk"]), columns,
                     "needs events + censored <= at_risk")  # fmt: skip
        return {"events": data["events"], "n": data["at_risk"] - 0.5 * censored}

    def logp(self, data: Mapping[str, Any], pred: Mapping[str, Any]) -> Any:
        """Log-mass of the number of events."""
        ok, hazard = _increment(pred["start"], pred["end"])
        k, n = data["events"], data["n"]
        ok = pt.and_(ok, pt.or_(pt.eq(k, 0.0), pt.gt(hazard, 0.0)))
        hazard = density.where_ok(ok, hazard)
        logp = density.log_choose(n, k) + density.xlogy(k, -pt.expm1(-hazard)) - (n - k) * hazard
        return density.or_impossible(ok, logp)

    def draw(
        self,
        data: Mapping[str, np.ndarray],
        pred: Mapping[str, np.ndarray],
        rng: np.random.Generator,
    ) -> Arrays:
        """Replicate number of events among the effective number at risk."""
        start, end, n = broadcast({k: pred[k] for k in self.predicts}, data["n"])
        return {"events": draw_binomial(n, -np.expm1(-np.maximum(end - start, 0.0)), rng)}


class Survival(Statistic):
    """Share event-free at a time, with its interval: normal on the complementary log-log scale.

    ln(-ln S) has SE (ln(-ln low) - ln(-ln high)) / (2 z): this scale keeps S within (0, 1) and
    is the closest to normal (Kalbfleisch & Prentice 2002, section 1.4.1). The published interval
    need not have been made on this scale; only its width is used.

    ``pred``: ``value`` = S; optional ``between_sd`` (0) on the same scale.
    """

    name = "survival"
    needs = ("value", "low", "high")
    optional = ("between_sd",)
    incidence = False

    def prepare(self, columns: Columns) -> Arrays:
        """Share on the log-log scale and its standard error."""
        data = super().prepare(columns)
        ok = (data["low"] > 0) & (data["low"] < data["high"]) & (data["high"] < 1)
        ok &= (data["value"] > 0) & (data["value"] < 1)
        self._refuse(~ok, columns, "needs 0 < low < high < 1 and 0 < value < 1")
        level = interval_level(words(columns, "spread", ok.size, "ci95"))
        self._refuse(np.isnan(level), columns, "needs spread ciNN")
        free = {k: 1.0 - v if self.incidence else v for k, v in data.items()}
        width = np.abs(_cloglog(free["high"]) - _cloglog(free["low"]))
        se = width / (2.0 * normal_quantile(level))
        return {"value": data["value"], "cloglog": _cloglog(free["value"]), "se": se}

    def logp(self, data: Mapping[str, Any], pred: Mapping[str, Any]) -> Any:
        """Log-density of ln(-ln S)."""
        value = 1.0 - pred["value"] if self.incidence else pred["value"]
        ok = pt.and_(pt.gt(value, 0.0), pt.lt(value, 1.0))
        mu = pt.log(-pt.log(density.where_ok(ok, value, 0.5)))
        se = pt.sqrt(data["se"] ** 2 + pt.as_tensor(pred.get("between_sd", 0.0)) ** 2)
        return density.or_impossible(ok, density.normal(data["cloglog"], mu, se))

    def draw(
        self,
        data: Mapping[str, np.ndarray],
        pred: Mapping[str, np.ndarray],
        rng: np.random.Generator,
    ) -> Arrays:
        """Replicate share."""
        value, se, extra = broadcast({"v": pred["value"]}, data["se"], pred.get("between_sd", 0.0))
        value = np.where((value > 0) & (value < 1), value, np.nan)
        mu = _cloglog(1.0 - value if self.incidence else value)
        free = np.exp(-np.exp(rng.normal(mu, np.hypot(se, extra))))
        return {"value": 1.0 - free if self.incidence else free}

    def observe(self, data: Mapping[str, np.ndarray], replicate: Mapping[str, Any]) -> Arrays:
        """Share, and the same on the log-log scale."""
        value = np.asarray(replicate["value"], dtype=float)
        return {"value": value, "cloglog": _cloglog(1.0 - value if self.incidence else value)}


class CumulativeIncidence(Survival):
    """Share with the event by a time, with its interval; as `Survival` on 1 - S.

    ``pred``: ``value`` = cumulative incidence; optional ``between_sd``.
    """

    name = "cumulative_incidence"
    incidence = True


class SurvivalN(Statistic):
    """Share event-free at a time with n: binomial with n as the effective sample size.

    Without censoring this is exact; with it, n should be the effective size, S (1 - S) / var(S)
    by Greenwood's variance (Cutler & Ederer 1958). n (1 - S) need not be a whole number.

    ``pred``: ``value`` = S.
    """

    name = "survival_n"
    needs = ("value", "n")

    def prepare(self, columns: Columns) -> Arrays:
        """Share and n."""
        data = super().prepare(columns)
        self._refuse(~((data["value"] >= 0) & (data["value"] <= 1)), columns,
                     "needs 0 <= value <= 1")  # fmt: skip
        return data

    def logp(self, data: Mapping[str, Any], pred: Mapping[str, Any]) -> Any:
        """Log-mass of n x value of n."""
        return binomial(data["n"] * data["value"], data["n"], pred["value"])

    def draw(
        self,
        data: Mapping[str, np.ndarray],
        pred: Mapping[str, np.ndarray],
        rng: np.random.Generator,
    ) -> Arrays:
        """Replicate share."""
        p, n = broadcast({"p": pred["value"]}, data["n"])
        return {"value": draw_binomial(n, p, rng) / n}


class CumulativeIncidenceN(SurvivalN):
    """Share with the event by a time with n: binomial with n as the effective sample size."""

    name = "cumulative_incidence_n"


class RateEvents(Statistic):
    """Events in a person-time: Poisson(rate x person_time).

    ``pred``: ``value`` = rate, per unit of ``person_time``.
    """

    name = "rate_events"
    needs = ("events", "person_time")
    reports = ("events",)

    def logp(self, data: Mapping[str, Any], pred: Mapping[str, Any]) -> Any:
        """Log-mass of the number of events."""
        k, rate = data["events"], pred["value"]
        ok = pt.and_(pt.and_(pt.ge(rate, 0.0), pt.lt(rate, np.inf)),
                     pt.or_(pt.eq(k, 0.0), pt.gt(rate, 0.0)))  # fmt: skip
        mean = density.where_ok(ok, data["person_time"] * rate)
        return density.or_impossible(ok, density.poisson(k, mean))

    def draw(
        self,
        data: Mapping[str, np.ndarray],
        pred: Mapping[str, np.ndarray],
        rng: np.random.Generator,
    ) -> Arrays:
        """Replicate number of events."""
        rate, time = broadcast({"v": pred["value"]}, data["person_time"])
        ok = (rate >= 0) & np.isfinite(rate)
        return {"events": np.where(ok, rng.poisson(np.where(ok, rate, 0.0) * time), np.nan)}


def _increment(start: Any, end: Any) -> tuple[Any, Any]:
    """Whether the hazard between two bounds is possible, and its size (never below zero)."""
    hazard = end - start
    ok = pt.and_(
        pt.and_(pt.ge(start, 0.0), pt.lt(end, np.inf)), pt.ge(hazard, -HAZARD_NOISE * (1.0 + end))
    )
    return ok, pt.maximum(density.where_ok(ok, hazard), 0.0)


def _cloglog(share: np.ndarray) -> np.ndarray:
    return np.log(-np.log(share))
