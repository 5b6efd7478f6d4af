"""How far each answer lies from the evidence: computed from the fitted rows, never typed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from metinfer.pharmacology import DOSE_UNITS
from metinfer.therapy.populations import YEAR, Population
from metinfer.therapy.regimen import Therapies, Therapy

INSIDE = "inside the evidence"
PRIOR_ONLY = "prior only"
#: Observables that count tumour outcome, as opposed to the niche.
OUTCOMES = frozenset(
    {
        "metastasis_probability", "cell_probability", "metastasis_count", "event_hazard",
        "event_rate",
    }
)  # fmt: skip
#: Contrast of groups as found, not as treated.
OBSERVED = "event_hazard_ratio"
#: Arm columns that move a model input away from healthy, with the healthy value.
COLUMNS = {
    "injury": ("injury", 0.0),
    "timp1": ("timp1_fold", 1.0),
    "nk_depletion": ("nk_depletion", 0.0),
    "nk_activity": ("nk_activity", 1.0),
    "perforin_loss": ("perforin_loss", 0.0),
    "ifng_loss": ("ifng_loss", 0.0),
    "neutrophil_depletion": ("neutrophil_depletion", 0.0),
}


@dataclass(frozen=True)
class Use:
    """One fitted contrast: inputs in which its arms differ, species, observable."""

    inputs: frozenset[str]
    species: str
    observable: str


@dataclass(frozen=True)
class Applicability:
    """What the fitted rows cover: inputs, agents with their largest dose, follow-up per context."""

    therapies: Therapies
    uses: tuple[Use, ...]
    largest_dose: dict[tuple[str, str], float]
    follow_up: dict[str, float]

    @classmethod
    def of(cls, evidence: Any, therapies: Therapies) -> Applicability:
        """Coverage of an `Evidence` object."""
        arms = {a.arm: a for a in _items(evidence.arms)}
        moved = {name: _moved(arm) for name, arm in arms.items()}
        largest: dict[tuple[str, str], float] = {}
        fitted = [m for m in _items(evidence.measurements) if m.role == "fit"]
        used = {m.arm for m in fitted} | {m.reference_arm for m in fitted if m.reference_arm}
        for dose in _items(evidence.doses):
            agent = therapies.agents.get(dose.agent)
            if agent is None or dose.arm not in used:
                continue
            moved[dose.arm] |= {agent.target: dose.agent}
            amount, per = DOSE_UNITS.get(dose.unit, (0.0, ""))
            key = (dose.agent, per)
            largest[key] = max(largest.get(key, 0.0), dose.amount * amount)
        uses = tuple(_uses(fitted, arms, moved))
        return cls(therapies, uses, largest, follow_up(evidence))

    def flag(self, therapy: Therapy, population: Population) -> str:
        """Flag of one answer: inside, prior only, or extrapolated with the reasons in brackets."""
        targets = set(self.therapies.targets(therapy))
        touching = [u for u in self.uses if targets & u.inputs]
        if not touching:
            return PRIOR_ONLY
        reasons = self._reasons(therapy, population, targets, touching)
        return f"extrapolated ({', '.join(reasons)})" if reasons else INSIDE

    def _reasons(
        self, therapy: Therapy, population: Population, targets: set[str], touching: list[Use]
    ) -> list[str]:
        covered = set().union(*(u.inputs for u in touching))
        outcomes = [u for u in touching if u.observable in OUTCOMES]
        same = [u for u in (outcomes or touching) if u.species == population.species]
        own = all(
            self.therapies.agents[a].kinetics_of(population.species)[1] for a in therapy.agents
        )
        seen = any(u.observable == OBSERVED for u in touching)
        checks = {
            "observational": seen and not outcomes,
            "target": not targets <= covered,
            "outcome": not outcomes and not seen,
            "species": not same or not own,
            "population": not population.cohorts,
            "agent": any(not self._doses_of(a) for a in therapy.agents),
            "dose": any(self._above(t) for t in (therapy, *therapy.parts)),
            "time": population.horizons[-1] > self._years(population) * (1.0 + 1e-9),
        }
        return [name for name, found in checks.items() if found]

    def _doses_of(self, agent: str) -> list[float]:
        return [amount for (name, _), amount in self.largest_dose.items() if name == agent]

    def _above(self, therapy: Therapy) -> bool:
        for dose in therapy.doses:
            unit, per = DOSE_UNITS[dose.unit]
            known = self.largest_dose.get((dose.agent, per))
            if known is not None and dose.amount * unit > known * (1.0 + 1e-9):
                return True
        return False

    def _years(self, population: Population) -> float:
        return min(self.follow_up.get(context, 0.0) for context, _ in population.contexts)


def _items(table: Any) -> Any:
    return table.values() if hasattr(table, "values") else table


def _moved(arm: Any) -> dict[str, object]:
    """Return the model inputs in which an arm differs from a healthy liver, with their values."""
    found: dict[str, object] = {
        name: getattr(arm, column)
        for name, (column, healthy) in COLUMNS.items()
        if getattr(arm, column) != healthy
    }
    if arm.timp1_level and arm.timp1_level != "healthy":
        found["timp1"] = (arm.timp1_level, arm.timp1_fold)
    return found


def _uses(
    rows: list[Any], arms: dict[str, Any], moved: dict[str, dict[str, object]]
) -> Iterator[Use]:
    """Yield every contrast: a row against its reference arm, or against arms of the same group.

    An input that is the same in all arms of a group teaches nothing of what changing it does.
    """
    groups: dict[tuple[str, str, str], list[Any]] = {}
    for row in rows:
        arm = arms[row.arm]
        groups.setdefault((arm.context, arm.stock, row.observable), []).append(row)
    for row in rows:
        arm = arms[row.arm]
        group = groups[(arm.context, arm.stock, row.observable)]
        others = [row.reference_arm] if row.reference_arm else [r.arm for r in group]
        differ = set().union(*(_difference(moved[row.arm], moved[o]) for o in others))
        if differ:
            yield Use(frozenset(differ), arm.species, row.observable)


def _difference(one: dict[str, object], two: dict[str, object]) -> set[str]:
    return {name for name in one | two if one.get(name) != two.get(name)}


def follow_up(evidence: Any) -> dict[str, float]:
    """Longest fitted follow-up of each context, years."""
    arms = {a.arm: a for a in _items(evidence.arms)}
    longest: dict[str, float] = {}
    ends = [(i.arm, i.end_day) for i in _items(evidence.intervals) if i.role == "fit"]
    ends += [
        (m.arm, m.time_day or 0.0)
        for m in _items(evidence.measurements)
        if m.role == "fit" and m.observable in OUTCOMES
    ]
    for arm, day in ends:
        for context, _ in arms[arm].contexts:
            longest[context] = max(longest.get(context, 0.0), day / YEAR)
    return longest
