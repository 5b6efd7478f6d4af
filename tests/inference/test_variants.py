from __future__ import annotations

import numpy as np
import pytest

from metinfer.errors import UsageError
from metinfer.inference.density import TRANSLATION_SD, Joint
from metinfer.inference.lanes import lane_theta
from metinfer.inference.model import build_model, set_data
from metinfer.inference.variants import (
    BASE,
    VARIANTS,
    find,
    prior_weights,
    switches,
    variant_of,
    with_variant,
)
from metinfer.mechanism.equations import PARAMETERS
from tests.inference.conftest import QUICK, prior_latents

NAMES = [p.name for p in PARAMETERS]
PINNED = [v for v in VARIANTS if v.name != BASE]


def logp_of(model):
    return model.logp_dlogp_function(ravel_inputs=True, **QUICK)


@pytest.fixture(scope="module")
def held(tiny_model):
    """Log-density and gradient of the tiny model, with the switches as inputs."""
    function = logp_of(tiny_model)

    def call(point, pins):
        set_data(tiny_model, **switches(pins))
        try:
            return function(point)
        finally:
            set_data(tiny_model, **switches({}))

    return call


@pytest.fixture(scope="module")
def points(tiny_model):
    size = sum(int(np.prod(v.shape.eval())) for v in tiny_model.free_RVs)
    return np.random.default_rng(5).normal(0.0, 0.4, (4, size))


def test_all_variants_of_the_design_are_there():
    assert [v.name for v in VARIANTS] == [
        "base", "no_nk", "kill_only", "no_cxcl12_nk", "timp1_seeding_only", "none_awake",
        "last_stage_seen", "mutual_inhibition",
    ]  # fmt: skip
    assert VARIANTS[0].pins == {}


def test_prior_weights_are_stated_with_a_reason():
    assert prior_weights().sum() == pytest.approx(1.0)
    assert all(v.weight > 0 and len(v.reason) > 20 for v in VARIANTS)


def test_with_nothing_held_the_density_is_the_same(held, logp_dlogp, points):
    for point in points:
        base, (value, gradient) = logp_dlogp(point), held(point, {})
        assert value == base[0]
        assert np.array_equal(gradient, base[1])


def test_a_switched_model_is_the_model_with_that_parameter_fixed(tiny, held, points):
    variant = find("kill_only")
    fixed = logp_of(build_model(with_variant(tiny, variant.name)))
    for point in points:
        switched, built = held(point, variant.pins), fixed(point)
        assert switched[0] == pytest.approx(float(built[0]), rel=1e-12)
        assert np.allclose(switched[1], built[1], rtol=1e-9, atol=1e-12)
        assert switched[0] != held(point, {})[0]


@pytest.mark.parametrize("variant", PINNED, ids=lambda v: v.name)
def test_lane_parameters_are_held_in_every_lane(tiny, variant):
    plain, held = Joint.of(tiny), Joint.of(with_variant(tiny, variant.name))
    draws = prior_latents(plain, 3)
    free = lane_theta(plain.parameters(draws, TRANSLATION_SD), plain.lanes, np)
    theta = lane_theta(held.parameters(draws, TRANSLATION_SD), held.lanes, np)
    for k, name in enumerate(NAMES):
        if name in variant.pins:
            assert np.all(theta[..., k] == variant.pins[name])
        else:
            assert np.array_equal(theta[..., k], free[..., k])


def test_the_variant_of_an_evidence_folder_is_kept_apart_from_its_tables(tiny):
    other = with_variant(tiny, "no_nk")
    assert variant_of(tiny).name == BASE
    assert variant_of(other).name == "no_nk"
    assert other.digest == tiny.digest


def test_an_unknown_variant_is_wrong_usage():
    with pytest.raises(UsageError, match="no variant 'nonsense'; there are: base"):
        find("nonsense")
