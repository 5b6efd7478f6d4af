from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytensor
import pytensor.tensor as pt
import pytest

from metinfer.inference.density import checked_table
from metinfer.inference.design import LaneSpec
from metinfer.inference.lanes import (
    TRANSFERRED,
    LaneTable,
    joined_places,
    lane_inputs,
    lane_theta,
    solver_lanes,
    timp1_folds,
)
from metinfer.inference.priors import Coordinates, read_parameters
from metinfer.mechanism.equations import PARAMETERS
from tests.inference.conftest import named_parameters

WHERE = Coordinates(
    species=("human", "mouse"),
    context=("bowel", "strain"),
    stock=(),
    site=("liver", "lung"),
    timp1_level=("raised",),
    assay=(),
    context_species={"bowel": "human", "strain": "mouse"},
)
HUMAN = LaneSpec("human", "bowel", timp1_level="raised", timp1_fold=2.0, surgery=True)
MOUSE = LaneSpec("mouse", "strain", site="lung", arrival="bolus", injury=1.5)
AT = {p.name: i for i, p in enumerate(PARAMETERS)}


@pytest.fixture(scope="module")
def table(bundled):
    return checked_table(read_parameters(bundled.parameters), WHERE)


@pytest.fixture(scope="module")
def latents(table):
    rng = np.random.default_rng(4)
    return (
        rng.standard_normal(len(table.normal)),
        rng.uniform(0.1, 0.9, len(table.beta)),
        0.5 * rng.standard_normal(len(table.transfers)),
    )


@pytest.fixture(scope="module")
def params(table, latents):
    return table.natural(latents[0], latents[1], np) | {"transfer": latents[2]}


@pytest.fixture(scope="module")
def theta(params):
    return lane_theta(params, LaneTable.of([HUMAN, MOUSE], WHERE), np)


def test_theta_by_hand(theta, params):
    human, mouse = theta
    for lane, species in ((human, 0), (mouse, 1)):
        assert lane[AT["kN"]] == params["nk_rate"][species]
        assert lane[AT["w1"]] == params["awakening_rate"][species]
        assert lane[AT["tau"]] == params["growth_time"][species]
        assert lane[AT["kA"]] == params["stellate_rate"]
        assert lane[AT["injury_scale"]] == params["injury_size"]
        kill = params["arrival_kill"] * np.exp(params["site_deviation"][species])
        assert lane[AT["kS"]] == pytest.approx(kill)
    assert human[AT["timp1_scale"]] == pytest.approx(2.0 * params["timp1_fold"][0])
    assert mouse[AT["timp1_scale"]] == 1.0
    assert human[AT["dip"]] == params["surgery_dip"]
    assert mouse[AT["dip"]] == 0.0
    assert human[[AT["founders"], AT["founders0"]]].tolist() == [0.0, 1.0]
    assert human[AT["awake0"]] == params["awake_share"][0]
    assert mouse[[AT["founders"], AT["founders0"], AT["awake0"]]].tolist() == [1.0, 0.0, 0.0]


@pytest.mark.parametrize(("symbol", "name"), TRANSFERRED.items())
def test_only_people_deviate_from_the_mouse_effect(theta, params, symbol, name):
    deviation = params["transfer"][list(TRANSFERRED).index(symbol)]
    values = np.array([params[name] * np.exp(deviation), params[name]])
    expected = 1.0 - np.exp(-values) if symbol == "fU" else values
    np.testing.assert_allclose(theta[:, AT[symbol]], expected, rtol=1e-13)


def test_the_healthy_timp1_level_is_one(params):
    folds = timp1_folds(params, np)
    assert folds[0] == 1.0
    assert folds[1:] == pytest.approx(params["timp1_fold"])


def test_pytensor_and_numpy_agree(table, latents, theta, bundled_joint):
    joint = replace(bundled_joint, table=table)
    lanes = LaneTable.of([HUMAN, MOUSE], WHERE)
    symbols = [pt.vector(dtype="float64") for _ in latents]
    out = lane_theta(named_parameters(joint, *symbols), lanes, pt)
    run = pytensor.function(symbols, out, mode="FAST_COMPILE")
    np.testing.assert_allclose(run(*latents), theta, rtol=1e-13)
    assert len(set(joined_places(table))) == len(joined_places(table))


def test_inputs_of_a_lane():
    mouse, human = lane_inputs(MOUSE), lane_inputs(HUMAN)
    assert mouse["injury"] == 1.5
    dip = human["dip_on"]
    assert [float(dip.right(np.array(t))) for t in (-1.0, 0.0, 13.9, 14.0)] == [0, 1, 1, 0]
    assert "dip_on" not in mouse
    spread = LaneSpec("mouse", "strain", arrival="primary", arrival_start=2.0, arrival_end=6.0)
    assert lane_inputs(spread)["arrival"].right(np.array([1.0, 3.0])).tolist() == [0.0, 0.25]
    lanes = solver_lanes([HUMAN, MOUSE], [(1.0,), (0.0, 2.0)])
    assert [lane.bolus for lane in lanes] == [False, True]
    assert lanes[1].outputs == (0.0, 2.0)
