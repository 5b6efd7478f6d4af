"""Checks of single rows of measurements.csv."""

from __future__ import annotations

from collections.abc import Iterator

from metinfer.evidence.draft import Draft
from metinfer.evidence.faults import Issue
from metinfer.evidence.rules import at
from metinfer.evidence.types import Measurement
from metinfer.evidence.vocabulary import (
    OBSERVABLES,
    RATIOS,
    SCORED,
    STATEMENTS,
    STATISTICS,
    Statistic,
)

TABLE = "measurements"
_FIXED_REFERENCE = ("leucocyte_fold", "timp1_fold")


def scored_rows_are_complete(draft: Draft) -> Iterator[Issue]:
    """A row to fit or check names arm, observable, statistic and, for a number, its unit."""
    for row in _scored(draft):
        for column in ("arm", "observable", "statistic"):
            if not getattr(row, column) and not draft.is_bad(TABLE, row, column):
                yield at(TABLE, row, column, f"the cell is empty in a row with role {row.role}",
                         hint="fill it, or give the row the role prior or out")  # fmt: skip
        uses_unit = (row.value is not None and row.statistic not in STATEMENTS) or (
            row.statistic == "bound"
        )
        if uses_unit and not row.unit and not draft.is_bad(TABLE, row, "unit"):
            yield at(TABLE, row, "unit", "a number without a unit", hint="write 1 if it has none")


def statistics_have_what_they_need(draft: Draft) -> Iterator[Issue]:
    """Each statistic has the numbers that its likelihood needs, and no spread it cannot use."""
    for row in _scored(draft):
        statistic = STATISTICS.get(row.statistic)
        if statistic is None:
            continue
        if row.spread not in statistic.spreads and not draft.is_bad(TABLE, row, "spread"):
            yield at(TABLE, row, "spread", f"statistic {row.statistic} cannot use this spread",
                     value=row.spread, allowed=", ".join(statistic.spreads))  # fmt: skip
        elif missing := _missing(draft, row, statistic):
            options = " or ".join(", ".join(need) for need in statistic.needs)
            yield at(TABLE, row, missing[0], f"statistic {row.statistic} needs {', '.join(missing)}",
                     allowed=options, hint="fill it, or give the row the role prior or out")  # fmt: skip


def statistics_fit_the_observable(draft: Draft) -> Iterator[Issue]:
    """An observable is reported by a statistic that can report it."""
    for row in _scored(draft):
        observable = OBSERVABLES.get(row.observable)
        if observable and row.statistic and row.statistic not in observable.statistics:
            yield at(TABLE, row, "statistic", f"cannot report {row.observable}",
                     allowed=", ".join(observable.statistics))  # fmt: skip


def references_are_named(draft: Draft) -> Iterator[Issue]:
    """A comparison has a reference arm, which is not the arm itself."""
    for row in _scored(draft):
        if row.reference_arm and row.reference_arm == row.arm:
            yield at(TABLE, row, "reference_arm", "the arm is compared with itself")
        if _needs_reference(row) and not row.reference_arm:
            if not draft.is_bad(TABLE, row, "reference_arm", "statistic", "observable"):
                what = row.statistic if STATISTICS[row.statistic].needs_reference else row.observable
                yield at(TABLE, row, "reference_arm", f"{what} needs the arm it is compared with",
                         allowed="an arm of arms.csv")  # fmt: skip


def limits_of_detection_are_usable(draft: Draft) -> Iterator[Issue]:
    """A limit of detection stands only where the likelihood can use it."""
    for row in _scored(draft):
        if row.lod is not None and row.statistic not in ("individual", ""):
            yield at(TABLE, row, "lod", f"statistic {row.statistic} cannot use a limit of detection",
                     allowed="only with statistic individual",
                     hint="leave it to the note, or give the individual values")  # fmt: skip


def numbers_are_possible(draft: Draft) -> Iterator[Issue]:
    """No number lies outside what its kind allows."""
    for row in draft.measurements:
        if row.events is not None and row.n is not None and row.events > row.n:
            if row.statistic in ("proportion", "survival", "cumulative_incidence"):
                yield at(TABLE, row, "events", f"more events than n = {row.n}", allowed=f"0 to {row.n}")
        if row.role in SCORED:
            yield from _impossible(row)


