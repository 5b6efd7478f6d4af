"""Lasting or delay, window, dose response, combinations, assurance."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from made_up import MadeUp
from scipy.stats import fisher_exact

from metinfer.therapy.assurance import assurance
from metinfer.therapy.decide import (
    Question,
    dose_reaching,
    dose_response,
    interaction,
    lasting,
    probability_above,
    window,
)
from metinfer.therapy.populations import read_populations
from metinfer.therapy.regimen import read_therapies

DATA = Path(__file__).parents[2] / "data"
THERAPIES = read_therapies(DATA / "therapies.toml")
POPULATION = read_populations(DATA / "populations.toml")["er_positive_n0"]


def _question(name: str, draws: MadeUp) -> Question:
    return Question(draws, THERAPIES, THERAPIES.therapies[name], POPULATION)


def test_the_split_adds_up_to_what_was_avoided() -> None:
    split = lasting(_question("il15_full", MadeUp()), 365.0)
    total = split.removed + split.dormant + split.awake
    np.testing.assert_allclose(total, split.avoided, rtol=0, atol=1e-6)
    assert (split.avoided[:, -1] > 0).all()


def test_holding_alone_postpones_and_rebounds() -> None:
    """IFN-gamma without killing or natural loss removes no founder: all of it is delay."""
    hold = MadeUp({"m": 0.0, "kap": 0.0, "d0": 0.0, "w1": 1e-3, "tau": 300.0})
    split = lasting(_question("ifng_full", hold), 730.0)
    np.testing.assert_allclose(split.lasting_share(), 0.0, atol=1e-6)
    assert (split.rebound() > 1.05).all()


def test_killing_alone_lasts() -> None:
    kill = MadeUp({"eta": 0.0, "m": 1e-3, "w1": 1e-3, "tau": 300.0})
    split = lasting(_question("il15_full", kill), 365.0)
    assert (split.lasting_share() > 0.9).all()


def test_a_later_start_helps_less_in_a_dwindling_stock() -> None:
    draws = MadeUp({"w1": 1e-3, "tau": 300.0})
    found = window(_question("cxcr4_block", draws), [28.0, 730.0, 1825.0], follow=5.0)
    assert found["absolute_risk_reduction"].shape == (4, 3)
    assert (np.diff(found["absolute_risk_reduction"], axis=1) < 0).all()
    assert (np.diff(found["risk_untreated"], axis=1) < 0).all()


def test_a_window_does_not_depend_on_the_start_that_the_file_gives() -> None:
    """Each start of a window is its own, whichever species the file gives a day for."""
    asked = _question("cxcr4_block", MadeUp({"w1": 1e-3, "tau": 300.0}))
    told = [
        window(replace(asked, therapy=replace(asked.therapy, start=start)), [365.0, 730.0], 5.0)
        for start in ({"human": 0.0}, {"mouse": 3.0})
    ]
    np.testing.assert_array_equal(told[0]["risk_ratio"], told[1]["risk_ratio"])


def test_dose_response_rises_and_its_half_dose_lies_inside() -> None:
    factors = (0.01, 0.1, 1.0, 10.0)
    effect = dose_response(_question("n803", MadeUp()), 10.0, factors)
    assert (np.diff(effect, axis=1) > 0).all()
    half, most = (dose_reaching(effect, factors, share) for share in (0.5, 0.9))
    assert (half < most).all()


def test_dose_reaching_by_hand() -> None:
    effect = np.array([[0.0, 0.2, 1.0], [0.9, 1.0, 1.0], [-1.0, -2.0, -3.0]])
    reached = dose_reaching(effect, (0.1, 1.0, 10.0), 0.6)
    assert reached[0] == pytest.approx(np.sqrt(10.0))
    assert reached[1] == 0.1
    assert np.isnan(reached[2])


def test_interaction_of_a_combination() -> None:
    found = interaction(_question("n803_plus_cxcr4", MadeUp()), 10.0)
    np.testing.assert_allclose(found["over_bliss"], found["bliss"] - found["risk_ratio"])
    assert (found["risk_ratio"] <= found["best_single"] + 1e-6).all()


def test_assurance_matches_fisher_by_enumeration() -> None:
    """At fixed risks assurance is the power of Fisher's test, here summed over all tables."""
    from scipy.stats import binom

    n, treated, control = 8, 0.2, 0.8
    power = 0.0
    for a in range(n + 1):
        for b in range(n + 1):
            p = fisher_exact([[a, n - a], [b, n - b]], alternative="less").pvalue
            if p <= 0.025:
                power += binom.pmf(a, n, treated) * binom.pmf(b, n, control)
    draws = np.full(40_000, 1.0)
    found = assurance(treated * draws, control * draws, n, np.random.default_rng(2))
    assert found.power == pytest.approx(power, abs=0.01)
    assert found.difference[2] == pytest.approx(0.625, abs=0.126)


def test_no_effect_is_found_at_most_as_often_as_the_level() -> None:
    same = np.full(20_000, 0.5)
    assert assurance(same, same, 20, np.random.default_rng(4)).power < 0.026


def test_probability_above_leaves_failed_draws_out() -> None:
    assert probability_above(np.array([0.1, 0.3, np.nan, 0.5]), 0.2) == pytest.approx(2 / 3)
