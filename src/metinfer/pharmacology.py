"""Units and formulas of drug levels, for doses of an experiment and for regimens alike.

One compartment: what is shared by `metinfer.inference.dosing` (arms of the evidence, at the
centre of every quantity) and `metinfer.therapy.kinetics` (regimens, with their uncertainty).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np

#: Dose unit -> nanograms, and what it is counted per.
DOSE_UNITS = {
    "ng/kg": (1.0, "kg"), "ug/kg": (1e3, "kg"), "mg/kg": (1e6, "kg"),
    "ug/m2": (1e3, "m2"), "mg/m2": (1e6, "m2"),
    "ng": (1.0, "subject"), "ug": (1e3, "subject"), "mg": (1e6, "subject"),
}  # fmt: skip
TIME_UNITS = {"min": 1.0 / 1440.0, "h": 1.0 / 24.0, "day": 1.0}
VOLUME_UNITS = {"L/kg": "kg", "L/m2": "m2"}
#: Level -> ng/mL; nM times g/mol is ng/L, a thousandth of it ng/mL.
MASS_LEVELS = {"ng/mL": 1.0, "ug/L": 1.0, "pg/mL": 1e-3, "ug/mL": 1e3}
MOLAR_LEVELS = {"nM": 1e-3, "uM": 1.0, "pM": 1e-6}
#: Body that a dose per m2 or per subject refers to where a file names none.
BODY = {"weight_kg": 70.0, "area_m2": 1.8}
#: Absorption is at most this much faster than elimination when it follows from a time of peak.
FASTEST = 1e3


def level_units(molar_mass: float) -> dict[str, float]:
    """Return unit of a level -> ng/mL, for a substance of `molar_mass` g/mol."""
    return MASS_LEVELS | {unit: f * molar_mass for unit, f in MOLAR_LEVELS.items()}


def centre(medians: Iterable[float], weights: Iterable[float]) -> float:
    """Weighted geometric mean: the central value of anchors that conflict."""
    weight = np.array(list(weights), dtype=float)
    return float(np.exp(weight @ np.log(list(medians)) / weight.sum()))


def rates(values: Mapping[str, float]) -> tuple[float, float, float]:
    """Return absorption and elimination (1/day), and reference levels per nanogram that arrives.

    Parameters
    ----------
    values : mapping of str to float
        ``half_life`` and either ``absorption_half_life`` or ``absorption_peak`` in days,
        ``volume`` in litres and ``potency`` in ng/mL, the level that counts as one.
    """
    elimination = float(np.log(2.0) / values["half_life"])
    if "absorption_half_life" in values:
        absorption = float(np.log(2.0) / values["absorption_half_life"])
    else:
        absorption = absorption_rate(values["absorption_peak"], elimination)
    return absorption, elimination, float(1.0 / (values["volume"] * 1e3 * values["potency"]))


def absorption_rate(peak: float, elimination: float) -> float:
    """Absorption rate (1/day) with the peak of one dose at `peak` days; faster than elimination.

    peak = ln(ka/ke)/(ka - ke). A peak later than 1/ke has no such solution: absorption is then
    as slow as elimination.
    """
    from scipy.optimize import brentq  # slow to import, and reading a file does not need it

    if peak >= 1.0 / elimination:
        return elimination * (1.0 + 1e-6)

    def miss(log_ratio: float) -> float:
        return float(log_ratio / np.expm1(log_ratio) / elimination - peak)

    top = float(np.log(FASTEST))
    if miss(top) > 0:
        return elimination * FASTEST
    return elimination * float(np.exp(brentq(miss, 1e-9, top)))


def rescale(per: str, wanted: str, body: Mapping[str, float]) -> float:
    """Factor from a dose per `per` to a dose per `wanted` (kg, m2 or subject)."""
    size = {"kg": body["weight_kg"], "m2": body["area_m2"], "subject": 1.0}
    return float(size[per] / size[wanted])
