"""Warnings: TIMP-1 rows that say something else than their author means, or nothing."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from difflib import SequenceMatcher

from metinfer.evidence.draft import Draft
from metinfer.evidence.faults import WARNING, Issue, one_of
from metinfer.evidence.rules import at
from metinfer.evidence.types import Arm, Measurement
from metinfer.evidence.vocabulary import RATIOS, SCORED

HEALTHY = "healthy"
_TIMP1 = ("timp1_level", "timp1_fold")
# Names of stages and colorectal beside colorectal_metastatic are no slips.
_ALIKE = 0.85
# Names are compared in pairs: beyond this many the table of arms is not read by a person anyway.
_MOST_NAMES = 100
_NUMBERED = re.compile(r"(?:[_.+-]?(?:[ivx]+|\d+[a-z]?))$")


def levels_are_named(draft: Draft) -> Iterator[Issue]:
    """An arm with TIMP-1 rows says its level: an empty one is read as healthy."""
    known = one_of(sorted({HEALTHY, *_of_populations(draft), *_arms_of_levels(draft)}))
    first: dict[str, Measurement] = {}
    for row in _rows(draft):
        first.setdefault(row.arm, row)
    for arm in draft.arms:
        if arm.arm in first and not arm.timp1_level and not arm.raw["timp1_fold"]:
            who = "people count" if arm.species == "human" else "animals count"
            yield at("arms", arm, "timp1_level", f"this arm has no timp1_level: its {who} as "
                     f"healthy in measurements.csv:{first[arm.arm].line}",
                     hint=f"known levels: {known}; a new name is a level of its own",
                     severity=WARNING)  # fmt: skip


def new_levels_are_no_slips(draft: Draft) -> Iterator[Issue]:
    """A level is not nearly the name of another one."""
    given = {HEALTHY, *_of_populations(draft)}
    arms = _arms_of_levels(draft)
    counts = Counter(arm.timp1_level for arm in draft.arms)
    # A name of many arms is known; of two that are as frequent, the first.
    known = sorted(given)
    for level in sorted(arms, key=lambda name: -counts[name])[:_MOST_NAMES]:
        if level in given:
            continue
        near = max(known, key=lambda name: _likeness(level, name))
        if _likeness(level, near) >= _ALIKE:
            yield at("arms", arms[level], "timp1_level", f"new level {level}",
                     hint=f'did you mean "{near}"?', severity=WARNING)  # fmt: skip
        else:
            known.append(level)


def assays_have_healthy_people(draft: Draft) -> Iterator[Issue]:
    """A fitted level of patients has healthy people of the same assay to be compared with."""
    arms = {arm.arm: arm for arm in draft.arms}
    rows = [row for row in _rows(draft) if row.observable == "timp1_level" and row.role == "fit"
            and row.statistic not in (*RATIOS, "ordered") and row.arm in arms]  # fmt: skip
    healthy = {row.assay for row in rows if arms[row.arm].timp1_level in ("", HEALTHY)}
    said: set[tuple[str, str]] = set()
    for row in rows:
        if row.assay in healthy or (row.assay, row.arm) in said:
            continue
        said.add((row.assay, row.arm))
        assay = f"assay {row.assay}" if row.assay else "the empty assay"
        yield at("measurements", row, "assay", f"{assay} has no healthy group: this row cannot "
                 "inform TIMP-1 of patients over healthy people", severity=WARNING,
                 hint="add the healthy people that the paper measured with it, role fit, on an "
                 "arm with timp1_level healthy")  # fmt: skip


def _rows(draft: Draft) -> Iterator[Measurement]:
    return (r for r in draft.measurements if r.role in SCORED and r.observable in _TIMP1)


def _arms_of_levels(draft: Draft) -> dict[str, Arm]:
    """The first arm of each level."""
    found: dict[str, Arm] = {}
    for arm in draft.arms:
        if arm.timp1_level and not draft.is_bad("arms", arm, "timp1_level"):
            found.setdefault(arm.timp1_level, arm)
    return found


def _of_populations(draft: Draft) -> set[str]:
    """Levels that the populations ask for."""
    entries = draft.settings.get("populations", {}).get("populations", {})
    tables = entries.values() if isinstance(entries, dict) else ()
    levels = (table.get("timp1_level") for table in tables if isinstance(table, dict))
    return {level for level in levels if isinstance(level, str) and level}


def _likeness(one: str, other: str) -> float:
    """0 to 1; names that differ only in their last number are not alike."""
    one, other = one.lower(), other.lower()
    if one != other and _NUMBERED.sub("", one) == _NUMBERED.sub("", other):
        return 0.0
    return SequenceMatcher(None, one, other).ratio()
