"""Published rows, follow-up intervals and cohorts beside what the fit predicts of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from metinfer.summaries import chance
from metinfer.summaries.groups import Groups, shown_scale
from metinfer.summaries.table import YEAR, Summary, finite, frame, records, summary

#: Life-table points stop where fewer are at risk: one event then moves the share by a tenth.
FEWEST = 10
#: Intervals whose upper end is more than so many times the lower end hold almost anything.
VAGUE = 5.0


def tail(reported: float, draws: np.ndarray) -> float:
    """Two-sided predictive tail probability; ties count half (mid-p)."""
    below = float(np.mean(draws < reported) + 0.5 * np.mean(draws == reported))
    return 2 * min(below, 1 - below)


def pit(reported: float, draws: np.ndarray, rng: np.random.Generator) -> float:
    """Randomised place of a published value in its prediction: uniform if the model is right.

    Counts are discrete, so a value among ties is placed at random between them (Czado 2009,
    doi 10.1111/j.1541-0420.2009.01191.x).
    """
    below, ties = np.mean(draws < reported), np.mean(draws == reported)
    return float(below + rng.uniform() * ties)


def inside(value: float, span: Summary, mass: int) -> bool:
    """Whether a value lies in the 50 or 90 % interval."""
    return bool(getattr(span, f"lo{mass}") <= value <= getattr(span, f"hi{mass}"))


def rows(evidence: Any, predictive: xr.Dataset | None, seed: int = 0) -> pd.DataFrame:
    """Every scored row beside its posterior prediction, on the shown scale.

    A held-out row is ``fair`` if rows of the same observable and context were fitted.
    """
    columns = ("row", "role", "reported", "predicted", "tail", "pit", "fair")
    if predictive is None or "row" not in predictive.dims:
        return frame((), columns)
    groups, rng = Groups(evidence), np.random.default_rng(seed)
    made, same = [], _fitted_settings(evidence, groups)
    for k, name in enumerate(map(str, predictive["row"].values)):
        draws = finite(predictive["row_replicate"].isel(row=k))
        if draws.size:
            reported = float(predictive["row_reported"].isel(row=k))
            row = groups.rows[name]
            fair = None if row.role == "fit" else _setting(row, groups) in same
            made.append(_row(groups, row, reported, draws, rng) | {"fair": fair})
    return frame(made, columns)


def _setting(row: Any, groups: Groups) -> tuple[str, str]:
    arm = groups.arms.get(row.arm)
    return row.observable, arm.context if arm else ""


def _fitted_settings(evidence: Any, groups: Groups) -> set[tuple[str, str]]:
    """Observable and context of every fitted row: a held-out row of another tests transport."""
    return {_setting(r, groups) for r in evidence.measurements if r.role == "fit"}


def _row(groups: Groups, row: Any, reported: float, draws: np.ndarray, rng: Any) -> Any:
    scale = shown_scale(row, reported)
    predicted = summary(draws, scale.scored)
    assert predicted is not None
    interval = row.spread in ("ci95", "ci90", "iqr", "range")
    return {
        "row": row.row, "citation": groups.citations.get(row.study, row.study),
        "locator": row.locator, **groups.of(row.arm), "observable": row.observable,
        "matrix": row.matrix, "statistic": row.statistic, "unit": scale.unit, "role": row.role,
        "estimand": row.estimand, "time_day": row.time_day or None, "n": row.n,
        "events": row.events if reported == row.events else None,
        "person_time": row.person_time,
        "reported": scale.scored * reported,
        "low": scale.printed * row.low if interval and row.low is not None else None,
        "high": scale.printed * row.high if interval and row.high is not None else None,
        "predicted": predicted,
        "inside50": inside(scale.scored * reported, predicted, 50),
        "inside90": inside(scale.scored * reported, predicted, 90),
        "tail": tail(reported, draws), "pit": pit(reported, draws, rng), "draws": draws.size,
    }  # fmt: skip


def intervals(evidence: Any, predictive: xr.Dataset | None, seed: int = 0) -> pd.DataFrame:
    """Events seen and predicted per follow-up interval, times in years."""
    columns = ("arm", "start_year", "end_year", "role", "reported", "predicted", "tail", "pit")
    if predictive is None or "interval" not in predictive.dims:
        return frame((), columns)
    groups, rng = Groups(evidence), np.random.default_rng(seed)
    known = {(i.arm, round(i.start, 6), round(i.end, 6)): i for i in evidence.intervals}
    table = predictive["interval_replicate"].transpose("interval", "draw").to_numpy()
    made = []
    for k, values in enumerate(table):
        arm = str(predictive["interval_arm"].values[k])
        start, end = (float(predictive[f"interval_{v}"].values[k]) for v in ("start", "end"))
        line, draws = known[arm, round(start, 6), round(end, 6)], finite(values)
        predicted = summary(draws)
        assert predicted is not None
        made.append({
            **groups.of(arm), "start_year": start / YEAR, "end_year": end / YEAR,
            "at_risk": line.at_risk, "role": line.role, "reported": line.events,
            "predicted": predicted, "inside50": inside(line.events, predicted, 50),
            "inside90": inside(line.events, predicted, 90), "tail": tail(line.events, draws),
            "pit": pit(line.events, draws, rng), "draws": draws.size,
        })  # fmt: skip
    return frame(made, columns)


def cohorts(evidence: Any, predictive: xr.Dataset | None) -> pd.DataFrame:
    """Life table of each cohort beside the model's band of the event-free share.

    Columns ``time_year`` and the parts of a summary hold lists over time; ``seen_year``,
    ``seen`` and ``at_risk`` the life-table points.
    """
    columns = ("arm", "seen_year", "seen", "at_risk", "time_year", "median")
    if predictive is None or "cohort" not in predictive.dims:
        return frame((), columns)
    groups, made = Groups(evidence), []
    for name in map(str, predictive["cohort"].values):
        mine = sorted((i for i in evidence.intervals if i.arm == name), key=lambda i: i.start)
        if not mine:
            continue
        shown = [i for i in mine if i.at_risk >= FEWEST]
        part = predictive["event_free"].sel(cohort=name)
        part = part.sel(time=part["time"] <= mine[-1].end + 1e-6).transpose("draw", "time")
        bands = [summary(v) for v in part.to_numpy().T]
        made.append({
            **groups.of(name), "endpoint": groups.arms[name].endpoint_scope,
            "n": mine[0].at_risk, "seen_year": [i.end / YEAR for i in shown],
            "seen": list(kaplan_meier(shown)), "at_risk": [i.at_risk for i in shown],
            "time_year": [float(t) / YEAR for t in part["time"].values],
            **{k: [getattr(b, k) for b in bands]
               for k in ("median", "lo50", "hi50", "lo90", "hi90")},
        })  # fmt: skip
    return frame(made, columns)


def kaplan_meier(lines: Iterable[Any]) -> tuple[float, ...]:
    """Event-free share at the end of each interval, by the life-table rule.

    Those censored within an interval count half (actuarial estimate, Cutler & Ederer 1958).
    """
    share, made = 1.0, []
    for line in lines:
        exposed = line.at_risk - 0.5 * (line.censored or 0)
        share *= 1 - line.events / exposed if exposed > 0 else 1.0
        made.append(share)
    return tuple(made)


def scores(found: pd.DataFrame, lines: pd.DataFrame, predictive: xr.Dataset | None) -> pd.DataFrame:
    """How many published values lie inside their intervals: in all, by stream, by cohort.

    ``block`` is "rows" or "intervals", ``stream`` empty for the total of a role, else observable
    and species, or an arm; ``judged`` a code of `chance`.
    """
    made: list[Any] = []
    for role in ("check", "fit"):
        mine = [r for r in records(found) if r.role == role]
        if mine:
            made.append(_score("rows", "", role, mine))
        streams: dict[tuple[str, str], list[Any]] = {}
        for row in mine:
            streams.setdefault((row.observable, row.species), []).append(row)
        made += [_score("rows", f"{k[0]}/{k[1]}", role, part) | _vague(part)
                 for k, part in streams.items()]  # fmt: skip
    if len(lines) and predictive is not None:
        items = records(lines)
        draws = predictive["interval_replicate"].transpose("draw", "interval").to_numpy()
        arms = dict.fromkeys(i.arm for i in items)
        for stream, at in [
            ("", list(range(len(items)))),
            *((arm, [k for k, i in enumerate(items) if i.arm == arm]) for arm in arms),
        ]:
            chosen = [items[k] for k in at]
            made.append(_score("intervals", stream, chosen[0].role, chosen) | {
                "seen": float(sum(i.reported for i in chosen)),
                "expected": summary(draws[:, at].sum(axis=1)),
            })  # fmt: skip
    return frame(made, ("block", "stream", "role", "items", "inside50", "inside90", "judged"))


def _score(block: str, stream: str, role: str, items: Sequence[Any]) -> dict[str, Any]:
    half, most = sum(i.inside50 for i in items), sum(i.inside90 for i in items)
    judged, by_chance = chance.coverage(half, most, len(items))
    return {"block": block, "stream": stream, "role": role, "items": len(items),
            "inside50": half, "inside90": most, "judged": judged, "chance": by_chance,
            "seen": None, "expected": None, "vague": None}  # fmt: skip


def _vague(items: Sequence[Any]) -> dict[str, Any]:
    """Median ends of intervals of ratios so wide that hardly any value could fall outside."""
    spans = [i.predicted for i in items]
    ratios = all(i.observable.endswith(("_ratio", "_fold")) for i in items)
    if not ratios or min(s.lo90 for s in spans) <= 0:
        return {}
    if min(s.hi90 / s.lo90 for s in spans) < VAGUE:
        return {}
    return {"vague": [float(np.median([getattr(s, k) for s in spans])) for k in ("lo90", "hi90")]}
