"""Accuracy of the solve and of its gradient, on the bundled evidence and on dosed lanes.

States against SciPy LSODA (rtol 1e-10), relative to max(|reference|, 1e-6 of the peak of that
state in the lane), over prior draws of every fitted lane and of lanes with doses, clamps and
injury; the gradient against sixth-order differences of the compiled solve, relative to its norm.

Run: python benchmarks/accuracy.py [--draws 500] [--seed 1]. Prints a JSON list of name, value,
unit, target and ok; value is the worst case.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from metinfer.evidence import read_evidence
from metinfer.inference.density import TRANSLATION_SD, Joint
from metinfer.inference.lanes import lane_theta, solver_lanes
from metinfer.mechanism.equations import PARAMETERS, STATES
from metinfer.mechanism.exposure import Exposure, Kinetics
from metinfer.mechanism.grid import Grid, Lane, build_grid
from metinfer.mechanism.inputs import Steps, window
from metinfer.mechanism.op import solve_op
from metinfer.mechanism.reference import error, reference
from metinfer.mechanism.solve import solve

DATA = Path(__file__).parents[1] / "data"
YEAR = 365.25
STATE_TARGET, GRADIENT_TARGET = 1e-4, 1e-6
#: A lane of years of doses needs seconds of LSODA per draw; it gets one in this many draws. The
#: others get all: the worst case of few draws says little (20 gave 1e-3 where 300 gave 6e-3).
LONG_SHARE = 25
#: Half-life of 25 minutes, per day.
FAST = np.log(2.0) / (25.0 / 1440.0)


def prior_theta(joint: Joint, draws: int, rng: np.random.Generator) -> np.ndarray:
    """Lane parameters of prior draws (draw, lane, parameter)."""
    table = joint.table
    a, b = table.beta_args
    params = table.natural(
        rng.normal(size=(draws, len(table.normal))), rng.beta(a, b, size=(draws, len(a))), np
    )
    deviation = rng.normal(size=(draws, len(table.transfers)))
    return np.asarray(
        lane_theta(params | {"transfer": TRANSLATION_SD * deviation}, joint.lanes, np)
    )


def dosed_lanes() -> dict[str, list[Lane]]:
    """Lanes with every kind of changing input, by species."""
    days, years = tuple(np.arange(0.0, 61.0, 5.0)), tuple(YEAR * np.arange(0, 21, 2))
    weekly = np.arange(0.0, 5 * YEAR, 7.0)
    daily = np.arange(5.0, 26.0)
    mouse = [
        Lane("injury", days, {"injury": 2.0, "timp1": 3.0}, healthy_start=True),
        Lane("NK depletion", days, {"nk_depletion": Steps([0, 14], [1, 0], 0)}, bolus=True),
        Lane(
            "IL-15, 25 min",
            days,
            {"il15": _doses(FAST, 20.0, 200.0, daily), "arrival": window(0, 14)},
        ),
        Lane("CXCR4, 3 h", days, {"cxcr4_drug": _doses(5.5, 30.0, 50.0, daily), "injury": 2.0}),
        Lane("IFN-g, 25 min", days, {"ifng_drug": _doses(FAST, None, 100.0, daily)}),
    ]
    human = [
        Lane("injury", years, {"injury": 1.0, "timp1": 2.0}, healthy_start=True),
        Lane("surgery", years, {"dip_on": Steps([0, 14], [1, 0], 0)}),
        Lane("IL-15 weekly for 5 years", years, {"il15": _doses(1.4, 3.0, 20.0, weekly)}),
        Lane("IFN-g weekly for 5 years", years, {"ifng_drug": _doses(FAST, None, 50.0, weekly)}),
        Lane(
            "CXCR4 clamp", years, {"cxcr4_drug": Steps([YEAR, 6 * YEAR], [50, 0], 0), "injury": 1.0}
        ),
        Lane("IL-15 clamp", years, {"il15": Steps([YEAR, 6 * YEAR], [50, 0], 0)}),
    ]
    return {"mouse": mouse, "human": human}


def _doses(rate: float, absorption: float | None, amount: float, times: np.ndarray) -> Exposure:
    return Exposure(Kinetics(rate, absorption), tuple(times), (amount,) * len(times))


def observables(states: np.ndarray) -> np.ndarray:
    """What enters a likelihood (output, observable): L, all cells, and the niche folds."""
    at = {s.name: i for i, s in enumerate(STATES)}
    cells = states[:, [at[n] for n in ("D", "W1", "W2", "W3", "L")]].sum(axis=1)
    return np.column_stack([states[:, at["L"]], cells, states[:, [at[n] for n in "AXNU"]]])


def lane_errors(lane: Lane, theta: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Worst error over time of each state and of each observable, each (draw, quantity)."""
    solution = solve(theta, build_grid([lane]), np.zeros(len(theta), dtype=int))
    truth = [reference(t, lane) for t in theta]
    pairs = list(zip(solution.states, truth, strict=True))
    states = np.array([error(s, t) for s, t in pairs])
    return states, np.array([error(observables(s), observables(t)) for s, t in pairs])


def gradient_error(grid: Grid, theta: np.ndarray, rng: np.random.Generator) -> float:
    """Largest deviation of the gradient per lane from differences, relative to its norm."""
    import pytensor
    import pytensor.tensor as pt

    weight = rng.normal(size=(*grid.nodes.shape, len(STATES)))
    x = pt.matrix("theta")
    run = pytensor.function([x], pt.grad((solve_op(x, grid) * weight).sum(), x), mode="NUMBA")
    numeric = np.stack(
        [_difference(theta, grid, weight, p) for p in range(len(PARAMETERS))], axis=1
    )
    scaled = theta * numeric
    norm = np.linalg.norm(scaled, axis=1, keepdims=True)
    return float(np.max(np.abs(theta * run(theta) - scaled) / np.where(norm > 0, norm, 1.0)))


