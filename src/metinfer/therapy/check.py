"""Faults of the therapies and populations beside an evidence folder, all found in one go."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from metinfer.evidence import check as check_evidence
from metinfer.evidence.faults import Issue, Report, make_report
from metinfer.therapy.populations import read_populations
from metinfer.therapy.reader import Fault, TherapyError
from metinfer.therapy.regimen import read_therapies

READERS: Mapping[str, Callable[[Path], object]] = {
    "therapies.toml": read_therapies,
    "populations.toml": read_populations,
}


def faults(folder: Path | str) -> list[Fault]:
    """Every fault of `therapies.toml` and `populations.toml`; a file that is not there has none."""
    found: list[Fault] = []
    for name, read in READERS.items():
        path = Path(folder) / name
        if path.is_file():
            try:
                read(path)
            except TherapyError as error:
                found += error.faults
    return found


def check(folder: Path | str) -> Report:
    """Report of an evidence folder with the therapies and populations that lie in it."""
    report = check_evidence(folder)
    more = [Issue(f.message, f.file, column=f.key) for f in faults(folder)]
    both = make_report([*report.faults, *more], report.rows)
    return replace(report, faults=both.faults)
