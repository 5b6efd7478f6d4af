"""One time step under doses: the fast effect of a drug enters by its moments over the step.

A drug acts through functions of its level at the moment, while no state follows within minutes.
Those functions (`PROJECTED`) are evaluated at `NODES` places that the grid chose where the level
moves, and the quadratic with the same first three moments over the step takes the place of the
one through the start, the middle and the end of the step in `scheme`. A step can so be as long as
the interval between two doses.

What U and H hand to the states below them are likewise the moments of their exact course under
the quadratic rate q: with X_k, Q_k the means of x and q over the step weighted by the Legendre
polynomials P_k, integration by parts of ``x' = q - l x`` gives, z = l h,

    z X0 = h Q0 - (x1 - x0)
    z X1 = h Q1 - (x1 + x0) + 2 X0
    z X2 = h Q2 - (x1 - x0) + 6 X1

which hold the area under a state to rounding however fast it is.
"""

from __future__ import annotations

from collections.abc import Sequence

import sympy as sp

from metinfer.mechanism import equations as model
from metinfer.mechanism.equations import DERIVED, EQUATIONS, FEEDBACK, Equation
from metinfer.mechanism.graph import Graph
from metinfer.mechanism.scheme import PLACES, Scope, Step, advance

#: Inputs that are read at the nodes of a step.
DRUGS = ("cxcr4_drug", "il15", "ifng_drug")
#: Places within a step at which they are read.
NODES = 9
#: Values of a node in a row of the grid's table: place (-1 to 1), weight (sum 1), levels.
NODE_VALUES = ("y", "w", *DRUGS)
#: Softens division by z where it is small and a state is smooth (see `_moments`).
SOFT = 1e-6

_inflow_n, _inflow_u = sp.symbols("inflow_N inflow_U")
_by_state = {e.state: e for e in EQUATIONS}
#: Functions of a drug's level that act on states, by symbol.
PROJECTED: dict[sp.Symbol, sp.Expr] = {
    _inflow_n: model.number,
    _inflow_u: _by_state["U"].production,
} | {s: DERIVED[s] for s in (model.e15, model.Fk, model.omega, model.seed)}
#: States that hand down their moments.
FAST = ("U", "H")


def node_name(node: int, value: str) -> str:
    """Name of a value of a node in the workspace."""
    return f"node{node}_{value}"


class _Node(Scope):
    """Symbols at one node of a step; states as quadratics through the three places."""

    def __init__(self, graph: Graph, node: int, places: Sequence[Scope]) -> None:
        super().__init__(graph, "m")
        self.places = places
        self.y, self.w = (graph.load(node_name(node, v)) for v in ("y", "w"))
        self.square = graph.mul(self.y, self.y)
        self.known |= {drug: graph.load(node_name(node, drug)) for drug in DRUGS}

    def _symbol(self, symbol: sp.Symbol) -> int:
        name = symbol.name
        if name not in self.known and name in _by_state:
            self.known[name] = self._between([p.known[name] for p in self.places])
        if name not in self.known and symbol in (_inflow_n, _inflow_u):
            self.known[name] = self.node(PROJECTED[symbol])
        return super()._symbol(symbol)

    def _between(self, values: Sequence[int]) -> int:
        g, (a, b, c) = self.graph, values
        if a == b == c:
            return a
        slope = g.scaled((0.5, c), (-0.5, a))
        bend = g.scaled((0.5, a), (0.5, c), (-1.0, b))
        return g.total([b, g.mul(self.y, slope), g.mul(self.square, bend)])


class _Place(Scope):
    """Symbols at one of the three places of a step; projected ones by their moments."""

    def __init__(self, graph: Graph, place: str, course: _Course) -> None:
        super().__init__(graph, place)
        self.course = course

    def _symbol(self, symbol: sp.Symbol) -> int:
        if symbol in PROJECTED and symbol.name not in self.known:
            values = self.course.projected(symbol)
            self.known[symbol.name] = values[PLACES.index(self.place)]
        return super()._symbol(symbol)


