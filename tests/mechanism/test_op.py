"""The PyTensor operation: exact gradient, every mode, pickling, caches, threads."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import warnings

import cloudpickle
import numpy as np
import pymc as pm
import pytensor
import pytensor.tensor as pt
import pytest

from metinfer.mechanism.compile import cache_folder, fingerprint
from metinfer.mechanism.equations import PARAMETERS
from metinfer.mechanism.grid import Lane, build_grid
from metinfer.mechanism.op import solve_op
from metinfer.mechanism.solve import solve
from tests.mechanism.lanes import DAYS, INDEX, draws, human_lanes, mouse_lanes, theta

LANES = [mouse_lanes()[n] for n in ("injury", "depletion", "arrival", "il15", "cxcr4", "ifng")]
LANES += [human_lanes()["clamp"], human_lanes()["plain"]]


@pytest.fixture(scope="module")
def problem():
    grid = build_grid(LANES)
    rng = np.random.default_rng(4)
    values = np.concatenate([draws("mouse", len(LANES) - 2, rng), draws("human", 2, rng)])
    values[:, INDEX["dip"]] = 0.2
    return grid, values, rng.normal(size=(*grid.nodes.shape, 12))


def function(grid, weight, mode):
    x = pt.matrix("theta")
    cost = (solve_op(x, grid) * weight).sum()
    return pytensor.function([x], [cost, pt.grad(cost, x)], mode=mode)


def difference(values, grid, weight, p):
    """Derivative of each lane's cost in parameter p by sixth-order central differences (lane,)."""
    step = 1e-3 * np.maximum(np.abs(values[:, p]), 1e-2)

    def cost(k):
        moved = values.copy()
        moved[:, p] += k * step
        return (solve(moved, grid).states * weight).sum(axis=(1, 2))

    terms = ((3, 1.0), (2, -9.0), (1, 45.0))
    return sum(c * (cost(k) - cost(-k)) for k, c in terms) / (60.0 * step)


def test_the_gradient_is_exact(problem):
    grid, values, weight = problem
    _, gradient = function(grid, weight, "NUMBA")(values)
    numeric = np.stack(
        [difference(values, grid, weight, p) for p in range(len(PARAMETERS))], axis=1
    )
    norm = np.linalg.norm(numeric * values, axis=1, keepdims=True)
    assert np.abs((gradient - numeric) * values / norm).max() < 1e-6
    assert (np.abs(gradient) > 0).any(axis=0).all()


def test_python_and_numba_give_the_same_bits(problem):
    grid, values, weight = problem
    for numba_, python in zip(
        *(function(grid, weight, m)(values) for m in ("NUMBA", "FAST_COMPILE")), strict=True
    ):
        np.testing.assert_allclose(numba_, python, rtol=1e-13)
    x = pt.matrix("theta")
    states = pytensor.function([x], solve_op(x, grid), mode="NUMBA")(values)
    np.testing.assert_array_equal(states, solve(values, grid).states)


def test_steps_of_length_zero_pass_the_gradient_unchanged():
    short, long = Lane("short", (5.0,)), Lane("long", (5.0, 60.0))
    weight = np.random.default_rng(0).normal(size=(1, 1, 12))
    _, alone = function(build_grid([short]), weight, "NUMBA")(theta())
    padded = np.zeros((2, 2, 12))
    padded[0, 0] = weight[0, 0]
    _, beside = function(build_grid([short, long]), padded, "NUMBA")(theta(2))
    np.testing.assert_array_equal(beside[0], alone[0])
    np.testing.assert_array_equal(beside[1], 0.0)


def test_a_failed_lane_gives_no_gradient_and_harms_no_other():
    grid = build_grid([Lane(str(i), DAYS) for i in range(3)])
    run = function(grid, np.ones((3, len(DAYS), 12)), "NUMBA")
    values = theta(3)
    _, healthy = run(values)
    values[1, INDEX["kN"]] = np.nan
    cost, gradient = run(values)
    assert np.isnan(cost)
    np.testing.assert_array_equal(gradient[1], 0.0)
    np.testing.assert_array_equal(gradient[[0, 2]], healthy[[0, 2]])


def toy_model():
    grid = build_grid(
        [Lane("a", DAYS, bolus=True), Lane("b", DAYS, {"nk_depletion": 1.0}, bolus=True)]
    )
    with pm.Model() as model:
        rate = pm.Normal("rate", np.log(0.02), 0.7)
        kill = pm.Normal("kill", np.log(0.7), 0.5)
        values = pt.as_tensor(theta(2, founders0=0.0, awake0=0.0))
        values = pt.set_subtensor(values[:, INDEX["w1"]], pt.exp(rate))
        values = pt.set_subtensor(values[:, INDEX["kS"]], pt.exp(kill))
        pm.Poisson("count", solve_op(values, grid)[:, -1, 10], observed=np.array([1, 3]))
    return model


