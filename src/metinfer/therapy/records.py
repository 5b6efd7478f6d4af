"""Predictions as records: each answer beside its prior value, and whether it was learnt."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any

import numpy as np
import xarray as xr

from metinfer.inference.learnt import (
    ASSUMED,
    ASSUMED_ABOVE,
    LEARNT,
    only_wider,
    overlap,
    summarise,
)
from metinfer.therapy.populations import YEAR

ANSWERS = ("risk", "risk_untreated", "absolute_risk_reduction", "risk_ratio", "rmst_gain")
#: Measures that hold the baseline risk and the effect: learnt only if the effect, the risk ratio,
#: is. A reduction whose interval shrinks because the baseline was learnt says nothing of therapy.
EFFECTS = ("risk", "absolute_risk_reduction", "rmst_gain")
#: Value of each effect that means no effect; of those in `LOWER`, less is better.
NO_EFFECT = {"absolute_risk_reduction": 0.0, "risk_ratio": 1.0, "rmst_gain": 0.0}
LOWER = ("risk_ratio",)
NNT = "number_needed_to_treat"
SUMMARY = {"median": None, "lo50": None, "hi50": None, "lo90": None, "hi90": None}
CURVE_KEYS = {0.5: "median", 0.05: "q05", 0.25: "q25", 0.75: "q75", 0.95: "q95"}


def horizon_text(years: float, species: str = "human") -> str:
    """Return a time in the unit people use for it: years in people, days in mice."""
    if species == "mouse" or years < 0.75:
        return f"{years * YEAR:.4g} days"
    return f"{years:.3g} year" + ("" if years == 1.0 else "s")


def to_records(predictions: xr.Dataset) -> list[dict[str, Any]]:
    """One record per therapy, population and horizon, ready for JSON (no NaN in it).

    Every answer (risk, absolute risk reduction, risk ratio, ...) holds its median with 50 and
    90 % intervals for each source, the overlap of the prior and posterior 90 % intervals, and
    the verdict ``learnt`` or ``assumed, not learnt`` (of `EFFECTS` only learnt if the risk ratio
    is); `overlap_high` is the largest overlap that
    the number of draws leaves open, and decides the verdict.
    """
    return list(_records(predictions))


def verdict(predictions: xr.Dataset, therapy: str, population: str, horizon: int) -> str | None:
    """Whether the risk ratio was learnt, by the rule of `to_records`; None without both sources."""
    cell = predictions["answer"].sel(therapy=therapy, population=population)
    answers = _answers(cell.isel(horizon=horizon), {})
    found: str | None = answers["risk_ratio"]["learnt"]
    return found


def _records(predictions: xr.Dataset) -> Iterator[dict[str, Any]]:
    margins = margins_of(predictions)
    for therapy in predictions["therapy"].values:
        for population in predictions["population"].values:
            cell = predictions.sel(therapy=therapy, population=population)
            head = _head(cell, str(therapy), str(population))
            for h, year in enumerate(cell["horizon_year"].values):
                if np.isfinite(year):
                    yield (
                        head
                        | {
                            "horizon_year": float(year),
                            "horizon": horizon_text(float(year), head["species"]),
                        }
                        | _answers(cell["answer"].isel(horizon=h), margins)
                    )


def _head(cell: xr.Dataset, therapy: str, population: str) -> dict[str, Any]:
    sources = [str(s) for s in cell["source"].values]
    return {
        "therapy": therapy,
        "therapy_label": str(cell["therapy_label"].item()),
        "kind": str(cell["kind"].item()),
        "population": population,
        "population_label": str(cell["population_label"].item()),
        "species": str(cell["species"].item()),
        "endpoint": str(cell["endpoint"].item()),
        "competing_death": bool(cell["competing_death"].item()),
        "applicability": str(cell["applicability"].item()),
        "sources": sources,
        "failed_draws": {s: int(cell["failed"].sel(source=s).item()) for s in sources},
        "time_year": [float(t) for t in cell["time_year"].values],
        "event_free": _curves(cell["event_free"]),
        "event_free_untreated": _curves(cell["event_free_untreated"]),
        "hazard_ratio": _curves(cell["hazard_ratio"]),
    }


def _curves(values: xr.DataArray) -> dict[str, dict[str, list[float | None]]]:
    """Source to quantile name to values, from (source, time, quantile)."""
    table = values.transpose("source", "quantile", "time").to_numpy()
    names = [CURVE_KEYS[float(q)] for q in values["quantile"].to_numpy()]
    return {
        str(source): {name: [plain(v) for v in row] for name, row in zip(names, part, strict=True)}
        for source, part in zip(values["source"].to_numpy(), table, strict=True)
    }


def _answers(answer: xr.DataArray, margins: Mapping[str, float]) -> dict[str, Any]:
    table = answer.transpose("measure", "source", "draw").to_numpy()
    sources, order = (
        [str(s) for s in answer["source"].to_numpy()],
        answer["measure"].to_numpy().tolist(),
    )
    draws = {
        name: {s: _finite(table[order.index(name), i]) for i, s in enumerate(sources)}
        for name in ANSWERS
    }
    found = {name: answer_of(by_source) for name, by_source in draws.items()}
    if found["risk_ratio"]["learnt"] == ASSUMED:
        for name in EFFECTS:
            found[name]["learnt"] = ASSUMED if found[name]["learnt"] else None
    less = found["absolute_risk_reduction"]
    found[NNT] = {s: _needed(less[s]) for s in draws["risk"]}
    found[NNT] |= {name: less[name] for name in ("overlap", "overlap_high", "learnt")}
    found["probability"] = {name: _chances(draws[name], name, margins) for name in NO_EFFECT}
    return found


def _chances(
    by_source: dict[str, np.ndarray], name: str, margins: Mapping[str, float]
) -> dict[str, Any]:
    """Probability of any benefit, and of one beyond the margin that was fixed before fitting."""
    limits = {"benefit": NO_EFFECT[name], "beyond_margin": margins.get(name)}
    found: dict[str, Any] = {"margin": margins.get(name)}
    for word, limit in limits.items():
        found[word] = {
            s: None if limit is None or not len(v) else plain(_beyond(v, limit, name))
            for s, v in by_source.items()
        }
    return found


def _beyond(values: np.ndarray, limit: float, name: str) -> float:
    return float(np.mean(values < limit if name in LOWER else values > limit))


def margins_of(predictions: xr.Dataset) -> dict[str, float]:
    """Return the margins that go with predictions, by measure."""
    return {
        name: float(predictions.attrs[f"margin_{name}"])
        for name in NO_EFFECT
        if f"margin_{name}" in predictions.attrs
    }


def answer_of(by_source: dict[str, np.ndarray]) -> dict[str, Any]:
    """Summary of each source's finite draws, overlap of prior and posterior, and the verdict."""
    answer: dict[str, Any] = {s: _summary(draws) for s, draws in by_source.items()}
    prior, posterior = by_source.get("prior"), by_source.get("posterior")
    shared = high = verdict = None
    if prior is not None and posterior is not None and len(prior) and len(posterior):
        shared = overlap(prior, posterior)
        high = overlap_bound(prior, posterior)
        assumed = max(shared, high) > ASSUMED_ABOVE or only_wider(prior, posterior)
        verdict = ASSUMED if assumed else LEARNT
    return answer | {"overlap": shared, "overlap_high": high, "learnt": verdict}


