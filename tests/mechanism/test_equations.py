"""The equations as written: closed, in cascade order, documented."""

from __future__ import annotations

import pytest
import sympy as sp

from metinfer.mechanism.equations import (
    DERIVED,
    EQUATIONS,
    FEEDBACK,
    INPUTS,
    PARAMETERS,
    PREPARED,
    STATES,
    bolus,
    expand,
)
from metinfer.mechanism.graph import Graph, lower
from metinfer.mechanism.tables import latex_equations, parameter_table

KNOWN = {sp.Symbol(x.name, real=True) for x in (*PARAMETERS, *INPUTS)}
KNOWN |= {s for s, _ in PREPARED.values()} | {bolus}


def without_feedback(expression):
    return expression.subs(FEEDBACK, 1)


def test_every_state_has_one_equation_in_order():
    assert [e.state for e in EQUATIONS] == [s.name for s in STATES]


@pytest.mark.parametrize("place", range(len(EQUATIONS)), ids=[e.state for e in EQUATIONS])
def test_an_equation_uses_only_itself_and_states_above(place):
    equation = EQUATIONS[place]
    above = {sp.Symbol(s.name, real=True) for s in STATES[: place + 1]}
    for part in (equation.production, equation.loss):
        assert expand(without_feedback(part)).free_symbols <= KNOWN | above
    assert expand(without_feedback(equation.start)).free_symbols <= KNOWN | above - {
        sp.Symbol(equation.state, real=True)
    }


def test_every_parameter_and_input_is_used():
    used = set().union(
        *(expand(p).free_symbols for e in EQUATIONS for p in (e.production, e.loss, e.start))
    )
    used |= set().union(*(e.free_symbols for _, e in PREPARED.values()))
    assert used >= {sp.Symbol(x.name, real=True) for x in (*PARAMETERS, *INPUTS)}


def test_every_definition_is_used():
    used = set().union(
        *(p.free_symbols for e in EQUATIONS for p in (e.production, e.loss, e.start))
    )
    used |= set().union(*(e.free_symbols for e in DERIVED.values()))
    assert set(DERIVED) <= used


def test_the_tables_name_everything():
    assert [row["name"] for row in parameter_table()] == [p.name for p in PARAMETERS]
    assert all(row["unit"] and row["meaning"] and row["source"] for row in parameter_table())
    latex = dict(latex_equations())
    assert {s.name for s in STATES} <= set(latex)
    assert latex["U"].startswith(r"\frac{dU}{dt} = Z^{b_U}")
    assert "1e-09" not in "".join(latex.values())
    assert "e-9" not in "".join(latex.values())


def test_the_compiler_refuses_what_it_does_not_know():
    x = sp.Symbol("x")
    graph = Graph()
    with pytest.raises(TypeError, match="sin"):
        lower(graph, sp.sin(x), lambda s: graph.load(s.name))
    with pytest.raises(TypeError, match=r"write the power"):
        lower(graph, x ** sp.Float(1.5), lambda s: graph.load(s.name))
