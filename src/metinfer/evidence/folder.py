"""What lies in a folder: whether it is evidence at all, and files that nothing would read."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from metinfer.evidence.columns import Table
from metinfer.evidence.faults import FAULT, WARNING, Issue, nearest
from metinfer.evidence.schema import TABLES, TOML_FILES

_KNOWN = tuple(table.file for table in TABLES.values()) + tuple(f"{n}.toml" for n in TOML_FILES)
_SPREADSHEETS = (".xlsx", ".xlsm", ".xls", ".ods", ".numbers")
_NEW = "`metinfer new DIR` writes a folder with an example of each table"


def no_evidence(root: Path) -> Issue | None:
    """The fault of a path that is no evidence folder; None if it may be one."""
    if root.is_file():
        return Issue("this is a file, not a folder", str(root),
                     hint=f"give the folder that it lies in: {root.parent}")  # fmt: skip
    if not root.is_dir():
        return Issue("there is no such folder", str(root),
                     hint="give the folder that holds measurements.csv")  # fmt: skip
    if (root / "run.toml").is_file() and not (root / TABLES["measurements"].file).exists():
        return Issue("that is a run folder", str(root), hint="name the evidence folder")
    tables = (table for table in TABLES.values() if (root / table.file).exists())
    alike = (path for path in _files(root) if _is_alike(path))
    return None if any(tables) or any(alike) else _without_tables(root)


def missing(root: Path, table: Table) -> Issue | None:
    """The fault of a table that is not there, if it has to be, or is there as a spreadsheet."""
    sheets = [p.name for p in _files(root) if _is_sheet(p) and p.stem.lower() == table.name]
    if not sheets and not table.required:
        return None
    hint = f"{sheets[0]} is here: save it as CSV UTF-8, named {table.file}" if sheets else _NEW
    return Issue("the file is missing", table.file, hint=hint)


def misnamed(root: Path) -> Iterator[Issue]:
    """An issue for each table under another name: nothing would read it."""
    for path in _files(root):
        if path.suffix.lower() in (".csv", ".toml") and path.name not in _KNOWN:
            near = _near(path)
            yield Issue("no table of this name is read", path.name, allowed=", ".join(_KNOWN),
                        hint=f'did you mean "{near}"?' if near else "move it out of the folder",
                        severity=FAULT if near else WARNING)  # fmt: skip


def _without_tables(root: Path) -> Issue:
    needed = [table.file for table in TABLES.values() if table.required]
    below = sorted(root.glob("*/measurements.csv"))
    sheets = [path.name for path in _files(root) if _is_sheet(path)]
    hint = _NEW
    if below:
        hint = f"did you mean {below[0].parent}?"
    elif sheets:
        hint = f"save the sheets of {sheets[0]} as CSV UTF-8, one file for each table"
    return Issue("this folder holds no evidence", str(root), allowed=f"a folder with "
                 f"{', '.join(needed)}", hint=hint)  # fmt: skip


def _files(root: Path) -> list[Path]:
    """What lies in a folder, without hidden files and what a spreadsheet keeps while it is open."""
    return sorted(path for path in root.iterdir() if not path.name.startswith((".", "~")))


def _is_sheet(path: Path) -> bool:
    return path.suffix.lower() in _SPREADSHEETS


def _is_alike(path: Path) -> bool:
    """Whether a file seems to be a table under another name or in another format."""
    if _is_sheet(path):
        return path.stem.lower() in TABLES
    return path.suffix.lower() == ".csv" and _near(path) != ""


def _near(path: Path) -> str:
    """The file that a name may stand for; endings alike do not make names alike."""
    suffix = path.suffix.lower()
    near = nearest(path.stem, [n.removesuffix(suffix) for n in _KNOWN if n.endswith(suffix)])
    return f"{near}{suffix}" if near else ""
