"""The command that asks whether the intervals hold the truth."""

from __future__ import annotations

from typing import Annotated

import typer

from metinfer.cli.shared import (
    Data,
    Form,
    Out,
    Quiet,
    Seed,
    Words,
    app,
    examples,
    resumable,
    say,
    write_out,
)


@app.command(
    epilog=examples(
        ("metinfer calibrate data -o runs/base", "200 fits of each kind; adds to the run"),
        ("metinfer calibrate data -o runs/base --fits 20 --prior", "a first look"),
        ("metinfer calibrate data -o runs/base --scheduler tcp://head:8786", "on a cluster"),
    )
)
def calibrate(
    data: Data,
    out: Out,
    fits: Annotated[int, typer.Option(help="Simulated fits of each kind.")] = 200,
    prior: Annotated[bool, typer.Option("--prior", help="Truths from the prior only.")] = False,
    posterior: Annotated[
        bool, typer.Option("--posterior", help="Truths from the posterior only.")
    ] = False,
    seed: Seed = None,
    scheduler: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="A Dask scheduler that makes the fits.")
    ] = None,
    quiet: Quiet = False,
    form: Form = Words.text,
) -> None:
    """Simulate tables from known truths, fit them, and see how often the intervals hold them.

    Exit 3 if a named answer is outside its limits. After a stop, the same command goes on.
    """
    import json

    from metinfer import calibration
    from metinfer.evidence import read_evidence
    from metinfer.results import plain

    kinds = [k for k, asked in (("prior", prior), ("posterior", posterior)) if asked]
    with resumable(out, FITS):
        found = calibration.calibrate_evidence(
            read_evidence(data), out, fits=fits, seed=seed, kinds=kinds,
            scheduler=scheduler, progress=None if quiet else _count,
        )  # fmt: skip
    write_out(
        json.dumps(plain(found), indent=1) if form is Words.json else calibration.to_text(found)
    )
    say(f"Beside the report: metinfer report {out}", quiet)
    calibration.require(found)


#: What an interrupt leaves behind.
FITS = "Finished fits are kept in {out}; the same command goes on."


def _count(done: int, failed: int, total: int) -> None:
    say(f"{done} of {total} fits{f', {failed} failed' if failed else ''}")
