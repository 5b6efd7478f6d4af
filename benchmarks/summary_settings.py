"""What is simulated to test each statistic: sizes that papers have, and the unknowns."""

from __future__ import annotations

import numpy as np
from summaries import (
    LEVEL,
    NARROW,
    REPEATS,
    ROUNDED,
    ROUNDED_LOG,
    VALUE,
    Setting,
    Unknown,
    accepted,
    against,
    bound_row,
    censored_row,
    complement,
    constant,
    count_row,
    cox_row,
    cumulative,
    fold_row,
    frail_ratio,
    frailty_counts,
    geometric_row,
    interval_rows,
    log_values,
    mean_row,
    median_row,
    normal_values,
    ordered_row,
    published_spread,
    rate_interval,
    rate_row,
    spread_values,
    survival_row,
    two_by_two,
)

SHARE = Unknown(0.45, 1e-3, 1 - 1e-3, log=False)


def means() -> list[Setting]:
    """Means and geometric means."""
    every = []
    for n in (5, 12):
        every += [
            Setting("mean", f"normal, SEM, n {n}",
                    lambda r, n=n: mean_row(normal_values(n, r)), LEVEL),
            Setting("geometric_mean", f"log SD 0.8, n {n}",
                    lambda r, n=n: geometric_row(log_values(n, 0.8, r)), VALUE),
            Setting("mean_sem", f"normal, SEM, n {n}", lambda r, n=n: mean_row(normal_values(n, r)),
                    {"value": LEVEL["value"]}),
        ]  # fmt: skip
    for n, sd in ((5, 0.3), (5, 0.5), (5, 0.7), (12, 0.3), (12, 0.5), (12, 0.7), (30, 0.7)):
        every.append(
            Setting(
                "mean_log",
                f"log-normal, log SD {sd}, SEM, n {n}, spread as published",
                lambda r, n=n, sd=sd: accepted(n, sd, r),
                {"value": VALUE["value"]},
                predict=published_spread,
            )
        )
    for n in (5, 12):
        every.append(
            Setting(
                "geometric_mean",
                f"log SD 0.8, n {n}, spread as published",
                lambda r, n=n: geometric_row(log_values(n, 0.8, r)),
                {"value": VALUE["value"]},
                predict=published_spread,
            )
        )
    return every


def medians() -> list[Setting]:
    """Medians with quartiles or extremes, exact and rounded, and percentiles."""
    every = []
    for n, spread in ((7, "iqr"), (12, "iqr"), (40, "iqr"), (8, "range"), (20, "range")):
        every.append(
            Setting(
                "median",
                f"normal, {spread}, n {n}",
                lambda r, n=n, s=spread: median_row(normal_values(n, r), s),
                LEVEL if n < 12 else NARROW,
            )
        )
    for n, spread in ((12, "iqr"), (9, "range")):
        every.append(
            Setting(
                "median_log",
                f"log SD 0.8, {spread}, n {n}",
                lambda r, n=n, s=spread: median_row(log_values(n, 0.8, r), s),
                VALUE,
            )
        )
    every += [
        Setting(
            "median_rounded",
            "normal, SD 0.5 to 1.3, IQR rounded to 1, n 11",
            lambda r: median_row(3.0 + spread_values(11, r), "iqr", 1.0),
            ROUNDED,
            nodes=25,
        ),
        Setting(
            "median_log_rounded",
            "log SD 0.5 to 1.3, IQR rounded to 1, n 11",
            lambda r: median_row(3.0 * np.exp(spread_values(11, r)), "iqr", 1.0),
            ROUNDED_LOG,
            nodes=25,
        ),
        Setting(
            "percentile",
            "90th, normal of known SD, n 19",
            lambda r: {
                "value": np.quantile(normal_values(19, r), 0.9, axis=1, method="weibull"),
                "level": constant(0.9),
                "n": constant(19),
            },
            {"value": LEVEL["value"]},
            {"sd": 0.8},
        ),
        Setting(
            "percentile_log",
            "25th, log SD 0.8 known, n 15",
            lambda r: {
                "value": np.quantile(log_values(15, 0.8, r), 0.25, axis=1, method="weibull"),
                "level": constant(0.25),
                "n": constant(15),
            },
            {"value": VALUE["value"]},
            {"sd": 0.8},
        ),
    ]
    return every


