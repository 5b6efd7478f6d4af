"""A user's own PyMC model with `add_likelihood`, sampled, and its PSIS-LOO.

Two parameters have priors of the user's, one is fixed, all others keep those of the folder.

Run: python -m benchmarks.own_model [FOLDER] (by default a folder of a few made-up rows). Prints
a JSON list of name, value, unit, target and ok.
"""

from __future__ import annotations

import argparse
import json
import time
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

TINY = Path(__file__).parents[1] / "tests" / "data" / "tiny"
#: Gates of the sampler, and the Pareto shape above which PSIS does not hold.
RHAT, PARETO = 1.02, 0.7


def own_model(folder: Path) -> Any:
    """Somebody's model around an evidence folder."""
    import pymc as pm

    import metinfer as mi

    with pm.Model() as model:
        hold = pm.Normal("my_hold", 0.5, 0.3)
        growth = pm.LogNormal("my_growth", np.log(14.0), 0.3)
        mi.add_likelihood(
            mi.read_evidence(folder),
            {"nk_hold": hold, "growth_time": growth, "number_share": 0.5},
        )
    return model


def run(
    folder: Path = TINY, chains: int = 2, tune: int = 500, draws: int = 500
) -> list[dict[str, Any]]:
    """All results."""
    import arviz as az
    import nutpie

    from metinfer.inference.loo import pointwise

    begin = time.perf_counter()
    model = own_model(folder)
    compiled = nutpie.compile_pymc_model(model)
    trace = nutpie.sample(
        compiled, chains=chains, tune=tune, draws=draws, cores=2, seed=1, target_accept=0.95,
        adaptation="low_rank", progress_bar=False,
    )  # fmt: skip
    posterior = trace.posterior.dataset
    mine = posterior[["my_hold", "my_growth"]]
    free = [v.name for v in model.free_RVs]
    tree = pointwise(model, posterior[free])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        loo = az.loo(tree, var_name="evidence", pointwise=True)
    shape = np.ravel(loo.pareto_k)
    rhat = max(float(v) for v in az.rhat(mine).data_vars.values())
    finite = bool(np.isfinite(float(loo.elpd)))
    return [
        _row("own model: whole time, compiling included", time.perf_counter() - begin, "s"),
        _row("own model: divergences", float(trace.sample_stats["diverging"].sum()), "1", 0.0),
        _row("own model: largest R-hat of its own parameters", rhat, "1", RHAT),
        _row("own model: PSIS-LOO, expected log density", float(loo.elpd), "1"),
        _row("own model: PSIS-LOO is not finite", float(not finite), "1", 0.0),
        _row("own model: largest Pareto shape", float(shape.max()), "1"),
        _row(f"own model: rows above {PARETO}", float(np.sum(shape > PARETO)), f"of {len(shape)}"),
    ]


def _row(name: str, value: float, unit: str, target: float | None = None) -> dict[str, Any]:
    ok = target is None or value <= target
    value = float(f"{value:.4g}")
    return {"name": name, "value": value, "unit": unit, "target": target, "ok": ok}


def main(arguments: Sequence[str] | None = None) -> None:
    """Print all results."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", nargs="?", type=Path, default=TINY)
    print(json.dumps(run(parser.parse_args(arguments).folder), indent=1))


if __name__ == "__main__":
    main()
