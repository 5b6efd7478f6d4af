"""Populations files: mixtures, horizons, mortality, and clear faults."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from metinfer.therapy.populations import YEAR, Mortality, choose, read_populations
from metinfer.therapy.reader import TherapyError

DATA = Path(__file__).parents[2] / "data"
ONE = """
[populations.mine]
species = "human"
context = { a = 0.25, b = 0.75 }
stock = "s"
endpoint = "liver"
horizons = [5.0]
"""


def test_bundled_populations_state_what_they_leave_out() -> None:
    populations = read_populations(DATA / "populations.toml")
    for population in populations.values():
        assert population.other_cause_reason
        assert population.era
    assert all("not today" in populations[n].adjuvant for n in ("er_positive_n0", "er_negative_n0"))


def test_mixture_is_the_product_of_contexts_and_stocks() -> None:
    cells = read_populations(DATA / "populations.toml")["node_positive"].cells
    assert len(cells) == 6
    assert sum(share for _, _, share in cells) == pytest.approx(1.0)


def test_mouse_horizons_are_days() -> None:
    mouse = read_populations(DATA / "populations.toml")["mouse_4t1_resected"]
    np.testing.assert_allclose(np.array(mouse.horizons) * YEAR, [30, 43.5])


@pytest.mark.parametrize(
    ("old", "new", "parts"),
    [
        ("b = 0.75", "b = 0.5", ("populations.mine.context", "add up to 1")),
        ("[5.0]", "[5.0, 2.0]", ("horizons", "ascending")),
        ('"liver"', '"lung"', ("endpoint", "lung", "all_sites")),
        ('"human"', '"rat"', ("species", "rat")),
        ("horizons", "horizon", ("horizon:", "unknown key")),
        ("[5.0]", '[5.0]\narrival = "primary"', ("arrival_end", "last day")),
        ("[5.0]", "[5.0]\ninputs = { timp = 2.0 }", ("inputs.timp", "unknown key")),
    ],
)
def test_fault_names_key_and_value(
    tmp_path: Path, old: str, new: str, parts: tuple[str, ...]
) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(ONE.replace(old, new))
    with pytest.raises(TherapyError) as error:
        read_populations(path)
    for part in parts:
        assert part in str(error.value)


def test_unknown_population_lists_the_known_ones() -> None:
    populations = read_populations(DATA / "populations.toml")
    with pytest.raises(TherapyError, match=r"martians.*er_positive_n0"):
        choose(populations, ["martians"])


def test_gompertz_survival_matches_its_hazard() -> None:
    law = Mortality(age=60.0, rate=0.01, doubling=8.0)
    year = np.linspace(0.0, 20.0, 20001)
    hazard = 0.01 * 2.0 ** (year / 8.0)
    direct = np.exp(-np.trapezoid(hazard, year))
    assert law.survival(np.array([20.0]))[0] == pytest.approx(direct, rel=1e-6)
