"""How the model is told: arrows, symbols, values at time zero, priors."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import xarray as xr

from metinfer.evidence import bundled_path, read_evidence
from metinfer.report import sections_priors
from metinfer.report.content import (
    Parameter,
    Span,
)
from metinfer.report.figures import mechanism
from metinfer.report.gather import (
    links,
    model,
    posterior,
    symbols,
)


def test_arrows_carry_effects_in_people() -> None:
    """A log slope of 1 doubles; the human value is the mouse value with its deviation."""
    one = (("chain", "draw"), np.full((2, 3), 1.0))
    after = xr.Dataset(
        {"stellate_cxcl12": one, "nk_hold": one, "ifng_steepness": one,
         "awakening_floor": (("chain", "draw"), np.full((2, 3), 0.5)),
         "dormant_kill": (("chain", "draw", "species"), np.full((2, 3, 2), [9.0, 1e-4])),
         "transfer": (("chain", "draw", "transfer_parameter"), np.full((2, 3, 1), np.log(2)))},
        coords={"species": ["mouse", "human"], "transfer_parameter": ["stellate_cxcl12"]},
    )  # fmt: skip
    flat = Span(1.0, 1.0, 1.0, 1.0, 1.0)
    known = tuple(Parameter(n, "", "1", "", "", "", flat, flat)
                  for n in ("stellate_cxcl12", "nk_hold", "dormant_kill[human]"))  # fmt: skip
    prior = {"dist": "lognormal"}
    document = {"parameter": [{"name": p.name.partition("[")[0], "prior": prior} for p in known]}
    found = {k.key: k for k in links.links(known, document, after)}
    assert found["stellate_cxcl12"].strength.median == pytest.approx(4.0)
    assert found["ifng_awakening"].strength.median == pytest.approx(1.5)
    assert found["nk_killing"].strength.median == pytest.approx(100 * (1 - np.exp(-0.036525)))
    assert found["nk_killing"].unit == "% a year"


def test_every_arrow_of_the_diagram_has_an_effect() -> None:
    assert {a.key for a in links.ARROWS.values()} == set(mechanism.ARROWS)
    names = {p["name"] for p in read_evidence(bundled_path()).parameters["parameter"]}
    assert {*links.ARROWS, *(m for a in links.ARROWS.values() for m in a.more)} <= names


def test_values_at_time_zero_are_those_of_the_solver() -> None:
    """Founders and clones per founder: dormant before surgery in people, arriving in mice."""
    human = {"founders0": 1.0, "founders": 0.0, "bolus": 0.0, "awake0": 0.3, "seen": 0.0}
    mouse = human | {"founders0": 0.0, "founders": 1.0, "awake0": 0.0}
    for equation in model.source.EQUATIONS:
        if equation.state in model.source.NICHE:
            continue
        value = [float(equation.start.subs({s: v[str(s)] for s in equation.start.free_symbols
                                            if str(s) in v}).subs({"seed": 1.0}))
                 for v in (human, mouse)]  # fmt: skip
        said = model.starts(equation.state)
        assert [v == 0 for v in value] == [t.startswith("0") for t in said], equation.state
        assert ("a third" in said[0]) == (value[0] == pytest.approx(0.1))


def test_symbols_of_the_priors_are_those_of_the_equations() -> None:
    assert [symbols.of(s) for s in ("kA", "eta", "Ncap", "M", "pi")] == [
        "k_A", "\u03b7", "N_max", "M", "\u03c0",
    ]  # fmt: skip
    said = symbols.spoken("dA/dt = kA*(1 - A**2)")
    assert said == "rate of change of A equals kA times (1 minus A to the power 2)"
    equations = model.equations()
    assert all(e.spoken and "**" not in e.spoken for e in equations)


def test_every_parameter_is_shared_scaled_or_separate() -> None:
    document = read_evidence(bundled_path()).parameters
    found = {r.rule: r.parameters for r in model.rules(document)}
    assert "stellate cxcl12 (b_A)" in found[model.SCALED]
    assert "awakening rate (w_1)" in found[model.SEPARATE["context"]]
    assert sum(p.count("(") for p in found.values()) == len(document["parameter"])


def test_slow_rates_of_people_are_read_per_year() -> None:
    slow = {"dist": "lognormal", "median": 1e-4, "log_sd": 1.0}
    assert posterior._per_year("1/day", slow, "human") == ("1/year", 365.25)
    assert posterior._per_year("1/day", slow, "mouse") == ("1/day", 1.0)
    assert posterior._per_year("1/day", {**slow, "median": 0.05}, "human") == ("1/day", 1.0)
    assert posterior._distribution(slow, 365.25) == "lognormal (median 0.0365, log sd 1.0)"


def test_priors_of_one_parameter_share_a_row() -> None:
    base = Parameter("rate[a]", "rate (a)", "1/day", "wide", "because", "", Span(1, 1, 1, 1, 2),
                     symbol="w", place="a")  # fmt: skip
    other = replace(base, name="rate[b]", meaning="rate (b)", place="b")
    third = replace(base, name="rate[c]", meaning="rate (c)", place="c", distribution="narrow")
    (found,) = sections_priors.families([base, other, third])
    assert found.meaning == "rate"
    assert found.lines.splitlines() == ["a, b: 1.0 (1.0 to 2.0) 1/day; wide",
                                        "c: 1.0 (1.0 to 2.0) 1/day; narrow"]  # fmt: skip
