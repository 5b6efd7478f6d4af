"""Therapies of another file stand beside the run's own, and never in their place."""

from __future__ import annotations

import json

import pytest

from metinfer.report.terminal import to_text
from metinfer.report.told import told
from metinfer.summaries import results_of, therapy
from tests.report.made_up import MadeUp


@pytest.fixture
def run(tmp_path):
    """A run that was asked about `mine.toml`, which redefines N-803."""
    made = MadeUp(tmp_path, inputs={"therapies.toml": "own", "populations.toml": "people"})
    data = made.kept["predictions.nc"]["/"]
    own = {"therapies": "own", "populations": "people"}
    made.kept["predictions.nc"] = {"/": data.assign_attrs(own)}
    other = own | {"therapies": "theirs", "therapies_file": "mine.toml",
                   "populations_file": "us.toml", "new": json.dumps(["n803"])}  # fmt: skip
    made.kept["predictions-other.nc"] = {"/": data.assign_attrs(other)}
    return made


def labels(run) -> list[str]:
    data = therapy.other(run)
    return data["therapy_label"].values.tolist() + data["population_label"].values.tolist()


def test_what_is_new_has_the_name_of_its_file_and_answers_stay_the_runs(run) -> None:
    assert labels(run) == ["N-803 (mine.toml)", "ER+ breast cancer", "colorectal"]
    found = results_of(run)
    assert {"N-803", "N-803 (mine.toml)"} <= set(found.therapies["label"])
    assert set(found.answers["therapy_label"]) == {"N-803", "CXCR4 fully blocked"}


def test_other_people_are_named_with_their_file(run) -> None:
    data = run.kept["predictions-other.nc"]["/"]
    run.kept["predictions-other.nc"]["/"] = data.assign_attrs(populations="theirs")
    assert labels(run)[-1] == "colorectal (us.toml)"


def test_predictions_of_another_file_are_not_the_runs_own(run) -> None:
    run.kept["predictions.nc"] = run.kept["predictions-other.nc"]
    assert therapy.own(run) is None
    assert results_of(run).answers.empty


def test_the_terminal_tells_the_ledger_and_refuses_a_number_needed_to_treat(run) -> None:
    data = {k: v for k, v in run.kept["decisions.nc"].items() if k == "experiments"}
    text = " ".join(to_text(told(run, run.kept["predictions.nc"]["/"], data), False).split())
    assert "untreated risk informed by people" in text
    assert "weakest: assumption only" in text
    assert "number needed to treat: not given" in text
    assert "number needed to treat: 1" not in text
