"""Agreement of the exported SBML, simulated by libRoadRunner, with SciPy's LSODA (rtol 1e-11).

Every arm of the bundled evidence with its named parameters, over prior draws, and lanes with
every other kind of input (injury, depletion, arrival windows and growth, doses under the skin,
into the blood and as infusions, products and sums, healthy start), over spread parameters. The
error of a state is relative to max(|reference|, 1e-6 of its peak in the lane).

Run: python -m benchmarks.export_accuracy [--draws 50] [--seed 1]. Prints a JSON list of name,
value, unit, target and ok; value is the worst case.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from metinfer.evidence import read_evidence
from metinfer.export.layer import LATENT, TRANSFER, latents_of
from metinfer.export.model import Exported, arm_parts, evidence_model, model_of
from metinfer.export.sbml import write_sbml
from metinfer.inference.density import TRANSLATION_SD, Joint
from metinfer.inference.lanes import LaneTable, lane_theta, solver_lanes
from metinfer.mechanism.equations import PARAMETERS, STATES
from metinfer.mechanism.exposure import Exposure, Kinetics
from metinfer.mechanism.grid import Lane
from metinfer.mechanism.infix import CUT
from metinfer.mechanism.inputs import Growing, Product, Steps, Sum, window
from metinfer.mechanism.reference import error, reference

DATA = Path(__file__).parents[1] / "data"
YEAR = 365.25
TARGET = 1e-6
DAYS = (0.0, 1.0, 3.0, 7.0, 14.0, 30.0, 60.0)
YEARS = tuple(YEAR * k for k in (0, 1, 2, 5, 10, 20))
#: Of a mouse: the defaults of the equations are those of people.
MOUSE = {"kN": 0.04, "w1": 0.02, "d0": 0.005, "m": 0.005, "kap": 0.005, "tau": 14.0}


class Simulator:
    """libRoadRunner on one model."""

    def __init__(self, sbml: str, absolute: float = 1e-14) -> None:
        import roadrunner

        roadrunner.Logger.setLevel(roadrunner.Logger.LOG_ERROR)
        self.runner = roadrunner.RoadRunner(sbml)
        self.absolute = absolute
        integrator = self.runner.getIntegrator()
        integrator.relative_tolerance = 1e-12
        integrator.maximum_num_steps, integrator.initial_time_step = 200_000, 1e-5
        self.runner.timeCourseSelections = ["time", *(s.name for s in STATES)]

    def states(self, values: Mapping[str, float], times: Sequence[float]) -> np.ndarray:
        """States (time, state) with some parameters set before time zero.

        Where CVODE gives up at the tightest absolute tolerance, the next looser one is tried: how
        tight it can be depends on the draw and on the build of the library.
        """
        for looser in (1.0, 1e2, 1e4, 1e6):
            self.runner.getIntegrator().absolute_tolerance = self.absolute * looser
            try:
                return self._run(values, times)
            except RuntimeError as error:
                failed = error
        raise failed

    def _run(self, values: Mapping[str, float], times: Sequence[float]) -> np.ndarray:
        runner = self.runner
        runner.resetAll()
        for name, value in values.items():
            runner.model[name] = value
        runner.reset()
        return np.asarray(runner.simulate(times=list(times)))[:, 1:]


def settled(
    settings: Mapping[str, float | str], unknowns: Mapping[str, float], own: Sequence[str]
) -> dict[str, float]:
    """Numbers for one condition: what it sets, and the unknowns that are the model's own."""
    values = {name: unknowns[name] for name in own}
    return values | {k: unknowns[v] if isinstance(v, str) else v for k, v in settings.items()}


def prior_draws(joint: Joint, draws: int, rng: np.random.Generator) -> list[dict[str, Any]]:
    """Prior draws: natural parameters for the lanes, and values by label for the export."""
    table = joint.table
    a, b = table.beta_args
    found = []
    for _ in range(draws):
        z, share = rng.normal(size=len(table.normal)), rng.beta(a, b)
        deviation = TRANSLATION_SD * rng.normal(size=len(table.transfers))
        params = table.natural(z, share, np)
        labels = dict(zip(table.labels, params.pop("all_values"), strict=True))
        labels |= {LATENT + e.label: x for e, x in zip(table.normal, z, strict=True)}
        labels |= {TRANSFER + n: x for n, x in zip(table.transfers, deviation, strict=True)}
        found.append({"params": params | {"transfer": deviation}, "labels": labels})
    return found


def evidence_errors(data: Path, draws: int, rng: np.random.Generator) -> dict[str, float]:
    """Worst error of each arm of an evidence folder over prior draws."""
    evidence = read_evidence(data)
    joint = Joint.of(evidence)
    parts = arm_parts(evidence, joint)
    exported = evidence_model(parts, joint)
    # Metastases of the first days are counted in 1e-10 founders.
    runner = Simulator(write_sbml(exported.parts), absolute=1e-20)
    known = {q.id for q in exported.parts.quantities}
    specs = [p.spec for p in parts]
    places = LaneTable.of(specs, joint.design.coordinates)
    worst = dict.fromkeys((p.condition for p in parts), 0.0)
    for draw in prior_draws(joint, draws, rng):
        theta = np.asarray(lane_theta(draw["params"], places, np))
        values = latents_of(joint.table, draw["labels"])
        own = [name for name in values if name in known]
        for i, part in enumerate(parts):
            times = YEARS if part.spec.species == "human" else DAYS
            lane = solver_lanes([part.spec], [times])[0]
            numbers = settled(exported.conditions[part.condition], values, own)
            found = runner.states(numbers, times)
            truth = reference(theta[i], lane, rtol=1e-11, atol=1e-16)
            worst[part.condition] = max(worst[part.condition], float(error(found, truth).max()))
    return worst


