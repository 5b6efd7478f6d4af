"""Made-up content, rendered once."""

from __future__ import annotations

from pathlib import Path

import pytest

from metinfer.report.build import write
from tests.report.synthetic import bundled, content, hostile, small


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the reports ok, failed, hostile and bundled, as .html."""
    out = tmp_path_factory.mktemp("reports")
    write(content(), out / "ok.html")
    write(small(reportable=False), out / "failed.html")
    write(hostile(), out / "hostile.html")
    write(bundled(), out / "bundled.html")
    return out
