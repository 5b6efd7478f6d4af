"""Populations: for whom to predict, and on which part of the evidence each one rests."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from metinfer.therapy.reader import Fault, Table, TherapyError, hint, load_toml

YEAR = 365.25
ENDPOINTS = ("liver", "all_sites")
REACHES = ("liver", "everywhere")
SITES = ("liver", "lung")
#: Inputs a population may differ in, with the value of a healthy liver.
INPUTS = {"injury": 0.0, "timp1": 1.0}


@dataclass(frozen=True)
class Mortality:
    """Gompertz law of death from other causes: rate (1/year) at time zero, doubling in years.

    `age` is that of the people at time zero, None where it is not known.
    """

    age: float | None
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
        Lasting differences from a healthy liver: injury, timp1 (fold, times that of the level).
    timp1_level : str
        Estimated TIMP-1 level of the group, as in arms.csv; ``healthy`` is 1.
    arrival_end : float
        Day on which arrival from a primary ends.
    site : str
        Organ in which metastases are counted.
    origin : float
        Day from which the start of a therapy counts, for example that of resection.
    file : str
        Name of the file that it was read from, for messages; empty for a fitted group.
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
    timp1_level: str = "healthy"
    arrival_end: float = 0.0
    origin: float = 0.0
    site: str = "liver"
    file: str = field(default="", compare=False)

    @property
    def cells(self) -> tuple[tuple[str, str, float], ...]:
        """Context, stock and share of every part of the mixture."""
        return tuple((c, s, wc * ws) for c, wc in self.contexts for s, ws in self.stocks)


def read_populations(path: Path | str) -> dict[str, Population]:
    """Return populations of a file by name; raises a TherapyError that lists every fault."""
    faults: list[Fault] = []
    root = Table(load_toml(path), Path(path).name, "", faults)
    found = {name: read_population(name, table) for name, table in root.named("populations")}
    if not found:
        root.fault("populations", "holds no population")
    root.close()
    if faults:
        raise TherapyError(faults)
    return found


def usable(
    populations: Mapping[str, Population],
    contexts: Collection[str],
    stocks: Collection[str],
    levels: Collection[str] = (),
) -> tuple[dict[str, Population], dict[str, str]]:
    """Return populations that a fit can predict, and for each other one the reason why not.

    Parameters
    ----------
    populations : mapping of str to Population
    contexts, stocks, levels : collection of str
        Contexts, stocks and TIMP-1 levels that the fit has parameters for.
    """
    kept, left_out = {}, {}
    for name, population in populations.items():
        missing = [f"context {c!r}" for c, _ in population.contexts if c not in contexts]
        missing += [f"stock {s!r}" for s, _ in population.stocks if s not in stocks]
        if population.timp1_level not in ("healthy", *levels):
            missing.append(f"TIMP-1 level {population.timp1_level!r}")
        if missing:
            left_out[name] = f"the fit holds no {', no '.join(missing)}"
        else:
            kept[name] = population
    return kept, left_out


def for_fit(
    populations: Mapping[str, Population], design: Any, strict: bool = False
) -> tuple[dict[str, Population], dict[str, str]]:
    """Return the populations a fit can predict, else its own groups; and what was left out, why.

    Parameters
    ----------
    populations : mapping of str to Population
        May be empty: then every fitted group of people or animals is its own population.
    design : metinfer.inference.design.Design
    strict : bool
        Refuse a population that the fit cannot predict, as where a person asked for it by name.
    """
    where = design.coordinates
    kept, left_out = usable(populations, where.context, where.stock, where.timp1_level)
    if strict and left_out:
        raise TherapyError([_refused(populations[n], w, where) for n, w in left_out.items()])
    if kept:
        return kept, left_out
    years: dict[str, float] = {}
    ends = [(i.arm, i.end_day) for i in design.intervals]
    ends += [(r.arm, r.time_day or 0.0) for r in design.rows]
    for arm, day in ends:
        if day > 0:
            years[arm] = max(years.get(arm, 0.0), day / YEAR)
    return from_arms(design.arms.values(), years), left_out


def _refused(population: Population, why: str, where: Any) -> Fault:
    """Return the fault of a population that a fit cannot predict, with the nearest known words."""
    known = f"contexts {', '.join(where.context)}; stocks {', '.join(where.stock)}"
    words = [(c, where.context) for c, _ in population.contexts]
    words += [(s, where.stock) for s, _ in population.stocks]
    words.append((population.timp1_level, ("healthy", *where.timp1_level)))
    near = "".join(hint(word, allowed) for word, allowed in words if word not in allowed)
    told = f"unknown population: {why}; it holds {known}{near}"
    return Fault(population.file or "populations", f"populations.{population.name}", told)


def from_arms(arms: Iterable[Any], years: Mapping[str, float]) -> dict[str, Population]:
    """Return one population per fitted pair of context mixture and stock.

    Parameters
    ----------
    arms : iterable of Arm
        Rows of arms.csv that have a stock.
    years : mapping of str to float
        Longest fitted follow-up of each arm, in years; arms without any are left out.
    """
    found: dict[str, Population] = {}
    for arm in arms:
        if not arm.stock or arm.arm not in years or arm.arrival == "none":
            continue
        name = f"{arm.context}@{arm.stock}".replace(":", "_").replace(";", "_")
        last = max(years[arm.arm], found[name].horizons[-1] if name in found else 0.0)
        found[name] = _from_arm(name, arm, last)
    return found


def _from_arm(name: str, arm: Any, last: float) -> Population:
    return Population(
        name=name,
        label=arm.population or arm.arm,
        species=arm.species,
        contexts=arm.contexts,
        stocks=((arm.stock, 1.0),),
        endpoint="liver" if arm.endpoint_scope in ("liver", "organ", "") else "all_sites",
        reach="liver",
        elsewhere=arm.endpoint_scope not in ("liver", "organ", ""),
        horizons=(last / 2.0, last),
        arrival=arm.arrival,
        era="",
        adjuvant="",
        age="",
        other_cause=None,
        other_cause_reason="not stated: risks are as if nobody died of anything else",
        cohorts=(arm.cohort,),
        inputs=dict(INPUTS),
        timp1_level=arm.timp1_level or "healthy",
        site="lung" if getattr(arm, "site", "liver") == "lung" else "liver",
        arrival_end=arm.arrival_end or 0.0 if arm.arrival == "primary" else 0.0,
    )


def choose(populations: Mapping[str, Population], names: Collection[str]) -> dict[str, Population]:
    """Return the named populations; an unknown name is refused with the ones that exist."""
    unknown = [name for name in names if name not in populations]
    if unknown:
        allowed = ", ".join(populations)
        raise TherapyError(
            [
                Fault(
                    "populations.toml",
                    name,
                    f"unknown population; allowed: {allowed}{hint(name, populations)}",
                )
                for name in unknown
            ]
        )
    return {name: populations[name] for name in names}


def read_population(name: str, table: Table) -> Population:
    """Return the population of one table; faults are noted in the table's list."""
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
        arrival=table.text("arrival", "settled", allowed=("settled", "bolus", "primary")),
        era=table.text("era", ""),
        adjuvant=table.text("adjuvant", ""),
        age=table.text("age", ""),
        other_cause=_mortality(table),
        other_cause_reason=table.text("other_cause_reason", ""),
        cohorts=table.texts("cohorts"),
        inputs=_inputs(table),
        inputs_reason=table.text("inputs_reason", ""),
        timp1_level=table.text("timp1_level", "healthy"),
        arrival_end=table.number("arrival_end", 0.0, low=0.0),
        origin=table.number("origin", 0.0, low=0.0),
        site=table.text("site", "liver", allowed=SITES),
        file=table.file,
    )
    if (population.arrival == "primary") != (population.arrival_end > 0):
        table.fault("arrival_end", "arrival from a primary, and only that, needs its last day")
    table.close()
    return population


def _mortality(table: Table) -> Mortality | None:
    table.seen.add("other_cause")
    value = table.data.get("other_cause", "none")
    if value == "none":
        return None
    inner = Table(value, table.file, f"{table.key}.other_cause", table.faults)
    age = inner.number("age", above=0.0) if inner.has("age") else None
    inner.seen.add("age")
    law = Mortality(age, *(inner.number(name, above=0.0) for name in ("rate", "doubling")))
    inner.close()
    return law


def _inputs(table: Table) -> dict[str, float]:
    table.seen.add("inputs")
    inner = Table(table.data.get("inputs", {}), table.file, f"{table.key}.inputs", table.faults)
    values = {name: inner.number(name, healthy, low=0.0) for name, healthy in INPUTS.items()}
    inner.close()
    return values
