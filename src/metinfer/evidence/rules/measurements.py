"""Checks of single rows of measurements.csv."""

from __future__ import annotations

from collections.abc import Iterator

from metinfer.evidence.draft import Draft, target_unit
from metinfer.evidence.faults import Issue
from metinfer.evidence.rules import at, scored
from metinfer.evidence.types import Measurement
from metinfer.evidence.vocabulary import (
    COUNTS,
    OBSERVABLES,
    SCORED,
    STATEMENTS,
    STATISTICS,
    TIMED,
    Statistic,
    spread_words,
)

TABLE = "measurements"
_FIXED_REFERENCE = ("leucocyte_fold", "timp1_fold")


def scored_rows_are_complete(draft: Draft) -> Iterator[Issue]:
    """A row to fit or check names arm, observable, statistic and, for a number, its unit."""
    for row in scored(draft):
        for column in ("arm", "observable", "statistic"):
            if not getattr(row, column) and not draft.is_bad(TABLE, row, column):
                yield at(TABLE, row, column, f"the cell is empty in a row with role {row.role}",
                         hint="fill it, or give the row the role prior or out")  # fmt: skip
        uses_unit = (row.value is not None and row.statistic not in STATEMENTS) or (
            row.statistic == "bound"
        )
        if uses_unit and not row.unit and not draft.is_bad(TABLE, row, "unit"):
            yield at(TABLE, row, "unit", "a number without a unit", hint=_unit_hint(row))


def statistics_have_what_they_need(draft: Draft) -> Iterator[Issue]:
    """Each statistic has the numbers that its likelihood needs, and no spread it cannot use."""
    for row in scored(draft):
        statistic = STATISTICS.get(row.statistic)
        if statistic is None:
            continue
        if not statistic.takes(row.spread) and not draft.is_bad(TABLE, row, "spread"):
            yield at(TABLE, row, "spread", f"statistic {row.statistic} cannot use this spread",
                     value=row.spread, allowed=spread_words(statistic.spreads))  # fmt: skip
        elif missing := _missing(draft, row, statistic):
            yield at(TABLE, row, missing[0], f"{row.statistic} needs {', '.join(missing)}",
                     hint=_needed_hint(draft, row, statistic))  # fmt: skip


def statistics_fit_the_observable(draft: Draft) -> Iterator[Issue]:
    """An observable is reported by a statistic that can report it."""
    for row in scored(draft):
        observable = OBSERVABLES.get(row.observable)
        if observable and row.statistic and row.statistic not in observable.statistics:
            hint = "" if observable.statistics else "its numbers belong into intervals.csv"
            yield at(TABLE, row, "statistic", f"cannot report {row.observable}",
                     allowed=", ".join(observable.statistics), hint=hint)  # fmt: skip


def references_are_named(draft: Draft) -> Iterator[Issue]:
    """A comparison has a reference arm, which is not the arm itself."""
    for row in scored(draft):
        if row.reference_arm and row.reference_arm == row.arm:
            yield at(TABLE, row, "reference_arm", "the arm is compared with itself")
        faulty = draft.is_bad(TABLE, row, "reference_arm", "statistic", "observable")
        if needs_reference(row) and not row.reference_arm and not faulty:
            by_statistic = STATISTICS[row.statistic].needs_reference
            what = row.statistic if by_statistic else row.observable
            yield at(TABLE, row, "reference_arm", f"{what} needs the arm it is compared with",
                     allowed="an arm of arms.csv")  # fmt: skip


def limits_of_detection_are_usable(draft: Draft) -> Iterator[Issue]:
    """A limit of detection stands only where the likelihood can use it."""
    for row in scored(draft):
        if row.lod is not None and row.statistic not in ("individual", ""):
            yield at(TABLE, row, "lod", f"{row.statistic} cannot use a limit of detection",
                     allowed="only with statistic individual",
                     hint="leave it to the note, or give the individual values")  # fmt: skip


