"""What had to hold before the numbers may be used, and what bounds them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from metinfer.report import words
from metinfer.report.content import AuthorField, Gate, Note

LABEL = "Limits of acceptance, fixed before fitting"
CHECKED = (
    "Other mechanisms and left-out studies: none puts the median of a named answer outside its "
    "90 % interval, no more studies surprise than chance allows, and no variant predicts better."
)
CALIBRATED = (
    "Simulated tables: ranks and coverage of all named answers hold together at 99 %, and at most "
    "2 % of the fits fail."
)


def field(analysis: Mapping[str, Any], gates: Sequence[Gate]) -> AuthorField:
    """Return the author's limits of acceptance, or those that the program holds every run to."""
    own = analysis.get("acceptance")
    lines = own if isinstance(own, list) else [own] if own else _of_program(analysis, gates)
    text = "\n".join(str(line).strip() for line in lines)
    return AuthorField(1, LABEL, text, "analysis.toml, acceptance")


def _of_program(analysis: Mapping[str, Any], gates: Sequence[Gate]) -> list[str]:
    limits = {g.name.partition(",")[0]: g.limit for g in gates}
    listed = "; ".join(f"{name} {limit}" for name, limit in limits.items())
    first = f"Of the program, the same for every run: {listed}." if listed else ""
    margins = _margins(analysis.get("answer", ()))
    named = f"What would matter, by analysis.toml: {margins}." if margins else ""
    return [line for line in (first, named, CHECKED, CALIBRATED) if line]


def _margins(asked: Iterable[Mapping[str, Any]]) -> str:
    made = dict.fromkeys(_margin(a["measure"], float(a["margin"])) for a in asked if "margin" in a)
    return "; ".join(made)


def _margin(measure: str, margin: float) -> str:
    how = words.measure(measure)
    limit = words.fixed(margin * how.factor, how.decimals)
    if how.unit == "ratio":
        return f"{how.label}: below {limit}"
    return f"{how.label}: above {limit} {how.unit}"


def limits(evidence: Any) -> tuple[Note, ...]:
    """Return what bounds every number here, some of it counted from the tables."""
    arms = {a.arm: a for a in evidence.arms}
    dosed = {d.arm for d in evidence.doses}
    treated = [a for a in arms.values() if a.arm in dosed and a.species == "human"]
    outcome = "none" if not treated else words.how_many(len(treated), "dosed arm")
    return (
        Note("Treated people in the tables", f"{outcome}: effects of therapy in people come from "
             "the mechanism and from mice, and lean on priors."),
        Note("Without adjuvant therapy", "Baseline cohorts are historical; they are not "
             "today's patients."),
        Note("What no check of a fit sees", "A cohort counted twice, a late time zero, a second "
             "route of awakening, or NK cells that do not hold: four of five wrong worlds raised "
             "no alarm (docs/calibration.md, five wrong worlds and a right one). Only a reader of "
             "the papers can see the first two."),
        Note("Not for", "Treatment of single patients, doses for people, or ranking of therapies "
             "whose answers are not learnt."),
    )  # fmt: skip
