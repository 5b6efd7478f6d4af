"""A folder with the SBML model and the PEtab problem of an evidence folder."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from metinfer.errors import UsageError
from metinfer.evidence.types import Evidence
from metinfer.export.layer import Unknown, unknowns
from metinfer.export.model import arm_parts, evidence_model
from metinfer.export.petab import (
    CONDITIONS,
    MEASUREMENTS,
    MODEL,
    OBSERVABLES,
    PARAMETERS,
    PROBLEM,
    YAML,
    condition_table,
    delimited,
    measurement_table,
    observable_table,
    parameter_table,
    used_unknowns,
)
from metinfer.export.rows import Expressed, Refused, express
from metinfer.export.sbml import libsbml, write_sbml
from metinfer.inference.density import Joint

ROWS, README = "rows.csv", "README.md"
#: Names shown per reason in the text.
SHOWN = 6

_TEXT = """# A metinfer model for other programs

- `{model}`: SBML Level 3 Version 1. Time in days; tumour cells per founder, the niche as fold over
  health. At time zero the niche is at rest under the inputs just before (`*_before`), by formula:
  no pre-equilibration is needed. Inputs that change are switched by `*_on_*`; doses are events
  into a depot.
- `{conditions}`: one condition per arm (and context, for a mixture): what to set before a
  simulation, as a number or as the name of an unknown of `{parameters}`.
- `{parameters}`: every unknown with its prior. Of a signed link the standard normal latent is the
  unknown (`latent_*`).
- `{rows}`: every fitted row and interval, whether PEtab can express it, and if not, why.
{problem}
Expressed: {expressed} of {all_rows} rows, {intervals} intervals not. A fit of the PEtab problem is
therefore not the fit of metinfer: it sees only these rows.
"""
_PROBLEM = "- `{0}`: the PEtab problem (version 1), with `{1}` and `{2}`.\n"
_NO_PROBLEM = "- There is no PEtab problem: none of the rows can be expressed.\n"


@dataclass(frozen=True)
class ExportSummary:
    """What was written, and what could not be.

    Attributes
    ----------
    path : Path
    expressed : tuple of Expressed
        Rows of the PEtab problem.
    refused : tuple of Refused
        Rows and intervals that PEtab cannot express.
    priors : tuple of Unknown
        Unknowns whose prior PEtab cannot express.
    """

    path: Path
    expressed: tuple[Expressed, ...]
    refused: tuple[Refused, ...]
    priors: tuple[Unknown, ...]


def export(evidence: Evidence, out: str | os.PathLike[str]) -> ExportSummary:
    """Write the SBML model and the PEtab problem of an evidence folder.

    Parameters
    ----------
    evidence : Evidence
    out : path
        A folder that does not exist yet.

    Returns
    -------
    ExportSummary

    Raises
    ------
    UsageError
        If something is at `out` already.
    MetinferError
        If python-libsbml is missing.
    """
    path = Path(out)
    if path.exists():
        raise UsageError(f"{path} is there already; name a new folder")
    libsbml()
    texts, summary = _texts(evidence, path)
    _write(path, texts)
    return summary


def _texts(evidence: Evidence, path: Path) -> tuple[dict[str, str], ExportSummary]:
    """Text of every file, by name."""
    joint = Joint.of(evidence)
    parts = arm_parts(evidence, joint)
    exported = evidence_model(parts, joint)
    rows, refused = express(joint, parts)
    used = used_unknowns(unknowns(joint.table), exported.conditions, exported.parts, rows)
    summary = ExportSummary(path, tuple(rows), tuple(refused), tuple(u for u in used if u.note))
    texts = {
        MODEL: write_sbml(exported.parts),
        CONDITIONS: condition_table(exported.conditions, exported.parts),
        PARAMETERS: parameter_table(used),
        ROWS: row_table(summary),
        README: _readme(summary),
    }
    if rows:
        texts |= {OBSERVABLES: observable_table(rows), MEASUREMENTS: measurement_table(rows)}
        texts[PROBLEM] = YAML
    return texts, summary


def listed(summary: ExportSummary) -> list[tuple[str, str, str, str]]:
    """Every row, interval and prior: name, table, whether PEtab expresses it, why not."""
    return [
        *((r.row, "measurements", "yes", "") for r in summary.expressed),
        *((r.row, r.table, "no", r.reason) for r in summary.refused),
        *((u.label, "parameters", "no", u.note) for u in summary.priors),
    ]


def row_table(summary: ExportSummary) -> str:
    """Every row, interval and prior as CSV."""
    return delimited(("name", "table", "expressed", "reason"), listed(summary), ",")


def by_reason(summary: ExportSummary) -> dict[tuple[str, str], list[str]]:
    """Names of what PEtab cannot express, by table and reason."""
    found: dict[tuple[str, str], list[str]] = {}
    for name, table, expressed, reason in listed(summary):
        if expressed == "no":
            found.setdefault((table, reason), []).append(name)
    return found


def shown(summary: ExportSummary, form: str) -> str:
    """What PEtab cannot express, as text, json or csv.

    Parameters
    ----------
    summary : ExportSummary
    form : str
        ``text`` groups by reason; ``json`` and ``csv`` name every row.
    """
    if form == "csv":
        return row_table(summary)
    if form == "json":
        keys = ("name", "table", "expressed", "reason")
        return json.dumps([dict(zip(keys, row, strict=True)) for row in listed(summary)], indent=1)
    lines = [f"PEtab expresses {len(summary.expressed)} rows. It cannot express:"]
    for (table, reason), names in by_reason(summary).items():
        some = ", ".join(names[:SHOWN]) + (", ..." if len(names) > SHOWN else "")
        lines += [f"  {len(names)} in {table}: {reason}", *_wrapped(some)]
    return "\n".join(lines)


def _wrapped(text: str) -> list[str]:
    return textwrap.wrap(text, 96, initial_indent="      ", subsequent_indent="      ")


def _readme(summary: ExportSummary) -> str:
    intervals = sum(r.table == "intervals" for r in summary.refused)
    yes = len(summary.expressed)
    problem = _PROBLEM.format(PROBLEM, OBSERVABLES, MEASUREMENTS) if yes else _NO_PROBLEM
    return _TEXT.format(
        model=MODEL, conditions=CONDITIONS, parameters=PARAMETERS, rows=ROWS, problem=problem,
        expressed=yes, all_rows=yes + len(summary.refused) - intervals, intervals=intervals,
    )  # fmt: skip


def _write(path: Path, texts: Mapping[str, str]) -> None:
    """All files in a new folder at `path`, or none."""
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = Path(tempfile.mkdtemp(prefix=".unfinished-", dir=path.parent))
    try:
        for name, text in texts.items():
            (aside / name).write_text(text, encoding="utf-8")
        aside.chmod(0o755)
        aside.rename(path)
    finally:
        shutil.rmtree(aside, ignore_errors=True)
