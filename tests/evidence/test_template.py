"""`metinfer new` writes a folder that passes its own check."""

from __future__ import annotations

from pathlib import Path

import pytest

from metinfer.errors import UsageError
from metinfer.evidence import check, read_evidence
from metinfer.evidence.schema import STATISTICS
from metinfer.evidence.template import write_template


def test_template_is_clean_and_complete(tmp_path: Path) -> None:
    root = write_template(tmp_path / "mine")
    report = check(root)
    assert report.ok, report.to_text()
    assert not report.warnings, report.to_text()
    evidence = read_evidence(root)
    assert {m.statistic for m in evidence.fit_rows()} == set(STATISTICS)
    assert {m.role for m in evidence.measurements} == {"fit", "check", "prior", "out"}
    assert (
        "made-up" in (root / "measurements.csv").read_text() + evidence.studies[0].citation.lower()
    )
    assert "| statistic |" in (root / "README.md").read_text()


def test_never_overwrites(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(UsageError, match="not empty"):
        write_template(tmp_path)
    with pytest.raises(UsageError, match="cannot be written"):
        write_template(tmp_path / "notes.txt")
    assert [p.name for p in tmp_path.iterdir()] == ["notes.txt"]
