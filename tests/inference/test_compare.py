from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import xarray as xr

from metinfer.errors import UsageError
from metinfer.inference.chains import Length
from metinfer.inference.compare import CAREFUL, Fits, Fitted, Plan, builder, fitted_of, thinned
from metinfer.inference.compare import QUICK as COMPARE_QUICK
from metinfer.inference.compare_elpd import (
    LEAST_DRAWS,
    Scorer,
    difference,
    leave_one_out,
    log_mean_exp,
    pareto_limit,
    verdict,
)
from metinfer.inference.compare_results import Quality
from metinfer.inference.compare_tables import doubts, not_judged
from metinfer.inference.density import LATENTS, TRANSLATION_SD, Joint
from metinfer.inference.leave_out import Seen, moved, predict_left_out, shifts, studies, without
from metinfer.inference.model import build_model, set_data
from metinfer.inference.refits import Failure, Lost, Machinery
from metinfer.inference.stacking import averaged, stacking_weights
from tests.inference.conftest import QUICK, prior_latents, with_rows

SECOND = "second2024"


@pytest.fixture(scope="module")
def two(tiny):
    """The tiny folder with its NK count in a study of its own."""
    rows = [replace(r, study=SECOND) if r.row == "il15-nk" else r for r in tiny.measurements]
    return replace(tiny, measurements=tuple(rows))


def latents_of(joint, chains=2, draws=60, seed=1):
    """Prior draws in the shape of a posterior."""
    coords = {k: joint.coords[k] for k in
              ("latent_parameter", "share_parameter", "transfer_parameter")}  # fmt: skip
    values = prior_latents(joint, chains * draws, seed)
    return xr.Dataset(
        {
            name: (("chain", "draw", dim), v.reshape(chains, draws, -1))
            for (name, dim), v in zip(zip(LATENTS, coords, strict=True), values, strict=True)
        },
        coords=coords,
    )


@pytest.fixture(scope="module")
def latents(tiny_joint):
    return latents_of(tiny_joint)


@pytest.fixture(scope="module")
def scorer(tiny_joint):
    return Scorer(tiny_joint, TRANSLATION_SD)


def test_weights_go_to_the_model_that_predicts_better():
    elpd = np.array([[-1.0, -3.0]] * 20)
    assert stacking_weights(elpd) == pytest.approx([1.0, 0.0], abs=1e-6)


def test_weights_of_a_known_mixture():
    """Ten values that only one model can predict, thirty that only the other can."""
    elpd = np.array([[0.0, -40.0]] * 10 + [[-40.0, 0.0]] * 30)
    assert stacking_weights(elpd) == pytest.approx([0.25, 0.75], abs=1e-6)


def test_models_that_predict_alike_share_their_weight():
    assert stacking_weights(np.full((7, 4), -2.0)) == pytest.approx([0.25] * 4)


def test_an_average_is_the_mixture():
    rng = np.random.default_rng(2)
    one, other = rng.normal(0, 1, 40_000), rng.normal(8, 1, 10_000)
    found = averaged([one, other], np.array([0.5, 0.5]))
    assert found.median == pytest.approx(4.0, abs=1.5)
    assert found.lo90 == pytest.approx(np.quantile(one, 0.1), abs=0.05)
    assert found.hi90 == pytest.approx(np.quantile(other, 0.9), abs=0.05)
    alone = averaged([one, np.array([np.nan])], np.array([1.0, 0.0]))
    assert alone.median == pytest.approx(float(np.median(one)), abs=1e-3)


def test_log_mean_exp_survives_what_cannot_be():
    values = np.array([[-1000.0, -np.inf], [-1001.0, -np.inf]])
    found = log_mean_exp(values)
    assert found[0] == pytest.approx(-1000.0 + np.log((1 + np.exp(-1.0)) / 2))
    assert found[1] == -np.inf


@pytest.mark.parametrize(
    ("change", "error", "word"),
    [
        (1.0, 0.1, "too small to count"), (-3.9, 0.1, "too small to count"),
        (-10.0, 6.0, "within its noise"),
        (-10.0, 2.0, "speak against"), (10.0, 2.0, "speak for"), (-np.inf, 1.0, "cannot happen"),
    ],
)  # fmt: skip
def test_only_a_clear_difference_is_called_one(change, error, word):
    assert word in verdict(change, error)


def test_a_difference_is_paired():
    base = np.array([-1.0, -20.0, -3.0])
    change, error = difference(base + 0.5, base)
    assert (change, error) == (pytest.approx(1.5), pytest.approx(0.0, abs=1e-12))


