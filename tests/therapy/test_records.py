"""Number needed to treat with intervals that hold zero."""

from __future__ import annotations

import pytest

from metinfer.therapy.records import _needed


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
