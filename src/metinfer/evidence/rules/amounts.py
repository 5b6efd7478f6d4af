"""Checks that the numbers of a row of measurements.csv are possible together."""

from __future__ import annotations

import math
from collections.abc import Iterator
from statistics import NormalDist

from metinfer.evidence.draft import Draft
from metinfer.evidence.faults import Issue
from metinfer.evidence.rules import at, scored
from metinfer.evidence.rules.open_ends import instead
from metinfer.evidence.types import Measurement
from metinfer.evidence.vocabulary import (
    COUNTS,
    OBSERVABLES,
    RATIOS,
    SCORED,
    SKEW_LIMIT,
    STATEMENTS,
    interval_level,
)

TABLE = "measurements"
_SHARES = ("proportion", "survival", "cumulative_incidence")
_NORMAL = NormalDist()
_CONTRASTS = ("groups", "per_ln", "per_doubling")
_MAY_BE_ZERO = (*COUNTS, "nk_activity_reduction")
_ONE_NUMBER = ("sd", "sem", "log_sd")
# Further off the middle of its interval (in standard errors, log scale) a ratio was not
# made as the interval says; the likelihood would refuse it.
_MOST_ASYMMETRIC = 1.0


def numbers_are_possible(draft: Draft) -> Iterator[Issue]:
    """No number lies outside what its kind allows."""
    for row in draft.measurements:
        n = row.n if row.statistic in _SHARES and row.n is not None else math.inf
        if row.events is not None and row.events > n:
            allowed = f"0 to {row.n}"
            yield at(TABLE, row, "events", f"more events than n = {row.n}", allowed=allowed)
        if row.role in SCORED:
            yield from _impossible(row)


def _impossible(row: Measurement) -> Iterator[Issue]:
    low, high = _range_of(row)
    for column, value in _values_of(row):
        if low is not None and value < low:
            yield at(TABLE, row, column, f"below {low:g}, which is impossible for {_what(row)}")
        elif high is not None and value > high:
            yield at(TABLE, row, column, f"above {high:g}, which is impossible for {_what(row)}",
                     hint="a percentage needs the unit percent" if high == 1 else "")  # fmt: skip
        elif value <= 0 and _must_be_positive(row, column):
            yield at(TABLE, row, column, f"not above 0, as it must be for {row.statistic}",
                     hint=instead(row, column) if column in ("low", "high") else "")  # fmt: skip
    yield from _impossible_for_statistic(row)
    yield from _impossible_in_order(row)


def _must_be_positive(row: Measurement, column: str) -> bool:
    """Whether the likelihood takes the logarithm of a number."""
    if row.statistic in (*RATIOS, "geometric_mean"):
        return True
    single = column in ("value", "lod") and row.statistic in ("individual", "percentile", "median")
    return single and row.observable not in _MAY_BE_ZERO


def _impossible_for_statistic(row: Measurement) -> Iterator[Issue]:
    if row.statistic in STATEMENTS and row.value is not None and not 0.5 < row.value <= 1:
        yield at(TABLE, row, "value", f"in a row {row.statistic}, value is the confidence in the "
                 "statement", allowed="above 0.5, at most 1")  # fmt: skip
    if row.statistic == "bound" and row.low is not None and row.high is not None:
        yield at(TABLE, row, "high", "a bound is one-sided", hint="leave low or high empty")
    if row.statistic in ("survival", "cumulative_incidence") and row.low is not None:
        numbers = [v for _, v in _values_of(row) if v in (0.0, 1.0)]
        if numbers:
            yield at(TABLE, row, "value", f"an interval that touches {numbers[0]:g} has no width "
                     "on the scale of hazards", hint="clear low and high, and give n")  # fmt: skip
    spread = row.low if row.spread in _ONE_NUMBER else None
    if spread is not None and spread <= 0 and not _is_zero_count(row):
        yield at(TABLE, row, "low", f"the {row.spread} is not above 0", allowed="a number above 0")
    if row.statistic in ("mean", "geometric_mean") and row.n == 1:
        yield at(TABLE, row, "n", "a spread over one animal or person", allowed="2 or more",
                 hint="use statistic individual")  # fmt: skip
    if row.statistic == "percentile" and row.level is not None and not 0 < row.level < 1:
        yield at(TABLE, row, "level", "not inside the distribution", allowed="between 0 and 1")
    if row.person_time == 0 and row.statistic == "rate":
        yield at(TABLE, row, "person_time", "no time at risk", allowed="a number above 0")


def _is_zero_count(row: Measurement) -> bool:
    """Whether a mean and its spread are 0 because nothing was counted in any animal."""
    return row.observable in COUNTS and row.statistic == "mean" and row.value == row.low == 0


def _impossible_in_order(row: Measurement) -> Iterator[Issue]:
    """Order statistics that no sample has, and limits without anything between them."""
    if row.statistic == "median" and row.n is not None and row.n < 3:
        yield at(TABLE, row, "n", "quartiles of fewer than 3", allowed="3 or more",
                 hint="use statistic individual")  # fmt: skip
    if None in (row.low, row.high) or row.statistic not in ("median", "individual"):
        return
    if row.low == row.high:
        yield at(TABLE, row, "high", "the same as low", hint="give the number in value"
                 if row.statistic == "individual" else "read the source again")  # fmt: skip


