"""Dose tables to exposures, in units of the level that a potency refers to.

Pharmacokinetics and potency are uncertain too. They are drawn as a small set of *variants*
(a Latin hypercube over the anchors): every posterior draw takes one variant, the same one in
every population, source and therapy that shares the agent, so that contrasts stay paired.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from metinfer.mechanism.exposure import Exposure, Kinetics
from metinfer.pharmacology import (
    DOSE_UNITS,
    TIME_UNITS,
    VOLUME_UNITS,
    level_units,
    rates,
    rescale,
)
from metinfer.therapy.agents import Agent, Quantity
from metinfer.therapy.regimen import VARIANTS, DoseRow


@dataclass(frozen=True)
class Variant:
    """Pharmacokinetics and potency of one variant of one agent.

    Attributes
    ----------
    absorption, elimination : float
        Rates, 1/day.
    level_per_dose : float
        Reference levels (concentration over potency) per ng/kg or ng/m2 that reaches blood.
    bioavailability : float
        Share that reaches blood when not given into a vein.
    per : str
        What the volume is counted per: ``kg`` or ``m2``.
    """

    absorption: float
    elimination: float
    level_per_dose: float
    bioavailability: float
    per: str


def variants(agent: Agent, species: str, count: int = VARIANTS, seed: int = 0) -> list[Variant]:
    """Return a Latin hypercube of kinetics and potency; a single variant is the centre.

    Parameters
    ----------
    agent : Agent
    species : str
        A species without its own table uses the human one.
    count : int
        Number of variants; 1 gives the centre of every quantity.
    seed : int
        Combined with the agent's name, so that an agent has the same variants everywhere.
    """
    kinetics, _ = agent.kinetics_of(species)
    pick = {"potency": agent.potency, **kinetics}
    if count == 1:
        values = {name: np.array([q.centre(_factors(name, agent))]) for name, q in pick.items()}
    else:
        values = _hypercube(pick, agent, count, seed)
    values["bioavailability"] = np.minimum(values["bioavailability"], 1.0)
    per = VOLUME_UNITS[kinetics["volume"].anchors[0].unit]
    return [_variant({k: v[i] for k, v in values.items()}, per) for i in range(count)]


def assignment(draws: int, count: int = VARIANTS, seed: int = 0) -> np.ndarray:
    """Variant of each draw (draw,): every variant equally often, in random order."""
    order = np.arange(draws) % count
    return np.random.default_rng([seed, 7]).permutation(order)


def exposure(dose: DoseRow, variant: Variant, day: float, body: Mapping[str, float]) -> Exposure:
    """Exposure in reference levels after the doses of one row, given from day `day` on.

    Parameters
    ----------
    dose : DoseRow
    variant : Variant
        Kinetics and potency.
    day : float
        Day after time zero on which the therapy starts.
    body : mapping
        ``weight_kg`` and ``area_m2``, for doses counted otherwise than the volume.
    """
    unit, per = DOSE_UNITS[dose.unit]
    amount = dose.amount * unit * rescale(per, variant.per, body)
    vein = dose.route in ("bolus", "infusion")
    absorption = None if vein else variant.absorption
    reached = 1.0 if vein else variant.bioavailability
    kinetics = Kinetics(variant.elimination, absorption, reached * variant.level_per_dose)
    times = tuple((day + dose.times).tolist())
    lengths = (dose.duration,) * len(times) if dose.duration > 0 else None
    return Exposure(kinetics, times, (amount,) * len(times), lengths)


def _factors(name: str, agent: Agent) -> Mapping[str, float]:
    """Return unit -> days, L, or ng/mL."""
    if name == "potency":
        return level_units(agent.molar_mass or 1.0)
    if name == "volume":
        return dict.fromkeys(VOLUME_UNITS, 1.0)
    return {**TIME_UNITS, "1": 1.0}


def _hypercube(
    pick: Mapping[str, Quantity], agent: Agent, count: int, seed: int
) -> dict[str, np.ndarray]:
    rng = np.random.default_rng([seed, zlib.crc32(agent.name.encode())])
    values = {}
    for name, quantity in pick.items():
        choose, spread = ((rng.permutation(count) + 0.5) / count for _ in range(2))
        values[name] = quantity.values(choose, spread, _factors(name, agent))
    return values


def _variant(values: Mapping[str, float], per: str) -> Variant:
    absorption, elimination, level = rates(values)
    return Variant(absorption, elimination, level, float(values["bioavailability"]), per)
