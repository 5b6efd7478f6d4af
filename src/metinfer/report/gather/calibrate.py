"""Ranks and coverage from `calibration.json` and `calibration.nc`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import xarray as xr

from metinfer import results
from metinfer.inference.calibrate_ranks import bands, ecdf_difference
from metinfer.report.content import Answer, Parameter
from metinfer.report.contents_calibrate import Calibrated, Coverage, Kind, Ranked
from metinfer.report.words import measure

#: Measures as titles of small figures begin.
SHORT = {
    "risk_ratio": "risk ratio", "absolute_risk_reduction": "risk reduction",
    "risk_untreated": "risk",
}  # fmt: skip
KINDS = ("prior", "posterior")


def calibrated(
    run: Any, answers: Sequence[Answer] = (), known: Iterable[Parameter] = ()
) -> Calibrated | None:
    """The calibration of a run, None where there is none of this posterior.

    Parameters
    ----------
    run
        A `metinfer.runs.Run`.
    answers, known
        Named answers and parameters of the page: their words.
    """
    from metinfer.calibration import GROUPS, read_calibration

    found = read_calibration(run)
    if not found:
        return None
    groups = results.read_groups(run, GROUPS)
    if not groups.keys() >= found.keys():
        return None  # changed or damaged: the verdict says so
    labels = {p.name: p.meaning or p.name for p in known} | {a.key: _answer(a) for a in answers}
    kinds = [_kind(k, found[k], groups[k], labels) for k in KINDS if k in found]
    return Calibrated(tuple(kinds))


def state(found: Calibrated | None) -> str:
    """State of the level "calibrated": pass, fail or not run."""
    if found is None or not found.whole:
        return "fail" if found and found.reasons else "not run"
    return "fail" if found.reasons else "pass"


def _kind(name: str, part: Mapping[str, Any], data: xr.Dataset, labels: Mapping[str, str]) -> Kind:
    from metinfer.calibration import reasons

    rows = [r for r in part["quantities"] if r["p"] is not None]
    quantities = [_ranked(name, r, data, labels) for r in rows]
    low, high = bands(part["finished"], part["ranks"]) if part["finished"] else ((), ())
    return Kind(
        name, part["asked"], part["finished"],
        tuple((f["fit"], f["reason"]) for f in part["failed"]),
        part["fits_with_divergences"], part["seconds_per_fit"] or 0.0, part["expected_outside"],
        part["ranks"], (tuple(map(float, low)), tuple(map(float, high))),
        tuple(_named(r, labels) for r in reasons(part)), tuple(quantities),
    )  # fmt: skip


def _ranked(
    kind: str, row: Mapping[str, Any], data: xr.Dataset, labels: Mapping[str, str]
) -> Ranked:
    key = row["quantity"]
    ranks = data["rank"].sel(quantity=key).values
    curve = ecdf_difference(ranks[ranks >= 0], int(data.attrs["ranks"]))
    return Ranked(
        kind, key, labels.get(key, _words(key)), row["group"], row["fits"], row["unsolved"],
        row["p"], row["holds"], tuple(Coverage(**c) for c in row["coverage"]),
        row["effective"], row["comment"], tuple(np.round(curve, 6).tolist()),
    )  # fmt: skip


def _answer(answer: Answer) -> str:
    """Measure and name: a therapy may have two answers in one population."""
    name = answer.effect.measure
    return f"{SHORT.get(name, measure(name).label)}, {answer.name}"


def _named(reason: str, labels: Mapping[str, str]) -> str:
    """A reason with the name of its quantity in words."""
    key, _, rest = reason.partition(" ")
    return f"{labels[key]} {rest}" if key in labels else reason


def _words(key: str) -> str:
    name, _, where = key.partition("[")
    return name.replace("_", " ") + (f" ({where[:-1].replace('_', ' ')})" if where else "")
