"""Populations: for whom to predict, and on which part of the evidence each one rests."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from metinfer.therapy.reader import Fault, Table, TherapyError, load_toml

YEAR = 365.25
ENDPOINTS = ("liver", "all_sites")
REACHES = ("liver", "everywhere")
#: Inputs a population may differ in, with the value of a healthy liver.
INPUTS = {"injury": 0.0, "timp1": 1.0}


@dataclass(frozen=True)
class Mortality:
    """Gompertz law of death from other causes: rate (1/year) at `age`, doubling time in years."""

    age: float
    rate: float
    doubling: float

    def survival(self, year: np.ndarray) -> np.ndarray:
        """Share not dead of other causes `year` years after time zero, same shape."""
        growth = np.log(2.0) / self.doubling
        return np.exp(-self.rate / growth * np.expm1(growth * np.asarray(year)))


@dataclass(frozen=True)
class Population:
    """A group of people or animals for whom therapies are predicted.

    Attributes
    ----------
    contexts, stocks : tuple of (str, float)
        Names with shares that add up to 1; survival is averaged over their product.
    endpoint : str
        ``liver`` (liver metastasis as the first one) or ``all_sites``.
    reach : str
        ``liver``: the therapy acts on the liver part only; ``everywhere``: labelled scenario.
    elsewhere : bool
        Whether metastasis outside the liver competes, by the liver's share at first metastasis.
    horizons : tuple of float
        Years after time zero at which risk is read; the last one ends the curve.
    inputs : mapping
        Lasting differences from a healthy liver: injury, timp1 (fold).
    """

    name: str
    label: str
    species: str
    contexts: tuple[tuple[str, float], ...]
    stocks: tuple[tuple[str, float], ...]
    endpoint: str
    reach: str
    elsewhere: bool
    horizons: tuple[float, ...]
    arrival: str
    era: str
    adjuvant: str
    age: str
    other_cause: Mortality | None
    other_cause_reason: str
    cohorts: tuple[str, ...]
    inputs: Mapping[str, float] = field(default_factory=dict)
    inputs_reason: str = ""

    @property
    def cells(self) -> tuple[tuple[str, str, float], ...]:
        """Context, stock and share of every part of the mixture."""
        return tuple((c, s, wc * ws) for c, wc in self.contexts for s, ws in self.stocks)


def read_populations(path: Path | str) -> dict[str, Population]:
    """Populations of a file by name; raises a TherapyError that lists every fault."""
    faults: list[Fault] = []
    root = Table(load_toml(path), Path(path).name, "", faults)
    found = {name: _population(name, table) for name, table in root.named("populations")}
    if not found:
        root.fault("populations", "holds no population")
    root.close()
    if faults:
        raise TherapyError(faults)
    return found


def choose(populations: Mapping[str, Population], names: Collection[str]) -> dict[str, Population]:
    """The named populations; an unknown name is refused with the ones that exist."""
    unknown = [name for name in names if name not in populations]
    if unknown:
        allowed = ", ".join(populations)
        raise TherapyError(
            [Fault("populations.toml", name, f"unknown population; allowed: {allowed}") for name in unknown]
        )
    return {name: populations[name] for name in names}


def _population(name: str, table: Table) -> Population:
    species = table.text("species", allowed=("human", "mouse"))
    horizons = np.array(table.numbers("horizons"))
    if len(horizons) and (np.any(np.diff(horizons) <= 0) or horizons[0] <= 0):
        table.fault("horizons", f"must be positive and ascending, got {horizons.tolist()!r}")
    if species == "mouse":
        horizons = horizons / YEAR
    population = Population(
        name=name,
        label=table.text("label", name),
        species=species,
        contexts=table.shares("context"),
        stocks=table.shares("stock"),
        endpoint=table.text("endpoint", allowed=ENDPOINTS),
        reach=table.text("reach", "liver", allowed=REACHES),
        elsewhere=table.flag("elsewhere", True),
        horizons=tuple(horizons.tolist()),
        arrival=table.text("arrival", "settled", allowed=("settled", "bolus")),
        era=table.text("era", ""),
        adjuvant=table.text("adjuvant", ""),
        age=table.text("age", ""),
        other_cause=_mortality(table),
        other_cause_reason=table.text("other_cause_reason", ""),
        cohorts=table.texts("cohorts"),
        inputs=_inputs(table),
        inputs_reason=table.text("inputs_reason", ""),
    )
    table.close()
    return population


def _mortality(table: Table) -> Mortality | None:
    table.seen.add("other_cause")
    value = table.data.get("other_cause", "none")
    if value == "none":
        return None
    inner = Table(value, table.file, f"{table.key}.other_cause", table.faults)
    law = Mortality(*(inner.number(name, above=0.0) for name in ("age", "rate", "doubling")))
    inner.close()
    return law


def _inputs(table: Table) -> dict[str, float]:
    table.seen.add("inputs")
    inner = Table(table.data.get("inputs", {}), table.file, f"{table.key}.inputs", table.faults)
    values = {name: inner.number(name, healthy, low=0.0) for name, healthy in INPUTS.items()}
    inner.close()
    return values
