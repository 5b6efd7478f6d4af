"""What others build on: the likelihood in their model, the solve, and leave-one-out."""

from __future__ import annotations

from dataclasses import replace

import arviz as az
import numpy as np
import pymc as pm
import pytest
import xarray as xr

import metinfer as mi
from metinfer.errors import MetinferError
from metinfer.inference.density import LATENTS, TRANSLATION_SD, Joint
from metinfer.inference.forward import prior_draws
from metinfer.inference.likelihood import add_likelihood
from metinfer.inference.loo import pointwise
from metinfer.inference.model import set_data
from metinfer.inference.predictions import CELLS
from metinfer.inference.solving import solve_draws, theta_of
from metinfer.mechanism.equations import STATES
from tests.inference.conftest import QUICK, prior_latents

GROWTH, HOLD = np.log(14.0), 0.5


@pytest.fixture(scope="module")
def own_model(tiny):
    """Somebody's model with priors of its own for two parameters, and one made fixed."""
    with pm.Model() as model:
        hold = pm.Normal("nk_hold", HOLD, 0.3)
        growth = pm.LogNormal("growth", GROWTH, 0.3)
        add_likelihood(tiny, {"nk_hold": hold, "growth_time": growth, "number_share": 0.5})
    return model


def test_public_names_are_few_and_lazy():
    assert {"add_likelihood", "solve"} <= set(mi.__all__)
    assert len(mi.__all__) <= 18
    assert mi.add_likelihood is add_likelihood


def test_priors_of_ones_own_replace_those_of_the_folder(own_model, tiny_model):
    free = {v.name for v in own_model.free_RVs}
    assert free == {"nk_hold", "growth", *LATENTS}
    gone = {"nk_hold", "growth_time[mouse_tiny]"}
    before, after = (set(m.coords["latent_parameter"]) for m in (tiny_model, own_model))
    assert before - after == gone
    assert set(tiny_model.coords["share_parameter"]) - set(own_model.coords["share_parameter"]) == {
        "number_share"
    }
    assert {v.name for v in own_model.deterministics} >= {"awakening_rate", "transfer"}
    assert "growth_time" not in own_model.named_vars


def test_the_same_values_give_the_same_likelihood(tiny, tiny_model, own_model):
    """A point of the folder's model, handed over through the parameters of one's own."""
    rng = np.random.default_rng(3)
    point = {
        "latent": rng.standard_normal(len(tiny_model.coords["latent_parameter"])),
        "share_latent": rng.uniform(0.2, 0.8, len(tiny_model.coords["share_parameter"])),
        "transfer_latent": rng.standard_normal(6),
    }
    labels = list(tiny_model.coords["share_parameter"])
    point["share_latent"][labels.index("number_share")] = 0.5
    params = Joint.of(tiny).parameters([point[n][None] for n in LATENTS], TRANSLATION_SD)
    other = {"transfer_latent": point["transfer_latent"], "nk_hold": params["nk_hold"][0],
             "growth": params["growth_time"][0, 0]}  # fmt: skip
    for name, dim in (("latent", "latent_parameter"), ("share_latent", "share_parameter")):
        known = list(tiny_model.coords[dim])
        other[name] = point[name][[known.index(k) for k in own_model.coords[dim]]]
    found = [total(m, p) for m, p in ((tiny_model, point), (own_model, other))]
    assert found[0] == pytest.approx(found[1], rel=1e-10)


def total(model, point):
    """Log-likelihood of all rows and intervals at one point."""
    draws = xr.Dataset({k: ((f"{k}_dim",), np.atleast_1d(v)) for k, v in point.items()})
    scalars = [k for k, v in point.items() if np.ndim(v) == 0]
    draws = draws.map(lambda v: v[0] if v.name in scalars else v)
    tree = pointwise(model, draws.expand_dims(chain=1, draw=1), QUICK)
    return float(tree["log_likelihood"]["evidence"].sum())


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"nk_hodl": 0.1}, "unknown parameter 'nk_hodl'; did you mean 'nk_hold'"),
        ({"zzz": 0.1}, "unknown parameter 'zzz'; known: "),
        ({"nk_hold": [0.1, 0.2]}, "'nk_hold' must be a scalar"),
        ({"growth_time": [0.1, 0.2]}, "'growth_time' must be a scalar or a vector of 1"),
    ],
)
def test_wrong_parameters_are_refused(tiny, parameters, words):
    with pm.Model(), pytest.raises(MetinferError, match=words):
        add_likelihood(tiny, parameters)


@pytest.mark.filterwarnings("ignore:Estimated shape parameter")
def test_pointwise_log_likelihood_serves_leave_one_out(tiny, own_model):
    draws = prior_draws(own_model, 300, 1)
    # Close to one point, as a posterior would be.
    draws = draws[[v.name for v in own_model.free_RVs]]
    draws = 0.98 * draws.isel(draw=0) + 0.02 * draws
    tree = pointwise(own_model, draws, QUICK)
    values = tree["log_likelihood"]["evidence"]
    assert values.dims == ("chain", "draw", "observation")
    rows = [m.row for m in tiny.rows("fit")]
    assert list(values["observation"].values[:6]) == rows
    assert values["observation"].values[-1] == "followed:28-56"
    full = pm.compute_log_likelihood(
        xr.DataTree.from_dict({"posterior": draws}), model=own_model,
        extend_inferencedata=False, progressbar=False, compile_kwargs=QUICK,
    )  # fmt: skip
    xr.testing.assert_equal(full["published"].rename("evidence"), values)
    loo = az.loo(tree, pointwise=True)
    assert loo.n_data_points == 9
    assert np.isfinite(loo.elpd)
    assert loo.elpd_i.sizes == {"observation": 9}


