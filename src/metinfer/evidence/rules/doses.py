"""Warnings about doses.csv: doses that are possible, but most likely not what was given."""

from __future__ import annotations

from collections.abc import Iterator

from metinfer.evidence.draft import Draft
from metinfer.evidence.faults import WARNING, Issue, one_of
from metinfer.evidence.rules import at, scored
from metinfer.evidence.types import Dose

TABLE = "doses"
#: The route by which the model takes every dose of doses.csv.
ROUTE = "subcutaneous"
_ANIMALS = ("mouse", "rat")


def repeats_are_counted(draft: Draft) -> Iterator[Issue]:
    """A dose with a time between doses is given more than once."""
    for dose in draft.doses:
        if dose.every and dose.count == 1 and not draft.is_bad(TABLE, dose, "count"):
            yield _doubt(dose, "count", f"one dose is given, although every is {dose.every:g} days",
                         "write the number of doses, or clear every")  # fmt: skip


def animals_are_dosed_by_weight(draft: Draft) -> Iterator[Issue]:
    """A dose of a mouse or a rat is not per body surface."""
    species = {arm.arm: arm.species for arm in draft.arms}
    for dose in draft.doses:
        kind = species.get(dose.arm, "")
        if kind in _ANIMALS and dose.unit.endswith("/m2"):
            yield _doubt(dose, "unit", f"a dose per body surface for a {kind}",
                         "write the dose per kg that the animals got")  # fmt: skip


def references_lack_no_dose(draft: Draft) -> Iterator[Issue]:
    """A reference arm gets no agent that the arm compared with it does not get."""
    agents: dict[str, set[str]] = {}
    for dose in draft.doses:
        agents.setdefault(dose.arm, set()).add(dose.agent)
    compared: dict[str, dict[str, None]] = {}
    for row in scored(draft):
        if row.arm and row.reference_arm:
            compared.setdefault(row.reference_arm, {})[row.arm] = None
    for dose in draft.doses:
        lacking = [a for a in compared.get(dose.arm, ()) if dose.agent not in agents.get(a, ())]
        if lacking:
            yield _doubt(dose, "arm", f"a reference arm gets {dose.agent}, and what is compared "
                         f"with it does not: {one_of(lacking, 5)}",
                         "is the dose on the wrong arm?")  # fmt: skip


def routes_are_as_assumed(draft: Draft) -> Iterator[Issue]:
    """An agent is one that therapies.toml gives under the skin only, as doses.csv assumes."""
    routes = _routes(draft)
    for dose in draft.doses:
        others = sorted(routes.get(dose.agent, set()) - {ROUTE})
        if others:
            yield _doubt(dose, "agent", f"taken as {ROUTE}: doses.csv has no route, and "
                         f"therapies.toml also gives {dose.agent} as {', '.join(others)}",
                         "if it was given so, use role check for rows that hang on the "
                         "first days after a dose")  # fmt: skip


def _routes(draft: Draft) -> dict[str, set[str]]:
    """Routes by which the regimens of therapies.toml give each agent."""
    found: dict[str, set[str]] = {}
    therapies = draft.settings.get("therapies", {}).get("therapies", {})
    for therapy in therapies.values() if isinstance(therapies, dict) else ():
        doses = therapy.get("doses", []) if isinstance(therapy, dict) else []
        for dose in doses if isinstance(doses, list) else []:
            if isinstance(dose, dict) and isinstance(dose.get("route"), str):
                found.setdefault(str(dose.get("agent")), set()).add(dose["route"])
    return found


def _doubt(dose: Dose, column: str, message: str, hint: str) -> Issue:
    return at(TABLE, dose, column, message, hint=hint, severity=WARNING)
