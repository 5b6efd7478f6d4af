"""Learnt or assumed: the rule itself, on draws whose answer is known."""

import numpy as np
import pytest

from metinfer.inference import learnt
from metinfer.inference.learnt import ASSUMED, LEARNT, NARROWED, contraction, overlap, summarise


def verdict(prior, posterior, measured=False):
    """The state alone."""
    return learnt.verdict(prior, posterior, measured).state


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
    below, above = ((GRID - 0.5) * scale + 0.5 for scale in (0.77, 0.81))
    assert verdict(GRID, below) == NARROWED
    assert verdict(GRID, below, measured=True) == LEARNT
    assert learnt.verdict(GRID, above).why == learnt.ECHO


@pytest.mark.parametrize(
    ("shift", "scale", "state", "why"),
    [
        (0.2, 0.5, NARROWED, learnt.CENTRE),  # the median is at 0.7 of the prior
        (-0.2, 0.5, NARROWED, learnt.CENTRE),
        (0.3, 0.5, LEARNT, learnt.MOVED),
        (-0.3, 0.5, LEARNT, learnt.MOVED),
        (0.0, 0.2, LEARNT, learnt.FIXED),  # confirmed exactly: no prior could do that
        (0.0, 0.3, NARROWED, learnt.CENTRE),
        (0.0, 3.0, ASSUMED, learnt.WIDER),
    ],
)
def test_an_answer_is_learnt_where_the_data_moved_or_fixed_its_centre(shift, scale, state, why):
    found = learnt.verdict(GRID, (GRID - 0.5) * scale + 0.5 + shift)
    assert (found.state, found.why) == (state, why)
    assert learnt.STATE_OF[why] == state


def test_few_draws_cannot_say_that_a_centre_moved():
    some = GRID[::500]  # 41 draws
    moved = (some - 0.5) * 0.5 + 0.5 + 0.3
    assert verdict(GRID, (GRID - 0.5) * 0.5 + 0.8) == LEARNT
    assert verdict(some, moved) != LEARNT


def test_many_posteriors_at_once_are_judged_as_one():
    rng = np.random.default_rng(2)
    prior, posteriors = rng.normal(size=1000), rng.normal(size=(1000, 5)) * [1.0, 0.5, 0.1, 0.5, 3]
    posteriors += [0.0, 0.1, 0.0, 1.5, 0.0]
    found = learnt.reasons(
        lambda p: np.quantile(prior, p)[:, None], lambda p: np.quantile(posteriors, p, axis=0),
        (1000, 1000),
    )  # fmt: skip
    assert list(found) == [learnt.verdict(prior, one).why for one in posteriors.T]
    assert set(found) == {learnt.ECHO, learnt.CENTRE, learnt.FIXED, learnt.MOVED, learnt.WIDER}


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
    assert verdict(narrow, wide) == ASSUMED
    assert verdict(wide, narrow) == NARROWED
    assert verdict(narrow, wide + 6.0) == LEARNT  # wider, but elsewhere
