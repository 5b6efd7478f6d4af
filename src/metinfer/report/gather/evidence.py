"""What the evidence tables say of themselves: roles, coverage, findings against, gaps."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

from metinfer.report.content import AuthorField, Coverage, InputFile, RoleCount

#: Texts of analysis.toml, the section that shows them, and what they are called there.
AUTHOR_FIELDS = (
    (1, "question", "Question of interest"),
    (1, "decision", "Who decides what on it"),
    (1, "context_of_use", "Context of use: species, tumour, time span, treatments"),
    (1, "influence", "How much the decision rests on the model"),
    (1, "consequence", "How bad a wrong answer would be"),
    (13, "limits", "Known limits"),
)

OUTCOMES = (
    "metastasis_probability", "metastasis_count", "event_hazard", "event_rate",
    "event_hazard_ratio",
)  # fmt: skip
CONTROL_ROLES = ("fit",)
NAMES = {"measurements": "published rows", "intervals": "follow-up intervals"}
#: Why a row is left out, before the colon of its reason -> what that means.
KINDS = {
    "twice": "the same people or animals are already counted",
    "outside the model": "nothing in the model corresponds",
    "elsewhere": "other organ, blood or cell culture",
    "estimand": "measures something else",
    "incomplete": "no n, spread or time",
}
OUTCOME = "metastasis outcome"
Judge = Callable[[Any, Any], bool]

#: Part of the model -> whether a row (with its arm) speaks to it.
PARTS: dict[str, Judge] = {
    OUTCOME: lambda row, arm: row.observable in OUTCOMES,
    "dormant or any tumour cells": lambda row, arm: row.observable == "cell_probability",
    "NK cells, measured": lambda row, arm: row.observable.startswith("nk_"),
    "IL-15 and the number of NK cells": lambda row, arm: row.observable == "nk_count_fold",
    "NK loss or loss of killing, and outcome": lambda row, arm: _is_outcome(row) and (
        arm.nk_depletion > 0 or arm.perforin_loss > 0 or arm.nk_activity != 1.0),
    "interferon-gamma, measured": lambda row, arm: row.observable == "ifng_fold",
    "interferon-gamma loss, and outcome": lambda row, arm: _is_outcome(row) and arm.ifng_loss > 0,
    "CXCL12, measured": lambda row, arm: row.observable == "cxcl12_fold",
    "neutrophils, measured or removed": lambda row, arm: row.observable in (
        "neutrophil_fold", "leucocyte_fold") or arm.neutrophil_depletion > 0,
    "stellate cells or liver injury": lambda row, arm: row.observable == "stellate_fold"
    or arm.injury > 0,
    "TIMP-1 level": lambda row, arm: row.observable in ("timp1_level", "timp1_fold"),
    "TIMP-1, and outcome": lambda row, arm: _is_outcome(row) and (
        arm.timp1_fold != 1.0 or arm.timp1_level not in ("", "healthy")),
    "liver share of first metastases": lambda row, arm: row.observable == "liver_share",
}  # fmt: skip


def _is_outcome(row: Any) -> bool:
    return row.observable in (*OUTCOMES, "cell_probability")


def author_fields(analysis: Any) -> tuple[AuthorField, ...]:
    """Return the author's texts; those not given have an empty text."""
    return tuple(
        AuthorField(section, label, _text(analysis.get(key)), f"analysis.toml, {key}")
        for section, key, label in AUTHOR_FIELDS
    )


def _text(value: Any) -> str:
    if isinstance(value, (list, tuple)):
        return "\n".join(str(v).strip() for v in value)
    return "" if value is None else str(value)


def role_counts(evidence: Any) -> tuple[RoleCount, ...]:
    """Return how many rows of each table have each role for each reason."""
    counts: Counter[tuple[str, str, str]] = Counter()
    for table in ("measurements", "intervals"):
        for row in getattr(evidence, table):
            counts[NAMES[table], row.role, _reason(row)] += 1
    order = {role: k for k, role in enumerate(("fit", "check", "prior", "out"))}
    ranked = sorted(counts.items(), key=lambda c: (order.get(c[0][1], 9), c[0][0], -c[1]))
    return tuple(RoleCount(*key, number) for key, number in ranked)