def _impossible(row: Measurement) -> Iterator[Issue]:
    low, high = _range_of(row)
    for column, value in _values_of(row):
        if low is not None and value < low:
            yield at(TABLE, row, column, f"below {low:g}, which is impossible for {_what(row)}")
        elif high is not None and value > high:
            yield at(TABLE, row, column, f"above {high:g}, which is impossible for {_what(row)}",
                     hint="a percentage needs the unit percent" if high == 1 else "")  # fmt: skip
        elif value <= 0 and row.statistic in (*RATIOS, "geometric_mean"):
            yield at(TABLE, row, column, f"not above 0, as a {row.statistic} must be")
    if row.statistic in STATEMENTS and row.value is not None and not 0.5 <= row.value < 1:
        yield at(TABLE, row, "value", f"in a row {row.statistic}, value is the confidence in the "
                 "statement", allowed="from 0.5 to below 1")  # fmt: skip
    if row.spread in ("sd", "sem", "log_sd") and row.low is not None and row.low <= 0:
        yield at(TABLE, row, "low", f"the {row.spread} is not above 0", allowed="a number above 0")
    if row.statistic in ("mean", "geometric_mean") and row.n == 1:
        yield at(TABLE, row, "n", "a spread over one animal or person", allowed="2 or more",
                 hint="use statistic individual")  # fmt: skip
    if row.statistic == "percentile" and row.level is not None and not 0 < row.level < 1:
        yield at(TABLE, row, "level", "not inside the distribution", allowed="between 0 and 1")
    if row.person_time_day == 0 and row.statistic == "rate":
        yield at(TABLE, row, "person_time", "no time at risk", allowed="a number above 0")


def intervals_hold_their_value(draft: Draft) -> Iterator[Issue]:
    """An interval runs upward and holds its value (a median outside is only a doubt)."""
    for row in draft.measurements:
        low, high = row.low, row.high
        if row.role == "out" or low is None or high is None:
            continue
        if row.spread in ("sd", "sem", "log_sd"):
            yield at(TABLE, row, "high", f"a {row.spread} is one number, in column low",
                     hint="clear the cell, or correct spread")  # fmt: skip
        elif low > high:
            yield at(TABLE, row, "low", f"above high ({row.raw['high']})", hint="swap them")
        elif row.value is not None and row.statistic not in STATEMENTS and row.spread != "iqr":
            if row.spread != "none" and not low <= row.value <= high:
                yield at(TABLE, row, "value", f"outside its own {row.spread}",
                         allowed=f"{row.raw['low']} to {row.raw['high']}")  # fmt: skip


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
        elif row.time_day is not None and row.raw["time_start"] and row.time_start_day >= row.time_day:
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


def _scored(draft: Draft) -> Iterator[Measurement]:
    return (row for row in draft.measurements if row.role in SCORED)


def _missing(draft: Draft, row: Measurement, statistic: Statistic) -> tuple[str, ...]:
    """Columns that lack of the nearest alternative; empty if one is complete or a cell is faulty."""
    options = []
    for need in statistic.needs:
        empty = tuple(c for c in need if not row.raw.get(c) and not draft.is_bad(TABLE, row, c))
        # An interval counts only if spread says which one it is.
        unnamed = {"low", "high"} <= set(need) and row.spread == "none"
        if not empty and not unnamed:
            return ()
        options.append(empty or ("spread",))
    return min(options, key=len)


def _needs_reference(row: Measurement) -> bool:
    statistic, observable = STATISTICS.get(row.statistic), OBSERVABLES.get(row.observable)
    if statistic is None or observable is None:
        return False
    if row.contrast.startswith("per_") and row.statistic in RATIOS:
        return False
    if row.observable in _FIXED_REFERENCE:
        return row.statistic == "ordered"
    return statistic.needs_reference or observable.needs_reference


def _needs_time(row: Measurement) -> bool:
    timed = ("metastasis_probability", "cell_probability", "metastasis_count", "event_hazard",
             "event_rate")  # fmt: skip
    return row.observable in timed and row.statistic != "hazard_ratio"


def _values_of(row: Measurement) -> Iterator[tuple[str, float]]:
    """The numbers of a row that are values of its observable."""
    columns = ("low", "high") if row.statistic in STATEMENTS else ("value", "low", "high", "lod")
    one_number = row.spread in ("sd", "sem", "log_sd")
    for column in columns:
        value = getattr(row, column)
        if value is not None and not (one_number and column in ("low", "high")):
            yield column, value


def _range_of(row: Measurement) -> tuple[float | None, float | None]:
    observable = OBSERVABLES.get(row.observable)
    if row.statistic in ("survival", "cumulative_incidence", "proportion"):
        return 0.0, 1.0
    if observable is None or row.statistic in RATIOS:
        return 0.0, None
    return observable.low, observable.high


def _what(row: Measurement) -> str:
    shares = ("survival", "cumulative_incidence", "proportion", *RATIOS)
    return f"a {row.statistic}" if row.statistic in shares else row.observable
