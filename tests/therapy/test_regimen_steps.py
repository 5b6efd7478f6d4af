"""Regimens of the bundled therapies: as right as on a grid of six times the steps."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from made_up import INDEX, MadeUp

from metinfer.mechanism.equations import STATES
from metinfer.mechanism.grid import Grid, build_grid
from metinfer.mechanism.solve import default_theta, solve
from metinfer.therapy.populations import read_populations
from metinfer.therapy.predict import arms
from metinfer.therapy.regimen import read_therapies
from metinfer.therapy.simulate import Schedule, lanes

DATA = Path(__file__).parents[2] / "data"
THERAPIES = read_therapies(DATA / "therapies.toml")
L = [s.name for s in STATES].index("L")


def _grids(name: str) -> tuple[Grid, Grid]:
    given = lanes(Schedule("human", 0.0, "settled", 3.0), THERAPIES, THERAPIES.therapies[name], 3)
    return build_grid(given), build_grid(given, refine=6)


@pytest.mark.parametrize("name", ["n803", "motixafortide", "rhil15", "ifng_sc"])
def test_as_right_as_a_fine_grid(name: str) -> None:
    ours, fine = _grids(name)
    theta = default_theta(3, w1=1e-3, tau=300.0)
    found, exact = (solve(theta, g).states[:, :, L] for g in (ours, fine))
    none = build_grid(lanes(Schedule("human", 0.0, "settled", 3.0), THERAPIES, None, 3))
    effect = np.abs(exact - solve(theta, none).states[:, :, L]).max()
    assert np.abs(found - exact).max() < 5e-4 * effect
    assert np.abs(found - exact).max() < 3e-5


def test_stellate_cells_fully_blocked_stay_finite() -> None:
    """CXCL12 falls to nothing; a long step may leave it a rounding below zero."""
    rng = np.random.default_rng(0)

    class Wide(MadeUp):
        def theta(self, specs):  # noqa: ANN001, ANN202
            rows = super().theta(specs)
            rows *= np.exp(0.7 * rng.normal(size=(len(rows), 1, rows.shape[2])))
            for name in ("th", "fN", "f0", "fU"):
                rows[:, :, INDEX[name]] = np.minimum(rows[:, :, INDEX[name]], 0.95)
            return rows

    block = THERAPIES.therapies["stellate_block"]
    full = replace(block, sets=tuple(replace(s, value=1.0) for s in block.sets))
    plain = read_populations(DATA / "populations.toml")["er_positive_n0"]
    (arm,), _ = arms(Wide(count=300), THERAPIES, [plain], full)
    assert not arm.failed.any()
