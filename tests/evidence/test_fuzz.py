"""Two hundred damaged copies of the tiny folder: clean or faults, no crash, no silent drop."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "fuzz_tables.py"


@pytest.fixture(scope="module")
def fuzz():
    spec = importlib.util.spec_from_file_location("fuzz_tables", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_damaged_copies(fuzz, tiny: Path) -> None:
    counts, bad = fuzz.campaign(tiny, copies=200, seed=7)
    assert bad == []
    assert set(counts) == {"clean", "faults"}
    assert counts["faults"] > 100


def test_a_silent_drop_would_be_seen(fuzz, folder, monkeypatch) -> None:
    from metinfer.evidence import draft

    read = draft.read_table

    def forgetful(table, data):
        parsed = read(table, data)
        if table.name == "doses":
            parsed.rows.pop()
        return parsed

    assert fuzz.verdict(folder.root) == "clean"
    monkeypatch.setattr(draft, "read_table", forgetful)
    assert fuzz.verdict(folder.root) == "dropped"
