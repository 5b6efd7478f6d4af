"""Flags are computed from the fitted rows."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from metinfer.therapy.applicability import INSIDE, PRIOR_ONLY, Applicability
from metinfer.therapy.populations import from_arms, read_populations, usable
from metinfer.therapy.regimen import read_therapies

DATA = Path(__file__).parents[2] / "data"
THERAPIES = read_therapies(DATA / "therapies.toml")
POPULATIONS = read_populations(DATA / "populations.toml")


def _arm(name: str, **changes: Any) -> SimpleNamespace:
    base = {
        "arm": name, "species": "human", "contexts": (("er_positive", 1.0),),
        "context": "er_positive",
        "injury": 0.0, "timp1_fold": 1.0, "timp1_level": "", "nk_depletion": 0.0,
        "nk_activity": 1.0,
        "perforin_loss": 0.0, "ifng_loss": 0.0, "neutrophil_depletion": 0.0, "stock": "s",
        "arrival": "settled", "endpoint_scope": "liver", "population": "people", "cohort": "c",
        "arrival_end": None,
    }  # fmt: skip
    return SimpleNamespace(**(base | changes))


def _row(
    arm: str, observable: str = "metastasis_probability", role: str = "fit"
) -> SimpleNamespace:
    return SimpleNamespace(
        arm=arm, reference_arm="", observable=observable, role=role, time_day=10 * 365.25
    )


def _flag(
    therapy: str, arms: list[Any], rows: list[Any], doses: tuple[Any, ...] = (), years: float = 10.0
) -> str:
    interval = SimpleNamespace(arm=arms[0].arm, end_day=years * 365.25, role="fit")
    evidence = SimpleNamespace(
        arms=tuple(arms), measurements=tuple(rows), doses=doses, intervals=(interval,)
    )
    covered = Applicability.of(evidence, THERAPIES)
    return covered.flag(THERAPIES.therapies[therapy], POPULATIONS["er_positive_n0"])


def test_a_target_no_fitted_row_touches_is_prior_only() -> None:
    assert _flag("cxcr4_block", [_arm("a", injury=1.0)], [_row("a")]) == PRIOR_ONLY
    assert _flag("liver_injury", [_arm("a", injury=1.0)], [_row("a", role="check")]) == PRIOR_ONLY


def test_a_contrast_in_the_same_species_is_inside() -> None:
    arms = [_arm("a", injury=1.0), _arm("b")]
    assert _flag("liver_injury", arms, [_row("a"), _row("b")]) == INSIDE


def test_an_input_that_is_the_same_in_all_arms_teaches_nothing() -> None:
    arms = [_arm("a", timp1_level="breast"), _arm("b", timp1_level="breast")]
    assert _flag("timp1_neutral", arms, [_row("a"), _row("b")]) == PRIOR_ONLY
    other = [_arm("a", timp1_level="breast"), _arm("b")]
    assert _flag("timp1_neutral", other, [_row("a"), _row("b")]) == INSIDE


def test_an_observed_contrast_is_not_a_treated_one() -> None:
    arms = [_arm("a", injury=1.0), _arm("b")]
    row = _row("a", "event_hazard_ratio")
    row.reference_arm = "b"
    assert _flag("liver_injury", arms, [row]) == "extrapolated (observational)"


def test_reasons_are_named() -> None:
    place = {"species": "mouse", "contexts": (("mouse_4t1", 1.0),), "context": "mouse_4t1"}
    mice = [_arm("a"), _arm("m", injury=1.0, **place), _arm("n", **place)]
    assert "species" in _flag("liver_injury", mice, [_row("m"), _row("n")])
    arms = [_arm("a", injury=1.0), _arm("b")]
    niche = [_row("a", "stellate_fold"), _row("b", "stellate_fold")]
    assert "outcome" in _flag("liver_injury", arms, niche)
    short = [replace_time(_row(n)) for n in "ab"]
    assert _flag("liver_injury", arms, short, years=2.0) == "extrapolated (time)"


def replace_time(row: SimpleNamespace) -> SimpleNamespace:
    return SimpleNamespace(**(vars(row) | {"time_day": 365.25}))


@pytest.mark.parametrize(("amount", "expected"), [(10.0, INSIDE), (1.0, "extrapolated (dose)")])
def test_a_dose_above_any_fitted_one_is_extrapolated(amount: float, expected: str) -> None:
    dose = SimpleNamespace(arm="a", agent="n803", amount=amount, unit="ug/kg")
    assert _flag("n803", [_arm("a"), _arm("b")], [_row("a"), _row("b")], (dose,)) == expected


def test_an_agent_whose_target_another_agent_covers_is_extrapolated() -> None:
    dose = SimpleNamespace(arm="a", agent="n803", amount=10.0, unit="ug/kg")
    assert "agent" in _flag("rhil15", [_arm("a"), _arm("b")], [_row("a"), _row("b")], (dose,))


def test_populations_the_fit_does_not_know_are_left_out_with_a_reason() -> None:
    kept, left_out = usable(POPULATIONS, ["er_positive"], ["transbig"], ["breast"])
    assert set(kept) == {"er_positive_n0", "er_positive_n0_all_sites", "er_positive_injury"}
    assert "context 'colorectal'" in left_out["crlm_resected"]


def test_populations_of_a_strangers_arms() -> None:
    arms = [
        _arm("a"),
        _arm("b", context="x", contexts=(("x", 1.0),), arrival="bolus", species="mouse"),
    ]
    found = from_arms(arms, {"a": 8.0, "b": 0.1})
    assert found["er_positive@s"].horizons == (4.0, 8.0)
    assert found["x@s"].arrival == "bolus"
    assert replace(found["x@s"], name="y").cells == (("x", "s", 1.0),)
