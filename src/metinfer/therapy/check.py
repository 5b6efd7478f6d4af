"""Faults of the therapies and populations beside an evidence folder, all found in one go."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from metinfer.evidence import check as check_evidence
from metinfer.evidence.faults import Issue, Report, make_report
from metinfer.therapy.populations import Population, read_populations
from metinfer.therapy.reader import Fault, TherapyError
from metinfer.therapy.regimen import Therapies, read_therapies

READERS: Mapping[str, Callable[[Path], object]] = {
    "therapies.toml": read_therapies,
    "populations.toml": read_populations,
}


def faults(folder: Path | str) -> list[Fault]:
    """Every fault of `therapies.toml` and `populations.toml`; a file that is not there has none."""
    found: list[Fault] = []
    parts: dict[str, Any] = {}
    for name, read in READERS.items():
        path = Path(folder) / name
        if path.is_file():
            try:
                parts[name] = read(path)
            except TherapyError as error:
                found += error.faults
    if len(parts) == len(READERS):
        found += lacking_starts(*parts.values())
    return found


def lacking_starts(therapies: Therapies, populations: Mapping[str, Population]) -> Iterator[Fault]:
    """Yield a fault for each therapy without a start in the species of a population."""
    needed = dict.fromkeys(p.species for p in populations.values())
    for name, therapy in therapies.therapies.items():
        lacking = [species for species in needed if species not in therapy.start]
        # A combination starts as its parts do, and each of those is told by itself.
        if therapy.parts or not lacking:
            continue
        who = [p.name for p in populations.values() if p.species in lacking]
        yield Fault(
            therapies.file,
            f"therapies.{name}.start",
            f"has no day for {', '.join(lacking)} (species of {', '.join(who)}): "
            "give a day for each, or one number for all",
        )


def require_starts(therapies: Therapies, populations: Mapping[str, Population]) -> None:
    """Raise a TherapyError that lists every therapy without a start in one of the species."""
    found = list(lacking_starts(therapies, populations))
    if found:
        raise TherapyError(found)


def check(folder: Path | str) -> Report:
    """Report of an evidence folder with the therapies and populations that lie in it."""
    report = check_evidence(folder)
    more = [Issue(f.message, f.file, column=f.key) for f in faults(folder)]
    both = make_report([*report.faults, *more], report.rows)
    return replace(report, faults=both.faults)
