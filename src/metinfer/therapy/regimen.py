"""Therapies: regimens (agents in dose tables), clamps and adverse events, read and checked."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from metinfer.evidence import bundled_path
from metinfer.evidence.vocabulary import SPECIES
from metinfer.pharmacology import DOSE_UNITS
from metinfer.therapy.agents import Agent, read_agent
from metinfer.therapy.plans import Plan, read_plan
from metinfer.therapy.reader import Fault, Table, TherapyError, hint, load_toml

KINDS = ("regimen", "clamp", "adverse")
ROUTES = ("subcutaneous", "intramuscular", "intraperitoneal", "bolus", "infusion")
#: Sets of pharmacokinetics and potency per therapy; draws spread evenly over them.
VARIANTS = 16
#: Inputs a clamp or an event may set, with their allowed range.
SETTABLE = {
    "injury": (0.0, np.inf), "timp1": (0.0, np.inf), "stellate_block": (0.0, 1.0),
    "cxcr4_drug": (0.0, np.inf), "cxcl12_neutral": (0.0, 1.0), "il15": (0.0, np.inf),
    "nk_depletion": (0.0, np.inf), "nk_activity": (0.0, np.inf), "perforin_loss": (0.0, 1.0),
    "ifng_loss": (0.0, 1.0), "ifng_drug": (0.0, np.inf), "neutrophil_depletion": (0.0, np.inf),
}  # fmt: skip


@dataclass(frozen=True)
class DoseRow:
    """Repeated doses of one agent. Times in days after the start of the therapy."""

    agent: str
    amount: float
    unit: str
    route: str
    every: float
    count: int
    start: float
    duration: float
    cycles: int
    cycle_length: float

    @property
    def times(self) -> np.ndarray:
        """Start of every dose (dose,), days after the start of the therapy."""
        course = np.arange(self.count) * self.every
        cycle = np.arange(self.cycles) * self.cycle_length
        return self.start + (cycle[:, None] + course).ravel()

    @property
    def course_length(self) -> float:
        """Days from the first dose of a cycle to the end of its last one."""
        return (self.count - 1) * self.every + self.duration


@dataclass(frozen=True)
class SetRow:
    """An input that is set to a value or multiplied by a factor, from start to stop (days)."""

    input: str
    value: float | None
    factor: float | None
    start: float
    stop: float


@dataclass(frozen=True)
class Therapy:
    """One therapy: its doses or settings, and the day after time zero on which it starts.

    `start` has a day for each species that the file gives one; there is none for any other.
    """

    name: str
    kind: str
    label: str
    reason: str
    start: Mapping[str, float]
    doses: tuple[DoseRow, ...] = ()
    sets: tuple[SetRow, ...] = ()
    parts: tuple[Therapy, ...] = ()

    def start_in(self, species: str) -> float:
        """Day after time zero on which the therapy starts in `species`; refused if not given."""
        if species not in self.start:
            fault = Fault("therapies", f"{self.name}.start", f"has no day for {species}")
            raise TherapyError([fault])
        return self.start[species]

    @property
    def agents(self) -> tuple[str, ...]:
        """Names of its agents, parts included."""
        names = [d.agent for d in self.doses] + [a for part in self.parts for a in part.agents]
        return tuple(dict.fromkeys(names))


@dataclass(frozen=True)
class Therapies:
    """A whole therapies file: agents, therapies and the body that doses refer to.

    `plans` are the experiments that the file proposes, and `file` is its name, for messages.
    `variants` is how many sets of kinetics and potency draws are spread over (`kinetics.variants`),
    `refine` what every step of a solver grid is split into.
    """

    agents: Mapping[str, Agent]
    therapies: Mapping[str, Therapy]
    body: Mapping[str, Mapping[str, float]]
    plans: Mapping[str, Plan] = field(default_factory=dict)
    variants: int = VARIANTS
    refine: int = 1
    file: str = field(default="therapies.toml", compare=False)

    def targets(self, therapy: Therapy) -> tuple[str, ...]:
        """Model inputs that the therapy changes."""
        names = [self.agents[a].target for a in therapy.agents]
        for part in (therapy, *therapy.parts):
            names += [s.input for s in part.sets]
        return tuple(dict.fromkeys(names))


def read_therapies(path: Path | str) -> Therapies:
    """Agents and therapies of a file; raises a TherapyError that lists every fault.

    Agents that its doses name and that it does not describe, and bodies, are the bundled ones.
    """
    faults: list[Fault] = []
    document = load_toml(path)
    root = Table(_with_bundled(document), Path(path).name, "", faults)
    body = {name: _body(table) for name, table in root.named("body")}
    agents = {name: read_agent(name, table) for name, table in root.named("agents")}
    tables = dict(root.named("therapies"))
    single = {n: read_therapy(n, t, agents) for n, t in tables.items() if not t.has("of")}
    combined = {n: read_combination(n, t, single) for n, t in tables.items() if t.has("of")}
    if not tables:
        root.fault("therapies", "holds no therapy")
    plans = {n: read_plan(n, t, tables) for n, t in root.named("experiments")}
    root.close()
    if faults:
        raise TherapyError(faults)
    found = single | combined
    cures = {name: found[name] for name in tables}
    return Therapies(agents, cures, body, plans, file=root.file)


def _with_bundled(document: dict[str, Any]) -> dict[str, Any]:
    """A parsed file with the bundled agents that it only names."""
    given = document.get("agents", {})
    cures = document.get("therapies", {})
    if not isinstance(given, dict) or not isinstance(cures, dict):
        return document
    doses = [d for t in cures.values() if isinstance(t, dict) for d in _listed(t.get("doses"))]
    named = {d["agent"] for d in doses if isinstance(d.get("agent"), str)} - set(given)
    if not named:
        return document
    bundled = load_toml(bundled_path() / "therapies.toml")
    # An unknown name is refused with all that are known.
    more = bundled["agents"].keys() if named - bundled["agents"].keys() else named
    agents = {name: bundled["agents"][name] for name in sorted(more)}
    return {"body": bundled["body"]} | document | {"agents": agents | given}


def _listed(tables: Any) -> list[dict[str, Any]]:
    return [t for t in tables if isinstance(t, dict)] if isinstance(tables, list) else []


def scaled(therapy: Therapy, factor: float) -> Therapy:
    """Return the therapy with every dose multiplied; factor 0 leaves no dose and no setting."""
    if factor == 0.0:
        return replace(therapy, doses=(), sets=(), parts=())
    doses = tuple(replace(d, amount=d.amount * factor) for d in therapy.doses)
    parts = tuple(scaled(p, factor) for p in therapy.parts)
    return replace(therapy, doses=doses, parts=parts)


def moved(therapy: Therapy, start: float) -> Therapy:
    """Return the same therapy started on day `start` after time zero, in every species."""
    parts = tuple(moved(p, start) for p in therapy.parts)
    return replace(therapy, start=dict.fromkeys(SPECIES, start), parts=parts)


def stopped(therapy: Therapy, day: float) -> Therapy:
    """Return the same therapy without anything given later than `day` after its start."""
    doses = []
    for dose in therapy.doses:
        cycles = int(np.sum(dose.start + np.arange(dose.cycles) * dose.cycle_length < day))
        if cycles:
            doses.append(replace(dose, cycles=cycles))
    sets = tuple(replace(s, stop=min(s.stop, day)) for s in therapy.sets if s.start < day)
    parts = tuple(stopped(p, day) for p in therapy.parts)
    return replace(therapy, doses=tuple(doses), sets=sets, parts=parts)


def prolonged(therapy: Therapy, days: float) -> Therapy:
    """Return the same therapy given for `days` after its start: its schedule cut or repeated.

    A row of several cycles gets more (or fewer) of them, a row of one course more doses; a
    single dose stays one. Settings last until `days`.
    """
    doses = tuple(_repeated(d, days - d.start) for d in therapy.doses if d.start < days)
    sets = tuple(replace(s, stop=days) for s in therapy.sets if s.start < days)
    parts = tuple(prolonged(p, days) for p in therapy.parts)
    return replace(therapy, doses=doses, sets=sets, parts=parts)


def _repeated(dose: DoseRow, days: float) -> DoseRow:
    if dose.cycles > 1:
        return replace(dose, cycles=max(int(np.ceil(days / dose.cycle_length - 1e-9)), 1))
    if dose.count > 1:
        return replace(dose, count=max(int(np.ceil(days / dose.every - 1e-9)), 1))
    return dose


def length(therapy: Therapy) -> float:
    """Days from the start of a therapy to its last dose or the end of its last setting."""
    ends = [float(d.times[-1] + d.duration) for d in therapy.doses]
    ends += [s.stop for s in therapy.sets]
    ends += [length(p) for p in therapy.parts]
    return max(ends, default=0.0)


def _body(table: Table) -> dict[str, float]:
    body = {name: table.number(name, above=0.0) for name in ("weight_kg", "area_m2")}
    table.close()
    return body


def _start(table: Table) -> dict[str, float]:
    value = table.data.get("start")
    if isinstance(value, Mapping):
        table.seen.add("start")
        inner = Table(value, table.file, f"{table.key}.start", table.faults)
        days = {name: inner.number(name, low=0.0) for name in SPECIES if inner.has(name)}
        inner.seen.update(SPECIES)
        inner.close()
        if not value:
            table.fault("start", "has no day: give one for each species, or one number for all")
        return days
    return dict.fromkeys(SPECIES, table.number("start", low=0.0))


def read_therapy(name: str, table: Table, agents: Collection[str]) -> Therapy:
    """Return the therapy of one table; faults are noted in the table's list."""
    kind = table.text("kind", allowed=KINDS)
    doses = tuple(_dose(inner, agents) for inner in table.tables("doses"))
    sets = tuple(_set(inner) for inner in table.tables("set"))
    if kind == "regimen" and (sets or not doses):
        table.fault("", "a regimen needs doses and may not set inputs; a clamp sets inputs")
    if kind in ("clamp", "adverse") and (doses or not sets):
        table.fault("", f"a therapy of kind {kind!r} needs set and may not have doses")
    _overlap(table, doses)
    _overlapping_sets(table, sets)
    label, reason = table.text("label", name), table.text("reason", "")
    start = _start(table)
    table.close()
    return Therapy(name, kind, label, reason, start, doses, sets)


