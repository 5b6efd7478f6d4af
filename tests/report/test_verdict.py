"""The verdict of a page: levels that fail, what is said over it, and one label per therapy."""

from __future__ import annotations

import dataclasses
from types import SimpleNamespace

import numpy as np
import pytest
import xarray as xr
from markupsafe import escape

from metinfer.evidence import bundled_path, read_evidence
from metinfer.inference.learnt import ASSUMED, LEARNT, MOVED, NARROWED
from metinfer.report import words
from metinfer.report.build import render
from metinfer.report.content import Gate, Score, Verdict
from metinfer.report.gather import acceptance, evidence, named, predictions
from metinfer.report.gather.checked import Checked
from metinfer.report.gather.verdict import heading, verdict
from metinfer.therapy.decision_records import decision_records
from tests.report.synthetic import small
from tests.report.test_gather import _predictions

RUN = SimpleNamespace(record=SimpleNamespace(status="complete", quick=False))
GOOD = (Gate("divergences", "", 0.0, "0", True),)
PASS = Checked("pass", "all well")


def _verdict(checked: Checked = PASS, held: Checked = PASS, scores: tuple = ()) -> Verdict:
    return verdict(RUN, GOOD, True, (), (), checked, held, scores)


@pytest.mark.parametrize("which", ["checked", "held"])
def test_a_level_that_fails_is_a_reason_with_its_text(which: str) -> None:
    found = _verdict(**{which: Checked("fail", "", ("9 divergences in a variant",))})
    assert not found.reportable
    assert len(found.reasons) == 1
    assert "9 divergences in a variant" in found.reasons[0]
    assert heading(found) == ("Not reportable", "no")


def test_the_sentence_of_a_level_that_fails_says_what_failed() -> None:
    """A card that reads "fail" must not go on with the sentence of one that passes."""
    agree = "the chains agree with one another"
    gates = (
        *GOOD,
        Gate("R-hat", f"{agree} (worst among shares)", 1.2, "at most 1.01", False),
        Gate("R-hat, fit without mouse rows", agree, 1.1, "at most 1.01", False),
    )
    bad = Checked("fail", "", ("9 divergences",))
    found = verdict(RUN, gates, False, (), (), bad, bad)
    first, *others = (level.meaning for level in found.levels)
    assert first == f"Does not hold: {agree} (R-hat)."
    assert others == ["Does not hold: 9 divergences."] * 2
    assert _verdict().levels[0].meaning == "The chains agree and the solver is accurate enough."


def test_what_was_not_tested_stands_over_the_verdict() -> None:
    nothing = Checked("not run")
    assert heading(_verdict()) == ("Reportable", "yes")
    words, tone = heading(_verdict(nothing, nothing))
    assert words == "Computed only: not checked against other mechanisms, not calibrated"
    assert tone == "part"
    assert heading(_verdict(PASS, nothing))[0] == "Reportable with limits: not calibrated"


def test_answers_that_move_are_reportable_with_limits() -> None:
    found = _verdict(Checked("done", "largest shift 168 %"))
    assert found.reportable
    assert heading(found) == ("Reportable with limits", "part")
    assert any("168 %" in note for note in found.notes)
    assert [v.state for v in found.levels] == ["pass", "done", "pass"]


def test_values_never_fitted_that_miss_too_often_stand_in_the_box() -> None:
    few = Score("all rows never fitted", "check", 21, 9, 15, "too narrow")
    assert _verdict(scores=(few,)).notes == (
        "Values that were never fitted: 15 of 21 lie inside their 90 % interval (19 expected).",
    )
    assert _verdict(scores=(dataclasses.replace(few, judged="as expected"),)).notes == ()


def test_the_page_shows_failed_levels_and_notes() -> None:
    failed = verdict(RUN, GOOD, True, (), (), Checked("fail", "", ("9 divergences",)))
    page = render(dataclasses.replace(small(), verdict=failed))
    assert "the level \u201cchecked\u201d fails: 9 divergences" in page
    noted = dataclasses.replace(small().verdict, reportable=True, notes=("a note on it",))
    assert "a note on it" in render(dataclasses.replace(small(), verdict=noted))


ASKED = (
    {"name": "ratio", "therapy": "a", "population": "p", "measure": "risk_ratio",
     "time_year": 10.0, "margin": 0.8},
)  # fmt: skip


def _every(posterior: float) -> dict[str, xr.Dataset]:
    rng = np.random.default_rng(1)
    made = {"prior": 0.5 + 0.1 * rng.normal(size=(1, 2000)),
            "posterior": posterior + 0.02 * rng.normal(size=(4, 500))}  # fmt: skip
    return {k: xr.Dataset({"ratio": (("chain", "draw"), v)}) for k, v in made.items()}


def test_a_record_takes_the_verdict_of_all_draws() -> None:
    records = predictions.records(_predictions())
    mine = next(r for r in records if named.matches(r, ASKED[0]))
    assert mine["risk_ratio"]["learnt"] == NARROWED
    named.sharpen(records, ASKED, named.every_draw(_every(0.2)))
    assert (mine["risk_ratio"]["learnt"], mine["risk_ratio"]["why"]) == (LEARNT, MOVED)
    assert mine["risk_ratio"]["posterior"]["median"] == pytest.approx(0.2, abs=0.01)
    assert mine["probability"]["risk_ratio"]["beyond_margin"]["posterior"] is None  # no margin
    other = next(r for r in records if r is not mine)
    assert other["risk_ratio"]["learnt"] == NARROWED


