"""Commands that tell what a posterior says."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from metinfer.cli.shared import Quiet, RunFolder, Tables, app, finished, say, write_out


@app.command(epilog="Example: `metinfer predict runs/base --format json > predictions.json`")
def predict(
    run: RunFolder,
    therapies: Annotated[Path | None, typer.Option(help="TOML file of regimens.")] = None,
    populations: Annotated[Path | None, typer.Option(help="TOML file of populations.")] = None,
    form: Annotated[Tables, typer.Option("--format")] = Tables.text,
) -> None:
    """Predict what each therapy does, beside the prior and the fit without mouse rows.

    Also what decides about it: lasting or delay, window, dose, combinations, parts of the
    variance, and the next experiment.
    """
    from metinfer.report import terminal
    from metinfer.therapy import outputs
    from metinfer.workflow import decisions
    from metinfer.workflow import predict as run_predict

    loaded = finished(run)
    found = run_predict(loaded, therapies, populations)
    decided = decisions(loaded, therapies, populations)
    if form is Tables.text:
        asked = loaded.evidence.analysis.get("answer", [])
        own = therapies is not None or populations is not None
        write_out(terminal.to_text(found, decided, asked, every=own))
    else:
        write_out({"json": outputs.to_json, "csv": outputs.to_csv}[form](found, decided))


@app.command(epilog="Example: `metinfer report runs/base -o report.html`")
def report(
    run: RunFolder,
    out: Annotated[Path | None, typer.Option("-o", "--out", metavar="FILE.html")] = None,
    quiet: Quiet = False,
) -> None:
    """Write the report of a run as one HTML page, and its numbers beside it as JSON."""
    from metinfer.inference.reproduce import is_same_model
    from metinfer.report.build import report as build
    from metinfer.workflow import lacks_predictions

    loaded = finished(run)
    if not quiet and lacks_predictions(loaded) and is_same_model(loaded):
        say("predicting therapies (about a minute)")
    say(f"The report: {build(loaded, out)}", quiet)
