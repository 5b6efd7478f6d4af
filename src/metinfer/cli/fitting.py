"""Commands that fit, and judge a fit."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from metinfer.cli.shared import (
    Chains,
    Data,
    Draws,
    Out,
    Quick,
    Quiet,
    Resume,
    RunFolder,
    Seed,
    Tune,
    Words,
    announce,
    app,
    require,
    resumable,
    say,
    show_gates,
    write_out,
)


@app.command(epilog="Example: `metinfer demo -o runs/demo --quick`")
def demo(
    out: Out = Path("runs/demo"), quick: Quick = False, resume: Resume = False, quiet: Quiet = False
) -> None:
    """Check, fit, predict and report the evidence that comes with metinfer."""
    from metinfer.evidence import bundled_path, read_evidence
    from metinfer.inference.sample import fit as run_fit
    from metinfer.workflow import finish

    evidence = read_evidence(bundled_path())
    announce(evidence, out)
    with resumable(out):
        run_fit(evidence, out, quick=quick or None, resume=resume, progress=not quiet)
        run, diagnosis, page = finish(out)
    show_gates(diagnosis)
    say(f"The report: {page}")
    if run.record.quick:
        say("This was a first look with few draws: its gates may fail, and it proves nothing.")
        return
    require(diagnosis)


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
    announce(evidence, out)
    with resumable(out):
        run_fit(evidence, out, quick=quick or None, resume=resume, progress=not quiet, **given)
    say(f"{out} is complete. Next: metinfer diagnose {out}")


@app.command(epilog="Example: `metinfer prior data -o runs/prior`")
def prior(data: Data, out: Out, draws: Draws = None, seed: Seed = None) -> None:
    """Draw from the prior alone: what the model believes before any row is read."""
    from metinfer.evidence import read_evidence
    from metinfer.inference.sample import prior as run_prior

    run_prior(read_evidence(data), out, draws=draws, seed=seed)
    say(f"{out} holds the prior.")


@app.command(epilog="Example: `metinfer diagnose runs/base && echo to be trusted`")
def diagnose(run: RunFolder, form: Annotated[Words, typer.Option("--format")] = Words.text) -> None:
    """Judge a run by its gates. Exit 0 if all pass, 3 if one fails."""
    import json

    from metinfer.runs import load_run
    from metinfer.workflow import diagnose as judge
    from metinfer.workflow import plain

    diagnosis = judge(load_run(run))
    if form is Words.json:
        write_out(json.dumps(plain(diagnosis.to_dict()), indent=1))
    else:
        show_gates(diagnosis)
    require(diagnosis)
