"""Results that are not as they were written, or that another version of the program made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from metinfer import results
from metinfer.report.content import Level

#: What made the files -> the files.
MADE_BY = {
    "diagnose RUN": ("diagnostics.json", "checks.json", "answers.nc", "predictive.nc"),
    "predict RUN": ("predictions.nc", "decisions.nc"),
    "compare DATA -o RUN": ("comparison.json",),
    "calibrate DATA -o RUN": ("calibration.json", "calibration.nc"),
}
#: Levels of the verdict that say of themselves that they are stale.
LEVELS = ("compare DATA -o RUN", "calibrate DATA -o RUN")


def reasons(run: Any) -> tuple[str, ...]:
    """Return why the page cannot stand as it is, each with the command that mends it."""
    found = []
    for command, names in MADE_BY.items():
        bad = results.damaged(run, *names)
        if bad:
            how = f"renewed by metinfer {command}"
            found.append(f"{', '.join(bad)} changed since written, and not used ({how})")
        old = stale(run, names)
        if old and command not in LEVELS:
            found.append(f"stale: {', '.join(old)} of another version of the program "
                         f"(metinfer {command})")  # fmt: skip
    return tuple(found)


def level(run: Any, state: str, command: str) -> str:
    """Return the state of a level, or that what it passes on is stale."""
    if state in ("not run", "fail"):
        return state
    return results.STALE if stale(run, MADE_BY[command]) else state


def marked(run: Any, levels: Sequence[Level]) -> tuple[Level, ...]:
    """Return the levels, with the state of the first as of the others if its gates are stale."""
    first, *others = levels
    return (replace(first, state=level(run, first.state, "diagnose RUN")), *others)


def stale(run: Any, names: tuple[str, ...]) -> tuple[str, ...]:
    """Return those of the files that another version of the program made of these draws."""
    return tuple(n for n in names if any(map(results.is_stale, _origins(run, n))))


def _origins(run: Any, name: str) -> list[Any]:
    """What a result says it was made from; parts may be made at different times."""
    if name.endswith(".nc"):
        groups = {} if name == "calibration.nc" else results.read_groups(run, name)
        return [data.attrs for data in groups.values()]
    if name == "calibration.json":
        from metinfer.calibration import read_calibration

        return list(read_calibration(run).values())
    document = results.read_json(run, name)
    return [document.get("origin")] if document else []
