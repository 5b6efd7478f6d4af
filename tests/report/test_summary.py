"""What is said in words: learnt or assumed, harm, thin evidence, scores."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import xarray as xr

from metinfer.report import collect, summary, words
from metinfer.report.content import ASSUMED, LEARNT, Coverage, Effect, Gate, Parameter, Span
from metinfer.report.gather import labels, scores
from metinfer.report.gather.likelihood import FORMULAS
from tests.report.synthetic import answers, bundled, content, intervals, rows


def _effect(measure: str, posterior: Span, **more: object) -> Effect:
    base = answers()[0].effect
    return dataclasses.replace(base, measure=measure, posterior=posterior, **more)


@pytest.mark.parametrize(
    ("measure", "lo", "hi", "said"),
    [
        ("risk_ratio", 0.5, 1.1, "no effect and harm"),
        ("risk_ratio", 0.95, 1.0004, "too small to matter"),
        ("risk_ratio", 0.5, 0.9, ""),
        ("absolute_risk_reduction", -0.01, 0.05, "no effect and harm"),
        ("absolute_risk_reduction", -1e-6, 0.002, "too small to matter"),
        ("absolute_risk_reduction", 0.01, 0.05, ""),
    ],
)
def test_harm_is_named_only_where_it_would_matter(
    measure: str, lo: float, hi: float, said: str
) -> None:
    found = summary._crosses(_effect(measure, Span(0.0, 0.0, 0.0, lo, hi)))
    assert said in found
    assert bool(found) == bool(said)


def test_a_learnt_baseline_is_not_a_learnt_effect() -> None:
    tight = Span(0.01, 0.008, 0.012, 0.005, 0.015)
    shown = _effect("absolute_risk_reduction", tight, learnt=ASSUMED, overlap=0.3)
    said = summary.learnt_sentence(shown)
    assert "taught the risk without therapy" in said
    assert "from the prior alone" in said
    assert "already said" in summary.learnt_sentence(dataclasses.replace(shown, overlap=0.9))
    ratio = dataclasses.replace(shown, measure="risk_ratio")
    assert "may be chance" in summary.learnt_sentence(ratio)
    assert "The data narrowed" in summary.learnt_sentence(dataclasses.replace(shown, learnt=LEARNT))


def test_a_narrower_interval_about_the_same_centre_is_not_called_moved() -> None:
    prior = Span(0.86, 0.63, 0.96, 0.25, 0.99)
    narrowed = dataclasses.replace(
        _effect("risk_ratio", Span(0.88, 0.79, 0.95, 0.58, 0.99), learnt=LEARNT, overlap=0.5),
        prior=prior, applicability="prior only",
    )  # fmt: skip
    said = summary.learnt_sentence(narrowed)
    assert "did not move its centre" in said
    assert "No fitted row gives this therapy" in said
    assert summary.only_narrowed(narrowed)
    assert not summary.only_narrowed(dataclasses.replace(narrowed, learnt=ASSUMED))
    assert not summary.only_narrowed(dataclasses.replace(narrowed, measure="risk_untreated"))
    elsewhere = dataclasses.replace(narrowed, posterior=Span(0.5, 0.45, 0.55, 0.4, 0.6))
    assert "The data moved this" in summary.learnt_sentence(elsewhere)


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