def exact_posterior():
    """Mean and sd of both coordinates of the toy posterior, by a fine grid."""
    from scipy import stats

    grid = build_grid(
        [Lane("a", DAYS, bolus=True), Lane("b", DAYS, {"nk_depletion": 1.0}, bolus=True)]
    )
    rate = np.log(0.02) + 0.7 * np.linspace(-4, 4, 61)
    kill = np.log(0.7) + 0.5 * np.linspace(-4, 4, 61)
    r, k = (x.ravel() for x in np.meshgrid(rate, kill, indexing="ij"))
    values = theta(len(r), founders0=0.0, awake0=0.0)
    values[:, INDEX["w1"]], values[:, INDEX["kS"]] = np.exp(r), np.exp(k)
    log_density = stats.norm.logpdf(r, np.log(0.02), 0.7) + stats.norm.logpdf(k, np.log(0.7), 0.5)
    for lane, count in ((0, 1), (1, 3)):
        mean = solve(values, grid, np.full(len(r), lane)).states[:, -1, 10]
        log_density += stats.poisson.logpmf(count, mean)
    weight = np.exp(log_density - log_density.max())
    weight /= weight.sum()
    means = np.array([weight @ r, weight @ k])
    return means, np.sqrt([weight @ (r - means[0]) ** 2, weight @ (k - means[1]) ** 2])


def test_nutpie_samples_the_exact_posterior_in_threads():
    import nutpie

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        compiled = nutpie.compile_pymc_model(toy_model())
        draws_ = nutpie.sample(
            compiled, draws=1000, tune=400, chains=2, cores=2, seed=3, progress_bar=False
        )
    assert not [w for w in caught if "object mode" in str(w.message)]
    means, sds = exact_posterior()
    for name, mean, sd in zip(("rate", "kill"), means, sds, strict=True):
        x = draws_.posterior[name].values
        assert x.mean() == pytest.approx(mean, abs=0.15 * sd)
        assert x.std() == pytest.approx(sd, rel=0.15)


def test_models_pickle():
    model = toy_model()
    point = model.initial_point()
    value = model.compile_logp()(point)
    for pack in (pickle, cloudpickle):
        copy = cloudpickle.loads(pack.dumps(model)) if pack is cloudpickle else None
        if copy is not None:
            assert copy.compile_logp()(point) == value
    states = solve_op(pt.matrix("theta"), build_grid([Lane("a", DAYS)]))
    assert pickle.loads(pickle.dumps(states)).owner.op == states.owner.op


SCRIPT = """
import hashlib, sys
import numpy as np
from tests.mechanism.lanes import draws, mouse_lanes
from metinfer.mechanism.grid import build_grid
from metinfer.mechanism.solve import solve
grid = build_grid(list(mouse_lanes().values()))
states = solve(draws("mouse", len(grid), np.random.default_rng(0)), grid).states
print(hashlib.sha256(states.tobytes()).hexdigest())
"""


def _start(folder):
    environment = os.environ | {
        "METINFER_CACHE_DIR": str(folder),
        "PYTHONPATH": os.pathsep.join(sys.path),
    }
    return subprocess.Popen(
        [sys.executable, "-c", SCRIPT],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def _hash(process):
    out, error = process.communicate(timeout=120)
    assert process.returncode == 0, error
    return out.strip()


def test_cold_and_warm_caches_give_the_same_bits_across_processes(tmp_path):
    together = [_start(tmp_path), _start(tmp_path)]
    cold = [_hash(p) for p in together]
    assert len(list(tmp_path.glob("metinfer_kernel_*.py"))) == 1
    assert not list(tmp_path.glob("*.tmp"))
    before = {f: f.stat().st_mtime_ns for f in tmp_path.rglob("*.nbc")}
    assert before
    warm = _hash(_start(tmp_path))
    assert {cold[0], cold[1]} == {warm}
    assert before == {f: f.stat().st_mtime_ns for f in tmp_path.rglob("*.nbc")}


def test_a_cache_that_cannot_be_written_falls_back(tmp_path, monkeypatch):
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    monkeypatch.setenv("METINFER_CACHE_DIR", str(blocked / "code"))
    assert cache_folder().is_dir()
    assert not str(cache_folder()).startswith(str(blocked))


def test_the_fingerprint_is_stable():
    assert fingerprint() == fingerprint()
    assert len(fingerprint()) == 16


@pytest.mark.parametrize("mode", ["NUMBA", "FAST_COMPILE"])
def test_too_few_rows_are_an_error_and_not_a_crash(mode):
    grid = build_grid([Lane(str(i), DAYS) for i in range(3)])
    x = pt.matrix("theta")
    run = pytensor.function([x], solve_op(x, grid), mode=mode)
    with pytest.raises(ValueError, match="as many lanes as the grid"):
        run(theta(2))
