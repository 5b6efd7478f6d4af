"""Damaged copies of the tiny folder: clean or faults, no crash, no silent drop or change."""

from __future__ import annotations

import importlib.util
import re
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "fuzz_tables.py"


@pytest.fixture(scope="module")
def fuzz():
    spec = importlib.util.spec_from_file_location("fuzz_tables", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # where its dataclasses look for their annotations
    spec.loader.exec_module(module)
    return module


def test_damaged_copies(fuzz, tiny: Path) -> None:
    counts, bad = fuzz.campaign(tiny, copies=200, seed=7)
    assert bad == []
    assert set(counts) == {"clean", "faults"}
    assert counts["faults"] > 100


def test_tables_as_other_software_writes_them(fuzz, tiny: Path) -> None:
    counts, bad = fuzz.export_campaign(tiny, copies=4 * len(fuzz.EXPORTS), seed=7)
    assert bad == []
    assert counts["R: empty cells are NA"] == {"read alike": 4}
    assert counts["pandas: index column"] == {"found": 4}
    assert counts["a number became NaN, #N/A, #DIV/0! or ####"] == {"found": 4}
    assert not any("unnamed" in verdicts for verdicts in counts.values())


def test_a_changed_number_would_be_seen(fuzz, tiny: Path, monkeypatch) -> None:
    from metinfer.evidence import cells

    parse = cells._PARSERS["number"]

    def forgiving(column, text):
        try:
            return parse(column, text)
        except cells.CellError:
            return None

    monkeypatch.setitem(cells._PARSERS, "number", forgiving)
    monkeypatch.setattr(cells, "_MISSING", frozenset())
    monkeypatch.setattr(cells, "_EXCEL_ERROR", re.compile("(?!)"))
    lost = [export for export in fuzz.EXPORTS if "became NaN" in export.name]
    monkeypatch.setattr(fuzz, "EXPORTS", lost)
    _, bad = fuzz.export_campaign(tiny, copies=30, seed=7)
    assert any(line.endswith(": changed") for line in bad)


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
