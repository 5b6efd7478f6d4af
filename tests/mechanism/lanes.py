"""Lanes and parameters that several tests of the mechanism share."""

from __future__ import annotations

import numpy as np

from metinfer.mechanism.equations import PARAMETERS, STATES
from metinfer.mechanism.exposure import Exposure, Kinetics
from metinfer.mechanism.grid import Lane
from metinfer.mechanism.inputs import Steps, window
from metinfer.mechanism.solve import default_theta

MOUSE = {"kN": 0.04, "w1": 0.02, "d0": 0.005, "m": 0.005, "kap": 0.005, "tau": 14.0}
DAYS = (0.0, 1.0, 3.0, 7.0, 14.0, 30.0, 60.0)
YEARS = tuple(365.25 * k for k in range(0, 21, 2))
MINUTES = 1.0 / 1440.0
INDEX = {p.name: i for i, p in enumerate(PARAMETERS)}
STATE = {s.name: i for i, s in enumerate(STATES)}
TUMOUR = [STATE[s] for s in ("D", "W1", "W2", "W3", "L", "K")]
NICHE = [STATE[s] for s in ("A", "X", "R", "N", "U", "H")]


def theta(rows: int = 1, **values: float) -> np.ndarray:
    """Mouse parameters with five founders, repeated, with some values replaced."""
    return default_theta(rows, **({"founders": 5.0, **MOUSE} | values))


def doses(rate: float, amount: float, *times: float, absorption: float | None = 20.0) -> Exposure:
    """Equal doses of a drug with elimination `rate` per day."""
    return Exposure(Kinetics(rate, absorption), times, [amount] * len(times))


def mouse_lanes() -> dict[str, Lane]:
    """Every kind of input once, over sixty days."""
    fast = np.log(2) / (25 * MINUTES)
    gone = Steps([5.0, 9.0], [1.0, 0.0], before=0.0)
    return {
        "injury": Lane("injury", DAYS, {"injury": 2.0}, healthy_start=True),
        "depletion": Lane(
            "depletion", DAYS, {"nk_depletion": Steps([0.0, 14.0], [1.0, 0.0], 0.0)}, bolus=True
        ),
        "loss": Lane("loss", DAYS, {"ifng_loss": 1.0, "injury": 1.0}, bolus=True),
        "arrival": Lane(
            "arrival",
            DAYS,
            {"timp1": 4.0, "arrival": window(0.0, 21.0), "neutrophil_depletion": gone},
            healthy_start=True,
        ),
        "il15": Lane("il15", DAYS, {"il15": doses(fast, 200.0, 3, 4, 5), "arrival": window(0, 14)}),
        "cxcr4": Lane("cxcr4", DAYS, {"cxcr4_drug": doses(5.0, 50.0, 5, 6, 7, 8), "injury": 2.0}),
        "ifng": Lane("ifng", DAYS, {"ifng_drug": doses(fast, 100.0, 5, 7, 9, absorption=None)}),
    }


def human_lanes() -> dict[str, Lane]:
    """Constant and changing inputs over twenty years."""
    clamp = Steps([365.25, 365.25 * 6], [50.0, 0.0], before=0.0)
    return {
        "plain": Lane("plain", YEARS),
        "surgery": Lane("surgery", YEARS, {"nk_activity": Steps([0.0, 14.0], [0.3, 1.0], 1.0)}),
        "clamp": Lane("clamp", YEARS, {"cxcr4_drug": clamp, "injury": 1.0}),
    }


DECADE = tuple(365.25 * k for k in range(11))


def agent_lanes() -> dict[str, Lane]:
    """One course of every kind of drug in the first year or less of ten."""
    day = np.log(2) * 24.0
    three = [28.0 + 7.0 * week + at for week in range(26) for at in (0.0, 2.0, 4.0)]
    courses = {
        "il15_weekly": ("il15", Kinetics(day / 20, 5.0, 6.0), 28.0 + 7.0 * np.arange(52)),
        "ifng": ("ifng_drug", Kinetics(day / 0.5, day / 5.1, 5.0), three),
        "cxcr4_daily": ("cxcr4_drug", Kinetics(day / 4, day / 0.25, 3.0), 28.0 + np.arange(90)),
        "il15_infusion": ("il15", Kinetics(day / 1.1, None, 1200.0), 28.0 + 42.0 * np.arange(8)),
    }
    lanes = {}
    for name, (target, kinetics, times) in courses.items():
        lengths = [5.0] * len(times) if "infusion" in name else None
        given = Exposure(kinetics, tuple(times), (1.0,) * len(times), lengths)
        lanes[name] = Lane(name, DECADE, {target: given})
    return lanes


def draws(species: str, count: int, rng: np.random.Generator) -> np.ndarray:
    """Widely spread parameters (draw, parameter)."""
    start = MOUSE if species == "mouse" else {}
    values = default_theta(count, **({"founders": 5.0} | start))
    spread = dict.fromkeys(("w1", "d0", "m", "kap"), 0.8) | dict.fromkeys(("kX", "Kx", "SG"), 0.7)
    for p in PARAMETERS:
        if p.name in ("th", "fN", "f0", "fU"):
            values[:, INDEX[p.name]] = rng.beta(2, 2, count)
        elif p.name not in ("founders", "founders0", "awake0", "dip"):
            values[:, INDEX[p.name]] *= np.exp(spread.get(p.name, 0.4) * rng.normal(size=count))
    return values
