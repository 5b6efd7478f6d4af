"""Several evidence folders as one: one's own tables fitted together with the bundled ones."""

from __future__ import annotations

import csv
import io
import shutil
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from os import PathLike
from pathlib import Path
from typing import Any

import tomli_w

from metinfer.errors import EvidenceError, UsageError
from metinfer.evidence.draft import Draft, read_draft
from metinfer.evidence.faults import FAULT
from metinfer.evidence.read import read_evidence
from metinfer.evidence.schema import TABLES, TOML_FILES
from metinfer.evidence.types import Evidence

Folder = str | PathLike[str]


def combine(folders: Iterable[Folder], out: Folder) -> Evidence:
    """Evidence of several folders, written to one new folder and read from there.

    Rows of all tables stand one below the other. Of the TOML files, what a later folder says
    replaces what an earlier one said about the same therapy, population, parameter or text;
    the list of answers is that of the last folder that has one.

    Parameters
    ----------
    folders : iterable of path
        For example ``[bundled_path(), "my-evidence"]``.
    out : path
        A folder that does not exist yet, or is empty.

    Returns
    -------
    Evidence

    Raises
    ------
    UsageError
        If a folder is missing, or `out` holds something already.
    EvidenceError
        If the folders do not fit together, for example where both use the name of an arm.

    Examples
    --------
    >>> import metinfer as mi
    >>> from metinfer.evidence import bundled_path
    >>> both = mi.combine([bundled_path(), "tests/data/tiny"], "both")
    >>> both.arm("il15").study
    'madeup2024'
    """
    roots = [Path(folder) for folder in folders]
    missing = [str(root) for root in roots if not root.is_dir()]
    if missing or not roots:
        raise UsageError(f"there is no folder {', '.join(missing) or 'to combine'}")
    target = Path(out)
    if target.exists() and not (target.is_dir() and not any(target.iterdir())):
        raise UsageError(f"{target} is not empty; name a new folder")
    drafts = [read_draft(root) for root in roots]
    _require_readable(drafts)
    target.parent.mkdir(parents=True, exist_ok=True)
    # Written aside: half of the files would be evidence too, without its intervals.
    aside = Path(tempfile.mkdtemp(dir=target.parent, prefix=f".{target.name}-", suffix=".new"))
    try:
        aside.chmod(0o755)
        _write(drafts, aside)
        aside.replace(target)
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    return read_evidence(target)


def _require_readable(drafts: Sequence[Draft]) -> None:
    """Raise an EvidenceError for what cannot be read of files that are there, by their folder.

    A row that is too long or too short would otherwise be written with other cells. A table that
    is missing may be in another folder.
    """
    faults = [
        replace(issue, file=str(draft.root / issue.file))
        for draft in drafts
        for issue in draft.issues
        if issue.severity == FAULT and (draft.root / issue.file).exists()
    ]
    if faults:
        raise EvidenceError(faults)


def _write(drafts: Sequence[Draft], folder: Path) -> None:
    """All tables and TOML files of some folders together, into one."""
    for table in TABLES.values():
        names = [column.name for column in table.columns]
        text = _stacked([draft.root / table.file for draft in drafts], names)
        (folder / table.file).write_text(text, encoding="utf-8")
    for name in TOML_FILES:
        merged: dict[str, Any] = {}
        for draft in drafts:
            if (draft.root / f"{name}.toml").is_file():
                merged = _merged(merged, draft.settings[name])
        if merged:
            (folder / f"{name}.toml").write_text(tomli_w.dumps(merged), encoding="utf-8")


def _stacked(paths: Sequence[Path], known: Sequence[str]) -> str:
    """Rows of several tables under one header; columns that a table lacks stay empty."""
    rows: list[dict[str, str]] = []
    columns = list(known)
    for path in paths:
        if path.is_file():
            with path.open(newline="", encoding="utf-8-sig") as file:
                reader = csv.DictReader(file)
                columns += [c for c in reader.fieldnames or () if c not in columns]
                rows += reader
    out = io.StringIO()
    writer = csv.DictWriter(out, columns, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def _merged(first: Mapping[str, Any], second: Mapping[str, Any]) -> dict[str, Any]:
    """The second over the first: named entries one by one, whole; everything else as it is."""
    return {**first, **{key: _entry(key, first.get(key), value) for key, value in second.items()}}


def _entry(key: str, first: Any, second: Any) -> Any:
    if isinstance(first, dict) and isinstance(second, dict):
        return {**first, **second}
    if key == "parameter" and isinstance(first, list):
        return list(({e["name"]: e for e in first} | {e["name"]: e for e in second}).values())
    return second
