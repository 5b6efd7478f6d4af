"""Number needed to treat with intervals that hold zero."""

from __future__ import annotations

import numpy as np
import pytest

from metinfer.inference.learnt import overlap
from metinfer.therapy.records import _needed, overlap_bound


def _span(median: float, lo90: float, hi90: float) -> dict[str, float]:
    return {
        "median": median,
        "lo50": (median + lo90) / 2,
        "hi50": (median + hi90) / 2,
        "lo90": lo90,
        "hi90": hi90,
    }


def test_a_clear_benefit_inverts_and_swaps_the_ends() -> None:
    needed = _needed(_span(0.05, 0.02, 0.1))
    assert needed["median"] == pytest.approx(20)
    assert (needed["lo90"], needed["hi90"]) == (pytest.approx(10), pytest.approx(50))
    assert needed["text"] == "one helped per 10 to 50"
    assert not needed["crosses_zero"]


def test_an_interval_with_zero_has_no_finite_ends() -> None:
    needed = _needed(_span(0.03, -0.01, 0.08))
    assert needed["lo90"] is None
    assert needed["hi90"] is None
    assert needed["crosses_zero"]
    assert needed["text"] == "one helped per 12.5 or more; one harmed per 100 or more"


def test_harm_is_called_harm() -> None:
    assert _needed(_span(-0.05, -0.1, -0.02))["text"] == "one harmed per 10 to 50"


def test_no_effect_at_all() -> None:
    needed = _needed(_span(0.0, 0.0, 0.0))
    assert needed["median"] is None
    assert needed["text"] == "no effect"


def test_two_samples_of_one_prior_are_not_called_learnt() -> None:
    """Overlap itself falls below 0.8 by chance; its bound hardly ever does."""
    rng = np.random.default_rng(0)
    pairs = [np.exp(-3.0 * np.exp(rng.normal(size=(2, 300)))) for _ in range(200)]
    plain = np.mean([overlap(*p) <= 0.8 for p in pairs])
    bound = np.mean([overlap_bound(*p) <= 0.8 for p in pairs])
    assert plain > 0.02
    assert bound <= 0.01


def test_a_much_narrower_posterior_is_learnt() -> None:
    rng = np.random.default_rng(1)
    wide, narrow = rng.normal(size=1000), 0.3 * rng.normal(size=1000)
    assert overlap_bound(wide, narrow) < 0.5
    assert overlap_bound(wide, narrow) >= overlap(wide, narrow)


def test_equal_points_overlap_fully() -> None:
    assert overlap_bound(np.zeros(10), np.zeros(10)) == 1.0
