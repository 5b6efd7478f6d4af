"""A made-up run, its results, and its pages, made once."""

from __future__ import annotations

from pathlib import Path

import pytest

from metinfer.report.build import write
from metinfer.summaries import Results, results_of
from tests.report.made_up import MadeUp

HOSTILE = "<script>alert(1)</script> $x^2$ =1+1"


@pytest.fixture(scope="session")
def run(tmp_path_factory: pytest.TempPathFactory) -> MadeUp:
    """A made-up run whose gates pass."""
    return MadeUp(tmp_path_factory.mktemp("run"))


@pytest.fixture(scope="session")
def found(run: MadeUp) -> Results:
    """Its results."""
    return results_of(run)


@pytest.fixture(scope="session")
def folder(found: Results, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder with the pages ok, failed and hostile, and the brief of the first."""
    out = tmp_path_factory.mktemp("pages")
    write(found, out / "ok.html")
    write(found, out / "brief.html", brief=True)
    bad = MadeUp(tmp_path_factory.mktemp("failed"), quick=True)
    bad.fail()
    write(results_of(bad), out / "failed.html")
    write(results_of(MadeUp(tmp_path_factory.mktemp("hostile"), HOSTILE)), out / "hostile.html")
    return out
