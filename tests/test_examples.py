"""The example script runs, and the made-up experiment is what its own script makes."""

from __future__ import annotations

import csv
import json
import runpy
import subprocess
import sys
from pathlib import Path

import metinfer as mi
from metinfer.evidence import bundled_path

ROOT = Path(__file__).parents[1]
PERTURBED = ROOT / "examples" / "perturbed_dormancy"


def test_the_whole_workflow_on_a_small_folder(tmp_path: Path) -> None:
    words = ["examples/workflow.py", "tests/data/tiny", "--quick", "--out", str(tmp_path / "run")]
    done = subprocess.run(
        [sys.executable, *words], cwd=ROOT, capture_output=True, text=True, timeout=900, check=False
    )
    assert done.returncode == 3, done.stderr  # so few draws never pass the gates
    assert "FAIL  bulk ESS" in done.stdout
    assert "assumed, not learnt" in done.stdout
    assert (tmp_path / "run" / "report.html").is_file()


def test_the_made_up_tables_are_those_of_seed_one_and_of_the_stated_truth() -> None:
    made = runpy.run_path(str(PERTURBED / "simulate.py"))
    truth = json.loads((PERTURBED / "truth.json").read_text())
    rows = made["simulate"](truth, 1)
    with (PERTURBED / "measurements.csv").open(newline="") as file:
        kept = [{k: v for k, v in row.items() if v} for row in csv.DictReader(file)]
    assert rows == kept
    assert all("made up" in row["note"] for row in rows)
    others = made["simulate"](truth, 2)
    assert [r.get("events") for r in others] != [r.get("events") for r in rows]


def test_the_made_up_experiment_fits_beside_the_bundled_evidence(tmp_path: Path) -> None:
    both = mi.combine([bundled_path(), PERTURBED], tmp_path / "both")
    assert sum(m.study == "perturbed" for m in both.fit_rows()) == 6
    answers = {a["name"] for a in both.analysis["answer"]}
    assert answers == set(json.loads((PERTURBED / "answers.json").read_text()))
    for answer in both.analysis["answer"]:
        assert answer["population"] in both.populations["populations"]
        assert answer["therapy"] in both.therapies["therapies"]
