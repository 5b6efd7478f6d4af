"""Small versions of what `python -m benchmarks.reliability` tries; its table is in the docs."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from benchmarks import reliability
from benchmarks.faults import hostile, tables
from benchmarks.faults.ledger import Ledger, Trial, require
from metinfer import runs
from metinfer.inference.attempts import record_of
from metinfer.inference.settings import Settings
from tests import toy

ROOT = Path(__file__).parents[1]


@pytest.fixture
def finished(tmp_path, toy_evidence):
    """A complete run whose posterior is made up."""
    path = tmp_path / "finished"
    record = record_of(toy_evidence, path, toy.RECIPE, Settings(chains=1))
    run = runs.create_run(path, toy_evidence, record)
    draws = xr.Dataset({"x": (("chain", "draw"), np.zeros((1, 4)))})
    run.write_groups("chains/main/0.nc", {"posterior": draws})
    run.write_groups(runs.POSTERIOR, {"posterior": draws})
    run.update(status=runs.COMPLETE)
    return path


def failures(ledger: Ledger) -> list[Trial]:
    return [trial for trial in ledger if not trial.ok]


def test_tables_as_they_come(tmp_path):
    ledger = Ledger(None)
    tables.try_all(reliability.TINY, tmp_path, ledger, cuts=8, rows=3000)
    assert failures(ledger) == []
    assert len(list(ledger)) == len(tables.DAMAGES) + 9


@pytest.mark.parametrize("name", hostile.NAMES)
def test_names_lead_nowhere(tmp_path, name):
    ledger = Ledger(None)
    (tmp_path / "work").mkdir()
    ledger.attempt("", "", "", lambda: hostile._name(reliability.TINY, tmp_path / "work", name))
    assert failures(ledger) == []


@pytest.mark.parametrize("bomb", [b for b in hostile.BOMBS if "20 MB" not in b])
def test_bombs_are_refused(tmp_path, bomb):
    assert hostile._bomb(reliability.TINY, tmp_path, hostile.BOMBS[bomb]).startswith("refused")
    assert hostile._bomb_record(tmp_path, hostile.BOMBS[bomb]).startswith("refused")


@pytest.mark.parametrize("name", ["posterior.nc", "chains/main/0.nc"])
def test_no_pickle_of_a_run_folder_is_executed(tmp_path, finished, name):
    (tmp_path / "work").mkdir()
    assert "damaged" in hostile._pickled(finished, tmp_path / "work", name)


def test_the_payload_would_do_harm(tmp_path):
    import pickle

    pickle.loads(pickle.dumps(hostile.Payload(tmp_path / "harm")))
    assert (tmp_path / "harm").exists()


@pytest.mark.parametrize(("key", "value"), hostile.RECORDS)
def test_a_run_that_names_other_places_is_refused(tmp_path, finished, key, value):
    (tmp_path / "work").mkdir()
    assert hostile._record(finished, tmp_path / "work", key, value).startswith("refused")


def test_linked_inputs_are_refused(tmp_path, finished):
    run = runs.load_run(finished)
    (run.path / "inputs" / "studies.csv").unlink()
    (run.path / "inputs" / "studies.csv").symlink_to("/etc/hostname")
    with pytest.raises(runs.RunError, match=r"studies\.csv"):
        runs.load_run(finished)


WRITER = """
import sys
import numpy as np, xarray as xr
from metinfer.runs import load_run
run = load_run(sys.argv[1])
print("ready", flush=True)
for k in range(10**6):
    data = xr.Dataset({"x": ("t", np.full(20_000, float(k)))})
    run.write_groups("predictions.nc", {"/": data})
    run.write_text("diagnostics.json", '{"k": [' + "1, " * 20_000 + "1]}")
"""


@pytest.mark.parametrize("kind", [signal.SIGKILL, signal.SIGTERM])
def test_results_are_whole_wherever_their_writer_is_killed(finished, kind):
    rng = random.Random(int(kind))
    for _ in range(2):
        words = [sys.executable, "-c", WRITER, str(finished)]
        environment = {**os.environ, "PYTHONPATH": f"{ROOT / 'src'}"}
        with subprocess.Popen(words, stdout=subprocess.PIPE, env=environment) as writer:
            assert writer.stdout.readline() == b"ready\n"
            time.sleep(rng.uniform(0.1, 0.3))
            writer.send_signal(kind)
        run = runs.load_run(finished)
        if (finished / "diagnostics.json").exists():
            assert len(json.loads((finished / "diagnostics.json").read_text())["k"]) == 20_001
        if run.holds("predictions.nc"):
            values = run.read_result("predictions.nc")["/"]["x"].values
            assert (values == values[0]).all()
    run.write_text("checks.json", "{}")
    assert not [p for p in finished.rglob("*") if ".unfinished-" in p.name]


def test_a_campaign_goes_on_where_it_was(tmp_path):
    ledger = Ledger(tmp_path / "trials.jsonl")
    ledger.attempt("g", "fault", "e", lambda: "fine")
    ledger.attempt("g", "fault", "e", lambda: require(False, "harm") or "", 1)
    ledger.attempt("g", "fault", "e", lambda: str(1 / 0), 2)
    again = Ledger(tmp_path / "trials.jsonl")
    again.attempt("g", "fault", "e", lambda: pytest.fail("tried twice"), 1)
    (row,) = reliability.counted(again)
    assert (row["tried"], row["ok"]) == (3, 1)
    assert row["found"] == "crash: ZeroDivisionError: division by zero"


def test_the_page_holds_the_table_that_was_counted():
    rows = json.loads(reliability.RESULTS.read_text())["rows"]
    page = reliability.PAGE.read_text()
    assert rows
    for row in rows:
        assert f"| {row['fault']} | {row['tried']} | {row['ok']} |" in page
        assert row["ok"] == row["tried"], row
