"""Typed rows of the evidence: frozen, with times in days and values in canonical units."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

Raw = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Study:
    """One publication or data set (columns of studies.csv)."""

    study: str
    citation: str
    doi: str
    pmid: str
    url: str
    note: str
    line: int = field(default=0, compare=False)
    raw: Raw = field(default_factory=dict, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Arm:
    """One experimental or clinical group (columns of arms.csv; times in days)."""

    arm: str
    study: str
    cohort: str
    species: str
    population: str
    site: str
    context: str
    stock: str
    endpoint_scope: str
    arrival: str
    arrival_start: float | None
    arrival_end: float | None
    time_zero: str
    injury: float
    timp1_fold: float
    timp1_level: str
    nk_depletion: float
    nk_activity: float | str
    perforin_loss: float
    ifng_loss: float
    neutrophil_depletion: float
    note: str
    line: int = field(default=0, compare=False)
    raw: Raw = field(default_factory=dict, compare=False, repr=False)

    @property
    def contexts(self) -> tuple[tuple[str, float], ...]:
        """Each context with its share; one context of share 1 unless a mixture."""
        parts = [part.partition(":") for part in self.context.split(";") if part.strip()]
        return tuple((name.strip(), float(share) if share else 1.0) for name, _, share in parts)


@dataclass(frozen=True, slots=True)
class Dose:
    """A repeated dose given to an arm (columns of doses.csv; times in days)."""

    arm: str
    agent: str
    amount: float
    unit: str
    start: float
    every: float | None
    count: int
    line: int = field(default=0, compare=False)
    raw: Raw = field(default_factory=dict, compare=False, repr=False)

    @property
    def times(self) -> tuple[float, ...]:
        """Time of each dose, days."""
        return tuple(self.start + (self.every or 0.0) * k for k in range(self.count))


@dataclass(frozen=True, slots=True)
class Measurement:
    """One published number with what is known of it (columns of measurements.csv).

    `time_day` and `time_start_day` are in days, `person_time` in years. In rows with
    role fit or check, `value`, `low`, `high` and `lod` are in `unit`, which is the
    observable's unit (1 for a ratio); rows with another role keep the published
    unit. `raw` has the cells as published.
    """

    row: str
    study: str
    arm: str
    reference_arm: str
    endpoint: str
    observable: str
    matrix: str
    assay: str
    time_day: float | None
    time_unit: str
    statistic: str
    value: float | None
    unit: str
    spread: str
    low: float | None
    high: float | None
    n: int | None
    events: int | None
    lod: float | None
    cohort: str
    estimand: str
    adjustment: str
    contrast: str
    cut: str
    role: str
    reason: str
    locator: str
    source_url: str
    confidence: str
    note: str
    level: float | None = None
    time_start_day: float = 0.0
    person_time: float | None = None
    against: str = ""
    line: int = field(default=0, compare=False)
    raw: Raw = field(default_factory=dict, compare=False, repr=False)

    @property
    def sd(self) -> float | None:
        """Standard deviation in `unit`, from the SD or from SEM and n; else None."""
        if self.spread == "sem" and self.low is not None and self.n is not None:
            return self.low * math.sqrt(self.n)
        return self.low if self.spread == "sd" else None

    @property
    def log_sd(self) -> float | None:
        """Standard deviation of the natural logarithms, where that was given."""
        return self.low if self.spread == "log_sd" else None


@dataclass(frozen=True, slots=True)
class Interval:
    """Events of one arm in one interval (columns of intervals.csv; all times in days)."""

    arm: str
    start: float
    end: float
    time_unit: str
    at_risk: int
    events: int
    censored: int | None
    person_time: float | None
    role: str
    reason: str
    line: int = field(default=0, compare=False)
    raw: Raw = field(default_factory=dict, compare=False, repr=False)

    @property
    def start_day(self) -> float:
        """Begin of the interval, days."""
        return self.start

    @property
    def end_day(self) -> float:
        """End of the interval, days."""
        return self.end


@dataclass(frozen=True)
class SourceFile:
    """A file that the evidence was read from."""

    name: str
    path: Path = field(compare=False)
    sha256: str
    bundled: bool = False


@dataclass(frozen=True, eq=False)
class Evidence:
    """A validated evidence folder. Equal and hashed by content; do not change its mappings.

    Attributes
    ----------
    studies, arms, doses, measurements, intervals : tuple
        The rows, in the order of the files.
    parameters, analysis, therapies, populations : dict
        The TOML files; the bundled ones where the folder has none.
    root : Path
        The folder.
    files : tuple of SourceFile
        Every file read, with its hash.
    digest : str
        SHA-256 over the names and hashes of all files.
    """

    studies: tuple[Study, ...]
    arms: tuple[Arm, ...]
    doses: tuple[Dose, ...]
    measurements: tuple[Measurement, ...]
    intervals: tuple[Interval, ...]
    parameters: Mapping[str, Any]
    analysis: Mapping[str, Any]
    therapies: Mapping[str, Any]
    populations: Mapping[str, Any]
    root: Path
    files: tuple[SourceFile, ...]
    digest: str

    def __hash__(self) -> int:
        return hash(self.digest)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Evidence) and self.digest == other.digest

    def __repr__(self) -> str:
        return (
            f"Evidence({len(self.studies)} studies, {len(self.arms)} arms, "
            f"{len(self.measurements)} measurements, {len(self.intervals)} intervals, "
            f"{self.digest[:12]})"
        )

    def rows(self, *roles: str) -> tuple[Measurement, ...]:
        """Measurements with one of `roles`; all of them if none is named."""
        return tuple(m for m in self.measurements if not roles or m.role in roles)

    def interval_rows(self, *roles: str) -> tuple[Interval, ...]:
        """Intervals with one of `roles`; all of them if none is named."""
        return tuple(i for i in self.intervals if not roles or i.role in roles)

    def fit_rows(self) -> tuple[Measurement, ...]:
        """Measurements that enter the likelihood."""
        return self.rows("fit")

    def check_rows(self) -> tuple[Measurement, ...]:
        """Measurements that are predicted but never fitted."""
        return self.rows("check")

    def fit_intervals(self) -> tuple[Interval, ...]:
        """Intervals that enter the likelihood."""
        return self.interval_rows("fit")

    def arm(self, name: str) -> Arm:
        """The arm called `name`; KeyError if there is none."""
        return self._by_name[name]

    @cached_property
    def _by_name(self) -> dict[str, Arm]:
        return {arm.arm: arm for arm in self.arms}

    def arms_used(self, *roles: str) -> tuple[Arm, ...]:
        """Arms that rows with `roles` name, as arm or as reference, in the file's order."""
        used = {name for m in self.rows(*roles) for name in (m.arm, m.reference_arm)}
        used.update(i.arm for i in self.interval_rows(*roles))
        return tuple(arm for arm in self.arms if arm.arm in used)

    def doses_of(self, arm: str) -> tuple[Dose, ...]:
        """Doses given to `arm`."""
        return tuple(dose for dose in self.doses if dose.arm == arm)

    def intervals_of(self, arm: str) -> tuple[Interval, ...]:
        """Intervals of `arm`, in the order of the file."""
        return tuple(interval for interval in self.intervals if interval.arm == arm)

    def cohort_of(self, row: Measurement | Interval) -> str:
        """Cohort of a row: its own, or else its arm's."""
        own = row.cohort if isinstance(row, Measurement) else ""
        arm = self._by_name.get(row.arm)
        return own or (arm.cohort if arm else "")
