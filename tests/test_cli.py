from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
import typer
from typer.testing import CliRunner

from metinfer import cli, runs, workflow
from metinfer.cli import shared
from metinfer.cli.interrupts import interruptible
from metinfer.errors import EvidenceError, NotTrustedError, RunError, UsageError
from metinfer.evidence import bundled_path
from metinfer.inference import attempts, reproduce
from metinfer.inference.recipe import MODEL
from metinfer.provenance import code_hash, versions
from metinfer.report import build

TINY = Path(__file__).parent / "data" / "tiny"
COMMANDS = (
    "demo", "check", "new", "fit", "prior", "diagnose", "predict", "report", "diff", "compare",
    "calibrate", "export",
)  # fmt: skip


def metinfer(*words, **environment) -> subprocess.CompletedProcess:
    """The program in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "metinfer.cli", *map(str, words)],
        capture_output=True,
        text=True,
        env={**os.environ, **environment},
        check=False,
    )


@pytest.fixture
def invoke():
    """Call a command within this process."""
    return lambda *words: CliRunner().invoke(cli.app, [str(word) for word in words])


@pytest.fixture
def template(tmp_path):
    done = metinfer("new", tmp_path / "mine")
    assert done.returncode == 0, done.stderr
    return tmp_path / "mine"


def test_help_names_every_command_and_exit_code(invoke):
    done = invoke("--help")
    assert done.exit_code == 0
    for word in (*COMMANDS, "130 interrupted"):
        assert word in done.output


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_teaches_by_example(invoke, command):
    done = invoke(command, "--help")
    assert done.exit_code == 0
    assert f"Example: metinfer {command}" in " ".join(done.output.split())


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_quiet_and_answers_programs_in_the_same_words(command):
    options = {p.name: p for p in typer.main.get_command(cli.app).commands[command].params}
    assert options["quiet"].opts == ["--quiet"]
    assert options["form"].opts == ["--format"]
    assert options["form"].help.startswith("text: for reading; json")
    assert options["form"].default == "text"


def test_quiet_commands_say_nothing(invoke, judged, tmp_path):
    judged(True)
    told = [invoke("new", tmp_path / "mine", "--quiet"), invoke("check", TINY, "--quiet"),
            invoke("diagnose", "run", "--quiet")]  # fmt: skip
    assert [(t.exit_code, t.output) for t in told] == [(0, "")] * 3
    (tmp_path / "mine" / "arms.csv").write_text("arm\n")
    assert "fault" in invoke("check", tmp_path / "mine", "--quiet").stdout


def test_a_template_for_programs_is_named_on_stdout(invoke, tmp_path):
    done = invoke("new", tmp_path / "mine", "--format", "json")
    assert json.loads(done.stdout) == {"folder": str(tmp_path / "mine")}
    assert done.stderr == ""


def test_check_of_clean_evidence(template):
    done = metinfer("check", template)
    assert (done.returncode, done.stderr) == (0, "")
    assert "clean" in done.stdout


def test_check_lists_all_faults_as_json_on_stdout(template):
    path = template / "measurements.csv"
    path.write_text(path.read_text().replace("fit", "fitt"))
    done = metinfer("check", template, "--format", "json")
    report = json.loads(done.stdout)
    assert done.returncode == 1
    assert not report["ok"]
    assert len(report["faults"]) > 1
    assert {"file", "line", "column", "value"} <= set(report["faults"][0])


def test_bundled_evidence_is_clean(invoke):
    assert invoke("check", bundled_path()).exit_code == 0


def test_a_fault_stops_a_fit_with_one_message(template, tmp_path):
    (template / "arms.csv").write_text("arm\n")
    done = metinfer("fit", template, "-o", tmp_path / "run")
    assert done.returncode == 1
    assert done.stderr.startswith("metinfer: The evidence has ")
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("place", ["first", "last"])
def test_debug_shows_where(tmp_path, place):
    words = ["predict", str(tmp_path)]
    words.insert(0 if place == "first" else 2, "--debug")
    done = metinfer(*words)
    assert "Traceback" in done.stderr
    assert "is not a run folder" in done.stderr


@pytest.mark.parametrize("command", ["diagnose", "predict", "report"])
def test_a_folder_that_is_no_run(tmp_path, command):
    done = metinfer(command, tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"metinfer: {tmp_path} is not a run folder (it has no run.toml)\n"


@pytest.mark.parametrize(
    "words",
    [
        ["fit", "data"],
        ["fit", "data", "-o", "run", "--draws", "many"],
        ["check", "data", "--format", "yaml"],
        ["nothing"],
        ["predict"],
    ],
)
def test_wrong_usage(invoke, words):
    assert invoke(*words).exit_code == 2


def test_a_dry_run_says_what_it_takes_and_creates_nothing(invoke, tmp_path):
    out = tmp_path / "run"
    done = invoke("fit", TINY, "-o", out, "--dry-run", "--draws", 100)
    assert done.exit_code == 0
    assert "6 rows and 3 intervals" in done.stdout
    assert "free parameters 49 (37 latent, 6 share_latent, 6 transfer_latent)" in done.stdout
    assert "4 chains of 100 draws after 1000 to adapt" in done.stdout
    done = invoke("fit", TINY, "-o", out, "--dry-run", "--quick", "--format", "json")
    plan = json.loads(done.stdout)
    assert plan["lanes"] == 3
    assert list(plan["subfits"]) == ["main", "no_mouse"]
    assert plan["seconds"] > 0
    assert plan["memory_mib"] > 500
    assert list(tmp_path.iterdir()) == []


def test_a_dry_run_refuses_what_a_fit_would(invoke, tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    done = invoke("fit", TINY, "-o", tmp_path, "--dry-run")
    assert isinstance(done.exception, UsageError)
    assert "never overwritten" in str(done.exception)
    assert isinstance(
        invoke("fit", TINY, "-o", tmp_path / "run", "--dry-run", "--draws", 1).exception, UsageError
    )


def test_a_fit_for_programs_prints_its_record(invoke, monkeypatch, template, tmp_path):
    seen = {}

    def fit(evidence, out, **given):
        seen.update(given)
        return SimpleNamespace(to_json=lambda: '{"status": "complete"}')

    monkeypatch.setattr("metinfer.inference.sample.fit", fit)
    done = invoke("fit", template, "-o", tmp_path / "run", "--format", "json", "--seed", 3)
    assert json.loads(done.stdout) == {"status": "complete"}
    assert done.stderr == ""
    assert (seen["progress"], seen["seed"]) == ("json", 3)
    done = invoke("fit", template, "-o", tmp_path / "run", "--quiet")
    assert (done.stdout, done.stderr) == ("", "")
    assert seen["progress"] == "none"


def test_an_interrupted_command_ends_with_130(monkeypatch, capsys):
    def interrupted(*args, **kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr(runs, "load_run", interrupted)
    monkeypatch.setattr(sys, "argv", ["metinfer", "report", "run"])
    with pytest.raises(SystemExit) as stop:
        cli.main()
    assert stop.value.code == 130
    told = capsys.readouterr().err
    assert "Traceback" not in told
    assert told.count("metinfer: interrupted") == 1


DROPPED = """
import os, signal, sys, time, weakref
from metinfer.cli import shared
from metinfer.cli.interrupts import interruptible

