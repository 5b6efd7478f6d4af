"""Therapies files: what is read, and that every fault is named with its key."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from metinfer.mechanism.equations import INPUTS
from metinfer.therapy.agents import BASES, TARGETS
from metinfer.therapy.reader import TherapyError
from metinfer.therapy.regimen import SETTABLE, moved, read_therapies, scaled, stopped

DATA = Path(__file__).parents[2] / "data"

AGENT = """
[body]
human = { weight_kg = 70.0, area_m2 = 1.8 }
[agents.drug]
target = "il15"
potency = { median = 1.0, unit = "ng/mL", log_sd = 1.0, basis = "assumed", reason = "x" }
[agents.drug.human]
[agents.drug.human.half_life]
median = 10.0
unit = "h"
log_sd = 0.1
basis = "stated"
source = ["row"]
reason = "x"
[agents.drug.human.absorption_half_life]
median = 1.0
unit = "h"
log_sd = 0.1
basis = "stated"
source = ["row"]
reason = "x"
[agents.drug.human.bioavailability]
median = 0.5
unit = "1"
log_sd = 0.1
basis = "stated"
source = ["row"]
reason = "x"
[agents.drug.human.volume]
median = 0.1
unit = "L/kg"
log_sd = 0.1
basis = "stated"
source = ["row"]
reason = "x"
"""
DOSE = 'agent = "drug", amount = 1.0, unit = "ug/kg", route = "subcutaneous"'


def _therapy(doses: str, head: str = 'kind = "regimen"\nstart = 1.0') -> str:
    return f"{AGENT}\n[therapies.one]\n{head}\n{doses}\n"


def _faults(tmp_path: Path, text: str) -> str:
    path = tmp_path / "mine.toml"
    path.write_text(text)
    with pytest.raises(TherapyError) as error:
        read_therapies(path)
    return str(error.value)


def test_bundled_file_has_all_kinds_and_known_inputs() -> None:
    therapies = read_therapies(DATA / "therapies.toml")
    assert {t.kind for t in therapies.therapies.values()} == {"regimen", "clamp", "adverse"}
    assert set(TARGETS) | set(SETTABLE) <= {i.name for i in INPUTS}
    for therapy in therapies.therapies.values():
        assert set(therapies.targets(therapy)) <= {i.name for i in INPUTS}


def test_conflicting_anchors_are_both_kept() -> None:
    agents = read_therapies(DATA / "therapies.toml").agents
    peaks = agents["n803"].kinetics["human"]["absorption_peak"].anchors
    assert sorted(a.median for a in peaks) == [4.0, 12.85]
    assert agents["plerixafor"].potency.anchors[0].median == 652.0
    assert agents["motixafortide"].potency.anchors[0].median == 0.32
    assert agents["motixafortide"].kinetics["human"]["half_life"].basis == BASES[-1]


def test_dose_times_of_cycles() -> None:
    dose = read_therapies(DATA / "therapies.toml").therapies["n803"].doses[0]
    np.testing.assert_allclose(dose.times[:6], [0, 7, 14, 21, 84, 91])
    assert len(dose.times) == 16


@pytest.mark.parametrize(
    ("doses", "parts"),
    [
        (f'doses = [{{ {DOSE.replace("drug", "water")} }}]', ("doses[0].agent", "water")),
        (f'doses = [{{ {DOSE.replace("ug/kg", "spoon")} }}]', ("doses[0].unit", "spoon", "ug/kg")),
        (f'doses = [{{ {DOSE.replace("1.0", "-1.0")} }}]', ("doses[0].amount", "at least 0", "-1")),
        (f'doses = [{{ {DOSE} }}, {{ {DOSE} }}]', ("one.doses", "overlapping start", "day 0")),
        (f"doses = [{{ {DOSE}, every = 7, count = 4, cycles = 2, cycle_length = 14 }}]",
         ("cycle_length", "overlapping start", "21 days")),
        (f'doses = [{{ {DOSE}, strenght = 2 }}]', ("doses[0].strenght", "unknown key")),
        (f'doses = [{{ {DOSE.replace("subcutaneous", "infusion")} }}]', ("duration", "infusion")),
        ("doses = []", ("therapies.one", "a regimen needs doses")),
        (f'doses = [{{ {DOSE}, count = 0 }}]', ("doses[0].count", "whole number")),
    ],
)  # fmt: skip
def test_fault_names_file_key_and_value(tmp_path: Path, doses: str, parts: tuple[str, ...]) -> None:
    message = _faults(tmp_path, _therapy(doses))
    assert "mine.toml" in message
    for part in parts:
        assert part in message


def test_all_faults_come_at_once(tmp_path: Path) -> None:
    text = _therapy(f"doses = [{{ {DOSE.replace('drug', 'water').replace('1.0', '-1.0')} }}]")
    message = _faults(tmp_path, text.replace("median = 10.0", "median = -10.0"))
    assert message.startswith("3 faults")


def test_kinds_are_never_combined(tmp_path: Path) -> None:
    clamp = (
        '[therapies.two]\nkind = "clamp"\nstart = 1.0\nset = [{ input = "il15", value = 9.0 }]\n'
    )
    both = '[therapies.both]\nkind = "regimen"\nof = ["one", "two"]\n'
    message = _faults(tmp_path, _therapy(f"doses = [{{ {DOSE} }}]") + clamp + both)
    assert "therapies.both.of" in message
    assert "never mixed" in message


def test_overlapping_settings_of_one_input_are_refused(tmp_path: Path) -> None:
    first = '{ input = "il15", value = 9.0, stop = 10.0 }'
    sets = f'set = [{first}, {{ input = "il15", value = 2.0, start = 5.0 }}]'
    message = _faults(tmp_path, _therapy(sets, 'kind = "clamp"\nstart = 1.0'))
    assert "overlapping start" in message


def test_a_source_is_needed_for_what_is_stated(tmp_path: Path) -> None:
    text = _therapy(f"doses = [{{ {DOSE} }}]").replace('source = ["row"]\n', "", 1)
    assert "needs the id of an evidence row" in _faults(tmp_path, text)


def test_missing_file_and_broken_toml_are_named(tmp_path: Path) -> None:
    with pytest.raises(TherapyError, match=r"absent\.toml"):
        read_therapies(tmp_path / "absent.toml")
    assert "not valid TOML" in _faults(tmp_path, "[a\n")


def test_scaled_moved_and_stopped() -> None:
    therapies = read_therapies(DATA / "therapies.toml").therapies
    both = therapies["n803_plus_cxcr4"]
    assert scaled(both, 2.0).parts[0].doses[0].amount == 2.0 * both.parts[0].doses[0].amount
    assert scaled(both, 0.0).parts == ()
    assert moved(both, 100.0).parts[1].start_in("human") == 100.0
    assert moved(replace(both.parts[0], start={"mouse": 3.0}), 100.0).start_in("human") == 100.0
    assert max(stopped(therapies["n803"], 84.0).doses[0].times) == 21.0
    assert stopped(therapies["cxcr4_block"], 30.0).sets[0].stop == 30.0


def test_every_source_is_a_row_of_the_bundled_evidence() -> None:
    rows = {line.split(",")[0] for line in (DATA / "measurements.csv").read_text().splitlines()[1:]}
    for agent in read_therapies(DATA / "therapies.toml").agents.values():
        quantities = [agent.potency, *(q for k in agent.kinetics.values() for q in k.values())]
        cited = {s for q in quantities for a in q.anchors for s in a.source}
        assert cited <= rows
        assert set(agent.tolerated_source) <= rows


def test_every_bundled_agent_says_what_is_tolerated_and_whether_it_wears_off() -> None:
    for agent in read_therapies(DATA / "therapies.toml").agents.values():
        assert agent.tolerated, agent.name
        assert agent.tolerated_source, agent.name
        assert agent.tolerance.startswith(("modelled", "not modelled")), agent.name
        assert agent.tolerance.startswith("modelled") == (agent.target == "il15")


def test_faults_of_a_proposed_experiment_are_named(tmp_path: Path) -> None:
    plan = """
