"""Expected variance of the next experiment against refits to simulated results of it.

Run: python benchmarks/experiment.py [--quick]. An experiment that nobody did (mice with and
without NK cells) is added to the bundled evidence as two rows. One model is compiled; a fit
that gives these rows no weight is the knowledge of today. Results are simulated from it, each
is fitted anew, and the variance of a named answer after these refits is set beside what
`metinfer.therapy.experiment` expects from re-weighted draws alone. Prints one JSON list of
name, value, unit, target and ok.
"""

from __future__ import annotations

import csv
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from metinfer.evidence import read_evidence
from metinfer.inference.chains import Length
from metinfer.inference.density import TRANSLATION_SD, Joint
from metinfer.inference.refits import Failure, Refit, Source, refit_all
from metinfer.inference.solving import thin
from metinfer.inference.worlds import Simulator
from metinfer.therapy.answers import named_answers
from metinfer.therapy.draws import NamedDraws
from metinfer.therapy.experiment import Experiment, weights
from metinfer.therapy.populations import read_populations
from metinfer.therapy.regimen import read_therapies

DATA = Path(__file__).parents[1] / "data"
#: Arm that the new ones are copies of, and by which column the treated one differs.
LIKE, COLUMN = "pulaski_wt_liver", "nk_depletion"
ANSWER = "n803_er_positive_n0_ratio"
#: Answer that the experiment measures itself: it must narrow much.
RISE = "rise of metastasis without NK cells"
PER_ARM, SETS, CHAINS, BASE = 40, 5, 2, 4
#: Largest allowed difference, as a share of the refits' variance.
TARGET = 0.2


