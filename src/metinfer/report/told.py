"""What a run answers, judged as on the page: for the terminal, JSON and CSV alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd
import xarray as xr

from metinfer import results
from metinfer.summaries import therapy
from metinfer.summaries.evidence import coverage
from metinfer.summaries.model import ledger
from metinfer.workflow import DIAGNOSTICS


@dataclass(frozen=True)
class Told:
    """Predictions and decisions of a run, and the ledger of its named answers.

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
    place : str
        Folder of the run.
    ledger : DataFrame
        As of `metinfer.summaries.model.ledger`; empty where it is not known.
    """

    predictions: xr.Dataset
    decisions: Mapping[str, xr.Dataset]
    records: list[dict[str, Any]]
    asked: Sequence[Mapping[str, Any]] = ()
    standing: Mapping[str, Any] = field(default_factory=dict)
    place: str = "RUN"
    ledger: pd.DataFrame = field(default_factory=pd.DataFrame)

    @property
    def doubt(self) -> str:
        """Why the numbers must not be trusted, or cannot be yet; empty if the gates pass."""
        if not self.standing or self.standing["gates_passed"]:
            return ""
        failed = ", ".join(self.standing["gates_failed"])
        if failed:
            return f"these numbers must not be trusted: {failed} failed"
        return f"the computation was not checked yet: metinfer diagnose {self.place}"


def told(
    run: Any, predictions: xr.Dataset, decisions: Mapping[str, xr.Dataset], own: bool = False
) -> Told:
    """What a run answers; `own` if therapies or populations are of another file than the run's."""
    shown = therapy.scoped(therapy.spelled(predictions), run.evidence)
    asked = () if own else tuple(run.evidence.analysis.get("answer", ()))
    draws = therapy.every_draw(run)
    records = therapy.judged(shown, asked, draws)
    decided = {name: therapy.spelled(data) for name, data in decisions.items()}
    named, _ = therapy.answers(asked, records, draws, shown)
    lines = ledger(run, named, draws, coverage(run.evidence), shown)
    return Told(shown, decided, records, asked, standing(run), str(run.path), lines)


def standing(run: Any) -> dict[str, Any]:
    """Whether the gates of a run pass, and which fail."""
    gates = results.read_json(run, DIAGNOSTICS).get("gates")
    if gates is None:
        return {"gates_passed": None, "gates_failed": []}
    failed = [g["name"] for g in gates if not g["passed"]]
    return {"gates_passed": not failed, "gates_failed": failed}
