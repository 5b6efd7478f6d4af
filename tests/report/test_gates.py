"""What the report says of each limit that a run had to keep."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest

from metinfer.report.gather.gates import GUARDS, PARTS, gates


def gate(name, **more):
    return {"name": name, "value": 1.0, "limit": "<= 1.01", "passed": True, "detail": ""} | more


@pytest.fixture
def told(tmp_path):
    def tell(*found):
        text = json.dumps({"gates": found, "passed": all(g["passed"] for g in found)})
        (tmp_path / "diagnostics.json").write_text(text)
        return gates(SimpleNamespace(path=tmp_path, holds=lambda name: True))

    return tell


def test_every_gate_of_a_fit_says_what_it_guards(told):
    """A gate of a sub-fit is told as the main one, with the sub-fit in words."""
    names = [*GUARDS, *(f"{part}: R-hat" for part in PARTS)]
    kept, passed = told(*map(gate, names))
    assert passed
    assert all(g.meaning for g in kept)
    assert not any("_" in g.name or ":" in g.name for g in kept)


def test_the_place_of_the_worst_value_is_told(told):
    (kept,), passed = told(gate("no_mouse: R-hat", passed=False, detail="n803_crlm_ratio"))
    assert (passed, kept.passed) == (False, False)
    assert kept.name == "R-hat, fit without mouse rows"
    assert "n803 crlm ratio" in kept.meaning
    assert kept.limit == "at most 1.01"


def test_without_diagnostics_nothing_is_judged(tmp_path):
    run = SimpleNamespace(path=tmp_path, holds=lambda name: False)
    assert gates(run) == ((), None)
    (tmp_path / "diagnostics.json").write_text('{"passed": true, "gates": []}')
    assert gates(run) == ((), None)  # not as it was written
