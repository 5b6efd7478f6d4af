"""The joint model of the bundled evidence, with its lanes solved by public routes.

Priors, observables and likelihoods are the very graph of the fit; only the solve is replaced: by
the classical Runge-Kutta scheme in `pytensor.scan`, or by diffrax (Tsit5). Both take the right
side from the same SymPy equations. All bundled lanes have a niche at rest, so both may hold the
niche at its steady state and integrate the tumour alone, as our solver does (`whole=False`: the
stronger opponent); `whole=True` integrates all twelve states.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pymc as pm
import pytensor
import pytensor.tensor as pt
import sympy as sp
from pytensor.graph.basic import Apply
from pytensor.graph.op import Op
from pytensor.graph.replace import clone_replace

from metinfer.evidence import read_evidence
from metinfer.inference.density import Graph, Joint
from metinfer.inference.lanes import lane_theta
from metinfer.inference.model import joint_model, prior_variables
from metinfer.mechanism.equations import (
    EQUATIONS,
    INPUTS,
    NICHE,
    PARAMETERS,
    PREPARED,
    STATES,
    Equation,
    bolus,
    expand,
)
from metinfer.mechanism.grid import Grid

DATA = Path(__file__).parents[1] / "data"
NAMES = [s.name for s in STATES]
#: Steps of the Runge-Kutta scheme: at most this share of the horizon, and so many days. Errors
#: are then 1e-5; the steps are those that our own solver took before it had exact ones.
SHARE, LONGEST = 1.0 / 40.0, 40.0
#: Tolerances of diffrax, for like errors.
RTOL, ATOL = 1e-6, 1e-9
#: Links of variants, off in the joint model.
OFF = {"bNA": 0, "sT": 1, "seen": 0}
Functions = dict[str, Callable[[Any], Any]]


def bundled() -> Joint:
    """The static parts of the bundled evidence."""
    return Joint.of(read_evidence(DATA))


def _symbols() -> list[Any]:
    own = [sp.Symbol(n, real=True) for n in NAMES]
    parameters = [sp.Symbol(p.name, real=True) for p in PARAMETERS]
    inputs = [sp.Symbol(i.name, real=True) for i in INPUTS]
    return [own, parameters, inputs, bolus]


def _written(equation: Equation, expression: sp.Expr) -> sp.Expr:
    prepared = {s: sp.Symbol(name, real=True) for name, (s, _) in PREPARED.items()}
    off = {sp.Symbol(k, real=True): v for k, v in OFF.items()}
    return expand(expression.subs(off)).subs(off).subs(prepared)


def rates(functions: Functions, *, whole: bool) -> Callable[..., list[Any]]:
    """Rates of the integrated states from (states, parameters, inputs, bolus)."""
    chosen = [e for e in EQUATIONS if whole or e.state not in NICHE]
    every = [_written(e, e.production - e.loss * sp.Symbol(e.state, real=True)) for e in chosen]
    return sp.lambdify(_symbols(), every, [functions], cse=True)


def starts(functions: Functions) -> Callable[..., list[Any]]:
    """States at time zero from (states: not used, parameters, inputs, bolus)."""
    found: dict[sp.Symbol, sp.Expr] = {}
    for equation in EQUATIONS:
        found[sp.Symbol(equation.state, real=True)] = _written(equation, equation.start).subs(found)
    return sp.lambdify(_symbols(), list(found.values()), [functions], cse=True)


class Plan:
    """Steps, inputs and outputs of all lanes as arrays.

    Attributes
    ----------
    h : ndarray (lane, step)
        Zero beyond a lane's end, where a step changes nothing.
    inputs : ndarray (lane, step, input)
    node : ndarray of int (lane, output)
    """

    def __init__(self, grid: Grid) -> None:
        self.grid = grid
        parts = [self._lane(i) for i in range(len(grid))]
        width = max(len(h) for h, _, _ in parts)
        self.h = np.array([np.pad(h, (0, width - len(h))) for h, _, _ in parts])
        self.inputs = np.array(
            [np.pad(u, ((0, width - len(u)), (0, 0)), mode="edge") for _, u, _ in parts]
        )
        self.node = np.array([n for _, _, n in parts])

    def _lane(self, i: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        grid, steps = self.grid, int(self.grid.steps[i])
        h, horizon = grid.h[i, :steps], float(grid.outputs[i, -1])
        count = np.ceil(h / min(horizon * SHARE, LONGEST) - 1e-9).astype(int)
        table = grid.table[grid.row_of[i, :steps]][:, : len(INPUTS)]
        ends = np.concatenate([[0], np.cumsum(count)])
        return np.repeat(h / count, count), np.repeat(table, count, axis=0), ends[grid.nodes[i]]


def _begin(theta: Any, grid: Grid, functions: Functions) -> list[Any]:
    columns = [theta[:, i] for i in range(len(PARAMETERS))]
    given = [grid.start[:, j] for j in range(len(INPUTS))]
    return starts(functions)([None] * len(NAMES), columns, given, grid.start[:, -1])


def runge_kutta(rate: Callable[[Any], Any], x: Any, h: Any) -> Any:
    """One classical step."""
    k1 = rate(x)
    k2 = rate(x + 0.5 * h * k1)
    k3 = rate(x + 0.5 * h * k2)
    k4 = rate(x + h * k3)
    return x + h / 6.0 * (k1 + 2.0 * k2 + 2.0 * k3 + k4)


def scan_solve(theta: Any, grid: Grid, *, whole: bool = False) -> Any:
    """States (lane, output, state) of all lanes by `pytensor.scan`."""
    functions = {"exp": pt.exp, "log": pt.log, "sqrt": pt.sqrt}
    plan, slope = Plan(grid), rates(functions, whole=whole)
    zero = theta[:, 0] * 0.0
    begin = [zero + x for x in _begin(theta, grid, functions)]
    held = 0 if whole else len(NICHE)
    count = len(PARAMETERS)

    def step(h: Any, given: Any, state: Any, *fixed: Any) -> Any:
        columns, niche = list(fixed[:count]), list(fixed[count:])
        inputs = [given[:, j] for j in range(len(INPUTS))]

        def rate(x: Any) -> Any:
            own = niche + [x[i] for i in range(len(NAMES) - held)]
            return pt.stack([0.0 * columns[0] + r for r in slope(own, columns, inputs, 0.0)])

        return runge_kutta(rate, state, h)

    states = pytensor.scan(
        step,
        sequences=[pt.constant(plan.h.T), pt.constant(plan.inputs.transpose(1, 0, 2))],
        outputs_info=[pt.stack(begin[held:])],
        non_sequences=[*[theta[:, i] for i in range(count)], *begin[:held]],
        strict=True,
        return_updates=False,
    )
    moving = pt.concatenate([pt.stack(begin[held:])[None], states])
    lane = np.arange(len(grid))[:, None]
    found = moving[plan.node, :, lane]
    if not held:
        return found
    resting = pt.stack(begin[:held], axis=-1)[:, None, :] + np.zeros((1, plan.node.shape[1], 1))
    return pt.concatenate([resting, found], axis=-1)


class DiffraxSolve(Op):
    """States (lane, output, state) by diffrax; for PyTensor's JAX backend alone."""

    __props__ = ()

    def __init__(self, grid: Grid) -> None:
        self.grid = grid

    def make_node(self, theta: Any) -> Apply:
        """One output of fixed rank."""
        return Apply(self, [pt.as_tensor(theta)], [pt.tensor3("states", dtype="float64")])

    def perform(self, node: Apply, inputs: Any, output_storage: Any) -> None:
        """Run outside JAX, for shapes and starting points."""
        output_storage[0][0] = np.asarray(diffrax_function(self.grid)(inputs[0]))


