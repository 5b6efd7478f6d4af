"""Start-up of the joint model, time of a check and of the demo, each in fresh processes.

Run: python -m benchmarks.start_up [--demo]. Prints a JSON list of name, value, unit, target and
ok. Cold means that every cache of compiled code is empty.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
#: Seconds: import to first gradient, check, demo (design targets 4).
FIRST = {"cold": 30.0, "warm": 10.0}
DEMO = {"cold": 120.0, "warm": 90.0}
CHECK = 1.0
#: Time to the first gradient of a changed folder over that of an unchanged one, at most; and rows
#: that are changed.
CHANGED, ROWS = 1.2, 7
PARTS = ("import", "kernel", "read and graph", "compile for the sampler", "first gradient")
SCRIPT = """
import json, sys, time
FOLDER = sys.argv[1]
t = [time.perf_counter()]
import nutpie, numpy as np, pymc
from metinfer.evidence import read_evidence
from metinfer.inference.compiled import compile_free
from metinfer.inference.density import Joint
from metinfer.inference.model import joint_model
from metinfer.mechanism.compile import kernel
t.append(time.perf_counter())
kernel()
t.append(time.perf_counter())
model = joint_model(Joint.of(read_evidence(FOLDER)))
t.append(time.perf_counter())
compiled = compile_free(model).with_data()
t.append(time.perf_counter())
nutpie.sample(compiled, draws=1, tune=1, chains=1, progress_bar=False)
t.append(time.perf_counter())
print(json.dumps(np.diff(t).tolist()))
"""


def row(name: str, value: float, unit: str, target: float | None = None) -> dict[str, Any]:
    """One result that should not exceed its target."""
    ok = target is None or value <= target
    value = float(f"{value:.4g}")
    return {"name": name, "value": value, "unit": unit, "target": target, "ok": ok}


def environment(folder: str | None = None) -> dict[str, str]:
    """Variables of a process with the sources first, and all caches in `folder` if one is given."""
    paths = [str(ROOT / "src"), str(ROOT), *filter(None, sys.path)]
    found = os.environ | {"PYTHONPATH": os.pathsep.join(paths)}
    if folder:
        found |= {
            "METINFER_CACHE_DIR": f"{folder}/metinfer",
            "PYTENSOR_FLAGS": f"base_compiledir={folder}/pytensor",
            "NUMBA_CACHE_DIR": f"{folder}/numba",
            "XDG_CACHE_HOME": f"{folder}/xdg",
        }
    return found


def _clocked(arguments: Sequence[str], caches: Mapping[str, str]) -> tuple[float, str]:
    start = time.perf_counter()
    done = subprocess.run(
        [sys.executable, *arguments], env=dict(caches), cwd=ROOT, capture_output=True, text=True,
        check=True,
    )  # fmt: skip
    return time.perf_counter() - start, done.stdout


def first_gradient_rows() -> list[dict[str, Any]]:
    """Import to first gradient, apart by part, with empty and with filled caches."""
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for state, target in FIRST.items():
            parts = _parts("data", environment(folder))
            named = zip(PARTS, parts, strict=True)
            rows += [row(f"{state} start: {name}", value, "s") for name, value in named]
            rows.append(row(f"{state} start: import to first gradient", sum(parts), "s", target))
        rows += changed_rows(environment(folder), Path(folder) / "changed")
    return rows


def _parts(data: str, caches: Mapping[str, str]) -> list[float]:
    """Seconds of each of `PARTS` in a process of its own."""
    found: list[float] = json.loads(_clocked(["-c", SCRIPT, data], caches)[1])
    return found


def changed_rows(caches: Mapping[str, str], folder: Path, repeats: int = 3) -> list[dict[str, Any]]:
    """A folder that the caches never saw, over an unchanged one: the best of a few, in turn.

    Every time seven other rows that are fitted are taken out, so that no size is known before.
    """
    unchanged, changed = [], []
    for k in range(repeats):
        unchanged.append(sum(_parts("data", caches)))
        copy = folder / str(k)
        shutil.copytree(ROOT / "data", copy)
        _take_out(copy / "measurements.csv", first=k, number=ROWS)
        changed.append(sum(_parts(str(copy), caches)))
    ratio = min(changed) / min(unchanged)
    return [
        row("warm start, changed folder: import to first gradient", min(changed), "s"),
        row("warm start, changed folder over unchanged", ratio, "1", CHANGED),
    ]


def _take_out(table: Path, first: int, number: int) -> None:
    """Give so many fitted rows of a table, from the given one on, the role `check`."""
    with table.open(encoding="utf-8", newline="") as file:
        lines = list(csv.DictReader(file))
    fitted = [line for line in lines if line["role"] == "fit"]
    for line in fitted[first : first + number]:
        line["role"] = "check"
    with table.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(lines[0]))
        writer.writeheader()
        writer.writerows(lines)


def check_rows(repeats: int = 3) -> list[dict[str, Any]]:
    """`metinfer check` of the bundled evidence, the best of a few."""
    command = ["-m", "metinfer.cli", "check", "data"]
    best = min(_clocked(command, environment())[0] for _ in range(repeats))
    return [row("metinfer check", best, "s", CHECK)]


def demo_rows(*, cold: bool = True) -> list[dict[str, Any]]:
    """`metinfer demo` from nothing to the report: with empty caches, then with filled ones."""
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for state in ("cold", "warm") if cold else ("warm",):
            caches = environment(folder if cold else None)
            command = ["-m", "metinfer.cli", "demo", "-o", f"{folder}/{state}"]
            rows.append(
                row(f"metinfer demo, {state}", _clocked(command, caches)[0], "s", DEMO[state])
            )
    return rows


def main(arguments: Sequence[str] | None = None) -> None:
    """Print all results."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--demo", action="store_true", help="also time the demo, cold and warm")
    options = parser.parse_args(arguments)
    rows = first_gradient_rows() + check_rows()
    print(json.dumps(rows + (demo_rows() if options.demo else []), indent=1))


if __name__ == "__main__":
    main()
