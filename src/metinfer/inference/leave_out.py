"""One study left out at a time, and what the others predict in its place."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from metinfer.inference.compare_results import Prediction
from metinfer.inference.design import Design
from metinfer.inference.predictive import posterior_predictive
from metinfer.inference.priors import PriorTable

if TYPE_CHECKING:
    from metinfer.evidence.types import Evidence

#: A study whose smallest tail probability, times the number looked at, is below this surprises.
SURPRISE = 0.05
#: Unknowns are named that move by at least this, in posterior sd, and at most so many.
MOVED, NAMED = 0.5, 3
#: Sd over that of the prior: above the first without a study, and below the second with it, an
#: unknown counts as known from that study alone.
BACK, KNOWN = 0.93, 0.7


@dataclass(frozen=True)
class Left:
    """A study: places of its rows and intervals in the design."""

    study: str
    rows: np.ndarray
    intervals: np.ndarray

    @property
    def size(self) -> int:
        """Rows and intervals."""
        return len(self.rows) + len(self.intervals)


def studies(design: Design) -> tuple[Left, ...]:
    """Every study with a fitted row or interval, in the order of the tables."""
    row = np.array([r.study for r in design.rows], dtype=object)
    interval = np.array([design.arms[i.arm].study for i in design.intervals], dtype=object)
    names = dict.fromkeys([*row, *interval])
    return tuple(Left(n, np.flatnonzero(row == n), np.flatnonzero(interval == n)) for n in names)


def without(design: Design, rows: Any = (), intervals: Any = ()) -> dict[str, np.ndarray]:
    """Data of the model under which the rows and intervals at these places weigh nothing."""
    row, interval = np.ones(len(design.rows)), np.ones(len(design.intervals))
    row[np.asarray(rows, dtype=int)] = 0.0
    interval[np.asarray(intervals, dtype=int)] = 0.0
    return {"row_weight": row, "interval_weight": interval}


@dataclass(frozen=True)
class Seen:
    """Published numbers of a study beside replicates of them.

    Attributes
    ----------
    values : tuple of Prediction
        Every row and every interval.
    shown : tuple of Prediction
        Every row, and the events in all of each arm with intervals.
    """

    values: tuple[Prediction, ...]
    shown: tuple[Prediction, ...]

    @property
    def tail(self) -> float:
        """Smallest tail probability of what is shown, times their number, at most 1."""
        smallest = min((p.tail for p in self.shown), default=1.0)
        return min(1.0, max(len(self.shown), 1) * smallest)

    def inside(self, mass: float) -> int:
        """Values inside their central interval of this mass."""
        return sum(p.tail >= 1.0 - mass for p in self.values)


def predict_left_out(
    evidence: Evidence, left: Left, latents: xr.Dataset, translation_sd: float, seed: int,
    refine: int = 1,
) -> Seen:  # fmt: skip
    """What a fit without a study predicts for it.

    Parameters
    ----------
    evidence : Evidence
    left : Left
    latents : xarray.Dataset
        Draws of the fit without the study.
    translation_sd : float
    seed : int
    refine : int
        What every step of the solver's grid is split into.
    """
    data = posterior_predictive(evidence, latents, translation_sd, seed, refine)
    rows = [r for r in evidence.fit_rows() if r.study == left.study]
    found = _kept(_row(data, r) for r in rows)
    lines = evidence.fit_intervals()
    replicates = data["interval_replicate"].values if len(left.intervals) else np.zeros((1, 0))
    intervals = _kept(
        _place(lines[k].arm, f"{lines[k].arm}:{lines[k].start_day:g}", lines[k].events,
               replicates[:, k])
        for k in left.intervals
    )  # fmt: skip
    totals = _kept(_totals(evidence, left.intervals, replicates))
    return Seen((*found, *intervals), (*found, *totals))


def _kept(found: Iterable[Prediction | None]) -> tuple[Prediction, ...]:
    return tuple(p for p in found if p is not None)


def _row(data: xr.Dataset, row: Any) -> Prediction | None:
    at = list(data["row"].values).index(row.row)
    observed = float(data["row_reported"].values[at])
    label = f"{row.endpoint}, {row.arm.replace('_', ' ')}"
    return _place(row.row, label, observed, data["row_replicate"].values[:, at])


def _totals(
    evidence: Evidence, at: np.ndarray, replicates: np.ndarray
) -> Iterator[Prediction | None]:
    """The events in all intervals of each arm."""
    lines = evidence.fit_intervals()
    for arm in dict.fromkeys(lines[k].arm for k in at):
        mine = [int(k) for k in at if lines[k].arm == arm]
        label = f"all events, {arm.replace('_', ' ')}"
        events = float(sum(lines[k].events for k in mine))
        yield _place(arm, label, events, replicates[:, mine].sum(axis=1))


def _place(row: str, label: str, observed: float, replicate: np.ndarray) -> Prediction | None:
    """Where a published number lies among replicates; ties count half."""
    good = replicate[np.isfinite(replicate)]
    if not len(good) or not np.isfinite(observed):
        return None
    low, middle, high = np.quantile(good, [0.05, 0.5, 0.95])
    place = float(np.mean(good < observed) + 0.5 * np.mean(good == observed))
    return Prediction(
        row, label, float(observed), float(middle), float(low), float(high), place
    )  # fmt: skip


@dataclass(frozen=True)
class Shift:
    """How one unknown changes when a study is left out.

    Attributes
    ----------
    label : str
    size : float
        Change of its mean in sd of the full posterior.
    alone : bool
        Whether it falls back to its prior although the full posterior is much narrower.
    """

    label: str
    size: float
    alone: bool


def shifts(latents: xr.Dataset, full: xr.Dataset, table: PriorTable) -> list[Shift]:
    """Change of every unknown that is not a nuisance.

    Parameters
    ----------
    latents, full : xarray.Dataset
        Draws without the study, and with it.
    table : PriorTable
    """
    a, b = table.beta_args
    spread = np.sqrt(a * b / ((a + b) ** 2 * (a + b + 1.0)))
    prior = {"latent": np.ones(len(table.normal)), "share_latent": spread}
    entries = {"latent": table.normal, "share_latent": table.beta}
    found = []
    for name, items in entries.items():
        one, other = (np.asarray(d[name]).reshape(-1, len(items)) for d in (latents, full))
        size = (one.mean(axis=0) - other.mean(axis=0)) / other.std(axis=0)
        lost = (one.std(axis=0) > BACK * prior[name]) & (other.std(axis=0) < KNOWN * prior[name])
        found += [
            Shift(e.label, round(float(s), 3), bool(gone))
            for e, s, gone in zip(items, size, lost, strict=True)
            if e.parameter.role != "nuisance"
        ]
    return found


def moved(found: Iterable[Shift]) -> tuple[tuple[str, float], ...]:
    """The unknowns that move most, apart from those that only this study informs."""
    order = sorted((s for s in found if not s.alone), key=lambda s: -abs(s.size))
    return tuple((s.label, s.size) for s in order[:NAMED] if abs(s.size) >= MOVED)
