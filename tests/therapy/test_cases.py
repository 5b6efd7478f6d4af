"""Which questions are asked of which therapy."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from metinfer.therapy.cases import (
    FACTORS,
    Case,
    base_population,
    choose_cases,
    settings,
    variants,
)
from metinfer.therapy.overview import unlike
from metinfer.therapy.populations import YEAR, read_populations
from metinfer.therapy.regimen import length, prolonged, read_therapies

DATA = Path(__file__).parents[2] / "data"
THERAPIES = read_therapies(DATA / "therapies.toml")
POPULATIONS = read_populations(DATA / "populations.toml")
PEOPLE, MICE = POPULATIONS["er_positive_n0"], POPULATIONS["mouse_4t1_resected"]
ASKED = (
    {"therapy": "n803", "population": "crlm_resected", "measure": "risk_untreated"},
    {"therapy": "n803", "population": "er_positive_n0", "measure": "risk_ratio"},
    {"therapy": "cxcr4_block", "population": "er_positive_n0", "measure": "risk_ratio"},
    {"therapy": "no_such", "population": "er_positive_n0", "measure": "risk_ratio"},
)


def test_cases_are_those_of_the_answers_and_every_combination() -> None:
    found = choose_cases(ASKED, THERAPIES, POPULATIONS)
    assert found == (
        Case("n803", "er_positive_n0"), Case("cxcr4_block", "er_positive_n0"),
        Case("n803_plus_cxcr4", "er_positive_n0"),
    )  # fmt: skip
    more = choose_cases(ASKED, THERAPIES, POPULATIONS, ("ifng_iv",))
    assert Case("ifng_iv", "er_positive_n0") in more


def test_without_named_answers_the_first_helpful_therapies_are_looked_into() -> None:
    alone = {n: t for n, t in THERAPIES.therapies.items() if not t.parts}
    found = choose_cases((), replace(THERAPIES, therapies=alone), ["mouse_tail_vein"])
    assert 0 < len(found) <= 8
    assert {c.population for c in found} == {"mouse_tail_vein"}
    assert not {"surgery_stress", "liver_injury"} & {c.therapy for c in found}


def test_the_base_population_is_that_of_most_answers() -> None:
    assert base_population(ASKED, POPULATIONS) == "er_positive_n0"
    assert base_population((), ["other", "er_positive_n0"]) == "other"


def test_settings_fit_into_the_time_under_observation() -> None:
    for population in (PEOPLE, MICE):
        for therapy in THERAPIES.therapies.values():
            chosen = settings(therapy, population)
            span = population.horizons[-1] * YEAR - population.origin
            assert all(s >= 0 for s in chosen.starts)
            ends = [s + chosen.follow * YEAR for s in chosen.starts]
            assert max(ends, default=0.0) <= span * (1 + 1e-9)
            assert all(d < span for d in chosen.durations)
            assert 0 < chosen.stop <= span
            assert bool(chosen.factors) == bool(therapy.doses)


def test_years_of_people() -> None:
    chosen = settings(THERAPIES.therapies["cxcr4_block"], PEOPLE)
    years = [round(s / YEAR, 2) for s in chosen.starts]
    assert years == [0.08, 1.0, 2.0, 5.0]
    assert chosen.follow == pytest.approx(5.0)
    assert chosen.stop == pytest.approx(YEAR)


def test_the_therapy_as_given_is_solved_once() -> None:
    therapy = THERAPIES.therapies["n803"]
    made = variants(therapy, settings(therapy, PEOPLE))
    same = [key for key, course in made.items() if course is therapy]
    assert ("given", 0) in same
    assert ("start", 0) in same
    assert ("dose", FACTORS.index(1.0)) in same


def test_a_therapy_is_cut_or_repeated() -> None:
    n803, cxcr4 = (THERAPIES.therapies[n] for n in ("n803", "cxcr4_block"))
    assert len(prolonged(n803, 84.0).doses[0].times) == 4
    assert len(prolonged(n803, 500.0).doses[0].times) == 24
    assert prolonged(cxcr4, 30.0).sets[0].stop == 30.0
    assert prolonged(THERAPIES.therapies["il15_full"], 730.0).sets[0].stop == 730.0
    assert length(n803) == 3 * 84.0 + 21.0
    assert length(prolonged(cxcr4, 30.0)) == 30.0
    both = prolonged(THERAPIES.therapies["n803_plus_cxcr4"], 84.0)
    assert [len(p.doses[0].times) for p in both.parts] == [4, 24]


def test_only_therapies_that_differ_are_unlike() -> None:
    own = DATA / "therapies.toml"
    assert unlike(THERAPIES, own) == ()
    n803 = THERAPIES.therapies["n803"]
    other = replace(n803, doses=(replace(n803.doses[0], amount=1.0),))
    changed = replace(THERAPIES, therapies={**THERAPIES.therapies, "n803": other})
    assert unlike(changed, own) == ("n803",)
    agents = {**THERAPIES.agents, "ifng": replace(THERAPIES.agents["ifng"], target="il15")}
    assert unlike(replace(THERAPIES, agents=agents), own) == ("ifng_sc", "ifng_iv")
