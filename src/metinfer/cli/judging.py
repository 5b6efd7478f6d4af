"""Commands that ask which mechanism the tables support."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from metinfer.cli.shared import (
    INTERRUPTED,
    Data,
    Form,
    Out,
    Quick,
    Quiet,
    Seed,
    Words,
    app,
    examples,
    say,
    write_out,
)

ChainsEach = Annotated[
    int | None, typer.Option("--chains", help="Chains of each variant.", show_default="4")
]
ShortDraws = Annotated[int | None, typer.Option("--draws", show_default="500")]
ShortTune = Annotated[int | None, typer.Option("--tune", show_default="500")]
RowChains = Annotated[
    int | None,
    typer.Option(
        help="Chains without each value that importance sampling cannot leave out; 0 for none.",
        show_default="1",
    ),
]
Scheduler = Annotated[
    str | None, typer.Option(metavar="ADDRESS", help="A Dask scheduler that makes the fits.")
]


@app.command(
    epilog=examples(
        ("metinfer compare data -o runs/base", "adds to a finished run, or fits it first"),
        ("metinfer compare data -o runs/look --quick", "a first look with few draws"),
        ("metinfer compare data -o runs/base --scheduler tcp://head:8786", "on a cluster"),
    )
)
def compare(
    data: Data,
    out: Out,
    draws: ShortDraws = None,
    tune: ShortTune = None,
    chains: ChainsEach = None,
    row_chains: RowChains = None,
    seed: Seed = None,
    scheduler: Scheduler = None,
    quick: Quick = False,
    quiet: Quiet = False,
    form: Form = Words.text,
) -> None:
    """Variants of the mechanism on the same rows, and every study left out in turn.

    A variant whose chains diverge or disagree is named and left out of averages. Exit 3 if that is
    most of them, or if a fit without a study is not to be trusted. After a stop, the same command
    goes on.
    """
    import json

    from metinfer import comparison
    from metinfer.evidence import read_evidence
    from metinfer.results import plain

    given: dict[str, Any] = {"draws": draws, "tune": tune, "variant_chains": chains}
    given |= {"row_chains": row_chains, "seed": seed}
    plan = comparison.plan_of(quick, {k: v for k, v in given.items() if v is not None})
    try:
        found = comparison.compare(
            read_evidence(data), out, plan=plan, quick=quick, scheduler=scheduler,
            progress=None if quiet else _count,
        )  # fmt: skip
    except KeyboardInterrupt:
        say(f"\nmetinfer: interrupted. Finished fits are kept in {out}; the same command goes on.")
        raise typer.Exit(INTERRUPTED) from None
    if form is Words.json:
        write_out(json.dumps(plain(found.to_dict()), indent=1))
    else:
        write_out(comparison.to_text(found))
    say(f"Beside the report: metinfer report {out}", quiet)
    comparison.require(found, quick)


def _count(done: int, failed: int, total: int) -> None:
    say(f"{done} of {total} fits{f', {failed} failed' if failed else ''}")