def overlap_bound(prior: np.ndarray, posterior: np.ndarray, mass: float = 0.9) -> float:
    """Return the largest overlap that the number of draws cannot rule out.

    Each end of an interval is known within two standard errors of its rank (binomial). Ends
    that may be equal count as equal, others are moved as close as they may be: without this,
    two samples of one heavy-tailed prior would often pass for learnt.
    """
    tail = (1.0 - mass) / 2.0
    ends = [_closest(prior, posterior, p) for p in (tail, 1.0 - tail)]
    (low, other_low), (high, other_high) = ends
    union = max(high, other_high) - min(low, other_low)
    shared = max(0.0, min(high, other_high) - max(low, other_low))
    return float(shared / union) if union > 0 else 1.0


def _closest(one: np.ndarray, two: np.ndarray, probability: float) -> tuple[float, float]:
    """Return the closest pair of one quantile of two samples, within their Monte-Carlo error."""
    ranges = []
    for draws in (one, two):
        error = 2.0 * np.sqrt(probability * (1.0 - probability) / len(draws))
        ranges.append(np.quantile(draws, np.clip([probability - error, probability + error], 0, 1)))
    (low, high), (other_low, other_high) = ranges
    if high < other_low:
        return float(high), float(other_low)
    if other_high < low:
        return float(low), float(other_high)
    middle = float(max(low, other_low))
    return middle, middle


def _summary(draws: np.ndarray) -> dict[str, Any]:
    if not len(draws):
        return dict(SUMMARY)
    return {name: plain(value) for name, value in asdict(summarise(draws)).items()}


def _needed(less: dict[str, Any]) -> dict[str, Any]:
    """Return number needed to treat from the absolute risk reduction and its intervals.

    An interval of the reduction that holds zero has no finite pair of ends: the number then
    runs from benefit through infinity to harm, and the text says so (Altman 1998,
    doi 10.1136/bmj.317.7168.1309).
    """
    needed: dict[str, Any] = {"median": _inverse(less["median"])}
    for mass in ("50", "90"):
        low, high = less[f"lo{mass}"], less[f"hi{mass}"]
        crosses = low is None or low <= 0.0 <= high
        needed[f"lo{mass}"] = None if crosses else _inverse(high)
        needed[f"hi{mass}"] = None if crosses else _inverse(low)
    needed["crosses_zero"] = less["lo90"] is not None and less["lo90"] <= 0.0 <= less["hi90"]
    needed["text"] = _needed_text(less)
    return needed


def _needed_text(less: dict[str, Any]) -> str:
    low, high = less["lo90"], less["hi90"]
    if low is None:
        return "not defined"
    if low == high == 0.0:
        return "no effect"
    if low <= 0.0 <= high:
        benefit = f"one helped per {1.0 / high:.3g} or more" if high > 0 else "no benefit"
        harm = f"one harmed per {-1.0 / low:.3g} or more" if low < 0 else "no harm"
        return f"{benefit}; {harm}"
    word = "helped" if low > 0 else "harmed"
    ends = sorted((1.0 / abs(low), 1.0 / abs(high)))
    return f"one {word} per {ends[0]:.3g} to {ends[1]:.3g}"


def _inverse(value: float | None) -> float | None:
    return None if value is None or value == 0.0 else plain(1.0 / value)


def _finite(values: np.ndarray) -> np.ndarray:
    return values[np.isfinite(values)]


def plain(value: float) -> float | None:
    """Return the value with six significant digits; None if not finite."""
    return float(f"{value:.6g}") if math.isfinite(value) else None