def test_leaving_out_by_importance_agrees_with_brute_force():
    """Normal data with known sd and a flat prior: leave-one-out densities are known exactly."""
    rng = np.random.default_rng(3)
    y, draws = rng.normal(0, 1, 12), 4000
    mean = rng.normal(y.mean(), 1 / np.sqrt(len(y)), draws)
    scores = -0.5 * np.log(2 * np.pi) - 0.5 * (y - mean[:, None]) ** 2
    array = xr.DataArray(scores.reshape(4, -1, 12), dims=("chain", "draw", "observation"))
    latents = xr.Dataset({"latent": (("chain", "draw"), mean.reshape(4, -1))})
    found = leave_one_out(array, latents)
    rest = [np.delete(y, k) for k in range(12)]
    var = np.array([1 + 1 / len(r) for r in rest])
    gap = y - np.array([r.mean() for r in rest])
    exact = -0.5 * np.log(2 * np.pi * var) - 0.5 * gap**2 / var
    assert found.pointwise == pytest.approx(exact, abs=0.02)
    assert not len(found.doubtful)


def test_too_few_draws_are_refused(scorer, latents):
    few = latents.isel(chain=[0], draw=slice(0, LEAST_DRAWS - 1))
    with pytest.raises(UsageError, match="24 draws"):
        leave_one_out(scorer(few), few)
    enough = latents.isel(chain=[0], draw=slice(0, LEAST_DRAWS))
    assert len(leave_one_out(scorer(enough), enough).pointwise) == len(scorer.labels)


def test_pareto_limit_follows_the_number_of_draws():
    assert pareto_limit(400) == pytest.approx(0.616, abs=1e-3)
    assert pareto_limit(10_000) == 0.7


def test_gain_of_a_row_that_shares_nothing_is_its_own_density(scorer, latents):
    part = latents.isel(draw=slice(0, 5))
    scores = scorer(part).values.reshape(10, -1)
    for k in (0, len(scorer.labels) - 1):
        assert scorer.gain(part, k) == pytest.approx(scores[:, k], rel=1e-9)


def test_a_left_out_study_is_a_model_built_without_its_rows(two):
    """Data that make rows weightless give the density of a model that never heard of them."""
    model, left = build_model(two), studies(Joint.of(two).design)[1]
    assert (left.study, left.size) == (SECOND, 1)
    set_data(model, **without(Joint.of(two).design, left.rows, left.intervals))
    others = [r for r in two.measurements if r.study != SECOND]
    smaller = build_model(with_rows(two, others))
    one, other = (m.logp_dlogp_function(ravel_inputs=True, **QUICK) for m in (model, smaller))
    size = sum(int(np.prod(v.shape.eval())) for v in model.free_RVs)
    for point in np.random.default_rng(4).normal(0, 0.4, (3, size)):
        a, b = one(point), other(point)
        # The grid no longer stops at the time of the row that is gone.
        assert float(a[0]) == pytest.approx(float(b[0]), rel=1e-7)
        assert np.allclose(a[1], b[1], rtol=1e-4, atol=1e-6)


def test_what_others_predict_stands_beside_each_number(two):
    joint = Joint.of(two)
    first, second = studies(joint.design)
    draws = latents_of(joint)
    seen = predict_left_out(two, first, draws, TRANSLATION_SD, 1)
    assert len(seen.values) == first.size
    assert [p.row for p in seen.shown][-1] == "followed"
    assert next(p for p in seen.shown if p.row == "followed").observed == 14.0
    assert 0 <= seen.inside(0.5) <= seen.inside(0.9) <= first.size
    alone = predict_left_out(two, second, draws, TRANSLATION_SD, 1)
    assert [p.observed for p in alone.shown] == [pytest.approx(4.1)]


def test_a_number_outside_all_predictions_surprises(two):
    joint = Joint.of(two)
    rows = [replace(r, value=4e6) if r.row == "il15-nk" else r for r in two.measurements]
    far = replace(two, measurements=tuple(rows))
    seen = predict_left_out(far, studies(joint.design)[1], latents_of(joint), TRANSLATION_SD, 1)
    assert seen.tail == 0.0
    assert seen.inside(0.9) == 0
    assert Seen((), ()).tail == 1.0


def test_unknowns_that_move_or_fall_back_are_named(tiny_joint):
    full = latents_of(tiny_joint, draws=400)
    narrow = full.copy(deep=True)
    names = list(full["latent_parameter"].values)
    at, other = names.index("nk_hold"), names.index("arrival_kill")
    narrow["latent"].values[..., at] *= 0.1
    narrow["latent"].values[..., other] -= 2.0
    found = shifts(full, narrow, tiny_joint.table)
    assert [s.label for s in found if s.alone] == ["nk_hold"]
    assert dict(moved(found))["arrival_kill"] == pytest.approx(2.0, abs=0.2)


