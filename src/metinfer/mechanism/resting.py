"""One step of a niche at rest, exact at any length.

While the niche rests and cells arrive at an even rate, the tumour states are a linear chain with
constant rates: founders arrive (rate P), leave the dormant state at rate a, and pass three stages
that each lose b. Its solution is a sum of

    I[r1, ..., rn](h) = the share that h days after entering a chain of losses r1 ... rn
                        has reached its last state, per unit passage rates,

the divided difference of exp(-r h) over the losses, with h^(n-1) inside. Those over a, b, b, b
are phi functions of (a - b) h, which are positive sums. A last state that loses nothing
(metastases) follows by I[s, 0] = (I[s] without its last b, then 0 - I[s]) / b, where little
cancels as long as b h is not far below 0.01.
"""

from __future__ import annotations

import sympy as sp

from metinfer.mechanism.equations import EQUATIONS, NICHE
from metinfer.mechanism.graph import Graph
from metinfer.mechanism.scheme import Scope

#: States of the chain from dormant to detectable, and where all that leaves it is counted.
CHAIN, SINK = ("D", "W1", "W2", "W3", "L"), "K"
_STAGES = 3


def rest_graph(graph: Graph, scope: Scope) -> dict[str, int]:
    """State -> node of its value after a step; `scope` gives nodes at the start of the step."""
    equations = {e.state: e for e in EQUATIONS}
    start = {e.state: graph.load(f"x_{e.state}") for e in EQUATIONS}
    scope.known |= start
    h = graph.load("h")
    arriving = scope.node(equations["D"].production)
    passages = [
        scope.node(sp.diff(equations[after].production, sp.Symbol(before, real=True)))
        for before, after in zip(CHAIN[:-1], CHAIN[1:], strict=True)
    ]
    losses = scope.node(equations["D"].loss), scope.node(equations["W1"].loss)
    response = _Responses(graph, *losses, h)
    result = {name: start[name] for name in NICHE}
    for place, name in enumerate(CHAIN):
        parts = [graph.mul(arriving, _through(graph, passages[:place], response.arriving(place)))]
        for source in range(place + 1):
            share = _through(graph, passages[source:place], response.between(source, place))
            parts.append(graph.mul(start[CHAIN[source]], share))
        result[name] = graph.total(parts)
    before = graph.total([start[n] for n in CHAIN])
    kept = graph.total([result[n] for n in CHAIN])
    entered = graph.add(graph.mul(arriving, h), graph.sub(before, kept))
    result[SINK] = graph.add(start[SINK], entered)
    return result


def _through(graph: Graph, passages: list[int], response: int) -> int:
    for rate in passages:
        response = graph.mul(rate, response)
    return response


class _Responses:
    """I[...] of the chain for losses a (dormant) and b (each stage) over a step."""

    def __init__(self, graph: Graph, a: int, b: int, h: int) -> None:
        self.graph, self.h = graph, h
        self.inverse = graph.inv(b)
        ah, bh = graph.mul(a, h), graph.mul(b, h)
        gap = graph.sub(ah, bh)
        decay = graph.phi(0, bh)
        powers = [graph.const(1.0), h, graph.mul(h, h), graph.mul(h, graph.mul(h, h))]
        #: I[a], I[a, b], I[a, b, b], I[a, b, b, b]
        self.dormant = [graph.phi(0, ah)] + [
            graph.mul(graph.mul(powers[k], decay), graph.phi(k, gap)) for k in (1, 2, 3)
        ]
        #: I[b], I[b, b], I[b, b, b]
        self.stages = [
            graph.mul(graph.const(f), graph.mul(powers[k], decay))
            for k, f in ((0, 1.0), (1, 1.0), (2, 0.5))
        ]
        #: I[a, 0], I[a, b, 0], ...; I[b, 0], I[b, b, 0], ...; I[a, 0, 0], I[a, b, 0, 0], ...
        self.left = self._end(graph.mul(h, graph.phi(1, ah)), self.dormant[1:])
        self.seen = self._end(graph.mul(h, graph.phi(1, bh)), self.stages[1:])
        self.arrived = self._end(graph.mul(powers[2], graph.phi(2, ah)), self.left[1:])

    def _end(self, first: int, lower: list[int]) -> list[int]:
        found = [first]
        for part in lower:
            found.append(self.graph.mul(self.graph.sub(found[-1], part), self.inverse))
        return found

    def between(self, source: int, place: int) -> int:
        """Share of what was in one state of the chain that is in another after the step."""
        if source == place:
            return [self.dormant[0], *[self.stages[0]] * _STAGES, self.graph.const(1.0)][place]
        if source == 0:
            return self.dormant[place] if place <= _STAGES else self.left[_STAGES]
        if place <= _STAGES:
            return self.stages[place - source]
        return self.seen[_STAGES - source]

    def arriving(self, place: int) -> int:
        """The same for what arrived during the step at rate 1."""
        return self.left[place] if place <= _STAGES else self.arrived[_STAGES]
