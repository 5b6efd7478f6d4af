from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from metinfer.inference.sensitivity import (
    cohorts,
    correlated_pairs,
    power_scaling,
    pull,
    streams,
)
from metinfer.report.sections.contribution import MATTERS

SAMPLE = ("chain", "draw")


def conjugate(precision, seed=0):
    """Draws of a normal mean with prior N(0, 1) and one observation y = 1 of given precision."""
    rng = np.random.default_rng(seed)
    spread = 1.0 / np.sqrt(1.0 + precision)
    x = precision / (1.0 + precision) + spread * rng.standard_normal((4, 1000))
    answers = xr.Dataset({"mean": (SAMPLE, x)})
    prior = xr.DataArray(-0.5 * x**2, dims=SAMPLE)
    rows = np.stack([-0.5 * precision * (x - 1.0) ** 2, np.zeros_like(x)], axis=-1)
    return answers, prior, xr.DataArray(rows, dims=(*SAMPLE, "observation"))


def test_power_scaling_tells_prior_from_data():
    strong = power_scaling(*conjugate(50.0), ["seen", "empty"]).loc["mean"]
    weak = power_scaling(*conjugate(0.02), ["seen", "empty"]).loc["mean"]
    assert strong["seen"] > MATTERS > strong["prior"]
    assert weak["prior"] > MATTERS > weak["seen"]
    assert strong["seen"] == pytest.approx(strong["data"])
    assert strong["empty"] == pytest.approx(0.0, abs=1e-9)


def test_a_pull_is_the_derivative_of_the_mean_with_respect_to_the_weight():
    # With weight a the mean is a p / (1 + a p): its derivative at a = 1 is p / (1 + p)^2.
    precision = 3.0
    answers, _, rows = conjugate(precision)
    found = pull(answers, rows, ["study", "other"]).loc["mean"]
    expected = precision / (1.0 + precision) ** 2 * np.sqrt(1.0 + precision)
    assert found["study"] == pytest.approx(expected, rel=0.1)
    assert found["other"] == 0.0


def test_pairs_are_those_that_move_together():
    rng = np.random.default_rng(1)
    one = rng.standard_normal(2000)
    draws = {
        "one": one, "other": np.exp(-one) + 1e-3 * rng.standard_normal(2000),
        "alone": rng.standard_normal(2000), "fixed": np.ones(2000),
    }  # fmt: skip
    table = correlated_pairs(draws)
    assert [tuple(sorted(p)) for p in zip(table["one"], table["other"], strict=True)] == [
        ("one", "other")
    ]
    assert table["correlation"][0] < -0.95
    assert correlated_pairs({"one": one}).empty


def test_every_row_and_interval_has_a_stream_and_a_study(bundled_joint):
    design = bundled_joint.design
    size = len(design.rows) + len(design.intervals)
    assert len(streams(design)) == len(cohorts(design)) == size
    assert {"event_hazard (human)", "metastasis_count (mouse)"} <= set(streams(design))
    assert {"transbig", "rotterdam"} <= set(cohorts(design))