class Thing: pass

def unheard(reference):
    os.kill(os.getpid(), getattr(signal, sys.argv[1]))
    time.sleep(0.01)

try:
    with interruptible():
        thing = Thing()
        reference = weakref.ref(thing, unheard)
        del thing
        time.sleep(20)
except KeyboardInterrupt:
    print("heard")
"""


def test_an_interrupt_that_a_library_turned_into_an_error_is_one():
    """Compiled code says "returned a result with an exception set", with the interrupt behind."""
    with pytest.raises(KeyboardInterrupt), interruptible():
        raise SystemError("returned a result with an exception set") from KeyboardInterrupt()
    with pytest.raises(SystemError), interruptible():
        raise SystemError("of its own") from ValueError()


def test_signals_are_handled_as_before_once_a_command_has_ended():
    numbers = signal.SIGINT, signal.SIGTERM
    before = [signal.getsignal(n) for n in numbers]
    with interruptible():
        assert [signal.getsignal(n) for n in numbers] != before
    assert [signal.getsignal(n) for n in numbers] == before


HALF = """
import os, signal, sys, time
from metinfer.cli import shared
from metinfer.cli.interrupts import interruptible

class File:
    def __init__(self):
        os.kill(os.getpid(), getattr(signal, sys.argv[1]))
        time.sleep(20)
    def __del__(self):
        self.handle.close()

try:
    with interruptible():
        File()
except KeyboardInterrupt:
    print("heard")
