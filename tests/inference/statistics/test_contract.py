"""What every statistic must do, whatever its formula."""

import warnings

import numpy as np
import pytensor
import pytensor.tensor as pt
import pytest
from scipy import optimize, stats

from metinfer.inference.statistics import STATISTICS, StatisticError
from metinfer.inference.tape import record

everyone = pytest.mark.parametrize("statistic", STATISTICS.values(), ids=list(STATISTICS))


def compiled(statistic, data, pred):
    """Log-density and gradient by the tape that fits use."""
    inputs = {name: pt.vector(name, shape=values.shape) for name, values in pred.items()}
    tape = record(inputs, {}, {"logp": statistic.logp(data, inputs)})

    def score(*values):
        x = np.concatenate(values)
        logp = tape.gradient(x, np.zeros(tape.results))[0]
        slope = tape.gradient(x, np.isfinite(logp).astype(float))[1]
        return logp, *np.split(slope, len(pred))

    return score


@everyone
@pytest.mark.parametrize("factor", [1.0, 1e-8, 1e8, 1e-150, 1e150, 1e-300, 1e300])
def test_the_tape_is_the_plain_form(statistic, example, factor):
    data, pred = example(statistic)
    pred = {**pred, "value": pred["value"] * factor} if "value" in pred else pred
    inputs = {name: pt.vector(name) for name in pred}
    logp = statistic.logp(data, inputs)
    total = pt.switch(pt.isinf(logp), 0.0, logp).sum()
    grads = pytensor.grad(total, list(inputs.values()))
    plain = pytensor.function(list(inputs.values()), [logp, *grads], mode="FAST_COMPILE")
    with np.errstate(all="ignore"):
        wanted = plain(*pred.values())
    found = compiled(statistic, data, pred)(*pred.values())
    # A number that is the difference of two large ones is known to fewer digits; no plain number
    # turns into none.
    known = ~np.isnan(wanted[0])
    np.testing.assert_allclose(found[0][known], wanted[0][known], rtol=1e-10, atol=1e-13)
    for mine, theirs in zip(found[1:], wanted[1:], strict=True):
        known = np.isfinite(theirs)
        np.testing.assert_allclose(mine[known], theirs[known], rtol=1e-9, atol=1e-9)


@everyone
def test_gradient_is_the_slope_and_impossible_predictions_are_minus_infinity(statistic, example):
    data, pred = example(statistic)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        score = compiled(statistic, data, pred)
    logp, *grads = score(*pred.values())
    assert np.isfinite(logp).all()
    flat = np.concatenate(list(pred.values()))

    def total(x):
        return score(*np.split(x, len(pred)))[0].sum()

    slope = optimize.approx_fprime(flat, total, 1e-7)
    np.testing.assert_allclose(np.concatenate(grads), slope, rtol=2e-4, atol=2e-5)
    for name in statistic.predicts:
        for bad in (np.nan, np.inf, -np.inf):
            wrong = {**pred, name: np.array([pred[name][0], bad, pred[name][2]])}
            logp, *grads = score(*wrong.values())
            assert logp[1] == -np.inf
            assert np.isfinite(logp[[0, 2]]).all()
            assert np.isfinite(grads).all()


@everyone
def test_rows_are_scored_one_by_one(statistic, example):
    data, pred = example(statistic)
    inputs = {name: pt.vector(name) for name in pred}
    logp = statistic.logp(data, inputs)
    score = pytensor.function(list(inputs.values()), logp, mode="FAST_COMPILE")
    moved = {k: v.copy() for k, v in pred.items()}
    moved[statistic.predicts[-1]][1] *= 1.01
    changed = score(*pred.values()) != score(*moved.values())
    assert changed.tolist() == [False, True, False]


@everyone
def test_draws_have_the_shape_and_keys_of_the_published_row(statistic, example):
    data, pred = example(statistic)
    many = {k: np.broadcast_to(v, (4, 50, 3)) for k, v in pred.items()}
    draws = statistic.draw(data, many, np.random.default_rng(1))
    published = statistic.published(data)
    assert set(draws) == set(published) == set(statistic.reports)
    for key, value in draws.items():
        assert value.shape == (4, 50, 3)
        assert published[key].shape == (3,)
        assert np.isfinite(value).all()
        low, high = value.min((0, 1)), value.max((0, 1))
        span = high - low + 1e-9
        assert ((published[key] > low - span) & (published[key] < high + span)).all()


@everyone
def test_draws_of_impossible_predictions_are_nan(statistic, example):
    data, pred = example(statistic)
    first = statistic.predicts[0]
    wrong = {**pred, first: np.array([np.nan, *pred[first][1:]])}
    draws = statistic.draw(data, wrong, np.random.default_rng(1))
    assert any(np.isnan(value[0]) for value in draws.values())
    assert all(np.isfinite(value[1:]).all() for value in draws.values())


@everyone
def test_a_missing_number_is_refused_by_the_name_of_its_row(statistic, examples):
    columns, _ = examples[statistic.name]
    for name in statistic.needs:
        broken = {**columns, "row": np.array(["first", "second", "third"], dtype=object)}
        broken[name] = np.array([columns[name][0], np.nan, columns[name][2]])
        with pytest.raises(StatisticError, match=r"second"):
            statistic.prepare(broken)


