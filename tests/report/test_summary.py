"""What is said in words: learnt or assumed, harm, thin evidence, scores."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import xarray as xr

from metinfer.inference import learnt
from metinfer.report import collect, said, summary, words
from metinfer.report.content import (
    ASSUMED,
    LEARNT,
    NARROWED,
    Answer,
    Coverage,
    Effect,
    Gate,
    Parameter,
    RoleCount,
    Span,
)
from metinfer.report.contents_compare import Compared, ComparedAnswer, FitAnswer
from metinfer.report.gather import labels, scores
from metinfer.report.gather.checked import checked, too_many
from metinfer.report.gather.likelihood import FORMULAS
from metinfer.therapy import verdicts
from tests.report.synthetic import answers, bundled, content, intervals, rows, small


def _effect(measure: str, posterior: Span, **more: object) -> Effect:
    base = answers()[0].effect
    return dataclasses.replace(base, measure=measure, posterior=posterior, **more)


@pytest.mark.parametrize(
    ("measure", "lo", "hi", "words"),
    [
        ("risk_ratio", 0.5, 1.1, "no effect and harm"),
        ("risk_ratio", 0.95, 1.0004, "no effect is still possible"),
        ("risk_ratio", 0.5, 0.9, ""),
        ("absolute_risk_reduction", -0.01, 0.05, "no effect and harm"),
        ("absolute_risk_reduction", -1e-6, 0.002, "no effect is still possible"),
        ("absolute_risk_reduction", 0.01, 0.05, ""),
    ],
)
def test_harm_is_named_only_where_it_would_matter(
    measure: str, lo: float, hi: float, words: str
) -> None:
    found = said._crosses(_effect(measure, Span(0.0, 0.0, 0.0, lo, hi)))
    assert words in found
    assert bool(found) == bool(words)


@pytest.mark.parametrize(
    ("why", "words"),
    [
        (learnt.ECHO, "already said"),
        (learnt.FEW, "simulation error"),
        (learnt.WIDER, "less certain than it was before"),
        (verdicts.UNTREATED_ONLY, "taught the risk without therapy"),
        (verdicts.NOTHING, "no effect in this model before"),
    ],
)
def test_the_reason_given_for_assumed_is_the_one_that_decided(why: str, words: str) -> None:
    shown = _effect("risk_ratio", Span(0.8, 0.7, 0.9, 0.5, 1.0), learnt=ASSUMED, why=why)
    told = said.learnt_sentence(shown)
    assert told.startswith("Assumed, not learnt: ")
    assert words in told
    others = {"simulation error", "less certain", "already said", "taught the risk", "no effect in"}
    assert sum(other in told for other in others) == 1


def test_a_narrower_interval_about_the_same_centre_is_not_called_learnt() -> None:
    narrowed = _effect("risk_ratio", Span(0.88, 0.79, 0.95, 0.58, 0.99), learnt=NARROWED,
                       applicability="prior only")  # fmt: skip
    told = said.learnt_sentence(narrowed)
    assert told.startswith("Narrowed only: ")
    assert "No fitted study tested this therapy" in told
    assert "not evidence that it works" in told
    tested = dataclasses.replace(narrowed, applicability="extrapolated (time)")
    assert "No fitted study" not in said.learnt_sentence(tested)
    assert said.learnt_sentence(dataclasses.replace(narrowed, learnt=LEARNT)).startswith("Learnt:")


def test_an_answer_says_what_it_counts_and_that_it_is_of_the_model() -> None:
    effect = _effect("risk_ratio", Span(0.8, 0.7, 0.9, 0.5, 1.0), start=28.0, competing=False)
    told = said.answer_sentence(Answer("made up", effect))
    assert told.startswith("In the model, ")
    assert "from day 28" in told
    assert "liver metastasis as the first metastasis" in told
    assert "counted from surgery)" in told  # a ratio needs no word on other deaths
    risk = dataclasses.replace(effect, measure="risk_untreated", endpoint="all_sites")
    told = said.answer_sentence(Answer("made up", risk))
    assert "any distant metastasis" in told
    assert "as if nobody died of another cause" in told
    same = _effect("risk_ratio", Span(1.0, 0.99, 1.0, 0.9, 1.0))
    assert "unchanged" in said.answer_sentence(Answer("made up", same))
    assert "by 1.00" not in said.answer_sentence(Answer("made up", same))


def test_risks_and_therapies_are_counted_apart() -> None:
    base = answers()[0]
    states = [("risk_untreated", LEARNT), ("risk_ratio", NARROWED), ("risk_ratio", ASSUMED),
              ("absolute_risk_reduction", NARROWED)]  # fmt: skip
    made = tuple(
        dataclasses.replace(base, effect=_effect(m, base.effect.posterior, learnt=s))
        for m, s in states
    )
    told = summary.answers_sentence(dataclasses.replace(content(), answers=made))
    assert told == (
        "1 risk without therapy was learnt. Of 3 answers about therapies none was moved by data, "
        "2 were narrowed only, and 1 repeats the prior."
    )


def test_a_learnt_answer_that_the_prior_pulls_on_is_named() -> None:
    shown = small()
    first = shown.ground.foundations[0]
    torn = dataclasses.replace(
        first, effect=dataclasses.replace(first.effect, learnt=LEARNT), prior_power=0.07,
        data_power=0.2,
    )  # fmt: skip
    ground = dataclasses.replace(shown.ground, foundations=(torn,))
    told = summary.conflict_sentences(dataclasses.replace(shown, ground=ground))
    assert len(told) == 1
    assert "0.070" in told[0]
    calm = dataclasses.replace(ground, foundations=(dataclasses.replace(torn, prior_power=0.01),))
    assert summary.conflict_sentences(dataclasses.replace(shown, ground=calm)) == []


def _compared(shift: float) -> Compared:
    answer = answers()[0]
    base = answer.effect.posterior
    far = dataclasses.replace(base, median=base.median + shift * (base.hi90 - base.lo90))
    fits = (
        FitAnswer("base", "base", "variant", base, 0.0),
        FitAnswer("by_prior", "averaged", "average", base, 0.0),
        FitAnswer("nobody", "Nobody 2001", "left out", far, shift),
    )
    return Compared((), (), (ComparedAnswer(answer.name, answer.effect, fits, ""),), (), 1, "")


def test_a_card_names_the_one_study_that_an_answer_rests_on() -> None:
    shown = dataclasses.replace(content(), compared=_compared(1.5))
    lines = summary.compared_lines(shown, answers()[0])
    assert [label for label, _ in lines] == [
        "averaged over 1 mechanisms", "rests on one study: without Nobody 2001",
    ]  # fmt: skip
    calm = dataclasses.replace(content(), compared=_compared(0.5))
    assert len(summary.compared_lines(calm, answers()[0])) == 1
    assert summary.compared_lines(content(), answers()[0]) == []


@pytest.mark.parametrize(("shift", "state"), [(0.4, "pass"), (0.6, "done")])
def test_a_check_passes_only_where_answers_stay_in_their_intervals(
    shift: float, state: str
) -> None:
    found = checked(_compared(shift))
    assert found.state == state
    assert "Nobody 2001" in found.told
    bad = checked(dataclasses.replace(_compared(shift), reasons=("9 divergences",)))
    assert (bad.state, bad.faults) == ("fail", ("9 divergences",))


def test_surprises_are_too_many_only_beyond_chance() -> None:
    assert not too_many(0, 18)
    assert not too_many(2, 18)
    assert too_many(4, 18)


def test_ratios_have_two_decimals_and_gains_are_days() -> None:
    assert words.shown_text(Span(0.9991, 0.99, 1, 0.951, 1.0003), "risk_ratio") == (
        "1.00 (0.95 to 1.00)"
    )
    assert words.shown_text(Span(1.0, 0.5, 1.5, 0.1, 2.0), "rmst_gain") == "365 (37 to 730)"
    assert words.shown_text(Span(0.0, 0.0, 2.0, 0.0, 5.0), "events") == "0 (0 to 5)"


def test_thin_parts_are_named_with_what_they_hold() -> None:
    parts = (
        Coverage("mouse", "interferon-gamma loss, and outcome", 1, 1, 8, "One study only.",
                 studies=1, thin=True),
        Coverage("human", "NK cells, measured", 0, 0, 0, "No row.", thin=True),
        Coverage("human", "NK cells, counted", 9, 3, 0, "Several cohorts."),
    )  # fmt: skip
    said = summary.thin_sentences(dataclasses.replace(content(), coverage=parts))
    assert said == [
        "Mouse, interferon-gamma loss, and outcome: 1 row from 1 study, 8 events. One study only.",
        "No fitted row at all, so nothing can be learnt: NK cells, measured (human).",
    ]


def test_the_bundled_evidence_says_where_mouse_rows_are_thin() -> None:
    shown = bundled()
    said = " ".join(summary.thin_sentences(shown))
    assert "Mouse, NK loss or loss of killing, and outcome" in said
    assert "Mouse, interferon-gamma loss, and outcome" in said
    human = next(c for c in shown.coverage if c.intervals)
    assert (human.species, human.thin) == ("human", False)
    assert human.events > 1000


def test_every_statistic_in_use_has_a_formula() -> None:
    shown = bundled()
    assert {k.formula for k in shown.likelihoods} <= {formula for _, formula in FORMULAS.values()}
    fitted = sum(k.fitted for k in shown.likelihoods)
    assert fitted == sum(r.rows for r in shown.roles if r.role == "fit")


def test_scores_count_by_hand() -> None:
    rng = np.random.default_rng(1)
    fits, lines = rows(rng), intervals(rng)
    draws = np.tile([i.observed for i in lines], (3, 1))
    replicate = xr.Dataset({"interval_replicate": (("draw", "interval"), draws)})
    found = {s.stream: s for s in scores.scores(fits, lines, replicate)}
    checked = [r for r in fits if r.role == "check"]
    assert found["all rows never fitted"].inside90 == sum(r.inside for r in checked)
    total = found["all follow-up intervals"]
    assert total.items == len(lines)
    assert total.expected == Span(*[total.seen] * 5)


def test_extreme_rows_are_named_with_both_numbers() -> None:
    row = dataclasses.replace(content().rows[0], tail=0.01, reported=9.0, unit="%")
    shown = dataclasses.replace(content(), rows=(row,), intervals=())
    (said,) = summary.extreme_rows(shown)
    assert row.source in said
    assert "9 %" in said
    assert "predicted" in said


def test_groups_are_named_by_what_was_done() -> None:
    arms = {"nk_depletion": 1.0, "perforin_loss": 0.0, "ifng_loss": 1.0, "injury": 0.0}
    mouse = type("Arm", (), {**arms, "neutrophil_depletion": 0.0, "timp1_fold": 1.0,
                             "species": "mouse", "site": "liver"})  # fmt: skip
    assert labels.group(mouse) == "liver, NK cells depleted, no interferon-gamma"
    assert labels.place("mouse_4t1") == "mouse 4T1 breast tumour"


def test_a_posterior_outside_its_prior_conflicts() -> None:
    prior = Span(1.0, 0.8, 1.2, 0.5, 1.5)
    parameter = Parameter("p", "", "", "", "", "", prior, Span(1.6, 1.5, 1.7, 1.4, 1.8))
    assert parameter.conflicts
    assert not dataclasses.replace(parameter, posterior=prior).conflicts
    assert not dataclasses.replace(parameter, posterior=None).conflicts


def test_verification_tells_what_the_run_knows_from_what_only_tests_know() -> None:
    gates = (Gate("solver grid", "", 4e-6, "", True), Gate("failed solves", "", 2, "", False))
    draws = {"failed": ("therapy", [0, 3]), "answer": ("draw", [0.0] * 5)}
    failed = xr.Dataset(draws)
    found = collect._checks(gates, failed)
    assert [c.state for c in found[:3]] == ["pass", "fail", "fail"]
    assert "3 of 10" in found[2].result
    assert all(c.command for c in found[3:])


ROLES = (
    RoleCount("published rows", "fit", "in the likelihood", 26),
    RoleCount("follow-up intervals", "fit", "in the likelihood", 151),
    RoleCount("published rows", "check", "predicted, never fitted", 21),
    RoleCount("published rows", "prior", "other", 10),
    RoleCount("published rows", "out", "other organ", 810),
)


def test_rows_and_follow_up_intervals_are_counted_apart() -> None:
    page = dataclasses.replace(content(), roles=ROLES)
    told = summary.evidence_sentence(page)
    assert told.startswith(
        "Of 867 published rows and 151 follow-up intervals, 26 and 151 were fitted, 21 rows were "
        "predicted but not fitted, 10 rows were "
    )
    alone = dataclasses.replace(page, roles=ROLES[:1])
    assert summary.evidence_sentence(alone).startswith("Of 26 published rows, 26 were fitted, 0 ")


def test_before_diagnose_nothing_is_said_of_rows_that_were_held_out() -> None:
    before = dataclasses.replace(content(), rows=(), intervals=(), scores=(), roles=ROLES)
    told = summary.sentences(before)
    assert sum("not computed yet (metinfer diagnose RUN)" in s for s in told) == 2
    assert not any("No row was held out" in s or "predicted but not" in s for s in told)
    none = dataclasses.replace(content(), scores=(), roles=ROLES[:1])
    assert summary.score_sentence(none).startswith("No row was held out")
