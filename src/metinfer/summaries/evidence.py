"""What the evidence tables hold: flow, coverage of the mechanism, rows as published, against."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

import pandas as pd

from metinfer.summaries.groups import Groups
from metinfer.summaries.ledger import Perturbing
from metinfer.summaries.table import frame

ROLES = ("fit", "check", "prior", "out")
SCORED = ("fit", "check")
OUTCOMES = (
    "metastasis_probability", "metastasis_count", "event_hazard", "event_rate",
    "event_hazard_ratio",
)  # fmt: skip
OUTCOME = "outcome"
Judge = Callable[[Any, Any], bool]


def _is_outcome(row: Any) -> bool:
    return row.observable in (*OUTCOMES, "cell_probability")


#: Part of the mechanism -> whether a row (with its arm) speaks to it.
PARTS: dict[str, Judge] = {
    OUTCOME: lambda row, arm: row.observable in OUTCOMES,
    "cells": lambda row, arm: row.observable == "cell_probability",
    "nk": lambda row, arm: row.observable.startswith("nk_"),
    "il15_nk": lambda row, arm: row.observable == "nk_count_fold",
    "nk_outcome": lambda row, arm: _is_outcome(row) and (
        arm.nk_depletion > 0 or arm.perforin_loss > 0 or arm.nk_activity != 1.0),
    "ifng": lambda row, arm: row.observable.startswith("ifng_"),
    "ifng_outcome": lambda row, arm: _is_outcome(row) and arm.ifng_loss > 0,
    "cxcl12": lambda row, arm: row.observable == "cxcl12_fold",
    "neutrophils": lambda row, arm: row.observable in (
        "neutrophil_fold", "leucocyte_fold") or arm.neutrophil_depletion > 0,
    "stellate": lambda row, arm: row.observable == "stellate_fold" or arm.injury > 0,
    "timp1": lambda row, arm: row.observable in ("timp1_level", "timp1_fold"),
    "timp1_outcome": lambda row, arm: _is_outcome(row) and (
        arm.timp1_fold != 1.0 or arm.timp1_level not in ("", "healthy")),
    "liver_share": lambda row, arm: row.observable == "liver_share",
}  # fmt: skip


def role_counts(evidence: Any) -> pd.DataFrame:
    """How many rows of each table have each role for each reason.

    A reason starts with its kind (before the colon) where the row is left out.
    """
    counts: Counter[tuple[str, str, str, str]] = Counter()
    for table in ("measurements", "intervals"):
        for row in getattr(evidence, table):
            kind, _, why = str(row.reason or "").partition(":")
            coded = (kind, "") if row.role == "out" else ("", str(row.reason or why))
            counts[table, row.role, *coded] += 1
    order = {role: k for k, role in enumerate(ROLES)}
    ranked = sorted(counts.items(), key=lambda c: (order.get(c[0][1], 9), c[0][0], -c[1]))
    return frame(
        ({"table": t, "role": r, "kind": k, "reason": w, "rows": n} for (t, r, k, w), n in ranked),
        ("table", "role", "kind", "reason", "rows"),
    )


def coverage(evidence: Any) -> pd.DataFrame:
    """Rows, intervals, cohorts, studies and events that were fitted, per part and species.

    A row may speak to several parts, through its own arm or its reference arm.
    """
    arms = {a.arm: a for a in evidence.arms}
    rows = [r for r in evidence.measurements if r.role == "fit" and r.arm in arms]
    lines = [i for i in evidence.intervals if i.role == "fit" and i.arm in arms]
    made = []
    for part, speaks in PARTS.items():
        hits = [r for r in rows if _speaks(speaks, r, arms)]
        for species in ("mouse", "human"):
            mine = [i for i in lines if part == OUTCOME and arms[i.arm].species == species]
            some = [r for r in hits if arms[r.arm].species == species]
            made.append(_coverage(part, species, some, mine, arms))
    return frame(made)


def _speaks(speaks: Judge, row: Any, arms: Any) -> bool:
    named = (row.arm, row.reference_arm)
    return any(speaks(row, arms[name]) for name in named if name in arms)


def _coverage(part: str, species: str, rows: list[Any], lines: list[Any], arms: Any) -> Any:
    return {
        "part": part, "species": species, "rows": len(rows), "intervals": len(lines),
        "studies": len({r.study for r in rows} | {arms[i.arm].study for i in lines}),
        "cohorts": len({r.cohort or arms[r.arm].cohort for r in rows}
                       | {arms[i.arm].cohort for i in lines}),
        "events": sum(r.events or 0 for r in [*rows, *lines]),
    }  # fmt: skip


def perturbing(table: pd.DataFrame, parts: Iterable[str]) -> Perturbing:
    """Rows (intervals included) and studies of some parts of `coverage`, by species."""
    mine = table[table["part"].isin(list(parts))]
    people, animals = (mine[mine["species"] == s] for s in ("human", "mouse"))
    return Perturbing(
        *(int(v) for group in (people, animals)
          for v in (group["rows"].sum() + group["intervals"].sum(), group["studies"].sum()))
    )  # fmt: skip


def outcomes(evidence: Any, contexts: Iterable[str]) -> Perturbing:
    """Fitted outcome rows and follow-up intervals, and their studies, of some tumour contexts."""
    wanted = set(contexts)
    arms = {a.arm: a for a in evidence.arms if wanted & {c for c, _ in a.contexts}}
    hits = [r.arm for r in evidence.measurements
            if r.role == "fit" and r.observable in OUTCOMES and r.arm in arms]  # fmt: skip
    hits += [i.arm for i in evidence.intervals if i.role == "fit" and i.arm in arms]
    counts = []
    for people in (True, False):
        mine = [arms[name] for name in hits if (arms[name].species == "human") is people]
        counts += [len(mine), len({a.study for a in mine})]
    return Perturbing(*counts)


def published(evidence: Any) -> pd.DataFrame:
    """Every scored row as its paper prints it."""
    groups = Groups(evidence)
    return frame(
        {
            "row": r.row, "citation": groups.citations.get(r.study, r.study),
            "locator": r.locator, **groups.of(r.arm), "time_day": r.time_day or None,
            "observable": r.observable, "matrix": r.matrix, "statistic": r.statistic,
            "value": r.value, "unit": r.unit, "spread": r.spread, "low": r.low, "high": r.high,
            "n": r.n, "events": r.events, "role": r.role, "confidence": r.confidence or "",
            "note": "; ".join(p for p in (r.reason, r.note) if p),
        }
        for role in SCORED for r in evidence.measurements if r.role == role
    )  # fmt: skip


def against(evidence: Any) -> pd.DataFrame:
    """Rows marked as speaking against the hypothesis, those that the fit had to meet first."""
    groups = Groups(evidence)
    mine = [r for r in evidence.measurements if getattr(r, "against", "") == "yes"]
    return frame(
        (
            {
                "row": r.row, "role": r.role, "kind": str(r.reason or "").partition(":")[0]
                if r.role == "out" else "", "citation": groups.citations.get(r.study, r.study),
                **groups.of(r.arm), "observable": r.observable, "endpoint": r.endpoint,
                "estimand": r.estimand, "statistic": r.statistic, "value": r.value,
                "unit": r.unit, "spread": r.spread, "low": r.low, "high": r.high,
                "events": r.events, "n": r.n, "matrix": r.matrix,
            }
            for r in sorted(mine, key=lambda r: ROLES.index(r.role))
        ),
        ("row", "role"),
    )  # fmt: skip


def files(evidence: Any) -> pd.DataFrame:
    """Every file that was read, with its hash."""
    tables = ("studies", "arms", "doses", "measurements", "intervals")
    rows = {f"{t}.csv": len(getattr(evidence, t)) for t in tables}
    return frame(
        {"file": f.name, "bundled": f.bundled, "sha256": f.sha256, "rows": rows.get(f.name)}
        for f in evidence.files
    )


def double_use(evidence: Any) -> tuple[str, ...]:
    """Studies with rows that informed a prior and rows that are fitted."""
    arms = {a.arm: a.study for a in evidence.arms}
    fitted = {r.study for r in evidence.measurements if r.role == "fit"}
    fitted |= {arms[i.arm] for i in evidence.intervals if i.role == "fit" and i.arm in arms}
    prior = {r.study for r in evidence.measurements if r.role == "prior"}
    return tuple(s.citation for s in evidence.studies if s.study in fitted & prior)


def likelihoods(evidence: Any) -> pd.DataFrame:
    """Every statistic that scores or predicts a row, most used first."""
    from metinfer.inference.families import statistic_of
    from metinfer.inference.statistics import STATISTICS

    counts: Counter[tuple[str, str]] = Counter()
    for row in evidence.measurements:
        if row.role in SCORED:
            counts[statistic_of(row), row.role] += 1
    for line in evidence.intervals:
        if line.role in SCORED:
            counts["interval_person_time", line.role] += 1
    total: Counter[str] = Counter()
    for (name, _), number in counts.items():
        total[name] += number
    made = []
    for name, _ in total.most_common():
        kind = type(STATISTICS[name])
        made.append({
            "statistic": name, "fitted": counts[name, "fit"], "checked": counts[name, "check"],
            "code": f"{kind.__module__.rpartition('.')[2]}.{kind.__name__}",
            "meaning": (kind.__doc__ or name).strip().partition("\n")[0],
        })  # fmt: skip
    return frame(made, ("statistic", "fitted", "checked", "code", "meaning"))