def _dose(table: Table, agents: Collection[str]) -> DoseRow:
    every = (
        table.number("every", above=0.0)
        if table.data.get("count", 1) != 1
        else table.number("every", 1.0)
    )
    count, cycles = table.whole("count", 1), table.whole("cycles", 1)
    dose = DoseRow(
        agent=table.text("agent", allowed=tuple(agents)),
        amount=table.number("amount", low=0.0),
        unit=table.text("unit", allowed=tuple(DOSE_UNITS)),
        route=table.text("route", allowed=ROUTES),
        every=every,
        count=count,
        start=table.number("start", 0.0, low=0.0),
        duration=table.number("duration", 0.0, low=0.0),
        cycles=cycles,
        cycle_length=table.number("cycle_length", above=0.0)
        if cycles > 1
        else table.number("cycle_length", 1.0),
    )
    if (dose.route == "infusion") != (dose.duration > 0):
        table.fault(
            "duration", "an infusion, and only an infusion, needs a duration above 0 (days)"
        )
    if dose.cycles > 1 and dose.course_length >= dose.cycle_length:
        length = f"{dose.course_length:g} days in a cycle of {dose.cycle_length:g}"
        table.fault("cycle_length", f"overlapping start: a course lasts {length}")
    table.close()
    return dose


def _overlap(table: Table, doses: tuple[DoseRow, ...]) -> None:
    """Note doses of one agent that start while another is still being given."""
    for agent in dict.fromkeys(d.agent for d in doses):
        rows = [d for d in doses if d.agent == agent]
        start = np.concatenate([d.times for d in rows])
        end = np.concatenate([d.times + d.duration for d in rows])
        order = np.argsort(start, kind="stable")
        clash = np.flatnonzero(start[order][1:] < end[order][:-1] + 1e-9 * (end[order][:-1] + 1.0))
        if len(clash):
            day = start[order][clash[0] + 1]
            table.fault(
                "doses", f"overlapping start: two doses of {agent} on day {day:g} of the therapy"
            )