"""


@pytest.mark.parametrize("kind", ["SIGINT", "SIGTERM"])
def test_what_an_interrupt_left_half_made_says_nothing(kind):
    done = subprocess.run(
        [sys.executable, "-c", HALF, kind], capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.stdout, done.stderr) == ("heard\n", "")


@pytest.mark.parametrize("kind", ["SIGINT", "SIGTERM"])
def test_an_interrupt_that_python_drops_comes_again(kind):
    words = [sys.executable, "-c", DROPPED, kind]
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=60)
    assert (done.stdout, done.stderr) == ("heard\n", "")


def test_results_of_tables_that_changed_since_are_marked(invoke, judged, monkeypatch):
    judged(True)
    monkeypatch.setattr(runs, "changed_since", lambda run: ["arms.csv"])
    assert "STALE: arms.csv" in invoke("diagnose", "run").stderr


def test_a_program_with_another_model_is_marked(invoke, judged, monkeypatch):
    judged(True)
    monkeypatch.setattr(reproduce, "agreement", lambda run: 0.1)
    assert (
        "STALE: this version of the program makes another model" in invoke("diagnose", "run").stderr
    )


def test_an_existing_folder_is_wrong_usage(template, tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "notes.txt").write_text("mine")
    done = metinfer("fit", template, "-o", tmp_path / "run")
    assert done.returncode == 2
    assert "--resume" not in done.stderr  # there is no fit to go on with
    assert "-o" in done.stderr
    assert (tmp_path / "run" / "notes.txt").read_text() == "mine"


def test_home_that_cannot_be_written(template):
    done = metinfer("check", template, HOME="/proc")
    assert done.returncode == 0


@pytest.mark.parametrize(
    ("error", "code", "words"),
    [
        (EvidenceError(["a.csv:3: bad"]), 1, "a.csv:3: bad"),
        (UsageError("taken"), 2, "taken"),
        (RunError("broken"), 1, "broken"),
        (NotTrustedError("R-hat failed"), 3, "R-hat failed"),
        (
            OSError(28, "No space left on device", "/full/run"),
            1,
            "No space left on device (/full/run)",
        ),
        (MemoryError(), 1, "not enough memory"),
        (ZeroDivisionError("by zero"), 1, "--debug shows where"),
    ],
)
def test_each_error_has_its_message_and_exit_code(error, code, words):
    message, found = cli.explain(error)
    assert found == code
    assert words in message


@pytest.mark.parametrize(
    ("files", "words"),
    [({}, "Nothing was finished yet"), ({"chains/main-0.nc": ""}, "Finished chains are kept")],
)
def test_interrupt_says_whether_chains_are_kept(
    invoke, monkeypatch, template, tmp_path, files, words
):
    def interrupted(evidence, out, **given):
        attempts.begin(evidence, out, MODEL, False, {}).update(files=files)
        raise KeyboardInterrupt

    monkeypatch.setattr("metinfer.inference.sample.fit", interrupted)
    done = invoke("fit", template, "-o", tmp_path / "run")
    assert done.exit_code == 130
    assert words in done.stderr
    assert "--resume" in done.stderr


@pytest.mark.parametrize("words", [["--draws", "1"], ["--variant", "none_such"]])
def test_a_fit_that_is_refused_announces_nothing(invoke, template, tmp_path, words):
    done = invoke("fit", template, "-o", tmp_path / "run", *words)
    assert isinstance(done.exception, UsageError)
    assert "compiled" not in done.stderr


def test_a_report_says_that_it_predicts_first(invoke, judged, monkeypatch):
    judged(True)
    monkeypatch.setattr(workflow, "lacks_predictions", lambda run: True)
    monkeypatch.setattr(reproduce, "is_same_model", lambda run: True)
    monkeypatch.setattr(build, "report", lambda run, out: "page.html")
    assert "predicting therapies (about a minute)" in invoke("report", "run").stderr
    assert invoke("report", "run", "--quiet").stderr == ""
    monkeypatch.setattr(workflow, "lacks_predictions", lambda run: False)
    assert "predicting" not in invoke("report", "run").stderr
    monkeypatch.setattr(build, "brief", lambda run, out: "brief.html")
    assert "The brief: brief.html" in invoke("report", "run", "--brief").stderr


@pytest.fixture
def judged(monkeypatch):
    """A run whose gates are given, without a fit."""

    def judge(passed: bool):
        gate = SimpleNamespace(name="R-hat", value=1.2, limit="<= 1.01", passed=passed, detail="mu")
        table = {"passed": passed, "gates": [{"name": "R-hat", "value": float("nan")}]}
        found = SimpleNamespace(gates=(gate,), passed=passed, to_dict=lambda: table)
        record = SimpleNamespace(source="", inputs={}, code=code_hash(), versions=versions())
        run = SimpleNamespace(record=record)
        monkeypatch.setattr(runs, "load_run", lambda path: run)
        monkeypatch.setattr(workflow, "diagnose", lambda run: found)

    return judge


def test_diagnose_exits_by_its_gates(invoke, judged):
    judged(True)
    assert invoke("diagnose", "run").exit_code == 0
    judged(False)
    done = invoke("diagnose", "run")
    assert isinstance(done.exception, NotTrustedError)
    assert "FAIL" in done.stderr
    assert done.stdout == ""


def test_gates_that_pass_are_said_with_the_next_step(invoke, judged):
    judged(True)
    told = " ".join(invoke("diagnose", "run").stderr.split())
    assert "all gates pass (1). Next: metinfer predict run, metinfer report run" in told
    judged(False)
    assert "all gates pass" not in invoke("diagnose", "run").stderr


def test_long_names_of_gates_are_not_cut(capsys):
    name = "n803_er_positive_n0_risk_ratio_of_the_tenth_year_and_more_that_tells_it_apart"
    gate = {"value": 1.2, "limit": "<= 1.01", "passed": True, "detail": "x" * 90}
    shared.show_gates([SimpleNamespace(name=name, **gate)])
    told = capsys.readouterr().err
    cells = [line.split("│")[1].strip() for line in told.splitlines() if "│" in line]
    assert "".join(cells) == name
    assert "…" not in told


@pytest.mark.parametrize("passed", [True, False])
def test_a_demo_ends_with_its_gates_and_its_report(invoke, judged, monkeypatch, passed):
    judged(passed)
    run, found = runs.load_run("run"), workflow.diagnose("run")
    run.record.quick = False
    monkeypatch.setattr("metinfer.inference.sample.fit", lambda *given, **options: run)
    monkeypatch.setattr("metinfer.inference.plan.refuse", lambda *given, **options: None)
    monkeypatch.setattr(workflow, "finish", lambda out: (run, found, out / "report.html"))
    done = invoke("demo", "-o", "run")
    first = "all gates pass (1)" if passed else "1 of 1 gates failed: R-hat"
    assert f"{first}. The answers in words: metinfer predict run" in done.stderr
    assert "The report: run/report.html" in done.stderr
    assert ("FAIL" in done.stderr) is not passed
    assert (done.exit_code == 0) is passed


@pytest.mark.parametrize("passed", [True, False])
def test_a_demo_for_programs_ends_with_one_object(invoke, judged, monkeypatch, passed):
    judged(passed)
    run, found = runs.load_run("run"), workflow.diagnose("run")
    run.record.quick, run.path = False, Path("run")
    seen = {}
    monkeypatch.setattr(
        "metinfer.inference.sample.fit", lambda *given, **options: seen.update(options) or run
    )
    monkeypatch.setattr("metinfer.inference.plan.refuse", lambda *given, **options: None)
    monkeypatch.setattr(workflow, "finish", lambda out: (run, found, out / "report.html"))
    done = invoke("demo", "-o", "run", "--format", "json")
    assert json.loads(done.stdout) == {
        "run": "run", "passed": passed, "failed": [] if passed else ["R-hat"],
        "report": "run/report.html", "quick": False,
    }  # fmt: skip
    assert seen["progress"] == "json"
    assert done.stderr == ""
    assert (done.exit_code == 0) is passed


def test_a_report_for_programs_is_named_on_stdout(invoke, judged, monkeypatch):
    judged(True)
    monkeypatch.setattr(workflow, "lacks_predictions", lambda run: True)
    monkeypatch.setattr(reproduce, "is_same_model", lambda run: True)
    monkeypatch.setattr(build, "report", lambda run, out: "page.html")
    done = invoke("report", "run", "--format", "json")
    assert json.loads(done.stdout) == {"report": "page.html"}
    assert done.stderr == ""


def test_gates_as_json_hold_no_nan(invoke, judged):
    judged(True)
    done = invoke("diagnose", "run", "--format", "json")
    assert json.loads(done.stdout)["gates"][0]["value"] is None
    assert done.stderr == ""


def test_a_template_is_made_only_in_a_new_place(template, invoke):
    assert isinstance(invoke("new", template).exception, UsageError)


def test_the_command_is_installed_under_its_name():
    program = Path(sys.executable).parent / "metinfer"
    if not program.exists():
        pytest.skip("metinfer runs from its source here")
    done = subprocess.run([program, "--help"], capture_output=True, text=True, check=False)
    assert done.returncode == 0
