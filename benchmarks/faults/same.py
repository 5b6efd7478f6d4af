"""Bit-identical draws: in other processes, with a cold cache, on one core and on two."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np

from benchmarks.faults.ledger import Ledger, require
from metinfer.runs import load_run

LENGTH = ("--draws", "30", "--tune", "50", "--chains", "1", "--seed", "9", "--quiet")


def try_all(data: Path, work: Path, ledger: Ledger) -> None:
    """Fit the same evidence in processes that differ in everything but the seed."""
    cores = sorted(os.sched_getaffinity(0))
    both = cores if len(cores) > 1 else [*range(os.cpu_count() or 1)]
    work.mkdir(parents=True, exist_ok=True)
    first = work / "first"
    if not (first / "run.toml").is_file():
        shutil.rmtree(first, ignore_errors=True)
        _fit(data, first, both[:2])
    cases = {
        "another process, warm cache": (both[:2], {}),
        "one core": (both[:1], {}),
        "cold caches": (both[:2], _cold(work / "cold")),
    }
    for name, case in cases.items():
        ledger.attempt(
            "same draws",
            name,
            "bit for bit the same",
            lambda n=name, c=case: _same(data, work, first, n, c),
        )


def _cold(home: Path) -> dict[str, str]:
    """A home without any cache, and compiled code of NumPy-like libraries in a new place."""
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(parents=True)
    return {"HOME": str(home), "XDG_CACHE_HOME": str(home / "cache"),
            "NUMBA_CACHE_DIR": str(home / "numba")}  # fmt: skip


def _fit(
    data: Path, out: Path, affinity: list[int], environment: dict[str, str] | None = None
) -> None:
    words = [sys.executable, "-m", "metinfer.cli", "fit", str(data), "-o", str(out), *LENGTH]
    done = subprocess.run(
        ["taskset", "-c", ",".join(map(str, affinity)), *words],
        env={**os.environ, **(environment or {})}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    require(done.returncode == 0, f"exit {done.returncode}: {done.stderr[-400:]}")


def _same(
    data: Path, work: Path, first: Path, name: str, case: tuple[list[int], dict[str, str]]
) -> str:
    out = work / name.replace(" ", "-").replace(",", "")
    shutil.rmtree(out, ignore_errors=True)
    _fit(data, out, *case)
    count = require_same(first, out)
    return f"{count} numbers are the same"


def require_same(one: Path, two: Path) -> int:
    """How many numbers two runs share; AssertionError where one differs in any bit."""
    first, second = load_run(one).groups, load_run(two).groups
    require(list(first) == list(second), "other groups")
    count = 0
    for name, group in first.items():
        for variable, values in group.data_vars.items():
            other = second[name][variable].values
            same = np.asarray(values.values).tobytes() == np.asarray(other).tobytes()
            require(same, f"{name} {variable} differs")
            count += values.size
    return count
