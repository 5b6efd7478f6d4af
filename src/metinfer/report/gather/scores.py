"""How well the predictive intervals cover what was published, by stream of data and by role."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import xarray as xr

from metinfer.report.content import IntervalFit, RowFit, Score
from metinfer.report.gather import chance
from metinfer.report.gather.spans import span
from metinfer.report.words import fixed

#: Intervals whose upper end is more than so many times the lower end hold almost anything.
VAGUE = 5.0


def scores(rows: Sequence[RowFit], intervals: Sequence[IntervalFit],
           predictive: xr.Dataset | None) -> tuple[Score, ...]:  # fmt: skip
    """Return fitted rows, checked rows and each cohort's intervals, with totals first.

    Parameters
    ----------
    rows, intervals
        As on the page.
    predictive
        Dataset with ``interval_replicate`` (draw, interval), in the order of `intervals`.
    """
    made = []
    for role, label in (("check", "all rows never fitted"), ("fit", "all fitted rows")):
        mine = [r for r in rows if r.role == role]
        if mine:
            made.append(_score(label, role, mine))
            made += [
                _score(f"{k[0]}, {k[1]}", role, part, remark=_remark(part))
                for k, part in _streams(mine)
            ]
    if intervals:
        every = range(len(intervals))
        made.append(_events("all follow-up intervals", intervals, every, predictive))
        for arm in dict.fromkeys(i.arm for i in intervals):
            at = [k for k, i in enumerate(intervals) if i.arm == arm]
            made.append(_events(arm, [intervals[k] for k in at], at, predictive))
    return tuple(made)


def _streams(rows: Iterable[RowFit]) -> list[tuple[tuple[str, str], list[RowFit]]]:
    groups: dict[tuple[str, str], list[RowFit]] = {}
    for row in rows:
        groups.setdefault((row.quantity, row.species), []).append(row)
    return list(groups.items())


def _score(stream: str, role: str, items: Sequence[Any], **more: Any) -> Score:
    half, most = sum(i.inside_half for i in items), sum(i.inside for i in items)
    judged, by_chance = chance.coverage(half, most, len(items))
    return Score(stream, role, len(items), half, most, judged, chance=by_chance, **more)


def _events(stream: str, items: Sequence[IntervalFit], at: Iterable[int],
            predictive: xr.Dataset | None) -> Score:  # fmt: skip
    expected = None
    if predictive is not None and "interval_replicate" in predictive:
        draws = np.asarray(predictive["interval_replicate"].transpose("draw", "interval"))
        expected = span(draws[:, list(at)].sum(axis=1))
    seen = float(sum(i.observed for i in items))
    return _score(stream, items[0].role, items, seen=seen, expected=expected)


def _remark(rows: Sequence[RowFit]) -> str:
    """Return whether intervals of ratios are so wide that hardly any value could fall outside."""
    spans = [r.predicted for r in rows]
    if any(r.unit not in ("ratio", "fold") for r in rows) or min(s.lo90 for s in spans) <= 0:
        return ""
    if min(s.hi90 / s.lo90 for s in spans) < VAGUE:
        return ""
    low, high = (float(np.median([getattr(s, k) for s in spans])) for k in ("lo90", "hi90"))
    return f"This stream can hardly fail: its interval spans {fixed(low, 1)} to {fixed(high, 1)}."
