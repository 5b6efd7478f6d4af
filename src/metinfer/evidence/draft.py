"""A folder read but not yet judged: typed rows, and the places where reading failed."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

from metinfer.evidence.bundled import bundled_path
from metinfer.evidence.faults import Issue
from metinfer.evidence.folder import misnamed, missing, no_evidence
from metinfer.evidence.schema import TABLES, TOML_FILES
from metinfer.evidence.settings import LARGEST_TOML, read_toml
from metinfer.evidence.tables import LARGEST_CSV, ParsedRow, ParsedTable, read_bytes, read_table
from metinfer.evidence.types import Arm, Dose, Interval, Measurement, SourceFile, Study
from metinfer.evidence.vocabulary import OBSERVABLES, RATIOS, SCORED, STATEMENTS
from metinfer.units import DAYS, UnitError, factor

Row = Study | Arm | Dose | Measurement | Interval


@dataclass
class Draft:
    """Everything read from a folder. A faulty cell is None or its default in the typed row.

    Attributes
    ----------
    studies, arms, doses, measurements, intervals : list
        Typed rows, in the order of the files.
    settings : dict
        Contents of each TOML file by its name.
    files : list of SourceFile
    issues : list of Issue
        Met while reading.
    unread : set of str
        Tables that could not be read at all.
    bad : dict
        (table, line) to the columns that have a fault already.
    open : dict
        Line of measurements.csv to those of its ends, low and high, that are not finite. They
        count as bad, and are None in the typed row.
    """

    root: Path
    studies: list[Study] = field(default_factory=list)
    arms: list[Arm] = field(default_factory=list)
    doses: list[Dose] = field(default_factory=list)
    measurements: list[Measurement] = field(default_factory=list)
    intervals: list[Interval] = field(default_factory=list)
    settings: dict[str, dict[str, Any]] = field(default_factory=dict)
    files: list[SourceFile] = field(default_factory=list)
    issues: list[Issue] = field(default_factory=list)
    unread: set[str] = field(default_factory=set)
    bad: dict[tuple[str, int], frozenset[str]] = field(default_factory=dict)
    open: dict[int, frozenset[str]] = field(default_factory=dict)
    row_counts: dict[str, int] = field(default_factory=dict)

    def is_bad(self, table: str, row: Row, *columns: str) -> bool:
        """Whether one of `columns` of `row` has a fault already."""
        return not self.bad.get((table, row.line), frozenset()).isdisjoint(columns)

    def is_open(self, row: Measurement, end: str) -> bool:
        """Whether `end` (low or high) of `row` was given as not finite."""
        return end in self.open.get(row.line, ())

    def mark(self, table: str, line: int, *columns: str) -> None:
        """Note that `columns` of a row have a fault."""
        self.bad[table, line] = self.bad.get((table, line), frozenset()) | set(columns)


def read_draft(root: Path) -> Draft:
    """Read every file of the folder `root`; never raises for what is in it."""
    draft = Draft(root)
    wrong = no_evidence(root)
    if wrong is not None:
        draft.issues.append(wrong)
        draft.unread.update(TABLES)
        return draft
    parsed = {name: _read_csv(draft, name) for name in TABLES}
    for name, table in parsed.items():
        draft.issues += table.issues
        if table.line_count and name not in draft.unread:
            draft.row_counts[TABLES[name].file] = len(table.rows)
        draft.bad |= {(name, row.line): row.bad for row in table.rows if row.bad}
    draft.studies = [_typed(Study, row) for row in parsed["studies"].rows]
    draft.arms = [_typed(Arm, row) for row in parsed["arms"].rows]
    draft.doses = [_typed(Dose, row) for row in parsed["doses"].rows]
    draft.measurements = [_measurement(draft, row) for row in parsed["measurements"].rows]
    draft.intervals = [_interval(row) for row in parsed["intervals"].rows]
    for name in TOML_FILES:
        draft.settings[name] = _read_settings(draft, name)
    draft.issues += misnamed(root)
    return draft


def _read_csv(draft: Draft, name: str) -> ParsedTable:
    table = TABLES[name]
    path = draft.root / table.file
    if not path.exists():
        absent = missing(draft.root, table)
        if absent is not None:
            draft.issues.append(absent)
            draft.unread.add(name)
        return ParsedTable(table)
    data = _bytes(draft, path, table.file, LARGEST_CSV)
    if data is None:
        draft.unread.add(name)
        return ParsedTable(table)
    draft.files.append(SourceFile(table.file, path, sha256(data).hexdigest()))
    parsed = read_table(table, data)
    if parsed.issues and not parsed.rows:
        draft.unread.add(name)
    return parsed


def _read_settings(draft: Draft, name: str) -> dict[str, Any]:
    file = f"{name}.toml"
    own, shipped = draft.root / file, bundled_path() / file
    path = own if own.exists() else shipped
    if not path.exists():
        return {}
    data = _bytes(draft, path, file, LARGEST_TOML)
    if data is None:
        return {}
    draft.files.append(SourceFile(file, path, sha256(data).hexdigest(), bundled=path != own))
    document, faults = read_toml(file, data)
    draft.issues += faults
    if faults:
        draft.unread.add(name)
    return document


def _bytes(draft: Draft, path: Path, file: str, largest: int) -> bytes | None:
    try:
        return read_bytes(path, largest)
    except OSError as error:
        draft.issues.append(
            Issue("the file cannot be read", file, value=error.strerror or str(error))
        )
        return None


def _typed[T](kind: Callable[..., T], row: ParsedRow) -> T:
    return kind(**row.values, line=row.line, raw=row.raw)


def _days(value: float | None, unit: str) -> float | None:
    return None if value is None else value * DAYS.get(unit, 1.0)


_TIMES = ("time", "time_start", "person_time")


def _measurement(draft: Draft, row: ParsedRow) -> Measurement:
    values = row.values
    unit = values["time_unit"]
    _take_open_ends(draft, row)
    converted = _converted(draft, row)
    time, start, person_time = (_days(values.pop(name), unit) for name in _TIMES)
    values["time_day"], values["time_start_day"] = time, start or 0.0
    # Rates are per year, so that events over person_time is one.
    values["person_time"] = None if person_time is None else person_time / DAYS["year"]
    return Measurement(**values | converted, line=row.line, raw=row.raw)


def _take_open_ends(draft: Draft, row: ParsedRow) -> None:
    """Take ends that are not finite out of the numbers, so that no later check meets them."""
    ends = [name for name in ("low", "high") if row.values[name] == math.inf]
    for name in ends:
        row.values[name] = None
    if ends:
        draft.open[row.line] = frozenset(ends)
        draft.mark("measurements", row.line, *ends)


def target_unit(observable: str, statistic: str) -> str:
    """Unit that the value of a scored row is turned into; empty for an unknown observable."""
    known = OBSERVABLES.get(observable)
    return "1" if statistic in (*RATIOS, "ordered") else known.unit if known else ""


def _converted(draft: Draft, row: ParsedRow) -> dict[str, Any]:
    """The numbers of a scored row in its observable's unit, and that unit."""
    values = row.values
    observable = OBSERVABLES.get(values["observable"])
    if values["role"] not in SCORED or observable is None:
        return {}
    statistic = values["statistic"]
    target = target_unit(observable.name, statistic)
    if values["unit"] in (target, ""):
        return {"unit": target} if values["unit"] else {}
    try:
        scale = factor(values["unit"], target, observable.substance)
    except UnitError as error:
        draft.issues.append(Issue(str(error), TABLES["measurements"].file, row.line, "unit",
                                  row.raw["unit"], allowed=f"anything that converts to {target}",
                                  hint=_unit_hint(statistic)))  # fmt: skip
        draft.mark("measurements", row.line, "unit")
        return {}
    scaled = {"lod", "low", "high"} if values["spread"] != "log_sd" else {"lod"}
    scaled |= set() if statistic in STATEMENTS else {"value"}
    return {"unit": target} | {
        name: values[name] * scale for name in scaled if values[name] is not None
    }


def _unit_hint(statistic: str) -> str:
    if statistic in RATIOS:
        return "a ratio has unit 1 or fold; its scale goes into contrast"
    return "give the row the role prior or out if its unit cannot be known"


def _interval(row: ParsedRow) -> Interval:
    values = dict(row.values)
    unit = values["time_unit"]
    days = {name: _days(values[name], unit) for name in ("start", "end", "person_time")}
    return Interval(**values | days, line=row.line, raw=row.raw)
