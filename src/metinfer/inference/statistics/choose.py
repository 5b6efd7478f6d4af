"""Which statistic scores a row of measurements.csv."""

from __future__ import annotations

from typing import Any

import numpy as np

from metinfer.evidence.vocabulary import interval_level
from metinfer.inference.statistics.base import SKEW_LIMIT, columns_of
from metinfer.inference.statistics.means import standard_deviation


def choose(row: Any, log: bool = True, counts: bool = False) -> str:
    """Name in the registry of the statistic for one row of measurements.csv.

    Parameters
    ----------
    row : object
        With the columns of measurements.csv as attributes.
    log : bool
        Whether the individual values are taken as log-normal (positive quantities).
    counts : bool
        Whether the individual values are counts (negative binomial).
    """
    if row.statistic in ("individual", "mean") and counts:
        return "count" if row.statistic == "individual" else "count_mean"
    if row.statistic == "mean":
        return _mean(row, log)
    if row.statistic in ("individual", "percentile"):
        return f"{row.statistic}_log" if log else row.statistic
    if row.statistic == "median":
        return _median(row, log)
    if row.statistic in ("survival", "cumulative_incidence"):
        return row.statistic if interval_level(row.spread) else f"{row.statistic}_n"
    if row.statistic == "rate" and row.events is not None and row.person_time is not None:
        return "rate_events"
    return str(row.statistic)


def _mean(row: Any, log: bool) -> str:
    """Log-normal by moments where the SD is at most the mean (`SKEW_LIMIT`), else normal."""
    known = row.spread in ("sd", "sem") or interval_level(row.spread)
    if not log or not known or row.low is None or not row.n:
        return "mean"
    sd = standard_deviation(columns_of([row]), np.array([float(row.n)]))[0][0]
    return "mean_log" if row.value > 0 and sd <= SKEW_LIMIT * row.value else "mean"


def _median(row: Any, log: bool) -> str:
    """By probability mass where numbers are tied, or zero on a log scale."""
    tied = row.low == row.value or row.value == row.high or (log and row.low <= 0)
    return "median" + ("_log" if log else "") + ("_rounded" if tied else "")
