"""A template folder: one made-up, explained example of each statistic."""

from __future__ import annotations

import csv
from os import PathLike
from pathlib import Path

from metinfer.errors import UsageError
from metinfer.evidence.schema import TABLES, dictionary_markdown
from metinfer.evidence.template_rows import ANALYSIS, POPULATIONS, README, ROWS


def write_template(path: str | PathLike[str]) -> Path:
    """Folder `path` with a valid, made-up example of each table and statistic.

    Parameters
    ----------
    path : path
        A folder that does not exist yet, or is empty.

    Raises
    ------
    UsageError
        If something is there already, or the folder cannot be made.
    """
    root = Path(path)
    try:
        root.mkdir(parents=True, exist_ok=True)
        if any(root.iterdir()):
            raise UsageError(f"{root} is not empty; name a new folder")
        for name, rows in ROWS.items():
            _write_table(root, name, rows)
        texts = {"README.md": README + dictionary_markdown(), "analysis.toml": ANALYSIS,
                 "populations.toml": POPULATIONS}  # fmt: skip
        for name, text in texts.items():
            (root / name).write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{root} cannot be written: {error.strerror}") from error
    return root


def _write_table(root: Path, name: str, rows: tuple[dict[str, str], ...]) -> None:
    table = TABLES[name]
    columns = [column.name for column in table.columns]
    with (root / table.file).open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, columns, restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
