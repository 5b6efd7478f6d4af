"""Ratios, rates and hazard ratios with an interval: normal on the log scale."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytensor.tensor as pt

from metinfer.inference.statistics import density
from metinfer.inference.statistics.base import (
    DEFAULT_LOG_SE,
    Arrays,
    Columns,
    Statistic,
    broadcast,
    column,
    interval_level,
    normal_quantile,
    words,
)

#: Refused: an estimate further than this many standard errors from the log centre of its interval.
ASYMMETRY_LIMIT = 1.0


class Ratio(Statistic):
    """A positive number with its interval: ln value ~ Normal(ln prediction, SE).

    SE = (ln high - ln low) / (2 z), z from the interval's level (Altman & Bland 2011,
    doi 10.1136/bmj.d2090). The estimate stays where it was published; an interval made on
    another scale (t, exact, rounded) is asymmetric about it in logs and only lends its width, up
    to `ASYMMETRY_LIMIT` standard errors, beyond which the row is refused. A row without an
    interval has SE ln 2 (`DEFAULT_LOG_SE`) and is marked ``assumed``.

    ``pred``: ``value`` = ratio; optional ``between_sd`` (0), the SD between studies of the log
    ratio, added in quadrature; optional ``bias`` (0), added to the predicted log ratio.
    """

    name = "ratio"
    needs = ("value",)
    optional = ("between_sd", "bias")

    def prepare(self, columns: Columns) -> Arrays:
        """Log ratio and SE, the log step of the contrast, and whether the SE is assumed."""
        value = super().prepare(columns)["value"]
        low, high = column(columns, "low", value.size), column(columns, "high", value.size)
        spread = words(columns, "spread", value.size)
        level = interval_level(spread)
        assumed = np.isnan(level)
        self._refuse(~(value > 0), columns, "needs a value above zero")
        self._refuse(assumed & (spread != "none"), columns, "needs spread ci95, ci90 or none")
        self._refuse(~assumed & ~((low > 0) & (low < high)), columns, "needs 0 < low < high")
        low, high = np.where(assumed, value, low), np.where(assumed, value, high)
        se = np.log(high / low) / (2.0 * normal_quantile(np.where(assumed, 0.95, level)))
        se = np.where(assumed, DEFAULT_LOG_SE, se)
        off = np.abs(np.log(value) - 0.5 * np.log(low * high)) / se
        self._refuse(
            off > ASYMMETRY_LIMIT, columns, "has an estimate far from its interval's centre"
        )
        return {
            "log_value": np.log(value), "se": se, "step": self._step(columns, value.size),
            "assumed": assumed.astype(float),
        }  # fmt: skip

    def logp(self, data: Mapping[str, Any], pred: Mapping[str, Any]) -> Any:
        """Log-density of the log ratio."""
        ok, mu = log_prediction(data, pred)
        se = pt.sqrt(data["se"] ** 2 + pt.as_tensor(pred.get("between_sd", 0.0)) ** 2)
        return density.or_impossible(ok, density.normal(data["log_value"], mu, se))

    def draw(
        self,
        data: Mapping[str, np.ndarray],
        pred: Mapping[str, np.ndarray],
        rng: np.random.Generator,
    ) -> Arrays:
        """Replicate ratio."""
        value, bias, extra, se, step = broadcast(
            {"v": pred["value"]}, pred.get("bias", 0.0), pred.get("between_sd", 0.0),
            data["se"], data["step"],
        )  # fmt: skip
        mu = step * np.log(np.where(value > 0, value, np.nan)) + bias
        return {"value": np.exp(rng.normal(mu, np.hypot(se, extra)))}

    def published(self, data: Mapping[str, np.ndarray]) -> Arrays:
        """Published ratio."""
        return {"value": np.exp(data["log_value"])}

    def _step(self, columns: Columns, size: int) -> np.ndarray:
        """Log step (row,) by which the predicted log ratio is multiplied; 1 for two groups."""
        return np.ones(size)


class RiskRatio(Ratio):
    """Risk ratio against the reference arm, with its interval; see `Ratio`."""

    name = "risk_ratio"


class OddsRatio(Ratio):
    """Odds ratio against the reference arm, with its interval; see `Ratio`."""

    name = "odds_ratio"


class Rate(Ratio):
    """A rate with its interval: log-normal; see `Ratio`."""

    name = "rate"


class HazardRatio(Ratio):
    """Hazard ratio between groups, per ln unit or per doubling of a marker.

    ln HR ~ Normal(step x ln prediction + bias, SE). The prediction is the *marginal* hazard ratio
    over follow-up (`marginal_log_hazard_ratio`): between the two arms for ``contrast`` groups
    (step 1), per ln unit of the marker for per_ln (step 1) and per_doubling (step ln 2).

    ``pred``: ``value`` = hazard ratio; optional ``bias``, the log bias of an observational
    comparison on the published scale (confounding; a free unknown with its own prior); optional
    ``between_sd``.
    """

    name = "hazard_ratio"

    def _step(self, columns: Columns, size: int) -> np.ndarray:
        contrast = words(columns, "contrast", size, "groups")
        unknown = ~np.isin(contrast, ["groups", "per_ln", "per_doubling"])
        self._refuse(unknown, columns, "needs contrast groups, per_ln or per_doubling")
        return np.where(contrast == "per_doubling", np.log(2.0), 1.0)


def log_prediction(data: Mapping[str, Any], pred: Mapping[str, Any]) -> tuple[Any, Any]:
    """Whether the predicted ratio is possible, and its log on the published contrast scale."""
    bias = pt.as_tensor(pred.get("bias", 0.0))
    ok = pt.and_(density.positive(pred["value"]), density.finite(bias))
    mu = data["step"] * pt.log(density.where_ok(ok, pred["value"])) + density.where_ok(
        ok, bias, 0.0
    )
    return ok, mu
