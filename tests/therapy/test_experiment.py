"""Expected variance of the next experiment against exact refits of conjugate models."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from made_up import MadeUp

from metinfer.therapy.decide import Question
from metinfer.therapy.experiment import (
    Experiment,
    assured,
    expect,
    two_arms,
    weights,
)
from metinfer.therapy.populations import read_populations
from metinfer.therapy.predict import arms
from metinfer.therapy.regimen import read_therapies

DATA = Path(__file__).parents[2] / "data"
DRAWS = 4000


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(11)


def _normal(rng: np.random.Generator, n: int = 4) -> tuple[np.ndarray, Experiment]:
    """A standard normal answer, and an experiment that measures it with sd 2 per subject."""
    answer = rng.normal(size=DRAWS)
    return answer, Experiment("mean", answer[:, None], n, "normal", 2.0)


@pytest.mark.parametrize("n", [1, 4, 40])
def test_expected_variance_of_a_normal_mean_is_exact(rng: np.random.Generator, n: int) -> None:
    answer, experiment = _normal(rng, n)
    found = expect(experiment, answer, rng)
    assert found.expected_variance == pytest.approx(1.0 / (1.0 + n / 4.0), rel=0.08)
    assert found.reduction == pytest.approx(1.0 - found.expected_variance / answer.var())
    assert found.reliable


def test_each_of_five_data_sets_agrees_with_its_refit(rng: np.random.Generator) -> None:
    """Beta prior and binomial data: the refit is a Beta again."""
    a, b, n = 2.0, 5.0, 20
    risk = rng.beta(a, b, DRAWS)
    experiment = Experiment("share", risk[:, None], n)
    for seen in experiment.draw(rng.integers(DRAWS, size=5), rng):
        weight = weights(experiment.log_likelihood(seen))
        variance = weight @ (risk - weight @ risk) ** 2
        one, two = a + n * seen[0], b + n * (1.0 - seen[0])
        exact = one * two / ((one + two) ** 2 * (one + two + 1.0))
        assert variance == pytest.approx(exact, rel=0.2)
    expected = risk.var() * (a + b) / (a + b + n)
    assert expect(experiment, risk, rng).expected_variance == pytest.approx(expected, rel=0.1)


def test_the_result_is_the_predictive_distribution(rng: np.random.Generator) -> None:
    answer, experiment = _normal(rng, 4)
    found = expect(experiment, answer, rng, data_sets=3000)
    spread = np.sqrt(1.0 + 1.0)
    np.testing.assert_allclose(
        found.result[[0, 2, 4], 0], [-1.645 * spread, 0, 1.645 * spread], atol=0.15
    )


def test_an_experiment_on_something_else_teaches_nothing(rng: np.random.Generator) -> None:
    answer, good = _normal(rng, 40)
    other = Experiment("other", rng.normal(size=(DRAWS, 1)), 40, "normal", 2.0)
    assert abs(expect(other, answer, rng).reduction) < 0.08
    assert expect(good, answer, rng).reduction > 0.8


def test_from_assumed_to_learnt(rng: np.random.Generator) -> None:
    answer, large = _normal(rng, 100)
    prior = rng.normal(size=DRAWS)
    small = Experiment("few", answer[:, None], 1, "normal", 20.0)
    found = expect(large, answer, rng, prior)
    assert found.becomes_learnt > 0.95
    assert found.learnt is False
    assert expect(large, answer / 10.0, rng, prior).learnt is True
    assert expect(small, answer, rng, prior).becomes_learnt < 0.05
    assert np.isnan(expect(small, answer, rng).becomes_learnt)


def test_too_few_draws_are_said_to_be_unreliable(rng: np.random.Generator) -> None:
    answer = rng.normal(size=50)
    sharp = Experiment("sharp", answer[:, None], 10_000, "normal", 1.0)
    assert not expect(sharp, answer, rng).reliable


def test_the_draw_that_made_the_data_has_no_weight() -> None:
    weight = weights(np.array([0.0, -1.0, -800.0]), 0)
    np.testing.assert_allclose(weight, [0.0, 1.0, 0.0])


def test_two_arms_predict_what_predict_does(rng: np.random.Generator) -> None:
    therapies = read_therapies(DATA / "therapies.toml")
    mouse = read_populations(DATA / "populations.toml")["mouse_4t1_resected"]
    draws = MadeUp({"w1": 0.05, "tau": 10.0, "kN": 0.2})
    question = Question(draws, therapies, therapies.therapies["il15_full"], mouse)
    experiment = two_arms(question, 43.5, 10)
    (control,), _ = arms(draws, therapies, [mouse], None)
    np.testing.assert_allclose(experiment.predicted[:, 0], 1.0 - control.curve.event_free[:, -1])
    assert (experiment.predicted[:, 1] < experiment.predicted[:, 0]).all()
    assert 0.0 <= assured(experiment, rng).power <= 1.0
    assert "10 per arm" in experiment.name
