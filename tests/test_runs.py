from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
from dataclasses import replace

import numpy as np
import pytest
import tomli_w
import xarray as xr

from metinfer import runs
from metinfer.errors import RunError, UsageError
from metinfer.inference.attempts import record_of
from metinfer.inference.settings import Settings
from metinfer.storage import write_text
from tests import toy


@pytest.fixture
def run(tmp_path, toy_evidence):
    """A run folder as it stands before the first chain."""
    path = tmp_path / "run"
    record = record_of(toy_evidence, path, toy.RECIPE, Settings(chains=2))
    return runs.create_run(path, toy_evidence, record)


@pytest.fixture
def complete(run):
    """The same run, with draws, as it stands at the end."""
    draws = xr.Dataset({"x": (("chain", "draw"), np.zeros((2, 4)))})
    run.write_groups(runs.POSTERIOR, {"posterior": draws, "posterior_no_mouse": draws + 1})
    run.update(status=runs.COMPLETE)
    return run


def test_a_new_run_holds_a_copy_of_what_it_was_given(run, toy_evidence):
    copy = run.path / "inputs" / "studies.csv"
    assert copy.read_bytes() == (toy_evidence.root / "studies.csv").read_bytes()
    table = tomllib.loads((run.path / "run.toml").read_text())
    assert table["inputs"] == {"studies.csv": toy_evidence.digest}
    assert table["status"] == "running"
    assert table["settings"]["seed"] == 1
    assert {"pymc", "nutpie", "python"} <= set(table["versions"])


def test_the_record_comes_back_as_it_was_written(run):
    assert runs.read_record(run.path) == run.record


def test_nothing_is_ever_overwritten(run, toy_evidence):
    before = (run.path / "run.toml").read_bytes()
    with pytest.raises(UsageError, match="--resume") as caught:
        runs.create_run(run.path, toy_evidence, run.record)
    assert caught.value.exit_code == 2
    assert "-o" in str(caught.value)
    assert (run.path / "run.toml").read_bytes() == before


def test_an_empty_folder_may_be_used_and_a_file_may_not(tmp_path, toy_evidence, run):
    (tmp_path / "empty").mkdir()
    assert runs.create_run(tmp_path / "empty", toy_evidence, run.record).path.is_dir()
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="never overwritten"):
        runs.create_run(tmp_path / "file", toy_evidence, run.record)


def test_a_place_that_cannot_be_written_is_named(tmp_path, toy_evidence, run):
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="cannot write in .*file"):
        runs.create_run(tmp_path / "file" / "run", toy_evidence, run.record)


def test_evidence_that_changed_since_it_was_read_leaves_no_run(tmp_path, toy_evidence, run):
    (toy_evidence.root / "studies.csv").write_text("study\nlater\n")
    with pytest.raises(RunError, match="changed while"):
        runs.create_run(tmp_path / "second", toy_evidence, run.record)
    assert {p.name for p in tmp_path.iterdir()} == {"evidence", "run"}


def test_a_file_name_cannot_leave_the_folder(tmp_path, toy_evidence, run):
    outside = replace(toy_evidence.files[0], name="../../escaped.csv")
    runs.create_run(tmp_path / "second", replace(toy_evidence, files=(outside,)), run.record)
    assert (tmp_path / "second" / "inputs" / "escaped.csv").is_file()
    assert not (tmp_path / "escaped.csv").exists()


def test_a_complete_run_is_loaded(complete):
    loaded = runs.load_run(complete.path)
    assert loaded.record == complete.record
    assert loaded.posterior.sizes == {"chain": 2, "draw": 4}
    assert set(loaded.subfits) == {"main", "no_mouse"}
    assert float(loaded.subfits["no_mouse"]["x"][0, 0]) == 1.0


def test_an_unfinished_run_says_how_to_go_on(run):
    with pytest.raises(RunError, match=r"interrupted, with 0 of 4 chains.*--resume"):
        runs.load_run(run.path)


