"""Simulated individuals and the summaries that a paper would print of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from metinfer.evidence.vocabulary import SKEW_LIMIT
from metinfer.inference.statistics import (
    marginal_log_hazard_ratio,
    moment_log_sd,
    pivot_inflation,
)

#: 400 would do for an aim of 85 to 95 %, but one line in twenty would then miss it by chance.
REPEATS = 600

Columns = dict[str, np.ndarray]


@dataclass(frozen=True)
class Unknown:
    """One unknown: its grid, its truth (or one per repeat), and whether the grid is in logs."""

    truth: float | np.ndarray
    low: float
    high: float
    log: bool = True

    def grid(self, nodes: int) -> np.ndarray:
        """Nodes from low to high (node,)."""
        if self.log:
            return np.geomspace(self.low, self.high, nodes)
        return np.linspace(self.low, self.high, nodes)


@dataclass(frozen=True)
class Setting:
    """A statistic, what is simulated, the unknowns, and how they become predictions."""

    statistic: str
    text: str
    simulate: Callable[[np.random.Generator], Columns]
    unknowns: dict[str, Unknown]
    fixed: dict[str, float] = field(default_factory=dict)
    predict: Callable[[Columns, Columns], Columns] | None = None
    rows: int = 1
    nodes: int = 0


def text_column(word: str, size: int = REPEATS) -> np.ndarray:
    return np.full(size, word, dtype=object)


def constant(value: float, size: int = REPEATS) -> np.ndarray:
    return np.full(size, float(value))


VALUE = {"value": Unknown(3.0, 0.3, 30.0), "sd": Unknown(0.8, 0.08, 12.0)}
LEVEL = {"value": Unknown(3.0, -4.0, 10.0, log=False), "sd": Unknown(0.8, 0.08, 12.0)}
#: Rounded quartiles take few values: at one truth their coverage jumps, so truths are spread.
SPREADS = np.geomspace(0.5, 1.3, REPEATS)
ROUNDED = {"value": Unknown(3.0, 1.5, 4.5, log=False), "sd": Unknown(SPREADS, 0.2, 3.2)}
ROUNDED_LOG = {"value": Unknown(3.0, 1.0, 9.0), "sd": Unknown(SPREADS, 0.2, 3.2)}
NARROW = {"value": Unknown(3.0, 1.5, 4.5, log=False), "sd": Unknown(0.8, 0.2, 3.2)}


def normal_values(n: int, rng: np.random.Generator) -> np.ndarray:
    return rng.normal(3.0, 0.8, (REPEATS, n))


def log_values(n: int, sd: float, rng: np.random.Generator) -> np.ndarray:
    return 3.0 * np.exp(rng.normal(0.0, sd, (REPEATS, n)))


def mean_row(x: np.ndarray) -> Columns:
    n = x.shape[1]
    return {"value": x.mean(1), "low": x.std(1, ddof=1) / np.sqrt(n), "n": constant(n),
            "spread": text_column("sem")}  # fmt: skip


def spread_values(n: int, rng: np.random.Generator) -> np.ndarray:
    """Normal values of mean 0, the SD of each repeat that of `SPREADS`."""
    return SPREADS[:, None] * rng.standard_normal((REPEATS, n))


def geometric_row(x: np.ndarray) -> Columns:
    return {"value": np.exp(np.log(x).mean(1)), "low": np.log(x).std(1, ddof=1),
            "n": constant(x.shape[1]), "spread": text_column("log_sd")}  # fmt: skip


def median_row(x: np.ndarray, spread: str, step: float = 0.0) -> Columns:
    """Quantiles by the rank p (n + 1), interpolated between neighbours, rounded to ``step``."""
    n = x.shape[1]
    ends = (0.25, 0.75) if spread == "iqr" else (0.0, 1.0)
    low, mid, high = np.quantile(x, [ends[0], 0.5, ends[1]], axis=1, method="weibull")
    row = {"value": mid, "low": low, "high": high}
    if step:
        row = {k: np.round(v / step) * step for k, v in row.items()}
        row["resolution"] = constant(step)
    return {**row, "n": constant(n), "spread": text_column(spread)}


def censored_row(x: np.ndarray, limit: float) -> Columns:
    """Single values in rows; those below the limit are only known to be there."""
    x = x.ravel()
    return {"value": np.where(x < limit, np.nan, x), "lod": np.where(x < limit, limit, np.nan)}


def frailty_counts(n: int, mean: float, shape: float, rng: np.random.Generator) -> np.ndarray:
    return rng.poisson(mean * rng.gamma(shape, 1 / shape, (REPEATS, n)))


def count_row(x: np.ndarray) -> Columns:
    n = x.shape[1]
    return {"value": x.mean(1), "low": np.maximum(x.std(1, ddof=1), 1e-3) / np.sqrt(n),
            "n": constant(n), "spread": text_column("sem")}  # fmt: skip


def follow_up(n: int, rng: np.random.Generator, hazard: float = 0.12) -> tuple[np.ndarray, ...]:
    """Time seen and event (repeat, person), with random censoring and 10 years at most."""
    event = rng.exponential(1 / hazard, (REPEATS, n))
    end = np.minimum(rng.exponential(15.0, (REPEATS, n)), 10.0)
    return np.minimum(event, end), event <= end


def interval_rows(n: int, rng: np.random.Generator) -> Columns:
    """Five intervals of two years per repeat, as a life table."""
    time_seen, event = follow_up(n, rng)
    edges = np.arange(0, 11, 2.0)
    rows = []
    for a, b in zip(edges[:-1], edges[1:], strict=True):
        here = (time_seen >= a) & (time_seen < b)
        at_risk = (time_seen >= a).sum(1)
        ends = (here & event).sum(1)
        gone = (here & ~event).sum(1) if b < 10 else np.zeros(REPEATS)
        exposed = np.clip(time_seen - a, 0, b - a).sum(1)
        rows.append((ends, at_risk, gone, np.maximum(exposed, 1e-6), constant(a), constant(b)))
    names = ("events", "at_risk", "censored", "person_time", "start", "end")
    table = {name: np.stack([row[j] for row in rows], 1) for j, name in enumerate(names)}
    return {name: value.astype(float).ravel() for name, value in table.items()}


def kaplan_meier(time_seen: np.ndarray, event: np.ndarray, at: float) -> tuple[float, float]:
    """Share event-free and its Greenwood variance at one time."""
    order = np.argsort(time_seen)
    t, d = time_seen[order], event[order]
    at_risk = t.size - np.arange(t.size)
    used = (t <= at) & d
    share = np.prod(1 - 1 / at_risk[used])
    return share, share**2 * np.sum(1 / (at_risk[used] * np.maximum(at_risk[used] - 1, 1)))


def survival_row(n: int, effective: bool, rng: np.random.Generator) -> Columns:
    """Kaplan-Meier share at 5 years with a log-log interval, or with its effective n."""
    pairs = [kaplan_meier(*one, 5.0) for one in zip(*follow_up(n, rng), strict=True)]
    share, variance = np.array(pairs).T
    if effective:
        return {"value": share, "n": share * (1 - share) / variance}
    se = np.sqrt(variance) / np.abs(share * np.log(share))
    low, high = (share ** np.exp(sign * 1.959964 * se) for sign in (1, -1))
    return {"value": share, "low": low, "high": high, "spread": text_column("ci95")}


def rate_row(n: int, rng: np.random.Generator) -> Columns:
    time_seen, event = follow_up(n, rng)
    return {"events": event.sum(1).astype(float), "person_time": time_seen.sum(1)}


def rate_interval(n: int, rng: np.random.Generator) -> Columns:
    row = rate_row(n, rng)
    value, se = row["events"] / row["person_time"], 1 / np.sqrt(row["events"])
    return interval_row(np.log(value), se)


def interval_row(log_value: np.ndarray, se: np.ndarray) -> Columns:
    return {"value": np.exp(log_value), "low": np.exp(log_value - 1.959964 * se),
            "high": np.exp(log_value + 1.959964 * se), "spread": text_column("ci95")}  # fmt: skip


def two_by_two(n: int, odds: bool, rng: np.random.Generator) -> Columns:
    """Risk or odds ratio of 0.45 against 0.3, as epidemiologists print it."""
    a, c = rng.binomial(n, 0.45, REPEATS), rng.binomial(n, 0.3, REPEATS)
    a, c = np.clip(a, 1, n - 1), np.clip(c, 1, n - 1)
    if odds:
        log = np.log(a / (n - a)) - np.log(c / (n - c))
        return interval_row(log, np.sqrt(1 / a + 1 / (n - a) + 1 / c + 1 / (n - c)))
    return interval_row(np.log(a / c), np.sqrt(1 / a - 1 / n + 1 / c - 1 / n))


def fold_row(n: int, rng: np.random.Generator) -> Columns:
    """Ratio of two geometric means with a t interval."""
    a, b = (np.log(log_values(n, 0.5, rng)) for _ in range(2))
    se = np.sqrt((a.var(1, ddof=1) + b.var(1, ddof=1)) / n)
    return interval_row(np.log(2) + a.mean(1) - b.mean(1), se)


def cox_row(n: int, rng: np.random.Generator) -> Columns:
    """Cox estimate of two arms whose people differ in frailty (so the ratio shrinks with time)."""
    arm = np.repeat([1.0, 0.0], n // 2)
    estimates = []
    for _ in range(REPEATS):
        hazard = 0.2 * np.where(arm == 1, 0.5, 1.0) * rng.gamma(1.0, 1.0, n)
        event_at = rng.exponential(1 / hazard)
        estimates.append(cox(np.minimum(event_at, 10.0), event_at <= 10.0, arm))
    return interval_row(*np.array(estimates).T)


def cox(time_seen: np.ndarray, event: np.ndarray, arm: np.ndarray) -> tuple[float, float]:
    """Newton's method for Cox's partial likelihood, one group variable."""
    order = np.argsort(time_seen)
    event, arm = event[order], arm[order]
    one, zero = (np.cumsum(x[::-1])[::-1] for x in (arm, 1 - arm))
    beta = 0.0
    for _ in range(8):
        p = one * np.exp(beta) / (one * np.exp(beta) + zero)
        beta += np.sum(event * (arm - p)) / np.sum(event * p * (1 - p))
    return beta, 1 / np.sqrt(np.sum(event * p * (1 - p)))


def frail_ratio(points: Columns, columns: Columns) -> Columns:
    """Marginal hazard ratio of two arms from the ratio of their individual hazards."""
    t = np.linspace(0, 10, 101)
    arm = 1 / (1 + 0.2 * points["ratio"] * t)
    value = marginal_log_hazard_ratio(arm, np.broadcast_to(1 / (1 + 0.2 * t), arm.shape))
    return {"value": np.exp(value)[:, None]}


def cumulative(points: Columns, columns: Columns) -> Columns:
    """Cumulative hazard at the bounds of each interval."""
    return {k: points["hazard"] * columns[k] for k in ("start", "end")}


def ordered_row(rng: np.random.Generator) -> Columns:
    """Eight comparisons with known arms per repeat; one in ten is told the wrong way."""
    known = np.tile([1.5, 2.0, 2.5, 2.8, 3.2, 3.6, 4.2, 5.0], REPEATS)
    gap = 2 * (3.0 - known) / (3.0 + known)
    above = (rng.normal(gap, 0.1) > 0) ^ (rng.random(known.size) < 0.1)
    return {"value": np.full(known.size, 0.9), "known": known, "above": above}


def against(points: Columns, columns: Columns) -> Columns:
    """Unknown arm against each known one, in the direction that was told."""
    pair = np.broadcast_arrays(points["value"], columns["known"])
    above = columns["above"]
    return {"value": np.where(above, *pair), "reference": np.where(above, *pair[::-1])}


def bound_row(rng: np.random.Generator) -> Columns:
    """Eight statements per repeat: each limit, read with 10 % error, is above or below."""
    limits = np.tile([1.5, 2.0, 2.5, 2.8, 3.2, 3.6, 4.2, 5.0], REPEATS)
    above = rng.normal(3.0, 0.1 * limits) > limits
    flip = rng.random(limits.size) < 0.1
    above = above ^ flip
    return {"value": np.full(limits.size, 0.9), "low": np.where(above, limits, np.nan),
            "high": np.where(above, np.nan, limits)}  # fmt: skip


def accepted(n: int, sd: float, rng: np.random.Generator) -> Columns:
    """Mean rows of log-normal samples whose SD is at most the mean: others are refused."""
    kept, todo = np.empty((REPEATS, n)), np.arange(REPEATS)
    while todo.size:
        drawn = 3.0 * np.exp(rng.normal(0.0, sd, (todo.size, n)))
        fits = drawn.std(1, ddof=1) <= SKEW_LIMIT * drawn.mean(1)
        kept[todo[fits]] = drawn[fits]
        todo = todo[~fits]
    return mean_row(kept)


def published_spread(points: Columns, columns: Columns) -> Columns:
    """Predictions with the published spread taken as known, as the model scores these rows."""
    n = columns["n"]
    if columns["spread"][0] == "log_sd":
        sd = columns["low"] * np.sqrt(pivot_inflation(n))
    else:
        cv = columns["low"] * np.sqrt(n) / columns["value"]
        sd = moment_log_sd(np.log1p(cv**2), n)
    return {"value": points["value"], "sd": sd + np.zeros_like(points["value"])}


def complement(row: Columns) -> Columns:
    turned = {"value": 1 - row["value"]}
    if "low" in row:
        turned |= {"low": 1 - row["high"], "high": 1 - row["low"]}
    return {**row, **turned}
