"""Whether a run may be reported, each reason against it, and how far it was tested."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from metinfer.report.content import AuthorField, Gate, Level, Score, Verdict
from metinfer.report.gather.checked import Checked
from metinfer.report.words import number

NOT_RUN = Checked("not run")


def verdict(run: Any, gates: tuple[Gate, ...], judged: bool | None,
            author: tuple[AuthorField, ...], missing: tuple[str, ...],
            checked: Checked = NOT_RUN, held: Checked = NOT_RUN,
            scores: Iterable[Score] = ()) -> Verdict:  # fmt: skip
    """Return whether the run may be reported, and every reason against it.

    Parameters
    ----------
    run
        A `metinfer.runs.Run`.
    gates, judged
        The gates, and whether all hold (None: not judged).
    author, missing
        Texts of the author; sentences on what could not be computed or no longer holds.
    checked, held
        What variants and left-out studies, and what simulated tables showed.
    scores
        How many published values lie inside their predictive intervals.
    """
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
    levels = _levels(judged, gates, checked, held)
    for level, found in zip(levels[1:], (checked, held), strict=True):
        if level.state == "fail":
            why = "; ".join(found.faults) or level.meaning
            reasons.append(f"the level \u201c{level.name}\u201d fails: {why}")
    return Verdict(not reasons, tuple(reasons), levels, run.record.quick, _notes(checked, scores))


def _levels(
    judged: bool | None, gates: Iterable[Gate], checked: Checked, held: Checked
) -> tuple[Level, ...]:
    state = "not run" if judged is None else ("pass" if judged else "fail")
    compared = checked.told or (
        "Other variants of the model, and each study left out: sections 10 and 11 say what they "
        "change"
    )
    computed, calibrated = (
        "The chains agree and the solver is accurate enough.",
        ("On simulated data the intervals hold the truth as often as they say: section 5."),
    )
    if state == "fail":
        computed = _failed(dict.fromkeys(_guarded(g) for g in gates if g.passed is False))
    told = f"{compared[:1].upper()}{compared[1:]}."
    if checked.state == "fail" and checked.faults:
        told = _failed(checked.faults)
    if held.state == "fail":
        calibrated = _failed(held.faults)
    return (
        Level("computed", state, computed, "metinfer diagnose RUN"),
        Level("checked", checked.state, told, "metinfer compare DATA -o RUN"),
        Level("calibrated", held.state, calibrated, "metinfer calibrate DATA -o RUN"),
    )


def _guarded(gate: Gate) -> str:
    """What a gate guards, and its name, without the fit that it is of."""
    name, guards = gate.name.partition(",")[0], gate.meaning.partition(" (")[0]
    return f"{guards} ({name})" if guards else name


def _failed(what: Iterable[str]) -> str:
    """What does not hold; the numbers are among the reasons and in the sections."""
    return f"Does not hold: {'; '.join(what) or 'what, was not recorded'}."


def _notes(checked: Checked, scores: Iterable[Score]) -> tuple[str, ...]:
    """What a reader must know beside the verdict."""
    made = []
    for score in scores:
        if score.stream == "all rows never fitted" and score.judged == "too narrow":
            made.append(
                f"Values that were never fitted: {score.inside90} of {score.items} lie inside "
                f"their 90 % interval ({0.9 * score.items:.0f} expected)."
            )
    if checked.state == "done":
        made.append(f"Answers depend on the mechanism or on single studies: {checked.told}.")
    return tuple(made)


def _broken(gate: Gate) -> str:
    if gate.value is None:
        return f"{gate.name} has no value: {gate.meaning}"
    return f"{gate.name} is {number(gate.value, 4)}; the limit is {gate.limit}"


def heading(found: Verdict) -> tuple[str, str]:
    """Return the words over the verdict and their tone: yes, part or no."""
    if not found.reportable:
        return "Not reportable", "no"
    states = {level.name: level.state for level in found.levels}
    untested = {"checked": "not checked against other mechanisms", "calibrated": "not calibrated"}
    lacks = [words for name, words in untested.items() if states.get(name) in ("not run", "stale")]
    if lacks:
        word = "Computed only" if len(lacks) == len(untested) else "Reportable with limits"
        return f"{word}: {', '.join(lacks)}", "part"
    if found.notes:
        return "Reportable with limits", "part"
    return "Reportable", "yes"
