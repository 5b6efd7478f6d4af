"""All benchmarks on this machine: benchmarks/results.json and docs/benchmarks.md.

Run: make bench, or python -m benchmarks [--part NAME ...] [--no-demo]. Parts that are not named
keep their last results. Timings of a busy machine say little: the load at the start of each part is
written beside its results.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import accuracy, gradient_speed, joint_compare, own_model, shares, start_up
from benchmarks.page import write_page
from metinfer.evidence import read_evidence
from metinfer.inference.density import Joint
from metinfer.provenance import machine, now, versions

HERE = Path(__file__).parent
RESULTS = HERE / "results.json"
#: Prior draws held against LSODA, and against our own solve with three times the steps.
DRAWS, MANY = 10, 500
Rows = list[dict[str, Any]]


def say(text: str) -> None:
    """Tell how far it is."""
    print(f"[{time.strftime('%H:%M:%S')}] {text}", file=sys.stderr, flush=True)


def accuracy_rows(draws: int) -> Rows:
    """Draws against LSODA, weekly doses for years among them; many against finer steps."""
    rows = accuracy.run(draws)
    kept = [r for r in rows if any(w in r["name"] for w in ("worst", "gradient", "weekly"))]
    for row in kept:
        row.setdefault("note", f"against LSODA, {row.get('draws', draws)} prior draws")
        if "gradient" in row["name"]:
            row["note"] = "against sixth-order differences"
    joint = Joint.of(read_evidence(accuracy.DATA))
    theta = accuracy.prior_theta(joint, MANY, np.random.default_rng(1))
    return accuracy.refined_rows(joint, theta) + kept


def kernel_rows() -> Rows:
    """The solve alone: time per step, and scaling over arms."""
    return gradient_speed.kernel_rows() + gradient_speed.scaling_rows((10, 100, 1000))


def calibration_rows() -> Rows:
    """Wall time of 200 simulated fits, as `benchmarks/calibrate_notes.json` holds it."""
    path = HERE / "calibrate_notes.json"
    notes = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    value = notes.get("wall_min")
    said = "" if value is not None else "not measured; see docs/calibration.md"
    name = "200 simulated fits on 2 cores"
    return [joint_compare.entry(name, value, "min", 20.0, note=said, below=True)]


def parts(*, demo: bool, draws: int = DRAWS) -> dict[str, Callable[[], Rows]]:
    """Parts in the order of the design targets."""
    return {
        "accuracy": lambda: accuracy_rows(draws),
        "contenders": lambda: joint_compare.contender_rows(say),
        "start-up": lambda: start_up.first_gradient_rows() + start_up.check_rows(),
        "demo": lambda: start_up.demo_rows() if demo else _kept().get("demo", []),
        "scaling": kernel_rows,
        "profile": shares.share_rows,
        "calibration": calibration_rows,
        "own model": own_model.run,
    }


def _last() -> dict[str, Any]:
    """What is on the disk, nothing if there is nothing."""
    if not RESULTS.is_file():
        return {"results": [], "parts": {}}
    found: dict[str, Any] = json.loads(RESULTS.read_text(encoding="utf-8"))
    return found


def _kept() -> dict[str, Rows]:
    found: dict[str, Rows] = {}
    for row in _last()["results"]:
        found.setdefault(row["part"], []).append(row)
    return found


def measured(name: str, part: Callable[[], Rows]) -> tuple[Rows, dict[str, Any]]:
    """Rows of one part, and when and under what load; a part that fails is a row that says so."""
    say(name)
    began = time.perf_counter()
    when: dict[str, Any] = {"written": now(), "load": round(load(), 2)}
    try:
        rows = part()
    except Exception as problem:
        rows = [
            joint_compare.entry(
                f"{name}: failed",
                None,
                "",
                0.0,
                note=joint_compare.without_places(str(problem))[:300],
            )
        ]
    when["seconds"] = round(time.perf_counter() - began, 1)
    return [{"part": name} | r for r in rows], when


def load() -> float:
    """Processes that wanted a core in the last minute."""
    return os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan")


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, write both files, and say what missed its target."""
    every = parts(demo=True)
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument(
        "--part", action="append", choices=list(every), help="only this; repeatable"
    )
    parser.add_argument("--no-demo", action="store_true", help="keep the last times of the demo")
    parser.add_argument("--draws", type=int, default=DRAWS, help="prior draws against LSODA")
    options = parser.parse_args(arguments)
    made, times = {}, {}
    for name, part in parts(demo=not options.no_demo, draws=options.draws).items():
        if options.part is None or name in options.part:
            made[name], times[name] = measured(name, part)
    # Read now: another process may have written other parts meanwhile.
    kept, when = _kept() | made, _last()["parts"] | times
    rows = [row for name in every for row in kept.get(name, [])]
    found = {
        "machine": machine(), "versions": versions() | peer_versions(), "parts": when,
        "results": rows,
    }  # fmt: skip
    RESULTS.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    write_page(found)
    missed = [r["name"] for r in rows if not r["ok"]]
    say(f"{len(rows)} results, missed: {', '.join(missed) or 'none'}")
    return 0


def peer_versions() -> dict[str, str]:
    """Versions of the packages compared with, as locked."""
    lines = joint_compare.LOCK.read_text(encoding="utf-8").splitlines()
    pins = [line.split()[0].split("==") for line in lines if "==" in line]
    return {n: v for n, v in pins if n in ("jax", "diffrax", "numpyro", "blackjax")}


if __name__ == "__main__":
    raise SystemExit(main())
