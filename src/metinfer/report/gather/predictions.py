"""Therapies: effects, curves and named answers from `predictions.nc`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import xarray as xr

from metinfer.report import words
from metinfer.report.content import Answer, Curve, Effect, Span
from metinfer.report.gather.densities import density
from metinfer.report.gather.named import Draws, matches
from metinfer.therapy.records import to_records

MEASURED = ("absolute_risk_reduction", "risk_ratio", "rmst_gain", "risk", "risk_untreated")
NOT_JUDGED = "not judged: no prior beside it"


def records(predictions: xr.Dataset) -> list[dict[str, Any]]:
    """Return one record per therapy, population and horizon."""
    return to_records(predictions)


def spread(values: Mapping[str, Any] | None) -> Span | None:
    """Return median and intervals of a record, or None where they are not defined."""
    if not values or values.get("median") is None:
        return None
    return Span(*(float(values[k]) for k in ("median", "lo50", "hi50", "lo90", "hi90")))


def effect(record: Mapping[str, Any], measure: str) -> Effect | None:
    """Return one measure of one record, or None where no posterior draw is finite."""
    found = record[measure]
    posterior = spread(found.get("posterior"))
    if posterior is None:
        return None
    chance = record.get("probability", {}).get(measure, {})

    def probability(word: str, source: str) -> float | None:
        value: float | None = chance.get(word, {}).get(source)
        return value

    return Effect(
        record["therapy_label"], record["kind"], record["population_label"], measure,
        record["horizon_year"], posterior, spread(found.get("prior")),
        spread(found.get("no_mouse")), found["overlap"], found["learnt"] or NOT_JUDGED,
        record["applicability"],
        benefit=probability("benefit", "posterior"),
        beyond=probability("beyond_margin", "posterior"),
        margin=chance.get("margin"),
        competing=bool(record.get("competing_death", True)) or record.get("species") == "mouse",
        why=found.get("why") or "",
        endpoint=record.get("endpoint", ""),
        species=record.get("species", "human"),
        start=record.get("start_day"),
        benefit_prior=probability("benefit", "prior"),
        beyond_prior=probability("beyond_margin", "prior"),
        harm=probability("harm", "posterior"),
        harm_prior=probability("harm", "prior"),
    )  # fmt: skip


def effects(found: Iterable[Mapping[str, Any]]) -> tuple[Effect, ...]:
    """Return every measure of every record."""
    made = (effect(r, m) for r in found for m in MEASURED)
    return tuple(e for e in made if e is not None)


def curves(found: Iterable[Mapping[str, Any]]) -> tuple[Curve, ...]:
    """Return event-free curves once per therapy, population and source, and without therapy."""
    made: dict[tuple[str, str, str], Curve] = {}
    for record in found:
        for source in record["sources"]:
            pairs = ((record["therapy_label"], record["kind"], "event_free"),
                     ("", "", "event_free_untreated"))  # fmt: skip
            for therapy, kind, values in pairs:
                key = (therapy, record["population_label"], source)
                if key not in made:
                    event = words.event(record.get("endpoint", ""), record.get("species", "human"))
                    curve = _curve(record[values][source], record["time_year"], kind, key, event)
                    if curve is not None:
                        made[key] = curve
    return tuple(made.values())


def _curve(values: Mapping[str, Any], time: list[float], kind: str,
           key: tuple[str, str, str], event: str) -> Curve | None:  # fmt: skip
    ends = [values[k] for k in ("median", "q25", "q75", "q05", "q95")]
    if any(v is None for end in ends for v in end):
        return None
    bands = tuple(Span(*point) for point in zip(*ends, strict=True))
    therapy, population, source = key
    return Curve(therapy, kind, population, source, tuple(time), bands, event)


def answers(
    asked: Iterable[Mapping[str, Any]], found: list[dict[str, Any]], predictions: xr.Dataset,
    every: Draws | None = None,
) -> tuple[tuple[Answer, ...], tuple[str, ...]]:  # fmt: skip
    """Return the named answers of analysis.toml, and a sentence for each that has none.

    Parameters
    ----------
    asked
        ``[[answer]]`` entries.
    found
        Records of the therapies.
    predictions
        Content of `predictions.nc`.
    every
        Draws of the named answers, where the run holds more of them (`named.every_draw`).
    """
    made: list[Answer] = []
    missing: list[str] = []
    for wanted in asked:
        record = next((r for r in found if matches(r, wanted)), None)
        shown = effect(record, wanted["measure"]) if record else None
        if record is None or shown is None:
            missing.append(f"the named answer {wanted['name']} could not be computed")
            continue
        name, measure, margin = wanted["name"], wanted["measure"], wanted.get("margin")
        draws = (every or {}).get(name) or _draws(predictions, record, measure)
        beyond = [exceeds(draws, margin, measure, s) for s in ("posterior", "prior")]
        smooth = density(draws, words.measure(measure).no_effect)
        made.append(Answer(_name(shown), shown, margin, beyond[0], smooth, name, beyond[1]))
    return tuple(made), tuple(missing)


def _name(effect: Effect) -> str:
    therapy = "No therapy" if effect.measure == "risk_untreated" else effect.therapy
    return f"{therapy}: {effect.population}"


def _draws(predictions: xr.Dataset, record: Mapping[str, Any], measure: str) -> dict[str, Any]:
    cell = predictions["answer"].sel(
        therapy=record["therapy"], population=record["population"], measure=measure
    )
    years = np.asarray(predictions["horizon_year"].sel(population=record["population"]))
    cell = cell.isel(horizon=int(np.nanargmin(np.abs(years - record["horizon_year"]))))
    values = {str(s): cell.sel(source=s).values for s in cell["source"].values}
    return {s: v[np.isfinite(v)] for s, v in values.items()}


def exceeds(
    draws: Mapping[str, Any], margin: float | None, measure: str, source: str = "posterior"
) -> float | None:
    """Return the probability of a benefit beyond the margin (a ratio below it)."""
    if margin is None or not len(draws.get(source, ())):
        return None
    values = draws[source]
    lower_is_better = measure in ("risk_ratio", "risk")
    return float(np.mean(values < margin if lower_is_better else values > margin))
