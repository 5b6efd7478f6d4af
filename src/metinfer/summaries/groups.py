"""Who was studied and what was measured: codes of arms and rows that a reader can be told."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from metinfer.summaries.table import YEAR

#: Arm columns in which a group differs from a healthy one.
CHANGES = ("nk_depletion", "perforin_loss", "ifng_loss", "neutrophil_depletion", "injury")
#: Person-years per which rates are shown.
PER = 1000.0


@dataclass(frozen=True)
class Scale:
    """Factors to the shown scale: of what is scored, and of what the table holds; its unit."""

    scored: float
    printed: float
    unit: str


class Groups:
    """Names and codes of the arms, rows and studies of an `Evidence`."""

    def __init__(self, evidence: Any) -> None:
        self.arms = {a.arm: a for a in evidence.arms}
        self.rows = {m.row: m for m in evidence.measurements}
        self.citations = {s.study: s.citation for s in evidence.studies}
        agents = evidence.therapies.get("agents", {})
        self.given: dict[str, dict[str, None]] = {}
        for dose in evidence.doses:
            label = str(agents.get(dose.agent, {}).get("label", dose.agent))
            self.given.setdefault(dose.arm, {})[label.partition(" (")[0]] = None

    def source(self, study: str) -> str:
        """First author, or the first words, and the year of a citation."""
        citation = self.citations.get(study, study)
        head = citation.partition(",")[0].partition(" (")[0].rstrip(". ")
        year = re.search(r"(?<![:\d-])(?:19|20)\d\d\b", citation)
        return head + ("" if year is None or year.group() in head else f" {year.group()}")

    def of(self, name: str) -> dict[str, Any]:
        """Codes of an arm: study, source, species, site, population, and what was changed."""
        arm = self.arms.get(name)
        if arm is None:
            return {"arm": name, "study": "", "source": "", "species": "", "site": "",
                    "population": name, "subgroup": "", "changes": ()}  # fmt: skip
        whom, _, rest = (arm.population or arm.arm.replace("_", " ")).partition(";")
        changes = [*self.given.get(name, ()), *(c for c in CHANGES if getattr(arm, c) > 0)]
        if arm.timp1_fold != 1.0:
            changes.append(f"timp1_fold={arm.timp1_fold:g}")
        return {"arm": name, "study": arm.study, "source": self.source(arm.study),
                "species": arm.species, "site": arm.site, "population": whom.strip(),
                "subgroup": rest.strip(), "changes": tuple(changes)}  # fmt: skip


def shown_scale(row: Any, reported: float) -> Scale:
    """How a row is shown: k of n in percent, rates per 1,000 person-years, others as they are.

    Both are scored as whole counts of events where the paper gives them.
    """
    counted = row.events is not None and reported == row.events
    if row.statistic == "proportion" and row.n and counted:
        return Scale(100.0 / float(row.n), 100.0, "%")
    if row.observable == "event_rate" and row.statistic == "rate":
        scored = PER * row.value / row.events if counted and row.events else PER
        return Scale(scored, PER, "per_1000_person_years")
    return Scale(1.0, 1.0, "" if row.unit == "1" else row.unit)


def observation(name: str) -> tuple[str, float | None, float | None]:
    """Arm, start and end (years) of an interval's key ``arm:start-end``; a row's key alone."""
    arm, _, days = name.rpartition(":")
    if not arm:
        return name, None, None
    start, end = (float(d) / YEAR for d in days.split("-"))
    return arm, start, end


def roles(evidence: Any) -> Mapping[str, str]:
    """Row -> role."""
    return {m.row: m.role for m in evidence.measurements}
