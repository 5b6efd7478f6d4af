"""Software, machine, settings and times of a run, in words."""

from __future__ import annotations

from typing import Any

from metinfer.report.content import Note
from metinfer.report.gaps import DEPTH

#: Setting of a run -> what it is called.
NAMES = {
    "draws": "draws per chain", "tune": "warm-up draws per chain", "chains": "chains",
    "seed": "seed", "quick": "quick run, with too few draws for results",
    "variant": "form of the mechanism", "target_accept": "acceptance aimed at",
    "adaptation": "mass matrix of the sampler", "refine": "refinement of the solver's grid",
}  # fmt: skip
VALUES = {
    True: "yes", False: "no", "base": "base: all routes, each of which may be absent",
    "low_rank": "diagonal and low rank", "diag": "diagonal",
}  # fmt: skip
FITS = {
    "main": "main fit", "no_mouse": "fit without mouse rows", "prior": "prior",
    "translation_0.25": "fit with less spread between mouse and human",
    "translation_1": "fit with more spread between mouse and human",
}  # fmt: skip


def computation(run: Any) -> tuple[Note, ...]:
    """Return what was run, how, on what, for how long."""
    record = run.record
    notes = [Note(f"version of {k}", str(v)) for k, v in record.versions.items()]
    notes += [Note(NAMES.get(k, k.replace("_", " ")), _said(v)) for k, v in record.settings.items()]
    notes += _trees(run)
    notes += [Note(f"machine, {k}", str(v)) for k, v in record.machine.items()]
    notes += [Note(f"seeds of the chains, {_fit(k)}", ", ".join(map(str, v)))
              for k, v in record.seeds.items()]  # fmt: skip
    notes += [Note(f"time, {_fit(k)}", f"{v:.1f} s") for k, v in record.timings.items()]
    return tuple(notes)


def _said(value: Any) -> str:
    return VALUES.get(value, str(value)) if isinstance(value, (bool, str)) else f"{value:g}"


def _fit(name: str) -> str:
    return FITS.get(name, name.replace("_", " "))


def _trees(run: Any) -> list[Note]:
    """How deep the trees of the main fit were, and how many draws hit the limit."""
    statistics = run.groups.get("sample_stats")
    if statistics is None or "depth" not in statistics:
        return []
    notes = [Note(DEPTH, f"{int(statistics['depth'].max())} doublings")]
    if "maxdepth_reached" in statistics:
        hits = int(statistics["maxdepth_reached"].sum())
        notes.append(Note("draws that hit the deepest tree allowed", f"{hits:,}"))
    return notes
