from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
import xarray as xr

from metinfer.inference import leave_out, predictive
from metinfer.inference.density import Joint
from metinfer.inference.leave_out import studies
from metinfer.inference.model import build_model
from metinfer.inference.predictive import _rows, main_number, matched, posterior_predictive
from metinfer.inference.solving import thin
from metinfer.inference.statistics import STATISTICS
from tests.inference.conftest import with_rows
from tests.inference.test_diagnose import latents_of


@pytest.fixture(scope="module")
def replicates(tiny, tiny_joint):
    return posterior_predictive(tiny, latents_of(tiny_joint, 60), 0.5, seed=1)


def test_every_row_and_interval_is_replicated(replicates, tiny):
    rows = [*tiny.rows("fit"), *tiny.rows("check")]
    assert list(replicates["row"].values) == [r.row for r in rows]
    assert list(replicates["row_role"].values) == [r.role for r in rows]
    assert replicates["row_replicate"].shape == (60, len(rows))
    assert np.isfinite(replicates["row_replicate"]).mean() > 0.95
    assert replicates["interval_replicate"].sizes["interval"] == 3
    counts = replicates["row_replicate"].sel(row="control-share")
    assert set(np.unique(counts)) <= set(np.arange(13.0))
    assert float(replicates["row_reported"].sel(row="il15-count")) == 0.9


def test_event_free_curves_start_at_one_and_fall(replicates):
    curve = replicates["event_free"].sel(cohort="followed")
    assert list(curve["time"].values) == [0.0, 14.0, 28.0, 56.0]
    np.testing.assert_allclose(curve.sel(time=0.0), 1.0)
    assert np.all(np.diff(curve.values, axis=1) <= 1e-12)
    assert float(curve[:, -1].std()) > 0.01


def test_a_seed_gives_its_replicates(tiny, tiny_joint, replicates):
    latents = latents_of(tiny_joint, 60)
    xr.testing.assert_identical(posterior_predictive(tiny, latents, 0.5, seed=1), replicates)
    other = posterior_predictive(tiny, latents, 0.5, seed=2)
    assert not np.array_equal(other["row_replicate"], replicates["row_replicate"])


def test_steps_are_split_as_in_the_fit(tiny, tiny_joint, monkeypatch):
    split, made = [], predictive.prediction_tape

    def seen(joint, refine=1):
        split.append(refine)
        return made(joint, refine)

    monkeypatch.setattr(predictive, "prediction_tape", seen)
    latents = latents_of(tiny_joint, 4)
    posterior_predictive(tiny, latents, 0.5, 1, refine=4)
    leave_out.predict_left_out(tiny, studies(tiny_joint.design)[0], latents, 0.5, 1, refine=2)
    assert split == [4, 2]


def test_rows_that_are_only_checked_never_enter_the_posterior(tiny, tiny_model):
    without = build_model(with_rows(tiny, tiny.rows("fit")))
    assert without.coords == tiny_model.coords
    assert [v.name for v in without.free_RVs] == [v.name for v in tiny_model.free_RVs]
    checked = {m.row for m in tiny.rows("check")}
    assert checked
    assert not checked & {label for d in tiny_model.coords.values() for label in d}


def test_latents_are_matched_by_their_label(bundled, bundled_joint):
    latents = latents_of(bundled_joint, 5)
    wide = Joint.of(bundled, ("fit", "check"))
    drawn = matched(latents, wide.table, np.random.default_rng(0))
    narrow = thin(latents, 5)
    for block, (mine, all_of_them) in enumerate(
        (
            (bundled_joint.table.normal, wide.table.normal),
            (bundled_joint.table.beta, wide.table.beta),
        )
    ):
        known = [e.label for e in mine]
        labels = [e.label for e in all_of_them]
        assert set(known) <= set(labels)
        for i, label in enumerate(labels):
            if label in known:
                expected = narrow[block][:, known.index(label)]
                np.testing.assert_array_equal(drawn[block][:, i], expected)
            else:
                assert len(np.unique(drawn[block][:, i])) == 5
    assert len(wide.table.normal) > len(bundled_joint.table.normal)
    np.testing.assert_array_equal(drawn[2], narrow[2])


def test_a_median_is_compared_by_its_median():
    """Its quartiles are reported too, the lower one first."""
    statistic = STATISTICS["median_log"]
    columns = {k: np.array([v]) for k, v in
               {"value": 141.1, "low": 53.7, "high": 236.0, "n": 60.0}.items()}  # fmt: skip
    data = statistic.prepare({**columns, "spread": np.array(["iqr"])})
    family = SimpleNamespace(name="median_log", statistic=statistic, data=data, rows=np.array([0]))
    pred = {"value": np.full((500, 1), 141.1), "sd": np.full((500, 1), 1.1)}
    row = SimpleNamespace(row="timp1", role="check")
    joint = SimpleNamespace(design=SimpleNamespace(rows=[row]))
    made = _rows(joint, [(family, pred)], np.random.default_rng(1))
    assert float(made["row_reported"][0]) == 141.1
    assert float(made["row_replicate"].median()) == pytest.approx(141.1, rel=0.05)


def test_statistics_without_a_value_are_compared_by_what_they_count():
    assert main_number(STATISTICS["proportion"]) == "events"
    assert main_number(STATISTICS["mean_log"]) == "value"
