"""Each row of the tables finds the statistic that can score it."""

from types import SimpleNamespace

import pytest

from metinfer.evidence import vocabulary
from metinfer.inference.statistics import STATISTICS, choose


def row(statistic, **cells):
    empty = dict.fromkeys(("value", "low", "high", "n", "events", "person_time"))
    return SimpleNamespace(**{**empty, "spread": "none", "statistic": statistic, **cells})


@pytest.mark.parametrize(
    ("statistic", "cells", "options", "expected"),
    [
        ("mean", {"value": 3.0, "low": 1.0, "n": 5, "spread": "sd"}, {}, "mean_log"),
        ("mean", {"value": 3.0, "low": 4.0, "n": 5, "spread": "sd"}, {}, "mean"),
        ("mean", {"value": 3.0, "low": 1.4, "n": 5, "spread": "sem"}, {}, "mean"),
        ("mean", {"value": 3.0, "low": 1.0, "n": 5, "spread": "sd"}, {"log": False}, "mean"),
        ("mean", {"value": 3.0, "low": 2, "high": 4, "n": 9, "spread": "ci95"}, {}, "mean_log"),
        ("mean", {"value": 3.0, "low": 1, "high": 5, "n": 40, "spread": "ci95"}, {}, "mean"),
        ("mean", {"value": 3.0, "low": -1, "high": 7, "n": 5, "spread": "ci95"}, {}, "mean"),
        (
            "mean",
            {"value": 3.0, "low": 1.0, "n": 5, "spread": "sd"},
            {"counts": True},
            "count_mean",
        ),
        (
            "mean",
            {"value": 0.0, "low": 0.0, "n": 5, "spread": "sd"},
            {"counts": True},
            "count_mean",
        ),
        ("mean", {"value": 3.0, "low": 2, "high": 4, "n": 9, "spread": "ci80"}, {}, "mean_log"),
        ("survival", {"value": 0.8, "spread": "ci99.9"}, {}, "survival"),
        ("individual", {"value": 3.0}, {}, "individual_log"),
        ("individual", {"value": 3.0}, {"counts": True}, "count"),
        ("median", {"value": 3.0, "low": 1.0, "high": 4.0}, {}, "median_log"),
        ("median", {"value": 3.0, "low": 3.0, "high": 4.0}, {}, "median_log_rounded"),
        ("median", {"value": 3.0, "low": 0.0, "high": 4.0}, {}, "median_log_rounded"),
        ("median", {"value": 3.0, "low": 0.0, "high": 4.0}, {"log": False}, "median"),
        ("survival", {"value": 0.8, "n": 40}, {}, "survival_n"),
        ("survival", {"value": 0.8, "spread": "ci95"}, {}, "survival"),
        ("rate", {"events": 4, "person_time": 100.0}, {}, "rate_events"),
        ("rate", {"value": 0.1, "spread": "ci95"}, {}, "rate"),
        ("hazard_ratio", {}, {}, "hazard_ratio"),
    ],
)
def test_choice(statistic, cells, options, expected):
    assert choose(row(statistic, **cells), **options) == expected


def test_every_word_of_the_tables_is_scored_by_something():
    for name in vocabulary.STATISTICS:
        cells = {"value": 3.0, "low": 1.0, "high": 4.0, "n": 5}
        assert choose(row(name, **cells)) in STATISTICS