def test_a_run_at_work_is_not_taken_for_interrupted(run):
    code = (
        "import sys; from filelock import FileLock; lock = FileLock(sys.argv[1]); lock.acquire();"
        "print('held', flush=True); sys.stdin.read()"
    )
    words = [sys.executable, "-c", code, str(run.path / ".lock")]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout.readline() == b"held\n"
        assert runs.open_run(run.path).record.status == "running"
        with pytest.raises(UsageError, match="in use by another"), run.locked():
            pytest.fail("two processes hold one run")
        holder.stdin.close()
    assert runs.open_run(run.path).record.status == "interrupted"


@pytest.mark.parametrize("name", ["studies.csv", "added.csv"])
def test_changed_inputs_are_refused(complete, name):
    (complete.path / "inputs" / name).write_text("study\nother\n")
    with pytest.raises(RunError, match=rf"inputs of .* changed .*{name}"):
        runs.load_run(complete.path)


def test_a_removed_input_is_refused(complete):
    (complete.path / "inputs" / "studies.csv").unlink()
    with pytest.raises(RunError, match=r"studies\.csv"):
        runs.load_run(complete.path)


def test_a_damaged_posterior_is_refused(complete):
    path = complete.path / runs.POSTERIOR
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(RunError, match="hash differs"):
        runs.load_run(complete.path)


def test_a_missing_posterior_is_refused(complete):
    (complete.path / runs.POSTERIOR).unlink()
    with pytest.raises(RunError, match=r"has no posterior\.nc"):
        runs.load_run(complete.path)


def test_a_folder_that_is_no_run_is_refused(tmp_path):
    with pytest.raises(RunError, match="is not a run folder"):
        runs.load_run(tmp_path)
    with pytest.raises(RunError, match="nowhere is not there"):
        runs.load_run(tmp_path / "nowhere")
    (tmp_path / "note.txt").write_text("mine")
    with pytest.raises(RunError, match=r"note\.txt is not a run folder"):
        runs.load_run(tmp_path / "note.txt")


def test_what_lies_in_the_place_of_a_run_is_named(run, toy_evidence):
    with pytest.raises(RunError, match=f"is not a run folder .*; runs in it: {run.path}$"):
        runs.load_run(run.path.parent)
    with pytest.raises(RunError, match=f"fit it first: metinfer fit {toy_evidence.root} -o RUN"):
        runs.load_run(toy_evidence.root)


def test_a_complete_run_is_shown_and_not_gone_on_with(complete, toy_evidence):
    with pytest.raises(UsageError, match=f"metinfer report {complete.path}, or choose") as caught:
        runs.create_run(complete.path, toy_evidence, complete.record)
    assert "--resume" not in str(caught.value)


def test_a_folder_stands_for_its_run(complete):
    assert runs.as_run(complete) is complete
    assert runs.as_run(complete.path).path == complete.path
    assert runs.as_run(str(complete.path)).record == complete.record


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("schema = 1", "schema = 0", "layout 0"),
        ("schema = 1", "", "layout None"),
        ("command = ", "comand = ", "damaged"),
        ("command = ", "command = = ", "damaged"),
    ],
)
def test_a_record_that_cannot_be_used_says_why(complete, old, new, words):
    path = complete.path / "run.toml"
    write_text(path, path.read_text().replace(old, new))
    with pytest.raises(RunError, match=words):
        runs.load_run(complete.path)


def test_results_of_two_commands_do_not_lose_each_other(complete):
    other = runs.load_run(complete.path)
    complete.write_text("diagnostics.json", "{}")
    other.write_text("checks.json", "{}")
    files = runs.read_record(complete.path).files
    assert {"diagnostics.json", "checks.json", runs.POSTERIOR} <= set(files)


