"""Commands that tell what a posterior says."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from metinfer.cli.shared import (
    Form,
    Quiet,
    RunFolder,
    TableForm,
    Tables,
    Words,
    app,
    examples,
    finished,
    say,
    write_out,
)


@app.command(
    epilog=examples(
        ("metinfer predict runs/base", "named answers, and what to do next"),
        ("metinfer predict runs/base --all", "every therapy, population and decision"),
        ("metinfer predict runs/base --format json > predictions.json", "for programs"),
        ("metinfer predict runs/base --therapies mine.toml", "regimens of one's own"),
    )
)
def predict(
    run: RunFolder,
    therapies: Annotated[Path | None, typer.Option(help="TOML file of regimens.")] = None,
    populations: Annotated[Path | None, typer.Option(help="TOML file of populations.")] = None,
    form: TableForm = Tables.text,
    every: Annotated[
        bool, typer.Option("--all", help="As text: not only the named answers.")
    ] = False,
    quiet: Quiet = False,
) -> None:
    """Predict what each therapy does, beside the prior and the fit without mouse rows.

    Also what decides about it: lasting or delay, window, dose, combinations, parts of the
    variance, and the next experiment. The next report shows therapies of one's own, too. Exit 0
    even if a gate failed, which is said: `metinfer diagnose` judges a run.
    """
    from metinfer.report import terminal
    from metinfer.report.told import told
    from metinfer.therapy import outputs
    from metinfer.workflow import decisions
    from metinfer.workflow import predict as run_predict

    loaded = finished(run)
    own = therapies is not None or populations is not None
    predicted = run_predict(loaded, therapies, populations)
    found = told(loaded, predicted, decisions(loaded, therapies, populations), own)
    if found.doubt:
        say(f"metinfer: {found.doubt}", quiet)
    match form:
        case Tables.text:
            write_out(terminal.to_text(found, every))
        case Tables.csv:
            write_out(outputs.to_csv(found.predictions, found.decisions, found.records))
        case Tables.json:
            parts = found.predictions, found.decisions, found.records, found.standing
            write_out(outputs.to_json(*parts))


@app.command(epilog="Example: `metinfer report runs/base -o report.html`")
def report(
    run: RunFolder,
    out: Annotated[Path | None, typer.Option("-o", "--out", metavar="FILE.html")] = None,
    brief: Annotated[bool, typer.Option("--brief", help="One printed page (A4) instead.")] = False,
    quiet: Quiet = False,
    form: Form = Words.text,
) -> None:
    """Write the report of a run as one HTML page, and its numbers beside it as JSON."""
    import json

    from metinfer.inference.reproduce import is_same_model
    from metinfer.report import build
    from metinfer.workflow import lacks_predictions

    loaded = finished(run)
    machine = form is Words.json
    if not (quiet or machine) and lacks_predictions(loaded) and is_same_model(loaded):
        say("predicting therapies (about a minute)")
    page = (build.brief if brief else build.report)(loaded, out)
    if machine:
        write_out(json.dumps({"brief" if brief else "report": str(page)}))
    say(f"The {'brief' if brief else 'report'}: {page}", quiet or machine)


@app.command(
    epilog=examples(
        ("metinfer diff runs/base runs/with-paper", "what a new paper changed"),
        ("metinfer diff runs/base runs/with-paper --format json", "for programs"),
    )
)
def diff(
    before: Annotated[Path, typer.Argument(metavar="RUN", help="Folder of a finished run.")],
    after: Annotated[Path, typer.Argument(metavar="RUN", help="Folder of a later one.")],
    quiet: Quiet = False,
    form: Form = Words.text,
) -> None:
    """Compare two runs: table rows that came, went or changed; answers and gates side by side.

    An answer moved if its median did by more than 3.5 combined Monte-Carlo standard errors.
    Exit 0, whether or not they differ; nothing is written to either folder.
    """
    import json

    from metinfer.run_difference import compare_runs

    found = compare_runs(finished(before), finished(after))
    if form is Words.json:
        write_out(json.dumps(found.to_dict(), indent=1, default=str, allow_nan=False))
    else:
        write_out(found.to_text())
