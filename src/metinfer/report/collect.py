"""From a run folder to everything the report shows."""

from __future__ import annotations

from typing import Any

import xarray as xr

from metinfer.report.content import (
    Assumption,
    AuthorField,
    Check,
    Gate,
    Level,
    Note,
    ReportContent,
    Verdict,
)
from metinfer.report.gather import (
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
    posterior,
    predictions,
    scores,
    untreated,
)
from metinfer.report.gather import against as findings
from metinfer.report.gather import evidence as tables
from metinfer.report.words import number
from metinfer.runs import changed_since

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
    author = tables.author_fields(evidence.analysis)
    kept, judged = gates.gates(run)
    predicted = _dataset(run, "predictions.nc")
    found, answers, missing = _therapies(run, predicted)
    groups = run.groups
    after, before = groups.get("posterior"), groups.get("prior")
    known = _parameters(evidence, after, before)
    checks = foundations.checked(run)
    answers = foundations.sharpened(answers, run, checks)
    flags = untreated.followed(evidence, predicted)
    answers = untreated.answers(answers, flags)
    compared = compare.compared(run, answers, known)
    calibrated = calibrate.calibrated(run, answers, known)
    predictive = _dataset(run, "predictive.nc")
    rows = _fitted(fit.row_fits, evidence, predictive, "row")
    intervals = _fitted(fit.interval_fits, evidence, predictive, "interval")
    states = compare.state(compared), calibrate.state(calibrated)
    judgement = verdict(run, kept, judged, author, (*missing, *_stale(run)), *states)
    covered = scores.scores(rows, intervals, predictive)
    published = account.published_rows(evidence)
    return ReportContent(
        title=_title(run),
        verdict=judgement,
        answers=answers,
        author=author,
        roles=tables.role_counts(evidence),
        coverage=tables.coverage(evidence),
        against=findings.against(evidence),
        wordless=findings.wordless(evidence.analysis.get("limits", ())),
        rows=rows,
        intervals=intervals,
        scores=covered,
        published=published,
        credibility=account.credibility(kept, covered, judgement.levels, answers, published),
        likelihoods=likelihood.likelihoods(evidence),
        survival=_fitted(fit.survival_fits, evidence, predictive, "cohort"),
        equations=model.equations(),
        states=model.states(),
        inputs=model.inputs(),
        assumptions=ASSUMPTIONS,
        rules=model.rules(evidence.parameters),
        links=links.links(known, evidence.parameters, after),
        parameters=known,
        gates=kept,
        checks=_checks(kept, predicted),
        traces=() if after is None else posterior.traces(after, known),
        computation=computation.computation(run),
        curves=predictions.curves(found),
        effects=untreated.flagged(predictions.effects(found), flags),
        decisions=decisions.decisions(
            _groups(run, "decisions.nc"), predicted, evidence.analysis.get("answer", []), found
        ),
        limits=_limits(evidence),
        reproduce=_reproduce(run),
        files=tables.input_files(evidence),
        run_name=run.path.name,
        compared=compared,
        calibrated=calibrated,
        ground=foundations.ground(checks, answers, evidence, known),
    )


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
    if not run.holds(name):
        return None
    groups = run.read_result(name)
    return next(iter(groups.values()))


def _groups(run: Any, name: str) -> dict[str, xr.Dataset] | None:
    """Return all groups of a result of the run, or None where the run does not hold it."""
    return run.read_result(name) if run.holds(name) else None


def _therapies(
    run: Any, dataset: xr.Dataset | None
) -> tuple[list[dict[str, Any]], tuple[Any, ...], tuple[str, ...]]:
    asked = run.evidence.analysis.get("answer", [])
    if dataset is None:
        return [], (), ("the therapies were not predicted (metinfer predict RUN)",) if asked else ()
    found = predictions.records(dataset)
    answers, missing = predictions.answers(asked, found, dataset)
    return found, answers, missing


def _fitted(make: Any, evidence: Any, predictive: xr.Dataset | None, dim: str) -> tuple[Any, ...]:
    if predictive is None or dim not in predictive.dims:
        return ()
    return tuple(make(evidence, predictive))


def _stale(run: Any) -> tuple[str, ...]:
    """Why the results no longer answer for the folder that was fitted, if they do not."""
    changed = ", ".join(changed_since(run))
    return (f"stale: {changed} changed since the fit; this is of the copies",) if changed else ()


def verdict(run: Any, gates: tuple[Gate, ...], judged: bool | None,
            author: tuple[AuthorField, ...], missing: tuple[str, ...],
            checked: str = "not run", held: str = "not run") -> Verdict:  # fmt: skip
    """Return whether the run may be reported, and every reason against it."""
    reasons = []
    if run.record.status != "complete":
        reasons.append(f"the run is {run.record.status}, not complete")
    if judged is None:
        reasons.append("the gates were not judged (metinfer diagnose RUN)")
    reasons += [_broken(g) for g in gates if g.passed is False]
    if run.record.quick:
        reasons.append("this was a quick run, with too few draws for results")
    reasons += [f"\u201c{f.label}\u201d is missing ({f.where})" for f in author if not f.text]
    reasons += missing
    state = "not run" if judged is None else ("pass" if judged else "fail")
    levels = (
        Level("computed", state, "The chains agree and the solver is accurate enough.",
              "metinfer diagnose RUN"),
        Level("checked", checked, "Other variants of the model, and each study left out, were "
              "fitted: sections 10 and 11 say what they change.", "metinfer compare DATA -o RUN"),
        Level("calibrated", held, "On simulated data the intervals hold the truth as often "
              "as they say: section 5.", "metinfer calibrate DATA -o RUN"),
    )  # fmt: skip
    return Verdict(not reasons, tuple(reasons), levels, run.record.quick)


def _broken(gate: Gate) -> str:
    if gate.value is None:
        return f"{gate.name} has no value: {gate.meaning}"
    return f"{gate.name} is {number(gate.value, 4)}; the limit is {gate.limit}"


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


def _limits(evidence: Any) -> tuple[Note, ...]:
    """Return what bounds every number here, some of it counted from the tables."""
    arms = {a.arm: a for a in evidence.arms}
    treated = [d for d in evidence.doses if d.arm in arms and arms[d.arm].species == "human"]
    outcome = "none" if not treated else f"{len(treated)} dosed arms"
    return (
        Note("Treated people in the tables", f"{outcome}: effects of therapy in people come from "
             "the mechanism and from mice, and lean on priors."),
        Note("Without adjuvant therapy", "Baseline cohorts are historical; they are not "
             "today's patients."),
        Note("Not for", "Treatment of single patients, doses for people, or ranking of therapies "
             "whose answers are assumed."),
    )  # fmt: skip


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
