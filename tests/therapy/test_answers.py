"""Named answers are those of the full prediction, solving only what they ask for."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
from made_up import MadeUp

from metinfer.mechanism import grid, placement
from metinfer.therapy import simulate
from metinfer.therapy.answers import grid_shifts, named_answers
from metinfer.therapy.populations import read_populations
from metinfer.therapy.predict import predict
from metinfer.therapy.regimen import read_therapies

DATA = Path(__file__).parents[2] / "data"
THERAPIES = read_therapies(DATA / "therapies.toml")
POPULATIONS = read_populations(DATA / "populations.toml")


def asked(name, therapy, population, measure, year):
    return {
        "name": name, "therapy": therapy, "population": population, "measure": measure,
        "time_year": year,
    }  # fmt: skip


ASKED = [
    asked("ratio", "n803", "er_positive_n0", "risk_ratio", 10.0),
    asked("baseline", "cxcr4_block", "crlm_resected", "risk_untreated", 5.0),
    asked("reduction", "n803", "crlm_resected", "absolute_risk_reduction", 5.0),
]


def test_named_answers_are_those_of_the_full_prediction():
    draws = MadeUp()
    found = named_answers(draws, ASKED, THERAPIES, POPULATIONS)
    assert list(found) == ["ratio", "baseline", "reduction"]
    names = ("er_positive_n0", "crlm_resected")
    cures = replace(
        THERAPIES, therapies={k: THERAPIES.therapies[k] for k in ("n803", "cxcr4_block")}
    )
    whole = predict({"posterior": draws}, cures, {k: POPULATIONS[k] for k in names})
    for one in ASKED:
        years = whole["horizon_year"].sel(population=one["population"]).values
        cell = whole["answer"].sel(
            source="posterior", therapy=one["therapy"], population=one["population"],
            measure=one["measure"],
        )  # fmt: skip
        place = int(np.flatnonzero(np.isclose(years, one["time_year"]))[0])
        np.testing.assert_array_equal(found[one["name"]], cell.isel(horizon=place))
    assert np.all(found["ratio"] < 1.0)


def test_steps_too_long_for_a_therapy_are_seen(monkeypatch):
    one = [ASKED[0]]
    shifts = grid_shifts(MadeUp(), one, THERAPIES, POPULATIONS, 4)
    assert 0 < shifts["ratio"] < 0.01
    # Steps as long as the span between two outputs.
    for name, value in {"GROWTH": 100.0, "SHARE": 1.0, "DOSED_LONGEST": 1e4}.items():
        monkeypatch.setattr(grid, name, value)
    for name in ("ERROR", "IL15_STEP", "IL15_RANGE"):
        monkeypatch.setattr(placement, name, 1e3)
    monkeypatch.setattr(simulate, "_GRIDS", simulate._Kept(simulate.GRID_BYTES))
    worse = grid_shifts(MadeUp(), one, THERAPIES, POPULATIONS, 4)["ratio"]
    assert worse > 10 * shifts["ratio"]
    # A run whose steps were split passes that on.
    split = replace(THERAPIES, refine=8)
    assert grid_shifts(MadeUp(), one, split, POPULATIONS, 4)["ratio"] < worse / 10


def test_what_is_not_given_is_left_out():
    strange = [*ASKED, asked("unknown", "n803", "nobody", "risk_ratio", 5.0)]
    assert "unknown" not in named_answers(MadeUp(), strange, THERAPIES, POPULATIONS)
