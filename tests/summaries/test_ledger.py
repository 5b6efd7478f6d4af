"""The state of a part of an answer, on draws whose state is known."""

from __future__ import annotations

import numpy as np
import pytest

from metinfer.summaries.ledger import (
    LedgerState,
    Perturbing,
    chances,
    one_sided,
    state_of,
    weakest,
    without_idle_animals,
)

PEOPLE, ANIMALS = Perturbing(4, 2), Perturbing(0, 0, 4, 2)
NOBODY = Perturbing()
RNG = np.random.default_rng(1)
WIDE, SAME = RNG.normal(0.0, 1.0, 4000), RNG.normal(0.0, 1.0, 2000)
NARROW = RNG.normal(0.1, 0.3, 2000)


@pytest.mark.parametrize(
    ("rows", "state"),
    [
        (PEOPLE, LedgerState.PEOPLE),
        (ANIMALS, LedgerState.ANIMALS),
        (Perturbing(1, 1, 4, 2), LedgerState.PEOPLE),
        (NOBODY, LedgerState.NARROWED),
    ],
)
def test_a_narrower_part_is_informed_only_by_rows_that_perturb_it(rows, state) -> None:
    assert state_of(WIDE, NARROW, rows) is state


@pytest.mark.parametrize("rows", [PEOPLE, ANIMALS, NOBODY])
def test_a_part_that_did_not_change_is_assumption_whatever_rows_there_are(rows) -> None:
    assert state_of(WIDE, SAME, rows) is LedgerState.ASSUMED
    assert state_of(WIDE, np.array([]), rows) is LedgerState.ASSUMED


def _links(absent: float, size: int) -> np.ndarray:
    """Log effects of a link that is absent with some probability."""
    there = RNG.random(size) >= absent
    return np.where(there, RNG.normal(-0.5, 0.2, size), 0.0)


def test_a_link_shown_to_be_present_is_informed() -> None:
    """The size of the effect keeps its spread; what the data taught is that there is one."""
    prior, posterior = _links(0.4, 8000), _links(0.01, 4000)
    assert state_of(prior, posterior, PEOPLE) is LedgerState.PEOPLE
    assert state_of(prior, posterior, NOBODY) is not LedgerState.PEOPLE
    assert chances(prior).present == pytest.approx(0.6, abs=0.02)
    assert chances(posterior).present == pytest.approx(0.99, abs=0.02)
    sizes = [chances(v).size.median for v in (prior, posterior)]
    assert sizes[0] == pytest.approx(sizes[1], rel=0.03)


def test_a_far_and_wider_posterior_contradicts_the_prior() -> None:
    far = RNG.normal(4.0, 2.0, 2000)
    for rows in (PEOPLE, NOBODY):
        assert state_of(WIDE, far, rows) is LedgerState.CONTRADICTED


def test_nulls_under_a_one_sided_prior_are_no_finding_about_direction() -> None:
    prior, posterior = -np.abs(RNG.normal(0, 0.6, 8000)), -np.abs(RNG.normal(0, 0.08, 4000))
    assert one_sided(prior)
    assert not one_sided(WIDE)
    assert chances(posterior).harm == 0.0
    assert state_of(prior, posterior, NOBODY) is LedgerState.NARROWED
    assert state_of(prior, posterior, PEOPLE) is LedgerState.PEOPLE


@pytest.mark.parametrize("seed", range(8))
def test_two_samples_of_a_heavy_tailed_prior_are_assumption(seed: int) -> None:
    rng = np.random.default_rng(seed)
    prior, again = rng.standard_cauchy(2000), rng.standard_cauchy(2000)
    assert state_of(prior, again, PEOPLE) is LedgerState.ASSUMED


def test_animals_count_only_if_leaving_them_out_changes_the_part() -> None:
    assert without_idle_animals(ANIMALS, NARROW[::2], NARROW[1::2]).rows_animals == 0
    assert without_idle_animals(ANIMALS, WIDE, NARROW) == ANIMALS
    assert without_idle_animals(ANIMALS, np.array([]), NARROW) == ANIMALS


def test_presence_harm_margin_and_size_are_told_apart() -> None:
    logs = np.log([1.0, 1.0, 0.5, 0.9, 1.2])
    found = chances(logs, np.log(0.8))
    assert (found.present, found.benefit, found.harm, found.beyond) == (0.6, 0.4, 0.2, 0.2)
    assert found.size.median == pytest.approx(0.9)
    assert chances(np.zeros(5)).size is None


def test_an_answer_is_as_good_as_its_weakest_part() -> None:
    states = [LedgerState.PEOPLE, LedgerState.ASSUMED, LedgerState.NARROWED]
    assert weakest(states) is LedgerState.ASSUMED
    assert weakest([*states, LedgerState.CONTRADICTED]) is LedgerState.CONTRADICTED
    assert weakest([]) is LedgerState.ASSUMED
