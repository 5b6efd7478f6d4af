"""One family of three rows per statistic, with a possible prediction of each row."""

import numpy as np
import pytest


def _rows(**columns):
    return {
        k: np.array(v, dtype=object if isinstance(v[0], str) else float) for k, v in columns.items()
    }


_PAIR = {"value": [2.4, 1.1, 3.0], "sd": [0.8, 0.5, 1.2]}
_GROUPS = {**_PAIR, "between_sd": [0.2, 0.1, 0.3]}
_SPREAD = _rows(
    value=[3.0, 1.2, 2.0], low=[0.9, 0.2, 0.7], n=[5, 9, 20], spread=["sd", "sem", "sd"]
)
_LOG_SPREAD = {**_SPREAD, "spread": np.array(["log_sd"] * 3, dtype=object)}
_THREE = _rows(low=[2.0, 1.0, 0.5], value=[3.0, 1.2, 3.0], high=[3.5, 2.0, 6.5], n=[8, 12, 7],
               spread=["iqr", "iqr", "range"])  # fmt: skip
_TIED = _rows(low=[2.0, 1.0, 1.0], value=[2.0, 1.0, 3.0], high=[3.0, 1.0, 6.0], n=[7, 11, 7],
              spread=["iqr", "iqr", "range"])  # fmt: skip
_LIMITS = _rows(value=[2.5, np.nan, np.nan], lod=[np.nan, 0.8, np.nan], low=[np.nan, np.nan, 2.2],
                high=[np.nan, np.nan, 4.0])  # fmt: skip
_LEVEL = _rows(value=[3.5, 0.9, 3.1], level=[0.9, 0.25, 0.5], n=[9, 7, 15])
_SHARE = _rows(events=[13, 0, 5], n=[16, 7, 20])
_TOTAL = _rows(events=[17, 0, 40], n=[4, 3, 8])
_COUNT_MEAN = _rows(
    value=[4.25, 6.0, 5.0], low=[2.6, 1.1, 2.0], n=[4, 9, 8], spread=["sd", "sem", "sd"]
)
_BETWEEN = _rows(value=[0.8, 0.5, 0.9], low=[0.7, 0.4, 0.85], high=[0.87, 0.6, 0.93],
                 spread=["ci95", "ci90", "ci95"])  # fmt: skip
_RATIO = _rows(value=[2.0, 0.5, 1.3], low=[1.25, 0.25, 1.0], high=[3.2, 1.0, 1.7],
               spread=["ci95", "ci90", "none"])  # fmt: skip
_FOLD = {"value": [1.7, 0.8, 1.1], "between_sd": [0.1, 0.3, 0.2], "bias": [0.1, 0.0, -0.2]}
_COUNTS = {"value": [4.0, 1.1, 6.0], "shape": [0.7, 2.0, 5.0]}
_HAZARD = {"start": [0.1, 0.0, 0.4], "end": [0.16, 0.2, 0.5]}
_SHARES = {"value": [0.7, 0.2, 0.4]}

EXAMPLES = {
    "individual": (_LIMITS, _PAIR),
    "individual_log": (_LIMITS, _PAIR),
    "mean": (_SPREAD, _GROUPS),
    "mean_log": (_SPREAD, _GROUPS),
    "mean_sem": (_SPREAD, {"value": _PAIR["value"], "sd_extra": [0.1, 0.2, 0.3]}),
    "geometric_mean": (_LOG_SPREAD, _GROUPS),
    "median": (_THREE, _PAIR),
    "median_log": (_THREE, _PAIR),
    "median_rounded": (_TIED, _PAIR),
    "median_log_rounded": (_TIED, _PAIR),
    "percentile": (_LEVEL, _PAIR),
    "percentile_log": (_LEVEL, _PAIR),
    "proportion": (_SHARE, _SHARES),
    "beta_binomial": (_SHARE, {**_SHARES, "overdispersion": [0.1, 0.3, 0.05]}),
    "count": (_rows(value=[3, 0, 12]), _COUNTS),
    "count_total": (_TOTAL, _COUNTS),
    "count_mean": (_COUNT_MEAN, {**_COUNTS, "value": [4.0, 5.1, 6.0]}),
    "interval_person_time": (
        _rows(events=[4, 0, 9], person_time=[95.0, 30.0, 80.0], start=[0, 1, 2], end=[1, 2, 4]),
        _HAZARD,
    ),
    "interval_at_risk": (
        _rows(events=[4, 0, 9], at_risk=[100, 12, 80], censored=[0, 2, 7]),
        _HAZARD,
    ),
    "survival": (_BETWEEN, {"value": [0.75, 0.45, 0.88], "between_sd": [0.1, 0.1, 0.2]}),
    "survival_n": (_rows(value=[0.75, 0.3, 0.4], n=[40, 10, 20]), _SHARES),
    "cumulative_incidence": (_BETWEEN, {"value": [0.75, 0.45, 0.88]}),
    "cumulative_incidence_n": (_rows(value=[0.75, 0.3, 0.4], n=[40, 10, 20]), _SHARES),
    "rate": (_RATIO, _FOLD),
    "rate_events": (_rows(events=[12, 0, 3], person_time=[700.0, 55.0, 10.0]),
                    {"value": [0.015, 0.02, 0.5]}),
    "ratio": (_RATIO, _FOLD),
    "risk_ratio": (_RATIO, _FOLD),
    "odds_ratio": (_RATIO, _FOLD),
    "hazard_ratio": ({**_RATIO, **_rows(contrast=["groups", "per_ln", "per_doubling"])},
                     _FOLD),
    "bound": (_rows(value=[0.95, 0.9, 1.0], low=[1.0, np.nan, 2.0], high=[np.nan, 2.0, np.nan]),
              {"value": [1.05, 2.2, 1.9]}),
    "ordered": (_rows(value=[0.9, 0.99, 0.7]),
                {"value": [1.1, 0.9, 2.0], "reference": [1.0, 1.0, 2.1]}),
}  # fmt: skip


@pytest.fixture
def examples():
    """Columns and prediction of three rows, by statistic."""
    return EXAMPLES


@pytest.fixture
def example():
    """Function from a statistic to its data and prediction."""

    def prepared(statistic):
        columns, pred = EXAMPLES[statistic.name]
        return statistic.prepare(columns), {k: np.array(v, dtype=float) for k, v in pred.items()}

    return prepared
