"""The command line: reads words, calls one function, prints what came back."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from metinfer.errors import MetinferError, NotTrustedError

if TYPE_CHECKING:
    from metinfer.evidence.types import Evidence
    from metinfer.inference.diagnose import Diagnosis

INTERRUPTED = 130

app = typer.Typer(
    name="metinfer",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    help="What published numbers say about preventing metastatic relapse through the niche.\n\n"
    "Start with `metinfer demo`, or with `metinfer new my-evidence` and your own tables.\n\n"
    "Exit codes: 0 fine, 1 bad input, 2 wrong usage, 3 finished but not to be trusted "
    "(a gate failed), 130 interrupted.",
)


class Words(StrEnum):
    """Formats of a judgement."""

    text = "text"
    json = "json"


class Tables(StrEnum):
    """Formats of a table."""

    text = "text"
    json = "json"
    csv = "csv"


Data = Annotated[Path, typer.Argument(metavar="DATA", help="Folder with the evidence tables.")]
RunFolder = Annotated[Path, typer.Argument(metavar="RUN", help="Folder of a finished run.")]
Out = Annotated[Path, typer.Option("-o", "--out", metavar="RUN", help="Folder of the run.")]
Draws = Annotated[int | None, typer.Option(help="Draws kept per chain.", show_default="1000")]
Tune = Annotated[
    int | None, typer.Option(help="Draws per chain spent on adapting.", show_default="1000")
]
Chains = Annotated[int | None, typer.Option(help="Chains.", show_default="4")]
Seed = Annotated[
    int | None, typer.Option(help="The same seed gives the same draws.", show_default="1")
]
Quick = Annotated[
    bool, typer.Option("--quick", help="A first look with few draws; the report says so.")
]
Resume = Annotated[
    bool, typer.Option("--resume", help="Go on with a stopped run; finished chains are kept.")
]
Quiet = Annotated[bool, typer.Option("--quiet", help="No progress.")]


@app.callback()
def options(
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
) -> None:
    """Take what stands before the command."""
    # `main` takes --debug out of the words wherever it stands; here it is only for the help.
    del debug


@app.command(epilog="Example: `metinfer demo -o runs/demo --quick`")
def demo(
    out: Out = Path("runs/demo"), quick: Quick = False, resume: Resume = False, quiet: Quiet = False
) -> None:
    """Check, fit, predict and report the evidence that comes with metinfer."""
    from metinfer.evidence import bundled_path, read_evidence
    from metinfer.inference.sample import fit as run_fit
    from metinfer.workflow import finish

    evidence = read_evidence(bundled_path())
    _announce(evidence, out)
    with _resumable(out):
        run_fit(evidence, out, quick=quick or None, resume=resume, progress=not quiet)
        run, diagnosis, page = finish(out)
    _show_gates(diagnosis)
    _say(f"The report: {page}")
    if run.record.quick:
        _say("This was a first look with few draws: its gates may fail, and it proves nothing.")
        return
    _require(diagnosis)


@app.command(epilog="Example: `metinfer check my-evidence --format json`")
def check(data: Data, form: Annotated[Words, typer.Option("--format")] = Words.text) -> None:
    """List every fault of a folder, with file, line and column. Exit 1 if there is one."""
    from metinfer.therapy.check import check as check_folder

    report = check_folder(data)
    _out(report.to_json() if form is Words.json else report.to_text())
    if not report.ok:
        raise typer.Exit(1)


@app.command(epilog="Example: `metinfer new my-evidence && metinfer check my-evidence`")
def new(folder: Annotated[Path, typer.Argument(metavar="DIR", help="A new folder.")]) -> None:
    """Make a template folder with one worked example of each statistic."""
    from metinfer.evidence.template import write_template

    _say(f"{write_template(folder)} is ready: edit it, then metinfer check {folder}")


@app.command(epilog="Example: `metinfer fit data -o runs/base --seed 7`")
def fit(
    data: Data,
    out: Out,
    draws: Draws = None,
    tune: Tune = None,
    chains: Chains = None,
    seed: Seed = None,
    quick: Quick = False,
    resume: Resume = False,
    quiet: Quiet = False,
) -> None:
    """Fit the evidence: posterior, posterior without the mouse rows, and prior.

    An existing run is never overwritten. After a stop, the same command with `--resume` keeps
    the finished chains and gives exactly the draws of an uninterrupted run.
    """
    from metinfer.evidence import read_evidence
    from metinfer.inference.sample import fit as run_fit

    given: dict[str, Any] = {"draws": draws, "tune": tune, "chains": chains, "seed": seed}
    evidence = read_evidence(data)
    _announce(evidence, out)
    with _resumable(out):
        run_fit(evidence, out, quick=quick or None, resume=resume, progress=not quiet, **given)
    _say(f"{out} is complete. Next: metinfer diagnose {out}")


@app.command(epilog="Example: `metinfer prior data -o runs/prior`")
def prior(data: Data, out: Out, draws: Draws = None, seed: Seed = None) -> None:
    """Draw from the prior alone: what the model believes before any row is read."""
    from metinfer.evidence import read_evidence
    from metinfer.inference.sample import prior as run_prior

    run_prior(read_evidence(data), out, draws=draws, seed=seed)
    _say(f"{out} holds the prior.")


@app.command(epilog="Example: `metinfer diagnose runs/base && echo to be trusted`")
def diagnose(run: RunFolder, form: Annotated[Words, typer.Option("--format")] = Words.text) -> None:
    """Judge a run by its gates. Exit 0 if all pass, 3 if one fails."""
    import json

    from metinfer.runs import load_run
    from metinfer.workflow import diagnose as judge
    from metinfer.workflow import plain

    diagnosis = judge(load_run(run))
    if form is Words.json:
        _out(json.dumps(plain(diagnosis.to_dict()), indent=1))
    else:
        _show_gates(diagnosis)
    _require(diagnosis)


@app.command(epilog="Example: `metinfer predict runs/base --format json > predictions.json`")
def predict(
    run: RunFolder,
    therapies: Annotated[Path | None, typer.Option(help="TOML file of regimens.")] = None,
    populations: Annotated[Path | None, typer.Option(help="TOML file of populations.")] = None,
    form: Annotated[Tables, typer.Option("--format")] = Tables.text,
) -> None:
    """Predict what each therapy does, beside the prior and the fit without mouse rows."""
    from metinfer.runs import load_run
    from metinfer.therapy import records
    from metinfer.workflow import predict as run_predict

    write = {"text": records.to_text, "json": records.to_json, "csv": records.to_csv}[form]
    _out(write(run_predict(load_run(run), therapies, populations)))


@app.command(epilog="Example: `metinfer report runs/base -o report.html`")
def report(
    run: RunFolder,
    out: Annotated[Path | None, typer.Option("-o", "--out", metavar="FILE.html")] = None,
) -> None:
    """Write the report of a run as one HTML page, and its numbers beside it as JSON."""
    from metinfer.report.build import report as build
    from metinfer.runs import load_run
    from metinfer.workflow import predictions

    loaded = load_run(run)
    predictions(loaded)
    _say(f"The report: {build(loaded, out)}")


def main() -> None:
    """Run the command line: one clear message per error, and the fixed exit codes."""
    from metinfer.compiling import ensure_cache_folder

    # SIGTERM ends like Ctrl-C: what is finished is kept, and the run says that it was stopped.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    ensure_cache_folder()
    words = sys.argv[1:]
    debug = "--debug" in words
    try:
        app([word for word in words if word != "--debug"])
    except Exception as error:
        if debug:
            raise
        message, code = explain(error)
        typer.echo(f"metinfer: {message}", err=True)
        sys.exit(code)


def explain(error: Exception) -> tuple[str, int]:
    """Return one clear message for an error, and the exit code."""
    match error:
        case MetinferError():
            return str(error), error.exit_code
        case OSError():
            place = f" ({error.filename})" if error.filename else ""
            return f"{error.strerror or error}{place}", 1
        case MemoryError():
            return "not enough memory: fewer --draws, or --chains, need less", 1
        case _:
            return f"unexpected {type(error).__name__}: {error} (--debug shows where)", 1


@contextmanager
def _resumable(out: Path) -> Iterator[None]:
    """Say after an interruption that nothing finished was lost."""
    try:
        yield
    except KeyboardInterrupt:
        _say(f"\nmetinfer: interrupted. Finished chains are kept in {out}; --resume goes on.")
        raise typer.Exit(INTERRUPTED) from None


def _announce(evidence: Evidence, out: Path) -> None:
    rows, intervals = len(evidence.fit_rows()), len(evidence.fit_intervals())
    _say(f"{rows} rows and {intervals} intervals go into {out}; the model is compiled first.")


def _say(words: str) -> None:
    typer.echo(words, err=True)


def _out(text: str) -> None:
    typer.echo(text)


def _show_gates(diagnosis: Diagnosis) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table("gate", "value", "limit", "", "where")
    for gate in diagnosis.gates:
        verdict = "pass" if gate.passed else "FAIL"
        table.add_row(gate.name, f"{gate.value:.4g}", gate.limit, verdict, gate.detail)
    Console(stderr=True).print(table)


def _require(diagnosis: Diagnosis) -> None:
    if not diagnosis.passed:
        failed = ", ".join(g.name for g in diagnosis.gates if not g.passed)
        raise NotTrustedError(f"the numbers must not be trusted: {failed} failed")


if __name__ == "__main__":
    main()
