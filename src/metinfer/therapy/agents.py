"""Agents: target, potency and pharmacokinetics, each as anchors that are kept even in conflict."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from metinfer.pharmacology import MASS_LEVELS, MOLAR_LEVELS, TIME_UNITS, VOLUME_UNITS, centre
from metinfer.therapy.reader import Table

#: Inputs that a drug concentration can drive.
TARGETS = ("il15", "ifng_drug", "cxcr4_drug")
BASES = ("stated", "derived", "assumed")
QUANTITIES = {
    "half_life": tuple(TIME_UNITS),
    "absorption_half_life": tuple(TIME_UNITS),
    "absorption_peak": tuple(TIME_UNITS),
    "bioavailability": ("1",),
    "volume": tuple(VOLUME_UNITS),
}
#: An assumed value is never taken as known: its least sd of the natural log.
LEAST_ASSUMED_SD = 0.1


@dataclass(frozen=True)
class Anchor:
    """One published or assumed value of a quantity, log-normal around its median.

    Attributes
    ----------
    median : float
        In `unit`.
    log_sd : float
        Standard deviation of the natural log.
    weight : float
        Share among the anchors of one quantity.
    basis : str
        ``stated``, ``derived`` or ``assumed``.
    source : tuple of str
        Ids of evidence rows.
    """

    median: float
    unit: str
    log_sd: float
    weight: float
    basis: str
    source: tuple[str, ...]
    reason: str


@dataclass(frozen=True)
class Quantity:
    """A quantity as one anchor or several conflicting ones."""

    anchors: tuple[Anchor, ...]

    @property
    def basis(self) -> str:
        """The weakest basis among the anchors."""
        return max((a.basis for a in self.anchors), key=BASES.index)

    def values(
        self, choose: np.ndarray, spread: np.ndarray, factor: Mapping[str, float]
    ) -> np.ndarray:
        """Values (draw,) from uniforms (draw,): one picks the anchor, the other its quantile."""
        from scipy.special import ndtri  # slow to import, and reading a file does not need it

        edges = np.cumsum([a.weight for a in self.anchors])
        pick = np.minimum(np.searchsorted(edges / edges[-1], choose), len(self.anchors) - 1)
        median = np.array([a.median * factor[a.unit] for a in self.anchors])[pick]
        sd = np.array([a.log_sd for a in self.anchors])[pick]
        return median * np.exp(sd * ndtri(spread))

    def centre(self, factor: Mapping[str, float]) -> float:
        """Weighted geometric mean of the medians."""
        medians = [a.median * factor[a.unit] for a in self.anchors]
        return centre(medians, [a.weight for a in self.anchors])


@dataclass(frozen=True)
class Agent:
    """What an agent acts on, how strong it is, and how it reaches blood in each species.

    Attributes
    ----------
    tolerance : str
        Whether its effect wears off in the model, and by what.
    tolerated : str
        The dose that people were given or tolerated, with `tolerated_source`.
    """

    name: str
    label: str
    target: str
    reference: str
    molar_mass: float | None
    potency: Quantity
    kinetics: Mapping[str, Mapping[str, Quantity]]
    tolerance: str = field(default="", compare=False)
    tolerated: str = field(default="", compare=False)
    tolerated_source: tuple[str, ...] = field(default=(), compare=False)

    def kinetics_of(self, species: str) -> tuple[Mapping[str, Quantity], bool]:
        """Pharmacokinetics for a species, and whether they are that species' own."""
        if species in self.kinetics:
            return self.kinetics[species], True
        return self.kinetics.get("human") or next(iter(self.kinetics.values())), False


def read_agent(name: str, table: Table) -> Agent:
    """Return the agent of one table; faults are noted in the table's list."""
    label = table.text("label", name)
    target = table.text("target", allowed=TARGETS)
    reference = table.text("reference", "")
    mass = table.number("molar_mass", above=0.0) if table.has("molar_mass") else None
    potency = _quantity(table, "potency", (*MASS_LEVELS, *MOLAR_LEVELS))
    if mass is None and any(a.unit in MOLAR_LEVELS for a in potency.anchors):
        table.fault("potency", "is given per mole: molar_mass (g/mol) is needed")
    kinetics = {}
    for species, inner in _species_tables(table):
        kinetics[species] = _kinetics(inner)
    if not kinetics:
        table.fault("", "needs a table of pharmacokinetics for one species, for example human")
    tolerance = table.text("tolerance", "")
    tolerated = list(table.tables("tolerated")) if table.has("tolerated") else []
    text = tolerated[0].text("text") if tolerated else ""
    source = tolerated[0].texts("source") if tolerated else ()
    for inner in tolerated:
        inner.close()
    table.seen.add("tolerated")
    table.close()
    return Agent(name, label, target, reference, mass, potency, kinetics, tolerance, text, source)


def _species_tables(table: Table) -> list[tuple[str, Table]]:
    known = {"label", "target", "reference", "molar_mass", "potency", "tolerance", "tolerated"}
    names = [
        key for key, value in table.data.items() if key not in known and isinstance(value, Mapping)
    ]
    table.seen.update(names)
    return [(n, Table(table.data[n], table.file, f"{table.key}.{n}", table.faults)) for n in names]


def _kinetics(table: Table) -> dict[str, Quantity]:
    optional = {"absorption_half_life", "absorption_peak"}
    found = {
        name: _quantity(table, name, units)
        for name, units in QUANTITIES.items()
        if table.has(name) or name not in optional
    }
    table.seen.update(optional)
    if len(optional & set(found)) != 1:
        table.fault("", "needs either absorption_half_life or absorption_peak")
    table.close()
    return found


def _quantity(table: Table, name: str, units: tuple[str, ...]) -> Quantity:
    if not table.has(name):
        table.number(name)
        return Quantity(())
    anchors = tuple(_anchor(inner, units) for inner in table.tables(name))
    return Quantity(anchors)


def _anchor(table: Table, units: tuple[str, ...]) -> Anchor:
    anchor = Anchor(
        median=table.number("median", above=0.0),
        unit=table.text("unit", allowed=units),
        log_sd=table.number("log_sd", low=0.0),
        weight=table.number("weight", 1.0, above=0.0),
        basis=table.text("basis", allowed=BASES),
        source=table.texts("source"),
        reason=table.text("reason"),
    )
    if anchor.basis != "assumed" and not anchor.source:
        table.fault("source", f"a {anchor.basis} value needs the id of an evidence row")
    if anchor.basis == "assumed" and anchor.log_sd < LEAST_ASSUMED_SD:
        table.fault("log_sd", f"an assumed value needs a log_sd of at least {LEAST_ASSUMED_SD}")
    table.close()
    return anchor
