"""Commands on evidence folders."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from metinfer.cli.shared import Data, Tables, Words, app, say, write_out


@app.command(epilog="Example: `metinfer check my-evidence --format json`")
def check(data: Data, form: Annotated[Words, typer.Option("--format")] = Words.text) -> None:
    """List every fault of a folder, with file, line and column. Exit 1 if there is one."""
    from metinfer.therapy.check import check as check_folder

    report = check_folder(data)
    write_out(report.to_json() if form is Words.json else report.to_text())
    if not report.ok:
        raise typer.Exit(1)


@app.command(epilog="Example: `metinfer new my-evidence && metinfer check my-evidence`")
def new(folder: Annotated[Path, typer.Argument(metavar="DIR", help="A new folder.")]) -> None:
    """Make a template folder with one worked example of each statistic."""
    from metinfer.evidence.template import write_template

    say(f"{write_template(folder)} is ready: edit it, then metinfer check {folder}")


@app.command(epilog="Example: `metinfer export my-evidence -o exported --format csv`")
def export(
    data: Data,
    out: Annotated[Path, typer.Option("-o", "--out", metavar="DIR", help="A new folder.")],
    form: Annotated[Tables, typer.Option("--format")] = Tables.text,
) -> None:
    """Write the model as SBML, and as a PEtab problem the rows that PEtab can express.

    Prints what PEtab cannot express, and why. Needs python-libsbml.
    """
    from metinfer.evidence import read_evidence
    from metinfer.export import folder

    summary = folder.export(read_evidence(data), out)
    write_out(folder.shown(summary, form.value).rstrip("\n"))
    say(f"{out} is ready: see {out / folder.README}")
