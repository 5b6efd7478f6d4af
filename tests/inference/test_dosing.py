from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from metinfer.errors import MetinferError
from metinfer.inference.density import Joint
from metinfer.inference.dosing import courses
from metinfer.inference.lanes import lane_inputs
from metinfer.inference.solving import solve_draws, theta_of
from metinfer.mechanism.equations import STATES
from metinfer.therapy.agents import read_agent
from metinfer.therapy.kinetics import variants
from metinfer.therapy.reader import Table
from tests.inference.conftest import prior_latents

NK = [s.name for s in STATES].index("N")


@pytest.fixture
def dose(tiny):
    return tiny.doses[0]


@pytest.mark.parametrize("species", ["mouse", "human"])
@pytest.mark.parametrize("agent", ["n803", "rhil15", "ifng"])
def test_kinetics_are_the_centre_of_those_of_the_predictions(tiny, dose, agent, species):
    table = tiny.therapies["agents"][agent]
    (centre,) = variants(read_agent(agent, Table(table, "", agent, [])), species, 1)
    unit = {"kg": "ug/kg", "m2": "ug/m2"}[centre.per]
    ((target, course),) = courses(
        [replace(dose, agent=agent, unit=unit, amount=2.0)], species, tiny.therapies
    )
    assert target == table["target"]
    assert course.times == dose.times
    assert course.amounts == (2000.0,) * 4
    found = course.kinetics
    assert found.elimination == pytest.approx(centre.elimination)
    assert found.absorption == pytest.approx(centre.absorption)
    assert found.scale == pytest.approx(centre.bioavailability * centre.level_per_dose)


def test_a_dose_per_animal_is_a_dose_by_weight(tiny, dose):
    weight = tiny.therapies["body"]["mouse"]["weight_kg"]
    found = [
        courses([replace(dose, unit=u, amount=a)], "mouse", tiny.therapies)[0][1].amounts
        for u, a in (("ug/kg", 6.0), ("ug", 6.0 * weight))
    ]
    np.testing.assert_allclose(found[0], found[1])


def test_doses_reach_the_lane_and_raise_nk_cells(tiny):
    joint = Joint.of(tiny)
    lanes = joint.design.lanes
    (given,) = [i for i, lane in enumerate(lanes) if lane.doses]
    (plain,) = [i for i, lane in enumerate(lanes) if not lane.doses and not lane.nk_depletion]
    assert lane_inputs(lanes[given])["il15"].right(np.array(1.2)) > 0.01
    assert "il15" not in lane_inputs(lanes[plain])
    states, _ = solve_draws(joint, theta_of(joint, prior_latents(joint, 10), 0.5))
    row = [r.row for r in joint.design.rows].index("il15-nk")
    nodes = joint.design.nodes
    nk = [
        states[:, nodes.lane[at[row], 0], nodes.output[at[row], 0], NK]
        for at in (joint.design.row_node, joint.design.row_reference)
    ]
    assert np.all(nk[0] > 1.1 * nk[1])


@pytest.mark.parametrize(
    ("change", "words"), [({"agent": "aspirin"}, "no agent 'aspirin'"), ({"unit": "IU"}, "'IU'")]
)
def test_a_dose_that_cannot_be_read_is_refused(tiny, dose, change, words):
    with pytest.raises(MetinferError, match=words):
        courses([replace(dose, **change)], "mouse", tiny.therapies)
