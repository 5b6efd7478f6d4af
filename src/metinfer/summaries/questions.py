"""Questions about chosen therapies and the next experiment, from `decisions.nc`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from metinfer import results
from metinfer.summaries.table import PARTS, Summary, frame, summary
from metinfer.therapy.decision_records import (
    decision_records,
    experiment_records,
    rank_records,
    variance_records,
)

DECISIONS, OTHER = "decisions.nc", "decisions-other.nc"
#: Subjects per whom avoided metastases are counted.
PER = 1000.0


@dataclass(frozen=True)
class Questions:
    """Frames of the questions; all empty where they were not asked.

    Attributes
    ----------
    settings
        One number of one question under one start, duration or dose.
    splits
        Where the metastases went that a therapy avoided, per 1,000 subjects (means), and the
        total with its intervals.
    hazards
        Hazard ratio over time of a therapy that ends, by source.
    variance
        Share of each part of the variance of an answer.
    experiments, narrowing
        Candidates, and what each is expected to do to each answer.
    ranks
        Probability of each rank; empty where nothing may be ranked.
    """

    settings: pd.DataFrame
    splits: pd.DataFrame
    hazards: pd.DataFrame
    variance: pd.DataFrame
    experiments: pd.DataFrame
    narrowing: pd.DataFrame
    ranks: pd.DataFrame
    draws: int | None = None


def questions(
    run: Any, predicted: xr.Dataset | None, records: Sequence[Mapping[str, Any]],
    beside: xr.Dataset | None = None,
) -> Questions:  # fmt: skip
    """Every question of a run; those of another file of therapies stand behind its own.

    Parameters
    ----------
    run : Run
    predicted : xarray.Dataset or None
        Predictions of the run's own files.
    records : sequence of mapping
        Of `therapy.records.to_records`.
    beside : xarray.Dataset, optional
        Predictions of another file.
    """
    found = results.read_groups(run, DECISIONS)
    if predicted is None or not found or not _together(found, predicted):
        found = {}
    settings = decision_records(found, predicted, records) if found else []
    cases = [found["lasting"]] if found else []
    if beside is not None:
        theirs = results.read_groups(run, OTHER, fresh=True)
        more = {k: _cases(v, beside) for k, v in theirs.items() if "case" in v.dims}
        settings += decision_records(more, beside)
        cases += [more["lasting"]] if "lasting" in more else []
    return Questions(
        settings=frame((s for r in settings for s in _settings(r)), ("question", "posterior")),
        splits=frame((s for c in cases for s in _splits(c)), ("therapy", "avoided")),
        hazards=frame((h for c in cases for h in _hazards(c)), ("therapy", "source")),
        variance=frame(_variance(found), ("answer", "part", "share")),
        experiments=frame(map(_experiment, experiment_records(found)), ("experiment",)),
        narrowing=frame(_narrowing(found), ("experiment", "answer")),
        ranks=frame(_ranks(predicted, records), ("population", "therapy", "probability")),
        draws=found["lasting"].sizes["draw"] if found else None,
    )


def _together(found: Mapping[str, xr.Dataset], predicted: xr.Dataset) -> bool:
    """Whether decisions are of the same therapies and populations as the predictions."""
    attrs = found["lasting"].attrs
    return all(attrs.get(k) == predicted.attrs.get(k) for k in ("therapies", "populations"))


def _cases(found: xr.Dataset, data: xr.Dataset) -> xr.Dataset:
    """The cases of a question that are in the predictions, with the labels that those have."""
    kept = found.isel(case=np.isin(found["therapy"].values, data["therapy"].values))
    for dim in ("therapy", "population"):
        words = dict(zip(data[dim].values, data[f"{dim}_label"].values, strict=True))
        kept = kept.assign_coords({f"{dim}_label": ("case", [words[k] for k in kept[dim].values])})
    return kept


def _settings(record: Mapping[str, Any]) -> Iterable[dict[str, Any]]:
    kept = ("question", "therapy", "therapy_label", "kind", "population", "population_label",
            "species", "applicability", "horizon_year", "follow_year", "stop_year",
            "setting")  # fmt: skip
    for name, found in record["measures"].items():
        if summary(found.get("posterior") or dict.fromkeys(PARTS)) is not None:
            yield {
                **{k: record[k] for k in kept},
                "measure": name,
                **{s: summary(found[s]) if found.get(s) else None
                   for s in ("posterior", "prior", "no_mouse")},
                "overlap": found["overlap"],
            }  # fmt: skip


def _named(one: xr.Dataset) -> dict[str, str]:
    names = ("therapy", "therapy_label", "kind", "population", "population_label")
    return {k: str(one[k].item()) for k in names}


def _splits(data: xr.Dataset) -> Iterable[dict[str, Any]]:
    for k in range(data.sizes["case"]):
        one = data.isel(case=k)
        after = one.sel(source="posterior") if "posterior" in one["source"] else one.isel(source=-1)
        whole = np.isfinite(after["avoided"].values)
        yield {
            **_named(one),
            **{n: float(after[n].values[whole].mean()) * PER
               for n in ("removed", "dormant", "awake")},
            **{name: summary(one["avoided"].sel(source=s).values, PER)
               if s in one["source"] else None
               for name, s in (("avoided", "posterior"), ("prior", "prior"))},
        }  # fmt: skip


def _hazards(data: xr.Dataset) -> Iterable[dict[str, Any]]:
    for k in range(data.sizes["case"]):
        one = data.isel(case=k)
        time = one["time_year"].to_numpy()
        for source in map(str, one["source"].values):
            table = one["hazard_ratio"].sel(source=source).transpose("time", "quantile").to_numpy()
            table = table[1:, [2, 1, 3, 0, 4]]
            if np.isfinite(table).all():
                yield {
                    **_named(one), "source": source, "stop_year": float(one["stop_year"].item()),
                    "time_year": ((time[1:] + time[:-1]) / 2.0).tolist(),
                    **dict(zip(PARTS, table.T.tolist(), strict=True)),
                }  # fmt: skip


def _variance(found: Mapping[str, xr.Dataset]) -> Iterable[dict[str, Any]]:
    for r in variance_records(found):
        for part, share in r["shares"].items():
            yield {"answer": r["answer"], "measure": r["measure"], "part": part, "share": share,
                   "sd": r["sd"], "subjects_per_arm": r["subjects_per_arm"]}  # fmt: skip


def _experiment(record: Mapping[str, Any]) -> dict[str, Any]:
    kept = ("experiment", "label", "therapy", "kind", "population", "readout", "applicability",
            "day", "per_arm")  # fmt: skip
    arms = {arm: summary(v) for arm, v in record["result"].items()}
    treated, untreated = arms.get("treated"), arms.get("untreated")
    if record["readout"] != "metastasis" and untreated is not None:
        # the log ratio of treated over untreated stands in the first arm
        treated = Summary(*(float(np.exp(getattr(untreated, k))) for k in PARTS))
        untreated = None
    return {
        **{k: record[k] for k in kept}, "treated": treated, "untreated": untreated,
        "assurance": {n: p for n, p in record["assurance"].items() if p is not None},
    }  # fmt: skip


def _narrowing(found: Mapping[str, xr.Dataset]) -> Iterable[dict[str, Any]]:
    for record in experiment_records(found):
        for a in record["answers"]:
            yield {"experiment": record["experiment"], **a}


def _ranks(
    predicted: xr.Dataset | None, records: Sequence[Mapping[str, Any]]
) -> Iterable[dict[str, Any]]:
    for r in [] if predicted is None else rank_records(predicted, records):
        for therapy, probability in r["probability"].items():
            yield {"population": r["population"], "kind": r["kind"], "therapy": therapy,
                   "horizon_year": r["horizon_year"], "probability": probability}  # fmt: skip