def extended(folder: Path) -> list[str]:
    """Copy the bundled evidence and add two arms with a row each; return the rows' names."""
    shutil.copytree(DATA, folder)
    names = []
    for depleted in (0.0, 1.0):
        name = f"next_{'depleted' if depleted else 'control'}"
        _append(folder / "arms.csv", "arm", LIKE, {
            "arm": name, "cohort": name, COLUMN: str(depleted)})  # fmt: skip
        _append(folder / "measurements.csv", "row", "pulaski-liver-wt", {
            "row": name, "arm": name, "cohort": name, "value": "0.5", "n": str(PER_ARM),
            "events": str(PER_ARM // 2)})  # fmt: skip
        names.append(name)
    return names


def _append(path: Path, key: str, like: str, changes: dict[str, str]) -> None:
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        columns, rows = list(reader.fieldnames or ()), list(reader)
    base = next(row for row in rows if row[key] == like)
    with path.open("a", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, lineterminator="\n")
        writer.writerow(base | {k: v for k, v in changes.items() if k in columns})


def answers(found: Sequence[Any], joint: Joint, evidence: Any) -> np.ndarray:
    """The named answer of every draw of some fits (draw,)."""
    parts = [joint.parameters(thin(f, len(f["draw"])), TRANSLATION_SD) for f in found]
    params = {k: np.concatenate([np.asarray(p[k]) for p in parts]) for k in parts[0]}
    asked = [a for a in evidence.analysis["answer"] if a["name"] == ANSWER]
    draws = NamedDraws(params, joint.design.coordinates)
    # one set of drug levels: no experiment in mice without a drug could teach them
    cures = replace(read_therapies(DATA / "therapies.toml"), variants=1)
    told = named_answers(draws, asked, cures, read_populations(DATA / "populations.toml"))
    return told[ANSWER]


def predicted(found: Sequence[Any], joint: Joint, rows: Sequence[str]) -> np.ndarray:
    """Share with metastasis in the new arms under every draw (draw, arm)."""
    simulator = Simulator(joint)
    term, places = _term(simulator, joint, rows)
    made = []
    for one in found:
        draws = thin(one, one.sizes["chain"] * one.sizes["draw"])
        states = simulator.solve(draws)
        made += [
            simulator.predict([d[i] for d in draws], states[i])[term.name]["value"][places]
            for i in range(len(states))
        ]
    return np.array(made)


def _term(simulator: Simulator, joint: Joint, rows: Sequence[str]) -> tuple[Any, list[int]]:
    """The family that scores the new rows, and their places in it."""
    index = {r.row: i for i, r in enumerate(joint.design.rows)}
    wanted = [index[r] for r in rows]
    for term in simulator.terms:
        own = list(term.family.rows) if hasattr(term.family.rows, "__len__") else []
        if term.name.startswith("rows_") and all(w in own for w in wanted):
            return term, [own.index(w) for w in wanted]
    raise RuntimeError("the new rows are scored by no family")


def tables(seen: np.ndarray, joint: Joint, rows: Sequence[str]) -> dict[str, np.ndarray]:
    """Data of the model in which the new rows say `seen` (arm,), shares."""
    term, places = _term(Simulator(joint), joint, rows)
    statistic, data = term.family.statistic, term.family.data
    replicate = {k: np.array(v, dtype=float) for k, v in statistic.published(data).items()}
    key = next(iter(replicate))
    replicate[key][places] = np.round(seen * PER_ARM)
    return {term.observed[k]: v for k, v in statistic.observe(data, replicate).items()}


def compare(folder: Path, quick: bool) -> list[dict[str, object]]:
    """Expected and refitted variances."""
    rows = extended(folder / "data")
    evidence = read_evidence(folder / "data")
    joint = Joint.of(evidence)
    sets, chains, base = (2, 1, 2) if quick else (SETS, CHAINS, BASE)
    length = Length(100, 150) if quick else Length(400, 300)
    weight = np.array([0.0 if r.row in rows else 1.0 for r in joint.design.rows])
    cores = len(os.sched_getaffinity(0))

    def fitted(refits: list[Refit]) -> dict[str, Any]:
        made = refit_all(Source(evidence), refits, length, folder / "fits", cores=cores)
        return {r.name: found for r, found in made if not isinstance(found, Failure)}

    today = list(
        fitted([Refit(f"today/{k}", {"row_weight": weight}, k) for k in range(base)]).values()
    )
    told = predicted(today, joint, rows)
    experiment = Experiment("mice with and without NK cells", told, PER_ARM)
    now = {ANSWER: answers(today, joint, evidence), RISE: told[:, 1] - told[:, 0]}
    rng = np.random.default_rng(4)
    which = rng.integers(len(told), size=sets)
    seen = experiment.draw(which, rng)
    likely = weights(experiment.log_likelihoods(seen), which)
    refits = [
        Refit(f"after/{s}/{k}", tables(seen[s], joint, rows), 100 + 10 * s + k)
        for s in range(sets)
        for k in range(chains)
    ]
    after = fitted(refits)
    refitted: dict[str, list[float]] = {name: [] for name in now}
    for s in range(sets):
        mine = [after[f"after/{s}/{k}"] for k in range(chains) if f"after/{s}/{k}" in after]
        share = predicted(mine, joint, rows)
        refitted[ANSWER].append(float(np.var(answers(mine, joint, evidence))))
        refitted[RISE].append(float(np.var(share[:, 1] - share[:, 0])))
    made = []
    for name, value in now.items():
        expected = np.array([w @ (value - w @ value) ** 2 for w in likely])
        made += _compared(name, float(value.var()), expected, np.array(refitted[name]))
    sizes = (1.0 / np.sum(likely**2, axis=1)).tolist()
    print(json.dumps({"seen": seen.tolist(), "effective_draws": sizes}), file=sys.stderr)
    return made


def _compared(
    name: str, now: float, expected: np.ndarray, refitted: np.ndarray
) -> list[dict[str, object]]:
    """Entries of one answer: its variance now, expected and refitted per data set."""
    print(json.dumps({name: {"now": now, "expected": expected.tolist(),
                             "refitted": refitted.tolist()}}), file=sys.stderr)  # fmt: skip
    gap = abs(expected.mean() / refitted.mean() - 1.0)
    each = np.abs(expected / refitted - 1.0)
    sets = len(refitted)
    return [
        _entry(f"{name}: expected variance against {sets} refits, mean", gap, TARGET),
        _entry(f"{name}: largest gap of one data set", float(each.max()), None),
        _entry(f"{name}: variance that the experiment removes",
               float(1.0 - refitted.mean() / now), None),
    ]  # fmt: skip


def _entry(name: str, value: float, target: float | None) -> dict[str, object]:
    shown = float(f"{value:.3g}")
    return {"name": name, "value": shown, "unit": "share", "target": target,
            "ok": bool(target is None or value <= target)}  # fmt: skip


def main() -> None:
    """Print all results."""
    with tempfile.TemporaryDirectory() as folder:
        print(json.dumps(compare(Path(folder), "--quick" in sys.argv), indent=1))


if __name__ == "__main__":
    main()
