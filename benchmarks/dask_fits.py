"""A thousand short fits on a local Dask cluster of processes, one worker killed on the way.

Run: python benchmarks/dask_fits.py [--fits 1000] [--workers 2]. The evidence is the made-up folder
of the tests, each fit with other weights of its rows. One worker process is killed with SIGKILL
after a quarter of the fits; every fit must come back, and equal to the same fit made here. Prints
JSON.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from metinfer.evidence import read_evidence
from metinfer.evidence.types import Evidence
from metinfer.inference.chains import Length
from metinfer.inference.model import Joint
from metinfer.inference.refits import Failure, Refit, Source, refit_all

TINY = Path(__file__).parents[1] / "tests" / "data" / "tiny"
LENGTH = Length(100, 100)
#: Fits of the cluster that are made again here, and must be equal.
COMPARED = 5


def refits(evidence: Evidence, number: int) -> list[Refit]:
    """Fits of the same rows with other weights: a Bayesian bootstrap (Rubin 1981)."""
    rng = np.random.default_rng(8)
    rows = len(Joint.of(evidence).design.rows)
    return [
        Refit(f"{k:04d}", {"row_weight": rng.exponential(size=rows)}, seed=k) for k in range(number)
    ]


def through_cluster(made: Source, asked: list[Refit], out: Path, workers: int) -> dict[str, Any]:
    """All fits, with one worker killed after a quarter of them."""
    import psutil
    from dask.distributed import Client, LocalCluster

    own = psutil.Process()
    done = failed = 0
    killed, before, most = None, set(), 0
    start_memory = None
    began = time.perf_counter()
    with (
        LocalCluster(n_workers=workers, threads_per_worker=1, dashboard_address=None) as cluster,
        Client(cluster) as client,
    ):
        pids = client.run(os.getpid)
        for _, found in refit_all(made, asked, LENGTH, out, scheduler=client):
            done, failed = done + 1, failed + isinstance(found, Failure)
            memory = own.memory_info().rss >> 20
            start_memory = start_memory or memory
            most = max(most, memory)
            if killed is None and done >= len(asked) // 4:
                killed = next(iter(pids.values()))
                before = set(pids.values())
                os.kill(killed, signal.SIGKILL)
        after = set(client.run(os.getpid).values())
    return {
        "fits": len(asked), "done": done, "failed": failed, "workers": workers,
        "killed_after": len(asked) // 4, "worker_replaced": bool(after - before),
        "files": len(list(out.glob("*.nc"))), "wall_s": round(time.perf_counter() - began, 1),
        "memory_start_mib": start_memory, "memory_most_mib": most,
    }  # fmt: skip


def compared(made: Source, asked: list[Refit], out: Path) -> int:
    """How many of a few fits are equal when they are made in this process."""
    from metinfer.storage import read_groups

    some = asked[:: max(1, len(asked) // COMPARED)][:COMPARED]
    with tempfile.TemporaryDirectory() as folder:
        here = {r.name: f for r, f in refit_all(made, some, LENGTH, Path(folder))}
    same = 0
    for refit in some:
        there = read_groups(out / f"{refit.name}.nc")["/"]
        mine = here[refit.name]
        same += all(bool((there[n].values == mine[n].values).all()) for n in mine.data_vars)
    return same


def main() -> int:
    """Print the result; 1 if a fit was lost."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--fits", type=int, default=1000)
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        evidence = read_evidence(TINY)
        made, asked = Source(evidence), refits(evidence, options.fits)
        out = Path(folder) / "fits"
        result = through_cluster(made, asked, out, options.workers)
        result["equal_here"] = f"{compared(made, asked, out)} of {COMPARED}"
    print(json.dumps(result, indent=1))
    return int(result["done"] != result["fits"] or result["failed"] > 0)


if __name__ == "__main__":
    sys.exit(main())
