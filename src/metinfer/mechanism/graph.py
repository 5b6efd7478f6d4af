"""Expressions as a graph of elementary operations, each distinct one held once.

Gradients are formed here by reverse accumulation over the graph. Against printing
``sympy.diff`` of every assignment this shares all common subexpressions, of values and of
derivatives alike, without a search for them, and generates the code in a second.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import sympy as sp

Key = tuple[Any, ...]


class Graph:
    """Elementary operations in the order of their making; a node is named by its index."""

    def __init__(self) -> None:
        self.ops: list[Key] = []
        self._index: dict[Key, int] = {}

    def _put(self, *key: object) -> int:
        if key not in self._index:
            self._index[key] = len(self.ops)
            self.ops.append(key)
        return self._index[key]

    def const(self, value: float) -> int:
        """Hold a number."""
        return self._put("const", float(value))

    def load(self, name: str) -> int:
        """Hold a named value, read from memory by the generated code."""
        return self._put("load", name)

    def value(self, node: int) -> float | None:
        """Return the number that a node stands for, if it is constant."""
        op = self.ops[node]
        return float(op[1]) if op[0] == "const" else None

    def add(self, a: int, b: int) -> int:
        """Form a + b."""
        x, y = self.value(a), self.value(b)
        if x is not None and y is not None:
            return self.const(x + y)
        if x == 0.0:
            return b
        if y == 0.0:
            return a
        if self.ops[b][0] == "neg":
            return self.sub(a, self.ops[b][1])
        if self.ops[a][0] == "neg":
            return self.sub(b, self.ops[a][1])
        return self._put("add", *sorted((a, b)))

    def sub(self, a: int, b: int) -> int:
        """Form a - b."""
        x, y = self.value(a), self.value(b)
        if a == b:
            return self.const(0.0)
        if x is not None and y is not None:
            return self.const(x - y)
        if y == 0.0:
            return a
        if x == 0.0:
            return self.neg(b)
        if self.ops[b][0] == "neg":
            return self.add(a, self.ops[b][1])
        return self._put("sub", a, b)

    def neg(self, a: int) -> int:
        """Form -a."""
        x = self.value(a)
        if x is not None:
            return self.const(-x)
        if self.ops[a][0] == "neg":
            return self.ops[a][1]
        return self._put("neg", a)

    def mul(self, a: int, b: int) -> int:
        """Form a b."""
        x, y = self.value(a), self.value(b)
        if x is not None and y is not None:
            return self.const(x * y)
        if y is not None:
            a, b, x, y = b, a, y, x
        if x == 0.0:
            return self.const(0.0)
        if x == 1.0:
            return b
        if x == -1.0:
            return self.neg(b)
        for one, other in ((a, b), (b, a)):
            if self.ops[one][0] == "neg":
                return self.neg(self.mul(self.ops[one][1], other))
        return self._put("mul", *sorted((a, b)))

    def inv(self, a: int) -> int:
        """Form 1 / a."""
        x = self.value(a)
        return self.const(1.0 / x) if x is not None else self._put("inv", a)

    def unary(self, name: str, a: int) -> int:
        """exp, log or sqrt of a."""
        x = self.value(a)
        if x is not None:
            return self.const(float(sp.Function(name)(x)) if name not in UNARY else UNARY[name](x))
        return self._put(name, a)

    def phi(self, order: int, z: int) -> int:
        """phi_order(z); order 0 is exp(-z)."""
        return self._put("pick", order, self._put("phi", z))

    def arguments(self, node: int) -> list[int]:
        """Nodes that a node is computed from."""
        name, *args = self.ops[node]
        if name in ("const", "load"):
            return []
        return list(args[1:] if name == "pick" else args)

    def total(self, terms: Sequence[int]) -> int:
        """Sum of nodes."""
        result = self.const(0.0)
        for term in terms:
            result = self.add(result, term)
        return result

    def scaled(self, *pairs: tuple[float, int]) -> int:
        """Sum of number times node."""
        return self.total([self.mul(self.const(c), node) for c, node in pairs])


UNARY: dict[str, Callable[[float], float]] = {
    "exp": lambda x: float(sp.exp(x)),
    "log": lambda x: float(sp.log(x)),
    "sqrt": lambda x: float(sp.sqrt(x)),
}


def lower(graph: Graph, expression: sp.Expr, values: Callable[[sp.Symbol], int]) -> int:
    """Put a SymPy expression into the graph; `values` gives the node of a symbol."""
    if expression.is_Number:
        return graph.const(float(expression))
    if expression.is_Symbol:
        return values(expression)
    if expression.is_Add or expression.is_Mul:
        nodes = [lower(graph, arg, values) for arg in expression.args]
        join = graph.add if expression.is_Add else graph.mul
        result = nodes[0]
        for node in nodes[1:]:
            result = join(result, node)
        return result
    if expression.is_Pow:
        return _lower_power(graph, expression, values)
    name = type(expression).__name__
    if name in UNARY:
        return graph.unary(name, lower(graph, expression.args[0], values))
    raise TypeError(f"the equations use {name}, which the compiler does not know")


def _lower_power(graph: Graph, expression: sp.Expr, values: Callable[[sp.Symbol], int]) -> int:
    base, exponent = (
        expression.as_base_exp()
        if not isinstance(expression, sp.exp)
        else (sp.E, expression.args[0])
    )
    if base == sp.E:
        return graph.unary("exp", lower(graph, exponent, values))
    node = lower(graph, base, values)
    if exponent == sp.Rational(1, 2):
        return graph.unary("sqrt", node)
    if not exponent.is_Integer:
        raise TypeError(f"write the power {expression} as exp(exponent * log(base))")
    result = node
    for _ in range(abs(int(exponent)) - 1):
        result = graph.mul(result, node)
    return graph.inv(result) if int(exponent) < 0 else result


def reverse(graph: Graph, seeds: Mapping[int, int]) -> dict[int, int]:
    """Adjoints of every load, given the adjoint of some nodes.

    Parameters
    ----------
    graph : Graph
        Grows by the derivative expressions.
    seeds : mapping of node to node
        Output node -> node of its adjoint. A seed is itself a load and is not followed.

    Returns
    -------
    dict
        Load node -> node of its adjoint.
    """
    adjoint: dict[int, list[int]] = {node: [seed] for node, seed in seeds.items()}
    loads: dict[int, int] = {}
    for node in range(max(seeds, default=-1), -1, -1):
        if node not in adjoint:
            continue
        bar = graph.total(adjoint.pop(node))
        op = graph.ops[node]
        if op[0] == "load":
            loads[node] = bar
        for argument, partial in _partials(graph, node):
            adjoint.setdefault(argument, []).append(graph.mul(bar, partial))
    return loads


def _partials(graph: Graph, node: int) -> list[tuple[int, int]]:
    """(argument, derivative of the node in it)."""
    name, *args = graph.ops[node]
    one = graph.const(1.0)
    if name in ("add", "sub"):
        return [(args[0], one), (args[1], one if name == "add" else graph.const(-1.0))]
    if name == "mul":
        return [(args[0], args[1]), (args[1], args[0])]
    if name == "neg":
        return [(args[0], graph.const(-1.0))]
    if name == "inv":
        return [(args[0], graph.neg(graph.mul(node, node)))]
    if name == "exp":
        return [(args[0], node)]
    if name == "log":
        return [(args[0], graph.inv(args[0]))]
    if name == "sqrt":
        return [(args[0], graph.mul(graph.const(0.5), graph.inv(node)))]
    if name == "pick":
        return _phi_partial(graph, args[0], graph.ops[args[1]][1])
    return []


def _phi_partial(graph: Graph, order: int, z: int) -> list[tuple[int, int]]:
    if order == 0:
        return [(z, graph.neg(graph.phi(0, z)))]
    rise = graph.mul(graph.const(order), graph.phi(order + 1, z))
    return [(z, graph.sub(rise, graph.phi(order, z)))]
