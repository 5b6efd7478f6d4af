"""Dose tables to drug input: units, routes, variants."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from metinfer.pharmacology import absorption_rate
from metinfer.therapy.kinetics import assignment, exposure, variants
from metinfer.therapy.regimen import DoseRow, read_therapies

THERAPIES = read_therapies(Path(__file__).parents[2] / "data" / "therapies.toml")
HUMAN = THERAPIES.body["human"]


def _dose(**changes: object) -> DoseRow:
    base = {
        "agent": "plerixafor", "amount": 0.24, "unit": "mg/kg", "route": "bolus",
        "every": 1.0, "count": 1,
        "start": 0.0, "duration": 0.0, "cycles": 1, "cycle_length": 1.0,
    }  # fmt: skip
    return DoseRow(**(base | changes))  # type: ignore[arg-type]


def test_plerixafor_peak_over_ki_by_hand() -> None:
    agent = THERAPIES.agents["plerixafor"]
    one = variants(agent, "human", 1)[0]
    height = exposure(_dose(), one, 0.0, HUMAN).right(np.zeros(1))[0]
    level = 0.24e6 / 0.3e3  # ng/kg over mL/kg: 800 ng/mL
    ki = np.sqrt(652.0 * 600.0) * 502.8e-3  # nM to ng/mL
    assert height == pytest.approx(level / ki, rel=1e-9)


def test_dose_per_area_and_absolute_dose_agree_with_dose_per_weight() -> None:
    agent = THERAPIES.agents["plerixafor"]
    one = variants(agent, "human", 1)[0]
    per_weight = exposure(_dose(), one, 0.0, HUMAN).amounts[0]
    per_area = exposure(_dose(amount=0.24 * 70 / 1.8, unit="mg/m2"), one, 0.0, HUMAN).amounts[0]
    absolute = exposure(_dose(amount=0.24 * 70, unit="mg"), one, 0.0, HUMAN).amounts[0]
    assert per_area == pytest.approx(per_weight)
    assert absolute == pytest.approx(per_weight)


def test_bioavailability_counts_only_outside_a_vein() -> None:
    agent = THERAPIES.agents["plerixafor"]
    one = variants(agent, "human", 1)[0]
    vein = exposure(_dose(), one, 0.0, HUMAN)
    skin = exposure(_dose(route="subcutaneous"), one, 0.0, HUMAN)
    assert skin.area(0.0, 5.0) == pytest.approx(0.87 * vein.area(0.0, 5.0), rel=1e-3)
    assert vein.kinetics.absorption is None
    assert skin.kinetics.absorption == one.absorption


def test_steady_level_of_an_infusion_is_rate_over_clearance() -> None:
    agent = THERAPIES.agents["rhil15"]
    one = variants(agent, "human", 1)[0]
    long = _dose(agent="rhil15", amount=100.0, unit="ug/kg", route="infusion", duration=10.0)
    level = exposure(long, one, 0.0, HUMAN).right(np.array([9.9]))[0]
    clearance = one.elimination * 0.1  # L/kg/day
    assert level == pytest.approx(10.0 / clearance / np.sqrt(0.5 * 5.0), rel=1e-9)


@given(st.floats(1e-3, 0.9), st.floats(0.01, 50.0))
def test_absorption_rate_puts_the_peak_where_it_was_stated(
    share: float, elimination: float
) -> None:
    peak = max(share, 0.02) / elimination
    rate = absorption_rate(peak, elimination)
    assert np.log(rate / elimination) / (rate - elimination) == pytest.approx(peak, rel=1e-6)


def test_variants_are_the_same_in_every_call_and_spread_over_anchors() -> None:
    agent = THERAPIES.agents["n803"]
    one, two = variants(agent, "human", 16), variants(agent, "human", 16)
    assert one == two
    peaks = [
        np.log(v.absorption / v.elimination) / (v.absorption - v.elimination) * 24 for v in one
    ]
    assert sum(peak > np.sqrt(4.0 * 12.85) for peak in peaks) == 8
    assert all(v.bioavailability <= 1.0 for v in one)


def test_mouse_uses_its_own_kinetics_where_they_exist() -> None:
    ifng, n803 = THERAPIES.agents["ifng"], THERAPIES.agents["n803"]
    assert ifng.kinetics_of("mouse")[1]
    assert not n803.kinetics_of("mouse")[1]
    assert variants(ifng, "mouse", 1)[0].elimination == pytest.approx(np.log(2) * 1440 / 25.5)


def test_every_variant_is_used_equally_often() -> None:
    counts = np.bincount(assignment(160, 16))
    assert (counts == 10).all()