def times_are_possible(draft: Draft) -> Iterator[Issue]:
    """A time has a unit, and a span runs forward."""
    for row in draft.measurements:
        timed = [c for c in ("time", "time_start", "person_time") if row.raw.get(c)]
        if timed and not row.time_unit and not draft.is_bad(TABLE, row, "time_unit"):
            yield at(TABLE, row, "time_unit", f"{timed[0]} without a unit",
                     allowed="minute, hour, day, week, month, year")  # fmt: skip
        if row.role not in SCORED or draft.is_bad(TABLE, row, "time", "time_start", "time_unit"):
            continue
        if row.time_day is not None and row.time_day < 0:
            yield at(TABLE, row, "time", "before time zero", allowed="0 or more")
        elif row.time_day is not None and row.time_start_day >= row.time_day > 0:
            yield at(TABLE, row, "time_start", f"not before time ({row.raw['time']})")
        elif row.time_day is None and _needs_time(row):
            yield at(TABLE, row, "time", f"{row.observable} as {row.statistic} needs a time")


def reasons_are_given(draft: Draft) -> Iterator[Issue]:
    """A row or interval that is left out says why."""
    for table in (TABLE, "intervals"):
        for row in getattr(draft, table):
            if row.role == "out" and not row.reason:
                yield at(table, row, "reason", "role out without a reason",
                         hint="say why it cannot be used")  # fmt: skip


def _unit_hint(row: Measurement) -> str:
    unit = target_unit(row.observable, row.statistic)
    if unit == "1":
        return "write 1 if it has none, or percent"
    return f"for example {unit}" if unit else "write 1 if it has none"


def _needed_hint(draft: Draft, row: Measurement, statistic: Statistic) -> str:
    """What to fill in a row that lacks numbers its statistic needs."""
    if row.spread == "iqr" and (row.low is None) != (row.high is None):
        return ("quartiles are two numbers, the lower in low and the upper in high; where only "
                "their distance is printed, use role out, with the width in note")  # fmt: skip
    if row.statistic == "mean" and row.observable in COUNTS and row.value == 0:
        return "nothing was counted: write statistic count_total and events 0"
    events = counts_that_fit(row) if row.statistic == "proportion" else ""
    if events and not row.raw["events"]:
        return events
    options = ", or ".join(" + ".join(need) for need in statistic.needs)
    return f"needed: {options}; fill it, or use the role prior or out"


def counts_that_fit(row: Measurement) -> str:
    """Numbers of events that give the published share of n, in words; empty without both."""
    if row.value is None or row.n is None or not 0 <= row.value <= 1:
        return ""
    scale = 100 if row.raw["unit"] in ("percent", "%") else 1
    decimals = len(row.raw["value"].partition(".")[2])
    half = 0.5 * 10.0**-decimals / scale + 1e-9
    near = round(row.value * row.n)
    fits = [k for k in range(near - 3, near + 4)
            if 0 <= k <= row.n and abs(k / row.n - row.value) <= half]  # fmt: skip
    percent = " %" if scale > 1 else ""
    shown = [f"{k} of {row.n} is {scale * k / row.n:.{decimals}f}{percent}" for k in fits or [near]]
    if not fits:
        return f"no whole number of {row.n} is {row.raw['value']}, the nearest: {shown[0]}"
    advice = "write it into events" if len(fits) == 1 else "more than one fits: look for the count"
    return f"{', '.join(shown)}: {advice}"


def _missing(draft: Draft, row: Measurement, statistic: Statistic) -> tuple[str, ...]:
    """Empty columns of the nearest alternative; none if one is complete, or faulty already."""
    options = []
    for need in statistic.needs:
        empty = tuple(c for c in need if not row.raw.get(c) and not draft.is_bad(TABLE, row, c))
        # An interval counts only if spread says which one it is.
        named = row.spread != "none" or draft.is_bad(TABLE, row, "spread")
        unnamed = {"low", "high"} <= set(need) and not named
        if not empty and not unnamed:
            return ()
        options.append(empty or ("spread",))
    return min(options, key=len)


def needs_reference(row: Measurement) -> bool:
    """Whether the model compares the arm of a row with its reference arm."""
    statistic, observable = STATISTICS.get(row.statistic), OBSERVABLES.get(row.observable)
    if statistic is None or observable is None:
        return False
    if row.observable in _FIXED_REFERENCE:
        return row.statistic == "ordered"
    return statistic.needs_reference or observable.needs_reference


def _needs_time(row: Measurement) -> bool:
    return row.observable in TIMED and row.statistic != "hazard_ratio"
