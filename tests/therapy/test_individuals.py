"""Event-free curves against founders simulated one by one, frailty and other sites included."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from made_up import MadeUp

from metinfer.therapy.individuals import first_events, niche
from metinfer.therapy.populations import YEAR, read_populations
from metinfer.therapy.predict import arms, scenes
from metinfer.therapy.regimen import Therapies, read_therapies
from metinfer.therapy.simulate import Schedule, clock, lanes

DATA = Path(__file__).parents[2] / "data"
EVERY = read_therapies(DATA / "therapies.toml")
#: One set of kinetics, so that the individuals take the same drug course as the draw.
THERAPIES = replace(EVERY, variants=1)
PLAIN = read_populations(DATA / "populations.toml")["er_positive_n0"]
SUBJECTS = 100_000
RATES = {"w1": 4e-4, "tau": 500.0, "m": 4e-5, "kap": 4e-4, "d0": 1e-4, "seen": 0.4}
DRAWS = MadeUp(RATES, number=0.9, count=1)


def _simulated(
    name: str | None, therapies: Therapies, subjects: int = SUBJECTS
) -> tuple[np.ndarray, np.ndarray]:
    """Shares with a first event in the liver, and free of any event, over the curve's times."""
    rng = np.random.default_rng(5)
    theta = DRAWS.theta([scenes(PLAIN)[0].spec])[0, 0]
    therapy = therapies.therapies[name] if name else None
    schedule = Schedule("human", 0.0, "settled", PLAIN.horizons[-1])
    (treated,), (untreated,) = (lanes(schedule, therapies, t, 1) for t in (therapy, None))
    mean = rng.gamma(DRAWS.shape, DRAWS.number / DRAWS.shape, subjects)
    liver = first_events(theta, niche(theta, treated), mean, rng)
    more = (1.0 - DRAWS.share) / DRAWS.share
    elsewhere = first_events(theta, niche(theta, untreated), mean * more, rng)
    day = clock(PLAIN.horizons[-1]) * YEAR
    first = np.array([np.mean((liver <= t) & (liver < elsewhere)) for t in day])
    return first, np.array([np.mean(np.minimum(liver, elsewhere) > t) for t in day])


@pytest.mark.parametrize("name", [None, "il15_full", "n803"])
def test_curves_lie_within_chance_of_individuals(name: str | None) -> None:
    first, free = _simulated(name, THERAPIES)
    _, base = arms(DRAWS, THERAPIES, [PLAIN], None)
    therapy = THERAPIES.therapies[name] if name else None
    (liver,), _ = arms(DRAWS, THERAPIES, [PLAIN], therapy, base)
    all_sites = replace(PLAIN, endpoint="all_sites")
    (sites,), _ = arms(DRAWS, THERAPIES, [all_sites], therapy, base)
    for seen, told in ((first, 1.0 - liver.curve.event_free[0]), (free, sites.curve.event_free[0])):
        error = np.sqrt(np.maximum(told * (1.0 - told), 1e-4) / SUBJECTS)
        assert np.max(np.abs(seen - told) / error) < 4.0
    assert first[-1] > 0.05


def test_the_check_can_tell_a_therapy_from_none() -> None:
    """A curve without the therapy lies far outside the chance of treated individuals."""
    first, _ = _simulated("il15_full", THERAPIES)
    (control,), _ = arms(DRAWS, THERAPIES, [PLAIN], None)
    told = 1.0 - control.curve.event_free[0, -1]
    assert abs(first[-1] - told) > 10.0 * np.sqrt(told * (1.0 - told) / SUBJECTS)
