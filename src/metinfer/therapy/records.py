"""Predictions as records: each answer beside its prior value, and whether it was learnt."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import xarray as xr

from metinfer.inference.learnt import LEARNT
from metinfer.therapy.populations import YEAR
from metinfer.therapy.verdicts import NO_EFFECT, SUMMARY, answer_of, capped, plain

ANSWERS = ("risk", "risk_untreated", "absolute_risk_reduction", "risk_ratio", "rmst_gain")
#: Effects of which less is better.
LOWER = ("risk_ratio",)
NNT = "number_needed_to_treat"
#: Numbers needed to treat of an effect that was not learnt.
NOT_GIVEN: dict[str, Any] = SUMMARY | {"crosses_zero": None}
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
    under ``learnt`` the state of `inference.learnt.verdict`: ``learnt``, ``narrowed only`` or
    ``assumed, not learnt``, with the reason under ``why``. A risk with therapy, a reduction and a
    gain never count as more than the risk ratio. `overlap_high` is the largest overlap that the
    number of draws leaves open, and decides.
    """
    return list(_records(predictions))


def judged(predictions: xr.Dataset, therapy: str, population: str, horizon: int) -> dict[str, Any]:
    """The risk ratio of one record of `to_records`."""
    cell = predictions.sel(therapy=therapy, population=population)
    flag = str(cell["applicability"].item()) if "applicability" in cell else ""
    found: dict[str, Any] = _answers(cell["answer"].isel(horizon=horizon), {}, flag)["risk_ratio"]
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
                        | _answers(cell["answer"].isel(horizon=h), margins, head["applicability"])
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


def _answers(
    answer: xr.DataArray, margins: Mapping[str, float], applicability: str
) -> dict[str, Any]:
    table = answer.transpose("measure", "source", "draw").to_numpy()
    sources, order = (
        [str(s) for s in answer["source"].to_numpy()],
        answer["measure"].to_numpy().tolist(),
    )
    draws = {
        name: {s: _finite(table[order.index(name), i]) for i, s in enumerate(sources)}
        for name in ANSWERS
    }
    found = {name: answer_of(by, name, applicability) for name, by in draws.items()}
    capped(found)
    found[NNT] = needed_to_treat(found["absolute_risk_reduction"])
    found["probability"] = {name: chances(draws[name], name, margins) for name in NO_EFFECT}
    return found


def chances(
    by_source: Mapping[str, np.ndarray], name: str, margins: Mapping[str, float]
) -> dict[str, Any]:
    """Probability of any benefit, of any harm, and of a benefit beyond the margin fixed before."""
    limit, margin = NO_EFFECT[name], margins.get(name)
    lower = name in LOWER
    asked = {
        "benefit": lambda v: v < limit if lower else v > limit,
        "harm": lambda v: v > limit if lower else v < limit,
        "beyond_margin": lambda v: v < margin if lower else v > margin,
    }
    found: dict[str, Any] = {"margin": margin}
    for word, holds in asked.items():
        known = margin is not None or word != "beyond_margin"
        found[word] = {
            s: plain(float(np.mean(holds(v)))) if known and len(v) else None
            for s, v in by_source.items()
        }
    return found


def margins_of(predictions: xr.Dataset) -> dict[str, float]:
    """Return the margins that go with predictions, by measure."""
    return {
        name: float(predictions.attrs[f"margin_{name}"])
        for name in NO_EFFECT
        if f"margin_{name}" in predictions.attrs
    }


def needed_to_treat(less: Mapping[str, Any]) -> dict[str, Any]:
    """Number needed to treat under each source, only where the risk reduction was learnt.

    Of a reduction that is assumed it would look like a result; ``text`` then says why there is
    none.
    """
    state = less["learnt"]
    found: dict[str, Any] = {
        name: (_needed(part) if state in (None, LEARNT) else NOT_GIVEN | {"text": _refused(state)})
        if isinstance(part, Mapping)
        else part
        for name, part in less.items()
    }
    return found


def _refused(state: str) -> str:
    return f"not given: {state.partition(',')[0]}"


def _needed(less: Mapping[str, Any]) -> dict[str, Any]:
    """Return number needed to treat from the absolute risk reduction and its intervals.

    An interval of the reduction that holds zero has no finite pair of ends: the number then
    runs from benefit through infinity to harm, and the text says so (Altman 1998,
    doi 10.1136/bmj.317.7168.1309).
    """
    unknown = less["lo90"] is None or less["lo90"] <= 0.0 <= less["hi90"]
    needed: dict[str, Any] = {"median": None if unknown else _inverse(less["median"])}
    for mass in ("50", "90"):
        low, high = less[f"lo{mass}"], less[f"hi{mass}"]
        crosses = low is None or low <= 0.0 <= high
        needed[f"lo{mass}"] = None if crosses else _inverse(high)
        needed[f"hi{mass}"] = None if crosses else _inverse(low)
    needed["crosses_zero"] = less["lo90"] is not None and less["lo90"] <= 0.0 <= less["hi90"]
    needed["text"] = _needed_text(less)
    return needed


def _needed_text(less: Mapping[str, Any]) -> str:
    low, high = less["lo90"], less["hi90"]
    if low is None:
        return "not defined"
    if low == high == 0.0:
        return "no effect"
    if low <= 0.0 <= high:
        benefit = f"one helped per {_count(1.0 / high)} or more" if high > 0 else "no benefit"
        harm = f"one harmed per {_count(-1.0 / low)} or more" if low < 0 else "no harm"
        return f"{benefit}; {harm}"
    word = "helped" if low > 0 else "harmed"
    ends = sorted((1.0 / abs(low), 1.0 / abs(high)))
    return f"one {word} per {_count(ends[0])} to {_count(ends[1])}"


def _count(people: float) -> str:
    return f"{people:.3g}" if people < 100.0 else f"{people:.0f}"


def _inverse(value: float | None) -> float | None:
    return None if value is None or value == 0.0 else plain(1.0 / value)


def _finite(values: np.ndarray) -> np.ndarray:
    return values[np.isfinite(values)]
