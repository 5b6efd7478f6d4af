"""Therapies and populations as Python objects: the same as from files, with Python's errors."""

from __future__ import annotations

import pickle
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import metinfer as mi
from metinfer.errors import UsageError
from metinfer.evidence import bundled_path
from metinfer.therapy.objects import treatment
from metinfer.therapy.populations import read_populations
from metinfer.therapy.reader import ArgumentError
from metinfer.therapy.regimen import read_therapies

KNOWN = read_populations(bundled_path() / "populations.toml")
CURES = read_therapies(bundled_path() / "therapies.toml")
FILE = """
[therapies.low]
kind = "regimen"
start = 28.0
[[therapies.low.doses]]
agent = "n803"
amount = 3.0
unit = "ug/kg"
route = "subcutaneous"
every = 14.0
count = 52

[therapies.blocked]
kind = "clamp"
start = { human = 28.0 }
set = [{ input = "cxcr4_drug", value = 1000.0, stop = 90.0 }]

[therapies.both]
kind = "regimen"
of = ["low", "three"]

[therapies.three]
kind = "regimen"
start = 28.0
[[therapies.three.doses]]
agent = "ifng"
amount = 50.0
unit = "ug/m2"
route = "infusion"
duration = 0.25
every = 2.0
count = 3
cycles = 4
cycle_length = 84.0
"""
LOW = mi.Regimen("n803", amount=3, unit="ug/kg", every=14, count=52, start=28)
BLOCKED = mi.Clamp("cxcr4_drug", value=1000, start={"human": 28}, stop=90)
THREE = mi.Regimen("ifng", amount=np.float64(50), unit="ug/m2", route="infusion", duration=0.25,
                   every=2, count=3, cycles=4, cycle_length=84, start=28)  # fmt: skip


@pytest.mark.parametrize(
    ("name", "asked"),
    [("low", LOW), ("blocked", BLOCKED), ("three", THREE), ("both", [LOW, THREE])],
)
def test_an_object_is_what_a_file_says(tmp_path: Path, name: str, asked: object) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(FILE)
    theirs = read_therapies(path).therapies[name]
    _, mine = treatment(asked, CURES)  # type: ignore[arg-type]
    assert mine is not None
    assert (mine.doses, mine.sets, mine.start) == (theirs.doses, theirs.sets, theirs.start)
    assert [p.doses for p in mine.parts] == [p.doses for p in theirs.parts]


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda: mi.Regimen("n803", amount=-3, unit="ug/kg"), "Regimen: amount: must be at least"),
        (lambda: mi.Regimen("n803", amount=3, unit="ugkg"), 'unknown value .ugkg.*"ug/kg"'),
        (lambda: mi.Regimen("n803", amount="3", unit="mg"), "amount: a number is needed, got '3'"),
        (lambda: mi.Regimen("n803", amount=3, unit="mg", count=2), "Regimen: every: is missing"),
        (lambda: mi.Regimen("n803", 3, "mg", start={"dog": 3}), "unknown key"),
        (lambda: mi.Clamp("cxcr4", value=1), 'Clamp: input: unknown value.*"cxcr4_drug"'),
        (lambda: mi.Clamp("cxcr4_drug"), "^Clamp: needs either value or factor"),
        (lambda: mi.Population(stock="transbig"), "Population: context: is needed without like"),
        (lambda: mi.Population(like="x", horizons=[5, 2]), "horizons: must be positive"),
        (lambda: mi.Population.from_risk(0.1, 0.2, 0.3, 10, "x"), "low <= risk <= high < 1"),
        (lambda: mi.Population.from_risk("a", 0.2, 0.3, 10, "x"), "risk: a number is needed"),
        (lambda: mi.Population.from_risk(0.2, 0.1, 0.3, 0, "x"), "years: must be above 0, got 0"),
        (lambda: mi.Population.from_risk(0.2, 0.1, 0.3, 9, "x", 2.0), "level: must be below 1"),
        (lambda: treatment("n80", CURES), 'therapy: unknown therapy .n80.*"n803"'),
        (lambda: treatment([], CURES), "therapy: the list is empty"),
        (lambda: treatment([LOW, BLOCKED], CURES), "kinds are never mixed: .* is a clamp"),
        (lambda: treatment([LOW, 3], CURES), "a Regimen or a Clamp is needed, got 3"),  # type: ignore[list-item]
        (lambda: treatment(mi.Regimen("n8O3", 3, "mg"), CURES), 'agent: unknown value.*"n803"'),
        (lambda: mi.Population(like="er").group(KNOWN), "like: unknown population 'er'"),
        (lambda: mi.Population(like="er_positive_n0", species="mouse").group(KNOWN), "species"),
    ],
)  # fmt: skip
def test_what_is_not_allowed_is_said_in_the_words_of_python(make, told) -> None:
    with pytest.raises(ArgumentError, match=told) as caught:
        make()
    assert isinstance(caught.value, ValueError)
    assert isinstance(caught.value, UsageError)
    assert ".toml" not in str(caught.value)
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)


def test_every_fault_of_a_call_is_listed() -> None:
    with pytest.raises(ArgumentError) as caught:
        mi.Regimen("n803", amount=-3, unit="ugkg", count=3)
    assert {name for name, _ in caught.value.faults} == {"amount", "unit", "every"}


def test_a_population_like_another_differs_in_what_is_given() -> None:
    base = KNOWN["node_positive"]
    given = mi.Population(like="node_positive", injury=2.0, stock="transbig", horizons=(3, 7))
    expected = replace(base, inputs={**base.inputs, "injury": 2.0}, stocks=(("transbig", 1.0),),
                       horizons=(3.0, 7.0))  # fmt: skip
    assert given.group(KNOWN) == expected
    mouse = mi.Population(like="mouse_bolus_liver", horizons=[20]).group(KNOWN)
    assert mouse.horizons == (20 / 365.25,)


def test_a_new_population_is_that_of_a_file(tmp_path: Path) -> None:
    path = tmp_path / "whom.toml"
    path.write_text("""
[populations.mine]
species = "human"
context = { er_positive = 0.75, er_negative = 0.25 }
stock = "transbig"
endpoint = "all_sites"
horizons = [5.0]
other_cause = { rate = 0.01, doubling = 7.0 }
""")
    mine = mi.Population(
        context={"er_positive": 0.75, "er_negative": 0.25}, stock="transbig", horizons=[5.0],
        endpoint="all_sites", other_cause={"rate": 0.01, "doubling": 7.0}, label="mine",
    )  # fmt: skip
    assert mine.group({}) == read_populations(path)["mine"]


def test_risks_of_a_baseline_have_the_median_and_the_interval() -> None:
    group = mi.Population.from_risk(0.12, 0.05, 0.15, years=10, like="x", level=0.9)
    assert group.baseline is not None
    risks = group.baseline.sample(20_000, 1)
    np.testing.assert_allclose(np.quantile(risks, [0.05, 0.5, 0.95]), [0.05, 0.12, 0.15], rtol=1e-3)
    np.testing.assert_array_equal(risks, group.baseline.sample(20_000, 1))
    assert not np.array_equal(risks, group.baseline.sample(20_000, 2))
