"""From a run folder to everything the report shows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import xarray as xr

from metinfer import results
from metinfer.judging import ANSWERED, ANSWERS, every_so_often
from metinfer.report import commands
from metinfer.report.content import (
    Assumption,
    Check,
    Gate,
    Note,
    ReportContent,
)
from metinfer.report.gather import (
    acceptance,
    account,
    calibrate,
    compare,
    computation,
    decisions,
    fit,
    foundations,
    gates,
    likelihood,
    links,
    model,
    named,
    others,
    posterior,
    predictions,
    scores,
    sense,
    standing,
    untreated,
)
from metinfer.report.gather import against as findings
from metinfer.report.gather import evidence as tables
from metinfer.report.gather.checked import Checked, checked
from metinfer.report.gather.verdict import verdict
from metinfer.report.words import number
from metinfer.runs import changed_since
from metinfer.therapy.regimen import read_therapies

TITLE = "Dormant tumour cells in the liver: what published tables say about therapies"
ASSUMPTIONS = (
    Assumption("Fold effects cross from mouse to human, with a stated spread.",
               "The mouse rows teach nothing about people; read \u201cwithout mouse rows\u201d."),
    Assumption("Awakening, stock and growth time are the patients' own and never scaled.",
               "Baseline risks would borrow from mice; they do not."),
    Assumption("Subjects differ in their number of founders only (Gamma frailty).",
               "Late risk would be biased, upwards if awakening also differs."),
    Assumption("Therapy acts on the liver; metastases elsewhere are untouched in the base case.",
               "Effects on all sites would be larger."),
    Assumption("Before time zero a healthy niche is at steady state.",
               "Early effects of a slow niche would be read as effects of treatment."),
    Assumption("Liver disease acts as stellate activation and nothing else.",
               "Steatosis, hepatitis and fibrosis would need routes of their own."),
    Assumption("An observational hazard ratio is causal in part; the part is estimated.",
               "Confounding would be taken for biology, or biology for confounding."),
    Assumption("Clones awake at surgery are spread evenly over the three steps of growth.",
               "The rise of risk in the first years would be earlier or later."),
    Assumption("Published cohorts are independent unless they name the same people.",
               "Intervals would be too narrow."),
)  # fmt: skip


#: Gate -> what it verifies, with its value.
CHECKED = {
    "solver grid": "Time steps: largest shift of a posterior mean is {value} sd",
    "failed solves": "Failed solves among accepted draws: {value}",
}
#: State of what no run repeats.
NO_PART = "not part of a run"
TESTED = (
    Check("Gradient of the solver against finite differences and complex steps",
          "in the test suite of the program", NO_PART, "pytest tests/mechanism/test_op.py"),
    Check("Mass balance, limiting cases with a known answer, another solver",
          "in the test suite of the program", NO_PART, "pytest tests/mechanism/test_limits.py"),
    Check("Known-answer cases of every statistic", "in the test suite of the program",
          NO_PART, "pytest tests/inference/statistics"),
)  # fmt: skip


def collect(run: Any) -> ReportContent:
    """Return the content of the report of a run.

    Parts that the run does not hold stay empty and appear on the page as "not run" with the
    command that would fill them.

    Parameters
    ----------
    run
        A `metinfer.runs.Run`.
    """
    evidence = run.evidence
    asked = evidence.analysis.get("answer", [])
    kept, judged = gates.gates(run)
    author = (*tables.author_fields(evidence.analysis), acceptance.field(evidence.analysis, kept))
    predicted = others.own(run, _dataset(run, "predictions.nc"))
    found, answers, missing = _therapies(run, predicted)
    other = others.predicted(run)
    shown = [*found, *([] if other is None else predictions.records(other))]
    groups = run.groups
    after, before = groups.get("posterior"), groups.get("prior")
    known = _parameters(evidence, after, before)
    checks = foundations.checked(run)
    flags = untreated.followed(evidence, predicted)
    answers = untreated.answers(answers, flags)
    compared = compare.compared(run, answers, known)
    calibrated = calibrate.calibrated(run, answers, known)
    predictive = _dataset(run, "predictive.nc")
    rows = _fitted(fit.row_fits, evidence, predictive, "row")
    intervals = _fitted(fit.interval_fits, evidence, predictive, "interval")
    covered = scores.scores(rows, intervals, predictive)
    judgement = _judgement(run, (kept, judged, author, missing), (compared, calibrated), covered)
    published = account.published_rows(evidence)
    content = ReportContent(
        title=_title(run),
        verdict=judgement,
        answers=answers,
        author=author,
        rows=rows,
        intervals=intervals,
        scores=covered,
        published=published,
        credibility=account.credibility(kept, covered, judgement.levels, answers, published),
        survival=_fitted(fit.survival_fits, evidence, predictive, "cohort"),
        links=links.links(known, evidence.parameters, after),
        parameters=known,
        gates=gates.named(kept, answers),
        checks=_checks(kept, predicted),
        traces=() if after is None else posterior.traces(after, known),
        computation=computation.computation(run),
        curves=predictions.curves(shown),
        effects=untreated.flagged(predictions.effects(shown), flags),
        decisions=others.beside(
            decisions.decisions(_groups(run, "decisions.nc"), predicted, asked, found),
            run,
            other,
            asked,
        ),
        reproduce=(*_reproduce(run), *others.notes(run, other)),
        run_name=run.path.name,
        **commands.places(run),
        compared=compared,
        calibrated=calibrated,
        ground=replace(
            foundations.ground(checks, answers, evidence, known),
            moved=_moved(run, known, answers),
            double_use=tables.double_use(evidence),
        ),
        **_of_evidence(evidence),
    )
    return commands.spelled(content)


def _of_evidence(evidence: Any) -> dict[str, Any]:
    """Everything that the tables and the model say without a fit."""
    return {
        "roles": tables.role_counts(evidence),
        "coverage": tables.coverage(evidence),
        "against": findings.against(evidence),
        "wordless": findings.wordless(evidence.analysis.get("limits", ())),
        "likelihoods": likelihood.likelihoods(evidence),
        "equations": model.equations(),
        "states": model.states(),
        "inputs": model.inputs(),
        "assumptions": ASSUMPTIONS,
        "rules": model.rules(evidence.parameters),
        "limits": acceptance.limits(evidence),
        "files": tables.input_files(evidence),
    }


def _judgement(
    run: Any, found: tuple[Any, ...], levels: tuple[Any, Any], covered: Sequence[Any]
) -> Any:
    """The verdict, from gates and texts, and from comparison and calibration if they are there."""
    (kept, judged, author, missing), (compared, calibrated) = found, levels
    tested = checked(compared)
    tested = replace(tested, state=standing.level(run, tested.state, "compare DATA -o RUN"))
    held = Checked(
        standing.level(run, calibrate.state(calibrated), "calibrate DATA -o RUN"),
        faults=() if calibrated is None else tuple(calibrated.reasons),
    )
    unmet = (*missing, *_stale(run), *standing.reasons(run))
    made = verdict(run, kept, judged, author, unmet, tested, held, covered)
    return replace(made, levels=standing.marked(run, made.levels))


def _moved(run: Any, known: Sequence[Any], answers: Sequence[Any]) -> tuple[Any, ...]:
    """Parameters that the data moved, from the draws for which the answers were solved."""
    if "posterior" not in run.groups:
        return ()
    draws = every_so_often(run.posterior, ANSWERED)
    return sense.moved(known, answers, draws, results.read_groups(run, ANSWERS).get("posterior"))


def _title(run: Any) -> str:
    """The title; a run of a variant of the mechanism says so."""
    name = run.record.settings.get("variant", "base")
    return TITLE if name == "base" else f"{TITLE} (variant of the mechanism: {name})"


def _parameters(evidence: Any, after: Any, before: Any) -> tuple[Any, ...]:
    if before is None:
        return ()
    species = {context: a.species for a in evidence.arms for context, _ in a.contexts}
    return posterior.parameters(evidence.parameters, after, before, species)


def _dataset(run: Any, name: str) -> xr.Dataset | None:
    """Return a single-group result of the run, or None where the run does not hold it."""
    return next(iter((_groups(run, name) or {}).values()), None)


def _groups(run: Any, name: str) -> dict[str, xr.Dataset] | None:
    """Return all groups of a result of the run, or None where the run does not hold it."""
    return {k: named.spelled(v) for k, v in results.read_groups(run, name).items()} or None


def _therapies(
    run: Any, dataset: xr.Dataset | None
) -> tuple[list[dict[str, Any]], tuple[Any, ...], tuple[str, ...]]:
    asked = run.evidence.analysis.get("answer", [])
    if dataset is None:
        return [], (), ("the therapies were not predicted (metinfer predict RUN)",) if asked else ()
    found, every = named.judged(run, dataset, asked)
    named.start_days(found, _own_therapies(run))
    answers, missing = predictions.answers(asked, found, dataset, every)
    return found, answers, missing


def _own_therapies(run: Any) -> Any:
    path = run.path / "inputs" / "therapies.toml"
    return read_therapies(path) if path.is_file() else None


def _fitted(make: Any, evidence: Any, predictive: xr.Dataset | None, dim: str) -> tuple[Any, ...]:
    if predictive is None or dim not in predictive.dims:
        return ()
    return tuple(make(evidence, predictive))


def _stale(run: Any) -> tuple[str, ...]:
    """Why the results no longer answer for the folder that was fitted, if they do not."""
    changed = ", ".join(changed_since(run))
    return (f"stale: {changed} changed since the fit; this is of the copies",) if changed else ()


def _checks(gates: tuple[Gate, ...], predicted: xr.Dataset | None) -> tuple[Check, ...]:
    """Return what this run says of its own arithmetic, then what only the tests can say."""
    states = {True: "pass", False: "fail", None: "not run"}
    made = [
        Check(CHECKED[g.name].format(value=number(g.value, 2)), g.meaning, states[g.passed])
        for g in gates
        if g.name in CHECKED
    ]
    if predicted is not None and "failed" in predicted:
        bad = int(predicted["failed"].sum())
        tried = predicted["failed"].size * predicted.sizes.get("draw", 1)
        made.append(Check("Therapies solved in every draw", f"{bad:,} of {tried:,} solves failed",
                          "pass" if bad == 0 else "fail"))  # fmt: skip
    return (*made, *TESTED)


def _reproduce(run: Any) -> tuple[Note, ...]:
    record = run.record
    return (
        Note("Command", record.command),
        Note("Rebuild this page", f"metinfer report {run.path}"),
        Note("Started", record.created),
        Note("Inputs, hash over all", record.digest),
        Note("Program, hash over the files that define the posterior", record.code),
        *(Note(f"Stopped before: {k + 1}", stop) for k, stop in enumerate(record.stops)),
    )
