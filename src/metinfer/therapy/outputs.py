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


def to_json(predictions: xr.Dataset, decisions: Decisions | None = None) -> str:
    """Return an object: effects, ranks, decisions, variance, experiments (JSON, no NaN)."""
    found, effects = decisions or {}, to_records(predictions)
    document = {
        "effects": effects,
        "ranks": rank_records(predictions, effects),
        "decisions": decision_records(found, predictions, effects),
        "variance": variance_records(found),
        "experiments": experiment_records(found),
    }
    return json.dumps(document, allow_nan=False)


def to_csv(predictions: xr.Dataset, decisions: Decisions | None = None) -> str:
    """One line per therapy, population, horizon, measure, setting and source."""
    names = ["therapy", "kind", "population", "horizon_year", "applicability", "measure"]
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([*names, "setting", "unit", "source", *SUMMARY, "overlap", "learnt", "why"])
    effects = to_records(predictions)
    for record in effects:
        head = [record[n] for n in names[:5]]
        for name in (*ANSWERS, NNT):
            writer.writerows(_lines([*head, name, None, ""], record[name], record["sources"]))
    for record in decision_records(decisions or {}, predictions, effects):
        head = [record[n] for n in names[:5]]
        for name, answer in record["measures"].items():
            full = [*head, f"{record['question']}.{name}", record["setting"], record["unit"]]
            writer.writerows(_lines(full, answer, record["sources"]))
    return out.getvalue()


def _lines(
    head: Sequence[Any], answer: Mapping[str, Any], sources: Sequence[str]
) -> Iterator[list[Any]]:
    for source in sources:
        values = [answer[source][key] for key in SUMMARY]
        yield [*head, source, *values, answer["overlap"], answer["learnt"], answer["why"]]
