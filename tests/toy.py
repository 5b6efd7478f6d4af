"""A model of three numbers that goes through the whole life of a run in seconds.

`python -m tests.toy FOLDER` fits it in a process of its own, to be killed there.
"""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

import numpy as np

from metinfer.evidence.types import Evidence, SourceFile
from metinfer.inference.sample import Recipe, fit
from metinfer.runs import Run

SETTINGS = {"draws": 4000, "tune": 100, "chains": 2, "seed": 11}


def build(evidence, refine=1):
    import pymc as pm

    with pm.Model(coords={"item": ["a", "b", "c"]}) as model:
        weight = pm.Data("row_weight", np.ones(3), dims="item")
        effect = pm.Normal("effect", 0.0, 1.0, dims="item")
        pm.Deterministic("fold", pm.math.exp(effect), dims="item")
        fit = pm.logp(pm.Normal.dist(effect, 0.5), np.array([1.0, 2.0, 3.0]))
        pm.Potential("rows", (weight * fit).sum())
    return model


def subfits(evidence, model):
    return {"main": {}, "no_mouse": {"row_weight": np.array([0.0, 1.0, 1.0])}}


RECIPE = Recipe(build, subfits, ("main", "no_mouse"))


def evidence(folder: Path, text: str = "study\n") -> Evidence:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "studies.csv"
    path.write_text(text)
    sha = hashlib.sha256(path.read_bytes()).hexdigest()
    files = (SourceFile("studies.csv", path, sha),)
    return Evidence((), (), (), (), (), {}, {}, {}, {}, folder, files, sha)


def run(folder: Path, **options) -> Run:
    """Fit the toy model into `folder`/run."""
    options = {"progress": False, "recipe": RECIPE, **SETTINGS, **options}
    return fit(evidence(folder / "evidence"), folder / "run", **options)


if __name__ == "__main__":
    run(Path(sys.argv[1]))
