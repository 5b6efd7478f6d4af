from __future__ import annotations

import numpy as np
import pymc as pm
import pytest

from metinfer.inference.forward import prior_draws, with_derived


@pytest.fixture
def model():
    with pm.Model(coords={"item": ["a", "b"]}) as model:
        scale = pm.Data("scale", np.asarray(2.0))
        level = pm.Normal("level", 3.0, 0.5)
        effect = pm.Normal("effect", 0.0, 1.0, dims="item")
        pm.Deterministic("product", scale * level * pm.math.exp(effect), dims="item")
        pm.Deterministic("total", effect.sum() + level)
        pm.Deterministic("fixed", scale * np.array([1.0, 2.0]), dims="item")
    return model


def test_prior_draws_follow_the_prior_and_its_formulas(model):
    draws = prior_draws(model, 4000, 1)
    assert draws["level"].dims == ("chain", "draw")
    assert draws["product"].dims == ("chain", "draw", "item")
    assert list(draws["item"].values) == ["a", "b"]
    assert float(draws["level"].mean()) == pytest.approx(3.0, abs=0.03)
    assert float(draws["level"].std()) == pytest.approx(0.5, abs=0.02)
    product = 2.0 * draws["level"] * np.exp(draws["effect"])
    np.testing.assert_allclose(draws["product"], product, rtol=1e-14)
    np.testing.assert_allclose(draws["total"], draws["effect"].sum("item") + draws["level"])
    assert np.array_equal(draws["fixed"][0, 7], [2.0, 4.0])


def test_a_seed_gives_its_draws(model):
    assert prior_draws(model, 50, 3).equals(prior_draws(model, 50, 3))
    assert not prior_draws(model, 50, 3).equals(prior_draws(model, 50, 4))


def test_what_derives_from_replaced_data_uses_them(model):
    draws = prior_draws(model, 20, 1)
    free = draws[["level", "effect"]]
    assert with_derived(model, free).equals(draws)
    other = with_derived(model, free, {"scale": np.asarray(6.0)})
    np.testing.assert_allclose(other["product"], 3.0 * draws["product"], rtol=1e-14)
    assert other["level"].equals(draws["level"])
    assert float(model["scale"].get_value()) == 2.0
