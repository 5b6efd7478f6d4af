"""Read an evidence folder into validated, typed rows."""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256
from os import PathLike
from pathlib import Path

from metinfer.errors import EvidenceError
from metinfer.evidence.check import judge
from metinfer.evidence.draft import Draft, read_draft
from metinfer.evidence.rules.doubts import lacks_spread
from metinfer.evidence.types import Evidence, Measurement, SourceFile
from metinfer.evidence.vocabulary import SCORED


def read_evidence(path: str | PathLike[str]) -> Evidence:
    """Validated evidence of the folder `path`.

    TOML files that the folder does not have are taken from the bundled evidence. With
    ``missing_spread = "leave_out"`` in analysis.toml, ratios without an interval get role out.

    Parameters
    ----------
    path : path
        Folder with measurements.csv and its companions.

    Returns
    -------
    Evidence

    Raises
    ------
    EvidenceError
        Listing every fault of the folder.

    Examples
    --------
    >>> import metinfer as mi
    >>> evidence = mi.read_evidence("tests/data/tiny")
    >>> len(evidence.fit_rows()), len(evidence.fit_intervals())
    (6, 3)
    """
    draft = read_draft(Path(path))
    report = judge(draft)
    if report.faults:
        raise EvidenceError(report.faults)
    return _evidence(draft)


def _evidence(draft: Draft) -> Evidence:
    return Evidence(
        studies=tuple(draft.studies),
        arms=tuple(draft.arms),
        doses=tuple(draft.doses),
        measurements=_measurements(draft),
        intervals=tuple(draft.intervals),
        parameters=draft.settings["parameters"],
        analysis=draft.settings["analysis"],
        therapies=draft.settings["therapies"],
        populations=draft.settings["populations"],
        root=draft.root,
        files=tuple(draft.files),
        digest=_digest(draft.files),
    )


def _measurements(draft: Draft) -> tuple[Measurement, ...]:
    """Rows as given, or with ratios that have no interval left out, if the analysis asks so."""
    rows = tuple(draft.measurements)
    if draft.settings["analysis"].get("missing_spread") != "leave_out":
        return rows
    return tuple(_left_out(r) if r.role in SCORED and lacks_spread(r) else r for r in rows)


def _left_out(row: Measurement) -> Measurement:
    why = f'incomplete: no interval, and missing_spread = "leave_out" (was {row.role})'
    return replace(row, role="out", reason=f"{why}; {row.reason}" if row.reason else why)


def _digest(files: list[SourceFile]) -> str:
    """SHA-256 over names and contents, in the order of the names."""
    lines = sorted(f"{file.sha256}  {file.name}\n" for file in files)
    return sha256("".join(lines).encode()).hexdigest()
