"""What the prior alone would publish, and whether that is biologically possible."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from metinfer.inference.design import YEAR
from metinfer.inference.diagnose import Gate
from metinfer.inference.learnt import summarise

#: At least this share of prior draws must be possible (proposal of design/reporting).
POSSIBLE_SHARE = 0.95


@dataclass(frozen=True)
class Possible:
    """Range outside which the expected value of an observable cannot lie, and why."""

    low: float
    high: float
    reason: str


_FOLD = Possible(0.01, 100.0, "no cell count or signal of the niche changes a hundredfold")
#: Wide on purpose: what no liver, mouse or cohort could show, not what is unusual.
POSSIBLE = {
    "metastasis_count": Possible(
        0.0, 1e4, "ten thousand detectable colonies do not fit in a mouse's lung or liver"
    ),
    "nk_turnover": Possible(0.0, 2.0, "1/day; NK cells would divide more often than every 8 hours"),
    "nk_activity_reduction": Possible(-100.0, 100.0, "percent; surgery would double NK activity"),
    "leucocyte_fold": Possible(0.3, 10.0, "ten times the white cells is leukaemia"),
    "timp1_level": Possible(1.0, 2e4, "ng/mL; a hundred times the highest group mean published"),
    "event_rate": Possible(0.0, 2.0, "1/year; the group would be gone within months"),
    "event_hazard_ratio": Possible(0.01, 100.0, "no such contrast between patient groups is known"),
    **dict.fromkeys(
        ("nk_count_fold", "cxcl12_fold", "neutrophil_fold", "stellate_fold", "ifng_fold",
         "timp1_fold"), _FOLD,
    ),
}  # fmt: skip
#: A cohort in which all but so few have relapsed within two years after surgery for cure.
FEWEST_FREE, EARLY = 0.02, 2.0 * YEAR


def impossible(
    predictive: xr.Dataset, observables: Mapping[str, str], people: Collection[str]
) -> pd.DataFrame:
    """Share of draws in which each observable is impossible.

    Parameters
    ----------
    predictive : xarray.Dataset
        As from `posterior_predictive`, of prior draws.
    observables : mapping of str to str
        Row id -> observable.
    people : collection of str
        Arms of people: mice may all have metastases within weeks.

    Returns
    -------
    pandas.DataFrame
        Index: what was looked at; columns ``low``, ``high``, ``reason``, ``share``. The line
        ``any`` is the share of draws with anything impossible or a failed solve.
    """
    number = predictive.sizes["draw"]
    every = np.asarray(predictive["failed"]) > 0
    lines = {"failed solve": (np.nan, np.nan, "the equations must be solvable", every.mean())}
    rows = [str(r) for r in predictive["row"].values] if "row" in predictive.dims else []
    for name, limit in POSSIBLE.items():
        at = [k for k, r in enumerate(rows) if observables[r] == name]
        if at:
            values = predictive["row_expected"].transpose("draw", "row").values[:, at]
            bad = np.any((values < limit.low) | (values > limit.high), axis=1)
            lines[name] = (limit.low, limit.high, limit.reason, bad.mean())
            every = every | bad
    watched = [c for c in predictive.get("cohort", xr.DataArray([])).values if c in people]
    if watched:
        bad = _all_relapsed(predictive.sel(cohort=watched))
        lines["event-free share at two years"] = (
            FEWEST_FREE, 1.0, "nobody would be called operated for cure", bad.mean(),
        )  # fmt: skip
        every = every | bad
    lines["any"] = (np.nan, np.nan, f"of {number} prior draws", every.mean())
    return pd.DataFrame.from_dict(lines, orient="index", columns=["low", "high", "reason", "share"])


def _all_relapsed(predictive: xr.Dataset) -> np.ndarray:
    early = predictive["event_free"].sel(time=slice(0.0, EARLY))
    return np.asarray((early < FEWEST_FREE).any(dim=("cohort", "time")))


def possible_gate(table: pd.DataFrame) -> Gate:
    """Gate on the share of prior draws that are possible."""
    shares = {str(k): float(v) for k, v in table["share"].items()}
    share = 1.0 - shares.pop("any")
    worst = max(shares, key=lambda k: shares[k])
    passed = share >= POSSIBLE_SHARE
    return Gate("possible prior draws", share, f">= {POSSIBLE_SHARE:g}", passed, worst)


def prior_rows(predictive: xr.Dataset) -> list[dict[str, Any]]:
    """What each row reports beside what the prior alone would have published.

    Returns
    -------
    list of dict
        row, role, reported, median, lo50, hi50, lo90, hi90, on the reported scale.
    """
    made = []
    for name in predictive["row"].values if "row" in predictive.dims else ():
        one = predictive.sel(row=name)
        draws = np.asarray(one["row_replicate"])
        draws = draws[np.isfinite(draws)]
        if len(draws):
            made.append(
                {"row": str(name), "role": str(one["row_role"].item()),
                 "reported": float(one["row_reported"]), **vars(summarise(draws))}
            )  # fmt: skip
    return made
