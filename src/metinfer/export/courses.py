"""Inputs of lanes as quantities and events of one model, switched on by lane.

An input that is the same at all times is a parameter, which a condition sets. An input that
changes is ``base + on_1 course_1 + on_2 course_2``: each course is written once, whichever lanes
have it, and a condition switches it. Jumps are events, so that an integrator stops at them;
doses go into a depot and the blood, which are states of their own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from metinfer.errors import MetinferError
from metinfer.export.parts import Event, Quantity
from metinfer.mechanism.equations import INPUTS, InputSpec
from metinfer.mechanism.exposure import Exposure
from metinfer.mechanism.grid import Lane
from metinfer.mechanism.infix import BEFORE
from metinfer.mechanism.inputs import Constant, Growing, Input, Product, Steps, Sum

_ZERO = np.zeros(1)


@dataclass
class Courses:
    """Inputs of some lanes.

    Attributes
    ----------
    quantities : list of Quantity
    events : list of Event
    before : set of str
        Inputs whose value just before time zero is a parameter of its own.
    values : list of dict of str to float
        What each lane sets (lane,).
    """

    quantities: list[Quantity] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    before: set[str] = field(default_factory=set)
    values: list[dict[str, float]] = field(default_factory=list)


def courses_of(lanes: Sequence[Lane]) -> Courses:
    """Quantities, events and lane values for the inputs of `lanes`.

    Parameters
    ----------
    lanes : sequence of Lane

    Raises
    ------
    MetinferError
        If an input is of a kind that has no SBML form.
    """
    found = Courses(values=[{} for _ in lanes])
    for spec in INPUTS:
        _add(found, spec, lanes)
    return found


def _add(found: Courses, spec: InputSpec, lanes: Sequence[Lane]) -> None:
    sources = [lane.input(spec.name) for lane in lanes]
    changing = [s for s in sources if not isinstance(s, Constant)]
    starts = [_start(spec, lane) for lane in lanes]
    after = [float(s.right(_ZERO)[0]) for s in sources]
    if starts != after or changing:
        found.before.add(spec.name)
        name = spec.name + BEFORE
        title = f"{spec.meaning}, just before time zero"
        found.quantities.append(Quantity(name, title, spec.unit, spec.default))
        for values, start in zip(found.values, starts, strict=True):
            values[name] = start
    constants = [s.value if isinstance(s, Constant) else 0.0 for s in sources]
    if not changing:
        found.quantities.append(Quantity(spec.name, spec.meaning, spec.unit, spec.default))
        for values, constant in zip(found.values, constants, strict=True):
            values[spec.name] = constant
        return
    base = f"{spec.name}_base"
    found.quantities.append(Quantity(base, f"{spec.meaning}, constant part", spec.unit, 0.0))
    for values, constant in zip(found.values, constants, strict=True):
        values[base] = constant
    terms = [base, *_switched(found, spec, sources)]
    rule = " + ".join(terms)
    found.quantities.append(Quantity(spec.name, spec.meaning, spec.unit, rule=rule))


def _start(spec: InputSpec, lane: Lane) -> float:
    """Value just before time zero."""
    if lane.healthy_start:
        return spec.default
    return float(lane.input(spec.name).left(_ZERO)[0])


def _switched(found: Courses, spec: InputSpec, sources: Sequence[Input]) -> list[str]:
    """One term per distinct course of an input; sets the switch of every lane."""
    kinds = [s for s in sources if not isinstance(s, Constant)]
    distinct = list({_key(s): s for s in kinds}.values())
    terms = []
    for number, course in enumerate(distinct, 1):
        switch = f"{spec.name}_on_{number}"
        title = f"whether {spec.name} follows course {number}"
        found.quantities.append(Quantity(switch, title, value=0.0))
        for values, source in zip(found.values, sources, strict=True):
            values[switch] = float(_key(source) == _key(course))
        text = _Course(found, f"{spec.name}_{number}", switch).text(course)
        terms.append(f"{switch} * ({text})")
    return terms


def _key(source: Input) -> str:
    """Text that is equal for equal inputs."""
    if isinstance(source, Sum | Product):
        return f"{type(source).__name__}({', '.join(map(_key, source.parts))})"
    numbers = {k: np.asarray(v).tolist() for k, v in vars(source).items() if not k.startswith("_")}
    return f"{type(source).__name__}{numbers}"


def _n(number: float) -> str:
    """Shortest text that reads back as the same number."""
    return repr(float(number))


class _Course:
    """Writes one course of an input: its text, and the quantities and events behind it."""

    def __init__(self, found: Courses, name: str, switch: str) -> None:
        self.found, self.name, self.switch = found, name, switch
        self.parts = 0

    def text(self, source: Input) -> str:
        """Formula of the course."""
        match source:
            case Constant():
                return _n(source.value)
            case Sum():
                return " + ".join(f"({self.text(p)})" for p in source.parts)
            case Product():
                return " * ".join(f"({self.text(p)})" for p in source.parts)
            case Steps():
                return self._steps(source)
            case Growing():
                return self._growing(source)
            case Exposure():
                return self._exposure(source)
        raise MetinferError(f"an input of kind {type(source).__name__} has no SBML form")

    def _next(self) -> str:
        self.parts += 1
        return self.name if self.parts == 1 else f"{self.name}_{self.parts}"

    def _when(self, name: str, day: float, changes: dict[str, str]) -> None:
        """Change something at a time (after zero), in the lanes that have this course."""
        trigger = f"(time >= {_n(day)}) && ({self.switch} > 0.5)"
        self.found.events.append(Event(name, trigger, changes))

    def _jumps(self, title: str, first: float, jumps: Sequence[tuple[float, float]]) -> str:
        """Name of a quantity that is constant between jumps (day, value)."""
        name = f"{self._next()}_level"
        self.found.quantities.append(Quantity(name, title, value=first, jumps=True))
        for i, (day, value) in enumerate(jumps, 1):
            self._when(f"{name}_jump_{i}", day, {name: _n(value)})
        return name

    def _steps(self, source: Steps) -> str:
        breaks = [t for t, _ in source.breaks() if t > 0]
        values = [float(v) for v in source.right(np.array(breaks))] if breaks else []
        first = float(source.right(_ZERO)[0])
        return self._jumps("constant between jumps", first, list(zip(breaks, values, strict=True)))

    def _growing(self, source: Growing) -> str:
        jumps = [(t, v) for t, v in ((source.start, 1.0), (source.end, 0.0)) if t > 0]
        on = self._jumps("whether cells arrive", float(source.start <= 0 < source.end), jumps)
        scale = source.rate / -np.expm1(-source.rate * (source.end - source.start))
        # The exponent is 0 outside the window: it would overflow years later.
        power = f"{self.switch} * {on} * {_n(source.rate)} * (time - {_n(source.end)})"
        return f"{on} * {_n(scale)} * exp({power})"

    def _exposure(self, source: Exposure) -> str:
        """Depot and blood as states, a dose as an event; those by time zero are in the start."""
        name, kinetics = self._next(), source.kinetics
        depot, blood, rate = (float(x) for x in source.inside(0.0))
        gain, names = "0", {"depot": f"{name}_depot", "blood": f"{name}_blood"}
        if kinetics.absorption is not None:
            gain = f"{_n(kinetics.absorption)} * {names['depot']}"
            self.found.quantities.append(
                Quantity(names["depot"], "amount in the depot", state=True,
                         start=self._held(depot), rate=f"-{gain}")
            )  # fmt: skip
        if any(source.durations or ()):
            names["rate"] = f"{name}_infusion"
            gain += f" + {self.switch} * {names['rate']}"
            self.found.quantities.append(
                Quantity(names["rate"], "infusion per day", value=rate, jumps=True)
            )
        self.found.quantities.append(
            Quantity(names["blood"], "amount in the blood", state=True,
                     start=self._held(blood),
                     rate=f"{gain} - {_n(kinetics.elimination)} * {names['blood']}")
        )  # fmt: skip
        for i, run in enumerate(dose_runs(source), 1):
            self._doses(f"{name}_dose_{i}", names[run.where], run)
        return f"{_n(kinetics.scale)} * {names['blood']}"

    def _held(self, amount: float) -> str:
        """An amount at time zero, in the lanes that have this course."""
        return f"{self.switch} * {_n(amount)}"

    def _doses(self, name: str, target: str, run: DoseRun) -> None:
        given = {target: f"{target} + {_n(run.amount)}"}
        if run.count == 1:
            self._when(name, run.start, given)
            return
        number = f"{name}_given"
        self.found.quantities.append(Quantity(number, "doses given", value=0.0, jumps=True))
        # The first day after the last dose is never reached: the trigger asks for the count too.
        due = f"{_n(run.start)} + {_n(run.every)} * {number}"
        trigger = f"(time >= {due}) && ({number} < {run.count}) && ({self.switch} > 0.5)"
        self.found.events.append(Event(name, trigger, given | {number: f"{number} + 1"}))


@dataclass(frozen=True)
class DoseRun:
    """Equal changes at equal distances: where, the first day, the distance, how many, how much."""

    where: str
    start: float
    every: float
    count: int
    amount: float


_WHERE = ("depot", "blood", "rate")


def dose_runs(source: Exposure) -> list[DoseRun]:
    """Changes of an exposure after time zero, as few runs as neighbours allow."""
    runs: list[DoseRun] = []
    for slot in range(len(_WHERE)):
        changes = [(t, by) for t, where, by in source.changes() if where == slot and t > 0]
        open_: DoseRun | None = None
        for t, by in changes:
            longer: DoseRun | None = _longer(open_, t, by) if open_ else None
            if open_ and longer is None:
                runs.append(open_)
            open_ = longer or DoseRun(_WHERE[slot], t, 0.0, 1, by)
        runs += [open_] if open_ else []
    return runs


def _longer(run: DoseRun, day: float, amount: float) -> DoseRun | None:
    """The run with one more change, if that fits: at the very day that the formula gives."""
    if amount != run.amount:
        return None
    every = day - run.start if run.count == 1 else run.every
    if every <= 0 or run.start + every * run.count != day:
        return None
    return DoseRun(run.where, run.start, every, run.count + 1, amount)