[experiments.next]
therapy = "two"
population = "mice"
readout = "blood"
day = -1.0
n = 0
"""
    message = _faults(tmp_path, _therapy(f"doses = [{{ {DOSE} }}]") + plan)
    for part in ("experiments.next.therapy", "unknown value 'two'; allowed: one",
                 "experiments.next.readout", "metastasis", "experiments.next.day",
                 "experiments.next.n", "experiments.next.log_sd"):  # fmt: skip
        assert part in message


def test_the_agents_and_events_that_the_question_names_are_bundled() -> None:
    found = read_therapies(DATA / "therapies.toml")
    assert {"n803", "rhil15", "ifng", "plerixafor", "motixafortide", "balixafortide"} <= set(
        found.agents
    )
    names = {
        "rhil15", "n803", "ifng_sc", "ifng_iv", "plerixafor", "motixafortide", "balixafortide",
        "cxcl12_neutral", "stellate_block", "timp1_neutral", "neutrophil_depletion",
        "surgery_stress", "liver_injury",
    }  # fmt: skip
    assert names <= set(found.therapies)
    routes = {n: found.therapies[n].doses[0].route for n in ("ifng_sc", "ifng_iv", "rhil15")}
    assert routes == {"ifng_sc": "subcutaneous", "ifng_iv": "infusion", "rhil15": "infusion"}


def test_a_file_that_only_names_an_agent_gets_the_bundled_one(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    text = """
    [therapies.half]
    kind = "regimen"
    label = "half"
    start = { human = 28.0, mouse = 3.0 }
    reason = "half of a dose"
    doses = [{ agent = "n803", amount = 3.0, unit = "ug/kg", route = "subcutaneous" }]
    """
    file.write_text(text)
    found = read_therapies(file)
    assert set(found.agents) == {"n803"}
    assert found.targets(found.therapies["half"]) == ("il15",)
    file.write_text(text.replace("n803", "n8O3"))
    with pytest.raises(TherapyError, match="n8O3.*n803"):
        read_therapies(file)


def test_a_start_without_a_species_is_never_guessed(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(
        _therapy(f"doses = [{{ {DOSE} }}]", 'kind = "regimen"\nstart = { mouse = 3.0 }')
    )
    therapy = read_therapies(path).therapies["one"]
    assert therapy.start_in("mouse") == 3.0
    with pytest.raises(TherapyError, match=r"one\.start: has no day for human"):
        therapy.start_in("human")
    path.write_text(_therapy(f"doses = [{{ {DOSE} }}]"))
    everywhere = read_therapies(path).therapies["one"]
    assert {everywhere.start_in(species) for species in ("human", "mouse", "rat")} == {1.0}


@pytest.mark.parametrize(
    ("start", "words"),
    [
        ("{ humen = 3.0 }", ("start.humen", "unknown key", 'did you mean "human"?')),
        ("{}", ("therapies.one.start", "has no day")),
        ("{ human = -1.0 }", ("start.human", "at least 0, got -1")),
    ],
)
def test_a_bad_start_is_named(tmp_path: Path, start: str, words: tuple[str, ...]) -> None:
    head = f'kind = "regimen"\nstart = {start}'
    told = _faults(tmp_path, _therapy(f"doses = [{{ {DOSE} }}]", head))
    assert all(word in told for word in words), told


@pytest.mark.parametrize(
    ("old", "new", "near"),
    [
        ('agent = "drug"', 'agent = "durg"', 'drug; did you mean "drug"?'),
        ("amount = 1.0", "amuont = 1.0", 'did you mean "amount"?'),
        ('"regimen"', '"regime"', 'did you mean "regimen"?'),
    ],
)
def test_the_nearest_word_is_offered(tmp_path: Path, old: str, new: str, near: str) -> None:
    told = _faults(tmp_path, _therapy(f"doses = [{{ {DOSE} }}]").replace(old, new))
    assert near in told


def test_a_misspelt_part_is_offered_the_nearest_therapy(tmp_path: Path) -> None:
    both = '[therapies.both]\nkind = "regimen"\nof = ["one", "onee"]\n'
    assert 'did you mean "one"?' in _faults(tmp_path, _therapy(f"doses = [{{ {DOSE} }}]") + both)


@pytest.mark.parametrize("line", ["amount = 3,0", 'dose = { agent = "drug", amount = 3,0, a = 1 }'])
def test_a_decimal_comma_is_recognised(tmp_path: Path, line: str) -> None:
    assert "a decimal takes a point: 3.0" in _faults(tmp_path, f"[x]\n{line}\n")
    assert "point" not in _faults(tmp_path, "[x]\namount = [3,0\n")