def _overlapping_sets(table: Table, sets: tuple[SetRow, ...]) -> None:
    """Note settings of one input that start before another has stopped."""
    for name in dict.fromkeys(s.input for s in sets):
        rows = sorted((s for s in sets if s.input == name), key=lambda s: s.start)
        for first, second in pairwise(rows):
            if second.start < first.stop:
                table.fault(
                    "set", f"overlapping start: {name} is set twice on day {second.start:g}"
                )


def _set(table: Table) -> SetRow:
    name = table.text("input", allowed=tuple(SETTABLE))
    low, high = SETTABLE.get(name, (-np.inf, np.inf))
    value = table.number("value", low=low) if table.has("value") else None
    factor = table.number("factor", low=0.0) if table.has("factor") else None
    table.seen.update(("value", "factor"))
    if (value is None) == (factor is None):
        table.fault("", "needs either value or factor")
    if value is not None and value > high:
        table.fault("value", f"must be at most {high:g}, got {value:g}")
    start = table.number("start", 0.0, low=0.0)
    stop = table.number("stop", above=start) if table.has("stop") else np.inf
    table.seen.add("stop")
    table.close()
    return SetRow(name, value, factor, start, stop)


def read_combination(name: str, table: Table, single: Mapping[str, Therapy]) -> Therapy:
    """Return the therapies of one table given together; faults are noted in its list."""
    kind = table.text("kind", allowed=KINDS)
    of = table.texts("of")
    for part in of:
        if part not in single:
            known = f"allowed: {', '.join(single)}{hint(part, single)}"
            table.fault("of", f"unknown therapy {part!r}; {known}")
        elif single[part].kind != kind:
            table.fault(
                "of", f"{part!r} is a {single[part].kind}, not a {kind}: kinds are never mixed"
            )
    if len(set(of)) < 2:
        table.fault("of", f"a combination needs two different therapies, got {list(of)!r}")
    label, reason = table.text("label", name), table.text("reason", "")
    table.close()
    parts = tuple(single[part] for part in of if part in single)
    start = parts[0].start if parts else {}
    return Therapy(name, kind, label, reason, start, parts=parts)
