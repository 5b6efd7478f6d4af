"""Results beside the draws of a run: what each was made from, and whether it still holds.

Every result says of which draws it is, and by which program it was made. One of other draws, and
one that is not as it was written, is not used. One that another version of the program made is
shown with a mark, and with the command that makes it again.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from metinfer.errors import RunError
from metinfer.provenance import code_hash
from metinfer.runs import POSTERIOR, Run

if TYPE_CHECKING:
    import xarray as xr

#: What decides a result, besides the draws.
PROGRAM = (
    "evidence", "mechanism", "inference", "therapy", "judging.py", "workflow.py",
    "pharmacology.py", "units.py",
)  # fmt: skip
STALE = "stale"


def origin(run: Run) -> dict[str, str]:
    """What a result of a run is made from: its draws, and the program."""
    return {"posterior": run.record.files[POSTERIOR], "program": code_hash(PROGRAM)}


def write_json(run: Run, name: str, content: Mapping[str, Any]) -> None:
    """Put plain data into the run folder, with what they were made from."""
    document = {**plain(content), "origin": origin(run)}
    run.write_text(name, json.dumps(document, indent=1) + "\n")


def read_json(run: Run, name: str) -> dict[str, Any]:
    """What `write_json` wrote; empty if it is not there, not as written, or of other draws."""
    if not run.holds(name):
        return {}
    try:
        found = json.loads((run.path / name).read_text(encoding="utf-8"))
    except ValueError:
        return {}
    whole = isinstance(found, dict) and of_these_draws(run, found.get("origin"))
    return found if whole else {}


def write_groups(run: Run, name: str, groups: Mapping[str, xr.Dataset]) -> None:
    """Put datasets into the run folder, with what they were made from."""
    mine = origin(run)
    run.write_groups(name, {key: data.assign_attrs(mine) for key, data in groups.items()})


def read_groups(run: Run, name: str, fresh: bool = False) -> dict[str, xr.Dataset]:
    """What `write_groups` wrote; empty if it is not there, not as written, or of other draws.

    With `fresh`, also without what another version of the program made.
    """
    if not run.holds(name):
        return {}
    try:
        found = run.read_result(name)
    except RunError:
        return {}
    ours = {k: data for k, data in found.items() if of_these_draws(run, data.attrs)}
    return {k: data for k, data in ours.items() if not (fresh and is_stale(data.attrs))}


def of_these_draws(run: Run, made_from: Any) -> bool:
    """Whether a result is of the draws in the folder; older ones do not say, and are taken."""
    if not isinstance(made_from, Mapping):
        return made_from is None
    return made_from.get("posterior") in (None, run.record.files.get(POSTERIOR))


def is_stale(made_from: Any) -> bool:
    """Whether another version of the program made a result, or it does not say which."""
    program = made_from.get("program") if isinstance(made_from, Mapping) else None
    return program != code_hash(PROGRAM)


def damaged(run: Run, *names: str) -> tuple[str, ...]:
    """Those of the files that are there, but not as they were written."""
    return tuple(n for n in names if (run.path / n).is_file() and not run.holds(n))


def plain(value: Any) -> Any:
    """Return plain JSON values: a number that is not finite becomes None."""
    if isinstance(value, Mapping):
        return {key: plain(v) for key, v in value.items()}
    if isinstance(value, list | tuple):
        return [plain(v) for v in value]
    if isinstance(value, np.generic):
        return plain(value.item())
    return None if isinstance(value, float) and not np.isfinite(value) else value
