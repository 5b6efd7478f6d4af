"""Ratios, rates and hazard ratios with an interval: normal on the log scale."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

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
    doi 10.1136/bmj.d2304). The estimate stays where it was published; an interval made on
    another scale (t, exact, rounded) is asymmetric about it in logs and only lends its width, up
    to `ASYMMETRY_LIMIT` standard errors, beyond which the row is refused. A row without an
    interval has SE ln 2 (`DEFAULT_LOG_SE`) and is marked ``assumed``.

    ``pred``: ``value`` = ratio; optional ``between_sd`` (0), the SD between studies of the log
    ratio, added in quadrature; optional ``bias`` (0), added to the predicted log ratio.
    """

    name = "ratio"
    needs = ("value",)
    optional: ClassVar[tuple[str, ...]] = ("between_sd", "bias")

    def prepare(self, columns: Columns) -> Arrays:
        """Log ratio and SE, the log step of the contrast, and whether the SE is assumed."""
        value = super().prepare(columns)["value"]
        low, high = column(columns, "low", value.size), column(columns, "high", value.size)
        spread = words(columns, "spread", value.size)
        level = interval_level(spread)
        assumed = np.isnan(level)
        self._refuse(~(value > 0), columns, "needs a value above zero")
        self._refuse(assumed & (spread != "none"), columns, "needs spread ciNN or none")
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
        """Ratio as published."""
        return {"value": np.exp(data["log_value"])}

    def observe(self, data: Mapping[str, np.ndarray], replicate: Mapping[str, Any]) -> Arrays:
        """Log of the ratio."""
        return {"log_value": np.log(replicate["value"])}

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


@dataclass(frozen=True)
class SharedControl:
    """Rows that share a control: which, and the part of their variance that is the control's.

    Attributes
    ----------
    order, back : ndarray of int (row,)
        Permutation that sorts the rows by group, and its inverse.
    start : ndarray of int (row,)
        For each sorted row, where its group starts.
    control_se : ndarray (row,)
        Standard error of the log of the control, in sorted order.
    """

    order: np.ndarray
    back: np.ndarray
    start: np.ndarray
    control_se: np.ndarray


def share_control(
    group: np.ndarray, se: np.ndarray, control_se: np.ndarray | None = None
) -> SharedControl:
    """Index rows (row,) by the control they share.

    Where the control's own standard error is unknown (None or NaN), it is given half of the
    smallest variance in its group, which is right for arms of equal size and spread. A known one
    is kept below the smallest standard error.
    """
    _, index = np.unique(np.asarray(group), return_inverse=True)
    order = np.argsort(index, kind="stable")
    index = index[order]
    smallest = np.array([np.min(np.asarray(se)[order][index == g]) for g in range(index.max() + 1)])
    known = np.full(index.size, np.nan) if control_se is None else np.asarray(control_se)[order]
    own = np.where(np.isnan(known), np.sqrt(0.5) * smallest[index], known)
    first = np.searchsorted(index, index)
    return SharedControl(order, np.argsort(order), first, np.minimum(own, 0.99 * smallest[index]))


def shared_control_logp(
    data: Mapping[str, Any], pred: Mapping[str, Any], shared: SharedControl
) -> Any:
    """Joint log-density of log ratios, as conditionals (row,) that sum to it within each group.

    Residuals of ratios to one control have covariance diag(a^2) + c^2 1 1', c the control's SE,
    a^2 = SE^2 - c^2 + between_sd^2 (Gleser & Olkin 2009, Handbook of Research Synthesis, ch. 19).
    Given the earlier rows of its group the common error is normal, with precision
    P = 1 / c^2 + sum 1 / a^2 and mean (sum residual / a^2) / P (rank-one update): two running sums
    replace a matrix. ``data`` and ``pred`` as in `Ratio`; with ``weight`` (1) in ``pred``, a row
    of weight 0 tells its group nothing.
    """
    ok, mu = log_prediction(data, pred)
    weight = pt.as_tensor(pred.get("weight", 1.0)) + pt.zeros_like(mu)
    extra = pt.as_tensor(pred.get("between_sd", 0.0)) + pt.zeros_like(mu)
    residual = (data["log_value"] - mu)[shared.order]
    c2 = shared.control_se**2
    a2 = pt.as_tensor(data["se"])[shared.order] ** 2 - c2 + extra[shared.order] ** 2
    known = weight[shared.order] / a2
    precision = 1.0 / c2 + _before(known, shared.start)
    mean = _before(pt.where(pt.gt(known, 0.0), residual, 0.0) * known, shared.start) / precision
    logp = density.normal(residual, mean, pt.sqrt(a2 + 1.0 / precision))
    return density.or_impossible(ok, logp[shared.back])


