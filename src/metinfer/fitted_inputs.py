"""Inputs of a run: whether they are still those that were fitted."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from metinfer.errors import RunError
from metinfer.storage import digest

if TYPE_CHECKING:
    from metinfer.runs import Run

#: Source of a run of the evidence that comes with metinfer.
BUNDLED = "the bundled evidence"


def verify_inputs(run: Run) -> None:
    """Raise RunError unless the copied inputs are those that were fitted."""
    folder = run.path / "inputs"
    found = {p.name: digest(p) for p in folder.iterdir() if p.is_file()} if folder.is_dir() else {}
    expected = dict(run.record.inputs)
    changed = sorted(n for n in {*found, *expected} if found.get(n) != expected.get(n))
    if changed:
        raise RunError(
            f"the inputs of {run.path} changed since the fit ({', '.join(changed)}): "
            "its results no longer belong to them. Fit again into another folder."
        )


def changed_since(run: Run) -> list[str]:
    """Files of the evidence folder that are no longer those that were fitted.

    Results stay those of the copy in the run folder; they no longer answer for the folder. Empty
    if nothing changed, or if the folder is not there any more.
    """
    folder = _source(run.record.source)
    if not run.record.source or not folder.is_dir():
        return []
    there = {n: folder / n for n in run.record.inputs}
    return sorted(n for n, p in there.items() if p.is_file() and digest(p) != run.record.inputs[n])


def is_bundled(folder: Path) -> bool:
    """Whether a folder of evidence is the one that comes with metinfer."""
    return folder.resolve() == _source(BUNDLED).resolve()


def _source(name: str) -> Path:
    """The folder that evidence was read from; where metinfer lies is not in the record."""
    from metinfer.evidence import bundled_path

    return bundled_path() if name == BUNDLED else Path(name)
