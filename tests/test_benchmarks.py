"""The side-by-side runs: contenders solve the same model, and verdicts are what they say."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks import joint_models
from benchmarks.joint_compare import entry, largest_z, without_places
from benchmarks.page import table, verdict
from metinfer.mechanism.equations import INPUTS, NICHE, PARAMETERS
from metinfer.mechanism.grid import Lane, build_grid
from metinfer.mechanism.inputs import window
from metinfer.mechanism.solve import solve
from tests.mechanism.lanes import DAYS, YEARS, theta

FUNCTIONS = {"exp": np.exp, "log": np.log, "sqrt": np.sqrt}


@pytest.mark.parametrize("whole", [False, True])
def test_contenders_solve_the_same_lanes(whole):
    grid = build_grid(
        [
            Lane("rest", DAYS, {"injury": 1.0, "timp1": 2.0}),
            Lane("window", DAYS, {"arrival": window(5.0, 20.0), "nk_depletion": 0.3}),
            Lane("bolus", YEARS, bolus=True),
        ]
    )
    values = theta(3, tau=90.0)
    plan, count = joint_models.Plan(grid), len(grid)
    columns = [values[:, i] for i in range(len(PARAMETERS))]
    begin = [np.zeros(count) + x for x in joint_models._begin(values, grid, FUNCTIONS)]
    held = 0 if whole else len(NICHE)
    slope = joint_models.rates(FUNCTIONS, whole=whole)
    x = np.stack(begin[held:])
    nodes = [x]
    for k in range(plan.h.shape[1]):
        inputs = [plan.inputs[:, k, j] for j in range(len(INPUTS))]

        def rate(y, inputs=inputs):
            own = begin[:held] + list(y)
            return np.stack([np.zeros(count) + r for r in slope(own, columns, inputs, 0.0)])

        x = joint_models.runge_kutta(rate, x, plan.h[:, k])
        nodes.append(x)
    found = np.array(nodes)[plan.node, :, np.arange(count)[:, None]]
    np.testing.assert_allclose(found, solve(values, grid).states[..., held:], rtol=2e-3, atol=1e-4)


def test_a_verdict_tells_by_what_factor_a_target_was_missed():
    assert verdict(entry("a", 30.0, "times", 10.0)) == "met"
    assert verdict(entry("a", 5.0, "times", 10.0)) == "missed by 2 times"
    assert verdict(entry("a", 30.0, "s", 10.0, below=True)) == "missed by 3 times"
    assert verdict(entry("a", None, "s", 10.0, below=True)) == "missed"
    assert verdict(entry("a", 3.0, "s")) == ""


def test_a_result_that_could_not_be_had_is_shown_with_its_reason():
    lines = table([entry("slow", None, "", 1.0, note="not finished in 5 s")])
    assert lines[-1] == "| slow | none |  | 1 | missed | not finished in 5 s |"


def test_the_largest_z_is_in_units_of_both_errors():
    one = {"mean": [0.0, 1.0], "mcse": [0.3, 0.3]}
    other = {"mean": [0.0, 2.0], "mcse": [0.4, 0.4]}
    assert largest_z(one, other) == pytest.approx(2.0)


def test_a_published_message_names_no_place_of_a_machine():
    told = without_places("Command '/opt/x/bin/python -m a' failed: see https://host.example/p now")
    assert "opt" not in told
    assert "host" not in told
    assert told.startswith("Command ")
    assert told.endswith(" now")
