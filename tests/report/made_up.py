"""A made-up run of the bundled evidence: results without a fit, the same at every call."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import xarray as xr

from metinfer import results
from metinfer.evidence import bundled_path, read_evidence
from metinfer.runs import POSTERIOR

SOURCES = ("prior", "no_mouse", "posterior")
THERAPIES = ("n803", "cxcr4_block")
POPULATIONS = ("er_positive_n0", "crlm_resected")
MEASURES = ("risk", "risk_untreated", "absolute_risk_reduction", "risk_ratio", "rmst_gain")
DRAWS = 400
#: Natural log of the risk ratio: centre and sd by source and therapy.
LOG_RATIO = {
    "n803": {"prior": (-0.3, 0.4), "no_mouse": (-0.25, 0.2), "posterior": (-0.25, 0.2)},
    "cxcr4_block": dict.fromkeys(SOURCES, (0.0, 0.3)),
}
RISK = {"prior": (-3.2, 1.0), "no_mouse": (-3.2, 0.2), "posterior": (-3.2, 0.2)}


class MadeUp:
    """What `results_of` asks of a run."""

    def __init__(self, path: Path, label: str = "N-803", **record: Any) -> None:
        self.path = path
        found = read_evidence(bundled_path())
        asked = [a for a in found.analysis["answer"] if a["therapy"] in THERAPIES
                 and a["population"] in POPULATIONS]  # fmt: skip
        self.evidence = replace(found, analysis={**found.analysis, "answer": asked})
        self.record = SimpleNamespace(**{
            "files": {POSTERIOR: "draws"}, "inputs": {}, "status": "complete", "quick": False,
            "created": "2026-01-02T03:04:05+00:00", "digest": "d" * 64, "code": "c" * 64,
            "command": "metinfer fit", "stops": [], "source": "", "settings": {"draws": 10},
            "seeds": {"main": [1]}, "versions": {"metinfer": "0"}, "machine": {"cores": 1},
            "timings": {"total": 1.0}, **record,
        })  # fmt: skip
        rng = np.random.default_rng(1)
        self.groups = {g: _parameters(self.evidence, rng) for g in (
            "prior", "posterior", "posterior_no_mouse")}  # fmt: skip
        draws = _draws(rng)
        self.kept: dict[str, dict[str, xr.Dataset]] = {
            "predictions.nc": {"/": _predictions(draws, label)},
            "answers.nc": _answers(self.evidence, draws),
            "predictive.nc": {"/": _predictive(self.evidence, rng)},
            "decisions.nc": {"lasting": _lasting(draws), "experiments": _experiments(),
                             "variance": _variance()},
        }  # fmt: skip
        self._gates(True)

    def _gates(self, passed: bool) -> None:
        gate = {"name": "answers: R-hat", "value": 1.002 if passed else 1.2, "limit": "<= 1.01",
                "passed": passed, "detail": ""}  # fmt: skip
        text = json.dumps({"passed": passed, "gates": [gate], "origin": self.origin()})
        (self.path / "diagnostics.json").write_text(text)

    def fail(self) -> None:
        """Make a gate fail."""
        self._gates(False)

    def origin(self) -> dict[str, str]:
        return {"posterior": "draws", "program": results.code_hash(results.PROGRAM)}

    @property
    def posterior(self) -> xr.Dataset:
        return self.groups["posterior"]

    def holds(self, name: str) -> bool:
        return name in self.kept or (self.path / name).is_file()

    def read_result(self, name: str) -> dict[str, xr.Dataset]:
        return {k: v.assign_attrs(self.origin()) for k, v in self.kept[name].items()}


def _parameters(evidence: Any, rng: Any) -> xr.Dataset:
    """Every parameter without a place of its own, from a standard normal on logs."""
    names = [p["name"] for p in evidence.parameters["parameter"] if not p.get("dims")]
    return xr.Dataset({n: (("chain", "draw"), np.exp(0.3 * rng.normal(size=(2, 50))))
                       for n in names})  # fmt: skip


def _draws(rng: Any) -> dict[tuple[str, str, str], dict[str, np.ndarray]]:
    made = {}
    for source in SOURCES:
        for population in POPULATIONS:
            mean, sd = RISK[source]
            risk = 1 / (1 + np.exp(-(mean + sd * rng.normal(size=DRAWS))))
            for therapy in THERAPIES:
                centre, spread = LOG_RATIO[therapy][source]
                ratio = np.exp(centre + spread * rng.normal(size=DRAWS))
                made[source, therapy, population] = {
                    "risk_untreated": risk, "risk": risk * ratio, "risk_ratio": ratio,
                    "absolute_risk_reduction": risk * (1 - ratio), "rmst_gain": risk * (1 - ratio),
                }  # fmt: skip
    return made


def _predictions(draws: Any, label: str) -> xr.Dataset:
    shape = (3, DRAWS, 2, 2, 1, 5)
    table = np.empty(shape)
    for i, s in enumerate(SOURCES):
        for j, t in enumerate(THERAPIES):
            for k, p in enumerate(POPULATIONS):
                for m, name in enumerate(MEASURES):
                    table[i, :, j, k, 0, m] = draws[s, t, p][name]
    time = np.linspace(0.0, 1.0, 5)
    quantile = np.array([0.05, 0.25, 0.5, 0.75, 0.95])
    down = 1 - 0.1 * time[:, None] * (1.5 - quantile)
    curve = np.broadcast_to(down, (3, 2, 2, 5, 5))
    years = np.array([10.0, 5.0])
    texts = {"era": "era", "adjuvant": "none", "age": "adults", "other_cause_reason": "",
             "cohorts": "", "reach": "liver"}  # fmt: skip
    return xr.Dataset(
        {"answer": (("source", "draw", "therapy", "population", "horizon", "measure"), table),
         "event_free": (("source", "therapy", "population", "time", "quantile"), curve),
         "hazard_ratio": (("source", "therapy", "population", "time", "quantile"), curve),
         "event_free_untreated": (("source", "population", "time", "quantile"), curve[:, 0]),
         "failed": (("source", "therapy", "population"), np.zeros((3, 2, 2), int)),
         "applicability": (("therapy", "population"), np.full((2, 2), "prior only"))},
        {"source": list(SOURCES), "therapy": list(THERAPIES), "population": list(POPULATIONS),
         "measure": list(MEASURES), "quantile": quantile,
         "therapy_label": ("therapy", [label, "CXCR4 fully blocked"]),
         "therapy_reason": ("therapy", ["", ""]), "kind": ("therapy", ["regimen", "clamp"]),
         "population_label": ("population", ["ER+ breast cancer", "colorectal"]),
         "species": ("population", ["human", "human"]),
         "endpoint": ("population", ["liver", "liver"]),
         "competing_death": ("population", [0, 0]),
         "time_year": (("population", "time"), np.outer(years, time)),
         "horizon_year": (("population", "horizon"), years[:, None]),
         **{k: ("population", [v, v]) for k, v in texts.items()}},
    )  # fmt: skip


def _answers(evidence: Any, draws: Any) -> dict[str, xr.Dataset]:
    groups = {"prior": "prior", "posterior": "posterior", "no_mouse": "posterior_no_mouse"}
    asked = evidence.analysis["answer"]
    return {
        group: xr.Dataset({
            a["name"]: (("chain", "draw"),
                        draws[source, a["therapy"], a["population"]][a["measure"]].reshape(2, -1))
            for a in asked
        })
        for source, group in groups.items()
    }  # fmt: skip


def _predictive(evidence: Any, rng: Any) -> xr.Dataset:
    rows = [m for m in evidence.measurements if m.role in ("fit", "check")]
    reported = np.array([m.events if m.events is not None and m.statistic == "proportion"
                         else m.value or 1.0 for m in rows], dtype=float)  # fmt: skip
    lines = list(evidence.intervals)
    arm = lines[0].arm
    return xr.Dataset(
        {"row_reported": ("row", reported),
         "row_replicate": (("draw", "row"), reported * _noise(rng, len(rows))),
         "interval_replicate": (("draw", "interval"),
                                rng.poisson([i.events + 1.0 for i in lines], (99, len(lines)))),
         "event_free": (("draw", "cohort", "time"),
                        np.exp(-0.05 * rng.gamma(9, 1 / 9, (99, 1, 1)) * np.arange(6.0)))},
        {"row": [m.row for m in rows], "interval_arm": ("interval", [i.arm for i in lines]),
         "interval_start": ("interval", [i.start for i in lines]),
         "interval_end": ("interval", [i.end for i in lines]), "cohort": [arm],
         "time": 365.25 * np.arange(6.0)},
    )  # fmt: skip


def _noise(rng: Any, rows: int) -> np.ndarray:
    return np.asarray(np.exp(0.2 * rng.normal(size=(99, rows))))


def _case(**data: Any) -> xr.Dataset:
    names = {"therapy": "n803", "population": "er_positive_n0", "therapy_label": "N-803",
             "population_label": "ER+ breast cancer", "kind": "regimen", "species": "human",
             "applicability": "prior only"}  # fmt: skip
    numbers = dict.fromkeys(("horizon_year", "follow_year", "stop_year"), [10.0])
    return xr.Dataset(
        {k: (d, v) for k, (d, v) in data.items()},
        {"source": list(SOURCES), **{k: ("case", [v]) for k, v in names.items()},
         **{k: ("case", v) for k, v in numbers.items()}},
    )  # fmt: skip


def _lasting(draws: Any) -> xr.Dataset:
    avoided = np.stack([draws[s, "n803", "er_positive_n0"]["absolute_risk_reduction"][:200, None]
                        for s in SOURCES])  # fmt: skip
    where = ("source", "draw", "case")
    made = _case(avoided=(where, avoided), removed=(where, 0.5 * avoided),
                 dormant=(where, 0.3 * avoided), awake=(where, 0.2 * avoided),
                 share=(where, np.full_like(avoided, 0.5)),
                 rebound=(where, np.full_like(avoided, 1.1)),
                 hazard_ratio=(("source", "case", "time", "quantile"),
                               np.ones((3, 1, 3, 5))))  # fmt: skip
    return made.assign_coords(time_year=(("case", "time"), [[0.0, 5.0, 10.0]]),
                              quantile=[0.05, 0.25, 0.5, 0.75, 0.95])  # fmt: skip


def _experiments() -> xr.Dataset:
    names = ["mouse_nk", "trial"]
    keys = ["n803_er_positive_n0_ratio", "n803_crlm_ratio"]
    texts = {"label": ["NK cells in mice", "trial after surgery"], "therapy": ["n803"] * 2,
             "kind": ["regimen"] * 2, "population": ["mouse", "er_positive_n0"],
             "readout": ["nk_cells", "metastasis"], "applicability": [""] * 2}  # fmt: skip
    where = ("candidate", "answer")
    result = np.stack([np.full((5, 2), np.nan), np.full((5, 2), 0.2)])
    result[0, :, 0] = np.log([1.1, 1.6, 2.7, 5.0, 30.0])
    result[0, :, 1] = 0.0
    result[1, :, 0], result[1, :, 1] = [0.2, 0.25, 0.3, 0.35, 0.4], [0.1, 0.15, 0.2, 0.25, 0.3]
    return xr.Dataset(
        {"variance": (where, np.full((2, 2), 0.04)),
         "expected_variance": (where, [[0.02, 0.03], [0.035, 0.039]]),
         "standard_error": (where, np.full((2, 2), 1e-3)),
         "becomes_learnt": (where, np.full((2, 2), 0.1)),
         "effective_draws": (where, np.full((2, 2), 60.0)), "learnt_now": ("answer", [0, 0]),
         "result": (("candidate", "quantile", "arm"), result),
         "assurance": (("candidate", "size"), [[0.8, 0.9], [0.1, 0.2]])},
        {"candidate": names, "answer": keys, "quantile": [0.05, 0.25, 0.5, 0.75, 0.95],
         "arm": ["untreated", "treated"], "per_arm": (("candidate", "size"), [[6, 12], [100, 200]]),
         "day": ("candidate", [10.0, 730.5]), "n": ("candidate", [6, 100]),
         **{k: ("candidate", v) for k, v in texts.items()}},
    )  # fmt: skip


def _variance() -> xr.Dataset:
    parts = ["parameter", "translation", "between_study", "kinetics", "sampling", "unexplained"]
    return xr.Dataset(
        {"part": (("answer", "part_name"), np.full((1, 6), 0.01)), "total": ("answer", [0.06])},
        {"answer": ["n803_er_positive_n0_ratio"], "part_name": parts,
         "subjects": ("answer", [100]), "measure": ("answer", ["risk_ratio"])},
    )  # fmt: skip
