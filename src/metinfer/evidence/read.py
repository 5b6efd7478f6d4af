"""Read an evidence folder into validated, typed rows."""

from __future__ import annotations

from hashlib import sha256
from os import PathLike
from pathlib import Path

from metinfer.errors import EvidenceError
from metinfer.evidence.check import judge
from metinfer.evidence.draft import Draft, read_draft
from metinfer.evidence.types import Evidence, SourceFile


def read_evidence(path: str | PathLike[str]) -> Evidence:
    """Validated evidence of the folder `path`.

    TOML files that the folder does not have are taken from the bundled evidence.

    Parameters
    ----------
    path : path
        Folder with measurements.csv and its companions.

    Raises
    ------
    EvidenceError
        Listing every fault of the folder.
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
        measurements=tuple(draft.measurements),
        intervals=tuple(draft.intervals),
        parameters=draft.settings["parameters"],
        analysis=draft.settings["analysis"],
        therapies=draft.settings["therapies"],
        populations=draft.settings["populations"],
        root=draft.root,
        files=tuple(draft.files),
        digest=_digest(draft.files),
    )


def _digest(files: list[SourceFile]) -> str:
    """SHA-256 over names and contents, in the order of the names."""
    lines = sorted(f"{file.sha256}  {file.name}\n" for file in files)
    return sha256("".join(lines).encode()).hexdigest()
