"""Speed of the solve and its gradient, start-up and scaling, beside public routes.

The routes solve the same lanes on the same steps: the classical Runge-Kutta scheme by
`pytensor.scan` (Numba, and JAX where installed) and diffrax (Tsit5, fixed steps, reverse mode
with checkpoints, where installed). Their right-hand sides come from the same SymPy equations.

Run: python benchmarks/gradient_speed.py [--quick]. Prints a JSON list of name, value, unit,
target and ok. Compare ratios only: they are taken in one run.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytensor
import pytensor.tensor as pt
import sympy as sp

from metinfer.mechanism.equations import (
    EQUATIONS,
    INPUTS,
    PARAMETERS,
    PREPARED,
    STATES,
    expand,
)
from metinfer.mechanism.grid import Grid, Lane, build_grid
from metinfer.mechanism.op import solve_op
from metinfer.mechanism.solve import default_theta

MOUSE = {"kN": 0.04, "w1": 0.02, "d0": 0.005, "m": 0.005, "kap": 0.005, "tau": 14.0}
DAYS = (0.0, 10.0, 30.0, 60.0)
#: Weights of the states in the cost. Unequal, as the plain sum of the tumour states is conserved
#: and would agree between routes whatever they computed.
WEIGHT = np.linspace(-1.0, 2.0, len(STATES)) ** 3
SCAN_TARGET, DIFFRAX_TARGET = 10.0, 50.0
COLD_TARGET, WARM_TARGET = 25.0, 10.0


def moving(count: int) -> list[Lane]:
    """Mouse lanes of sixty days whose niche moves."""
    return [
        Lane(str(i), DAYS, {"injury": 1.0 + i % 7, "timp1": 2.0}, healthy_start=True)
        for i in range(count)
    ]


def resting(count: int) -> list[Lane]:
    """Mouse lanes of sixty days whose niche rests."""
    return [Lane(str(i), DAYS, {"injury": float(i % 7)}) for i in range(count)]


def theta(count: int) -> np.ndarray:
    """Mouse parameters (lane, parameter)."""
    return default_theta(count, **MOUSE)


def timed(
    call: Callable[[], Any], seconds: float = 1.0, clock: Callable[[], float] = time.perf_counter
) -> float:
    """Best time of a call, in seconds. The call must wait for its result."""
    call()
    best, end = np.inf, time.perf_counter() + seconds
    while time.perf_counter() < end:
        start = clock()
        call()
        best = min(best, clock() - start)
    return best


def row(
    name: str, value: float, unit: str, target: float | None = None, *, below: bool = True
) -> dict[str, Any]:
    """One result."""
    ok = target is None or (value <= target if below else value >= target)
    return {
        "name": name,
        "value": float(f"{value:.4g}"),
        "unit": unit,
        "target": target,
        "ok": bool(ok),
    }


def compiled(grid: Grid, *, gradient: bool = True) -> Callable[[np.ndarray], Any]:
    """Weighted sum of the states at the outputs after time zero, with its gradient."""
    x = pt.matrix("theta")
    cost = (solve_op(x, grid)[:, 1:] * WEIGHT).sum()
    outputs = [cost, pt.grad(cost, x)] if gradient else cost
    run = pytensor.function([x], outputs, mode="NUMBA")
    run.trust_input = True
    return run


def kernel_rows() -> list[dict[str, Any]]:
    """Time per lane and step."""
    rows = []
    for name, lanes in (("niche moves", moving(24)), ("niche rests", resting(24))):
        grid = build_grid(lanes)
        count, values = int(grid.steps.sum()), theta(24)
        forward, both = compiled(grid, gradient=False), compiled(grid)
        for what, call in (("forward", forward), ("forward and gradient", both)):
            seconds = timed(partial(call, values))
            rows.append(row(f"{what}, {name}", seconds / count * 1e6, "us per lane-step"))
    return rows


def scaling_rows(sizes: Sequence[int]) -> list[dict[str, Any]]:
    """Gradient over many arms: time per arm, and memory at the largest size."""
    rows = []
    for size in sizes:
        run, values = compiled(build_grid(moving(size))), theta(size)
        seconds = timed(partial(run, values), clock=time.process_time)
        rows.append(row(f"gradient of {size} moving arms", seconds / size * 1e6, "CPU us per arm"))
    ratio = rows[-1]["value"] / rows[0]["value"]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return [
        *rows,
        row("cost per arm, most over fewest arms", ratio, "1", 1.5),
        row("peak memory", peak, "MiB"),
    ]


def symbolic_rates(functions: dict[str, Any]) -> Callable[..., Any]:
    """Rates as a function of (states, parameters, inputs), for arrays with named functions."""
    own = [sp.Symbol(s.name, real=True) for s in STATES]
    parameters = [sp.Symbol(p.name, real=True) for p in PARAMETERS]
    inputs = [sp.Symbol(i.name, real=True) for i in INPUTS]
    prepared = {s: sp.Symbol(name, real=True) for name, (s, _) in PREPARED.items()}
    rates = [
        expand(e.production - e.loss * x).subs(prepared)
        for e, x in zip(EQUATIONS, own, strict=True)
    ]
    return sp.lambdify([own, parameters, inputs], rates, [functions], cse=True)


def runge_kutta(rate: Callable[[Any], Any], x: Any, h: Any) -> Any:
    """One classical step."""
    k1 = rate(x)
    k2 = rate(x + 0.5 * h * k1)
    k3 = rate(x + 0.5 * h * k2)
    k4 = rate(x + h * k3)
    return x + h / 6.0 * (k1 + 2.0 * k2 + 2.0 * k3 + k4)


def _start(count: int) -> np.ndarray:
    start = np.ones((len(STATES), count))
    start[[s.name in ("L", "K") for s in STATES]] = 0.0
    start[[s.name in ("W1", "W2", "W3") for s in STATES]] = 0.2 / 3.0
    return start


def scan_route(grid: Grid, mode: str) -> Callable[[np.ndarray], Any]:
    """The same lanes and steps by `pytensor.scan`."""
    rates = symbolic_rates({"exp": pt.exp, "log": pt.log})
    x = pt.matrix("theta")
    inputs = [grid.table[grid.row_of[:, 0], j] for j in range(len(INPUTS))]

    columns = [x[:, i] for i in range(len(PARAMETERS))]

    def step(h: Any, state: Any) -> Any:
        return runge_kutta(
            lambda s: pt.stack(rates([s[i] for i in range(len(STATES))], columns, inputs)), state, h
        )

    states = pytensor.scan(
        step, sequences=[pt.constant(grid.h[0])], outputs_info=[pt.constant(_start(len(grid)))],
        return_updates=False,
    )  # fmt: skip
    cost = (states[grid.nodes[0, 1:] - 1] * WEIGHT[:, None]).sum()
    run = pytensor.function([x], [cost, pt.grad(cost, x)], mode=mode)
    # JAX hands results back before they are computed: reading them waits for them.
    return lambda values: [np.asarray(r) for r in run(values)]


def diffrax_route(grid: Grid) -> Callable[[np.ndarray], Any]:
    """The same lanes and steps by diffrax."""
    import diffrax
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", True)
    rates = symbolic_rates({"exp": jnp.exp, "log": jnp.log})
    inputs = [jnp.asarray(grid.table[grid.row_of[:, 0], j]) for j in range(len(INPUTS))]
    times = jnp.asarray(np.concatenate([[0.0], np.cumsum(grid.h[0])]))
    start = jnp.asarray(_start(len(grid)))

    def slope(t: Any, y: Any, args: Any) -> Any:
        return jnp.stack(rates(list(y), list(args), inputs))

    def cost(values: Any) -> Any:
        solution = diffrax.diffeqsolve(
            diffrax.ODETerm(slope), diffrax.Tsit5(), times[0], times[-1], None, start, values.T,
            stepsize_controller=diffrax.StepTo(ts=times),
            saveat=diffrax.SaveAt(ts=times[jnp.asarray(grid.nodes[0, 1:])]),
            max_steps=int(len(times)),
        )  # fmt: skip
        return (solution.ys * jnp.asarray(WEIGHT)[:, None]).sum()

    run = jax.jit(jax.value_and_grad(cost))
    return lambda values: jax.block_until_ready(run(values))


def peer_rows(count: int = 24) -> list[dict[str, Any]]:
    """Gradients per second of every route on the same steps, and how many times faster ours is.

    Only the targets for lanes whose niche moves are judged: there all routes do the same work.
    """
    grid, values = build_grid(moving(count)), theta(count)
    ours, rest = compiled(grid), compiled(build_grid(resting(count)))
    routes = {"pytensor.scan, Numba": lambda: scan_route(grid, "NUMBA")}
    if importlib.util.find_spec("jax"):
        routes["pytensor.scan, JAX"] = lambda: scan_route(grid, "JAX")
    if importlib.util.find_spec("diffrax"):
        routes["diffrax"] = lambda: diffrax_route(grid)
    seconds, resting_seconds = timed(partial(ours, values)), timed(partial(rest, values))
    rows = [row(f"gradients of {count} moving arms", 1.0 / seconds, "1/s")]
    rows.append(row(f"gradients of {count} resting arms", 1.0 / resting_seconds, "1/s"))
    targets = {"pytensor.scan, JAX": SCAN_TARGET, "diffrax": DIFFRAX_TARGET}
    for name, make in routes.items():
        call = make()
        rows += agreement(name, call(values), ours(values))
        slower = timed(partial(call, values), 3.0)
        rows.append(row(f"{name}: gradients", 1.0 / slower, "1/s"))
        target = targets.get(name)
        rows.append(row(f"faster than {name}", slower / seconds, "times", target, below=False))
    return rows


def agreement(name: str, theirs: Sequence[Any], ours: Sequence[Any]) -> list[dict[str, Any]]:
    """Deviation of cost and gradient between two routes (different schemes on equal steps)."""
    cost = abs(float(theirs[0]) / float(ours[0]) - 1.0)
    mine, other = np.asarray(ours[1]), np.asarray(theirs[1])
    # These act through the steady start, which the other routes take as fixed numbers.
    # Our steps predict the feedback of `bNA`, which is off; theirs follow it.
    start = ("founders", "founders0", "awake0", "timp1_scale", "dip", "bNA")
    free = [p.name not in start for p in PARAMETERS]
    gradient = np.linalg.norm((mine - other)[:, free]) / np.linalg.norm(mine[:, free])
    return [
        row(f"{name}: deviation of the cost", cost, "1", 1e-3),
        row(f"{name}: deviation of the gradient", gradient, "1", 1e-5),
    ]


STARTUP = """
import json, time
t = [time.perf_counter()]
import numpy as np, pytensor, pytensor.tensor as pt
from metinfer.mechanism.op import solve_op
from metinfer.mechanism.grid import build_grid
from benchmarks.gradient_speed import moving, theta
t.append(time.perf_counter())
from metinfer.mechanism.compile import kernel
kernel()
t.append(time.perf_counter())
x = pt.matrix("x")
cost = solve_op(x, build_grid(moving(24)))[:, 1:].sum()
run = pytensor.function([x], [cost, pt.grad(cost, x)], mode="NUMBA")
run(theta(24))
t.append(time.perf_counter())
print(json.dumps(np.diff(t).tolist()))
"""


def startup_rows() -> list[dict[str, Any]]:
    """Import, kernel and first gradient in fresh processes, with empty and filled caches."""
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        paths = os.pathsep.join([str(Path(__file__).parents[1]), *filter(None, sys.path)])
        flags = f"base_compiledir={folder}/pytensor"
        environment = os.environ | {
            "METINFER_CACHE_DIR": folder,
            "PYTENSOR_FLAGS": flags,
            "PYTHONPATH": paths,
        }
        for state, target in (("cold", COLD_TARGET), ("warm", WARM_TARGET)):
            done = subprocess.run(
                [sys.executable, "-c", STARTUP],
                env=environment,
                capture_output=True,
                text=True,
                check=True,
            )
            parts = json.loads(done.stdout)
            for name, value in zip(
                ("import", "kernel", "graph and first gradient"), parts, strict=True
            ):
                rows.append(row(f"{state} start: {name}", value, "s"))
            rows.append(
                row(
                    f"{state} start: import to first gradient of the solve", sum(parts), "s", target
                )
            )
    return rows


def run(*, quick: bool = False) -> list[dict[str, Any]]:
    """All results."""
    sizes = (10, 100) if quick else (10, 100, 1000)
    rows = kernel_rows() + scaling_rows(sizes) + startup_rows()
    return rows if quick else rows + peer_rows()


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--quick", action="store_true")
    rows = run(quick=parser.parse_args(arguments).quick)
    print(json.dumps(rows, indent=1))
    return 0 if all(r["ok"] for r in rows) else 1


if __name__ == "__main__":
    raise SystemExit(main())