def kinds() -> list[Lane]:
    """Every kind of input and start once."""
    fast = np.log(2.0) * 1440.0 / 25.0
    under, into = Kinetics(5.0, 20.0, 2.0), Kinetics(fast, None)
    infusion = Exposure(into, (2.0, 9.0), (300.0, 300.0), (1.0, 0.5))
    early = Exposure(under, (-1.0, 0.0, 1.0, 2.0, 3.0), (20.0,) * 5)
    weekly = Exposure(under, tuple(7.0 * k for k in range(1, 27)), (50.0,) * 26)
    gone = Steps([5.0, 9.0], [1.0, 0.0], before=0.0)
    short = (*DAYS, 200.0)
    return [
        Lane("rest", YEARS),
        Lane("injury", DAYS, {"injury": 2.0, "timp1": 4.0}, healthy_start=True),
        Lane("chronic_injury", YEARS, {"injury": 2.0, "stellate_block": 0.3}),
        Lane("nk_depletion", DAYS, {"nk_depletion": Steps([0, 14], [1, 0], 0)}, bolus=True),
        Lane("losses", DAYS, {"ifng_loss": 1.0, "perforin_loss": 0.5, "nk_activity": 0.4}, True),
        Lane("arrival", DAYS, {"arrival": window(0.0, 21.0), "neutrophil_depletion": gone}),
        Lane("growing_primary", DAYS, {"arrival": Growing(3.0, 25.0, 0.2), "injury": 1.0}),
        Lane("surgery", YEARS, {"dip_on": Steps((0.0, 14.0), (1.0, 0.0), before=0.0)}),
        Lane("clamp", YEARS, {"cxcr4_drug": Steps([YEAR, 3 * YEAR], [50.0, 0.0], 0.0)}),
        Lane("neutral", DAYS, {"cxcl12_neutral": gone, "timp1": Steps([4.0], [0.2], 1.0)}, True),
        Lane("doses_before", DAYS, {"cxcr4_drug": early, "arrival": window(0, 14)}),
        Lane("weekly_doses", short, {"il15": weekly}, True),
        Lane("infusion", DAYS, {"ifng_drug": infusion}, True),
        Lane("two_drugs", DAYS, {"cxcr4_drug": Sum((early, Steps([6.0], [3.0], 0.0)))}, True),
        Lane("late_factor", DAYS, {"injury": Product((Steps([2.0], [3.0], 1.0), gone))}),
    ]


def spread(draws: int, rng: np.random.Generator) -> np.ndarray:
    """Widely spread parameters of mice and of people, in turn (draw, parameter)."""
    values = np.tile([p.default for p in PARAMETERS], (draws, 1))
    for j, p in enumerate(PARAMETERS):
        values[::2, j] = MOUSE.get(p.name, p.default)
        if p.name in CUT:
            values[:, j] = CUT[p.name]
        elif p.name in ("th", "fN", "f0", "fU", "dip"):
            values[:, j] = rng.beta(2, 2, draws)
        elif p.name == "founders":
            values[:, j] = 5.0
        elif p.name not in ("founders0", "awake0"):
            values[:, j] *= np.exp(0.5 * rng.normal(size=draws))
    return values


def kind_errors(draws: int, rng: np.random.Generator) -> dict[str, float]:
    """Worst error of each kind of lane over spread parameters."""
    lanes = kinds()
    exported: Exported = model_of(lanes)
    runner = Simulator(write_sbml(exported.parts))
    names = [p.name for p in PARAMETERS]
    own = [name for name in names if name not in CUT]
    worst = dict.fromkeys((lane.name for lane in lanes), 0.0)
    for theta in spread(draws, rng):
        for lane in lanes:
            unknowns = dict(zip(names, theta, strict=True))
            numbers = settled(exported.conditions[lane.name], unknowns, own)
            found = runner.states(numbers, lane.outputs)
            truth = reference(theta, lane, rtol=1e-11, atol=1e-16)
            worst[lane.name] = max(worst[lane.name], float(error(found, truth).max()))
    return worst


def results(draws: int, seed: int) -> list[dict[str, Any]]:
    """One result per arm or kind of lane."""
    rng = np.random.default_rng(seed)
    found = {f"arm {k}": v for k, v in evidence_errors(DATA, draws, rng).items()}
    found |= {f"kind {k}": v for k, v in kind_errors(draws, rng).items()}
    return [
        {"name": f"SBML against LSODA, {name}, {draws} draws", "value": value, "unit": "relative",
         "target": TARGET, "ok": value <= TARGET}
        for name, value in found.items()
    ]  # fmt: skip


def main() -> None:
    """Print the results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--draws", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    began = time.monotonic()
    found = results(options.draws, options.seed)
    print(json.dumps(found, indent=1))
    print(f"{time.monotonic() - began:.0f} s")


if __name__ == "__main__":
    main()
