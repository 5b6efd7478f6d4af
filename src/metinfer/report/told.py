"""What a run answers, judged as on the page: for the terminal, JSON and CSV alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import xarray as xr

from metinfer import results
from metinfer.report.gather import named
from metinfer.therapy.records import to_records

ANSWERS, DIAGNOSTICS = "answers.nc", "diagnostics.json"


@dataclass(frozen=True)
class Told:
    """Predictions and decisions of a run, with the verdict over each number.

    Attributes
    ----------
    predictions : xarray.Dataset
    decisions : mapping of str to xarray.Dataset
    records : list of dict
        Those of `metinfer.therapy.records.to_records`; of named answers, from every draw.
    asked : sequence of mapping
        Named answers, fixed before the fit; empty for therapies or populations of another file.
    standing : mapping
        ``gates_passed`` (None before `diagnose`) and ``gates_failed``, names.
    """

    predictions: xr.Dataset
    decisions: Mapping[str, xr.Dataset]
    records: list[dict[str, Any]]
    asked: Sequence[Mapping[str, Any]] = ()
    standing: Mapping[str, Any] = field(default_factory=dict)

    @property
    def doubt(self) -> str:
        """Why the numbers must not be trusted, or cannot be yet; empty if the gates pass."""
        if not self.standing or self.standing["gates_passed"]:
            return ""
        failed = ", ".join(self.standing["gates_failed"])
        return (
            f"these numbers must not be trusted: {failed} failed"
            if failed
            else "whether these numbers can be trusted was not asked yet: metinfer diagnose RUN"
        )


def told(
    run: Any, predictions: xr.Dataset, decisions: Mapping[str, xr.Dataset], own: bool = False
) -> Told:
    """What a run answers; `own` if therapies or populations are of another file than the run's."""
    shown = named.spelled(predictions)
    shown = shown if own else _scoped(shown, run)
    records = to_records(shown)
    asked = () if own else tuple(run.evidence.analysis.get("answer", ()))
    every = named.every_draw(results.read_groups(run, ANSWERS, fresh=True))
    named.sharpen(records, asked, every)
    decided = {name: named.spelled(data) for name, data in decisions.items()}
    return Told(shown, decided, records, asked, standing(run))


def _scoped(data: xr.Dataset, run: Any) -> xr.Dataset:
    found = named.scoped(data, run.evidence)
    return data if found is None else found


def standing(run: Any) -> dict[str, Any]:
    """Whether the gates of a run pass, and which fail."""
    gates = results.read_json(run, DIAGNOSTICS).get("gates")
    if gates is None:
        return {"gates_passed": None, "gates_failed": []}
    failed = [g["name"] for g in gates if not g["passed"]]
    return {"gates_passed": not failed, "gates_failed": failed}
