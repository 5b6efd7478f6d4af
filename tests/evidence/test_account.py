"""Every row of the bundled tables is accounted for, and docs/evidence.md says so."""

from __future__ import annotations

import importlib.util
from collections import Counter
from pathlib import Path

import pytest

from metinfer.evidence import bundled_path, read_evidence
from metinfer.evidence.account import by_endpoint, by_role
from metinfer.evidence.vocabulary import OBSERVABLES, SCORED

DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture(scope="module")
def evidence():
    return read_evidence(bundled_path())


@pytest.fixture(scope="module")
def script():
    spec = importlib.util.spec_from_file_location("evidence_page", DOCS / "evidence.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_roles_and_reasons_add_to_every_row(evidence) -> None:
    found = by_role(evidence.measurements)
    assert sum(sum(kinds.values()) for kinds in found.values()) == len(evidence.measurements)
    assert set(found["out"]) == {
        "twice", "outside the model", "elsewhere", "estimand", "incomplete",
    }  # fmt: skip
    twice = [m for m in evidence.measurements if m.reason.startswith("twice:") and m.role == "out"]
    assert found["out"]["twice"] == len(twice) == 206


def test_endpoints_add_to_every_row_and_are_mapped_or_not_used(evidence, script) -> None:
    endpoints = by_endpoint(evidence.measurements)
    assert sum(e.rows for e in endpoints) == len(evidence.measurements)
    assert len({(e.endpoint, e.matrix) for e in endpoints}) == len(endpoints)
    used: Counter[str] = Counter()
    for e in endpoints:
        assert e.rows == sum(e.observables.values()) + sum(e.elsewhere.values())
        assert set(e.observables) <= set(script.FORMULAS)
        assert set(e.elsewhere).isdisjoint(SCORED)
        used.update(e.observables)
    assert used.total() == len(evidence.rows("fit", "check"))


def test_every_observable_has_a_formula(script) -> None:
    assert set(OBSERVABLES) - set(script.FORMULAS) == {"event_hazard"}  # rows of intervals.csv
    assert set(script.FORMULAS) <= set(OBSERVABLES)
    assert all(len(words) > 1 for words, _ in script.FORMULAS.values())


def test_page_is_the_one_the_tables_give(evidence, script) -> None:
    written = (DOCS / "evidence.md").read_text(encoding="utf-8")
    assert script.page(evidence) == written, "run python docs/evidence.py"


def test_page_names_the_spreads_as_the_model_has_them(script) -> None:
    from metinfer.inference.families import SURROGATE_SD
    from metinfer.inference.statistics import DEFAULT_LOG_SE

    text = script.TEXT.read_text(encoding="utf-8")
    assert f"| blood for liver | {SURROGATE_SD:g}, fixed |" in text
    assert "log standard error ln 2" in text
    assert pytest.approx(0.6931, abs=1e-4) == DEFAULT_LOG_SE
