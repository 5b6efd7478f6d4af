from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from metinfer.inference.prior_check import impossible, possible_gate, prior_rows

DRAWS = 100


def replicates(expected, early=0.9, failed=0):
    """Prior replicates of one count and one cohort, with a given number of failed solves."""
    curve = np.ones((DRAWS, 1, 3))
    curve[:, 0, 1:] = early
    return xr.Dataset(
        {
            "failed": ("draw", (np.arange(DRAWS) < failed).astype(int)),
            "row_reported": ("row", [3.0]),
            "row_expected": (("draw", "row"), np.asarray(expected, dtype=float)[:, None]),
            "row_replicate": (("draw", "row"), np.linspace(0.0, 10.0, DRAWS)[:, None]),
            "event_free": (("draw", "cohort", "time"), curve),
        },
        coords={
            "row": ["count"], "row_role": ("row", ["fit"]), "cohort": ["all"],
            "time": [0.0, 700.0, 3650.0],
        },
    )  # fmt: skip


def shares(data, people=("all",)):
    return impossible(data, {"count": "metastasis_count"}, people)["share"]


def test_what_can_be_is_not_held_against_the_prior():
    found = shares(replicates(np.linspace(0.0, 9999.0, DRAWS)))
    assert (found == 0.0).all()
    assert possible_gate(
        impossible(replicates(np.ones(DRAWS)), {"count": "nk_turnover"}, ())
    ).passed


def test_impossible_draws_are_counted_once():
    expected = np.where(np.arange(DRAWS) < 10, 2e4, 1.0)
    data = replicates(expected, failed=20)
    found = shares(data)
    assert found["metastasis_count"] == pytest.approx(0.10)
    assert found["failed solve"] == pytest.approx(0.20)
    assert found["any"] == pytest.approx(0.20)
    gate = possible_gate(impossible(data, {"count": "metastasis_count"}, ()))
    assert (gate.passed, gate.detail) == (False, "failed solve")
    assert gate.value == pytest.approx(0.8)


def test_a_cohort_that_is_gone_in_two_years_is_impossible_and_one_that_is_gone_later_is_not():
    assert shares(replicates(np.ones(DRAWS), early=0.01))["any"] == 1.0
    assert shares(replicates(np.ones(DRAWS), early=0.01), people=())["any"] == 0.0  # mice may be
    late = replicates(np.ones(DRAWS))
    late["event_free"][:, :, 2] = 0.0
    assert shares(late)["any"] == 0.0


def test_each_row_stands_beside_its_prior_prediction():
    (line,) = prior_rows(replicates(np.ones(DRAWS)))
    assert (line["row"], line["role"], line["reported"]) == ("count", "fit", 3.0)
    assert line["lo90"] < 3.0 < line["hi90"]
    assert line["median"] == pytest.approx(5.0)
