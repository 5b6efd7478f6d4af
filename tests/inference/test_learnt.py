"""Learnt or assumed: the rule itself, on draws whose answer is known."""

import numpy as np
import pytest

from metinfer.inference import learnt
from metinfer.inference.learnt import ASSUMED, LEARNT, contraction, overlap, summarise, verdict

GRID = np.linspace(0.0, 1.0, 20_001)


def test_same_draws_overlap_fully_and_are_assumed():
    assert overlap(GRID, GRID) == pytest.approx(1.0)
    assert verdict(GRID, GRID) == ASSUMED


@pytest.mark.parametrize(("scale", "expected"), [(0.5, 0.5), (0.9, 0.9), (2.0, 0.5)])
def test_overlap_is_intersection_over_union(scale, expected):
    centred = (GRID - 0.5) * scale + 0.5
    assert overlap(GRID, centred) == pytest.approx(expected, abs=1e-3)


def test_disjoint_intervals_do_not_overlap():
    assert overlap(GRID, GRID + 5) == 0.0
    assert verdict(GRID, GRID + 5) == LEARNT


def test_threshold_is_above_eighty_percent():
    assert verdict(GRID, (GRID - 0.5) * 0.79 + 0.5) == LEARNT
    assert verdict(GRID, (GRID - 0.5) * 0.81 + 0.5) == ASSUMED


def test_points_overlap_only_when_equal():
    assert overlap(np.ones(10), np.ones(10)) == 1.0
    assert overlap(np.ones(10), np.zeros(10)) == 0.0


def test_contraction_and_summary():
    assert contraction(GRID, GRID / 2) == pytest.approx(0.75)
    assert contraction(np.ones(3), np.ones(3)) == 0.0
    s = summarise(GRID)
    assert (s.lo90, s.lo50, s.median, s.hi50, s.hi90) == pytest.approx(
        (0.05, 0.25, 0.5, 0.75, 0.95), abs=1e-3
    )


def test_an_answer_that_only_became_less_certain_is_not_learnt():
    rng = np.random.default_rng(5)
    narrow, wide = rng.normal(0.0, 1.0, 4000), rng.normal(0.0, 3.0, 4000)
    assert learnt.overlap(narrow, wide) < learnt.ASSUMED_ABOVE
    assert learnt.verdict(narrow, wide) == learnt.ASSUMED
    assert learnt.verdict(wide, narrow) == learnt.LEARNT
    assert learnt.verdict(narrow, wide + 6.0) == learnt.LEARNT  # wider, but elsewhere
