"""Effects of therapies, event-free curves and named answers, from predictions and answers."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from metinfer import results
from metinfer.judging import ANSWERS
from metinfer.summaries.density import density
from metinfer.summaries.table import finite, frame, summary
from metinfer.therapy.records import NNT, chances, needed_to_treat, to_records
from metinfer.therapy.regimen import read_therapies
from metinfer.therapy.verdicts import EFFECTS, NO_EFFECT, answer_of, capped

PREDICTIONS, OTHER = "predictions.nc", "predictions-other.nc"
#: Group of `answers.nc` -> name of the source everywhere else.
SOURCES = {"prior": "prior", "posterior": "posterior", "posterior_no_mouse": "no_mouse"}
MEASURES = ("absolute_risk_reduction", "risk_ratio", "rmst_gain", "risk", "risk_untreated")
UNTREATED = "risk_untreated"
#: Coordinates of each population and of each therapy that the tables keep.
WHO = ("species", "endpoint", "competing_death", "era", "adjuvant", "age", "other_cause_reason",
       "cohorts", "reach")  # fmt: skip

Draws = Mapping[str, Mapping[str, np.ndarray]]
Record = dict[str, Any]


def own(run: Any) -> xr.Dataset | None:
    """Predictions of the run's own therapies and populations; None where there are none."""
    data = results.read_groups(run, PREDICTIONS).get("/")
    if data is None or any(
        data.attrs.get(kind) not in (None, digest(run, f"{kind}.toml"))
        for kind in ("therapies", "populations")
    ):
        return None
    return scoped(spelled(data), run.evidence)


def other(run: Any) -> xr.Dataset | None:
    """Predictions of another file, labelled with its name; None if stale or not asked for."""
    data = results.read_groups(run, OTHER, fresh=True).get("/")
    if data is None:
        return None
    data = scoped(spelled(data), run.evidence)
    new = json.loads(data.attrs["new"])
    if data.attrs["populations"] != digest(run, "populations.toml"):
        data = _marked(data, "population", data["population"].values, "populations_file")
    else:
        data = data.sel(therapy=[t for t in data["therapy"].values if t in new])
    return _marked(data, "therapy", new, "therapies_file") if data["therapy"].size else None


def digest(run: Any, name: str) -> str:
    """Hash of an input file of a run; empty if it had none."""
    return str(run.record.inputs.get(name, ""))


def _marked(data: xr.Dataset, dim: str, names: Iterable[str], source: str) -> xr.Dataset:
    marked = set(map(str, names))
    pairs = zip(data[dim].values, data[f"{dim}_label"].values, strict=True)
    labels = [f"{t} ({data.attrs[source]})" if str(k) in marked else str(t) for k, t in pairs]
    return data.assign_coords({f"{dim}_label": (dim, labels)})


def spelled(data: xr.Dataset) -> xr.Dataset:
    """A result whose labels write micrograms with the Greek letter."""
    texts = {
        name: (data[name].dims, [f" {t} ".replace(" ug", " \u00b5g").strip() for t in
                                 map(str, data[name].values)])
        for name in ("therapy_label", "therapy_reason", "label")
        if name in data.coords and data[name].ndim == 1
    }  # fmt: skip
    return data.assign_coords(texts)


def scoped(data: xr.Dataset, evidence: Any) -> xr.Dataset:
    """Predictions with the endpoint of each population as its cohorts count it.

    Where all cohorts count liver metastases alone, after earlier ones were resected, the event is
    a new liver metastasis and not the first metastasis.
    """
    if "endpoint" not in data.coords:
        return data
    scopes = {a.cohort: a.endpoint_scope for a in evidence.arms if a.endpoint_scope}
    asked = evidence.populations.get("populations", {})
    made = []
    for k, (name, endpoint) in enumerate(
        zip(data["population"].values, data["endpoint"].values, strict=True)
    ):
        if "cohorts" in data.coords:
            cohorts = [c for c in str(data["cohorts"].values[k]).split(", ") if c]
        else:
            cohorts = asked.get(str(name), {}).get("cohorts", [])
        again = cohorts and all(scopes.get(c) == "liver" for c in cohorts)
        made.append("liver_again" if endpoint == "liver" and again else str(endpoint))
    return data.assign_coords(endpoint=("population", made))


