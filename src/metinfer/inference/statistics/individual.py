"""Values of single animals or people, with detection limits of their own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytensor.tensor as pt

from metinfer.inference.statistics import density
from metinfer.inference.statistics.base import Arrays, Columns, Statistic, broadcast, column


class Individual(Statistic):
    """One value, normal about the prediction; exact, or known only to lie within limits.

    An exact value has its density; a value below ``lod`` (or with only ``high``) has Phi at the
    limit, one above ``low`` has 1 - Phi, one between ``low`` and ``high`` the difference, each
    in log space (Helsel 2012, Statistics for Censored Environmental Data, ch. 4).

    ``pred``: ``value`` = mean; ``sd`` = SD between individuals, measurement error included.
    """

    name = "individual"
    needs = ()
    predicts = ("value", "sd")
    log = False

    def prepare(self, columns: Columns) -> Arrays:
        """Limits (row,), and flags (0 or 1): exact, open to the left, open to the right."""
        size = max(np.size(columns[k]) for k in ("value", "low", "high", "lod") if k in columns)
        value, low, high, lod = (column(columns, k, size) for k in ("value", "low", "high", "lod"))
        exact = np.isfinite(value)
        high = np.where(np.isnan(high), lod, high)
        left, right = ~exact & np.isnan(low), ~exact & np.isnan(high)
        self._refuse(left & right, columns, "needs value, lod, low or high")
        low = np.where(exact, value, np.where(left, high, low))
        high = np.where(exact, value, np.where(right, low, high))
        self._refuse(~exact & ~left & ~right & ~(low < high), columns, "needs low < high")
        if self.log:
            self._refuse(~(np.minimum(low, high) > 0), columns, "needs numbers above zero")
        flags = {"exact": exact, "left": left, "right": right}
        return {
            "value": 0.5 * (low + high),
            "low": low,
            "high": high,
            **{k: v.astype(float) for k, v in flags.items()},
        }

    def logp(self, data: Mapping[str, Any], pred: Mapping[str, Any]) -> Any:
        """Log-density of an exact value, log-probability of a censored one."""
        ok, mu, sigma = location_scale(pred, self.log)
        low, high = (pt.log(data[k]) if self.log else data[k] for k in ("low", "high"))
        a, b = (low - mu) / sigma, (high - mu) / sigma
        exact = density.normal(low, mu, sigma) - (low if self.log else 0.0)
        between = pt.and_(pt.eq(data["left"], 0.0), pt.eq(data["right"], 0.0))
        between = pt.and_(between, pt.eq(data["exact"], 0.0))
        inside = density.log_ndtr_between(pt.switch(between, a, 0.0), pt.switch(between, b, 1.0))
        censored = pt.switch(
            pt.eq(data["left"], 1.0),
            density.log_ndtr(b),
            pt.switch(pt.eq(data["right"], 1.0), density.log_ndtr(-a), inside),
        )
        return density.or_impossible(ok, pt.switch(pt.eq(data["exact"], 1.0), exact, censored))

    def draw(
        self,
        data: Mapping[str, np.ndarray],
        pred: Mapping[str, np.ndarray],
        rng: np.random.Generator,
    ) -> Arrays:
        """Replicate value, reported as the limit where it falls beyond a one-sided limit."""
        value, sigma, low, high, left, right = broadcast(
            {k: pred[k] for k in self.predicts},
            *(data[k] for k in ("low", "high", "left", "right")),
        )
        ok = (sigma > 0) & ((value > 0) | (not self.log))
        z = rng.standard_normal(np.shape(value)) * np.where(ok, sigma, np.nan)
        x = np.where(ok, value, np.nan) * np.exp(z) if self.log else value + z
        x = np.where(left == 1, np.maximum(x, high), x)
        return {"value": np.where(right == 1, np.minimum(x, low), x)}

    def published(self, data: Mapping[str, np.ndarray]) -> Arrays:
        """Value as published; a one-sided limit itself, the middle of a two-sided one."""
        return {"value": 0.5 * (np.asarray(data["low"]) + np.asarray(data["high"]))}

    def observe(self, data: Mapping[str, np.ndarray], replicate: Mapping[str, Any]) -> Arrays:
        """A value at the limit of a one-sided row is censored there, every other is exact.

        A two-sided row that reports its middle stays as it is.
        """
        value = np.asarray(replicate["value"], dtype=float)
        low, high = np.asarray(data["low"]), np.asarray(data["high"])
        inside = (low < high) & (value == 0.5 * (low + high))
        censored = ((value == low) & (data["left"] + data["right"] > 0)) | inside
        flags = {k: np.where(censored, data[k], 0.0) for k in ("left", "right")}
        return {
            "value": value,
            "low": np.where(inside, low, value),
            "high": np.where(inside, high, value),
            "exact": np.where(censored, 0.0, 1.0),
            **flags,
        }


class IndividualLog(Individual):
    """One positive value, log-normal about the prediction; limits as in `Individual`.

    ``pred``: ``value`` = median; ``sd`` = SD of ln x.
    """

    name = "individual_log"
    log = True


def location_scale(pred: Mapping[str, Any], log: bool) -> tuple[Any, Any, Any]:
    """Whether the prediction is possible, its location on the (log) scale, and its SD there."""
    value, sd = pred["value"], pred["sd"]
    fit = density.positive(value) if log else density.finite(value)
    ok = pt.and_(fit, density.positive(sd))
    value, sigma = density.where_ok(ok, value), density.where_ok(ok, sd)
    return ok, pt.log(value) if log else value, sigma