def test_a_plan_that_cannot_work_is_refused():
    with pytest.raises(UsageError, match="--draws is 10"):
        Plan(draws=10)
    assert Plan(draws=60).length.draws == 60


def test_a_plan_names_the_option_that_there_is():
    with pytest.raises(UsageError, match="--chains is 0"):
        Plan(variant_chains=0)


def quality(**more):
    return Quality(**{"chains": 4, "draws": 500, "rhat": 1.01, "ess": 300.0, "divergences": 0,
                      "seconds": 1.0, **more})  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "more", "word"),
    [
        ("variants", {"chains": 1, "rhat": None}, "1 chain cannot be told to agree"),
        ("studies", {"ess": 12.0}, "effective draws are 12; 50 are needed"),
        ("variants", {"ess": float("nan")}, "effective draws are nan"),
        ("rows", {"chains": 1, "rhat": None, "ess": 12.0}, None),
    ],
)
def test_few_draws_are_a_doubt_except_for_a_single_row(kind, more, word):
    key = {"variants": "kill_only", "studies": "one2024", "rows": ("base", 3)}[kind]
    parts = {"variants": {}, "studies": {}, "rows": {}, "plan": Plan()}
    fits = SimpleNamespace(**{**parts, kind: {key: Fitted(None, quality(**more))}})
    found = doubts(fits, ())
    assert [word in reason for reason in found] == ([True] if word else [])


def test_a_variant_that_diverges_has_no_part_in_averages_and_does_not_spoil_the_rest():
    """One of four: it is named with its reason; three of four leave nothing to compare."""
    names = ("kill_only", "no_nk", "none_awake", "mutual_inhibition")
    calm = {n: Fitted(None, quality()) for n in ("base", *names)}
    torn = Fitted(None, quality(divergences=9))
    row = {("mutual_inhibition", 3): Fitted(None, quality(chains=1, rhat=None, divergences=1))}

    def fits(*bad):
        variants = calm | dict.fromkeys(bad, torn)
        return SimpleNamespace(variants=variants, studies={}, rows=row, plan=Plan())

    one = fits("mutual_inhibition")
    assert not_judged(one) == {
        "mutual_inhibition": ["9 divergences", "without one row: 1 divergences"]
    }
    assert doubts(one, ()) == ()
    assert len(doubts(fits(*names[:3]), ())) == 4
    assert not_judged(fits("base")).keys() == {"mutual_inhibition"}


def test_a_first_look_stays_one_whatever_its_draws():
    plan = replace(COMPARE_QUICK, draws=60, seed=9)
    fits = SimpleNamespace(variants={}, studies={}, rows={}, plan=plan)
    assert doubts(fits, ()) == ("this was a first look with few draws",)


def test_lost_chains_are_counted_apart_from_failed_ones():
    made = fitted_of([Failure("never finite"), Lost("a worker died")])
    assert (made.latents, made.quality.lost) == (None, 1)
    assert len(made.quality.failures) == 2


def test_thinning_keeps_every_chain(latents):
    assert thinned(latents, 40).sizes["chain"] == 2
    assert thinned(latents, 40).sizes["draw"] == 20
    assert thinned(latents, 10**6).sizes["draw"] == 60


def test_a_finer_grid_is_another_source():
    assert builder(1).__qualname__ != builder(2).__qualname__


def test_a_fit_that_diverged_is_made_again_with_smaller_steps(two, monkeypatch):
    """Only the fit that diverged; the others keep their draws."""
    calm, torn = Quality(1, 50, None, 60.0, 0, 1.0), Quality(1, 50, None, 60.0, 3, 1.0)
    asked = []

    def sample(self, wanted, chains, length, shelf=""):
        asked.append((tuple(wanted), length.target_accept, shelf))
        return {n: Fitted(None, torn if n == "b" and not shelf else calm) for n in wanted}

    monkeypatch.setattr(Fits, "_sample", sample)
    fits = Fits(two, latents_of(Joint.of(two)), Plan(), Machinery(Path("nowhere")))
    found = fits._fit({"a": {}, "b": {}}, {"a": 1, "b": 1}, Length(50, 20))
    assert asked == [(("a", "b"), 0.95, ""), (("b",), CAREFUL, "careful/")]
    assert {n: (f.quality.divergences, f.quality.tries) for n, f in found.items()} == {
        "a": (0, 1), "b": (0, 2),
    }  # fmt: skip