DISCRETE = ["proportion", "beta_binomial", "count", "count_total", "interval_person_time",
            "interval_at_risk", "rate_events"]  # fmt: skip


@pytest.mark.parametrize("name", DISCRETE)
def test_discrete_draws_follow_the_log_mass(name, examples):
    statistic = STATISTICS[name]
    columns, pred = examples[name]
    key = statistic.reports[0]
    top = 26
    one = {k: np.repeat(v[2:], top) for k, v in columns.items()}
    one[key] = np.arange(top, dtype=float)
    if "censored" in one:
        one["censored"] = np.zeros(top)
    if "n" in one and name in ("proportion", "beta_binomial"):
        one[key] = np.minimum(one[key], one["n"])
    data = statistic.prepare(one)
    at = {k: np.repeat(np.array(v[2:], dtype=float), top) for k, v in pred.items()}
    logp = statistic.logp(data, {k: pt.as_tensor(v) for k, v in at.items()}).eval(
        mode="FAST_COMPILE"
    )
    many = {k: np.broadcast_to(v, (2000, top)) for k, v in at.items()}
    draws = statistic.draw(data, many, np.random.default_rng(3))[key].ravel()
    values = np.unique(one[key])
    share = np.exp(logp[: values.size])
    found = np.array([(draws == value).sum() for value in values])
    keep = share * draws.size > 20
    expected = share[keep] * draws.size
    rest = draws.size - found[keep].sum(), draws.size - expected.sum()
    chi2 = ((found[keep] - expected) ** 2 / expected).sum()
    chi2 += (rest[0] - rest[1]) ** 2 / max(rest[1], 1)
    assert stats.chi2(keep.sum()).sf(chi2) > 1e-3


CONTINUOUS = ["individual", "individual_log", "mean_sem", "percentile", "percentile_log",
              "survival", "cumulative_incidence", "ratio", "hazard_ratio"]  # fmt: skip


@pytest.mark.parametrize("name", CONTINUOUS)
def test_continuous_draws_follow_the_log_density(name, examples):
    """The density over published values, integrated, gives draws a uniform probability."""
    statistic = STATISTICS[name]
    columns, pred = examples[name]
    at = {k: np.array(v[:1], dtype=float) for k, v in pred.items()}
    one = {k: v[:1] for k, v in columns.items()}
    data = statistic.prepare(one)
    draws = statistic.draw(data, {k: np.broadcast_to(v, (3000, 1)) for k, v in at.items()},
                           np.random.default_rng(5))["value"].ravel()  # fmt: skip
    grid = np.linspace(draws.min(), draws.max(), 2000)
    data = {k: np.repeat(v, grid.size) for k, v in data.items()}
    jacobian = 1.0
    if name.startswith("individual"):
        data["low"] = data["high"] = grid
    elif name in ("survival", "cumulative_incidence"):
        free = grid if name == "survival" else 1 - grid
        data["cloglog"], jacobian = np.log(-np.log(free)), 1 / np.abs(free * np.log(free))
    elif "ratio" in name:
        data["log_value"], jacobian = np.log(grid), 1 / grid
    else:
        data["value"] = grid
    wide = {k: pt.as_tensor(np.repeat(v, grid.size)) for k, v in at.items()}
    density = np.exp(statistic.logp(data, wide).eval(mode="FAST_COMPILE")) * jacobian
    mass = np.concatenate([[0], np.cumsum(0.5 * (density[1:] + density[:-1]) * np.diff(grid))])
    assert mass[-1] == pytest.approx(1, abs=0.01)
    assert stats.kstest(np.interp(draws, grid, mass / mass[-1]), "uniform").pvalue > 1e-3


@everyone
def test_what_was_published_observes_as_what_was_prepared(statistic, example):
    data, _ = example(statistic)
    found = statistic.observe(data, statistic.published(data))
    assert found
    for name, value in found.items():
        np.testing.assert_allclose(value, data[name], rtol=1e-12, err_msg=name)


@everyone
def test_a_replicate_observes_as_if_it_had_been_published(statistic, example):
    data, pred = example(statistic)
    replicate = statistic.draw(data, pred, np.random.default_rng(3))
    other = {**data, **statistic.observe(data, replicate)}
    again = statistic.published(other)
    if "satisfied" in replicate:
        # a statement that was not made is as likely as its contrary
        with np.errstate(divide="ignore"):
            both = [np.exp(scored(statistic, {**data, "confidence": c}, pred))
                    for c in (data["confidence"], 1.0 - data["confidence"])]  # fmt: skip
        np.testing.assert_allclose(both[0] + both[1], 1.0)
        return
    for name, value in replicate.items():
        np.testing.assert_allclose(again[name], value, rtol=1e-9)
    assert np.isfinite(scored(statistic, other, pred)).all()


def scored(statistic, data, pred):
    return statistic.logp(data, {k: pt.as_tensor(v) for k, v in pred.items()}).eval()
