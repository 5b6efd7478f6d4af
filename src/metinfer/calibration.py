"""Calibrate a run: simulate, fit again, rank; its results in the run folder and as plain data."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from metinfer import results
from metinfer.errors import NotTrustedError
from metinfer.runs import JOBS, POSTERIOR, Run
from metinfer.scenarios import scenarios

if TYPE_CHECKING:
    from metinfer.evidence.types import Evidence
    from metinfer.inference.calibrate import Answers, Plan
    from metinfer.inference.density import Joint
    from metinfer.inference.refits import Machinery

FOLDER, GROUPS, SUMMARY = JOBS[1], "calibration.nc", "calibration.json"
KINDS = ("prior", "posterior")
#: Parameters that the answers hang on: judged one by one, fixed before any fit was made. All
#: others are judged too, and listed where they are outside 95 %.
MAIN = (
    "nk_hold", "cxcl12_nk", "timp1_cxcl12", "stellate_cxcl12", "neutrophil_seeding",
    "il15_growth", "tolerance_onset", "ifng_potency", "nk_ifng_share", "awakening_floor",
    "awakening_rate", "growth_time", "dormant_loss", "dormant_kill", "clone_kill", "founders",
    "awake_share", "frailty_shape", "liver_share", "confounding", "group_spread",
)  # fmt: skip
LEVELS = (0.5, 0.9)
#: Error that is allowed over all named answers together, and for one quantity by itself.
JOINT_ERROR, SINGLE_ERROR = 0.01, 0.05
#: Effective draws of the 99 below which ranks lean to the ends by chance.
FEWEST = 50
#: With fewer fits of a kind, intervals that are far too narrow would pass.
LEAST_FITS = 100
#: Share of fits that may fail, or have a truth that the solver could not follow.
MOST_LOST = 0.02
ANSWER, MAIN_PARAMETER, OTHER = "answer", "main", "other"


def named_answers_of(run: Run, joint: Joint) -> Answers:
    """Function from named parameters (draw, ...) to the run's named answers (draw,)."""
    from metinfer.therapy.answers import named_answers
    from metinfer.therapy.draws import NamedDraws

    cures, groups = scenarios(run)
    asked = run.evidence.analysis.get("answer", [])

    def answers(params: Mapping[str, np.ndarray]) -> Mapping[str, np.ndarray]:
        return named_answers(NamedDraws(params, joint.design.coordinates), asked, cures, groups)

    return answers


def calibrate_evidence(
    evidence: Evidence,
    out: str | Path,
    *,
    fits: int = 200,
    seed: int | None = None,
    kinds: Sequence[str] = (),
    cores: int | None = None,
    scheduler: Any = None,
    progress: Callable[[int, int, int], None] | None = None,
) -> dict[str, Any]:
    """Calibrate the run of this evidence at `out`; it is fitted first if there is none.

    Parameters and result as of `calibrate`.
    """
    from metinfer.comparison import run_for
    from metinfer.inference.calibrate import Plan
    from metinfer.inference.chains import available_cores

    plan = Plan(fits) if seed is None else Plan(fits, seed)
    run = run_for(evidence, Path(out), show=progress is not None)
    return calibrate(
        run, plan, kinds=kinds or KINDS, cores=cores or available_cores(),
        scheduler=scheduler, progress=progress,
    )  # fmt: skip


def require(found: Mapping[str, Any]) -> None:
    """Raise NotTrustedError if a named answer is outside its limits, or too many fits failed."""
    wrong = [f"{kind}: {reason}" for kind, part in found.items() for reason in reasons(part)]
    if wrong:
        raise NotTrustedError(f"the intervals are not calibrated: {'; '.join(wrong)}")


def reasons(part: Mapping[str, Any]) -> list[str]:
    """Why the calibration of one kind is not passed; empty if it is."""
    answers = [r for r in part["quantities"] if r["group"] == ANSWER]
    made = [
        f"{r['quantity']} ({r['comment'] or 'coverage outside its limits'})"
        for r in answers
        if not r["holds"]
    ]
    if not answers:
        made.append("no named answer was ranked")
    if part["finished"] < LEAST_FITS:
        made.append(f"{part['finished']} fits are too few to tell: {LEAST_FITS} are needed")
    lost = len(part["failed"]) + max((r["unsolved"] for r in part["quantities"]), default=0)
    if lost > MOST_LOST * part["asked"]:
        made.append(f"{lost} of {part['asked']} fits could not be judged")
    return made


