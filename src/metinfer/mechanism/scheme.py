"""One time step of the model as a graph: fourth order, positive in practice, stable at any step.

Over a step of length h every state obeys ``x' = P - l x``. With a constant ``l`` taken at the
middle of the step and the rest ``q = P - (l(t) - l) x`` as the quadratic through its values at
the start, the middle and the end, the step is exact::

    x(h) = E x + h [phi1(z) q0 + phi2(z) b + 2 phi3(z) c],   z = l h,  E = exp(-z)

with ``b = -3 q0 + 4 qm - q1`` and ``c = 2 q0 - 4 qm + 2 q1`` (an exponential collocation
method, Hochbruck and Ostermann 2010, doi 10.1017/S0962492910000048). States are taken in
cascade order, so that what they need of other states is known at all three places. A state
that enters its own rate only linearly is solved for, without iteration; one that enters
nonlinearly (NK number, logistic) is linearised at the start of the step and swept three times.
A step of length zero is the identity, in value and in gradient.

What closes a loop against the cascade (`equations.FEEDBACK`) is predicted: the states it depends
on relax from the start of the step with the rates they have there. That is of second order.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import sympy as sp

from metinfer.mechanism.equations import (
    DERIVED,
    EQUATIONS,
    FEEDBACK,
    INPUTS,
    NICHE,
    PARAMETERS,
    PREPARED,
    Equation,
    bolus,
    expand,
)
from metinfer.mechanism.graph import Graph, lower

#: Fixed-point sweeps of a state that enters its own rate nonlinearly.
SWEEPS = 3
PLACES = ("0", "m", "1")
_PREPARED_NAMES = {symbol.name: name for name, (symbol, _) in PREPARED.items()}


@dataclass(frozen=True)
class Step:
    """A state over a step: its values, and the linear equation ``x' = q - l x`` it solved.

    Attributes
    ----------
    start, middle, end : int
        Graph nodes of its values.
    loss : int
        Node of l.
    forcing : tuple of int
        Nodes of q at the start, middle and end.
    """

    start: int
    middle: int
    end: int
    loss: int = -1
    forcing: tuple[int, int, int] = (-1, -1, -1)


class Scope:
    """What the symbols of the equations stand for at one place of a step."""

    def __init__(self, graph: Graph, place: str) -> None:
        self.graph = graph
        self.place = place
        self.known: dict[str, int] = {p.name: graph.load(f"theta_{p.name}") for p in PARAMETERS}
        self.known |= {i.name: graph.load(f"in{place}_{i.name}") for i in INPUTS}
        for symbol, name in _PREPARED_NAMES.items():
            self.known[symbol] = self.known.pop(name)
        self.known[bolus.name] = graph.load("bolus")

    def node(self, expression: sp.Expr) -> int:
        """Graph node of an expression; derived quantities are lowered when first needed."""
        return lower(self.graph, expression, self._symbol)

    def _symbol(self, symbol: sp.Symbol) -> int:
        if symbol.name not in self.known:
            self.known[symbol.name] = self.node(DERIVED[symbol])
        return self.known[symbol.name]


def start_graph(graph: Graph) -> dict[str, int]:
    """State -> node of its value at time zero, the niche at steady state under earlier inputs.

    Takes the first state as it stood (the load ``x_<state>``): where a feedback is on, the start
    is the fixed point of this map.
    """
    guess = Scope(graph, "0")
    guess.known[EQUATIONS[0].state] = graph.load(f"x_{EQUATIONS[0].state}")
    for equation in EQUATIONS[1:]:
        if equation.state in NICHE:
            guess.known[equation.state] = guess.node(equation.start)
    scope = Scope(graph, "0")
    scope.known[FEEDBACK.name] = guess.node(DERIVED[FEEDBACK])
    for equation in EQUATIONS:
        scope.known[equation.state] = scope.node(equation.start)
    return {e.state: scope.known[e.state] for e in EQUATIONS}


def step_graph(graph: Graph) -> dict[str, int]:
    """State -> node of its value at the end of a step from the loads ``x_<state>``."""
    scopes = [Scope(graph, place) for place in PLACES]
    h = graph.load("h")
    scopes[0].known |= {e.state: graph.load(f"x_{e.state}") for e in EQUATIONS}
    for scope, value in zip(scopes[1:], _predict_feedback(graph, scopes[0], h), strict=True):
        scope.known[FEEDBACK.name] = value
    result = {}
    for equation in EQUATIONS:
        name = equation.state
        step = advance(graph, equation, scopes, scopes[0].known[name], h)
        scopes[1].known[name], scopes[2].known[name] = step.middle, step.end
        result[name] = step.end
    return result


def _predict_feedback(graph: Graph, start: Scope, h: int) -> tuple[int, int]:
    """Feedback at the middle and the end of a step, from the rates at its start."""
    own = expand(DERIVED[FEEDBACK]).free_symbols
    end = Scope(graph, "1")
    for equation in EQUATIONS:
        if sp.Symbol(equation.state, real=True) not in own:
            continue
        x0, loss = start.known[equation.state], start.node(equation.loss)
        rest = graph.mul(start.node(equation.production), graph.inv(loss))
        fall = graph.unary("exp", graph.neg(graph.mul(loss, h)))
        end.known[equation.state] = graph.add(rest, graph.mul(graph.sub(x0, rest), fall))
    last = end.node(DERIVED[FEEDBACK])
    return graph.scaled((0.5, start.node(DERIVED[FEEDBACK])), (0.5, last)), last


def advance(graph: Graph, equation: Equation, scopes: Sequence[Scope], x0: int, h: int) -> Step:
    """Carry one state over a step, given what it depends on at the three places."""
    own = sp.Symbol(equation.state, real=True)
    if any(expand(part).has(own) for part in (equation.production, equation.loss)):
        return _sweep(graph, equation, scopes, x0, h)
    produced = [s.node(equation.production) for s in scopes]
    if equation.loss == 0:
        mean = graph.scaled((1 / 6, produced[0]), (4 / 6, produced[1]), (1 / 6, produced[2]))
        return Step(x0, -1, graph.add(x0, graph.mul(h, mean)))
    return _solve_linear(graph, produced, [s.node(equation.loss) for s in scopes], x0, h)


def _solve_linear(graph: Graph, produced: list[int], loss: list[int], x0: int, h: int) -> Step:
    half, full = _weights(graph, graph.mul(loss[1], h))
    first = graph.sub(produced[0], graph.mul(graph.sub(loss[0], loss[1]), x0))
    forced = _combine(graph, full, x0, h, [first, produced[1], produced[2]])
    excess = graph.sub(loss[2], loss[1])
    pull = graph.add(graph.const(1.0), graph.mul(graph.mul(h, full[3]), excess))
    end = graph.mul(forced, graph.inv(pull))
    last = graph.sub(produced[2], graph.mul(excess, end))
    middle = _combine(graph, half, x0, h, [first, produced[1], last])
    return Step(x0, middle, end, loss[1], (first, produced[1], last))


def _sweep(graph: Graph, equation: Equation, scopes: Sequence[Scope], x0: int, h: int) -> Step:
    own = sp.Symbol(equation.state, real=True)
    rate = equation.production - equation.loss * own
    at = [_own_value(scope, own) for scope in scopes]
    rest = at[1](-sp.diff(rate, own), x0)
    half, full = _weights(graph, graph.mul(rest, h))

    def forcing(place: int, x: int) -> int:
        return graph.add(at[place](rate, x), graph.mul(rest, x))

    first = forcing(0, x0)
    middle = end = x0
    for _ in range(SWEEPS):
        q = [first, forcing(1, middle), forcing(2, end)]
        middle, end = _combine(graph, half, x0, h, q), _combine(graph, full, x0, h, q)
    return Step(x0, middle, end)


def _own_value(scope: Scope, own: sp.Symbol) -> Callable[[sp.Expr, int], int]:
    def at(expression: sp.Expr, x: int) -> int:
        before = scope.known.get(own.name)
        scope.known[own.name] = x
        node = scope.node(expression)
        scope.known.pop(own.name) if before is None else scope.known.update({own.name: before})
        return node

    return at


def _weights(graph: Graph, z: int) -> tuple[list[int], list[int]]:
    """Weights of (x0, q0, qm, q1) at the middle and at the end of a step of loss `z`.

    Those of the whole step follow from those of half a step by doubling, without cancellation.
    """
    half = graph.mul(graph.const(0.5), z)
    e, p1, p2, p3 = (graph.phi(k, half) for k in range(4))
    rise = graph.add(graph.const(1.0), e)
    f1 = graph.mul(graph.const(0.5), graph.mul(rise, p1))
    f2 = graph.mul(graph.const(0.25), graph.add(graph.mul(rise, p2), p1))
    f3 = graph.scaled((0.125, graph.mul(rise, p3)), (0.0625, p1), (0.125, p2))
    middle = [
        e,
        graph.scaled((0.5, p1), (-0.75, p2), (0.5, p3)),
        graph.sub(p2, p3),
        graph.scaled((-0.25, p2), (0.5, p3)),
    ]
    end = [
        graph.mul(e, e),
        graph.scaled((1.0, f1), (-3.0, f2), (4.0, f3)),
        graph.scaled((4.0, f2), (-8.0, f3)),
        graph.scaled((-1.0, f2), (4.0, f3)),
    ]
    return middle, end


def _combine(graph: Graph, weights: list[int], x0: int, h: int, q: list[int]) -> int:
    forced = graph.total([graph.mul(w, node) for w, node in zip(weights[1:], q, strict=True)])
    return graph.add(graph.mul(weights[0], x0), graph.mul(h, forced))