def test_no_effect_stays_above_a_risk_ratio_that_all_draws_call_assumed() -> None:
    records = predictions.records(_predictions())
    mine = next(r for r in records if named.matches(r, ASKED[0]))
    groups = _every(0.5)
    groups["posterior"] = groups["prior"]
    named.sharpen(records, ASKED, named.every_draw(groups))
    assert {mine[m]["learnt"] for m in ("risk", "absolute_risk_reduction")} == {ASSUMED}


def _doses() -> dict[str, xr.Dataset]:
    """Few draws of a therapy under two doses; the posterior of the second equals its prior."""
    rng = np.random.default_rng(4)
    prior = 0.5 + 0.1 * rng.normal(size=(60, 2))
    values = np.stack([prior, np.stack([prior[:, 0] * 0.2 + 0.4, prior[:, 1]], axis=1)])
    texts = {"therapy": "a", "therapy_label": "Agent A", "kind": "regimen", "population": "p",
             "population_label": "made-up people", "species": "human",
             "applicability": "prior only"}  # fmt: skip
    numbers = {"horizon_year": 10.0, "follow_year": 10.0, "stop_year": 1.0}
    coords = {k: ("case", [v]) for k, v in {**texts, **numbers}.items()}
    return {
        "dose": xr.Dataset(
            {
                "risk_ratio": (("source", "draw", "dose", "case"), values[..., None]),
                "dose_half": (("source", "draw", "case"), values[..., 1:]),
            },
            coords={
                "source": ["prior", "posterior"],
                **coords,
                "dose_setting": (("case", "dose"), [[0.1, 1.0]]),
            },
        )  # fmt: skip
    }


def test_a_therapy_in_a_population_has_one_label_whatever_the_number_of_draws() -> None:
    records = predictions.records(_predictions())
    named.sharpen(records, ASKED, named.every_draw(_every(0.2)))
    found = decision_records(_doses(), None, records)
    said = [r["measures"]["risk_ratio"] for r in found if "risk_ratio" in r["measures"]]
    assert [(s["learnt"], s["why"]) for s in said] == [(LEARNT, MOVED)] * 2
    half = next(r for r in found if "dose_half" in r["measures"])["measures"]["dose_half"]
    assert half["learnt"] == ASSUMED  # of itself it is no more than that


def test_the_first_day_is_that_of_the_therapy_or_of_its_earliest_part() -> None:
    def cure(day: float, parts: tuple = ()) -> SimpleNamespace:
        return SimpleNamespace(start_in=lambda species: day, parts=parts)

    both = cure(99.0, (cure(28.0), cure(3.0)))
    records = [{"therapy": t, "species": "human"} for t in ("one", "both", "unknown")]
    named.start_days(records, SimpleNamespace(therapies={"one": cure(28.0), "both": both}))
    assert [r["start_day"] for r in records] == [28.0, 3.0, None]


def test_limits_of_acceptance_are_those_of_the_program_unless_the_author_has_own() -> None:
    gates = (
        Gate("R-hat", "", 1.0, "at most 1.01", True),
        Gate("R-hat, named answers", "", 1.0, "at most 1.01", True),
    )
    asked = [{"measure": "risk_ratio", "margin": 0.8}, {"measure": "risk_untreated"}]
    found = acceptance.field({"answer": asked}, gates)
    assert found.section == 1
    first, second = found.text.split("\n")[:2]
    assert first.endswith("R-hat at most 1.01.")
    assert second.endswith("below 0.80.")
    assert acceptance.field({"acceptance": ["mine", "yours"]}, gates).text == "mine\nyours"
    assert acceptance.field({}, ()).text  # no gap: calibration and comparison have limits


def test_known_limits_stand_among_the_limits_as_a_list() -> None:
    analysis = read_evidence(bundled_path()).analysis
    limits = next(f for f in evidence.author_fields(analysis) if f.label == "Known limits")
    assert limits.section == 13
    page = render(dataclasses.replace(small(), author=(limits,)))
    assert f"<li>{escape(analysis['limits'][0])}</li>" in page
    notes = acceptance.limits(read_evidence(bundled_path()))
    assert any("docs/calibration.md" in n.text for n in notes)


def test_labels_are_in_the_letters_that_people_use() -> None:
    data = xr.Dataset(coords={"therapy": ["a", "b"],
                              "therapy_label": ("therapy", ["6 ug/kg", "a bug"])})  # fmt: skip
    found = named.spelled(data)["therapy_label"].values.tolist()
    assert found == ["6 \u00b5g/kg", "a bug"]


def test_a_cohort_that_counts_liver_alone_counts_new_liver_metastases() -> None:
    data = xr.Dataset(coords={"population": ["crlm_resected", "er_positive_n0"],
                              "endpoint": ("population", ["liver", "liver"])})  # fmt: skip
    found = named.scoped(data, read_evidence(bundled_path()))
    assert found is not None
    assert found["endpoint"].values.tolist() == ["liver_again", "liver"]
    assert words.event("liver_again") == "new liver metastasis"
