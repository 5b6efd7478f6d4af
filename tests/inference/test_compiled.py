"""A compiled density with other data says the same as the model with that data."""

from __future__ import annotations

import ctypes

import numpy as np
import pymc as pm
import pytest

from metinfer.inference.compiled import compile_free

SHARES, SCALES = np.array([0.2, 0.5, 0.9]), np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])


def model() -> pm.Model:
    """Data of no, one and two dimensions, and of whole numbers; one array is not read."""
    with pm.Model() as made:
        shift = pm.Data("shift", np.asarray(0.5))
        scales = pm.Data("scales", SCALES)
        events = pm.Data("events", np.array([1, 4, 9]))
        pm.Data("unread", np.zeros(2))
        x = pm.Normal("x", shift, scales[:, 0], shape=3)
        pm.Binomial("seen", 10, pm.math.invlogit(x / scales[:, 1]), observed=events)
    return made


def density(compiled, x: np.ndarray) -> float:
    """Log-density at `x`, as the sampler asks for it."""
    call = ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_uint64, *[ctypes.c_void_p] * 4)
    gradient, value = np.zeros(len(x)), np.zeros(1)
    places = (a.ctypes.data for a in (x, gradient, value, compiled.user_data))
    assert call(compiled.compiled_logp_func.address)(len(x), *places) == 0
    return float(value[0])


@pytest.fixture(scope="module")
def made() -> pm.Model:
    return model()


@pytest.fixture(scope="module")
def compiled(made):
    return compile_free(made)


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"shift": np.asarray(-1.0)},
        {"scales": SCALES[::-1] * 2.0},
        {"events": np.array([10, 0, 3]), "shift": np.asarray(3.0), "unread": np.ones(2)},
    ],
)
def test_other_data_give_the_density_of_the_model_with_that_data(made, compiled, data) -> None:
    with made:
        before = {name: made[name].get_value() for name in data}
        pm.set_data(data)
        told = made.compile_logp()({"x": SHARES})
        pm.set_data(before)
    assert density(compiled.with_data(**data), SHARES) == pytest.approx(float(told), rel=1e-12)


@pytest.mark.parametrize(
    ("data", "error", "named"),
    [
        ({"scales": np.ones(6)}, ValueError, r"scales has the shape \(3, 2\), not \(6,\)"),
        ({"shifts": np.asarray(1.0)}, KeyError, "shifts"),
    ],
)
def test_data_of_another_shape_or_name_are_refused(compiled, data, error, named) -> None:
    with pytest.raises(error, match=named):
        compiled.with_data(**data)
