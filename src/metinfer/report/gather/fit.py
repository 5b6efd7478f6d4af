"""Published rows beside their replicates, on the reported scale.

A run holds `predictive.nc`: dims draw, row, interval, cohort, time, with

* ``row_reported`` (row) and ``row_replicate`` (draw, row): the statistic's main number as
  published and as the model would have published it; coordinate ``row`` is the row id;
* ``interval_replicate`` (draw, interval): events, with coordinates ``interval_arm``,
  ``interval_start`` and ``interval_end`` (days) along interval;
* ``event_free`` (draw, cohort, time): share without an event, coordinates ``cohort`` (arm id)
  and ``time`` (days).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr

from metinfer.report.content import IntervalFit, RowFit, SurvivalFit
from metinfer.report.gather import labels
from metinfer.report.gather.spans import span

YEAR = 365.25
#: Life-table points stop where fewer are at risk: one event then moves the share by a tenth.
FEWEST = 10
#: Person-years per which rates are shown.
PER = 1000.0


def tail(reported: float, draws: np.ndarray) -> float:
    """Return the two-sided predictive tail probability; ties count half (mid-p)."""
    below = float(np.mean(draws < reported) + 0.5 * np.mean(draws == reported))
    return 2 * min(below, 1 - below)


def row_fits(evidence: Any, predictive: xr.Dataset) -> tuple[RowFit, ...]:
    """Return every scored row beside its posterior predictive distribution."""
    rows = {m.row: m for m in evidence.measurements}
    sources = {s.study: s.citation for s in evidence.studies}
    arms, given = {a.arm: a for a in evidence.arms}, labels.given(evidence)
    made = []
    for name in predictive["row"].values:
        row = rows[str(name)]
        draws = _finite(predictive["row_replicate"].sel(row=name))
        reported = float(predictive["row_reported"].sel(row=name))
        if draws.size:
            arm = arms.get(row.arm)
            whom = labels.group(arm, given.get(row.arm, ()))
            made.append(_row(row, arm, whom, sources, reported, draws))
    return tuple(made)


def _row(row: Any, arm: Any, whom: str, sources: Any, reported: float, draws: np.ndarray) -> RowFit:
    interval = row.spread in ("ci95", "ci90", "iqr", "range")
    words, unit = labels.quantity(row)
    scale = shown_scale(row, reported, unit)
    return RowFit(
        row=row.row,
        study=row.study,
        source=sources.get(row.study, row.study),
        locator=row.locator,
        arm=whom,
        species=arm.species if arm else "",
        quantity=words,
        statistic="k of n" if row.statistic == "proportion" else row.statistic.replace("_", " "),
        unit=scale.unit,
        role=row.role,
        reported=scale.scored * reported,
        predicted=span(scale.scored * draws),
        low=scale.printed * row.low if interval and row.low is not None else None,
        high=scale.printed * row.high if interval and row.high is not None else None,
        n=row.n,
        when=when(row.time_day) if row.time_day else "",
        tail=tail(reported, draws),
        count=_count(row, reported),
        draws=draws.size,
    )


@dataclass(frozen=True)
class Scale:
    """Factors to the scale that the page shows: of what is scored, and of what the table holds."""

    scored: float
    printed: float
    unit: str


def shown_scale(row: Any, reported: float, unit: str) -> Scale:
    """Return how a row is shown: k of n in percent, rates per 1,000 person-years, others as is.

    Both are scored as whole counts of events where the paper gives them.
    """
    counted = row.events is not None and reported == row.events
    if row.statistic == "proportion" and row.n and counted:
        return Scale(100.0 / float(row.n), 100.0, "%")
    if row.observable == "event_rate" and row.statistic == "rate":
        scored = PER * row.value / row.events if counted and row.events else PER
        return Scale(scored, PER, f"per {PER:,.0f} person-years")
    return Scale(1.0, 1.0, unit)


def _count(row: Any, reported: float) -> str:
    """Return the whole numbers behind a share or a rate."""
    if row.events is None or reported != row.events:
        return ""
    if row.statistic == "proportion" and row.n:
        return f"{row.events:g} of {row.n:g}"
    if row.statistic == "rate" and row.person_time:
        return f"{row.events:,.0f} events in {row.person_time:,.0f} person-years"
    return ""


def when(days: float) -> str:
    """Return a time in the unit a reader expects: days up to a year, then years."""
    return f"day {days:g}" if days < YEAR else f"year {days / YEAR:.3g}"


def _finite(values: xr.DataArray) -> np.ndarray:
    draws = np.asarray(values, dtype=float).ravel()
    return draws[np.isfinite(draws)]


def interval_fits(evidence: Any, predictive: xr.Dataset) -> tuple[IntervalFit, ...]:
    """Return events seen and expected per interval, times in years."""
    arms = {a.arm: a for a in evidence.arms}
    sources = {s.study: s.citation for s in evidence.studies}
    known = {(i.arm, round(i.start, 6), round(i.end, 6)): i for i in evidence.intervals}
    made = []
    for k in range(predictive.sizes["interval"]):
        part = predictive.isel(interval=k)
        arm, start, end = (part[f"interval_{v}"].item() for v in ("arm", "start", "end"))
        interval = known[str(arm), round(start, 6), round(end, 6)]
        draws = _finite(part["interval_replicate"])
        made.append(IntervalFit(
            labels.group(arms[str(arm)]), start / YEAR, end / YEAR, interval.at_risk,
            interval.events, span(draws), interval.role, tail(interval.events, draws),
            sources.get(arms[str(arm)].study, ""), draws.size,
        ))  # fmt: skip
    return tuple(made)


def survival_fits(evidence: Any, predictive: xr.Dataset) -> tuple[SurvivalFit, ...]:
    """Return life-table points of each cohort, from its intervals, beside the model's band."""
    arms = {a.arm: a for a in evidence.arms}
    made = []
    for arm in predictive["cohort"].values:
        mine = sorted((i for i in evidence.intervals if i.arm == str(arm)), key=lambda i: i.start)
        if not mine:
            continue
        last = mine[-1].end
        shown = [i for i in mine if i.at_risk >= FEWEST]
        part = predictive["event_free"].sel(cohort=arm)
        part = part.sel(time=part["time"] <= last + 1e-6)
        bands = tuple(span(_finite(part.sel(time=t))) for t in part["time"].values)
        made.append(SurvivalFit(
            labels.group(arms[str(arm)]), arms[str(arm)].endpoint_scope, mine[0].at_risk,
            tuple(i.end / YEAR for i in shown), kaplan_meier(shown),
            tuple(float(t) / YEAR for t in part["time"].values), bands,
        ))  # fmt: skip
    return tuple(made)


def kaplan_meier(intervals: Any) -> tuple[float, ...]:
    """Return the event-free share at the end of each interval, by the life-table rule.

    Those censored within an interval count half (actuarial estimate, Cutler & Ederer 1958).
    """
    share, made = 1.0, []
    for interval in intervals:
        exposed = interval.at_risk - 0.5 * (interval.censored or 0)
        share *= 1 - interval.events / exposed if exposed > 0 else 1.0
        made.append(share)
    return tuple(made)
