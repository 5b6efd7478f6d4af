"""Stored decisions agree with the questions asked one by one, and say what was learnt."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from made_up import MadeUp

from metinfer.report import terminal
from metinfer.report.told import Told
from metinfer.therapy import outputs
from metinfer.therapy.cases import FACTORS, Case, settings
from metinfer.therapy.decide import (
    Question,
    dose_response,
    interaction,
    lasting,
    window,
)
from metinfer.therapy.decision_records import decision_records, rank_records
from metinfer.therapy.decisions import Subject, decide
from metinfer.therapy.populations import read_populations
from metinfer.therapy.predict import predict
from metinfer.therapy.records import to_records
from metinfer.therapy.regimen import read_therapies

DATA = Path(__file__).parents[2] / "data"
THERAPIES = replace(read_therapies(DATA / "therapies.toml"), variants=4)
POPULATIONS = {
    n: p for n, p in read_populations(DATA / "populations.toml").items()
    if n in ("er_positive_n0", "mouse_bolus_liver")
}  # fmt: skip
PRIOR = MadeUp({"w1": 2e-4, "tau": 300.0}, count=4, number=0.4)
POSTERIOR = MadeUp({"w1": 2e-4, "tau": 300.0}, count=4)
CASES = (
    Case("n803", "er_positive_n0"), Case("cxcr4_block", "er_positive_n0"),
    Case("n803_plus_cxcr4", "er_positive_n0"), Case("n803", "mouse_bolus_liver"),
)  # fmt: skip


@pytest.fixture(scope="module")
def subject() -> Subject:
    return Subject({"prior": PRIOR, "posterior": POSTERIOR}, THERAPIES, POPULATIONS)


@pytest.fixture(scope="module")
def found(subject: Subject) -> dict[str, xr.Dataset]:
    return decide(subject, CASES)


@pytest.fixture(scope="module")
def predictions() -> xr.Dataset:
    names = ("n803", "cxcr4_block")
    few = replace(THERAPIES, therapies={n: THERAPIES.therapies[n] for n in names})
    return predict({"prior": PRIOR, "posterior": POSTERIOR}, few, POPULATIONS)


def told(predictions, found, asked=(), **standing) -> Told:
    """What a run with these results would answer."""
    return Told(predictions, found, to_records(predictions), asked, standing)


def _question(case: Case) -> Question:
    return Question(
        POSTERIOR, THERAPIES, THERAPIES.therapies[case.therapy], POPULATIONS[case.population]
    )


def _cell(found: dict[str, xr.Dataset], kind: str, case: Case) -> xr.Dataset:
    data = found[kind]
    here = (data["therapy"] == case.therapy) & (data["population"] == case.population)
    return data.isel(case=int(np.flatnonzero(here)[0])).sel(source="posterior")


def test_every_question_holds_its_cases_and_leaves_nothing_undefined(found) -> None:
    assert set(found) == {"lasting", "window", "duration", "dose", "interaction"}
    sizes = {k: d.sizes["case"] for k, d in found.items()}
    assert sizes == {"lasting": 4, "window": 3, "duration": 3, "dose": 2, "interaction": 1}
    for kind, data in found.items():
        if f"{kind}_setting" in data.coords:
            given = np.isfinite(data[f"{kind}_setting"])
            assert np.isfinite(data["risk_ratio"].where(given, 0.0)).all()


@pytest.mark.parametrize("case", CASES[:2])
def test_lasting_is_that_of_the_question_alone(found, case: Case) -> None:
    therapy, population = THERAPIES.therapies[case.therapy], POPULATIONS[case.population]
    alone = lasting(_question(case), settings(therapy, population).stop)
    cell = _cell(found, "lasting", case)
    np.testing.assert_allclose(cell["share"], alone.lasting_share(), rtol=1e-6)
    np.testing.assert_allclose(cell["avoided"], alone.avoided[:, -1], rtol=1e-6)
    np.testing.assert_allclose(cell["rebound"], alone.rebound(), rtol=1e-6)


def test_window_is_that_of_the_question_alone(found) -> None:
    case = CASES[1]
    chosen = settings(THERAPIES.therapies[case.therapy], POPULATIONS[case.population])
    alone = window(_question(case), chosen.starts, chosen.follow)
    cell = _cell(found, "window", case)
    np.testing.assert_allclose(cell["window_setting"], chosen.starts)
    for name in ("risk_ratio", "absolute_risk_reduction"):
        np.testing.assert_allclose(cell[name], alone[name], rtol=1e-5)


def test_doses_and_combinations_are_those_of_the_question_alone(found) -> None:
    alone = dose_response(_question(CASES[0]), 10.0, FACTORS)
    cell = _cell(found, "dose", CASES[0])
    np.testing.assert_allclose(cell["absolute_risk_reduction"], alone, rtol=1e-6)
    both = interaction(_question(CASES[2]), 10.0)
    cell = _cell(found, "interaction", CASES[2])
    for name, values in both.items():
        np.testing.assert_allclose(cell[name], values, rtol=1e-6)


def test_longer_therapy_helps_more(found) -> None:
    cell = _cell(found, "duration", CASES[0])
    good = np.isfinite(cell["duration_setting"])
    ratios = cell["risk_ratio"].to_numpy()[:, good]
    assert (np.diff(ratios, axis=1) < 0).all()


def test_records_stand_beside_the_prior_and_are_assumed_with_their_ratio(found) -> None:
    """A reduction that moved with the baseline says nothing of a therapy whose ratio did not."""
    data = found["window"].copy(deep=True)
    data["risk_ratio"].loc[{"source": "prior"}] = data["risk_ratio"].sel(source="posterior")
    data["absolute_risk_reduction"].loc[{"source": "prior"}] += 1.0
    records = decision_records({"window": data})
    assert {r["question"] for r in records} == {"window"}
    measures = records[0]["measures"]
    assert measures["risk_ratio"]["learnt"] == "assumed, not learnt"
    assert measures["absolute_risk_reduction"]["overlap"] == 0.0
    assert measures["absolute_risk_reduction"]["learnt"] == "assumed, not learnt"
    assert measures["risk_untreated"]["learnt"] == "learnt"  # twice the founders
    for key in ("median", "lo50", "hi50", "lo90", "hi90"):
        assert measures["risk_ratio"]["prior"][key] is not None


def test_formats_hold_effects_and_decisions(found, predictions) -> None:
    document = json.loads(outputs.to_json(predictions, found))
    assert set(document) == {
        "run", "effects", "ranks", "decisions", "variance", "experiments",
    }  # fmt: skip
    assert document["decisions"][0]["measures"]["share"]["posterior"]["median"] is not None
    lines = outputs.to_csv(predictions, found).splitlines()
    assert all(line.count(",") >= lines[0].count(",") for line in lines)
    assert any("window.risk_ratio,28.0," in line for line in lines)
    text = terminal.to_text(told(predictions, found))
    for title in ("Regimens", "Ranks", "Lasting or delay", "Window by start", "Dose response"):
        assert title in text


def test_mice_are_counted_in_days_and_people_in_years(found, predictions) -> None:
    text = " ".join(terminal.to_text(told(predictions, found)).split())
    assert "Risk of metastasis within 43.5 days without therapy" in text
    assert "Risk of liver metastasis as the first metastasis within 10 years without" in text
    assert "without competing death" in text
    assert "0.119" not in text


def test_a_terminal_shows_names_people_use(found, predictions) -> None:
    text = terminal.to_text(told(predictions, found))
    for name in predictions["therapy"].values:
        label = predictions["therapy_label"].sel(therapy=name).item()
        assert label in " ".join(text.split())
        assert f"{name} " not in text


@pytest.mark.parametrize("columns", [80, 120, 400])
def test_a_terminal_of_any_width_gets_whole_intervals(
    found, predictions, columns, monkeypatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    text = terminal.to_text(told(predictions, found))
    assert max(map(len, text.splitlines())) <= columns
    assert text.count("(") == text.count(")")


def test_a_terminal_shows_named_answers_first_and_the_rest_if_asked(found, predictions) -> None:
    asked = [{"name": "a", "therapy": "n803", "population": "er_positive_n0", "time_year": 10.0,
              "measure": "absolute_risk_reduction"}]  # fmt: skip
    short = terminal.to_text(told(predictions, found, asked), every=False)
    whole = terminal.to_text(told(predictions, found, asked), every=True)
    assert "Named answers" in short
    assert "number needed to treat" in short
    assert "Regimens" not in short
    assert "--all" in short
    assert all(word in whole for word in ("Named answers", "Regimens", "Window by start"))


@pytest.mark.parametrize(
    ("standing", "doubt"),
    [
        ({"gates_passed": True, "gates_failed": []}, ""),
        ({"gates_passed": False, "gates_failed": ["R-hat", "bulk ESS"]}, "R-hat, bulk ESS failed"),
        ({"gates_passed": None, "gates_failed": []}, "metinfer diagnose RUN"),
    ],
)
def test_numbers_of_a_run_that_failed_say_so(found, predictions, standing, doubt) -> None:
    answered = told(predictions, found, **standing)
    assert doubt in answered.doubt
    assert ("NOT TO BE TRUSTED" in terminal.to_text(answered)) == bool(doubt)
    document = json.loads(outputs.to_json(predictions, found, answered.records, standing))
    assert document["run"] == standing


def test_a_number_needed_to_treat_is_given_only_of_what_was_learnt(predictions) -> None:
    from metinfer.therapy.records import needed_to_treat

    less = to_records(predictions)[0]["absolute_risk_reduction"]
    given = needed_to_treat(less | {"learnt": "learnt"})["posterior"]
    assert given["median"] == pytest.approx(1.0 / less["posterior"]["median"])
    for state in ("narrowed only", "assumed, not learnt"):
        refused = needed_to_treat(less | {"learnt": state})["posterior"]
        assert refused["text"] == f"not given: {state.partition(',')[0]}"
        assert all(refused[key] is None for key in ("median", "lo90", "hi90"))


def test_chance_of_benefit_and_margin(predictions) -> None:
    record = to_records(predictions.assign_attrs(margin_risk_ratio=1e-6))[0]
    chance = record["probability"]["risk_ratio"]
    assert chance["benefit"]["posterior"] == 1.0
    assert chance["beyond_margin"]["posterior"] == 0.0
    assert record["probability"]["rmst_gain"]["margin"] is None


def test_nothing_is_ranked_where_nothing_was_learnt(predictions) -> None:
    assert all(not r["probability"] for r in rank_records(predictions))
    assert all(r["refused"] for r in rank_records(predictions))
