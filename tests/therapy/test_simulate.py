"""Solver grids are kept by what they are made from, within a limit."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from made_up import MadeUp

from metinfer.therapy import simulate
from metinfer.therapy.populations import read_populations
from metinfer.therapy.predict import scenes
from metinfer.therapy.regimen import read_therapies, scaled

DATA = Path(__file__).parents[2] / "data"
THERAPIES = read_therapies(DATA / "therapies.toml")
POPULATIONS = read_populations(DATA / "populations.toml")
N803 = THERAPIES.therapies["n803"]
PEOPLE = scenes(POPULATIONS["er_positive_n0"])[0]
MICE = scenes(POPULATIONS["mouse_bolus_liver"])[0]


@pytest.fixture
def built(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Lanes of each grid that is built, with nothing kept yet."""
    made: list[int] = []

    def build(lanes, refine=1):
        made.append(len(lanes))
        return build_grid(lanes, refine)

    build_grid = simulate.build_grid
    monkeypatch.setattr(simulate, "build_grid", build)
    monkeypatch.setattr(simulate, "_GRIDS", simulate._Kept(simulate.GRID_BYTES))
    return made


def test_a_grid_is_built_once_whatever_is_asked_beside_it(built: list[int]) -> None:
    alone = simulate.simulate(MadeUp(), [PEOPLE], THERAPIES, N803)
    fresh = replace(THERAPIES, agents=dict(THERAPIES.agents))
    both = simulate.simulate(MadeUp(), [MICE, PEOPLE], fresh, N803)
    assert built == [THERAPIES.variants] * 2
    np.testing.assert_array_equal(alone[PEOPLE], both[PEOPLE])


def test_another_agent_dose_or_body_has_another_grid(built: list[int]) -> None:
    stronger = replace(THERAPIES.agents["n803"], potency=THERAPIES.agents["ifng"].potency)
    heavy = {"human": {"weight_kg": 120.0, "area_m2": 2.3}}
    for therapies, therapy in (
        (THERAPIES, N803),
        (THERAPIES, scaled(N803, 2.0)),
        (replace(THERAPIES, agents={**THERAPIES.agents, "n803": stronger}), N803),
        (replace(THERAPIES, body=heavy), N803),
        (replace(THERAPIES, refine=2), N803),
    ):
        simulate.simulate(MadeUp(), [PEOPLE], therapies, therapy)
    assert len(built) == 5


def test_grids_beyond_the_limit_are_dropped_oldest_first(
    built: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("il15_full", "ifng_full"):
        simulate.simulate(MadeUp(), [PEOPLE], THERAPIES, THERAPIES.therapies[name])
    monkeypatch.setattr(simulate._GRIDS, "limit", simulate._GRIDS.size)
    for name in ("il15_full", "cxcr4_block", "il15_full", "ifng_full"):
        simulate.simulate(MadeUp(), [PEOPLE], THERAPIES, THERAPIES.therapies[name])
    # ifng_full was used longest ago when cxcr4_block came
    assert len(built) == 4
    assert simulate._GRIDS.size <= simulate._GRIDS.limit


def test_overlapped_work_comes_in_order_and_stops_at_an_error() -> None:
    begun: list[int] = []

    def work(item: int) -> int:
        begun.append(item)
        if item == 3:
            raise ValueError("three")
        time.sleep(0.02 * (item % 2))
        return 10 * item

    assert list(simulate.overlapped(work, [0, 1, 2])) == [0, 10, 20]
    with pytest.raises(ValueError, match="three"):
        list(simulate.overlapped(work, [3, *range(4, 100)]))
    assert len(begun) < 50