def test_a_job_is_held_and_other_results_leave_it_alone(complete):
    other = runs.open_run(complete.path)
    with complete.at_work("comparison") as folder:
        half = folder / "variant" / ".unfinished-1.nc"
        half.parent.mkdir()
        half.touch()
        other.write_text("diagnostics.json", "{}")  # the run itself is free
        assert half.exists()
        code = (
            "import sys; from pathlib import Path; from metinfer.runs import open_run\n"
            "with open_run(Path(sys.argv[1])).at_work(sys.argv[2]): pass"
        )
        words = [sys.executable, "-c", code, str(complete.path)]
        held = subprocess.run([*words, "comparison"], capture_output=True, text=True, check=False)
        assert "comparison is in use by another metinfer process" in held.stderr
        free = subprocess.run([*words, "calibration"], capture_output=True, text=True, check=False)
        assert free.returncode == 0
        assert half.exists()
    with complete.at_work("comparison"):
        assert not half.exists()


def test_a_result_sweeps_up_after_a_killed_one(complete):
    left = complete.path / ".unfinished-x.nc"
    left.write_text("")
    complete.write_text("diagnostics.json", "{}")
    assert not left.exists()


def test_runs_whose_making_was_killed_are_swept_up(tmp_path, toy_evidence, run):
    old, young, other = (tmp_path / f".{n}.new" for n in ("two-a", "two-b", "three-a"))
    for folder in (old, young, other):
        folder.mkdir()
    for folder in (old, other):
        os.utime(folder, (0, 0))
    runs.create_run(tmp_path / "two", toy_evidence, run.record)
    assert [old.exists(), young.exists(), other.exists()] == [False, True, True]


def test_a_second_process_that_was_faster_is_not_overwritten(tmp_path, toy_evidence, run):
    aside = tmp_path / "aside"
    aside.mkdir()
    with pytest.raises(UsageError, match="never overwritten"):
        runs._put(aside, run.path)


def test_tables_that_changed_since_the_fit_are_named(complete, toy_evidence):
    assert complete.record.source == str(toy_evidence.root)
    assert runs.changed_since(complete) == []
    (toy_evidence.root / "studies.csv").write_text("study\nlater\n")
    assert runs.changed_since(complete) == ["studies.csv"]
    (toy_evidence.root / "studies.csv").unlink()
    assert runs.changed_since(complete) == []


def test_a_run_tells_a_program_what_it_is(complete):
    told = json.loads(complete.to_json())
    assert told["run"] == str(complete.path)
    assert told["status"] == "complete"
    assert told["seeds"] == complete.record.seeds


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("seeds", {"../../escaped": [1]}),
        ("seeds", {"main": ["1"]}),
        ("files", {"../x": "0"}),
        ("files", {"/etc/passwd": "0"}),
        ("status", "done"),
        ("settings", [1]),
        ("command", 7),
        ("machine", "x"),
    ],
)
def test_a_record_that_leads_elsewhere_is_refused(complete, key, value):
    table = tomllib.loads((complete.path / "run.toml").read_text()) | {key: value}
    write_text(complete.path / "run.toml", tomli_w.dumps(table))
    with pytest.raises(RunError, match="damaged"):
        runs.load_run(complete.path)


@pytest.mark.parametrize(
    "text", ["a = " + "[" * 100_000, "a = " + "9" * 9999, "#" * 3_000_000, "a." * 99_999 + "a = 1"]
)
def test_a_record_that_is_a_bomb_is_refused(complete, text):
    (complete.path / "run.toml").write_text(text)
    with pytest.raises(RunError, match="damaged"):
        runs.load_run(complete.path)


def test_results_are_hashed_and_verified(complete):
    complete.write_text("diagnostics.json", "{}")
    assert complete.holds("diagnostics.json")
    assert "diagnostics.json" in runs.read_record(complete.path).files
    (complete.path / "diagnostics.json").write_text("[]")
    assert not complete.holds("diagnostics.json")
    with pytest.raises(RunError, match="hash differs"):
        complete.verify("diagnostics.json")


def test_a_group_that_is_not_there_is_named(complete):
    with pytest.raises(RunError, match="has no prior: it holds posterior, posterior_no_mouse"):
        complete.prior  # noqa: B018
