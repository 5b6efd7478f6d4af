"""Fixtures for all tests, and the rule that a browser test may not be skipped under CI."""

from __future__ import annotations

import os
import shutil
import signal
from pathlib import Path

import pytest

from tests import toy

BROWSERS = ("chromium", "chromium-browser", "google-chrome")


#: Files that take longest go first, so that no worker is left alone with one at the end.
LONGEST = ("test_notebooks.py", "test_docs.py", "test_cli.py", "test_reliability.py")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Longest files first; all others in the order of the folders."""
    last = len(LONGEST)
    items.sort(key=lambda i: LONGEST.index(i.path.name) if i.path.name in LONGEST else last)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item):
    report = yield
    if report.skipped and item.get_closest_marker("browser") and os.environ.get("CI") == "true":
        report.outcome = "failed"
        report.longrepr = "a browser test was skipped under CI: install Chromium"
    return report


@pytest.fixture(scope="session")
def chromium() -> Path:
    """The browser's program; the test is skipped where there is none."""
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        pytest.skip("no Chromium on this machine")
    return Path(found)


@pytest.fixture
def toy_evidence(tmp_path):
    """Evidence of one file, for runs of the toy model."""
    return toy.evidence(tmp_path / "evidence")


@pytest.fixture(scope="session", autouse=True)
def interrupts_are_heard() -> None:
    """A shell starts what runs in its background deaf to Ctrl-C, and children inherit that."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
