from __future__ import annotations

import json
import shutil

import numpy as np
import pytest
import xarray as xr

import metinfer
from metinfer import results, runs, workflow
from metinfer.errors import RunError, UsageError
from metinfer.inference import reproduce
from metinfer.inference.attempts import record_of
from metinfer.inference.settings import Settings
from metinfer.report import phrases
from metinfer.storage import digest
from metinfer.summaries import others, quality
from metinfer.summaries.table import frame
from metinfer.therapy import overview, regimen
from tests import toy


@pytest.fixture
def run(tmp_path, toy_evidence):
    """A complete run of three draws, with tables of therapies and populations among its inputs."""
    path = tmp_path / "run"
    record = record_of(toy_evidence, path, toy.RECIPE, Settings())
    made = runs.create_run(path, toy_evidence, record)
    draws = xr.Dataset({"x": (("chain", "draw"), np.zeros((1, 3)))})
    made.write_groups(runs.POSTERIOR, {"prior": draws})
    for name in ("therapies.toml", "populations.toml"):
        (path / "inputs" / name).write_text("")
    return made


@pytest.fixture
def counted(monkeypatch):
    """Predictions without a solve; the list has what was asked for."""
    asked = []
    monkeypatch.setattr(overview, "unlike", lambda *files: ())
    monkeypatch.setattr(regimen, "read_therapies", lambda path: None)

    def predict(run, therapies, populations):
        asked.append(therapies.name)
        return xr.Dataset({"risk": ("draw", [float(len(asked))])})

    monkeypatch.setattr(workflow, "_predict", predict)
    return asked


def test_the_same_predictions_are_made_once(run, counted):
    first, second = workflow.predict(run), workflow.predict(run)
    xr.testing.assert_equal(first, second)
    assert counted == ["therapies.toml"]


def test_other_therapies_do_not_take_the_place_of_the_runs_own(run, counted, tmp_path):
    workflow.predict(run)
    (tmp_path / "other.toml").write_text("[x]\n")
    assert float(workflow.predict(run, tmp_path / "other.toml")["risk"][0]) == 2.0
    assert float(workflow.predict(run)["risk"][0]) == 1.0
    assert float(workflow.predict(run, tmp_path / "other.toml")["risk"][0]) == 2.0
    assert counted == ["therapies.toml", "other.toml"]
    kept = results.read_groups(run, workflow.OTHER_PREDICTIONS)["/"].attrs
    assert kept["therapies_file"] == "other.toml"
    assert kept["therapies"] == digest(tmp_path / "other.toml")


def test_a_copy_of_the_runs_own_file_is_its_own(run, counted, tmp_path):
    shutil.copy(run.path / "inputs" / "therapies.toml", tmp_path / "copy.toml")
    workflow.predict(run, tmp_path / "copy.toml")
    assert run.holds(workflow.PREDICTIONS)
    assert not (run.path / workflow.OTHER_PREDICTIONS).exists()


def test_predictions_of_another_posterior_are_made_anew(run, counted):
    workflow.predict(run)
    draws = xr.Dataset({"x": (("chain", "draw"), np.ones((1, 3)))})
    run.write_groups(runs.POSTERIOR, {"prior": draws})
    assert float(workflow.predict(run)["risk"][0]) == 2.0


def test_predictions_of_another_program_are_made_anew(run, counted, monkeypatch):
    workflow.predict(run)
    monkeypatch.setattr(results, "code_hash", lambda parts: "another")
    assert float(workflow.predict(run)["risk"][0]) == 2.0


def test_a_program_with_another_model_predicts_nothing_new(run, counted, monkeypatch):
    monkeypatch.setattr(reproduce, "agreement", lambda run: 0.1)
    with pytest.raises(RunError, match="another model"):
        workflow.predict(run)
    workflow.complete(run)
    assert counted == []


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
    assert json.loads(json.dumps(results.plain(value), allow_nan=False)) == expected


def test_a_result_is_used_only_as_it_was_written_and_of_these_draws(run):
    results.write_json(run, "diagnostics.json", {"passed": False, "gates": []})
    assert results.read_json(run, "diagnostics.json")["passed"] is False
    path = run.path / "diagnostics.json"
    path.write_text(path.read_text().replace("false", "true"))
    assert results.read_json(run, "diagnostics.json") == {}
    assert results.damaged(run, "diagnostics.json") == ("diagnostics.json",)
    results.write_json(run, "diagnostics.json", {"passed": True, "gates": []})
    draws = xr.Dataset({"x": (("chain", "draw"), np.ones((1, 3)))})
    run.write_groups(runs.POSTERIOR, {"prior": draws})
    assert results.read_json(run, "diagnostics.json") == {}


def test_a_result_of_another_program_is_kept_and_marked(run, monkeypatch):
    results.write_json(run, "diagnostics.json", {"passed": True, "gates": []})
    results.write_groups(run, "answers.nc", {"posterior": xr.Dataset({"a": ("draw", [1.0])})})
    assert quality.standing(run) == ()
    monkeypatch.setattr(results, "code_hash", lambda parts: "another")
    assert results.read_json(run, "diagnostics.json")["passed"] is True
    (told,) = quality.standing(run)
    assert (told.code, told.detail["command"]) == ("stale", "diagnose")
    assert told.detail["files"] == ["diagnostics.json", "answers.nc"]
    empty = frame((), ("role", "stream")), others.comparison(run), others.calibration(run)
    lights = quality.lights(run, True, *empty)
    assert lights[quality.Light.COMPUTATION] is quality.State.STALE
    assert lights[quality.Light.MECHANISMS] is quality.State.NOT_RUN
    failed = quality.lights(run, False, *empty)
    assert failed[quality.Light.COMPUTATION] is quality.State.FAIL


def test_a_damaged_result_is_named_with_the_command_that_makes_it(run):
    run.write_text("calibration.json", "{}")
    (run.path / "calibration.json").write_text('{"prior": ')
    (told,) = quality.standing(run)
    assert (told.code, told.detail["command"]) == ("damaged", "calibrate")
    assert told.detail["files"] == ["calibration.json"]
    words = phrases.reason(told, lambda name: f"metinfer {name} RUN")
    assert words == "calibration.json changed since written and is ignored (metinfer calibrate RUN)"


def test_a_run_of_the_same_program_is_not_computed_again(run, monkeypatch):
    monkeypatch.setattr(reproduce, "density_gap", lambda *a: pytest.fail("not needed"))
    assert reproduce.agreement(run) == 0.0


def test_a_folder_in_the_place_of_a_file_is_said(run, tmp_path):
    with pytest.raises(UsageError, match="is a folder: name a TOML file"):
        workflow.predict(run, tmp_path)


def test_a_folder_may_be_named_in_the_place_of_its_run(run, counted):
    run.update(status=runs.COMPLETE)
    inputs = {p.name: digest(p) for p in (run.path / "inputs").iterdir()}
    run.update(inputs=inputs)
    xr.testing.assert_equal(workflow.predict(str(run.path)), workflow.predict(run.path))
    assert len(counted) == 1


@pytest.mark.parametrize("call", [workflow.diagnose, workflow.predict, workflow.decisions])
def test_a_path_without_a_run_is_said(call, tmp_path):
    with pytest.raises(RunError, match="nope is not there"):
        call(tmp_path / "nope")


def test_a_look_around_the_package_shows_public_names_alone():
    shown = {name for name in dir(metinfer) if not name.startswith("__")}
    assert shown == set(metinfer.__all__)