def to_text(found: Mapping[str, Any]) -> str:
    """The result in words and a table, for a terminal."""
    lines = []
    for kind, part in found.items():
        lines += [
            f"Truths from the {kind}: {part['finished']} of {part['asked']} fits, "
            f"{len(part['failed'])} failed, {part['fits_with_divergences']} with divergences",
            f"{len(part['outside'])} of {len(part['quantities'])} quantities outside the 95 % "
            f"band (by chance: {part['expected_outside']:.1f})",
        ]
        for row in part["quantities"]:
            if row["group"] != ANSWER or not row["coverage"]:
                continue
            shares = ", ".join(
                f"{c['share']:.0%} of {c['level']:.0%} intervals" for c in row["coverage"]
            )
            mark = "" if row["holds"] else " OUTSIDE"
            lines.append(f"- {row['quantity']}: p {row['p']:.3f}; the truth lies in {shares}{mark}")
        lines += [f"- outside 95 %: {q}" for q in part["outside"]] + [""]
    return "\n".join(lines)


def read_calibration(run: Run) -> dict[str, Any]:
    """The calibration in a run folder, of this posterior; empty if there is none."""
    kept = results.read_json(run, SUMMARY)
    ours = (k for k in KINDS if k in kept)
    return {k: kept[k] for k in ours if kept[k].get("origin") == run.record.files[POSTERIOR]}


def calibrate(
    run: Run,
    plan: Plan | None = None,
    *,
    kinds: Sequence[str] = KINDS,
    cores: int = 1,
    scheduler: Any = None,
    progress: Callable[[int, int, int], None] | None = None,
) -> dict[str, Any]:
    """Prior and posterior calibration of a run on its own evidence.

    Written to the folder: `calibration.nc` (ranks, truths, effective draws of every fit) and
    `calibration.json` (the summary that is returned). The fits lie in `calibration/` and are kept:
    the same call after a stop goes on where it was.

    Parameters
    ----------
    run : Run
        Finished.
    plan : metinfer.inference.calibrate.Plan, optional
    kinds : sequence of str
    cores : int
    scheduler : str, optional
        Address of a Dask scheduler.
    progress : callable, optional
        Told after each fit: done, failed, all.
    """
    from metinfer.inference.calibrate import Plan as Default
    from metinfer.inference.calibrate import require_draws
    from metinfer.inference.refits import Machinery
    from metinfer.inference.reproduce import require_same_model

    plan = plan or Default()
    if "posterior" in kinds:
        require_draws(run.posterior, plan.fits)
    require_same_model(run)
    with run.at_work(FOLDER) as folder:
        how = Machinery(folder, cores, scheduler, progress)
        for kind in kinds:  # the first is kept, should the second be stopped
            _keep(run, kind, *_one_kind(run, kind, plan, how))
    return read_calibration(run)


def _keep(run: Run, kind: str, data: xr.Dataset, failed: list[dict[str, str]]) -> None:
    """Put the ranks of one kind, and what they say, beside those of the other."""
    made = results.origin(run)
    mine = {"origin": made["posterior"], "program": made["program"]}
    summary = read_calibration(run) | {kind: summarise(data, failed) | mine}
    groups = {k: v for k, v in results.read_groups(run, GROUPS).items() if k in summary}
    run.write_groups(GROUPS, groups | {kind: data})
    run.write_text(SUMMARY, json.dumps(results.plain(summary), indent=1) + "\n")


def _one_kind(
    run: Run, kind: str, plan: Plan, how: Machinery
) -> tuple[xr.Dataset, list[dict[str, str]]]:
    """Ranks of all fits of one kind, and the fits that failed."""
    from metinfer.inference.calibrate import FIT, Calibration, as_dataset
    from metinfer.inference.density import Joint

    joint = Joint.of(run.evidence)
    answers = named_answers_of(run, joint)
    job = Calibration(
        run.evidence, kind, plan, how, latents=run.posterior, answers=answers,
        refine=run.record.refine,
    )  # fmt: skip
    groups = fixed_quantities(job.quantities(tuple(v[:1] for v in job.truths)), run)
    quantities = [*groups, FIT]
    note = {"kind": kind, "fits": plan.fits, "quantities": {**groups, FIT: MAIN_PARAMETER}}
    how.folder.mkdir(parents=True, exist_ok=True)
    (how.folder / f"{kind}.plan.json").write_text(json.dumps(note, indent=1) + "\n")
    judged = sorted(job.run(), key=lambda j: j.name)
    data = as_dataset(judged, quantities).assign_coords(
        group=("quantity", list(note["quantities"].values()))  # type: ignore[attr-defined]
    )
    attrs = {"ranks": plan.ranked + 1, "asked": plan.fits, "seed": plan.seed, "tune": plan.tune,
             "draws": plan.length.draws}  # fmt: skip
    failed = [{"fit": j.name, "reason": j.failure} for j in judged if j.failure is not None]
    return data.assign_attrs(attrs), failed