def intervals_hold_their_value(draft: Draft) -> Iterator[Issue]:
    """An interval runs upward and holds its value (a median that is not fitted may be outside)."""
    for row in draft.measurements:
        low, high = row.low, row.high
        if row.role == "out" or low is None or high is None:
            continue
        if row.spread in _ONE_NUMBER:
            yield at(TABLE, row, "high", f"spread {row.spread} takes one number",
                     hint="put it in low and leave high empty, or correct spread")  # fmt: skip
        elif low > high:
            yield at(TABLE, row, "low", f"above high ({row.raw['high']})", hint="swap them")
        elif row.value is not None and _is_around(row) and not low <= row.value <= high:
            yield at(TABLE, row, "value", f"outside its own {row.spread}",
                     allowed=f"{row.raw['low']} to {row.raw['high']}")  # fmt: skip


def _is_around(row: Measurement) -> bool:
    if row.spread == "iqr":
        return row.role in SCORED
    return row.spread == "range" or interval_level(row.spread) is not None


def ends_are_both_given(draft: Draft) -> Iterator[Issue]:
    """An interval, quartiles or a range has both ends."""
    for row in scored(draft):
        if row.statistic in ("median", *RATIOS[1:]):
            continue  # there the statistic itself needs both
        if row.spread not in ("range", "iqr") and interval_level(row.spread) is None:
            continue
        for column, other in (("low", "high"), ("high", "low")):
            if not row.raw[column] and (row.raw[other] or column == "low"):
                yield at(TABLE, row, column, f"a {row.spread} needs both ends",
                         hint="fill it, or write spread none")  # fmt: skip


def ratio_intervals_are_usable(draft: Draft) -> Iterator[Issue]:
    """A ratio lies near the middle of its interval on the log scale, and names its scale."""
    for row in scored(draft):
        if row.statistic == "hazard_ratio" and row.contrast not in ("", *_CONTRASTS):
            yield at(TABLE, row, "contrast", "unknown scale", allowed=", ".join(_CONTRASTS))
        quantile = _normal_quantile(row.spread)
        low, value, high = row.low or 0.0, row.value or 0.0, row.high or 0.0
        if row.statistic not in (*RATIOS, "rate") or not quantile:
            continue
        if value <= 0 or not 0 < low < high:
            continue  # other checks name it
        se = math.log(high / low) / (2 * quantile)
        off = abs(math.log(value) - 0.5 * math.log(low * high)) / se
        if off > _MOST_ASYMMETRIC:
            middle = math.sqrt(low * high)
            yield at(TABLE, row, "value", f"{off:.1f} standard errors off the middle of its "
                     f"interval ({middle:.3g}) on the log scale",
                     hint="read the interval again, or use role check or out")  # fmt: skip


def _values_of(row: Measurement) -> Iterator[tuple[str, float]]:
    """The numbers of a row that are values of its observable."""
    columns = ("low", "high") if row.statistic in STATEMENTS else ("value", "low", "high", "lod")
    one_number = row.spread in _ONE_NUMBER
    for column in columns:
        value = getattr(row, column)
        if value is not None and not (one_number and column in ("low", "high")):
            yield column, value


def _range_of(row: Measurement) -> tuple[float | None, float | None]:
    observable = OBSERVABLES.get(row.observable)
    if row.statistic in _SHARES:
        return 0.0, 1.0
    if observable is None or row.statistic in RATIOS:
        return 0.0, None
    return observable.low, observable.high


def _what(row: Measurement) -> str:
    return f"a {row.statistic}" if row.statistic in (*_SHARES, *RATIOS) else row.observable


def means_are_not_too_skewed(draft: Draft) -> Iterator[Issue]:
    """A fitted mean of positive values has an SD that leaves room for a log-normal."""
    for row in draft.measurements:
        if row.role != "fit" or row.statistic != "mean" or row.observable in _MAY_BE_ZERO:
            continue
        sd = _standard_deviation(row)
        if sd is not None and row.value is not None and sd > SKEW_LIMIT * row.value > 0:
            yield at(TABLE, row, "low", f"the SD is {sd / row.value:.2g} of the mean: too skewed "
                     f"for a mean with SD", allowed=f"an SD of at most {SKEW_LIMIT:g} of the mean",
                     hint="give the median with quartiles or range, the geometric mean, or single "
                     "values; or use role check")  # fmt: skip


def _standard_deviation(row: Measurement) -> float | None:
    """SD of a mean; from an interval by the t quantile (Cornish-Fisher, never below it by much)."""
    z = _normal_quantile(row.spread)
    if z is None:
        return row.sd
    if row.low is None or row.high is None or row.n is None or row.n < 2:
        return None
    v = row.n - 1
    t = z + (z**3 + z) / (4 * v) + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * v**2)
    return (row.high - row.low) / (2 * t) * math.sqrt(row.n)


def _normal_quantile(spread: str) -> float | None:
    """Half-width in standard errors of the interval that `spread` names; None for another one."""
    level = interval_level(spread)
    return None if level is None else _NORMAL.inv_cdf(0.5 + level / 2)
