"""Decisions as records: each number beside its prior, and whether it was learnt."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import xarray as xr

from metinfer.therapy.ranks import rank_probabilities
from metinfer.therapy.records import judged
from metinfer.therapy.teaching import PARTS
from metinfer.therapy.verdicts import CAPPED, COUNTED, SUMMARY, answer_of, plain, weaken

#: What a setting of each question counts.
UNITS = {
    "window": "start, days after time zero of the therapy",
    "duration": "days of therapy",
    "dose": "multiple of the doses",
}
QUESTIONS = ("lasting", "window", "duration", "dose", "interaction")
#: Effects that take over what is said of the therapy: decisions are made from fewer draws.
SAME = ("risk", "risk_ratio", "absolute_risk_reduction")


def decision_records(
    decisions: Mapping[str, xr.Dataset],
    predictions: xr.Dataset | None = None,
    records: Sequence[Mapping[str, Any]] | None = None,
) -> list[dict[str, Any]]:
    """One record per question, therapy, population and setting.

    Parameters
    ----------
    decisions : mapping of str to xarray.Dataset
        As from `metinfer.workflow.decisions`.
    predictions : xarray.Dataset, optional
        Where they hold the therapy in the population, their verdict of its risk ratio is that of
        its effects here, and nothing else counts as more.
    records : sequence of mapping, optional
        Those of `records.to_records`, if they are there: verdicts need not be found twice.

    Returns
    -------
    list of dict
        ``measures`` holds median, 50 and 90 % interval of each source, overlap, state and reason.
    """
    known = _known(records or ())
    return [
        record
        for question in QUESTIONS
        if question in decisions
        for case in range(decisions[question].sizes["case"])
        for record in _case(question, decisions[question].isel(case=case), predictions, known)
    ]


def _known(records: Sequence[Mapping[str, Any]]) -> dict[tuple[str, str], Mapping[str, Any]]:
    """Risk ratio at the last horizon of each therapy and population."""
    ordered = sorted(records, key=lambda r: r["horizon_year"])
    return {(r["therapy"], r["population"]): r["risk_ratio"] for r in ordered}


def _case(
    question: str,
    cell: xr.Dataset,
    predictions: xr.Dataset | None,
    known: Mapping[tuple[str, str], Mapping[str, Any]],
) -> Iterator[dict[str, Any]]:
    head = {
        "question": question,
        **{k: str(cell[k].item()) for k in (
            "therapy", "therapy_label", "kind", "population", "population_label", "species",
            "applicability")},
        "horizon_year": plain(cell["horizon_year"].item()),
        "follow_year": plain(cell["follow_year"].item()),
        "stop_year": plain(cell["stop_year"].item()),
        "sources": [str(s) for s in cell["source"].values],
    }  # fmt: skip
    place = (str(cell["therapy"].item()), str(cell["population"].item()))
    ratio = known.get(place) or _judged(predictions, *place)
    varied = question in UNITS
    whole = [n for n in cell.data_vars if "draw" in cell[n].dims and question not in cell[n].dims]
    if varied:
        settings = cell[f"{question}_setting"].to_numpy()
        names = [n for n in cell.data_vars if question in cell[n].dims]
        for k, setting in enumerate(settings):
            if np.isfinite(setting):
                part = cell[names].isel({question: k})
                yield head | {
                    "setting": plain(setting), "unit": UNITS[question],
                    "measures": _measures(part, ratio),
                }  # fmt: skip
    if whole:
        part = cell[whole]
        yield head | {"setting": None, "unit": "", "measures": _measures(part, ratio)}


def _measures(part: xr.Dataset, ratio: Mapping[str, Any] | None) -> dict[str, Any]:
    sources = [str(s) for s in part["source"].values]
    made = {}
    for name, values in part.data_vars.items():
        table = values.transpose("source", "draw").to_numpy()
        draws = {s: row[np.isfinite(row)] for s, row in zip(sources, table, strict=True)}
        made[str(name)] = answer_of(draws, str(name))
    ratio = ratio or made.get("risk_ratio")
    if ratio and ratio["learnt"]:
        for name, found in made.items():
            if name in SAME and found["learnt"]:
                found |= {"learnt": ratio["learnt"], "why": ratio["why"]}
            elif name not in COUNTED:
                weaken(found, ratio["learnt"], ratio["why"], CAPPED)
    return made


def _judged(
    predictions: xr.Dataset | None, therapy: str, population: str
) -> Mapping[str, Any] | None:
    """The risk ratio of the therapy, if predictions hold it."""
    if predictions is None:
        return None
    if therapy not in predictions["therapy"] or population not in predictions["population"]:
        return None
    return judged(predictions, therapy, population, _last(predictions, population))


def _last(predictions: xr.Dataset, population: str) -> int:
    """Place of the last horizon that a population has."""
    years = predictions["horizon_year"].sel(population=population).to_numpy()
    return int(np.flatnonzero(np.isfinite(years))[-1])


def variance_records(decisions: Mapping[str, xr.Dataset]) -> list[dict[str, Any]]:
    """One record per answer: standard deviation, and the share of each part of the variance."""
    if "variance" not in decisions:
        return []
    data = decisions["variance"]
    return [
        {
            "answer": str(one["answer"].item()),
            "measure": str(one["measure"].item()),
            "sd": plain(float(np.sqrt(one["total"].item()))),
            "subjects_per_arm": int(one["subjects"].item()),
            "shares": {
                name: plain(float(one["part"].sel(part_name=name) / one["total"])) for name in PARTS
            },
        }
        for one in (data.isel(answer=i) for i in range(data.sizes["answer"]))
    ]


def experiment_records(decisions: Mapping[str, xr.Dataset]) -> list[dict[str, Any]]:
    """One record per candidate experiment, with what it would do to every answer."""
    if "experiments" not in decisions:
        return []
    data = decisions["experiments"]
    return [_experiment(data.isel(candidate=i)) for i in range(data.sizes["candidate"])]


def _experiment(one: xr.Dataset) -> dict[str, Any]:
    texts = ("label", "therapy", "kind", "population", "readout", "applicability")
    arms = one["result"].transpose("arm", "quantile")
    return {
        "experiment": str(one["candidate"].item()),
        **{name: str(one[name].item()) for name in texts},
        "day": plain(float(one["day"].item())),
        "per_arm": int(one["n"].item()),
        "result": {
            str(arm): dict(zip(SUMMARY, [plain(v) for v in _ordered(row)], strict=True))
            for arm, row in zip(arms["arm"].values, arms.to_numpy(), strict=True)
            if np.isfinite(row).all()
        },
        "assurance": {
            int(n): plain(float(p))
            for n, p in zip(one["per_arm"].values, one["assurance"].values, strict=True)
        },
        "answers": [_narrowed(one.sel(answer=a)) for a in one["answer"].values],
    }


def _ordered(row: np.ndarray) -> list[float]:
    """Quantiles 5, 25, 50, 75, 95 % as median, 50 % interval, 90 % interval."""
    return [float(row[k]) for k in (2, 1, 3, 0, 4)]


def _narrowed(cell: xr.Dataset) -> dict[str, Any]:
    now, later = float(cell["variance"]), float(cell["expected_variance"])
    return {
        "answer": str(cell["answer"].item()),
        "sd_now": plain(np.sqrt(now)),
        "sd_expected": plain(np.sqrt(later)),
        "variance_removed": plain(1.0 - later / now) if now > 0 else None,
        "standard_error": plain(float(cell["standard_error"]) / now) if now > 0 else None,
        "becomes_learnt": plain(float(cell["becomes_learnt"])),
        "learnt_now": None if cell["learnt_now"] < 0 else bool(cell["learnt_now"]),
        "effective_draws": plain(float(cell["effective_draws"])),
    }


def rank_records(
    predictions: xr.Dataset, records: Sequence[Mapping[str, Any]] | None = None
) -> list[dict[str, Any]]:
    """Rank probabilities of the learnt therapies of each kind, population and horizon.

    ``probability`` is therapy -> probability of each rank, best first; ``refused`` says why the
    others have none. Where nothing was learnt nothing is ranked. `records` are those of
    `records.to_records`, if they are there: verdicts need not be found twice.
    """
    made = []
    known: dict[tuple[str, float], dict[str, str | None]] = {}
    for r in records or ():
        cell = known.setdefault((r["population"], r["horizon_year"]), {})
        cell[r["therapy"]] = r["risk_ratio"]["learnt"]
    if "posterior" not in predictions["source"]:
        return []
    for population in predictions["population"].values:
        years = predictions["horizon_year"].sel(population=population).to_numpy()
        for h, year in enumerate(years):
            for kind in ("regimen", "clamp"):
                if not np.isfinite(year) or kind not in predictions["kind"]:
                    continue
                verdicts = known.get((str(population), float(year)))
                found = rank_probabilities(predictions, str(population), h, kind, verdicts)
                made.append({
                    "population": str(population), "kind": kind, "horizon_year": plain(year),
                    "probability": {
                        t: [plain(v) for v in row]
                        for t, row in zip(found.therapies, found.probability, strict=True)},
                    "refused": dict(found.refused),
                })  # fmt: skip
    return made
