"""Named answers from every draw of the run; therapies' first days."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import xarray as xr

from metinfer import results
from metinfer.judging import ANSWERS
from metinfer.therapy.records import NNT, chances, needed_to_treat, to_records
from metinfer.therapy.verdicts import EFFECTS, NO_EFFECT, answer_of, capped

#: Group of `answers.nc` -> its name on the page.
SOURCES = {"prior": "prior", "posterior": "posterior", "posterior_no_mouse": "no_mouse"}
#: Coordinates that a reader sees.
LABELS = ("therapy_label", "therapy_reason", "label")
#: Named answer -> source -> finite draws.
Draws = Mapping[str, Mapping[str, np.ndarray]]


def every_draw(groups: Mapping[str, xr.Dataset]) -> dict[str, dict[str, np.ndarray]]:
    """Draws of the named answers, from the groups of `answers.nc`.

    The predictions hold fewer draws of each therapy; of the named answers all are kept.
    """
    found: dict[str, dict[str, np.ndarray]] = {}
    for group, source in SOURCES.items():
        for name, values in groups.get(group, xr.Dataset()).data_vars.items():
            flat = np.asarray(values, dtype=float).ravel()
            found.setdefault(str(name), {})[source] = flat[np.isfinite(flat)]
    return {k: v for k, v in found.items() if len(v.get("posterior", ()))}


def spelled(data: xr.Dataset) -> xr.Dataset:
    """Return a result with its labels in the letters that people use: "ug" is \u00b5g."""
    texts = {
        name: (data[name].dims, [re.sub(r"\bug\b", "\u00b5g", str(t)) for t in data[name].values])
        for name in LABELS
        if name in data.coords and data[name].ndim == 1
    }
    return data.assign_coords(texts)


def scoped(data: xr.Dataset, evidence: Any) -> xr.Dataset:
    """Return predictions with the endpoint of each population as its cohorts count it.

    Where all cohorts behind a population count liver metastases alone, after earlier ones were
    resected, the event is a new liver metastasis and not the first metastasis.
    """
    if "endpoint" not in data.coords:
        return data
    scopes = {a.cohort: a.endpoint_scope for a in evidence.arms if a.endpoint_scope}
    asked = evidence.populations.get("populations", {})
    made = []
    for k, (name, endpoint) in enumerate(
        zip(data["population"].values, data["endpoint"].values, strict=True)
    ):
        # Populations of another file are not those of the evidence, whatever their names.
        if "cohorts" in data.coords:
            cohorts = [c for c in str(data["cohorts"].values[k]).split(", ") if c]
        else:
            cohorts = asked.get(str(name), {}).get("cohorts", [])
        again = cohorts and all(scopes.get(c) == "liver" for c in cohorts)
        made.append("liver_again" if endpoint == "liver" and again else str(endpoint))
    return data.assign_coords(endpoint=("population", made))


def judged(
    run: Any, data: xr.Dataset, asked: Sequence[Mapping[str, Any]]
) -> tuple[list[dict[str, Any]], Draws]:
    """Return the records of predictions, judged by every draw of a named answer; and those draws.

    The page, the terminal, JSON and CSV are all made from these.
    """
    records = to_records(data)
    every = every_draw(results.read_groups(run, ANSWERS, fresh=True))
    sharpen(records, asked, every)
    return records, every


def matches(record: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    """Whether a record is of the therapy, population and time of a named answer."""
    same = all(record[k] == wanted[k] for k in ("therapy", "population"))
    return same and abs(record["horizon_year"] - wanted["time_year"]) < 1e-3 * wanted["time_year"]


def sharpen(
    records: Sequence[dict[str, Any]], asked: Iterable[Mapping[str, Any]], draws: Draws
) -> None:
    """Put the named answers of all draws into the records, and judge again.

    Everything on the page that is said of a therapy in a population is read from its record, so
    all of it says the same.
    """
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


def start_days(records: Iterable[dict[str, Any]], therapies: Any) -> None:
    """Put the day on which each therapy starts into its records.

    Parameters
    ----------
    records : iterable of dict
    therapies : Therapies or None
        Those of the run; what it does not hold gets no day.
    """
    known = therapies.therapies if therapies is not None else {}
    for record in records:
        cure = known.get(record["therapy"])
        parts = () if cure is None else (cure.parts or (cure,))
        days = [part.start_in(record["species"]) for part in parts]
        record["start_day"] = min(days) if days else None
