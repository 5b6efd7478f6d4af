"""Names of published values: by row, by cohort and by follow-up interval."""

from __future__ import annotations

import re
from typing import Any

from metinfer.report.gather import labels
from metinfer.report.gather.fit import Scale, shown_scale

YEAR = 365.25


def short(citation: str) -> str:
    """Return first author, or the first words, and the year of a citation."""
    head = citation.partition(",")[0].partition(" (")[0].rstrip(". ")
    year = re.search(r"(?<![:\d-])(?:19|20)\d\d\b", citation)
    known = "" if year is None or year.group() in head else f" {year.group()}"
    return head + known


class Places:
    """What a row, an arm or an interval of the evidence is called on the page."""

    def __init__(self, evidence: Any) -> None:
        self.rows = {m.row: m for m in evidence.measurements}
        self.arms = {a.arm: a for a in evidence.arms}
        self.sources = {s.study: s.citation for s in evidence.studies}

    def source(self, study: str) -> str:
        """Short citation of a study."""
        return short(self.sources.get(study, study))

    def value(self, name: str) -> str:
        """Quantity and group of a row, or the events of an arm."""
        if name in self.rows:
            row = self.rows[name]
            return f"{labels.quantity(row)[0]}, {labels.group(self.arms.get(row.arm))}"
        return f"events in all, {labels.group(self.arms[name])}" if name in self.arms else name

    def scale(self, name: str, observed: float) -> Scale:
        """How the number of a row is shown; that of an arm is a count of events."""
        row = self.rows.get(name)
        if row is None:
            return Scale(1.0, 1.0, "events")
        return shown_scale(row, observed, labels.quantity(row)[1])

    def owner(self, name: str) -> str:
        """Source and group of a row or of a follow-up interval."""
        row = self.rows.get(name)
        arm = self.arms.get(row.arm if row else name.rpartition(":")[0])
        return name if arm is None else f"{self.source(arm.study)}, {labels.group(arm)}"

    def observation(self, name: str) -> str:
        """Source, group and time of a row or of a follow-up interval."""
        if name in self.rows:
            return f"{self.source(self.rows[name].study)}, {self.value(name)}"
        arm, _, days = name.rpartition(":")
        if arm not in self.arms:
            return name
        years = " to ".join(f"{float(day) / YEAR:.3g}" for day in days.split("-"))
        return f"{self.owner(name)}, years {years}"
