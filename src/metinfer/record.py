"""What `run.toml` says, read with care: a run folder may come from anybody."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from metinfer.errors import RunError
from metinfer.evidence.settings import has_long_key

#: Layout of a run folder; raised when older programs could not read it.
SCHEMA = 1
RUNNING, COMPLETE, FAILED, INTERRUPTED = "running", "complete", "failed", "interrupted"
#: Bytes that a record may have: a longer one was not written by this program.
LARGEST_RECORD = 2_000_000
#: Name of a sub-fit; it becomes a folder, so it must not lead out of the run.
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")


@dataclass(frozen=True)
class Record:
    """What `run.toml` says.

    Attributes
    ----------
    command : str
        The command as it could be typed again.
    status : str
        running, complete, failed or interrupted.
    settings : mapping
        Draws, tuning draws, chains, seed and sampler settings.
    seeds : mapping of str to list of int
        Sub-fit -> seed of each chain.
    digest : str
        Hash over all inputs, as `Evidence.digest`.
    code : str
        Hash over the program's files that define the posterior.
    inputs, files : mapping of str to str
        Path below `inputs/`, and below the run folder -> SHA-256.
    timings : mapping of str to float
        Step -> seconds.
    stops : list of str
        How earlier attempts ended.
    source : str
        Folder that the evidence was read from, or that it is the bundled one.
    """

    command: str
    status: str
    created: str
    settings: Mapping[str, Any]
    seeds: Mapping[str, list[int]]
    digest: str
    code: str
    inputs: Mapping[str, str]
    versions: Mapping[str, str]
    machine: Mapping[str, Any]
    files: Mapping[str, str] = field(default_factory=dict)
    timings: Mapping[str, float] = field(default_factory=dict)
    stops: list[str] = field(default_factory=list)
    source: str = ""
    schema: int = SCHEMA

    @property
    def quick(self) -> bool:
        """Whether this was a first look, with few draws."""
        return bool(self.settings.get("quick", False))

    @property
    def refine(self) -> int:
        """What every step of the solver's grid is split into in this run."""
        return int(self.settings.get("refine", 1))

    @property
    def prior_only(self) -> bool:
        """Whether the run is of the prior alone: it has no chains."""
        return not self.seeds


def read_record(path: Path) -> Record:
    """The record of the run folder `path`.

    Raises
    ------
    RunError
        If there is none, it is damaged, or another version of the program wrote it.
    """
    try:
        size = (path / "run.toml").stat().st_size
        if size > LARGEST_RECORD:
            raise RunError(f"{path / 'run.toml'} is damaged: it has {size} bytes")
        text = (path / "run.toml").read_text(encoding="utf-8")
        if has_long_key(text):
            raise RecursionError("a key has too many parts")
        table = tomllib.loads(text)
    except (FileNotFoundError, NotADirectoryError):
        raise RunError(f"{path} is not a run folder (it has no run.toml)") from None
    except (ValueError, RecursionError) as error:
        raise RunError(f"{path / 'run.toml'} is damaged: {error}") from error
    schema = table.get("schema")
    if schema != SCHEMA:
        raise RunError(
            f"{path} was written in layout {schema!r}, and this program reads layout {SCHEMA}. "
            f"Fit its inputs again: metinfer fit {path / 'inputs'} -o another-folder"
        )
    try:
        return _checked(Record(**table))
    except (TypeError, ValueError, AttributeError) as error:
        raise RunError(f"{path / 'run.toml'} is damaged: {error}") from error


def _checked(record: Record) -> Record:
    """The record, if names in it stay within its folder and numbers are numbers."""
    for part in fields(record):
        form = _FORMS.get(part.name, dict)
        if not isinstance(getattr(record, part.name), form):
            raise TypeError(f"{part.name} is not a {form.__name__}")
    for name in record.seeds:
        if not _NAME.fullmatch(name):
            raise ValueError(f"a sub-fit cannot be called {name!r}")
    for name in record.files:
        if any(not _NAME.fullmatch(part) for part in name.split("/")):
            raise ValueError(f"a file of a run cannot be called {name!r}")
    if not all(isinstance(s, int) for seeds in record.seeds.values() for s in seeds):
        raise ValueError("a seed is not a whole number")
    if record.status not in (RUNNING, COMPLETE, FAILED, INTERRUPTED):
        raise ValueError(f"status {record.status!r} is unknown")
    return record


#: Fields of a record that TOML gives as something else than a table.
_FORMS: Mapping[str, type] = {
    **dict.fromkeys(("command", "status", "created", "digest", "code", "source"), str),
    "stops": list,
    "schema": int,
}
