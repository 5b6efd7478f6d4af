"""The PEtab problem: valid, and the same likelihood for the rows that it expresses."""

from __future__ import annotations

import csv
import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from metinfer import cli
from metinfer.errors import UsageError
from metinfer.evidence import read_evidence

pytest.importorskip("libsbml")

from metinfer.export import folder, rows
from metinfer.export.model import arm_parts
from metinfer.inference.density import Joint

TINY = Path(__file__).parents[1] / "data" / "tiny"
#: Rows that PEtab can express, and some that it cannot, in the columns that they need.
MORE = (
    {"row": "alive", "arm": "il15", "observable": "metastasis_probability", "time": "9",
     "time_unit": "week", "statistic": "survival", "value": "0.4", "spread": "ci95",
     "low": "0.2", "high": "0.6", "unit": "1"},
    {"row": "one", "arm": "nk_depleted", "reference_arm": "control", "time": "6",
     "observable": "neutrophil_fold", "time_unit": "day", "statistic": "individual",
     "value": "1.3", "unit": "1"},
    {"row": "ratio", "arm": "il15", "reference_arm": "followed", "observable": "ifng_fold",
     "time": "12", "time_unit": "day", "statistic": "ratio", "value": "1.9", "spread": "ci95",
     "low": "1.1", "high": "3.1", "unit": "1"},
    {"row": "from-depleted", "arm": "il15", "reference_arm": "nk_depleted", "unit": "1",
     "observable": "cxcl12_fold", "time": "12", "time_unit": "day", "statistic": "ratio",
     "value": "1.9", "spread": "ci95", "low": "1.1", "high": "3.1"},
    {"row": "middle", "arm": "il15", "reference_arm": "control", "observable": "stellate_fold",
     "time": "12", "time_unit": "day", "statistic": "median", "value": "1.2", "spread": "iqr",
     "low": "0.9", "high": "1.5", "n": "9", "unit": "1"},
)  # fmt: skip


@pytest.fixture(scope="module")
def evidence(tmp_path_factory):
    """The tiny folder with more kinds of rows."""
    root = tmp_path_factory.mktemp("evidence") / "more"
    shutil.copytree(TINY, root)
    table = root / "measurements.csv"
    with table.open(newline="") as file:
        reader = csv.DictReader(file)
        columns, given = list(reader.fieldnames or ()), list(reader)
    common = {"study": "madeup2024", "endpoint": "made up", "matrix": "liver", "role": "fit",
              "source_url": "https://example.org/madeup", "confidence": "high",
              "locator": "Table 2"}  # fmt: skip
    with table.open("w", newline="") as file:
        writer = csv.DictWriter(file, columns, restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows([*given, *({**common, "cohort": r["row"], **r} for r in MORE)])
    return read_evidence(root)


@pytest.fixture(scope="module")
def exported(evidence, tmp_path_factory):
    out = tmp_path_factory.mktemp("exported") / "out"
    return folder.export(evidence, out)


def test_rows_are_sorted_into_expressed_and_refused_each_with_its_reason(exported):
    assert {r.row for r in exported.expressed} == {"il15-nk", "alive", "one", "ratio"}
    reasons = {r.row: r.reason for r in exported.refused}
    assert reasons["control-share"] == rows.BINOMIAL
    assert reasons["control-count"] == rows.NEGATIVE_BINOMIAL
    assert reasons["from-depleted"] == rows.TWO_ARMS
    assert reasons["middle"] == rows.ORDER
    assert sum(r.table == "intervals" for r in exported.refused) == 3
    assert {u.label for u in exported.priors} >= {"number_share", "awakening_floor"}


def test_every_row_and_interval_is_listed_once(exported, evidence):
    names = [name for name, table, *_ in folder.listed(exported) if table != "parameters"]
    assert len(names) == len(set(names)) == 11 + 3
    with (exported.path / folder.ROWS).open() as file:
        assert len(list(csv.DictReader(file))) == len(folder.listed(exported))


def test_the_problem_passes_petablint(exported):
    v1 = pytest.importorskip("petab.v1")
    problem = v1.Problem.from_yaml(exported.path / "problem.yaml")
    assert not v1.lint_problem(problem)
    assert problem.measurement_df.shape[0] == 4
    broken = exported.path / "problem.yaml"
    problem = v1.Problem.from_yaml(broken)
    problem.parameter_df = problem.parameter_df.drop(index="group_spread")
    assert v1.lint_problem(problem)


def test_petab_likelihood_is_that_of_the_model_up_to_a_constant(exported, evidence):
    v1, _ = pytest.importorskip("petab.v1"), pytest.importorskip("roadrunner")
    from benchmarks import export_accuracy as bench
    from tests.export import likelihood

    joint = Joint.of(evidence)
    problem = v1.Problem.from_yaml(exported.path / "problem.yaml")
    draws = bench.prior_draws(joint, 3, np.random.default_rng(8))
    names = [r.row for r in exported.expressed]
    ours = likelihood.of_model(joint, draws, names)
    theirs = likelihood.of_petab(v1, problem, exported, joint, draws)
    gap = ours - theirs
    assert np.ptp(ours, axis=0).min() > 0.1
    np.testing.assert_allclose(gap - gap[0], 0.0, atol=2e-4)


def test_a_mixture_and_an_arm_without_a_tumour(evidence):
    joint = Joint.of(evidence)
    arm = joint.design.arms["il15"]
    mixed = replace(arm, context="mouse_tiny:0.5;mouse_tiny:0.5")
    joint.design.arms["il15"] = mixed
    try:
        _, refused = rows.express(joint, arm_parts(evidence, joint))
    finally:
        joint.design.arms["il15"] = arm
    assert {r.reason for r in refused if r.row in ("alive", "il15-nk")} == {rows.MIXTURE}


def test_the_command_writes_a_new_folder_and_says_what_is_missing(tmp_path):
    out = tmp_path / "deep" / "out"
    done = CliRunner().invoke(cli.app, ["export", str(TINY), "-o", str(out)])
    assert done.exit_code == 0, done.output
    assert "PEtab expresses 1 rows" in done.output
    assert rows.BINOMIAL in done.output
    assert sorted(p.name for p in out.iterdir()) == sorted(
        [folder.README, folder.ROWS, folder.MODEL, folder.CONDITIONS, folder.PARAMETERS,
         folder.OBSERVABLES, folder.MEASUREMENTS, folder.PROBLEM]
    )  # fmt: skip
    again = tmp_path / "again"
    words = ["export", str(TINY), "-o", str(again), "--format", "json"]
    listed = json.loads(CliRunner().invoke(cli.app, words).stdout)
    assert {"control-share", "il15-nk"} <= {row["name"] for row in listed}


def test_an_existing_folder_is_left_alone(tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "note.txt").write_text("keep")
    with pytest.raises(UsageError, match="there already"):
        folder.export(read_evidence(TINY), tmp_path / "mine")
    assert [p.name for p in (tmp_path / "mine").iterdir()] == ["note.txt"]


def test_a_failed_write_leaves_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(folder, "condition_table", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        folder.export(read_evidence(TINY), tmp_path / "out")
    monkeypatch.undo()
    monkeypatch.setattr(Path, "rename", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        folder.export(read_evidence(TINY), tmp_path / "out")
    assert list(tmp_path.iterdir()) == []
