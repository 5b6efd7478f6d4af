"""Made-up content, rendered once."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.report.synthetic import content, hostile, small

from metinfer.report.build import write


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the reports ok.html, failed.html and hostile.html."""
    out = tmp_path_factory.mktemp("reports")
    write(content(), out / "ok.html")
    write(small(reportable=False), out / "failed.html")
    write(hostile(), out / "hostile.html")
    return out