def animals() -> list[Setting]:
    """Single values, shares and counts."""
    return [
        Setting(
            "individual",
            "normal, 12 values, limit at 2.5",
            lambda r: censored_row(normal_values(12, r), 2.5),
            LEVEL,
            rows=12,
        ),
        Setting(
            "individual_log",
            "log SD 0.8, 12 values, limit at 2.5",
            lambda r: censored_row(log_values(12, 0.8, r), 2.5),
            VALUE,
            rows=12,
        ),
        Setting(
            "proportion",
            "30 animals, truth 0.45",
            lambda r: {"events": r.binomial(30, 0.45, REPEATS), "n": constant(30)},
            {"value": SHARE},
        ),
        Setting(
            "beta_binomial",
            "12 cages of 10, correlation 0.15",
            lambda r: {
                "events": r.binomial(
                    10, r.beta(0.45 * 17 / 3, 0.55 * 17 / 3, (REPEATS, 12))
                ).ravel(),
                "n": constant(10, 12 * REPEATS),
            },
            {
                "value": SHARE,
                "overdispersion": Unknown(0.15, 1e-3, 0.999, log=False),
            },
            rows=12,
        ),
        Setting(
            "count",
            "10 animals, mean 6, shape 1.5",
            lambda r: {"value": frailty_counts(10, 6.0, 1.5, r).ravel().astype(float)},
            {"value": Unknown(6.0, 0.3, 90.0), "shape": Unknown(1.5, 0.05, 60.0)},
            rows=10,
        ),
        Setting(
            "count_total",
            "8 animals, mean 6, shape 1.5 known",
            lambda r: {"events": frailty_counts(8, 6.0, 1.5, r).sum(1), "n": constant(8)},
            {"value": Unknown(6.0, 0.6, 60.0)},
            {"shape": 1.5},
        ),
        Setting(
            "count_mean",
            "10 animals, mean 6, shape 1.5, SEM",
            lambda r: count_row(frailty_counts(10, 6.0, 1.5, r)),
            {"value": Unknown(6.0, 0.3, 90.0), "shape": Unknown(1.5, 0.05, 60.0)},
        ),
        Setting(
            "count_mean",
            "6 animals, mean 40, shape 3, SEM",
            lambda r: count_row(frailty_counts(6, 40.0, 3.0, r)),
            {"value": Unknown(40.0, 4.0, 400.0), "shape": Unknown(3.0, 0.1, 200.0)},
        ),
    ]


def follow_ups() -> list[Setting]:
    """Interval tables, survival at a time, rates from events."""
    return [
        Setting(
            "interval_person_time",
            "5 intervals, 100 people",
            lambda r: interval_rows(100, r),
            {"hazard": Unknown(0.12, 0.03, 0.5)},
            predict=cumulative,
            rows=5,
        ),
        Setting(
            "interval_at_risk",
            "5 intervals, 100 people",
            lambda r: interval_rows(100, r),
            {"hazard": Unknown(0.12, 0.03, 0.5)},
            predict=cumulative,
            rows=5,
        ),
        Setting(
            "survival",
            "Kaplan-Meier at 5 years, 80 people, interval",
            lambda r: survival_row(80, False, r),
            {"value": Unknown(np.exp(-0.6), 0.01, 0.99, log=False)},
        ),
        Setting(
            "survival_n",
            "Kaplan-Meier at 5 years, 80 people, effective n",
            lambda r: survival_row(80, True, r),
            {"value": Unknown(np.exp(-0.6), 0.01, 0.99, log=False)},
        ),
        Setting(
            "cumulative_incidence",
            "1 - Kaplan-Meier, 80 people, interval",
            lambda r: complement(survival_row(80, False, r)),
            {"value": Unknown(1 - np.exp(-0.6), 0.01, 0.99, log=False)},
        ),
        Setting(
            "cumulative_incidence_n",
            "1 - Kaplan-Meier, 80 people, effective n",
            lambda r: complement(survival_row(80, True, r)),
            {"value": Unknown(1 - np.exp(-0.6), 0.01, 0.99, log=False)},
        ),
        Setting(
            "rate_events",
            "30 people",
            lambda r: rate_row(30, r),
            {"value": Unknown(0.12, 0.01, 1.0)},
        ),
    ]


def contrasts() -> list[Setting]:
    """Ratios, hazard ratios and statements."""
    return [
        Setting(
            "rate",
            "60 people, interval",
            lambda r: rate_interval(60, r),
            {"value": Unknown(0.12, 0.01, 1.0)},
        ),
        Setting(
            "ratio",
            "fold of 2, two arms of 12, interval",
            lambda r: fold_row(12, r),
            {"value": Unknown(2.0, 0.2, 20.0)},
        ),
        Setting(
            "risk_ratio",
            "0.45 against 0.3, 60 per arm",
            lambda r: two_by_two(60, False, r),
            {"value": Unknown(1.5, 0.2, 10.0)},
        ),
        Setting(
            "odds_ratio",
            "0.45 against 0.3, 60 per arm",
            lambda r: two_by_two(60, True, r),
            {"value": Unknown(0.45 / 0.55 / (0.3 / 0.7), 0.1, 30.0)},
        ),
        Setting(
            "hazard_ratio",
            "Cox, 200 people, Gamma(1) frailty, ratio 0.5 per person",
            lambda r: cox_row(200, r),
            {"ratio": Unknown(0.5, 0.05, 5.0)},
            predict=frail_ratio,
        ),
        Setting(
            "bound", "8 limits, 10 % wrong", bound_row, {"value": Unknown(3.0, 0.5, 9.0)}, rows=8
        ),
        Setting(
            "ordered",
            "8 comparisons, 10 % wrong",
            ordered_row,
            {"value": Unknown(3.0, 0.5, 9.0)},
            predict=against,
            rows=8,
        ),
    ]


def settings() -> list[Setting]:
    """Every statistic."""
    return [*means(), *medians(), *animals(), *follow_ups(), *contrasts()]