def test_rows_of_no_weight_are_left_out(own_model):
    set_data(own_model, row_weight=np.array([1.0, 0.0, 1.0, 1.0, 1.0, 1.0]))
    try:
        tree = pointwise(own_model, prior_draws(own_model, 3, 1), QUICK)
    finally:
        set_data(own_model, row_weight=np.ones(6))
    labels = tree["log_likelihood"]["observation"].values
    assert len(labels) == 8
    assert "depleted-share" not in labels


def test_a_model_without_evidence_has_nothing_to_leave_out():
    with pm.Model() as model:
        pm.Normal("x", pm.Normal("m"), 1.0, observed=[1.0])
    with pytest.raises(MetinferError, match="no rows"):
        pointwise(model, xr.Dataset())


def test_solve_gives_the_states_of_the_fit(tiny):
    joint = Joint.of(tiny)
    draws = prior_latents(joint, 5)
    params = joint.parameters(draws, 0.5)
    arms = [tiny.arm("control"), tiny.arm("nk_depleted")]
    found = mi.solve(params, arms, joint.design.outputs[0])
    states, _ = solve_draws(joint, theta_of(joint, draws, 0.5))
    for i, state in enumerate(STATES):
        np.testing.assert_allclose(found[state.title][:, 0], states[:, 0, :, i], rtol=1e-9)
    assert found["metastases"].dims == ("draw", "arm", "day")
    assert list(found["arm"].values) == ["control", "nk_depleted"]
    assert not found["failed"].any()
    settled = sum(found[s.title][:, 0, -1] for s in STATES if s.name in (*CELLS, "K"))
    assert np.all(settled > 0)


def test_solve_fills_in_prior_medians_and_matches_labels(tiny):
    arm = tiny.arm("control")
    plain = mi.solve({}, [arm], [0.0, 20.0])
    same = mi.solve({"growth_time": 14.0}, [arm], [0.0, 20.0])
    xr.testing.assert_allclose(plain, same)
    labelled = xr.DataArray(
        [[99.0, 14.0], [99.0, 28.0]], dims=("draw", "context"),
        coords={"context": ["elsewhere", "mouse_tiny"]},
    )  # fmt: skip
    two = mi.solve({"growth_time": labelled}, [arm], [0.0, 20.0])
    assert float(two["metastases"][0, 0, 1]) == pytest.approx(float(plain["metastases"][0, 0, 1]))
    assert float(two["metastases"][1, 0, 1]) < float(two["metastases"][0, 0, 1])


def test_solve_averages_a_mixture(bundled):
    arm = next(a for a in bundled.arms if len(a.contexts) > 1 and a.arrival == "settled")
    found = mi.solve({}, [arm], [0.0, 2000.0])
    parts = [
        mi.solve({}, [replace(arm, context=context)], [0.0, 2000.0])["metastases"] * weight
        for context, weight in arm.contexts
    ]
    np.testing.assert_allclose(found["metastases"], sum(parts), rtol=1e-9)


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"nk_hodl": 0.1}, "did you mean 'nk_hold'"),
        ({"nk_hold": np.zeros((2, 2))}, "'nk_hold' must be"),
        ({"growth_time": np.ones(3)}, "must end in 1 coordinates"),
        ({"nk_hold": np.ones(3), "arrival_kill": np.ones(2)}, "different numbers of draws"),
    ],
)
def test_solve_refuses_wrong_parameters(tiny, parameters, words):
    with pytest.raises(MetinferError, match=words):
        mi.solve(parameters, [tiny.arm("control")], [0.0, 1.0])


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::FutureWarning", "ignore:The optimizer did not converge")
def test_samplers_of_all_kinds(own_model):
    with own_model:
        best = pm.find_MAP(progressbar=False, maxiter=3, compile_kwargs=QUICK)
        tree = pm.sample(
            6, tune=6, chains=1, progressbar=False, random_seed=1, compile_kwargs=QUICK,
            compute_convergence_checks=False,
        )  # fmt: skip
    assert np.isfinite(best["nk_hold"])
    posterior = tree["posterior"].to_dataset()
    assert posterior["nk_hold"].shape == (1, 6)
    assert float(posterior["nk_hold"].std()) > 0
    values = pointwise(own_model, posterior, QUICK)["log_likelihood"]["evidence"]
    assert values.shape == (1, 6, 9)
    assert np.isfinite(values).all()


@pytest.mark.slow
def test_nutpie_samples_a_model_of_ones_own(own_model):
    import nutpie

    compiled = nutpie.compile_pymc_model(own_model, backend="numba")
    tree = nutpie.sample(compiled, draws=50, tune=100, chains=1, seed=1, progress_bar=False)
    posterior = tree["posterior"].to_dataset()
    assert np.isfinite(posterior["growth"]).all()
    assert float(posterior["growth"].std()) > 0
