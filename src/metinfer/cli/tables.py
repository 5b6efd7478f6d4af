"""Commands on evidence folders."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from metinfer.cli.shared import (
    Data,
    Form,
    Quiet,
    TableForm,
    Tables,
    Words,
    app,
    say,
    write_out,
)


@app.command(epilog="Example: `metinfer check my-evidence --format json`")
def check(data: Data, quiet: Quiet = False, form: Form = Words.text) -> None:
    """List every fault of a folder, with file, line and column. Exit 1 if there is one."""
    from metinfer.therapy.check import check as check_folder

    report = check_folder(data)
    if form is Words.json:
        write_out(report.to_json())
    elif not (quiet and report.ok):
        write_out(report.to_text())
    if not report.ok:
        raise typer.Exit(1)


@app.command(epilog="Example: `metinfer new my-evidence && metinfer check my-evidence`")
def new(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A new folder.")],
    quiet: Quiet = False,
    form: Form = Words.text,
) -> None:
    """Make a template folder with one worked example of each statistic."""
    import json

    from metinfer.evidence.template import write_template

    made = write_template(folder)
    machine = form is Words.json
    if machine:
        write_out(json.dumps({"folder": str(made)}))
    say(f"{made} is ready: edit it, then metinfer check {folder}", quiet or machine)


@app.command(epilog="Example: `metinfer export my-evidence -o exported --format csv`")
def export(
    data: Data,
    out: Annotated[Path, typer.Option("-o", "--out", metavar="DIR", help="A new folder.")],
    quiet: Quiet = False,
    form: TableForm = Tables.text,
) -> None:
    """Write the model as SBML, and as a PEtab problem the rows that PEtab can express.

    Prints what PEtab cannot express, and why. Needs python-libsbml.
    """
    from metinfer.evidence import read_evidence
    from metinfer.export import folder

    summary = folder.export(read_evidence(data), out)
    write_out(folder.shown(summary, form.value).rstrip("\n"))
    say(f"{out} is ready: see {out / folder.README}", quiet)
