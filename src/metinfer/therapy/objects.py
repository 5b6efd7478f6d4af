"""Therapies and populations as Python objects, checked by the code that reads TOML files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, Self

import numpy as np

from metinfer.evidence import bundled_path
from metinfer.therapy.baseline import LEVEL, Baseline
from metinfer.therapy.populations import INPUTS, read_population
from metinfer.therapy.populations import Population as Group
from metinfer.therapy.reader import ArgumentError, from_python, hint
from metinfer.therapy.regimen import (
    Therapies,
    Therapy,
    read_combination,
    read_therapies,
    read_therapy,
)

#: Days after time zero: one number for every species, or a number for each.
Start = float | Mapping[str, float]
#: What a question can name as therapy.
type Treatment = (
    "str | Regimen | Clamp | list[Regimen | Clamp] | tuple[Regimen | Clamp, ...] | None"
)
#: Keys of a population's table that `Population` has as arguments of their own.
_OWN = ("like", "baseline", *INPUTS)


@dataclass(frozen=True)
class Regimen:
    """Repeated doses of one agent.

    Attributes
    ----------
    agent : str
        Name of an agent of the run's therapies, or of a bundled one.
    amount : float
        One dose, in `unit`.
    unit : str
        For example ``ug/kg``, ``mg/m2`` or ``mg``.
    every : float, optional
        Days between doses; needed for more than one.
    count : int
        Doses of a cycle.
    start : float or mapping of str to float
        First day after time zero: for every species, or for each.
    route : str
        ``subcutaneous``, ``intramuscular``, ``intraperitoneal``, ``bolus`` or ``infusion``.
    duration : float
        Days that an infusion takes.
    cycles : int
    cycle_length : float, optional
        Days from cycle to cycle; needed for more than one.
    label, reason : str
        Words for tables and figures.

    Raises
    ------
    ArgumentError
        Lists every argument that is not allowed, with what is.

    Examples
    --------
    >>> import metinfer as mi
    >>> mi.Regimen("n803", amount=3, unit="ug/kg", every=14, count=52, start=28).count
    52
    """

    agent: str
    amount: float
    unit: str
    every: float | None = None
    count: int = 1
    start: Start = 0.0
    route: str = "subcutaneous"
    duration: float = 0.0
    cycles: int = 1
    cycle_length: float | None = None
    label: str = ""
    reason: str = ""

    def __post_init__(self) -> None:
        self.therapy({self.agent: None} if isinstance(self.agent, str) else {})

    def therapy(self, agents: Mapping[str, Any]) -> Therapy:
        """The therapy as predictions take it; `agents` are those that can be named."""
        dose = _given(self, without=("start", "label", "reason"))
        often = f" every {self.every} days x{self.count}" if self.count != 1 else ""
        name = f"{self.agent} {self.amount} {self.unit}{often}"
        return _read_therapy(self, name, {"kind": "regimen", "doses": [dose]}, agents)


@dataclass(frozen=True)
class Clamp:
    """One input of the model held at a value, or multiplied, as if an agent acted fully.

    Attributes
    ----------
    input : str
        Name of the input, for example ``cxcr4_drug``.
    value, factor : float, optional
        Either what it is set to, or what it is multiplied by.
    start : float or mapping of str to float
        Day after time zero: for every species, or for each.
    stop : float, optional
        Days after the start on which it ends; never by default.
    label, reason : str
        Words for tables and figures.

    Raises
    ------
    ArgumentError
        Lists every argument that is not allowed, with what is.

    Examples
    --------
    >>> import metinfer as mi
    >>> mi.Clamp("cxcr4_drug", value=1000.0, start=28, stop=90).stop
    90
    """

    input: str
    value: float | None = None
    factor: float | None = None
    start: Start = 0.0
    stop: float | None = None
    label: str = ""
    reason: str = ""

    def __post_init__(self) -> None:
        self.therapy({})

    def therapy(self, agents: Mapping[str, Any]) -> Therapy:
        """The therapy as predictions take it."""
        row = _given(self, without=("start", "label", "reason"))
        return _read_therapy(self, f"{self.input} held",
                             {"kind": "clamp", "set": [row]}, agents)  # fmt: skip


@dataclass(frozen=True)
class Population:
    """A group for whom therapies are predicted: a fitted one, one that is like it, or a new one.

    Arguments left at None are those of `like`, or else the defaults of a populations file.

    Attributes
    ----------
    like : str
        Population of the run that this one differs from in what else is given.
    context, stock : str or mapping of str to float, optional
        Fitted context and group of founders, or shares that add up to 1; needed without `like`.
    species : str, optional
        ``human`` (default) or ``mouse``; that of `like` cannot be changed.
    endpoint, reach, elsewhere, arrival, arrival_end, origin, site, timp1_level, label : optional
        As in ``populations.toml``.
    horizons : sequence of float, optional
        Years (days for mice) at which risk can be read; `Run.ask` adds the one that it needs.
    injury, timp1 : float, optional
        Lasting liver injury, and fold of TIMP-1; 0 and 1 are a healthy liver.
    other_cause : mapping or str, optional
        Death from other causes: rate (1/year), doubling (years), age if known; or ``none``.
    baseline : Baseline, optional
        Untreated risk that takes the place of the fitted one; see `Population.from_risk`.

    Raises
    ------
    ArgumentError
        Lists every argument that is not allowed, with what is.

    Examples
    --------
    >>> import metinfer as mi
    >>> mi.Population(like="er_positive_n0", injury=1.0).injury
    1.0
    """

    like: str = ""
    context: str | Mapping[str, float] | None = None
    stock: str | Mapping[str, float] | None = None
    species: str | None = None
    endpoint: str | None = None
    horizons: Sequence[float] | None = None
    reach: str | None = None
    elsewhere: bool | None = None
    arrival: str | None = None
    arrival_end: float | None = None
    origin: float | None = None
    site: str | None = None
    timp1_level: str | None = None
    injury: float | None = None
    timp1: float | None = None
    other_cause: Mapping[str, float] | str | None = None
    label: str | None = None
    baseline: Baseline | None = None

    def __post_init__(self) -> None:
        needed = () if self.like else ("context", "stock")
        missing = [(name, "is needed without like") for name in needed if not getattr(self, name)]
        if missing:
            raise ArgumentError("Population", missing)
        self._read(self.species or "human")

    @classmethod
    def from_risk(
        cls,
        risk: float,
        low: float,
        high: float,
        years: float,
        like: str,
        level: float = LEVEL,
        **differences: Any,
    ) -> Self:
        """A population known by its untreated risk: relative effects are those of `like`.

        Each draw gets a risk of its own from the interval, on the complementary log-log scale, and
        the number of founders that leads to it; everything else is as fitted.

        Parameters
        ----------
        risk, low, high : float
            Share with the endpoint within `years` without therapy, and the ends of its interval.
        years : float
        like : str
            Population of the run.
        level : float
            Mass of the interval.
        **differences
            Other arguments of `Population`.

        Examples
        --------
        >>> import metinfer as mi
        >>> group = mi.Population.from_risk(0.12, 0.09, 0.15, years=10, like="er_positive_n0")
        >>> group.baseline.risk
        0.12
        """
        return cls(like=like, baseline=Baseline(risk, low, high, years, level), **differences)

    def group(self, known: Mapping[str, Group]) -> Group:
        """The population as predictions take it; `known` are those of the run."""
        if not self.like:
            return self._read(self.species or "human")
        if self.like not in known:
            told = f"unknown population {self.like!r}; known: {', '.join(known)}"
            raise ArgumentError("Population", [("like", told + hint(self.like, known))])
        base = known[self.like]
        if self.species not in (None, base.species):
            told = f"must be {base.species!r}, as that of {self.like}, got {self.species!r}"
            raise ArgumentError("Population", [("species", told)])
        mine, renamed = self._read(base.species), {"context": "contexts", "stock": "stocks"}
        given = [renamed.get(n, n) for n in _given(self, without=_OWN)]
        inputs = {n: v for n in INPUTS if (v := getattr(self, n)) is not None}
        changes = {name: getattr(mine, name) for name in given}
        return replace(base, **changes, inputs={**base.inputs, **inputs})

    def _read(self, species: str) -> Group:
        """Read what is given, with stand-ins for what only `like` knows."""
        table: dict[str, Any] = {
            "context": "like", "stock": "like", "endpoint": "liver", "horizons": [1.0],
            **_given(self, without=_OWN), "species": species,
        }  # fmt: skip
        table["inputs"] = {n: v for n in INPUTS if (v := getattr(self, n)) is not None}
        return from_python(
            "Population", lambda t: read_population(self.label or "population", t), table
        )


def require_kind(name: str, value: object, kinds: tuple[type, ...], told: str) -> None:
    """Raise ArgumentError unless an argument of `ask` is of one of the kinds."""
    if not isinstance(value, kinds):
        raise ArgumentError("ask", [(name, f"{told} is needed, got {value!r}")])


def treatment(asked: Treatment, known: Therapies) -> tuple[Therapies, Therapy | None]:
    """Return the therapy that is asked for, and the file that holds its agents.

    Parameters
    ----------
    asked : str, Regimen, Clamp, a list of objects that are given together, or None
    known : Therapies
        Those of the run; its agents come before bundled ones.
    """
    if asked is None:
        return known, None
    told = "a name, a Regimen, a Clamp, or a list of objects"
    require_kind("therapy", asked, (str, Regimen, Clamp, list, tuple), told)
    if isinstance(asked, str):
        if asked not in known.therapies:
            names = known.therapies
            told = f"unknown therapy {asked!r}; known: {', '.join(names)}{hint(asked, names)}"
            raise ArgumentError("ask", [("therapy", told)])
        return known, known.therapies[asked]
    parts = [asked] if isinstance(asked, Regimen | Clamp) else list(asked)
    for part in parts:
        require_kind("therapy", part, (Regimen, Clamp), "a Regimen or a Clamp")
    bundled = read_therapies(bundled_path() / "therapies.toml")
    agents = {**bundled.agents, **known.agents}
    every = replace(known, agents=agents, body={**bundled.body, **known.body})
    made = [part.therapy(agents) for part in parts]
    return every, made[0] if len(made) == 1 else _together(made)


def _together(parts: Sequence[Therapy]) -> Therapy:
    """Therapies given at the same time; their kinds are never mixed."""
    if len({part.kind for part in parts}) != 1:
        told = ", ".join(f"{part.label} is a {part.kind}" for part in parts)
        words = f"kinds are never mixed: {told}" if parts else "the list is empty"
        raise ArgumentError("ask", [("therapy", words)])
    single = {f"{part.name} ({i + 1})": part for i, part in enumerate(parts)}
    name = " + ".join(part.label for part in parts)
    table = {"kind": parts[0].kind, "of": list(single)}
    return from_python("ask", lambda t: read_combination(name, t, single), table)


def _read_therapy(
    given: Regimen | Clamp, name: str, table: dict[str, Any], agents: Mapping[str, Any]
) -> Therapy:
    table |= {"label": given.label or name, "reason": given.reason, "start": _plain(given.start)}
    return from_python(type(given).__name__, lambda t: read_therapy(name, t, agents), table)


def _given(item: Any, without: Sequence[str]) -> dict[str, Any]:
    """Arguments that are given, in the plain types that a TOML file has."""
    values = {f.name: getattr(item, f.name) for f in fields(item) if f.name not in without}
    return {name: _plain(value) for name, value in values.items() if value is not None}


def _plain(value: Any) -> Any:
    if isinstance(value, np.generic | np.ndarray):
        return value.tolist()
    return list(value) if isinstance(value, tuple) else value
