"""Every contender on the joint posterior of the bundled evidence, side by side.

Each runs in a process of its own (`joint_contender`), one after the other, with the same target
acceptance and the same number of draws; one that does not finish in its time is said to have
not. The packages to compare with lie in `.bench-peers`, locked by `peers.lock`.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.start_up import ROOT, environment

LOCK, FOLDER = Path(__file__).with_name("peers.lock"), ROOT / ".bench-peers"
#: Design targets 2 and 3, and the largest z of means that still counts as agreement.
GRADIENT = {"pytensor.scan": 10.0, "diffrax": 50.0}
ESS = {"diag": 40.0, "low_rank": 5.0}
AGREE = 4.0
#: Largest difference of log-densities (different schemes for the same equations).
SAME = 1e-2


@dataclass(frozen=True)
class Contender:
    """One way to sample the joint posterior, and the seconds it may take."""

    name: str
    route: str
    sampler: str = "nutpie"
    adaptation: str = "low_rank"
    chains: int = 1
    tune: int = 300
    draws: int = 200
    seconds: float = 240.0

    @property
    def command(self) -> list[str]:
        """Arguments of `joint_contender`."""
        sizes = [
            (k, getattr(self, k)) for k in ("sampler", "adaptation", "chains", "tune", "draws")
        ]
        return [self.route, *(x for k, v in sizes for x in (f"--{k}", str(v)))]


OURS = Contender("metinfer", "metinfer")
LONG = Contender("metinfer, 4 long chains", "metinfer", chains=4, tune=500, draws=1000)
PEERS = (
    Contender("PyMC + JAX, low-rank", "pytensor.scan"),
    # Half as long, as its draws take several hundred steps each.
    Contender(
        "PyMC + JAX, default",
        "pytensor.scan",
        adaptation="diag",
        tune=150,
        draws=100,
        seconds=300.0,
    ),
    Contender("PyMC + JAX, all states", "pytensor.scan, all states", "none", seconds=150.0),
    # A draw takes hundreds of steps of a slow gradient: as many draws as ten minutes allow.
    Contender("NumPyro + diffrax", "diffrax", "numpyro", "diag", tune=60, draws=40, seconds=600.0),
)


def ensure_peers() -> str | None:
    """Install the packages to compare with; the reason why not, if it fails."""
    stamp, wanted = FOLDER / ".stamp", hashlib.sha256(LOCK.read_bytes()).hexdigest()
    if stamp.is_file() and stamp.read_text(encoding="utf-8") == wanted:
        return None
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    pip += ["--no-deps", "--require-hashes", "--upgrade", "--target", str(FOLDER), "-r", str(LOCK)]
    done = subprocess.run(pip, capture_output=True, text=True, check=False)
    if done.returncode:
        return _last(done.stderr)
    stamp.write_text(wanted, encoding="utf-8")
    return None


def run_contender(contender: Contender) -> dict[str, Any]:
    """What a contender found; `error` says why something is missing."""
    caches = environment()
    caches["PYTHONPATH"] = os.pathsep.join([caches["PYTHONPATH"], str(FOLDER)])
    command = [sys.executable, "-m", "benchmarks.joint_contender", *contender.command]
    try:
        done = subprocess.run(
            command, env=caches, cwd=ROOT, capture_output=True, text=True, check=False,
            timeout=contender.seconds,
        )  # fmt: skip
        out, error = done.stdout, "" if not done.returncode else _last(done.stderr)
    except subprocess.TimeoutExpired as stop:
        out = (stop.stdout or b"").decode() if isinstance(stop.stdout, bytes) else stop.stdout or ""
        error = f"not finished in {contender.seconds:.0f} s"
    lines = out.strip().splitlines()
    found = json.loads(lines[-1]) if lines else {}
    return found | ({"error": error} if error else {})


def _last(text: str) -> str:
    lines = text.strip().splitlines()
    return without_places(lines[-1]) if lines else "failed without a word"


def without_places(text: str) -> str:
    """A message without paths of this machine and addresses, as results are published."""
    return re.sub(r"\S*(?:://|/)\S*", "…", text)


def entry(
    name: str, value: float | None, unit: str, target: float | None = None, *, note: str = "",
    below: bool = False,
) -> dict[str, Any]:  # fmt: skip
    """One result; None where it could not be had, which meets no target."""
    if value is None:
        ok = target is None
    else:
        value = float(f"{value:.4g}")
        ok = target is None or (value <= target if below else value >= target)
    found = {"name": name, "value": value, "unit": unit, "target": target, "ok": bool(ok)}
    return found | ({"note": note} if note else {})


def contender_rows(say: Callable[[str], None]) -> list[dict[str, Any]]:
    """All contenders, and how they stand against ours."""
    ours, long = run_contender(OURS), run_contender(LONG)
    say("ours is done")
    rows = own_rows(OURS, ours) + own_rows(LONG, long)
    reason = ensure_peers()
    if reason:
        return [*rows, entry("packages to compare with", None, "", 0.0, note=reason)]
    for peer in PEERS:
        found = run_contender(peer)
        say(f"{peer.name}: {found.get('error', 'done')}")
        rows += own_rows(peer, found) + against(peer, found, ours, long)
    return rows


def own_rows(contender: Contender, found: dict[str, Any]) -> list[dict[str, Any]]:
    """Cost of one contender."""
    length = f"{contender.chains} x ({contender.tune} + {contender.draws})"
    note = found.get("error", "")
    name = contender.name
    rows = []
    if "gradient_s" in found:
        rows.append(entry(f"{name}: gradients", 1.0 / found["gradient_s"], "1/s"))
        rows.append(entry(f"{name}: gradient compile", found["gradient_compile_s"], "s"))
    if "min_ess" in found:
        said = f"{length}; {found['divergences']} divergences"
        rate = found["min_ess"] / found["cpu_s"]
        rows += [
            entry(f"{name}: compile for the sampler", found["compile_s"], "s"),
            entry(f"{name}: sampling, wall", found["wall_s"], "s", note=said),
            entry(f"{name}: sampling, processor", found["cpu_s"], "s"),
            entry(f"{name}: steps per draw", found["steps_per_draw"], "1"),
            entry(f"{name}: minimum bulk ESS", found["min_ess"], "1"),
            entry(f"{name}: minimum bulk ESS per CPU-second", rate, "1/s"),
        ]
    if "peak_mib" in found:
        rows.append(entry(f"{name}: peak memory", found["peak_mib"], "MiB"))
    return rows + ([entry(f"{name}: whole run", None, "", note=note)] if note else [])


def against(
    peer: Contender, found: dict[str, Any], ours: dict[str, Any], long: dict[str, Any]
) -> list[dict[str, Any]]:
    """Ratios to ours, and whether the posteriors are the same."""
    note = found.get("error", "")
    ratio = found["gradient_s"] / ours["gradient_s"] if "gradient_s" in found else None
    rows = []
    judged = peer.adaptation == "low_rank" or peer.route != "pytensor.scan"
    if judged:
        target = GRADIENT.get(peer.route)
        name = f"gradient faster than {peer.route}"
        rows.append(entry(name, ratio, "times", target, note=note))
    if "logp" in found:
        apart = abs(found["logp"] - ours["logp"])
        name = f"{peer.name}: log-density differs from ours by"
        rows.append(entry(name, apart, "1", SAME, below=True))
    if peer.sampler != "none":
        mine = ours["min_ess"] / ours["cpu_s"]
        rate = found["min_ess"] / found["cpu_s"] if "min_ess" in found else None
        name = f"ESS per CPU-second against {peer.name}"
        target = ESS[peer.adaptation] if peer.route == "pytensor.scan" else None
        rows.append(entry(name, mine / rate if rate else None, "times", target, note=note))
        if "mean" in found:
            name = f"{peer.name}: largest z of means against ours"
            rows.append(entry(name, largest_z(found, long), "1", AGREE, below=True))
    return rows


def largest_z(one: dict[str, Any], other: dict[str, Any]) -> float:
    """Largest difference of two posterior means in units of its Monte Carlo error."""
    a, b = (np.array(x["mean"]) for x in (one, other))
    error = np.hypot(np.array(one["mcse"]), np.array(other["mcse"]))
    return float(np.max(np.abs(a - b) / error))


def main(arguments: Sequence[str] | None = None) -> None:
    """Print all results."""
    print(json.dumps(contender_rows(lambda text: print(text, file=sys.stderr)), indent=1))


if __name__ == "__main__":
    main()
