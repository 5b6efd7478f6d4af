from __future__ import annotations

import json

import numpy as np
import pytest
import xarray as xr

from metinfer import runs, workflow
from metinfer.errors import UsageError
from metinfer.inference.attempts import record_of
from metinfer.inference.settings import Settings
from tests import toy


@pytest.fixture
def run(tmp_path, toy_evidence):
    """A complete run of three draws, with tables of therapies and populations among its inputs."""
    path = tmp_path / "run"
    record = record_of(toy_evidence, path, toy.RECIPE, Settings())
    made = runs.create_run(path, toy_evidence, record)
    draws = xr.Dataset({"x": (("chain", "draw"), np.zeros((1, 3)))})
    made.write_groups(runs.POSTERIOR, {"posterior": draws})
    for name in ("therapies.toml", "populations.toml"):
        (path / "inputs" / name).write_text("")
    return made


@pytest.fixture
def counted(monkeypatch):
    """Predictions without a solve; the list has what was asked for."""
    asked = []

    def predict(run, therapies, populations):
        asked.append(therapies.name)
        return xr.Dataset({"risk": ("draw", [float(len(asked))])})

    monkeypatch.setattr(workflow, "_predict", predict)
    return asked


def test_the_same_predictions_are_made_once(run, counted):
    first, second = workflow.predict(run), workflow.predict(run)
    xr.testing.assert_equal(first, second)
    assert counted == ["therapies.toml"]


def test_other_therapies_are_predicted_anew(run, counted, tmp_path):
    workflow.predict(run)
    (tmp_path / "other.toml").write_text("[x]\n")
    assert float(workflow.predict(run, tmp_path / "other.toml")["risk"][0]) == 2.0
    workflow.predict(run)
    assert counted == ["therapies.toml", "other.toml", "therapies.toml"]


def test_a_report_takes_the_predictions_that_are_there(run, counted, tmp_path):
    (tmp_path / "other.toml").write_text("[x]\n")
    workflow.predict(run, tmp_path / "other.toml")
    assert float(workflow.predictions(run)["risk"][0]) == 1.0
    assert counted == ["other.toml"]


def test_predictions_of_another_posterior_are_stale(run, counted):
    workflow.predict(run)
    draws = xr.Dataset({"x": (("chain", "draw"), np.ones((1, 3)))})
    run.write_groups(runs.POSTERIOR, {"posterior": draws})
    assert float(workflow.predictions(run)["risk"][0]) == 2.0


def test_changed_predictions_are_made_anew(run, counted):
    workflow.predict(run)
    (run.path / workflow.PREDICTIONS).write_bytes(b"")
    assert float(workflow.predict(run)["risk"][0]) == 2.0


def test_a_missing_file_is_named(run, counted, tmp_path):
    with pytest.raises(UsageError, match=r"nowhere\.toml is not there"):
        workflow.predict(run, tmp_path / "nowhere.toml")


def test_chains_are_joined_in_order():
    values = np.arange(12.0).reshape(2, 3, 2)
    group = xr.Dataset({"x": (("item", "chain", "draw"), np.moveaxis(values, 2, 0))})
    assert workflow._flat(group)["x"].tolist() == values.reshape(6, 2).tolist()


def test_json_holds_only_what_json_can_hold():
    value = {"a": [np.float64("nan"), np.int64(3), float("inf")], "b": (np.True_, "c", None)}
    expected = {"a": [None, 3, None], "b": [True, "c", None]}
    assert json.loads(json.dumps(workflow.plain(value), allow_nan=False)) == expected
