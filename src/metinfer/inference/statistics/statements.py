"""Statements without a number of their own: one-sided bounds and orderings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytensor.tensor as pt
from scipy import special

from metinfer.inference.statistics import density
from metinfer.inference.statistics.base import Arrays, Columns, Statistic, broadcast, column

#: SD of reading a limit off a figure or a sentence, as a share of the limit.
READING_ERROR = 0.1
#: Log difference between two arms below which their order is a matter of chance.
TOLERANCE = 0.1


class Bound(Statistic):
    """At least ``low``, or at most ``high``, stated with a confidence (``value``).

    The statement holds with probability P = Phi((prediction - low) / error), or the mirror
    image for ``high``; the likelihood of its having been made is c P + (1 - c)(1 - P)
    (Mitra & Hlavacek 2020, doi 10.1093/bioinformatics/btaa084). ``error`` is the column of that
    name, else `READING_ERROR` of the limit.

    ``pred``: ``value`` = the bounded quantity.
    """

    name = "bound"
    needs = ("value",)
    reports = ("satisfied",)

    def prepare(self, columns: Columns) -> Arrays:
        """Confidence, limit, direction (1 at least, -1 at most) and reading error."""
        confidence = super().prepare(columns)["value"]
        size = confidence.size
        low, high = column(columns, "low", size), column(columns, "high", size)
        self._refuse(np.isnan(low) == np.isnan(high), columns, "needs low or high, not both")
        _check_confidence(self, confidence, columns)
        limit = np.where(np.isnan(low), high, low)
        scale = np.where(limit == 0.0, 1.0, np.abs(limit))
        error = column(columns, "error", size)
        return {
            "confidence": confidence,
            "limit": limit,
            "direction": np.where(np.isnan(low), -1.0, 1.0),
            "error": np.where(error > 0, error, READING_ERROR * scale),
        }

    def logp(self, data: Mapping[str, Any], pred: Mapping[str, Any]) -> Any:
        """Log-probability of the statement."""
        ok = density.finite(pred["value"])
        value = density.where_ok(ok, pred["value"])
        z = data["direction"] * (value - data["limit"]) / data["error"]
        return density.or_impossible(ok, statement(z, data["confidence"]))

    def draw(
        self,
        data: Mapping[str, np.ndarray],
        pred: Mapping[str, np.ndarray],
        rng: np.random.Generator,
    ) -> Arrays:
        """1 where a replicate of the statement reads the same, else 0."""
        value, limit, direction, error, sure = broadcast(
            {"v": pred["value"]}, *(data[k] for k in ("limit", "direction", "error", "confidence"))
        )
        return {"satisfied": _draw(direction * (value - limit) / error, sure, rng)}

    def published(self, data: Mapping[str, np.ndarray]) -> Arrays:
        """Ones: the statement was made."""
        return {"satisfied": np.ones(np.shape(data["confidence"]))}

    def observe(self, data: Mapping[str, np.ndarray], replicate: Mapping[str, Any]) -> Arrays:
        """A statement that was not made has the complementary confidence."""
        return {"confidence": _believed(data["confidence"], replicate["satisfied"])}


class Ordered(Statistic):
    """The arm lies above the reference arm, stated with a confidence (``value``).

    As `Bound`, with P = Phi(d / tolerance), d = 2 (a - b) / (a + b): the log ratio where a and b
    are near, bounded where one is zero. ``tolerance`` is the column of that name, else
    `TOLERANCE`.

    ``pred``: ``value`` = a, the arm; ``reference`` = b, the reference arm; neither below zero.
    """

    name = "ordered"
    needs = ("value",)
    predicts = ("value", "reference")
    reports = ("satisfied",)

    def prepare(self, columns: Columns) -> Arrays:
        """Confidence and tolerance."""
        confidence = super().prepare(columns)["value"]
        _check_confidence(self, confidence, columns)
        tolerance = column(columns, "tolerance", confidence.size, TOLERANCE)
        self._refuse(~(tolerance > 0), columns, "needs a tolerance above zero")
        return {"confidence": confidence, "tolerance": tolerance}

    def logp(self, data: Mapping[str, Any], pred: Mapping[str, Any]) -> Any:
        """Log-probability of the statement."""
        a, b = pred["value"], pred["reference"]
        ok = pt.and_(pt.and_(pt.ge(a, 0.0), pt.ge(b, 0.0)), density.finite(a + b))
        a, b = density.where_ok(ok, a), density.where_ok(ok, b)
        total = pt.switch(pt.gt(a + b, 0.0), a + b, 1.0)
        return density.or_impossible(
            ok, statement(2.0 * (a - b) / total / data["tolerance"], data["confidence"])
        )

    def draw(
        self,
        data: Mapping[str, np.ndarray],
        pred: Mapping[str, np.ndarray],
        rng: np.random.Generator,
    ) -> Arrays:
        """1 where a replicate of the statement reads the same, else 0."""
        a, b, tolerance, sure = broadcast(
            {k: pred[k] for k in self.predicts}, data["tolerance"], data["confidence"]
        )
        ok = (a >= 0) & (b >= 0)
        total = np.where(ok & (a + b > 0), a + b, 1.0)
        z = np.where(ok, 2.0 * (a - b) / total / tolerance, np.nan)
        return {"satisfied": _draw(z, sure, rng)}

    def published(self, data: Mapping[str, np.ndarray]) -> Arrays:
        """Ones: the statement was made."""
        return {"satisfied": np.ones(np.shape(data["confidence"]))}

    def observe(self, data: Mapping[str, np.ndarray], replicate: Mapping[str, Any]) -> Arrays:
        """A statement that was not made has the complementary confidence."""
        return {"confidence": _believed(data["confidence"], replicate["satisfied"])}


def statement(z: Any, confidence: Any) -> Any:
    """ln[c Phi(z) + (1 - c) Phi(-z)], also for c = 1 (and for c = 0: it was not made)."""
    certain, never = pt.ge(confidence, 1.0), pt.le(confidence, 0.0)
    sure = pt.log(pt.switch(never, 1.0, confidence)) + density.log_ndtr(z)
    doubt = pt.log(pt.switch(certain, 1.0, 1.0 - confidence)) + density.log_ndtr(-z)
    return pt.switch(certain, sure, pt.switch(never, doubt, pt.logaddexp(sure, doubt)))


def _believed(confidence: Any, satisfied: Any) -> np.ndarray:
    return np.where(np.asarray(satisfied) > 0, confidence, 1.0 - np.asarray(confidence))


def _check_confidence(statistic: Statistic, confidence: np.ndarray, columns: Columns) -> None:
    wrong = ~((confidence > 0.5) & (confidence <= 1.0))
    statistic._refuse(wrong, columns, "needs a confidence (value) above 0.5 and at most 1")


def _draw(z: np.ndarray, confidence: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    p = special.ndtr(z)
    p = confidence * p + (1.0 - confidence) * (1.0 - p)
    return np.where(np.isnan(p), np.nan, (rng.random(np.shape(p)) < p).astype(float))