def _reason(row: Any) -> str:
    """Return why a row has its role; of a row left out, what its kind of reason means."""
    reason = str(row.reason or _default(row.role))
    if row.role != "out":
        return reason
    kind = reason.partition(":")[0]
    return KINDS.get(kind, kind)


def _default(role: str) -> str:
    return {"fit": "in the likelihood", "check": "predicted, never fitted"}.get(role, "no reason")


def coverage(evidence: Any) -> tuple[Coverage, ...]:
    """Return rows, intervals, cohorts and events that were fitted, per part and species.

    A row may speak to several parts. Mouse and human are always listed, with zero where
    there is nothing.
    """
    arms = {a.arm: a for a in evidence.arms}
    rows = [r for r in evidence.measurements if r.role in CONTROL_ROLES and r.arm in arms]
    lines = [i for i in evidence.intervals if i.role in CONTROL_ROLES and i.arm in arms]
    made = []
    for part, speaks in PARTS.items():
        hits = [(r, arms[r.arm]) for r in rows if _speaks(speaks, r, arms)]
        for species in ("mouse", "human"):
            mine = [i for i in lines if part == OUTCOME and arms[i.arm].species == species]
            made.append(_coverage(part, species, [h for h in hits if h[1].species == species],
                                  [(i, arms[i.arm]) for i in mine]))  # fmt: skip
    return tuple(made)


def _speaks(speaks: Judge, row: Any, arms: Any) -> bool:
    """Whether a row speaks to a part, through its own arm or its reference arm."""
    named = (row.arm, row.reference_arm)
    return any(speaks(row, arms[name]) for name in named if name in arms)


def _coverage(part: str, species: str, hits: list[tuple[Any, Any]],
              lines: list[tuple[Any, Any]]) -> Coverage:  # fmt: skip
    cohorts = {row.cohort or arm.cohort for row, arm in hits} | {arm.cohort for _, arm in lines}
    events = sum(row.events or 0 for row, _ in [*hits, *lines])
    studies = {row.study for row, _ in hits} | {arm.study for _, arm in lines}
    words, thin = teach(len(hits), len(studies))
    if lines:
        words, thin = "Teaches the risk over time without therapy, not the effect of one.", False
    return Coverage(
        species, part, len(hits), len(cohorts), events, words, len(lines), len(studies), thin
    )


def teach(rows: int, studies: int) -> tuple[str, bool]:
    """Return in words what so many rows can teach, and whether that is too little."""
    if rows == 0:
        return "No row: nothing can be learnt; answers that need it repeat the prior.", True
    if studies < 2:
        return "One study only: too thin to tell a finding from an accident.", True
    if rows < 4:
        return "Too thin for more than a direction; no dose response.", True
    return f"{studies} studies.", False


def double_use(evidence: Any) -> tuple[str, ...]:
    """Return the studies with rows that informed a prior and rows that are fitted."""
    arms = {a.arm: a.study for a in evidence.arms}
    fitted = {r.study for r in evidence.measurements if r.role == "fit"}
    fitted |= {arms[i.arm] for i in evidence.intervals if i.role == "fit" and i.arm in arms}
    prior = {r.study for r in evidence.measurements if r.role == "prior"}
    return tuple(s.citation for s in evidence.studies if s.study in fitted & prior)


def input_files(evidence: Any) -> tuple[InputFile, ...]:
    """Return every file read, with its hash; a bundled one is named so."""
    rows = {f"{t}.csv": len(getattr(evidence, t)) for t in
            ("studies", "arms", "doses", "measurements", "intervals")}  # fmt: skip
    return tuple(
        InputFile(f"{f.name}{' (bundled)' if f.bundled else ''}", f.sha256, rows.get(f.name))
        for f in evidence.files
    )