def shared_control_draw(
    data: Mapping[str, np.ndarray],
    pred: Mapping[str, np.ndarray],
    shared: SharedControl,
    rng: np.random.Generator,
) -> Arrays:
    """Replicate ratios (..., row) whose errors share the control's."""
    value, bias, extra, se, step = broadcast(
        {"v": pred["value"]},
        pred.get("bias", 0.0),
        pred.get("between_sd", 0.0),
        data["se"],
        data["step"],
    )
    c = shared.control_se[shared.back]
    common = rng.standard_normal(value.shape)[..., shared.start][..., shared.back] * c
    own = rng.standard_normal(value.shape) * np.sqrt(se**2 - c**2 + extra**2)
    mu = step * np.log(np.where(value > 0, value, np.nan)) + bias
    return {"value": np.exp(mu + common + own)}


class SharedRatio(Ratio):
    """Ratios of one kind, some of which share a control: scored jointly, not as independent.

    ``pred`` as in the statistic it is made from; optional ``weight`` (row,), see
    `shared_control_logp`.
    """

    optional: ClassVar[tuple[str, ...]] = ("between_sd", "bias", "weight")

    def __init__(self, base: Ratio, shared: SharedControl) -> None:
        self.base, self.shared = base, shared
        self.name = base.name  # type: ignore[misc]

    def logp(self, data: Mapping[str, Any], pred: Mapping[str, Any]) -> Any:
        """Log-density of each log ratio, given the earlier ones of its control."""
        return shared_control_logp(data, pred, self.shared)

    def draw(
        self,
        data: Mapping[str, np.ndarray],
        pred: Mapping[str, np.ndarray],
        rng: np.random.Generator,
    ) -> Arrays:
        """Replicate ratios, with the control's error in common."""
        return shared_control_draw(data, pred, self.shared, rng)


def sharing(base: Ratio, data: Mapping[str, np.ndarray], controls: Sequence[Hashable]) -> Ratio:
    """`base`, or its joint form where two rows have the same entry in `controls` (row,)."""
    places = {control: i for i, control in enumerate(dict.fromkeys(controls))}
    if len(places) == len(controls):
        return base
    return SharedRatio(base, share_control(np.array([places[c] for c in controls]), data["se"]))


def _before(x: Any, start: np.ndarray) -> Any:
    """Sum of the earlier entries of the same group (row,)."""
    at = np.arange(len(start))
    earlier = (at[None, :] < at[:, None]) & (at[None, :] >= np.asarray(start)[:, None])
    return pt.switch(earlier, x[None, :], 0.0).sum(axis=1)


def log_prediction(data: Mapping[str, Any], pred: Mapping[str, Any]) -> tuple[Any, Any]:
    """Whether the predicted ratio is possible, and its log on the published contrast scale."""
    bias = pt.as_tensor(pred.get("bias", 0.0))
    ok = pt.and_(density.positive(pred["value"]), density.finite(bias))
    mu = data["step"] * pt.log(density.where_ok(ok, pred["value"])) + density.where_ok(
        ok, bias, 0.0
    )
    return ok, mu
