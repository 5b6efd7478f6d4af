"""Decisions about therapies: from `decisions.nc` and `predictions.nc` to what section 12 shows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import xarray as xr

from metinfer.report import words
from metinfer.report.content import Effect, Span
from metinfer.report.contents_decisions import (
    After,
    Candidate,
    Course,
    Decisions,
    Narrowing,
    Rank,
    Setting,
    Share,
    SplitBar,
    Who,
)
from metinfer.report.gather.named import matches
from metinfer.report.gather.predictions import NOT_JUDGED, spread
from metinfer.therapy.decision_records import (
    decision_records,
    experiment_records,
    rank_records,
    variance_records,
)

#: What death from other causes does to the numbers of a population.
COMPETES, WITHOUT, TOO_SHORT = "competes", "without competing death", "does not matter"
#: Per how many subjects avoided metastases are counted.
PER = 1000.0
YEAR = 365.25
READOUTS = {
    "metastasis": "share with metastasis", "nk_cells": "NK cells, fold", "cxcl12": "CXCL12, fold",
    "neutrophils": "neutrophils, fold", "stellate_cells": "activated stellate cells, fold",
}  # fmt: skip


def decisions(
    found: Mapping[str, xr.Dataset] | None,
    predicted: xr.Dataset | None,
    asked: Iterable[Mapping[str, Any]],
    records: Sequence[Mapping[str, Any]] | None = None,
) -> Decisions:
    """Return everything of section 12 besides effects and curves.

    Parameters
    ----------
    found : mapping of str to xarray.Dataset or None
        Groups of `decisions.nc`, if the run holds them.
    predicted : xarray.Dataset or None
    asked : iterable of mapping
        ``[[answer]]`` entries of analysis.toml.
    records : sequence of mapping, optional
        Effects, if they are there already (`therapy.records.to_records`).
    """
    if predicted is None:
        return Decisions()
    ranks, unranked = _ranks(predicted, records)
    base = Decisions(
        ranks=ranks, unranked=unranked, who=_who(predicted), courses=_courses(predicted)
    )
    if found is None or not _together(found, predicted):
        return base
    asked = tuple(asked)
    settings = decision_records(found, predicted, records)
    names, states = answer_names(asked, predicted), _states(asked, records or ())
    return replace(
        base,
        settings=tuple(s for r in settings for s in _settings(r)),
        splits=_splits(found, settings),
        after=_after(found),
        shares=tuple(
            Share(names.get(r["answer"], r["answer"].replace("_", " ")), r["subjects_per_arm"],
                  r["sd"], r["shares"])
            for r in variance_records(found)
        ),
        candidates=tuple(
            _candidate(r, names, states, predicted) for r in experiment_records(found)
        ),
        computed=True,
        draws=_told(found, predicted),
    )  # fmt: skip


def _together(found: Mapping[str, xr.Dataset], predicted: xr.Dataset) -> bool:
    """Whether decisions are of the same therapies and populations as the predictions."""
    attrs = found["lasting"].attrs
    return all(attrs.get(k) == predicted.attrs.get(k) for k in ("therapies", "populations"))


def answer_names(asked: Iterable[Mapping[str, Any]], predicted: xr.Dataset) -> dict[str, str]:
    """Return name -> words of the named answers, and of each other risk ratio that is judged."""
    cures = _labels(predicted, "therapy")
    groups = _labels(predicted, "population")
    made = {}
    for a in asked:
        cure = cures.get(a["therapy"], a["therapy"])
        head = "" if a["measure"] == "risk_untreated" else f"{cure}: "
        what = words.measure(a["measure"]).label
        group = groups.get(a["population"], a["population"])
        made[a["name"]] = f"{head}{what}, {group}"
    for t, cure in cures.items():
        for p, group in groups.items():
            name = f"{t}_{p}_ratio"
            made.setdefault(name, f"{cure}: {words.measure('risk_ratio').label}, {group}")
    return made


def _states(
    asked: Iterable[Mapping[str, Any]], records: Sequence[Mapping[str, Any]]
) -> dict[str, str]:
    """What is said of each answer on the rest of the page, by its name."""
    made = {f"{r['therapy']}_{r['population']}_ratio": r["risk_ratio"]["learnt"] for r in records}
    for wanted in asked:
        record = next((r for r in records if matches(r, wanted)), None)
        if record is not None:
            made[wanted["name"]] = record[wanted["measure"]]["learnt"]
    return {k: v for k, v in made.items() if v}


def _told(found: Mapping[str, xr.Dataset], predicted: xr.Dataset) -> str:
    """From how many draws the effects and the questions are."""
    effects, few = predicted.sizes["draw"], found["lasting"].sizes["draw"]
    return (
        f"Effects are from {effects:,}, and the questions below from {few:,} of the draws of the "
        "posterior, named answers from all that were kept; ends of intervals may differ in the "
        "second digit. Learnt, narrowed only or assumed is said of the risk ratio of a therapy in "
        "a population; what is said at the last time holds for all questions below."
    )


def _labels(predicted: xr.Dataset, dim: str) -> dict[str, str]:
    names, shown = predicted[dim].values, predicted[f"{dim}_label"].values
    return {str(n): str(s) for n, s in zip(names, shown, strict=True)}


def _settings(record: Mapping[str, Any]) -> Iterable[Setting]:
    question, value = record["question"], record["setting"]
    mouse = record["species"] == "mouse"
    text = ""
    if value is not None:
        text = f"{value:g} x" if question == "dose" else _length(value, mouse)
    for name, found in record["measures"].items():
        posterior = spread(found.get("posterior"))
        if posterior is None:
            continue
        effect = Effect(
            record["therapy_label"], record["kind"], record["population_label"],
            _measure(question, name), record["horizon_year"], posterior,
            spread(found.get("prior")), spread(found.get("no_mouse")), found["overlap"],
            found["learnt"] or NOT_JUDGED, record["applicability"], why=found["why"] or "",
            species=record["species"],
        )  # fmt: skip
        years = value / YEAR if value is not None and question != "dose" else value
        yield Setting(question, effect, years, text)


def _measure(question: str, name: str) -> str:
    """Key of `words.MEASURES` for a number of a question."""
    return f"{question}_{name}" if question == "lasting" else name


def _length(days: float, mouse: bool) -> str:
    if mouse or days < 0.75 * YEAR:
        return f"{words.number(days)} days"
    return words.years(days / YEAR)


def _splits(
    found: Mapping[str, xr.Dataset], settings: Iterable[Mapping[str, Any]]
) -> tuple[SplitBar, ...]:
    data = found["lasting"]
    said = {(r["therapy_label"], r["population_label"]): r["measures"]["avoided"]
            for r in settings if r["question"] == "lasting"}  # fmt: skip
    made = []
    for k in range(data.sizes["case"]):
        one = data.isel(case=k).sel(source=str(data["source"].values[-1]))
        whole = np.isfinite(one["avoided"].values)
        removed, dormant, awake = (
            float(one[n].values[whole].mean()) * PER for n in ("removed", "dormant", "awake")
        )
        good = one["avoided"].values[whole] * PER
        ends = np.quantile(good, [0.5, 0.25, 0.75, 0.05, 0.95])
        avoided, named = Span(*map(float, ends)), _named(one)
        answer = said.get((named[0], named[2]), {})
        prior = spread(answer.get("prior"))
        made.append(SplitBar(
            *named, removed, dormant, awake, avoided, answer.get("learnt") or NOT_JUDGED,
            None if prior is None else words.scale(prior, PER),
        ))  # fmt: skip
    return tuple(made)


def _named(one: xr.Dataset) -> tuple[str, str, str]:
    return (str(one["therapy_label"].item()), str(one["kind"].item()),
            str(one["population_label"].item()))  # fmt: skip


def _after(found: Mapping[str, xr.Dataset]) -> tuple[After, ...]:
    data = found["lasting"]
    made = []
    for k in range(data.sizes["case"]):
        one = data.isel(case=k)
        bands = {}
        for source in map(str, one["source"].values):
            table = one["hazard_ratio"].sel(source=source).transpose("time", "quantile").to_numpy()
            order = table[1:, [2, 1, 3, 0, 4]]
            if np.isfinite(order).all():
                bands[source] = tuple(Span(*map(float, row)) for row in order)
        time = one["time_year"].to_numpy()
        middle = tuple(map(float, (time[1:] + time[:-1]) / 2.0))
        if "posterior" in bands:
            made.append(After(*_named(one), float(one["stop_year"].item()), middle, bands))
    return tuple(made)


def _candidate(
    record: Mapping[str, Any],
    names: Mapping[str, str],
    states: Mapping[str, str],
    predicted: xr.Dataset,
) -> Candidate:
    groups = _labels(predicted, "population")
    result = {arm: spread(v) for arm, v in record["result"].items()}
    event = record["readout"] == "metastasis"
    one, zero = result.get("treated"), result.get("untreated")
    if not event and zero is not None:  # a log ratio stands alone
        one = Span(*(float(np.exp(v)) for v in _five(zero)))
        zero = None
    mouse = str(predicted["species"].sel(population=record["population"]).item()) == "mouse"
    return Candidate(
        name=record["experiment"],
        label=record["label"],
        kind=record["kind"],
        population=groups.get(record["population"], record["population"]),
        readout=READOUTS[record["readout"]],
        when=_length(record["day"], mouse),
        n=record["per_arm"],
        untreated=zero,
        treated=one,
        assurance=tuple((n, p) for n, p in record["assurance"].items() if p is not None),
        applicability=record["applicability"],
        narrowings=tuple(
            Narrowing(
                names.get(a["answer"], a["answer"].replace("_", " ")),
                a["variance_removed"] or 0.0, a["standard_error"] or 0.0, a["becomes_learnt"],
                states.get(a["answer"], NOT_JUDGED), a["effective_draws"],
            )
            for a in record["answers"]
        ),
    )  # fmt: skip


def _five(span: Span) -> tuple[float, ...]:
    return (span.median, span.lo50, span.hi50, span.lo90, span.hi90)


def _ranks(
    predicted: xr.Dataset, records: Sequence[Mapping[str, Any]] | None
) -> tuple[tuple[Rank, ...], tuple[tuple[str, str, str], ...]]:
    cures, groups = _labels(predicted, "therapy"), _labels(predicted, "population")
    ranks: list[Rank] = []
    unranked: list[tuple[str, str, str]] = []
    for record in rank_records(predicted, records):
        group = groups[record["population"]]
        ranks += [
            Rank(group, record["horizon_year"], record["kind"], cures[t], tuple(p))
            for t, p in record["probability"].items()
        ]
        if not record["probability"]:
            when = words.years(record["horizon_year"])
            unranked.append((group, record["kind"], when))
    return tuple(ranks), tuple(unranked)


def _who(predicted: xr.Dataset) -> tuple[Who, ...]:
    made = []
    for name in predicted["population"].values:
        one = predicted.sel(population=name)
        text = {k: str(one[k].item()) for k in (
            "population_label", "endpoint", "era", "adjuvant", "age", "other_cause_reason",
            "cohorts", "reach")}  # fmt: skip
        endpoint = words.event(text["endpoint"], str(one["species"].item()))
        if text["reach"] == "everywhere":
            endpoint += "; scenario: the therapy acts at every site"
        made.append(Who(
            text["population_label"], endpoint, text["era"], text["adjuvant"], text["age"],
            text["other_cause_reason"], text["cohorts"], _death(one),
        ))  # fmt: skip
    return tuple(made)


def _death(one: xr.Dataset) -> str:
    if bool(one["competing_death"].item()):
        return COMPETES
    return TOO_SHORT if str(one["species"].item()) == "mouse" else WITHOUT


def _courses(predicted: xr.Dataset) -> tuple[Course, ...]:
    columns: Sequence[Any] = [
        predicted[n].values for n in ("therapy_label", "kind", "therapy_reason")
    ]
    return tuple(Course(*map(str, row)) for row in zip(*columns, strict=True))