def every_draw(run: Any) -> dict[str, dict[str, np.ndarray]]:
    """Named answer -> source -> finite draws (draw,), all that were kept."""
    found: dict[str, dict[str, np.ndarray]] = {}
    groups = results.read_groups(run, ANSWERS, fresh=True)
    for group, source in SOURCES.items():
        for name, values in groups.get(group, xr.Dataset()).data_vars.items():
            found.setdefault(str(name), {})[source] = finite(values)
    return {k: v for k, v in found.items() if len(v.get("posterior", ()))}


def matches(record: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    """Whether a record is of the therapy, population and time of a named answer."""
    same = all(record[k] == wanted[k] for k in ("therapy", "population"))
    return same and abs(record["horizon_year"] - wanted["time_year"]) < 1e-3 * wanted["time_year"]


def judged(data: xr.Dataset, asked: Sequence[Mapping[str, Any]], draws: Draws) -> list[Record]:
    """Records of predictions, named answers of them from every draw that was kept."""
    records = to_records(data)
    touched = []
    for wanted in asked:
        record = next((r for r in records if matches(r, wanted)), None)
        mine, measure = draws.get(wanted["name"]), wanted["measure"]
        if record is None or mine is None:
            continue
        record[measure] = answer_of(mine, measure, record["applicability"])
        if measure in NO_EFFECT:
            margin = record["probability"][measure]["margin"]
            limits = {} if margin is None else {measure: margin}
            record["probability"][measure] = chances(mine, measure, limits)
        if measure == "risk_ratio" or measure in EFFECTS:
            touched.append(record)
    for record in touched:
        capped(record)
        record[NNT] = needed_to_treat(record["absolute_risk_reduction"])
    return records


def start_days(run: Any, records: Iterable[Record]) -> None:
    """Put the day on which each therapy starts into its records (None where unknown)."""
    path = run.path / "inputs" / "therapies.toml"
    known = read_therapies(path).therapies if path.is_file() else {}
    for record in records:
        cure = known.get(record["therapy"])
        parts = () if cure is None else (cure.parts or (cure,))
        days = [part.start_in(record["species"]) for part in parts]
        record["start_day"] = min(days) if days else None


HEAD = ("therapy", "therapy_label", "kind", "population", "population_label", "species",
        "endpoint", "horizon_year", "applicability")  # fmt: skip


def effects(records: Iterable[Record]) -> pd.DataFrame:
    """One row per therapy, population, horizon and measure: each source, and its chances."""
    return frame(
        (_effect(r, m) for r in records for m in MEASURES if summary(r[m].get("posterior"))),
        (*HEAD, "measure", "posterior"),
    )


def _effect(record: Record, measure: str) -> Record:
    found, chance = record[measure], record.get("probability", {}).get(measure, {})

    def probability(word: str, source: str) -> float | None:
        value: float | None = chance.get(word, {}).get(source)
        return value

    return {
        **{k: record[k] for k in HEAD},
        "measure": measure,
        "competing_death": bool(record.get("competing_death", True))
        or record["species"] == "mouse",
        "start_day": record.get("start_day"),
        "posterior": summary(found["posterior"]),
        "prior": summary(found["prior"]) if found.get("prior") else None,
        "no_mouse": summary(found["no_mouse"]) if found.get("no_mouse") else None,
        "overlap": found["overlap"],
        "margin": chance.get("margin"),
        "benefit": probability("benefit", "posterior"),
        "benefit_prior": probability("benefit", "prior"),
        "harm": probability("harm", "posterior"),
        "harm_prior": probability("harm", "prior"),
        "beyond": probability("beyond_margin", "posterior"),
        "beyond_prior": probability("beyond_margin", "prior"),
    }


def curves(records: Iterable[Record]) -> pd.DataFrame:
    """Event-free share over time: one row per therapy (empty: none), population and source."""
    made: dict[tuple[str, str, str], Record] = {}
    for record in records:
        for source in record["sources"]:
            for therapy, values in (
                (record["therapy"], record["event_free"]),
                ("", record["event_free_untreated"]),
            ):
                key = (therapy, record["population"], source)
                if key not in made:
                    made[key] = {
                        "therapy": therapy, "population": record["population"], "source": source,
                        "time_year": record["time_year"], **values[source],
                    }  # fmt: skip
    whole = (m for m in made.values() if not any(v is None for v in m["median"]))
    return frame(whole, ("therapy", "population", "source", "time_year", "median"))


def populations(*data: xr.Dataset | None) -> pd.DataFrame:
    """Whom each population stands for, and what it leaves out."""
    made = [
        {"population": str(name), "label": str(one["population_label"].item())}
        | {k: one[k].item() for k in WHO if k in one}
        for found in data if found is not None
        for name in found["population"].values
        for one in [found.sel(population=name)]
    ]  # fmt: skip
    return frame(_once(made, "label"), ("population", "label", *WHO))


def therapies(*data: xr.Dataset | None) -> pd.DataFrame:
    """Each therapy as it is given: label, kind, why this schedule."""
    made = [
        {"therapy": str(n), "label": str(label), "kind": str(kind), "reason": str(reason)}
        for found in data if found is not None
        for n, label, kind, reason in zip(
            *(found[k].values for k in ("therapy", "therapy_label", "kind", "therapy_reason")),
            strict=True)
    ]  # fmt: skip
    return frame(_once(made, "label"), ("therapy", "label", "kind", "reason"))


def _once(rows: Iterable[Record], key: str) -> list[Record]:
    return list({r[key]: r for r in rows}.values())


def answers(
    asked: Sequence[Mapping[str, Any]], records: Sequence[Record], draws: Draws,
    data: xr.Dataset | None,
) -> tuple[pd.DataFrame, tuple[str, ...]]:  # fmt: skip
    """Named answers, and the names of those that could not be computed.

    Columns as of `effects`, and ``key``, ``exceeds`` and ``exceeds_prior`` (probability of passing
    the margin), ``density``.
    """
    made, missing = [], []
    for wanted in asked:
        record = next((r for r in records if matches(r, wanted)), None)
        measure = wanted["measure"]
        if record is None or summary(record[measure].get("posterior")) is None:
            missing.append(str(wanted["name"]))
            continue
        mine = draws.get(wanted["name"]) or predicted_draws(data, record, measure)
        margin = wanted.get("margin")
        row = _effect(record, measure) | {"margin": margin, "key": wanted["name"]}
        made.append(row | {
            "exceeds": _exceeds(mine, margin, measure, "posterior"),
            "exceeds_prior": _exceeds(mine, margin, measure, "prior"),
            "density": density(mine, NO_EFFECT.get(measure)),
        })  # fmt: skip
    return frame(made, (*HEAD, "measure", "key", "posterior")), tuple(missing)


def predicted_draws(
    data: xr.Dataset | None, record: Mapping[str, Any], measure: str
) -> dict[str, np.ndarray]:
    """Finite draws (draw,) of a measure by source, for the place of a record."""
    if data is None:
        return {}
    cell = data["answer"].sel(
        therapy=record["therapy"], population=record["population"], measure=measure
    )
    years = np.asarray(data["horizon_year"].sel(population=record["population"]))
    cell = cell.isel(horizon=int(np.nanargmin(np.abs(years - record["horizon_year"]))))
    return {str(s): finite(cell.sel(source=s)) for s in cell["source"].values}


def _exceeds(
    draws: Mapping[str, np.ndarray], margin: float | None, measure: str, source: str
) -> float | None:
    """Probability of a benefit beyond the margin (a ratio below it)."""
    values = draws.get(source, np.zeros(0))
    if margin is None or not len(values):
        return None
    lower = measure in ("risk_ratio", "risk")
    return float(np.mean(values < margin if lower else values > margin))
