"""One study left out at a time, and what the others predict in its place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from metinfer.inference.compare_results import Prediction
from metinfer.inference.design import Design
from metinfer.inference.predictive import posterior_predictive

if TYPE_CHECKING:
    from metinfer.evidence.types import Evidence

#: A study whose smallest tail probability, times the number looked at, is below this surprises.
SURPRISE = 0.05
#: Unknowns are named that move by at least this, in posterior sd, and at most so many.
MOVED, NAMED = 0.5, 3


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
        return min(1.0, len(self.shown) * min((p.tail for p in self.shown), default=1.0))

    def inside(self, mass: float) -> int:
        """Values inside their central interval of this mass."""
        return sum(p.tail >= 1.0 - mass for p in self.values)


def predict_left_out(
    evidence: Evidence, left: Left, latents: xr.Dataset, translation_sd: float, seed: int
) -> Seen:
    """What a fit without a study predicts for it.

    Parameters
    ----------
    evidence : Evidence
    left : Left
    latents : xarray.Dataset
        Draws of the fit without the study.
    translation_sd : float
    seed : int
    """
    data = posterior_predictive(evidence, latents, translation_sd, seed)
    rows = [r for r in evidence.fit_rows() if r.study == left.study]
    found = [p for r in rows if (p := _row(data, r.row)) is not None]
    events = np.array([i.events for i in evidence.fit_intervals()], dtype=float)
    intervals = list(_intervals(data, events, left.intervals))
    totals = list(_totals(data, events, left.intervals))
    return Seen((*found, *intervals), (*found, *totals))


def _row(data: xr.Dataset, row: str) -> Prediction | None:
    at = list(data["row"].values).index(row)
    observed = float(data["row_reported"].values[at])
    return _place(row, observed, data["row_replicate"].values[:, at])


def _intervals(data: xr.Dataset, events: np.ndarray, at: np.ndarray) -> Iterator[Prediction]:
    for k in at:
        arm, start, end = (data[f"interval_{n}"].values[k] for n in ("arm", "start", "end"))
        replicate = data["interval_replicate"].values[:, k]
        found = _place(f"{arm}:{start:g}-{end:g}", events[k], replicate)
        if found is not None:
            yield found


def _totals(data: xr.Dataset, events: np.ndarray, at: np.ndarray) -> Iterator[Prediction]:
    if not len(at):
        return
    arms = data["interval_arm"].values[at]
    for arm in dict.fromkeys(arms):
        mine = at[arms == arm]
        replicate = data["interval_replicate"].values[:, mine].sum(axis=1)
        found = _place(f"events in all of {arm}", float(events[mine].sum()), replicate)
        if found is not None:
            yield found


def _place(label: str, observed: float, replicate: np.ndarray) -> Prediction | None:
    """Where a published number lies among replicates; ties count half."""
    good = replicate[np.isfinite(replicate)]
    if not len(good) or not np.isfinite(observed):
        return None
    low, middle, high = np.quantile(good, [0.05, 0.5, 0.95])
    place = float(np.mean(good < observed) + 0.5 * np.mean(good == observed))
    return Prediction(label, observed, float(middle), float(low), float(high), place)


def moved(
    latents: xr.Dataset, full: xr.Dataset, skip: Mapping[str, Any]
) -> list[tuple[str, float]]:
    """Unknowns whose mean moves most when a study is left out, in sd of the full posterior.

    Parameters
    ----------
    latents, full : xarray.Dataset
        Draws without the study, and with it.
    skip : mapping
        Names of parameters that are not reported: those that only this study informs.
    """
    found: list[tuple[str, float]] = []
    for name, dim in (("latent", "latent_parameter"), ("share_latent", "share_parameter"),
                      ("transfer_latent", "transfer_parameter")):  # fmt: skip
        one, other = latents[name], full[name]
        shift = one.mean(("chain", "draw")) - other.mean(("chain", "draw"))
        size = (shift / other.std(("chain", "draw"))).values
        prefix = "transfer: " if name == "transfer_latent" else ""
        found += [
            (prefix + str(k), float(v)) for k, v in zip(full[dim].values, size, strict=True)
            if str(k).partition("[")[0] not in skip
        ]  # fmt: skip
    found.sort(key=lambda pair: -abs(pair[1]))
    return [(k, round(v, 3)) for k, v in found[:NAMED] if abs(v) >= MOVED]
