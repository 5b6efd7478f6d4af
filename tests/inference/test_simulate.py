"""The mechanism alone under doses and under inputs that change over time."""

from __future__ import annotations

import numpy as np
import pytest

import metinfer as mi
from metinfer.errors import MetinferError
from metinfer.inference.density import Joint
from metinfer.inference.solving import solve_draws, theta_of
from metinfer.mechanism.inputs import Steps
from tests.inference.conftest import prior_latents

DAYS = np.linspace(0.0, 60.0, 25)


def test_doses_reach_the_arms_that_they_name_as_in_a_fit(tiny):
    joint = Joint.of(tiny)
    draws = prior_latents(joint, 3)
    arms = [tiny.arm("control"), tiny.arm("il15")]
    spec = next(i for i, lane in enumerate(joint.design.lanes) if lane.doses)
    days = joint.design.outputs[spec]
    found = mi.solve(joint.parameters(draws, 0.5), arms, days, tiny.doses)
    states, _ = solve_draws(joint, theta_of(joint, draws, 0.5))
    np.testing.assert_allclose(found["nk"][:, 1], states[:, spec, : len(days), 3], rtol=1e-9)
    np.testing.assert_allclose(found["nk"][:, 0], 1.0, rtol=1e-9)


def test_an_input_may_change_over_time(tiny):
    arms = [tiny.arm("control")]
    course = {"control": {"injury": Steps((20.0,), (3.0,), before=0.0)}}
    found = mi.solve({"injury_size": 1.0}, arms, DAYS, inputs=course)
    stellate = found["stellate"][0, 0]
    before = DAYS <= 20.0
    np.testing.assert_allclose(stellate[before], 1.0)
    assert np.all(np.diff(stellate[~before]) > 0)
    rest = mi.solve({"injury_size": 1.0}, arms, [0.0, 60.0], inputs={"control": {"injury": 3.0}})
    assert float(rest["stellate"][0, 0, 0]) > float(stellate[-1])


@pytest.mark.parametrize("inputs", [{"nobody": {"injury": 1.0}}, {"control": {"injry": 1.0}}])
def test_unknown_names_are_refused(tiny, inputs):
    with pytest.raises(MetinferError, match="inputs: no '"):
        mi.solve({}, [tiny.arm("control")], [0.0, 1.0], inputs=inputs)
