"""Commands that fit, and judge a fit."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from metinfer.cli.shared import (
    Chains,
    Data,
    Draws,
    DryRun,
    Form,
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
    examples,
    finished,
    require,
    resumable,
    say,
    show_gates,
    show_lines,
    told_gates,
    write_out,
)

if TYPE_CHECKING:
    from metinfer.inference.diagnose import Diagnosis

Variant = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help="Form of the mechanism: base, no_nk, kill_only, no_cxcl12_nk, timp1_seeding_only, "
        "none_awake, last_stage_seen or mutual_inhibition.",
        show_default="base",
    ),
]


@app.command(
    epilog=examples(
        ("metinfer demo", "makes runs/demo/report.html from the bundled tables"),
        ("metinfer demo -o runs/look --quick", "a first look with few draws"),
        ("metinfer demo --resume", "goes on after a stop"),
    )
)
def demo(
    out: Out = Path("runs/demo"),
    quick: Quick = False,
    resume: Resume = False,
    quiet: Quiet = False,
    form: Form = Words.text,
) -> None:
    """Check, fit, predict and report the evidence that comes with metinfer.

    With `--format json`, progress is lines of JSON on stderr, and the end is on stdout.
    """
    from metinfer.evidence import bundled_path, read_evidence
    from metinfer.inference.plan import refuse
    from metinfer.inference.sample import fit as run_fit
    from metinfer.workflow import finish

    evidence = read_evidence(bundled_path())
    refuse(evidence, out, resume=resume, quick=quick or None)
    machine = form is Words.json
    announce(evidence, out, quiet or machine)
    with resumable(out):
        view = _view(quiet, machine)
        run_fit(evidence, out, quick=quick or None, resume=resume, progress=view)
        run, diagnosis, page = finish(out)
    if machine:
        _ended(run, diagnosis, page)
        return
    failed = [gate for gate in diagnosis.gates if not gate.passed]
    if failed and not quiet:
        show_gates(failed)
    say(f"{told_gates(diagnosis)}. The answers in words: metinfer predict {out}", quiet)
    say(f"The report: {page}", quiet)
    if run.record.quick:
        say("This was a first look with few draws: its gates may fail, and it proves nothing.")
        return
    require(diagnosis)


def _view(quiet: bool, machine: bool) -> str:
    """Name of the progress view: none, lines for a program, or a table."""
    return "none" if quiet else "json" if machine else "table"


def _ended(run: Any, diagnosis: Diagnosis, page: Path) -> None:
    """Print how a demo ended, for programs, and end it by its gates."""
    import json

    failed = [gate.name for gate in diagnosis.gates if not gate.passed]
    told = {"run": str(run.path), "passed": diagnosis.passed, "failed": failed}
    write_out(json.dumps({**told, "report": str(page), "quick": run.record.quick}, indent=1))
    if not run.record.quick:
        require(diagnosis)


@app.command(
    epilog=examples(
        ("metinfer fit data -o runs/base --seed 7", "the same seed gives the same draws"),
        ("metinfer fit data -o runs/base --dry-run", "says what it would take, and does nothing"),
        ("metinfer fit data -o runs/base --resume", "goes on after a stop or a power cut"),
        ("metinfer fit data -o runs/look --quick", "a first look with few draws"),
        ("metinfer fit data -o runs/kill --variant kill_only", "another form of the mechanism"),
        ("metinfer fit data -o runs/base --format json 2> log.jsonl", "for programs"),
    )
)
def fit(
    data: Data,
    out: Out,
    draws: Draws = None,
    tune: Tune = None,
    chains: Chains = None,
    seed: Seed = None,
    variant: Variant = None,
    quick: Quick = False,
    resume: Resume = False,
    dry_run: DryRun = False,
    quiet: Quiet = False,
    form: Form = Words.text,
) -> None:
    """Fit the evidence: posterior, its sub-fits, and prior.

    The sub-fits: without the mouse rows, and with human effects nearer to, or further from, those
    in mice. An existing run is never overwritten. After a stop, the same command with `--resume`
    keeps the finished chains and gives exactly the draws of an uninterrupted run. With `--format
    json`, progress is lines of JSON on stderr, and the end is on stdout.
    """
    from metinfer.evidence import read_evidence

    given: dict[str, Any] = {"draws": draws, "tune": tune, "chains": chains, "seed": seed}
    given |= {"quick": quick or None, "resume": resume, "variant": variant}
    evidence = read_evidence(data)
    if dry_run:
        from metinfer.inference.plan import plan_fit

        plan = plan_fit(evidence, out, **given)
        write_out(plan.to_json() if form is Words.json else plan.to_text())
        return
    _fit(evidence, out, given, quiet, form)


def _fit(evidence: Any, out: Path, given: dict[str, Any], quiet: bool, form: Words) -> None:
    """Fit, with words or with lines for a program."""
    from metinfer.inference.plan import refuse
    from metinfer.inference.sample import fit as run_fit

    refuse(evidence, out, **given)
    machine = form is Words.json
    announce(evidence, out, quiet or machine)
    with resumable(out):
        run = run_fit(evidence, out, progress=_view(quiet, machine), **given)
    say(f"{out} is complete. Next: metinfer diagnose {out}", quiet or machine)
    if machine:
        write_out(run.to_json())


@app.command(
    epilog=examples(
        ("metinfer prior data -o runs/prior", "what the prior alone expects"),
        ("metinfer prior data -o runs/prior --format json", "for programs"),
    )
)
def prior(
    data: Data,
    out: Out,
    draws: Draws = None,
    seed: Seed = None,
    quiet: Quiet = False,
    form: Form = Words.text,
) -> None:
    """Draw from the prior alone: what the model believes before any row is read.

    Says how many draws hold something biologically impossible; `metinfer report` shows what the
    prior would have published in place of each row.
    """
    from metinfer.evidence import read_evidence
    from metinfer.inference.sample import prior as run_prior
    from metinfer.workflow import check_prior

    run = run_prior(read_evidence(data), out, draws=draws, seed=seed)
    lines = check_prior(run)
    if not quiet:
        shares = {line["what"]: f"{100 * line['share']:.1f} %" for line in lines}
        show_lines("impossible prior draws", shares)
    say(f"{out} holds the prior. Next: metinfer report {out}", quiet)
    if form is Words.json:
        write_out(run.to_json())


@app.command(
    epilog=examples(
        ("metinfer diagnose runs/base && echo to be trusted", "exits 3 if a gate fails"),
        ("metinfer diagnose runs/base --format json", "every gate, for programs"),
    )
)
def diagnose(run: RunFolder, quiet: Quiet = False, form: Form = Words.text) -> None:
    """Judge a run by its gates. Exit 0 if all pass, 3 if one fails."""
    import json

    from metinfer.results import plain
    from metinfer.workflow import diagnose as judge

    diagnosis = judge(finished(run))
    if form is Words.json:
        write_out(json.dumps(plain(diagnosis.to_dict()), indent=1))
    elif not quiet:
        show_gates(diagnosis.gates)
    require(diagnosis)
    after = f"metinfer predict {run}, metinfer report {run}"
    say(f"{told_gates(diagnosis)}. Next: {after}", quiet or form is Words.json)
