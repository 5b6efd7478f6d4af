"""Variance of an answer in parts, on made-up answers whose parts are known."""

from __future__ import annotations

import numpy as np
import pytest

from metinfer.errors import MetinferError
from metinfer.therapy.variance import binomial, split

N = 3000


@pytest.fixture
def params() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(5)
    return {
        "rate": np.exp(rng.normal(size=N)),
        "slope": rng.normal(size=(N, 2)),
        "transfer": rng.normal(size=(N, 3)),
        "stock_level": rng.normal(size=(N, 4)),
        "flat": np.ones(N),
    }


def test_an_additive_answer_is_split_as_it_was_made(params: dict[str, np.ndarray]) -> None:
    answer = (
        np.log(params["rate"]) + 2.0 * params["transfer"][:, 1] + 3.0 * params["stock_level"][:, 0]
    )
    found = split(answer, params)
    assert found.parts["parameter"] == pytest.approx(1.0, abs=0.15)
    assert found.parts["translation"] == pytest.approx(4.0, abs=0.4)
    assert found.parts["between_study"] == pytest.approx(9.0, abs=0.6)
    assert abs(found.shares["unexplained"]) < 0.01
    assert sum(found.parts.values()) == pytest.approx(found.total)
    assert found.total == pytest.approx(np.var(answer), rel=1e-3)


def test_correlated_groups_share_what_they_have_in_common(params: dict[str, np.ndarray]) -> None:
    shared = params["slope"][:, 0]
    params["transfer"][:, 0] = shared
    found = split(shared + 0.0, params)
    assert found.shares["parameter"] == pytest.approx(0.5, abs=0.02)
    assert found.shares["translation"] == pytest.approx(0.5, abs=0.02)


def test_interplay_is_named_and_not_shared_out(params: dict[str, np.ndarray]) -> None:
    found = split(params["transfer"][:, 0] * params["stock_level"][:, 0], params)
    assert found.shares["unexplained"] > 0.9


def test_noise_is_not_explained_by_many_columns() -> None:
    rng = np.random.default_rng(1)
    found = split(rng.normal(size=600), {"rate": rng.normal(size=(600, 60))})
    assert found.shares["parameter"] < 0.15


def test_kinetics_and_sampling_have_their_parts(params: dict[str, np.ndarray]) -> None:
    variant = np.arange(N) % 16
    risk = 0.2 + 0.01 * (variant % 5) + 0.01 * params["slope"][:, 1]
    chance = binomial(risk, 50)
    found = split(risk, params, variant, chance)
    told = np.var(0.01 * (variant % 5))
    assert found.parts["kinetics"] == pytest.approx(told, rel=0.1)
    assert found.parts["sampling"] == pytest.approx(np.mean(risk * (1 - risk)) / 50)
    assert sum(found.parts.values()) == pytest.approx(np.var(risk, ddof=1) + chance)


def test_failed_draws_are_left_out(params: dict[str, np.ndarray]) -> None:
    answer = params["slope"][:, 0].copy()
    answer[:10] = np.nan
    assert split(answer, params).shares["parameter"] == pytest.approx(1.0, abs=0.01)


def test_too_few_draws_are_refused() -> None:
    with pytest.raises(MetinferError, match="needs 22 draws, got 20"):
        split(np.arange(20.0), {"rate": np.random.default_rng(0).normal(size=(20, 10))})
