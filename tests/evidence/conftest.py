"""A copy of the tiny evidence folder that a test may damage."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path

import pytest

from metinfer.evidence import check
from metinfer.evidence.faults import Issue, Report

TINY = Path(__file__).parents[1] / "data" / "tiny"


class Folder:
    """An evidence folder on disk with shortcuts to change single cells and rows."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def rows(self, table: str) -> list[dict[str, str]]:
        with (self.root / f"{table}.csv").open(newline="", encoding="utf-8") as file:
            return list(csv.DictReader(file))

    def write(self, table: str, rows: list[dict[str, str]]) -> None:
        columns = list(dict.fromkeys(name for row in rows for name in row))
        with (self.root / f"{table}.csv").open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, columns, restval="", lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)

    def change(self, table: str, index: int, **cells: str) -> None:
        rows = self.rows(table)
        rows[index].update(cells)
        self.write(table, rows)

    def add(self, table: str, like: int = 0, **cells: str) -> int:
        """Append a copy of row `like` with other cells; its line in the file."""
        rows = self.rows(table)
        rows.append(rows[like] | cells)
        self.write(table, rows)
        return len(rows) + 1

    def bytes(self, file: str, change) -> None:
        path = self.root / file
        path.write_bytes(change(path.read_bytes()))

    def report(self) -> Report:
        return check(self.root)

    def faults(self) -> tuple[Issue, ...]:
        return self.report().faults

    def only_fault(self) -> Issue:
        faults = self.faults()
        assert len(faults) == 1, [str(fault) for fault in faults]
        return faults[0]

    def only_warning(self) -> Issue:
        report = self.report()
        assert report.ok, report.to_text()
        assert len(report.warnings) == 1, report.to_text()
        return report.warnings[0]


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    shutil.copytree(TINY, tmp_path / "tiny")
    return Folder(tmp_path / "tiny")


@pytest.fixture
def tiny() -> Path:
    return TINY
