"""Fits of the bundled evidence in processes of their own, stopped while they start and sample."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

from benchmarks.faults.ledger import Ledger, require
from benchmarks.faults.same import require_same
from metinfer.errors import RunError
from metinfer.runs import load_run
from metinfer.storage import digest

LENGTH = ("--draws", "40", "--tune", "120", "--chains", "1", "--seed", "4", "--quiet")
STOPS = 5
KINDS = (signal.SIGKILL, signal.SIGINT, signal.SIGKILL, signal.SIGTERM, signal.SIGKILL)


def try_all(data: Path, work: Path, ledger: Ledger) -> None:
    """Stop a fit `STOPS` times, each time going on where it was, and compare with a whole one."""
    if ("bundled", "and the run after them", 0) in ledger:
        return
    work.mkdir(parents=True, exist_ok=True)
    whole = work / "whole"
    if not (whole / "run.toml").is_file() or load_or_none(whole) is None:
        shutil.rmtree(whole, ignore_errors=True)
        began = time.perf_counter()
        _finish(_start(data, whole))
        (work / "seconds").write_text(str(time.perf_counter() - began))
    seconds = float((work / "seconds").read_text())
    out = work / "stopped"
    shutil.rmtree(out, ignore_errors=True)
    rng = random.Random(2)
    for number in range(STOPS):
        moment = rng.uniform(0.25, 0.9) * seconds
        ledger.attempt(
            "bundled", "a stop of fit", "finished chains are kept, nothing looks complete",
            lambda k=number, m=moment: _stop(data, out, KINDS[k], m), number,
        )  # fmt: skip

    def after() -> str:
        _finish(_start(data, out))
        return f"{require_same(whole, out)} numbers are those of an unstopped fit"

    ledger.attempt("bundled", "and the run after them", "draws of an unstopped fit", after)


def load_or_none(path: Path) -> object | None:
    """The complete run at `path`, if it is one."""
    try:
        return load_run(path)
    except RunError:
        return None


def _start(data: Path, out: Path) -> subprocess.Popen[str]:
    words = [sys.executable, "-m", "metinfer.cli", "fit", str(data), "-o", str(out), *LENGTH]
    return subprocess.Popen([*words, "--resume"], stderr=subprocess.PIPE, text=True,
                            env=dict(os.environ))  # fmt: skip


def _finish(process: subprocess.Popen[str]) -> None:
    _, words = process.communicate()
    require(process.returncode == 0, f"exit {process.returncode}: {words[-400:]}")


def _chains(out: Path) -> dict[str, str]:
    return {p.relative_to(out).as_posix(): digest(p) for p in out.glob("chains/*/[0-9].nc")}


def _stop(data: Path, out: Path, kind: signal.Signals, moment: float) -> str:
    before = _chains(out)
    process = _start(data, out)
    try:
        process.wait(moment)
    except subprocess.TimeoutExpired:
        process.send_signal(kind)
    _, words = process.communicate()
    wanted = (-9,) if kind is signal.SIGKILL else (130,)
    require(process.returncode in (*wanted, 0), f"exit {process.returncode}: {words[-400:]}")
    require("Traceback" not in words, words[-400:])
    after = _chains(out)
    require(before.items() <= after.items(), "a finished chain was lost")
    if process.returncode:
        require(load_or_none(out) is None, "an unfinished run was loaded")
    return f"{kind.name} at {moment:.0f} s: {len(after)} chains finished"
