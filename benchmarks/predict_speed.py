"""Speed and accuracy of therapy predictions: 12 therapies x 8 populations x 1,000 draws.

Run: python benchmarks/predict_speed.py [--quick]. Prints one JSON list of name, value, unit,
target and ok. Draws are made up (log-normal around the default parameters), as the time does
not depend on where they come from.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from metinfer.inference.design import LaneSpec
from metinfer.mechanism.equations import PARAMETERS, STATES
from metinfer.mechanism.grid import build_grid
from metinfer.mechanism.solve import default_theta, solve
from metinfer.therapy.individuals import first_events, niche
from metinfer.therapy.outcomes import Course as Numbers
from metinfer.therapy.outcomes import liver_first, survival
from metinfer.therapy.populations import read_populations
from metinfer.therapy.predict import predict
from metinfer.therapy.regimen import Therapies, read_therapies
from metinfer.therapy.simulate import Schedule, lanes

DATA = Path(__file__).parents[1] / "data"
THERAPIES, POPULATIONS, DRAWS = 12, 8, 1000
INDEX = {p.name: i for i, p in enumerate(PARAMETERS)}
L = [s.name for s in STATES].index("L")


@dataclass(frozen=True)
class Spread:
    """Log-normal draws around the default lane parameters."""

    count: int
    seed: int = 1
    sd: float = 0.3
    shift: Mapping[str, float] = field(default_factory=dict)

    def __len__(self) -> int:
        return self.count

    def theta(self, specs: Sequence[LaneSpec]) -> np.ndarray:
        """Lane parameters (draw, lane, parameter)."""
        rng = np.random.default_rng(self.seed)
        rows = default_theta(self.count) * np.exp(
            self.sd * rng.normal(size=(self.count, len(PARAMETERS)))
        )
        for name in ("th", "fN", "f0", "fU"):
            rows[:, INDEX[name]] = np.minimum(rows[:, INDEX[name]], 0.95)
        table = np.repeat(rows[:, None, :], len(specs), axis=1)
        table[:, :, INDEX["timp1_scale"]] = [s.timp1_fold for s in specs]
        return table

    def founders(self, context: str, stock: str) -> np.ndarray:
        """Founders per subject (draw,)."""
        return np.full(self.count, 0.5)

    def frailty(self, context: str) -> np.ndarray:
        """Frailty shape (draw,)."""
        return np.full(self.count, 1.0)

    def liver_share(self, context: str) -> np.ndarray:
        """Share of the liver (draw,)."""
        return np.full(self.count, 0.25)


def speed(draws: int) -> list[dict[str, object]]:
    """Wall and processor time of one source."""
    every = read_therapies(DATA / "therapies.toml")
    names = list(every.therapies)[:THERAPIES]
    chosen = replace(every, therapies={n: every.therapies[n] for n in names})
    populations = dict(list(read_populations(DATA / "populations.toml").items())[:POPULATIONS])
    solve(
        default_theta(1), build_grid(lanes(Schedule("human", 0.0, "settled", 10.0), every, None, 1))
    )
    wall, busy = time.perf_counter(), time.process_time()
    predict({"posterior": Spread(draws)}, chosen, populations)
    wall, busy = time.perf_counter() - wall, time.process_time() - busy
    size = f"{len(names)} therapies x {len(populations)} populations x {draws} draws"
    # two idle cores cannot do better than half the processor time
    return [
        _entry(f"predict {size}, wall", wall, "s", 15.0),
        _entry(f"predict {size}, processor", busy, "s", 30.0),
    ]


def step_error(every: Therapies) -> dict[str, object]:
    """Worst error of a regimen's effect on L at 10 years against steps that resolve the drug."""
    schedule = Schedule("human", 0.0, "settled", 10.0)
    count, worst = 4, 0.0
    theta = default_theta(count)
    none = solve(theta, build_grid(lanes(schedule, every, None, count), refine=4)).states[:, -1, L]
    for therapy in (t for t in every.therapies.values() if t.agents):
        coarse = solve(theta, build_grid(lanes(schedule, every, therapy, count))).states[:, -1, L]
        fine = build_grid(lanes(schedule, every, therapy, count), refine=6)
        exact = solve(theta, fine).states[:, -1, L]
        worst = max(worst, float(np.max(np.abs(coarse - exact) / np.abs(exact - none))))
    return _entry("step error of a regimen's effect", worst, "share of the effect", 1e-3)


def individuals(subjects: int, every: Therapies) -> list[dict[str, object]]:
    """Largest gap between curves and founders simulated one by one, in standard errors.

    At fixed parameters, frailty and other sites included, with and without a therapy.
    """
    rng = np.random.default_rng(3)
    number, shape, share = 0.9, 0.8, 0.25
    theta = default_theta(1, w1=4e-4, tau=500.0, m=4e-5, kap=4e-4, d0=1e-4)
    schedule = Schedule("human", 0.0, "settled", 10.0)
    (none,) = lanes(schedule, every, None, 1)
    base = number * solve(theta, build_grid([none])).states[:, :, L]
    made = []
    for name in ("n803", "il15_full"):
        (lane,) = lanes(schedule, every, every.therapies[name], 1)
        liver = number * solve(theta, build_grid([lane])).states[:, :, L]
        told = Numbers(liver, base * (1.0 - share) / share, np.array([shape]))
        mean = rng.gamma(shape, number / shape, subjects)
        first = first_events(theta[0], niche(theta[0], lane), mean, rng)
        other = mean * (1.0 - share) / share
        elsewhere = first_events(theta[0], niche(theta[0], none), other, rng)
        gap = _gap(told, first, elsewhere, np.array(lane.outputs))
        label = f"curves under {name} against {subjects} simulated subjects"
        made.append(_entry(label, gap, "standard errors", 4.0))
    return made


def _gap(told: Numbers, liver: np.ndarray, elsewhere: np.ndarray, day: np.ndarray) -> float:
    """Largest difference over time of both curves, in standard errors of the simulation."""
    curves = (liver_first(told)[0], survival(told.liver + told.elsewhere, told.shape)[0])
    gaps = []
    for k, t in enumerate(day):
        seen = (
            np.mean((liver <= t) & (liver < elsewhere)),
            np.mean(np.minimum(liver, elsewhere) > t),
        )
        gaps += [
            abs(s - c[k]) / np.sqrt(max(c[k] * (1.0 - c[k]), 1e-4) / len(liver))
            for s, c in zip(seen, curves, strict=True)
        ]
    return float(max(gaps))


def _entry(name: str, value: float, unit: str, target: float) -> dict[str, object]:
    return {
        "name": name,
        "value": float(f"{value:.4g}"),
        "unit": unit,
        "target": target,
        "ok": bool(value <= target),
    }


def main() -> None:
    """Print all results."""
    quick = "--quick" in sys.argv
    every = read_therapies(DATA / "therapies.toml")
    results = speed(50 if quick else DRAWS)
    results.append(step_error(every))
    results += individuals(10_000 if quick else 100_000, every)
    print(json.dumps(results, indent=1))


if __name__ == "__main__":
    main()
