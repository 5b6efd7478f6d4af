"""Steps chosen by effect: as right as steps that resolve the drug, and far fewer."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from made_up import INDEX, MadeUp

from metinfer.mechanism.equations import STATES
from metinfer.mechanism.exposure import Exposure
from metinfer.mechanism.grid import Grid, Lane, build_grid
from metinfer.mechanism.solve import default_theta, solve
from metinfer.therapy.course import ERROR, Course
from metinfer.therapy.populations import read_populations
from metinfer.therapy.predict import arms
from metinfer.therapy.regimen import read_therapies
from metinfer.therapy.simulate import Schedule, lanes

DATA = Path(__file__).parents[2] / "data"
THERAPIES = read_therapies(DATA / "therapies.toml")
L = [s.name for s in STATES].index("L")


def _plain(lane: Lane) -> Lane:
    """The same lane with steps that resolve every dose."""
    driven = {
        n: Exposure(i.kinetics, i.times, i.amounts, i.durations)
        for n, i in lane.inputs.items()
        if isinstance(i, Course)
    }
    return replace(lane, inputs=lane.inputs | driven)


def _grids(name: str) -> tuple[Grid, Grid]:
    given = lanes(Schedule("human", 0.0, "settled", 3.0), THERAPIES, THERAPIES.therapies[name], 3)
    return build_grid(given), build_grid([_plain(lane) for lane in given])


@pytest.mark.parametrize("name", ["n803", "motixafortide", "rhil15", "ifng_sc"])
def test_as_right_as_steps_that_resolve_the_drug(name: str) -> None:
    ours, plain = _grids(name)
    theta = default_theta(3, w1=1e-3, tau=300.0)
    found, exact = (solve(theta, g).states[:, :, L] for g in (ours, plain))
    none = build_grid(lanes(Schedule("human", 0.0, "settled", 3.0), THERAPIES, None, 3))
    effect = np.abs(exact - solve(theta, none).states[:, :, L]).max()
    assert np.abs(found - exact).max() < 5e-4 * effect
    assert np.abs(found - exact).max() < 5e-6


def test_fewer_than_half_the_steps() -> None:
    ours, plain = _grids("motixafortide")
    assert ours.steps.sum() < 0.5 * plain.steps.sum()


def test_the_quadratic_of_every_step_integrates_the_effect() -> None:
    course = next(
        i
        for i in lanes(
            Schedule("human", 0.0, "settled", 1.0), THERAPIES, THERAPIES.therapies["plerixafor"], 1
        )[0].inputs.values()
        if isinstance(i, Course)
    )
    nodes = np.array(course._nodes)
    inside = nodes[(nodes >= 28.0) & (nodes <= 29.0 + 1e-9)]

    def effect(level: np.ndarray) -> np.ndarray:
        return level / (1.0 + level)

    h = np.diff(inside)
    ends = effect(course.right(inside[:-1])) + effect(course.left(inside[1:]))
    ours = np.sum(h / 6.0 * (ends + 4.0 * effect(course.right(inside[:-1] + h / 2.0))))
    fine = np.linspace(28.0, 29.0, 400_001)
    right = np.trapezoid(effect(course.left(np.append(fine[1:-1], fine[-1]))), fine[1:])
    assert ours == pytest.approx(right, abs=len(h) * ERROR)
    assert len(h) < 40


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
