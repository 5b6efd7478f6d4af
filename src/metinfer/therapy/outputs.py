"""Predictions and decisions as JSON, as CSV and as text for the terminal."""

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
from metinfer.therapy.records import ANSWERS, NNT, horizon_text, to_records
from metinfer.therapy.verdicts import SUMMARY

TITLES = {
    "regimen": "Regimens",
    "clamp": "Clamps (hypothetical full engagement)",
    "adverse": "Adverse events",
}
EXPLAINED = (
    "Medians with 90 % intervals (50 % intervals: --format json or csv). Each therapy beside the "
    "prior.\nlearnt: the data moved it; narrowed only: its interval shrank about the centre of the "
    "prior;\nassumed, not learnt: it hardly differs from the prior. The reason stands in brackets."
)
WITHOUT_DEATH = "without competing death"
#: Questions in words, and the measures that a terminal shows of each.
ASKED = {
    "lasting": ("Lasting or delay (stopped, then followed to the last horizon)",
                ("share", "rebound")),
    "window": ("Window by start (among those event-free at the start)", ("risk_ratio",)),
    "duration": ("Window by duration", ("risk_ratio",)),
    "dose": ("Dose response", ("absolute_risk_reduction", "dose_half", "dose_most")),
    "interaction": ("Combinations", ("risk_ratio", "over_bliss", "over_best")),
}  # fmt: skip
WORDS = {
    "share": "share of the benefit that lasts", "rebound": "largest hazard ratio after the end",
    "risk_ratio": "risk ratio", "absolute_risk_reduction": "absolute risk reduction",
    "dose_half": "doses for half of the attainable effect (multiple)",
    "dose_most": "doses for 90 % of it (multiple)",
    "over_bliss": "better than independent action by (risk ratio)",
    "over_best": "better than the best part by (risk ratio)",
}  # fmt: skip
#: Candidate experiments named for each answer in the terminal.
FIRST = 3

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


def to_text(predictions: xr.Dataset, decisions: Decisions | None = None) -> str:
    """Return tables for the terminal; regimens, clamps and adverse events apart."""
    lines: list[str] = [EXPLAINED]
    records = to_records(predictions)
    for kind, title in TITLES.items():
        chosen = [r for r in records if r["kind"] == kind]
        if chosen:
            lines += [*_title(title), *map(_line, chosen)]
    lines += _ranks(rank_records(predictions, records))
    if decisions:
        lines += _decisions(decision_records(decisions, predictions, records))
        lines += _variance(variance_records(decisions))
        lines += _experiments(experiment_records(decisions))
    return "\n".join(lines)


def _title(text: str) -> list[str]:
    return ["", text, "-" * len(text)]


def _line(record: Mapping[str, Any]) -> str:
    ratio, less = record["risk_ratio"], record["absolute_risk_reduction"]
    source = _best(record["sources"])
    flag = "" if record["competing_death"] or record["species"] == "mouse" else f", {WITHOUT_DEATH}"
    parts = (
        f"{record['therapy']} in {record['population']} at {record['horizon']}: "
        f"risk ratio {_beside(ratio, record['sources'])}",
        f"absolute risk reduction{flag} {_interval(less[source])}",
        _told(ratio),
        record["applicability"],
    )
    return "; ".join(parts)


def _told(answer: Mapping[str, Any]) -> str:
    return f"{answer['learnt']} ({answer['why']})" if answer["learnt"] else "not compared"


def _best(sources: Sequence[str]) -> str:
    return "posterior" if "posterior" in sources else sources[-1]


def _beside(answer: Mapping[str, Any], sources: Sequence[str]) -> str:
    return "; ".join(f"{s} {_interval(answer[s])}" for s in sources)


def _interval(values: Mapping[str, Any]) -> str:
    if values["median"] is None:
        return "not defined"
    return f"{values['median']:.3g} ({values['lo90']:.3g} to {values['hi90']:.3g})"


def _ranks(records: Sequence[Mapping[str, Any]]) -> list[str]:
    lines = _title("Ranks (only among therapies whose effect was learnt)")
    made = [r for r in records if r["probability"]]
    if not made:
        return [*lines, "None: nowhere was the effect of two therapies of one kind learnt."]
    for r in made:
        best = ", ".join(f"{t} {row[0]:.2f}" for t, row in r["probability"].items())
        when = horizon_text(r["horizon_year"])
        lines.append(f"{r['population']}, {r['kind']}s, {when}: best {best}")
    return lines


def _decisions(records: Sequence[Mapping[str, Any]]) -> list[str]:
    lines: list[str] = []
    for question, (title, measures) in ASKED.items():
        mine = [r for r in records if r["question"] == question]
        lines += _title(title) if mine else []
        for record in mine:
            lines += [
                f"{record['therapy']} in {record['population']}{_setting(record)}: "
                f"{WORDS[m]} {_beside(record['measures'][m], record['sources'])}; "
                f"{_told(record['measures'][m])}"
                for m in measures
                if m in record["measures"]
            ]
    return lines


def _setting(record: Mapping[str, Any]) -> str:
    value = record["setting"]
    if value is None:
        return ""
    if record["question"] == "dose":
        return f", {value:g} times the doses"
    length = horizon_text(value / 365.25, record["species"])
    return f", start after {length}" if record["question"] == "window" else f", for {length}"


def _variance(records: Sequence[Mapping[str, Any]]) -> list[str]:
    if not records:
        return []
    lines = _title("Parts of the variance (share of what one trial would show)")
    for r in records:
        parts = ", ".join(f"{n.replace('_', ' ')} {v:.0%}" for n, v in r["shares"].items() if v)
        lines.append(f"{r['answer']} ({r['subjects_per_arm']} per arm): {parts}")
    return lines


def _experiments(records: Sequence[Mapping[str, Any]]) -> list[str]:
    if not records:
        return []
    lines = _title("The next experiment (expected share of the variance that goes)")
    answers = [a["answer"] for a in records[0]["answers"]]
    for place, name in enumerate(answers):
        ranked = sorted(records, key=lambda r: -(r["answers"][place]["variance_removed"] or 0.0))
        best = "; ".join(
            f"{r['experiment']} {r['answers'][place]['variance_removed'] or 0.0:.0%}"
            for r in ranked[:FIRST]
        )
        lines.append(f"{name}: {best}")
    lines += [
        f"{r['experiment']}: found with {', '.join(f'{n} per arm {p:.0%}' for n, p in pairs)}"
        for r in records
        if (pairs := [(n, p) for n, p in r["assurance"].items() if p is not None])
    ]
    return lines
