"""What all commands share: the options, the words, and how an error ends."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
import typer.core

from metinfer.errors import MetinferError, NotTrustedError

if TYPE_CHECKING:
    from metinfer.evidence.types import Evidence
    from metinfer.inference.diagnose import Diagnosis, Gate

INTERRUPTED = 130
#: What an interrupt leaves of a fit.
CHAINS = "Finished chains are kept in {out}; --resume goes on."
NO_CHAINS = "Nothing was finished yet; --resume begins again."

#: Commands in the order of a user's way through them.
ORDER = (
    "demo", "new", "check", "prior", "fit", "diagnose", "predict", "report",
    "diff", "compare", "calibrate", "export",
)  # fmt: skip


class InOrder(typer.core.TyperGroup):
    """Commands listed as in `ORDER`, whichever module they come from."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Names of the commands."""
        return sorted(super().list_commands(ctx), key=ORDER.index)

    def invoke(self, ctx: Any) -> Any:
        """Run the command; an interrupt is said, which Typer would pass over in silence."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            say("\nmetinfer: interrupted")
            raise typer.Exit(INTERRUPTED) from None


app = typer.Typer(
    name="metinfer",
    cls=InOrder,
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


def examples(*pairs: tuple[str, str]) -> str:
    """Epilogue of a command's help: commands to copy, and what each does."""
    (first, does), *others = pairs
    lines = [f"Example: `{first}` ({does})", *(f"`{words}` ({does})" for words, does in others)]
    return "\n\n".join(lines)


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
Quiet = Annotated[
    bool,
    typer.Option(
        "--quiet",
        help="No progress and no words; errors, and results that are stale, are still said.",
    ),
]
Form = Annotated[
    Words, typer.Option("--format", help="text: for reading; json: for programs, on stdout.")
]
TableForm = Annotated[
    Tables, typer.Option("--format", help="text: for reading; json, csv: for programs, on stdout.")
]
DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Say what would be done and what it takes; do nothing.")
]


@app.callback()
def options(
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
) -> None:
    """Take what stands before the command."""
    # `main` takes --debug out of the words wherever it stands; here it is only for the help.
    del debug


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


def finished(path: Path) -> Any:
    """The finished run in a folder; says so if its tables, or the model, have changed since."""
    from metinfer.inference.reproduce import is_same_model
    from metinfer.runs import changed_since, load_run

    run = load_run(path)
    if not is_same_model(run):
        say(
            f"metinfer: STALE: this version of the program makes another model of the tables in "
            f"{path} than the one that was fitted. What is there is shown as it was made; for "
            f"anything new, fit again: metinfer fit {path / 'inputs'} -o another-folder"
        )
    changed = changed_since(run)
    if changed:
        say(
            f"metinfer: STALE: {', '.join(changed)} in {run.record.source} changed since this fit. "
            "The results are of the copy in the run; fit again into another folder."
        )
    return run


@contextmanager
def resumable(out: Path, kept: str = "") -> Iterator[None]:
    """Say after an interruption that nothing finished was lost, or that nothing was finished.

    `kept` says it of a command that leaves no chains.
    """
    try:
        yield
    except KeyboardInterrupt:
        if not kept:
            kept = CHAINS if _has_chains(out) else NO_CHAINS
        say(f"\nmetinfer: interrupted. {kept.format(out=out)}")
        raise typer.Exit(INTERRUPTED) from None


def _has_chains(out: Path) -> bool:
    """Whether a run holds a finished chain."""
    from metinfer.errors import RunError
    from metinfer.record import read_record

    try:
        files = read_record(out).files
    except (RunError, OSError):
        return False
    return any(name.startswith("chains/") or name == "posterior.nc" for name in files)


def announce(evidence: Evidence, out: Path, quiet: bool = False) -> None:
    """Say what goes into a run."""
    rows, intervals = len(evidence.fit_rows()), len(evidence.fit_intervals())
    say(f"{rows} rows and {intervals} intervals go into {out}; the model is compiled first.", quiet)


def say(words: str, quiet: bool = False) -> None:
    """Words go to stderr, unless nobody wants to read them."""
    if not quiet:
        typer.echo(words, err=True)


def write_out(text: str) -> None:
    """Machine formats go to stdout."""
    typer.echo(text)


def told_gates(diagnosis: Diagnosis) -> str:
    """Whether the gates pass, in a line."""
    failed = [gate.name for gate in diagnosis.gates if not gate.passed]
    count = len(diagnosis.gates)
    if failed:
        return f"{len(failed)} of {count} gates failed: {', '.join(failed)}"
    return f"all gates pass ({count})"


def show_gates(gates: Iterable[Gate]) -> None:
    """Print gates as a table; long names go on in the next line, so that they can be told apart."""
    from rich.console import Console
    from rich.table import Column, Table

    named, limit, where = (Column(name, overflow="fold") for name in ("gate", "limit", "where"))
    value, passed = (Column(name, no_wrap=True) for name in ("value", ""))
    table = Table(named, value, limit, passed, where)
    for gate in gates:
        verdict = "pass" if gate.passed else "FAIL"
        table.add_row(gate.name, f"{gate.value:.4g}", gate.limit, verdict, gate.detail)
    Console(stderr=True).print(table)


def show_lines(title: str, lines: Mapping[str, str]) -> None:
    """Print named values as a table."""
    from rich.console import Console
    from rich.table import Table

    table = Table(title, "")
    for name, value in lines.items():
        table.add_row(name, value)
    Console(stderr=True).print(table)


def require(diagnosis: Diagnosis) -> None:
    """Raise NotTrustedError if a gate failed."""
    if not diagnosis.passed:
        failed = ", ".join(g.name for g in diagnosis.gates if not g.passed)
        few = any("ESS" in g.name or "R-hat" in g.name for g in diagnosis.gates if not g.passed)
        hint = "; more draws are the usual remedy: metinfer fit DATA -o ANOTHER --draws 2000"
        told = f"the numbers must not be trusted: {failed} failed"
        raise NotTrustedError(told + (hint if few else ""))
