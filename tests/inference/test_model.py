from __future__ import annotations

from dataclasses import replace

import cloudpickle
import numpy as np
import pymc as pm
import pytensor.tensor as pt
import pytest

from metinfer.errors import MetinferError
from metinfer.inference.density import LATENTS, Joint, Replicator, weighted
from metinfer.inference.model import set_data
from metinfer.inference.solving import inputs_of, solve_draws, theta_of
from tests.inference.conftest import QUICK, prior_latents
from tests.inference.test_families import scored


@pytest.fixture(scope="module")
def start(tiny_model):
    """A point away from the centre of the prior, as one vector."""
    values = tiny_model.initial_point().values()
    size = sum(v.size for v in values)
    return 0.5 * np.random.default_rng(5).standard_normal(size)


def test_free_variables_and_names(tiny_model):
    assert [v.name for v in tiny_model.free_RVs] == list(LATENTS)
    assert {"nk_hold", "growth_time", "transfer"} <= {v.name for v in tiny_model.deterministics}
    assert tiny_model.named_vars_to_dims["growth_time"] == ("context",)
    assert tuple(tiny_model.coords["row"])[:2] == ("control-share", "depleted-share")


def test_the_gradient_is_that_of_finite_differences(logp_dlogp, start):
    value, gradient = logp_dlogp(start)
    assert np.isfinite(value)
    assert np.count_nonzero(gradient) == len(start)
    rng = np.random.default_rng(6)
    for _ in range(5):
        step = rng.standard_normal(len(start))
        step *= 1e-5 / np.linalg.norm(step)
        difference = logp_dlogp(start + step)[0] - logp_dlogp(start - step)[0]
        assert difference == pytest.approx(2.0 * gradient @ step, rel=1e-5, abs=1e-9)


def test_weights_act_on_their_row_alone(tiny_model, logp_dlogp, start):
    full = logp_dlogp(start)[0]
    try:
        removed = []
        for name, size in (("row_weight", 6), ("interval_weight", 3)):
            for k in range(size):
                set_data(tiny_model, **{name: 1.0 - np.eye(size)[k]})
                removed.append(full - logp_dlogp(start)[0])
            set_data(tiny_model, **{name: np.ones(size)})
        set_data(tiny_model, row_weight=np.zeros(6), interval_weight=np.zeros(3))
        prior, gradient = logp_dlogp(start)
    finally:
        set_data(tiny_model, row_weight=np.ones(6), interval_weight=np.ones(3))
    assert all(r != 0.0 for r in removed)
    assert sum(removed) == pytest.approx(full - prior, rel=1e-10)
    normal = len(tiny_model.coords["latent_parameter"])
    np.testing.assert_allclose(gradient[:normal], -start[:normal], rtol=1e-12)


@pytest.mark.parametrize("impossible", [-np.inf, np.nan, np.inf])
def test_a_weight_of_zero_removes_an_impossible_row(impossible):
    logp = pt.vector("logp", dtype="float64")
    kept = weighted(np.array([1.0, 0.0, 0.5]), logp)
    with np.errstate(invalid="ignore"):
        values = kept.eval({logp: np.array([-2.0, impossible, -4.0])}, mode="FAST_COMPILE")
    assert values.tolist() == [-2.0, 0.0, -2.0]


def test_a_weight_of_zero_removes_the_gradient_of_an_impossible_row():
    x = pt.vector("x", dtype="float64")
    value = pt.switch(pt.gt(x, 0.0), pt.log(pt.switch(pt.gt(x, 0.0), x, 1.0)), -np.inf)
    total = weighted(np.array([1.0, 0.0]), value).sum()
    gradient = pt.grad(total, x).eval({x: np.array([2.0, -1.0])})
    assert gradient.tolist() == [0.5, 0.0]


def test_every_fitted_row_of_the_bundled_evidence_says_something_of_the_mechanism(bundled_joint):
    moved = moved_by_mechanism(bundled_joint)
    silent = {label for label, moves in moved.items() if not moves}
    rows = {r.row: r for r in bundled_joint.design.rows}
    # Healthy people calibrate an assay; patients measured with it then tell the TIMP-1 fold.
    speaking = {r.assay for label, r in rows.items() if label not in silent}
    healthy = {
        label
        for label, r in rows.items()
        if r.observable == "timp1_level"
        and bundled_joint.design.arms[r.arm].timp1_level == "healthy"
        and r.assay in speaking
    }
    assert silent <= healthy


