"""One contender on the joint posterior, in a process of its own: gradient, sampling, memory.

Run: python -m benchmarks.joint_contender ROUTE [--sampler nutpie] [--adaptation low_rank]
[--chains 1] [--tune 300] [--draws 300]. Prints one JSON object. Times are of this process: wall,
and processor time of all its threads; compiling is apart from sampling.
"""

from __future__ import annotations

import argparse
import json
import resource
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

TARGET_ACCEPT = 0.95
FREE = ("latent", "share_latent", "transfer_latent")
#: Seconds that a gradient is timed for; the best call counts.
SECONDS = 3.0


def timed(call: Callable[[], Any], seconds: float = SECONDS) -> tuple[float, int]:
    """Best time of a call that waits for its result, and how many calls were made."""
    call()
    best, calls, end = np.inf, 0, time.perf_counter() + seconds
    while time.perf_counter() < end or not calls:
        start = time.perf_counter()
        call()
        best, calls = min(best, time.perf_counter() - start), calls + 1
    return best, calls


def start_point(model: Any) -> list[np.ndarray]:
    """The same point for every contender: a little off the centre of the prior."""
    return [np.asarray(v) + 0.1 for v in model.initial_point().values()]


def gradient(model: Any, *, jax: bool) -> Callable[[], tuple[float, np.ndarray]]:
    """Log-density of the joint posterior and its gradient at `start_point`."""
    point = start_point(model)
    if not jax:
        run = model.logp_dlogp_function(ravel_inputs=True, mode="NUMBA")
        run.set_extra_values({})
        flat = np.concatenate([np.ravel(x) for x in point])
        return lambda: run(flat)
    import jax as jax_
    from pymc.sampling.jax import get_jaxified_logp

    both = jax_.jit(jax_.value_and_grad(get_jaxified_logp(model)))

    def call() -> tuple[float, np.ndarray]:
        value, parts = both(point)
        return float(value), np.concatenate([np.ravel(p) for p in parts])

    return call


def sample(model: Any, options: argparse.Namespace) -> dict[str, Any]:
    """Draws of one sampler with what they cost."""
    start = time.perf_counter()
    if options.sampler == "numpyro":
        from pymc.sampling.jax import sample_numpyro_nuts

        busy = time.process_time()
        trace = sample_numpyro_nuts(
            draws=options.draws, tune=options.tune, chains=options.chains, random_seed=1,
            target_accept=TARGET_ACCEPT, model=model, progressbar=False,
            compute_convergence_checks=False,
        )  # fmt: skip
        cost = {"compile_s": 0.0}
    else:
        import nutpie

        settings = {"backend": "jax", "gradient_backend": "jax"} if options.jax else {}
        compiled = nutpie.compile_pymc_model(model, **settings)
        cost = {"compile_s": time.perf_counter() - start}
        start, busy = time.perf_counter(), time.process_time()
        trace = nutpie.sample(
            compiled, draws=options.draws, tune=options.tune, chains=options.chains, cores=2,
            seed=1, target_accept=TARGET_ACCEPT, adaptation=options.adaptation, progress_bar=False,
        )  # fmt: skip
    cost |= {"wall_s": time.perf_counter() - start, "cpu_s": time.process_time() - busy}
    return cost | summary(trace)


def summary(trace: Any) -> dict[str, Any]:
    """Effective draws, means with their Monte Carlo errors, steps and divergences."""
    import arviz as az

    free = trace.posterior.dataset[[n for n in FREE if n in trace.posterior]]
    bulk, error = az.ess(free, method="bulk"), az.mcse(free, method="mean")
    flat = {
        k: np.concatenate([np.ravel(d[n]) for n in free.data_vars])
        for k, d in (("mean", free.mean(("chain", "draw"))), ("mcse", error), ("ess", bulk))
    }
    stats = trace.sample_stats
    steps = stats["n_steps"].mean() if "n_steps" in stats else np.nan
    return {
        "min_ess": float(flat["ess"].min()),
        "steps_per_draw": float(steps),
        "divergences": int(stats["diverging"].sum()),
        "mean": flat["mean"].tolist(),
        "mcse": flat["mcse"].tolist(),
    }


def main(arguments: Sequence[str] | None = None) -> None:
    """Print what one contender needs."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("route")
    parser.add_argument("--sampler", default="nutpie", choices=("nutpie", "numpyro", "none"))
    parser.add_argument("--adaptation", default="low_rank", choices=("low_rank", "diag"))
    for name, value in (("chains", 1), ("tune", 300), ("draws", 300)):
        parser.add_argument(f"--{name}", type=int, default=value)
    options = parser.parse_args(arguments)
    options.jax = options.route != "metinfer"
    if options.jax:
        import jax

        jax.config.update("jax_enable_x64", True)
    from benchmarks.joint_models import model_of
    from metinfer.compiling import reproducible

    with reproducible():
        model = model_of(options.route)
        begin = time.perf_counter()
        call = gradient(model, jax=options.jax)
        value, slope = call()
        compiled = time.perf_counter() - begin
        seconds, calls = timed(call)
        found = {
            "logp": float(value), "gradient": np.asarray(slope).tolist(), "calls": calls,
            "gradient_compile_s": compiled, "gradient_s": seconds,
        }  # fmt: skip
        print(json.dumps(found), flush=True)
        if options.sampler != "none":
            found |= sample(model, options)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps(found | {"peak_mib": peak}), flush=True)


if __name__ == "__main__":
    main()