class _Course:
    """The three places and the nodes of one step."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.places = [_Place(graph, place, self) for place in PLACES]
        self.nodes = [_Node(graph, i, self.places) for i in range(NODES)]
        self._done: dict[sp.Symbol, list[int]] = {}

    def projected(self, symbol: sp.Symbol) -> list[int]:
        """Values at the three places of the quadratic with the moments of `symbol`."""
        if symbol not in self._done:
            values = [node.node(symbol) for node in self.nodes]
            g = self.graph
            parts = [g.mul(n.w, v) for n, v in zip(self.nodes, values, strict=True)]
            first = g.total([g.mul(n.y, p) for n, p in zip(self.nodes, parts, strict=True)])
            second = g.total([g.mul(n.square, p) for n, p in zip(self.nodes, parts, strict=True)])
            mean = g.total(parts)
            bend = g.scaled((1.5, second), (-0.5, mean))
            self._done[symbol] = _quadratic(g, mean, first, bend)
        return self._done[symbol]


def dosed_graph(graph: Graph) -> dict[str, int]:
    """State -> node of its value at the end of a step from the loads ``x_<state>``."""
    h = graph.load("h")
    start = {e.state: graph.load(f"x_{e.state}") for e in EQUATIONS}
    course = _Course(graph)
    for place, value in zip(course.places, _predict_feedback(graph, start, h), strict=True):
        place.known[FEEDBACK.name] = value
    result = {}
    for equation in map(_with_inflows, EQUATIONS):
        name = equation.state
        step = advance(graph, equation, course.places, start[name], h)
        values = _moments(graph, step, h) if name in FAST else [step.start, step.middle, step.end]
        for place, value in zip(course.places, values, strict=True):
            place.known[name] = value
        result[name] = step.end
    return result


def _with_inflows(equation: Equation) -> Equation:
    """Put symbols in place of the inflows that depend on a drug."""
    if equation.state == "U":
        return Equation("U", _inflow_u, equation.loss, equation.start)
    production = equation.production.subs(model.number, _inflow_n)
    return Equation(equation.state, production, equation.loss, equation.start)


def _predict_feedback(graph: Graph, start: dict[str, int], h: int) -> list[int]:
    """Feedback over a step from the rates at its start, as in `scheme`: X rests, N relaxes."""
    course = _Course(graph)
    for place in course.places:
        place.known |= start
        place.known.pop("N")
    equation, first = _with_inflows(_by_state["N"]), course.places[0]
    first.known["N"] = start["N"]
    loss, made = (
        graph.scaled(*zip((1 / 6, 4 / 6, 1 / 6), values, strict=True))
        for values in zip(
            *[(_at(p, equation.loss, start), _at(p, equation.production, start))
              for p in course.places], strict=True
        )
    )  # fmt: skip
    rest = graph.mul(made, graph.inv(loss))
    for place, share in zip(course.places[1:], (0.5, 1.0), strict=True):
        fall = graph.unary("exp", graph.neg(graph.mul(graph.const(share), graph.mul(loss, h))))
        place.known["N"] = graph.add(rest, graph.mul(graph.sub(start["N"], rest), fall))
    return course.projected(FEEDBACK)


def _at(place: Scope, expression: sp.Expr, start: dict[str, int]) -> int:
    before = place.known.get("N")
    place.known["N"] = start["N"]
    node = place.node(expression)
    if before is None:
        place.known.pop("N")
    return node


def _moments(graph: Graph, step: Step, h: int) -> list[int]:
    """Quadratic with the moments of a linear state over a step, at the three places.

    Starts from the quadratic through the state itself, which is as good where z is small, and
    closes what its moments leave open of the three relations, divided by z + SOFT / z.
    """
    g, (q0, qm, q1) = graph, step.forcing
    x0, xm, x1 = step.start, step.middle, step.end
    z = g.mul(step.loss, h)
    share = g.mul(z, g.inv(g.add(g.mul(z, z), g.const(SOFT))))

    def closed(guess: int, right: int) -> int:
        return g.add(guess, g.mul(g.sub(right, g.mul(z, guess)), share))

    def legendre(a: int, b: int, c: int) -> list[int]:
        return [
            g.scaled((1 / 6, a), (4 / 6, b), (1 / 6, c)),
            g.scaled((1 / 6, c), (-1 / 6, a)),
            g.scaled((1 / 15, a), (-2 / 15, b), (1 / 15, c)),
        ]

    guess, forced = legendre(x0, xm, x1), [g.mul(h, q) for q in legendre(q0, qm, q1)]
    rise, total = g.sub(x1, x0), g.add(x0, x1)
    mean = closed(guess[0], g.sub(forced[0], rise))
    first = closed(guess[1], g.add(g.sub(forced[1], total), g.scaled((2.0, mean))))
    second = closed(guess[2], g.add(g.sub(forced[2], rise), g.scaled((6.0, first))))
    return _quadratic(g, mean, first, second)


def _quadratic(graph: Graph, mean: int, first: int, second: int) -> list[int]:
    """Values at start, middle and end from the means weighted by P0, P1 and P2."""
    return [
        graph.scaled((1.0, mean), (-3.0, first), (5.0, second)),
        graph.scaled((1.0, mean), (-2.5, second)),
        graph.scaled((1.0, mean), (3.0, first), (5.0, second)),
    ]