def moved_by_mechanism(joint, step=1e-3):
    """Row or interval -> whether some parameter of the mechanism moves its log-likelihood."""
    draws = prior_latents(joint, 3, seed=9)
    shifted = [draws]
    for block, entries in enumerate((joint.table.normal, joint.table.beta)):
        for k, entry in enumerate(entries):
            if entry.parameter.role == "mechanism":
                shifted.append(_shift(draws, block, k, step))
    shifted += [_shift(draws, 2, k, step) for k in range(len(joint.table.transfers))]
    every = tuple(np.concatenate(part) for part in zip(*shifted, strict=True))
    states, _ = solve_draws(joint, theta_of(joint, every, 0.5))
    found, logp, _ = scored(joint, every, states)
    moved = {}
    for name, values in logp.items():
        change = values.reshape(len(shifted), 3, -1)
        moves = (np.abs(change - change[0]) > 1e-9).any(axis=(0, 1))
        design = joint.design
        labels = (
            [f"{i.arm} {i.end_day:g}" for i in design.intervals]
            if name == "intervals"
            else [design.rows[i].row for i in found[name].rows]
        )
        moved |= dict(zip(labels, moves, strict=True))
    return moved


def _shift(draws, block, k, step):
    copy = [d.copy() for d in draws]
    copy[block][:, k] += step if block != 1 else -step * copy[block][:, k]
    return tuple(copy)


def test_parameters_that_lanes_need_may_not_be_missing(tiny):
    entries = [p for p in tiny.parameters["parameter"] if p["name"] != "nk_hold"]
    with pytest.raises(MetinferError, match="no parameter nk_hold"):
        Joint.of(replace(tiny, parameters={"parameter": entries}))
    entries = [{**p, "transfer": False} for p in tiny.parameters["parameter"]]
    with pytest.raises(MetinferError, match="transfer = true"):
        Joint.of(replace(tiny, parameters={"parameter": entries}))


def test_the_compiled_density_travels_to_another_process(tiny_model, start):
    compiled = tiny_model.compile_logp(**QUICK)
    point = tiny_model.initial_point()
    copy = cloudpickle.loads(cloudpickle.dumps(compiled))
    assert float(copy(point)) == float(compiled(point))


def test_a_prior_predictive_replicates_every_row(tiny_model):
    with tiny_model:
        tree = pm.sample_prior_predictive(20, random_seed=1, compile_kwargs=QUICK)
    found = tree["prior_predictive"].to_dataset()
    assert set(found.data_vars) == {v.name for v in tiny_model.observed_RVs}
    rows = ["control-share", "depleted-share", "il15-share"]
    shares = found["published"].sel(observation=rows).to_numpy()
    assert np.all((shares >= 0) & (shares <= 12))
    assert len(np.unique(shares)) > 3
    assert found["published"].sizes["observation"] == 9


def test_replicates_of_a_median_are_medians(template):
    """One number stands for a median with quartiles: the middle one, not the lowest."""
    joint = Joint.of(template, ("fit", "check"))
    replicate = Replicator(joint, 1, ("",))
    at = [k for k, r in enumerate(joint.design.rows) if r.statistic == "median"]
    assert at
    values = [joint.design.rows[k].value for k in at]
    np.testing.assert_allclose(replicate.published[at], values)
    x = inputs_of(joint, prior_latents(joint, 4, seed=2), 0.5)
    assert replicate(x[0], np.random.default_rng(1), (3, 2)).shape == (
        3,
        2,
        len(replicate.published),
    )
    assert replicate(x, np.random.default_rng(1), None).shape == (4, len(replicate.published))


def test_tools_of_pymc_work_on_the_model(tiny_model):
    with tiny_model:
        best = pm.find_MAP(
            progressbar=False, compile_kwargs=QUICK, return_inferencedata=True, jitter=False
        )
        draws = pm.sample_smc(
            8, chains=1, cores=1, progressbar=False, random_seed=1,
            compute_convergence_checks=False, compile_kwargs=QUICK,
        )  # fmt: skip
        found = pm.sample_posterior_predictive(
            draws, progressbar=False, random_seed=1, compile_kwargs=QUICK
        )
    assert np.isfinite(best["posterior"]["latent"]).all()
    published = found["posterior_predictive"]["published"]
    assert published.dims == ("chain", "draw", "observation")
    assert np.isfinite(published).all()