def diffrax_function(grid: Grid) -> Callable[[Any], Any]:
    """States (lane, output, state) as a JAX function of theta (lane, parameter)."""
    import diffrax
    import jax
    import jax.numpy as jnp

    functions: Functions = {"exp": jnp.exp, "log": jnp.log, "sqrt": jnp.sqrt}
    plan, slope, held = Plan(grid), rates(functions, whole=False), len(NICHE)
    edges = np.concatenate([np.zeros((len(grid), 1)), np.cumsum(plan.h, axis=1)], axis=1)
    inputs, ends = jnp.asarray(plan.inputs), jnp.asarray(edges[:, 1:])
    controller = diffrax.PIDController(rtol=RTOL, atol=ATOL)

    def lane(row: Any, begin: Any, outputs: Any, given: Any, until: Any) -> Any:
        def rate(t: Any, y: Any, args: Any) -> Any:
            at = given[jnp.minimum(jnp.searchsorted(until, t, side="right"), len(until) - 1)]
            own = [*begin[:held], *y]
            return jnp.stack([0.0 * row[0] + r for r in slope(own, list(row), list(at), 0.0)])

        solved = diffrax.diffeqsolve(
            diffrax.ODETerm(rate), diffrax.Tsit5(), 0.0, outputs[-1], None, begin[held:],
            stepsize_controller=controller, saveat=diffrax.SaveAt(ts=outputs), max_steps=4096,
            throw=False,
        )  # fmt: skip
        niche = jnp.broadcast_to(begin[:held], (len(outputs), held))
        return jnp.concatenate([niche, solved.ys], axis=1)

    def solve(theta: Any) -> Any:
        begin = jnp.stack([0.0 * theta[:, 0] + x for x in _begin(theta, grid, functions)], axis=1)
        return jax.vmap(lane)(theta, begin, jnp.asarray(grid.outputs), inputs, ends)

    return solve


def diffrax_solve(theta: Any, grid: Grid) -> Any:
    """States by diffrax, as a PyTensor variable."""
    from pytensor.link.jax.dispatch import jax_funcify

    if DiffraxSolve not in jax_funcify.registry:
        jax_funcify.register(DiffraxSolve)(lambda op, **_: diffrax_function(op.grid))
    return DiffraxSolve(grid)(theta)


ROUTES: dict[str, Callable[..., Any] | None] = {
    "metinfer": None,
    "pytensor.scan": scan_solve,
    "pytensor.scan, all states": partial(scan_solve, whole=True),
    "diffrax": diffrax_solve,
}


def model_of(route: str, joint: Joint | None = None) -> pm.Model:
    """The joint PyMC model with its lanes solved by one of `ROUTES`."""
    joint = joint or bundled()
    solver = ROUTES[route]
    return joint_model(joint) if solver is None else plain_model(joint, solver)


def plain_model(joint: Joint, solver: Callable[..., Any]) -> pm.Model:
    """The same priors and likelihood as a graph of PyTensor operations around another solver."""
    graph = Graph(joint)
    states = solver(lane_theta(graph.params, joint.lanes, pt), joint.grid())
    total = graph.weighted(states, "").sum()
    given = {variable: pt.constant(value) for variable, value in graph.data.values()}
    with pm.Model(coords=joint.coords) as model:
        values, transfer = prior_variables(joint)
        names = {graph.inputs["values"]: values, graph.inputs["transfer"]: transfer}
        pm.Potential("rows", clone_replace(total, replace=given | names, rebuild_strict=False))
    return model
