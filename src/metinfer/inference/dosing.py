"""Doses of an arm as exposures, at the central value of every pharmacokinetic quantity.

Agents are those of `therapies.toml`. A fit holds kinetics and potency at their centre: an
agent's potency and the strength of its effect are not told apart by the same rows. Doses are
taken as given under the skin; `doses.csv` names no route.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from metinfer.errors import MetinferError
from metinfer.mechanism.exposure import Exposure, Kinetics
from metinfer.pharmacology import (
    BODY,
    DOSE_UNITS,
    TIME_UNITS,
    VOLUME_UNITS,
    centre,
    level_units,
    rates,
    rescale,
)

Course = tuple[str, Exposure]


def courses(doses: Iterable[Any], species: str, therapies: Mapping[str, Any]) -> tuple[Course, ...]:
    """Model input and exposure (in reference levels) of each line of `doses.csv`.

    Parameters
    ----------
    doses : iterable of Dose
    species : str
        A species without kinetics of its own has those of people.
    therapies : mapping
        Contents of `therapies.toml`: its tables ``agents`` and ``body``.
    """
    return tuple(_course(dose, species, therapies) for dose in doses)


def _course(dose: Any, species: str, therapies: Mapping[str, Any]) -> Course:
    agents = therapies.get("agents", {})
    if dose.agent not in agents:
        raise MetinferError(
            f"doses.csv: arm {dose.arm!r}: no agent {dose.agent!r} in therapies.toml; "
            f"known: {', '.join(agents)}"
        )
    if dose.unit not in DOSE_UNITS:
        raise MetinferError(
            f"doses.csv: arm {dose.arm!r}: dose unit {dose.unit!r}; "
            f"allowed: {', '.join(DOSE_UNITS)}"
        )
    agent = agents[dose.agent]
    table = agent.get(species) or agent["human"]
    nanograms, per = DOSE_UNITS[dose.unit]
    amount = dose.amount * nanograms * rescale(per, _per(table), _body(therapies, species))
    kinetics = _kinetics(agent, table)
    return agent["target"], Exposure(kinetics, dose.times, (amount,) * len(dose.times))


def _kinetics(agent: Mapping[str, Any], table: Mapping[str, Any]) -> Kinetics:
    units = {
        "half_life": TIME_UNITS,
        "absorption_half_life": TIME_UNITS,
        "absorption_peak": TIME_UNITS,
        "volume": dict.fromkeys(VOLUME_UNITS, 1.0),
    }
    values = {name: _centre(table[name], factor) for name, factor in units.items() if name in table}
    values["potency"] = _centre(agent["potency"], level_units(agent.get("molar_mass", np.nan)))
    absorption, elimination, level = rates(values)
    reaches = min(_centre(table["bioavailability"], {"1": 1.0}), 1.0)
    return Kinetics(elimination, absorption, reaches * level)


def _centre(anchors: Any, factor: Mapping[str, float]) -> float:
    """Central value of one quantity."""
    several = anchors if isinstance(anchors, list) else [anchors]
    medians = [a["median"] * factor[a["unit"]] for a in several]
    return centre(medians, [a.get("weight", 1.0) for a in several])


def _per(table: Mapping[str, Any]) -> str:
    volume = table["volume"]
    first = volume[0] if isinstance(volume, list) else volume
    return VOLUME_UNITS[first["unit"]]


def _body(therapies: Mapping[str, Any], species: str) -> Mapping[str, float]:
    body: Mapping[str, float] = therapies.get("body", {}).get(species, BODY)
    return body
