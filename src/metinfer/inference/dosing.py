"""Doses of an arm as exposures, at the central value of every pharmacokinetic quantity.

Agents are those of `therapies.toml`. A fit holds kinetics and potency at their centre: an
agent's potency and the strength of its effect are not told apart by the same rows. Doses are
taken as given under the skin; `doses.csv` names no route.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from scipy.optimize import brentq

from metinfer.errors import MetinferError
from metinfer.mechanism.exposure import Exposure, Kinetics

#: Unit of a dose -> nanograms, and what it is counted per.
DOSE = {
    "ng/kg": (1.0, "kg"), "ug/kg": (1e3, "kg"), "mg/kg": (1e6, "kg"),
    "ug/m2": (1e3, "m2"), "mg/m2": (1e6, "m2"),
    "ng": (1.0, "subject"), "ug": (1e3, "subject"), "mg": (1e6, "subject"),
}  # fmt: skip
DAYS = {"min": 1.0 / 1440.0, "h": 1.0 / 24.0, "day": 1.0}
VOLUMES = {"L/kg": "kg", "L/m2": "m2"}
#: Level -> ng/mL; molar levels need the molar mass (g/mol).
LEVELS = {"ng/mL": 1.0, "ug/L": 1.0, "pg/mL": 1e-3, "ug/mL": 1e3}
MOLAR = {"nM": 1e-3, "uM": 1.0, "pM": 1e-6}
#: Absorption is at most this much faster than elimination when it follows from a time of peak.
FASTEST = 1e3

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
    if dose.unit not in DOSE:
        raise MetinferError(
            f"doses.csv: arm {dose.arm!r}: dose unit {dose.unit!r}; allowed: {', '.join(DOSE)}"
        )
    agent = agents[dose.agent]
    table = agent.get(species) or agent["human"]
    nanograms, per = DOSE[dose.unit]
    amount = dose.amount * nanograms * _size(per, _per(table), therapies, species)
    kinetics = _kinetics(agent, table)
    return agent["target"], Exposure(kinetics, dose.times, (amount,) * len(dose.times))


def _kinetics(agent: Mapping[str, Any], table: Mapping[str, Any]) -> Kinetics:
    elimination = np.log(2.0) / _centre(table["half_life"], DAYS)
    if "absorption_half_life" in table:
        absorption = np.log(2.0) / _centre(table["absorption_half_life"], DAYS)
    else:
        absorption = _absorption(_centre(table["absorption_peak"], DAYS), elimination)
    molar = {unit: f * agent.get("molar_mass", np.nan) for unit, f in MOLAR.items()}
    potency = _centre(agent["potency"], LEVELS | molar)
    volume = 1e3 * _centre(table["volume"], dict.fromkeys(VOLUMES, 1.0))
    reaches = min(_centre(table["bioavailability"], {"1": 1.0}), 1.0)
    return Kinetics(float(elimination), float(absorption), reaches / (volume * potency))


def _centre(anchors: Any, factor: Mapping[str, float]) -> float:
    """Weighted geometric mean of the medians of one quantity."""
    several = anchors if isinstance(anchors, list) else [anchors]
    weight = np.array([a.get("weight", 1.0) for a in several])
    logs = np.log([a["median"] * factor[a["unit"]] for a in several])
    return float(np.exp(weight @ logs / weight.sum()))


def _absorption(peak: float, elimination: float) -> float:
    """Absorption rate for which one dose peaks at `peak`: ln(ka/ke)/(ka - ke) = peak."""
    if peak >= 1.0 / elimination:
        return elimination * (1.0 + 1e-6)

    def miss(log_ratio: float) -> float:
        return log_ratio / np.expm1(log_ratio) / elimination - peak

    top = np.log(FASTEST)
    log_ratio = top if miss(top) > 0 else brentq(miss, 1e-9, top)
    return elimination * float(np.exp(log_ratio))


def _per(table: Mapping[str, Any]) -> str:
    volume = table["volume"]
    first = volume[0] if isinstance(volume, list) else volume
    return VOLUMES[first["unit"]]


def _size(per: str, wanted: str, therapies: Mapping[str, Any], species: str) -> float:
    """Factor from a dose per `per` to a dose per `wanted`."""
    body = therapies.get("body", {}).get(species, {"weight_kg": 70.0, "area_m2": 1.8})
    size = {"kg": body["weight_kg"], "m2": body["area_m2"], "subject": 1.0}
    return float(size[per] / size[wanted])
