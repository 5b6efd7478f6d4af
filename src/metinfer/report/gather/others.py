"""Therapies and populations of other files than the run's own, beside the run's own.

The named answers were fixed with the run's own files and are of those alone. What `predict` was
last asked of another file is shown too, each label with the name of that file.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import xarray as xr

from metinfer import results
from metinfer.report.content import Note
from metinfer.report.contents_decisions import Decisions
from metinfer.report.gather.decisions import decisions
from metinfer.report.gather.named import scoped

PREDICTIONS, DECISIONS = "predictions-other.nc", "decisions-other.nc"


def own(run: Any, data: xr.Dataset | None) -> xr.Dataset | None:
    """Return predictions if they are of the run's own files, which the named answers are of."""
    if data is None:
        return None
    same = all(
        data.attrs.get(kind) in (None, _own_digest(run, f"{kind}.toml"))
        for kind in ("therapies", "populations")
    )
    return scoped(data, run.evidence) if same else None


def predicted(run: Any) -> xr.Dataset | None:
    """Return predictions of another file with its name in the labels, without what is the run's.

    None if nothing else was asked for, or if it is of other draws or another program.
    """
    data = results.read_groups(run, PREDICTIONS).get("/")
    if data is None or results.is_stale(data.attrs):
        return None
    data = scoped(data, run.evidence)
    other_people = data.attrs["populations"] != _own_digest(run, "populations.toml")
    new = json.loads(data.attrs["new"])
    if other_people:
        data = _named(data, "population", data["population"].values, "populations_file")
    else:
        data = data.sel(therapy=[t for t in data["therapy"].values if t in new])
    return _named(data, "therapy", new, "therapies_file") if data["therapy"].size else None


def _own_digest(run: Any, name: str) -> str:
    return str(run.record.inputs.get(name, ""))


def _named(data: xr.Dataset, dim: str, names: Iterable[str], source: str) -> xr.Dataset:
    """The dataset with the name of a file in the labels of some of its entries."""
    marked = set(map(str, names))
    pairs = zip(data[dim].values, data[f"{dim}_label"].values, strict=True)
    labels = [f"{text} ({data.attrs[source]})" if str(k) in marked else str(text)
              for k, text in pairs]  # fmt: skip
    return data.assign_coords({f"{dim}_label": (dim, labels)})


def beside(
    mine: Decisions, run: Any, data: xr.Dataset | None, asked: Iterable[Mapping[str, Any]]
) -> Decisions:
    """Return the run's own decisions, and after them those about what another file brought."""
    groups = results.read_groups(run, DECISIONS)
    if data is None or not groups:
        return mine
    cases = {k: _cases(found, data) for k, found in groups.items() if "case" in found.dims}
    theirs = decisions(cases, data, asked)
    return replace(
        mine,
        settings=mine.settings + theirs.settings,
        splits=mine.splits + theirs.splits,
        after=mine.after + theirs.after,
        courses=(*mine.courses, *(c for c in theirs.courses if c not in mine.courses)),
        who=(*mine.who, *(w for w in theirs.who if w not in mine.who)),
    )


def _cases(found: xr.Dataset, data: xr.Dataset) -> xr.Dataset:
    """The cases of a question that are in the predictions, with the labels that those have."""
    kept = found.isel(case=np.isin(found["therapy"].values, data["therapy"].values))
    for dim in ("therapy", "population"):
        words = dict(zip(data[dim].values, data[f"{dim}_label"].values, strict=True))
        labels = [words[k] for k in kept[dim].values]
        kept = kept.assign_coords({f"{dim}_label": ("case", labels)})
    return kept


def notes(run: Any, data: xr.Dataset | None) -> tuple[Note, ...]:
    """Return the other files that were asked for, with their hashes."""
    if data is None:
        return ()
    return tuple(
        Note(f"Other {kind} shown in section 12",
             f"{data.attrs[f'{kind}_file']}, SHA-256 {data.attrs[kind]}; the named answers are of "
             "the run's own files")
        for kind in ("therapies", "populations")
        if data.attrs[kind] != _own_digest(run, f"{kind}.toml")
    )  # fmt: skip
