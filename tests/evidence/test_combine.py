"""Folders put together: their rows, and which of two settings holds."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import tomli_w

from metinfer.errors import EvidenceError, UsageError
from metinfer.evidence import bundled_path, combine, read_evidence

TINY = Path(__file__).parents[1] / "data" / "tiny"


def test_rows_and_settings_of_both_folders(tmp_path: Path) -> None:
    bundled, tiny = read_evidence(bundled_path()), read_evidence(TINY)
    both = combine([bundled_path(), TINY], tmp_path / "both")
    for table in ("studies", "arms", "doses", "measurements", "intervals"):
        assert getattr(both, table) == getattr(bundled, table) + getattr(tiny, table)
    assert set(both.populations["populations"]) == {
        *bundled.populations["populations"],
        *tiny.populations["populations"],
    }
    assert both.analysis["answer"] == tiny.analysis["answer"]
    assert both.analysis["question"] == tiny.analysis["question"]
    assert both.therapies == bundled.therapies
    assert both.parameters == bundled.parameters


def test_the_later_folder_wins_name_by_name(tmp_path: Path) -> None:
    own = tmp_path / "own"
    shutil.copytree(TINY, own)
    text = (bundled_path() / "parameters.toml").read_text()
    first = text.index("[[parameter]]")
    entry = text[first : text.index("[[parameter]]", first + 1)]
    (own / "parameters.toml").write_text(entry.replace("median = 0.089", "median = 0.5"))
    both = combine([bundled_path(), own], tmp_path / "both").parameters["parameter"]
    before = read_evidence(bundled_path()).parameters["parameter"]
    assert [e["name"] for e in both] == [e["name"] for e in before]
    assert both[0]["prior"]["median"] == 0.5
    assert both[1:] == before[1:]


def test_what_does_not_fit_together_is_refused(tmp_path: Path) -> None:
    with pytest.raises(EvidenceError, match="control"):
        combine([TINY, TINY], tmp_path / "twice")
    with pytest.raises(UsageError, match="not empty"):
        combine([TINY], tmp_path / "twice")
    with pytest.raises(UsageError, match="no folder .*nowhere"):
        combine([TINY, tmp_path / "nowhere"], tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_a_stop_on_the_way_leaves_no_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(tomli_w, "dumps", stopped)
    with pytest.raises(KeyboardInterrupt):
        combine([TINY], tmp_path / "both")
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_would_take_all_memory_is_refused(tmp_path: Path) -> None:
    own = tmp_path / "own"
    shutil.copytree(TINY, own)
    (own / "analysis.toml").write_text("a." * 100_000 + "a = 1")
    with pytest.raises(EvidenceError, match="nested too deeply"):
        combine([TINY, own], tmp_path / "both")
    assert not (tmp_path / "both").exists()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda text: text.replace("0.75,", "0,75,", 1), "1 cell too many"),
        (lambda text: text.rstrip("\n").rstrip(",") + "\n", "cells too few"),
        (lambda text: text.replace(",", ";"), "not separated by commas"),
    ],
)
def test_a_table_that_cannot_be_read_is_named_with_its_folder(
    tmp_path: Path, change, message: str
) -> None:
    own = tmp_path / "own"
    shutil.copytree(TINY, own)
    path = own / "measurements.csv"
    path.write_text(change(path.read_text()))
    with pytest.raises(EvidenceError, match=message) as caught:
        combine([bundled_path(), own], tmp_path / "both")
    assert {fault.file for fault in caught.value.faults} == {str(path)}
    assert not (tmp_path / "both").exists()


def test_tables_of_other_software_are_put_together_as_they_are_read(tmp_path: Path) -> None:
    own = tmp_path / "own"
    shutil.copytree(TINY, own)
    for name in ("arms", "measurements", "doses"):
        lines = (own / f"{name}.csv").read_text().splitlines()
        (own / f"{name}.csv").write_text("".join(f"{line},,\n" for line in lines))
    both = combine([bundled_path(), own], tmp_path / "both")
    assert both.measurements[-10:] == read_evidence(TINY).measurements