def _difference(theta: np.ndarray, grid: Grid, weight: np.ndarray, p: int) -> np.ndarray:
    step = 1e-3 * np.maximum(np.abs(theta[:, p]), 1e-3)

    def cost(k: int) -> np.ndarray:
        moved = theta.copy()
        moved[:, p] += k * step
        return np.asarray((solve(moved, grid).states * weight).sum(axis=(1, 2)))

    terms = ((3, 1.0), (2, -9.0), (1, 45.0))
    return np.asarray(sum(c * (cost(k) - cost(-k)) for k, c in terms) / (60.0 * step))


def row(name: str, value: float, target: float, **extra: Any) -> dict[str, Any]:
    """One result."""
    return {
        "name": name,
        "value": value,
        "unit": "1",
        "target": target,
        "ok": value <= target,
    } | extra


def state_rows(joint: Joint, theta: np.ndarray) -> list[dict[str, Any]]:
    """Errors of all fitted lanes, and of dosed lanes with the parameters of a fitted one."""
    fitted = solver_lanes(joint.design.lanes, joint.design.outputs)
    rows = []
    for i, lane in enumerate(fitted):
        rows += _worst(f"fitted lane {lane.name}", *lane_errors(lane, theta[:, i]))
    species = [s.species for s in joint.design.lanes]
    few = theta[: max(2, len(theta) // LONG_SHARE)]
    for kind, lanes in dosed_lanes().items():
        for lane in lanes:
            draws = few if "weekly" in lane.name else theta
            values = _with_cells(draws[:, species.index(kind)])
            rows += _worst(f"{kind}: {lane.name}", *lane_errors(lane, values))
    return rows


def refined_rows(joint: Joint, theta: np.ndarray) -> list[dict[str, Any]]:
    """Errors against three times the steps, where many draws against LSODA would take hours.

    Lanes of years of weekly doses are left to LSODA.
    """
    fitted = solver_lanes(joint.design.lanes, joint.design.outputs)
    species = [s.species for s in joint.design.lanes]
    pairs = [(lane, theta[:, i]) for i, lane in enumerate(fitted)]
    for kind, lanes in dosed_lanes().items():
        values = _with_cells(theta[:, species.index(kind)])
        pairs += [(lane, values) for lane in lanes if "weekly" not in lane.name]
    states, seen = [], []
    for lane, values in pairs:
        at = np.zeros(len(values), dtype=int)
        usual, fine = (solve(values, build_grid([lane], refine=n), at).states for n in (1, 3))
        for one, truth in zip(usual, fine, strict=True):
            states.append(error(one, truth).max())
            seen.append(error(observables(one), observables(truth)).max())
    where = f"{len(theta)} prior draws, {len(pairs)} lanes, against three times the steps"
    return [
        row(f"worst of {name}, {where}", float(max(worst)), STATE_TARGET)
        for name, worst in (("observables", seen), ("states", states))
    ]


def _with_cells(theta: np.ndarray) -> np.ndarray:
    """The same parameters with founders at time zero and arriving, and clones awake."""
    names = [p.name for p in PARAMETERS]
    result = theta.copy()
    for name, value in (("founders", 1.0), ("founders0", 1.0), ("awake0", 0.2)):
        result[:, names.index(name)] = value
    return result


def _worst(name: str, states: np.ndarray, seen: np.ndarray) -> list[dict[str, Any]]:
    state = STATES[int(states.max(axis=0).argmax())].name
    over = int(np.sum(states.max(axis=1) > STATE_TARGET))
    extra = {"draws": len(states), "state": state, "draws_over": over}
    return [
        row(f"observables, {name}", float(seen.max()), STATE_TARGET, draws=len(seen)),
        row(f"states, {name}", float(states.max()), STATE_TARGET, **extra),
    ]


def run(draws: int = 500, seed: int = 1) -> list[dict[str, Any]]:
    """All results."""
    rng = np.random.default_rng(seed)
    joint = Joint.of(read_evidence(DATA))
    theta = prior_theta(joint, draws, rng)
    rows = state_rows(joint, theta)
    for kind in ("states", "observables"):
        worst = max(r["value"] for r in rows if r["name"].startswith(kind))
        rows.insert(0, row(f"worst of {kind} over all lanes", worst, STATE_TARGET))
    for i in range(min(5, draws)):
        value = gradient_error(joint.grid(), theta[i], rng)
        rows.append(row(f"gradient of fitted lanes, draw {i}", value, GRADIENT_TARGET))
    dosed = dosed_lanes()["mouse"]
    values = np.repeat(_with_cells(theta[:1, -1]), len(dosed), axis=0)
    value = gradient_error(build_grid(dosed), values, rng)
    return [*rows, row("gradient of dosed lanes", value, GRADIENT_TARGET)]


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--draws", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(arguments)
    start = time.perf_counter()
    rows = run(options.draws, options.seed)
    print(json.dumps(rows, indent=1))
    print(json.dumps({"seconds": round(time.perf_counter() - start, 1)}))
    return 0 if all(r["ok"] for r in rows) else 1


if __name__ == "__main__":
    raise SystemExit(main())
