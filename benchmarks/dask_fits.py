"""A thousand short fits on a local Dask cluster of processes, one worker killed on the way.

Run: python benchmarks/dask_fits.py [--fits 1000] [--workers 2]. The model is small (three unknowns,
with row weights as data), so that the cluster is what is tested. One worker process is killed
with SIGKILL after a quarter of the fits; every fit must come back, and equal to the same fit made
in this process. Prints JSON.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import signal
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from metinfer.evidence.types import Evidence, SourceFile
from metinfer.inference.chains import Length
from metinfer.inference.refits import Failure, Refit, Source, refit_all

LENGTH = Length(100, 100)
#: Fits of the cluster that are made again here, and must be equal.
COMPARED = 5


def model(evidence: Evidence) -> Any:
    """Three effects with unit priors and one observation each."""
    import pymc as pm

    with pm.Model(coords={"item": ["a", "b", "c"]}) as made:
        weight = pm.Data("row_weight", np.ones(3), dims="item")
        seen = pm.Data("observed", np.zeros(3), dims="item")
        effect = pm.Normal("effect", 0.0, 1.0, dims="item")
        fit = pm.logp(pm.Normal.dist(effect, 0.5), seen)
        pm.Potential("rows", (weight * fit).sum())
    return made


def source(folder: Path) -> Source:
    """The model with evidence of one file."""
    path = folder / "studies.csv"
    path.write_text("study\n")
    sha = hashlib.sha256(path.read_bytes()).hexdigest()
    files = (SourceFile("studies.csv", path, sha),)
    return Source(Evidence((), (), (), (), (), {}, {}, {}, {}, folder, files, sha), model)


def refits(number: int) -> list[Refit]:
    """Fits to simulated numbers."""
    rng = np.random.default_rng(8)
    return [Refit(f"{k:04d}", {"observed": rng.normal(size=3)}, seed=k) for k in range(number)]


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
        same += bool((there["effect"].values == here[refit.name]["effect"].values).all())
    return same


def main() -> int:
    """Print the result; 1 if a fit was lost."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--fits", type=int, default=1000)
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        made, asked = source(Path(folder)), refits(options.fits)
        out = Path(folder) / "fits"
        result = through_cluster(made, asked, out, options.workers)
        result["equal_here"] = f"{compared(made, asked, out)} of {COMPARED}"
    print(json.dumps(result, indent=1))
    return int(result["done"] != result["fits"] or result["failed"] > 0)


if __name__ == "__main__":
    sys.exit(main())
