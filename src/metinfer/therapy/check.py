"""Faults and doubts of therapies and populations beside an evidence folder, found in one go."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from metinfer.evidence import bundled_path
from metinfer.evidence import check as check_evidence
from metinfer.evidence.faults import WARNING, Issue, Report, make_report
from metinfer.pharmacology import DOSE_UNITS
from metinfer.therapy.populations import Population, read_populations
from metinfer.therapy.reader import Fault, TherapyError
from metinfer.therapy.regimen import DoseRow, Therapies, read_therapies

THERAPIES = "therapies.toml"
READERS: Mapping[str, Callable[[Path], object]] = {
    THERAPIES: read_therapies,
    "populations.toml": read_populations,
}
#: Times the largest, or the smallest, bundled dose of an agent from which a dose is doubted.
FAR_ABOVE, FAR_BELOW = 10.0, 0.01


def faults(folder: Path | str) -> list[Fault]:
    """Every fault of `therapies.toml` and `populations.toml`; a file that is not there has none."""
    return _read(folder)[1]


def _read(folder: Path | str) -> tuple[dict[str, Any], list[Fault]]:
    """What each file of a folder that can be read holds, and every fault of them."""
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
    return parts, found


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


def started(therapies: Therapies, populations: Mapping[str, Population]) -> dict[str, Population]:
    """Populations of the species in which some therapy of the file starts.

    A file of regimens for people alone is not asked about mice that it never names.
    """
    species = {s for t in therapies.therapies.values() for s in t.start}
    return {name: p for name, p in populations.items() if p.species in species}


def require_starts(therapies: Therapies, populations: Mapping[str, Population]) -> None:
    """Raise a TherapyError that lists every therapy without a start in one of the species."""
    found = list(lacking_starts(therapies, populations))
    if found:
        raise TherapyError(found)


def check(folder: Path | str) -> Report:
    """Report of an evidence folder with the therapies and populations that lie in it."""
    report = check_evidence(folder)
    parts, found = _read(folder)
    more = [Issue(f.message, f.file, column=f.key) for f in found]
    if THERAPIES in parts:
        more += unusual_doses(parts[THERAPIES])
    both = make_report([*report.faults, *report.warnings, *more], report.rows)
    return replace(report, faults=both.faults, warnings=both.warnings)


def unusual_doses(therapies: Therapies) -> Iterator[Issue]:
    """Yield a warning for each dose far from all bundled ones of its agent in the same unit.

    Units that differ by a factor, as ug/kg and mg/kg, count as the same.
    """
    known = _bundled_doses()
    for name, therapy in therapies.therapies.items():
        for k, dose in enumerate(therapy.doses):
            doubt = _doubt(dose, known.get((dose.agent, _amount(dose)[1]), []))
            if doubt:
                yield Issue(
                    doubt,
                    therapies.file,
                    column=f"therapies.{name}.doses[{k}].amount",
                    value=f"{dose.amount:g} {dose.unit}",
                    hint="is the unit right?",
                    severity=WARNING,
                )


def _doubt(dose: DoseRow, others: Sequence[DoseRow]) -> str:
    """Return how a dose is far from all others of its agent; empty if it is not, or is none."""
    if not others or not dose.amount:
        return ""
    low, high = min(others, key=_amount), max(others, key=_amount)
    amount = _amount(dose)[0]
    if amount >= FAR_ABOVE * _amount(high)[0]:
        return f"far above the largest bundled dose of {dose.agent}, {high.amount:g} {high.unit}"
    if amount < FAR_BELOW * _amount(low)[0]:
        return f"far below the smallest bundled dose of {dose.agent}, {low.amount:g} {low.unit}"
    return ""


def _bundled_doses() -> dict[tuple[str, str], list[DoseRow]]:
    """Return the doses of the bundled regimens by agent and by what they are given per."""
    found: dict[tuple[str, str], list[DoseRow]] = {}
    for therapy in read_therapies(bundled_path() / THERAPIES).therapies.values():
        for dose in therapy.doses:
            found.setdefault((dose.agent, _amount(dose)[1]), []).append(dose)
    return found


def _amount(dose: DoseRow) -> tuple[float, str]:
    """Return the amount of a dose in ng, and what it is given per."""
    factor, per = DOSE_UNITS[dose.unit]
    return dose.amount * factor, per
