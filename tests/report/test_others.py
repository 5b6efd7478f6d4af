"""Therapies of another file stand beside the run's own, and never in their place."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest
import xarray as xr

from metinfer import results
from metinfer.evidence import bundled_path, read_evidence
from metinfer.report.contents_decisions import Course, Decisions
from metinfer.report.gather import others
from metinfer.runs import POSTERIOR

OWN = {"therapies": "own", "populations": "own people"}


def dataset(**attrs):
    """Two therapies in one population."""
    coords = {
        "therapy": ["n803", "mine"],
        "therapy_label": ("therapy", ["N-803", "Mine"]),
        "population": ["people"],
        "population_label": ("population", ["People"]),
    }
    return xr.Dataset({"x": (("therapy", "population"), [[1.0], [2.0]])}, coords, attrs)


@pytest.fixture
def run(monkeypatch):
    """A run that was asked about `mine.toml`, which brings `mine` and changes nothing else."""
    record = SimpleNamespace(
        files={POSTERIOR: "draws"},
        inputs={"therapies.toml": "own", "populations.toml": "own people"},
    )
    made = SimpleNamespace(record=record, kept={}, evidence=None)
    program = results.code_hash(results.PROGRAM)
    attrs = {"posterior": "draws", "program": program, "therapies": "theirs",
             "populations": "own people", "therapies_file": "mine.toml",
             "populations_file": "populations.toml", "new": json.dumps(["mine"])}  # fmt: skip
    made.kept[others.PREDICTIONS] = {"/": dataset(**attrs)}
    made.holds = lambda name: name in made.kept
    made.read_result = lambda name: made.kept[name]
    return made


def relabelled(run, **attrs):
    run.kept[others.PREDICTIONS]["/"] = run.kept[others.PREDICTIONS]["/"].assign_attrs(attrs)
    return others.predicted(run)


def test_predictions_of_another_file_are_not_the_named_answers(run):
    assert others.own(run, dataset(**OWN)) is not None
    assert others.own(run, dataset(**{**OWN, "therapies": "theirs"})) is None
    assert others.own(run, None) is None


def test_what_is_new_is_shown_with_the_name_of_its_file(run):
    data = others.predicted(run)
    assert data["therapy_label"].values.tolist() == ["Mine (mine.toml)"]
    (note,) = others.notes(run, data)
    assert "mine.toml" in note.text
    assert "theirs" in note.text


def test_a_therapy_that_was_redefined_keeps_the_name_of_the_file_too(run):
    data = relabelled(run, new=json.dumps(["n803", "mine"]))
    assert data["therapy_label"].values.tolist() == ["N-803 (mine.toml)", "Mine (mine.toml)"]


def test_other_people_are_named_with_their_file(run):
    data = relabelled(run, populations="their people", populations_file="us.toml")
    assert data["population_label"].values.tolist() == ["People (us.toml)"]
    assert data["therapy_label"].values.tolist() == ["N-803", "Mine (mine.toml)"]
    assert len(others.notes(run, data)) == 2


@pytest.mark.parametrize("attrs", [{"program": "older"}, {"posterior": "other draws"}])
def test_what_is_no_longer_so_is_not_shown(run, attrs):
    assert relabelled(run, **attrs) is None


def test_without_another_file_the_page_is_as_before(run):
    run.kept.clear()
    mine = Decisions(courses=(Course("N-803", "regimen", ""),))
    assert others.predicted(run) is None
    assert others.beside(mine, run, None, []) is mine
    assert others.notes(run, None) == ()


@pytest.mark.parametrize(("cohorts", "event"), [("simpson2024", "liver_again"), ("", "liver")])
def test_the_event_of_another_file_is_that_of_its_population(run, cohorts, event):
    """A population of another file may bear any name: its cohorts say what is counted."""
    run.evidence = read_evidence(bundled_path())
    run.kept[others.PREDICTIONS]["/"] = run.kept[others.PREDICTIONS]["/"].assign_coords(
        endpoint=("population", ["liver"]), cohorts=("population", [cohorts])
    )
    assert others.predicted(run)["endpoint"].values.tolist() == [event]
