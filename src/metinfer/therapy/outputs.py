"""Predictions and decisions as JSON and as CSV, for programs."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import xarray as xr

from metinfer.therapy.decision_records import (
    decision_records,
    experiment_records,
    rank_records,
    variance_records,
)
from metinfer.therapy.records import ANSWERS, NNT, to_records
from metinfer.therapy.verdicts import SUMMARY

Decisions = Mapping[str, xr.Dataset]
Records = Sequence[Mapping[str, Any]]


def to_json(
    predictions: xr.Dataset,
    decisions: Decisions | None = None,
    records: Records | None = None,
    standing: Mapping[str, Any] | None = None,
) -> str:
    """Return an object: effects, ranks, decisions, variance, experiments (JSON, no NaN).

    `records` are those of `records.to_records`, if they are there; `standing` says whether the
    run's gates pass.
    """
    found, effects = decisions or {}, to_records(predictions) if records is None else records
    document = {
        "run": dict(standing or {}),
        "effects": effects,
        "ranks": rank_records(predictions, effects),
        "decisions": decision_records(found, predictions, effects),
        "variance": variance_records(found),
        "experiments": experiment_records(found),
    }
    return json.dumps(document, allow_nan=False)


def to_csv(
    predictions: xr.Dataset, decisions: Decisions | None = None, records: Records | None = None
) -> str:
    """One line per therapy, population, horizon, measure, setting and source."""
    names = ["therapy", "kind", "population", "horizon_year", "follow_year", "applicability"]
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    head = [*names, "measure", "setting", "unit", "source", *SUMMARY, "overlap", "learnt", "why"]
    writer.writerow(head)
    effects = to_records(predictions) if records is None else records
    for record in effects:
        places = [record["horizon_year"] if n == "follow_year" else record[n] for n in names]
        for name in ANSWERS:
            writer.writerows(_lines([*places, name, None, ""], record[name], record["sources"]))
        needed = record[NNT]
        why = needed[record["sources"][-1]]["text"] if not _given(needed) else needed["why"]
        cells: list[Any] = [*places, NNT, None, ""]
        writer.writerows(_lines(cells, {**needed, "why": why}, record["sources"]))
    for record in decision_records(decisions or {}, predictions, effects):
        places = [record[n] for n in names]
        for name, answer in record["measures"].items():
            full = [*places, f"{record['question']}.{name}", record["setting"], record["unit"]]
            writer.writerows(_lines(full, answer, record["sources"]))
    return out.getvalue().rstrip("\n")


def _given(needed: Mapping[str, Any]) -> bool:
    """Whether there are numbers needed to treat."""
    return any(isinstance(v, Mapping) and v["median"] is not None for v in needed.values())


def _lines(
    head: Sequence[Any], answer: Mapping[str, Any], sources: Sequence[str]
) -> Iterator[list[Any]]:
    for source in sources:
        values = [answer[source][key] for key in SUMMARY]
        yield [*head, source, *values, answer["overlap"], answer["learnt"], answer["why"]]
