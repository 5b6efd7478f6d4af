"""Number needed to treat with intervals that hold zero."""

from __future__ import annotations

import numpy as np
import pytest

from metinfer.inference.learnt import (
    ASSUMED,
    CENTRE,
    LEARNT,
    MEASURED,
    MOVED,
    NARROWED,
    overlap,
    verdict,
)
from metinfer.therapy.applicability import INSIDE
from metinfer.therapy.records import _needed
from metinfer.therapy.verdicts import LITTLE, NO_EFFECT, NOTHING, UNTREATED_ONLY, answer_of, capped


def _span(median: float, lo90: float, hi90: float) -> dict[str, float]:
    return {
        "median": median,
        "lo50": (median + lo90) / 2,
        "hi50": (median + hi90) / 2,
        "lo90": lo90,
        "hi90": hi90,
    }


def test_a_clear_benefit_inverts_and_swaps_the_ends() -> None:
    needed = _needed(_span(0.05, 0.02, 0.1))
    assert needed["median"] == pytest.approx(20)
    assert (needed["lo90"], needed["hi90"]) == (pytest.approx(10), pytest.approx(50))
    assert needed["text"] == "one helped per 10 to 50"
    assert not needed["crosses_zero"]


def test_an_interval_with_zero_has_no_finite_ends() -> None:
    needed = _needed(_span(0.03, -0.01, 0.08))
    assert needed["lo90"] is None
    assert needed["hi90"] is None
    assert needed["crosses_zero"]
    assert needed["text"] == "one helped per 12.5 or more; one harmed per 100 or more"


def test_harm_is_called_harm() -> None:
    assert _needed(_span(-0.05, -0.1, -0.02))["text"] == "one harmed per 10 to 50"


def test_no_effect_at_all() -> None:
    needed = _needed(_span(0.0, 0.0, 0.0))
    assert needed["median"] is None
    assert needed["text"] == "no effect"


def test_two_samples_of_one_prior_are_not_called_learnt() -> None:
    """Overlap itself falls below 0.8 by chance; its bound hardly ever does."""
    rng = np.random.default_rng(0)
    pairs = [np.exp(-3.0 * np.exp(rng.normal(size=(2, 300)))) for _ in range(200)]
    plain = np.mean([overlap(*p) <= 0.8 for p in pairs])
    bound = np.mean([verdict(*p).bound <= 0.8 for p in pairs])
    assert plain > 0.02
    assert bound <= 0.01


def test_a_much_narrower_posterior_is_learnt() -> None:
    rng = np.random.default_rng(1)
    wide, narrow = rng.normal(size=1000), 0.3 * rng.normal(size=1000)
    assert verdict(wide, narrow).bound < 0.5
    assert verdict(wide, narrow).bound >= overlap(wide, narrow)


def test_equal_points_overlap_fully() -> None:
    assert verdict(np.zeros(10), np.zeros(10)).bound == 1.0


def _draws(prior: tuple[float, float], posterior: tuple[float, float]) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(3)
    return {
        "prior": prior[0] + prior[1] * rng.normal(size=2000),
        "posterior": posterior[0] + posterior[1] * rng.normal(size=2000),
    }


def test_a_narrower_interval_about_the_same_centre_is_learnt_only_where_it_was_measured() -> None:
    draws = _draws((0.7, 0.2), (0.72, 0.1))
    untested = answer_of(draws, "risk_ratio", "prior only")
    assert (untested["learnt"], untested["why"]) == (NARROWED, CENTRE)
    assert (answer_of(draws, "risk_ratio", INSIDE))["why"] == MEASURED
    assert (answer_of(draws, "risk_untreated", "prior only"))["learnt"] == LEARNT
    assert answer_of(_draws((0.7, 0.2), (0.4, 0.1)), "risk_ratio")["why"] == MOVED


def test_an_effect_that_is_none_before_and_after_is_neither_learnt_nor_narrowed() -> None:
    draws = _draws((1.0, 0.004), (0.995, 0.0005))
    assert (answer_of(draws, "risk_ratio")["learnt"], answer_of(draws, "risk_ratio")["why"]) == (
        ASSUMED, NOTHING,
    )  # fmt: skip
    wide = _draws((1.0, 0.1), (0.85, 0.005))
    assert answer_of(wide, "risk_ratio")["learnt"] == LEARNT
    assert set(LITTLE) == set(NO_EFFECT)


def test_no_effect_counts_as_more_than_the_risk_ratio() -> None:
    ratio = answer_of(_draws((0.7, 0.2), (0.72, 0.1)), "risk_ratio")
    moved = answer_of(_draws((0.1, 0.05), (0.01, 0.005)), "absolute_risk_reduction")
    same = answer_of(_draws((0.1, 0.05), (0.1, 0.05)), "rmst_gain")
    assert moved["learnt"] == LEARNT
    found = {"risk_ratio": ratio, "absolute_risk_reduction": moved, "rmst_gain": same,
             "risk": dict(moved)}  # fmt: skip
    capped(found)
    assert (found["risk"]["learnt"], found["risk"]["why"]) == (NARROWED, UNTREATED_ONLY)
    assert found["rmst_gain"]["learnt"] == ASSUMED
