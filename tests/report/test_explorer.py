"""The numbers behind the interactive curves can be read back."""

from __future__ import annotations

from itertools import accumulate

import pytest

from metinfer.report.explorer import explorer
from tests.report.synthetic import small


def test_curves_and_effects_are_those_of_the_content() -> None:
    shown = small()
    data = explorer(shown)["data"]
    names = data["names"]
    for packed, curve in zip(data["curves"], shown.curves, strict=True):
        assert [names[k] for k in packed[:3]] == [curve.therapy, curve.population, curve.source]
        middle = [v / 1e4 for v in accumulate(packed[3][2])]
        assert middle == pytest.approx([b.median for b in curve.bands], abs=6e-5)
        assert len(middle) == len(data["time"][curve.population])
    first, packed = shown.effects[0], data["effects"][0]
    assert [names[packed[k]] for k in (0, 1, 7)] == [first.therapy, first.population, first.learnt]
    assert packed[4].startswith(f"{100 * first.posterior.median:.0f} (")


def test_a_word_stands_once() -> None:
    names = explorer(small())["data"]["names"]
    assert len(names) == len(set(names))
