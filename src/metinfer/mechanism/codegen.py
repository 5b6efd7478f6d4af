"""What the compiled solver computes, as eight loops over a block of lanes, and where it is kept.

A block is eight lanes. Everything about a block lies in one flat workspace, one row of eight
numbers per named value; the loops read and write rows. There are four, each with its reverse:
start, step, step of a niche at rest, and step under doses.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from metinfer.mechanism.dosed import NODE_VALUES, NODES, dosed_graph, node_name
from metinfer.mechanism.equations import INPUTS, PARAMETERS, STATES
from metinfer.mechanism.graph import Graph, reverse
from metinfer.mechanism.resting import rest_graph
from metinfer.mechanism.scheme import PLACES, Scope, start_graph, step_graph

#: Kinds of lane: the niche moves, it rests, the lane has no grid, or drugs are given.
MOVING, STILL, FAILED, DOSED = 0, 1, 2, 3
#: The driver is a template: it is read, never imported.
DRIVER = Path(__file__).with_name("driver.py")
#: Most passes of a start with a feedback, and the relative change at which it has settled.
SETTLE, SETTLED = 500, 1e-14
#: Lanes in a block: one 512-bit vector, two of 256 bits or four of 128.
BLOCK = 8


@dataclass(frozen=True)
class Loop:
    """Straight-line code over a block.

    Attributes
    ----------
    graph : Graph
    stores : mapping of str to int
        Workspace row -> node whose value overwrites it.
    adds : mapping of str to int
        Workspace row -> node whose value is added to it.
    """

    graph: Graph
    stores: Mapping[str, int]
    adds: Mapping[str, int]

    def needed(self) -> list[int]:
        """Nodes that the results need, in order."""
        wanted = {*self.stores.values(), *self.adds.values()}
        for node in range(max(wanted, default=-1), -1, -1):
            if node in wanted:
                wanted.update(self.graph.arguments(node))
        return sorted(wanted)


@cache
def workspace() -> dict[str, int]:
    """Name of a value -> its row in the workspace (rows are `BLOCK` numbers long)."""
    names = [f"theta_{p.name}" for p in PARAMETERS]
    names += [f"in{place}_{spec.name}" for place in PLACES for spec in INPUTS]
    names += [node_name(i, value) for i in range(NODES) for value in NODE_VALUES]
    names += ["h", "bolus"]
    names += [f"x_{s.name}" for s in STATES]
    names += [f"adj_{s.name}" for s in STATES]
    names += [f"bar_{p.name}" for p in PARAMETERS]
    return {name: row for row, name in enumerate(names)}


def loop(name: str) -> Loop:
    """One of ``start``, ``step``, ``still`` and ``dosed`` with ``_forward`` or ``_reverse``."""
    part, direction = name.split("_")
    graph = Graph()
    result = _values(graph, part)
    if direction == "forward":
        return Loop(graph, {f"x_{s}": node for s, node in result.items()}, {})
    return _reverse(graph, result)


def _values(graph: Graph, part: str) -> dict[str, int]:
    if part == "still":
        return rest_graph(graph, Scope(graph, "0"))
    return {"start": start_graph, "step": step_graph, "dosed": dosed_graph}[part](graph)


def _reverse(graph: Graph, result: dict[str, int]) -> Loop:
    """Adjoints of the states before from those after, and the gradient in the parameters."""
    seeds: dict[int, int] = {}
    for state, node in result.items():
        seed = graph.load(f"adj_{state}")
        seeds[node] = graph.add(seeds[node], seed) if node in seeds else seed
    bars = {str(graph.ops[node][1]): bar for node, bar in reverse(graph, seeds).items()}
    zero = graph.const(0.0)
    stores = {f"adj_{s.name}": bars.get(f"x_{s.name}", zero) for s in STATES}
    thetas = [p.name for p in PARAMETERS if f"theta_{p.name}" in bars]
    return Loop(graph, stores, {f"bar_{p}": bars[f"theta_{p}"] for p in thetas})


def source() -> str:
    """Write the module that Numba compiles: the driver with its constants and the loops."""
    rows = workspace()
    first = {
        "THETA": f"theta_{PARAMETERS[0].name}",
        "INPUT": f"in0_{INPUTS[0].name}",
        "STEP": "h",
        "BOLUS": "bolus",
        "X": f"x_{STATES[0].name}",
        "ADJOINT": f"adj_{STATES[0].name}",
        "BAR": f"bar_{PARAMETERS[0].name}",
    }
    constants: dict[str, float] = {name: rows[row] * BLOCK for name, row in first.items()}
    constants |= {"BLOCK": BLOCK, "STATES": len(STATES), "PARAMETERS": len(PARAMETERS)}
    constants |= {"COLUMNS": 3 * len(INPUTS) + NODES * len(NODE_VALUES)}
    constants |= {"INPUTS": len(INPUTS), "SIZE": len(rows) * BLOCK}
    constants |= {
        "STILL": STILL,
        "FAILED": FAILED,
        "DOSED": DOSED,
        "SETTLE": SETTLE,
        "SETTLED": SETTLED,
    }
    text = DRIVER.read_text(encoding="utf-8")
    title = '"""Made from metinfer; do not edit."""\n'
    text = re.sub(r'^""".*?"""\n', title, text, flags=re.S)
    place = re.search(r"# --- constants ---.*?# --- end ---\n", text, flags=re.S)
    if place is None:
        raise LookupError("the driver has no place for its constants")
    parts = ("start", "step", "still", "dosed")
    loops = [f"{part}_{way}" for part in parts for way in ("forward", "reverse")]
    lines = [f"from metinfer.mechanism.emit import {', '.join(loops)}"]
    lines += [f"{k} = {v}" for k, v in constants.items()]
    return text[: place.start()] + "\n".join(lines) + "\n" + text[place.end() :]
