"""Python source of the compiled solver, generated from the equations.

The source is `metinfer.mechanism.driver` with four loops put in (start and step, each with its
reverse). Each runs over a block of lanes in one flat workspace with constant offsets, so that
LLVM turns lanes into vector lanes.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable

from metinfer.mechanism import driver
from metinfer.mechanism.equations import INPUTS, PARAMETERS, STATES
from metinfer.mechanism.graph import Graph, reverse
from metinfer.mechanism.scheme import PLACES, start_graph, step_graph

#: Lanes in a block: one 512-bit vector, or two of 256 bits.
BLOCK = 8
#: Longest expression put in place of a name.
LONGEST = 60
_CALLS = {"exp": "exp_", "log": "log_", "sqrt": "math.sqrt"}
_INFIX = {"add": "+", "sub": "-", "mul": "*"}


def workspace() -> dict[str, int]:
    """Name of a value -> its row in the workspace (rows are `BLOCK` numbers long)."""
    names = [f"theta_{p.name}" for p in PARAMETERS]
    names += [f"in{place}_{spec.name}" for place in PLACES for spec in INPUTS]
    names += ["h", "bolus"]
    names += [f"x_{s.name}" for s in STATES]
    names += [f"adj_{s.name}" for s in STATES]
    names += [f"bar_{p.name}" for p in PARAMETERS]
    return {name: row for row, name in enumerate(names)}


class _Writer:
    """Writes the nodes that some outputs need, in order, as straight-line Python."""

    def __init__(self, graph: Graph, roots: Iterable[int], rows: dict[str, int]) -> None:
        self.graph = graph
        self.rows = rows
        self.lines: list[str] = []
        self.uses = self._count(set(roots))
        self.text: dict[int, str] = {}
        for node in sorted(self.uses):
            self._write(node)

    def _count(self, roots: set[int]) -> dict[int, int]:
        uses = dict.fromkeys(roots, 2)
        for node in range(max(roots, default=-1), -1, -1):
            if node in uses:
                for argument in _arguments(self.graph.ops[node]):
                    uses[argument] = uses.get(argument, 0) + 1
        return uses

    def _write(self, node: int) -> None:
        name, *args = self.graph.ops[node]
        if name == "const":
            value = float(args[0])
            self.text[node] = repr(value) if value >= 0 else f"({value!r})"
        elif name == "load":
            self._name(node, f"w[{self.rows[args[0]] * BLOCK} + i]")
        elif name == "phi":
            names = ", ".join(f"p{node}_{k}" for k in range(5))
            self.lines.append(f"{names} = phi_({self.text[args[0]]})")
        elif name == "pick":
            self.text[node] = f"p{args[1]}_{args[0]}"
        else:
            self._operation(node, name, [self.text[a] for a in args])

    def _operation(self, node: int, name: str, args: list[str]) -> None:
        if name in _INFIX:
            text = f"({args[0]} {_INFIX[name]} {args[1]})"
        elif name == "inv":
            text = f"(1.0 / {args[0]})"
        elif name == "neg":
            text = f"(-{args[0]})"
        else:
            text = f"{_CALLS[name]}({args[0]})"
        if self.uses[node] == 1 and len(text) < LONGEST:
            self.text[node] = text
        else:
            self._name(node, text)

    def _name(self, node: int, text: str) -> None:
        self.text[node] = f"v{node}"
        self.lines.append(f"v{node} = {text}")


def _arguments(op: tuple[object, ...]) -> list[int]:
    if op[0] in ("const", "load"):
        return []
    return list(op[2:] if op[0] == "pick" else op[1:])  # type: ignore[arg-type]


def _loop(graph: Graph, stores: dict[str, int], adds: dict[str, int]) -> list[str]:
    """A loop over a block: `stores` overwrite workspace rows, `adds` accumulate."""
    rows = workspace()
    roots = [*stores.values(), *adds.values()]
    writer = _Writer(graph, roots, rows)
    lines = [*writer.lines]
    lines += [f"w[{rows[k] * BLOCK} + i] = {writer.text[n]}" for k, n in stores.items()]
    lines += [f"w[{rows[k] * BLOCK} + i] += {writer.text[n]}" for k, n in adds.items()]
    return [f"for i in range({BLOCK}):", *(f"    {line}" for line in lines)]


def _forward(graph: Graph, result: dict[str, int]) -> list[str]:
    return _loop(graph, {f"x_{s}": node for s, node in result.items()}, {})


def _reverse(graph: Graph, result: dict[str, int]) -> list[str]:
    """Adjoints of the states before from those after, and the gradient in the parameters."""
    seeds: dict[int, int] = {}
    for state, node in result.items():
        seed = graph.load(f"adj_{state}")
        seeds[node] = graph.add(seeds[node], seed) if node in seeds else seed
    bars = {graph.ops[node][1]: bar for node, bar in reverse(graph, seeds).items()}
    zero = graph.const(0.0)
    stores = {f"adj_{s.name}": bars.get(f"x_{s.name}", zero) for s in STATES}
    adds = {f"bar_{p.name}": bars[f"theta_{p.name}"] for p in PARAMETERS if f"theta_{p.name}" in bars}
    return _loop(graph, stores, adds)


def source() -> str:
    """The whole module: constants, then the drivers with the generated loops put in."""
    loops = {}
    for name, build in (("start", start_graph), ("step", step_graph)):
        graph = Graph()
        result = build(graph)
        loops[f"{name}_forward"] = _forward(graph, result)
        loops[f"{name}_reverse"] = _reverse(graph, result)
    text = inspect.getsource(driver)
    text = text[text.index("# --- copied from here ---") :]
    for name, lines in loops.items():
        found = re.search(rf"^( *)# --- insert {name} ---$", text, flags=re.M)
        if found is None:
            raise LookupError(f"the driver has no place for {name}")
        body = "\n".join(found.group(1) + line for line in lines)
        text = text[: found.start()] + body + text[found.end() :]
    return _header() + "\n\n\n" + text


def _header() -> str:
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
    constants = {name: rows[row] * BLOCK for name, row in first.items()}
    constants |= {
        "BLOCK": BLOCK,
        "STATES": len(STATES),
        "PARAMETERS": len(PARAMETERS),
        "INPUTS": len(INPUTS),
        "SIZE": len(rows) * BLOCK,
    }
    text = inspect.getsource(driver)
    text = text[: text.index("# --- constants ---")]
    text = re.sub(r'^""".*?"""\n', '"""Generated from the equations; do not edit."""\n', text, flags=re.S)
    return text + "\n".join(f"{k} = {v}" for k, v in constants.items())