def fixed_quantities(values: Mapping[str, Any], run: Run) -> dict[str, str]:
    """Every quantity that is ranked -> answer, main or other."""
    asked = [a["name"] for a in run.evidence.analysis.get("answer", [])]

    def group(name: str) -> str:
        if name in asked:
            return ANSWER
        return MAIN_PARAMETER if name.split("[")[0] in MAIN else OTHER

    return {name: group(name) for name in values}


def summarise(data: xr.Dataset, failed: Sequence[Mapping[str, str]] = ()) -> dict[str, Any]:
    """What the ranks say, as plain data.

    Parameters
    ----------
    data : xarray.Dataset
        `rank` (fit, quantity) with coordinate `group`, as in `calibration.nc`.
    failed : sequence of mapping
        Fits that failed: name and reason.
    """
    answers = int(np.sum(data["group"].values == ANSWER))
    rows = [_row(data.sel(quantity=q), max(answers, 1)) for q in data["quantity"].values]
    named = [r for r in rows if r["group"] == ANSWER]
    outside = [r for r in rows if r["p"] is not None and r["p"] < SINGLE_ERROR]
    return {
        "asked": int(data.attrs["asked"]),
        "finished": data.sizes["fit"],
        "failed": list(failed),
        "seed": int(data.attrs["seed"]),
        "ranks": int(data.attrs["ranks"]),
        "tune": int(data.attrs["tune"]),
        "draws": int(data.attrs["draws"]),
        "seconds_per_fit": float(data["seconds"].mean()) if data.sizes["fit"] else None,
        "divergences": int(data["divergences"].sum()),
        "fits_with_divergences": int((data["divergences"] > 0).sum()),
        "answers_hold": bool(named) and all(r["holds"] for r in named),
        "expected_outside": SINGLE_ERROR * len(rows),
        "outside": [r["quantity"] for r in outside],
        "quantities": rows,
    }


def _row(data: xr.Dataset, answers: int) -> dict[str, Any]:
    """One quantity: uniformity of its ranks, coverage of its intervals, and what that means."""
    from metinfer.inference import calibrate_ranks as tool

    ranks = int(data.attrs.get("ranks", 100))
    found = data["rank"].values
    found = found[found >= 0]
    group = str(data["group"].values)
    row: dict[str, Any] = {
        "quantity": str(data["quantity"].values), "group": group, "fits": len(found),
        "unsolved": int(np.sum(data["rank"].values < 0)), "p": None, "holds": False,
        "coverage": [], "effective": None, "comment": "no fit",
    }  # fmt: skip
    if not len(found):
        return row
    tests = answers * (len(LEVELS) + 1)
    p = tool.uniformity(found, ranks)
    coverage = [_coverage(found, ranks, level, JOINT_ERROR / tests) for level in LEVELS]
    effective = data["effective"].values
    effective = effective[np.isfinite(effective)]
    holds = p > JOINT_ERROR / tests and all(c["low"] <= c["share"] <= c["high"] for c in coverage)
    return row | {
        "p": p, "holds": bool(holds), "coverage": coverage, "comment": comment(found, ranks, p),
        "effective": float(np.median(effective)) if len(effective) else None,
    }  # fmt: skip


def _coverage(found: np.ndarray, ranks: int, level: float, error: float) -> dict[str, float]:
    from metinfer.inference import calibrate_ranks as tool

    low, high = tool.coverage_limits(len(found), level, error)
    share = float(tool.covered(found, ranks, level).mean())
    return {"level": level, "share": share, "low": low, "high": high}


def comment(found: np.ndarray, ranks: int, p: float) -> str:
    """In which way ranks (fit,) are not uniform, if they are not."""
    if p >= SINGLE_ERROR:
        return ""
    u = (found + 0.5) / ranks
    root = np.sqrt(len(u))
    shift = (u.mean() - 0.5) * root * np.sqrt(12.0)
    width = (np.mean((u - 0.5) ** 2) - 1.0 / 12.0) * root * np.sqrt(180.0)
    if max(abs(shift), abs(width)) < 1.96:
        return "uneven without a shift or a wrong width: chance, or a local misfit"
    if abs(shift) >= abs(width):
        return f"posterior lies too {'low' if shift > 0 else 'high'} (z {shift:+.1f})"
    return f"intervals too {'narrow' if width > 0 else 'wide'} (z {width:+.1f})"
