"""Checks that ids are unique and that what a row names exists."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from metinfer.evidence.draft import Draft
from metinfer.evidence.faults import Issue, did_you_mean
from metinfer.evidence.rules import at, scored
from metinfer.evidence.schema import TABLES
from metinfer.evidence.vocabulary import SOLVED
from metinfer.units import DOSE_UNITS

_PLAIN = str.maketrans({"\u00b5": "u", "\u03bc": "u", "\u00b2": "2", "^": ""})


def ids_are_unique(draft: Draft) -> Iterator[Issue]:
    """An id stands once in its table."""
    for name, table in TABLES.items():
        first: dict[str, int] = {}
        for row in getattr(draft, name) if table.key else ():
            key = getattr(row, table.key)
            if not key or draft.is_bad(name, row, table.key):
                continue
            if first.setdefault(key, row.line) != row.line:
                yield at(name, row, table.key, f"the id stands already in line {first[key]}",
                         hint="give each row its own id")  # fmt: skip


def studies_exist(draft: Draft) -> Iterator[Issue]:
    """A study that is named has a row in studies.csv."""
    if "studies" in draft.unread:
        return
    known = {study.study for study in draft.studies}
    for name in ("arms", "measurements"):
        for row in getattr(draft, name):
            if row.study and row.study not in known:
                yield at(name, row, "study", "no such study in studies.csv",
                         hint=did_you_mean(row.study, known, "add it there"))  # fmt: skip


def arms_exist(draft: Draft) -> Iterator[Issue]:
    """An arm that is named has a row in arms.csv."""
    if "arms" in draft.unread:
        return
    known = {arm.arm for arm in draft.arms}
    named = (("doses", "arm"), ("intervals", "arm"), ("measurements", "arm"),
             ("measurements", "reference_arm"))  # fmt: skip
    for name, column in named:
        for row in getattr(draft, name):
            arm = getattr(row, column)
            if arm and arm not in known:
                yield at(name, row, column, "no such arm in arms.csv",
                         hint=did_you_mean(arm, known, "add it there"))  # fmt: skip


def doses_are_complete(draft: Draft) -> Iterator[Issue]:
    """A dose names a known agent and unit, and repeated ones their distance."""
    agents = _names(draft.settings.get("therapies", {}).get("agents"))
    for dose in draft.doses:
        if dose.agent and agents and dose.agent not in agents:
            yield at("doses", dose, "agent", "no such agent in therapies.toml",
                     allowed=", ".join(sorted(agents)),
                     hint=did_you_mean(dose.agent, agents, "add it there"))  # fmt: skip
        if dose.unit and dose.unit not in DOSE_UNITS:
            plain = dose.unit.translate(_PLAIN).replace("mcg", "ug").replace(" ", "")
            yield at("doses", dose, "unit", "not a unit of a dose", allowed=", ".join(DOSE_UNITS),
                     hint=did_you_mean(plain, DOSE_UNITS))  # fmt: skip
        if dose.count > 1 and not dose.every and not draft.is_bad("doses", dose, "every"):
            yield at("doses", dose, "every", f"{dose.count} doses need the time between them",
                     allowed="days, above 0")  # fmt: skip


def arrivals_make_sense(draft: Draft) -> Iterator[Issue]:
    """Cells that arrive over time arrive from a start to a later end."""
    for arm in draft.arms:
        start, end = arm.arrival_start, arm.arrival_end
        if draft.is_bad("arms", arm, "arrival", "arrival_start", "arrival_end"):
            continue
        if start is not None and end is not None and end < start:
            yield at("arms", arm, "arrival_end", f"before arrival_start ({start:g})",
                     allowed=f"{start:g} or more")  # fmt: skip
        if arm.arrival == "primary" and end is None:
            yield at("arms", arm, "arrival_end", "cells from a primary need the time at which it "
                     "was removed, or the animals were killed", allowed="a day")  # fmt: skip


def names_of_parameters_exist(draft: Draft) -> Iterator[Issue]:
    """An input given by name is one that the model knows."""
    for arm in draft.arms:
        if isinstance(arm.nk_activity, str) and arm.nk_activity != "surgery":
            yield at("arms", arm, "nk_activity", "unknown name", allowed="a number, or surgery")
        if arm.timp1_level not in ("", "healthy") and arm.timp1_fold != 1.0:
            yield at("arms", arm, "timp1_fold", "both timp1_fold and timp1_level are given",
                     hint="keep one: the fold if it is known, else the level")  # fmt: skip


def contexts_keep_one_species(draft: Draft) -> Iterator[Issue]:
    """A context is used for one species only, as its rates are that species'."""
    first: dict[str, str] = {}
    for arm in draft.arms:
        if draft.is_bad("arms", arm, "species", "context"):
            continue
        for context, _ in arm.contexts:
            species = first.setdefault(context, arm.species)
            if species != arm.species:
                yield at("arms", arm, "context", f"context {context} is used for {species} and "
                         f"for {arm.species}", hint="give each species its own")  # fmt: skip


def solved_arms_have_a_context(draft: Draft) -> Iterator[Issue]:
    """An arm in which the model is solved says under which rates of the tumour."""
    arms = {arm.arm: arm for arm in draft.arms if not draft.is_bad("arms", arm, "context")}
    rows = [r for r in scored(draft) if r.observable in SOLVED]
    asked = {name: row for row in rows[::-1] for name in (row.arm, row.reference_arm) if name}
    for name, row in asked.items():
        arm = arms.get(name)
        if arm is not None and not arm.contexts:
            yield at("arms", arm, "context", f"{row.observable} of row {row.row} is solved in a "
                     "context, and this arm has none",
                     hint="without a tumour, any context of the species: the niche is the same in "
                          "all")  # fmt: skip


def _names(section: object) -> set[str]:
    return set(section) if isinstance(section, Iterable) and not isinstance(section, str) else set()
