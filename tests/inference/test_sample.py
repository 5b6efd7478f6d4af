from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from metinfer.errors import MetinferError, RunError, UsageError
from metinfer.evidence import bundled_path
from metinfer.inference import attempts, chains, recipe, reproduce, sample, settings
from metinfer.inference.chains import Length, Task
from metinfer.runs import load_run, open_run
from metinfer.storage import digest, read_groups, write_groups
from tests import toy

ROOT = Path(__file__).parents[2]
LENGTHS = {"main": Length(10, 5)}


@pytest.fixture(scope="module")
def compiled():
    """The toy model, compiled once for all tests of this module."""
    model = toy.build(None)
    return sample._compile(model, toy.subfits(None, model))


@pytest.fixture(autouse=True)
def compile_once(monkeypatch, compiled):
    monkeypatch.setattr(sample, "_compile", lambda model, subfits: compiled)


@pytest.fixture(scope="module")
def whole(compiled, tmp_path_factory):
    """A run that nothing interrupted."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sample, "_compile", lambda model, subfits: compiled)
        return toy.run(tmp_path_factory.mktemp("whole"))


def assert_same_draws(run, other):
    assert set(run.groups) == set(other.groups)
    for name, group in run.groups.items():
        xr.testing.assert_identical(group.drop_encoding(), other.groups[name].drop_encoding())


def start(folder: Path) -> subprocess.Popen:
    """A fit in a process of its own, with one core, once its first chain is on the disk."""
    code = (
        "import sys, os, pathlib; os.sched_setaffinity(0, {min(os.sched_getaffinity(0))});"
        "from tests import toy; toy.run(pathlib.Path(sys.argv[1]))"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code, str(folder)],
        cwd=ROOT,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": f"{ROOT / 'src'}"},
    )
    for _ in range(4000):
        if (folder / "run" / "chains" / "main" / "0.nc").exists() or process.poll() is not None:
            return process
        time.sleep(0.02)
    return process


def test_a_whole_run_holds_every_group(whole):
    names = {"posterior", "sample_stats", "posterior_no_mouse", "sample_stats_no_mouse", "prior"}
    assert set(whole.groups) == names
    assert whole.posterior.sizes == {"chain": 2, "draw": 4000, "item": 3}
    assert list(whole.posterior["item"].values) == ["a", "b", "c"]
    assert not whole.sample_stats["diverging"].any()
    assert load_run(whole.path).record.status == "complete"


def test_draws_are_those_of_the_exact_posterior(whole):
    # Normal prior (0, 1), one row of sd 0.5: mean 0.8 times the row, variance 0.2.
    effect = whole.posterior["effect"]
    assert effect.mean(("chain", "draw")).values == pytest.approx([0.8, 1.6, 2.4], abs=0.03)
    assert effect.var(("chain", "draw")).values == pytest.approx([0.2] * 3, abs=0.02)
    without = whole.subfits["no_mouse"]["effect"].mean(("chain", "draw")).values
    assert without == pytest.approx([0.0, 1.6, 2.4], abs=0.06)
    assert float(whole.prior["effect"].std()) == pytest.approx(1.0, abs=0.02)
    assert np.allclose(whole.prior["fold"], np.exp(whole.prior["effect"]))


def test_cores_do_not_change_the_draws(whole, tmp_path):
    assert_same_draws(toy.run(tmp_path, cores=1), whole)


def test_another_seed_gives_other_draws(whole, tmp_path):
    other = toy.run(tmp_path, seed=12)
    assert not np.array_equal(other.posterior["effect"], whole.posterior["effect"])


def test_seeds_of_the_first_chains_do_not_depend_on_how_many_follow():
    few, many = (settings.Settings(chains=n).seeds(["main", "no_mouse"]) for n in (2, 5))
    assert many["main"][:2] == few["main"]
    assert many["no_mouse"][:2] == few["no_mouse"]
    every = [s for seeds in many.values() for s in seeds]
    assert len(set(every)) == 10
    assert all(0 <= s < 2**63 for s in every)


def test_short_subfits_come_after_the_others_and_not_in_a_first_look():
    full, quick = settings.Settings(seed=3), replace(settings.QUICK, seed=3)
    seeds = recipe.MODEL.seeds(full)
    assert list(seeds) == ["main", "no_mouse", "translation_0.25", "translation_1"]
    assert [len(s) for s in seeds.values()] == [4, 4, 2, 2]
    # A sub-fit more does not move the draws of those before it.
    assert {k: seeds[k] for k in ("main", "no_mouse")} == full.seeds(["main", "no_mouse"])
    assert list(recipe.MODEL.seeds(quick)) == ["main", "no_mouse"]
    assert recipe.MODEL.length(full, "main") == Length(1000, 1000)
    assert recipe.MODEL.length(full, "translation_1") == Length(1000, 500)
    long = settings.Settings(draws=3000)
    assert recipe.MODEL.length(long, "translation_1") == Length(1500, 500)
    few = settings.Settings(draws=40, tune=80, chains=1)
    assert recipe.MODEL.length(few, "translation_1") == Length(40, 80)
    assert len(recipe.MODEL.seeds(few)["translation_1"]) == 1


def test_a_killed_fit_loses_no_finished_chain(whole, tmp_path):
    process = start(tmp_path)
    process.kill()
    process.communicate()
    stopped = open_run(tmp_path / "run")
    assert stopped.record.status == "interrupted"
    finished = {p: (p.stat().st_ino, digest(p)) for p in stopped.path.rglob("chains/*/[0-9].nc")}
    assert 1 <= len(finished) < 4
    with pytest.raises(MetinferError, match="--resume"):
        load_run(stopped.path)
    assert_same_draws(toy.run(tmp_path, resume=True), whole)
    assert {p: (p.stat().st_ino, digest(p)) for p in finished} == finished


def test_an_interrupted_fit_says_so(whole, tmp_path):
    process = start(tmp_path)
    process.send_signal(signal.SIGINT)
    _, words = process.communicate()
    assert process.returncode == -signal.SIGINT, words
    assert "KeyboardInterrupt" in words
    record = open_run(tmp_path / "run").record
    assert record.status == "interrupted"
    assert len(record.stops) == 1
    assert_same_draws(toy.run(tmp_path, resume=True), whole)


def test_a_chain_that_the_record_never_heard_of_is_kept(whole, tmp_path):
    run = toy.run(tmp_path)
    files = {k: v for k, v in run.record.files.items() if k != "chains/main/1.nc"}
    run.update(status="running", files=files)
    kept = (run.path / "chains/main/1.nc").stat().st_ino
    assert_same_draws(toy.run(tmp_path, resume=True), whole)
    assert (run.path / "chains/main/1.nc").stat().st_ino == kept


@pytest.mark.parametrize("damage", [lambda b: b[:-100], lambda b: b[:4000] + b"x" + b[4001:]])
def test_a_damaged_chain_is_run_again(whole, tmp_path, damage):
    run = toy.run(tmp_path)
    path = run.path / "chains/no_mouse/1.nc"
    path.write_bytes(damage(path.read_bytes()))
    (run.path / "posterior.nc").unlink()
    assert_same_draws(toy.run(tmp_path, resume=True), whole)


def test_a_chain_with_one_changed_draw_is_run_again(whole, tmp_path):
    """The file can be read and belongs to the fit: only its hash tells."""
    run = toy.run(tmp_path)
    path = run.path / "chains/main/0.nc"
    groups = read_groups(path)
    name = next(iter(groups["posterior"].data_vars))
    groups["posterior"][name][{"draw": 3}] += 1e-9
    write_groups(path, groups)
    (run.path / "posterior.nc").unlink()
    assert_same_draws(toy.run(tmp_path, resume=True), whole)


def test_resuming_a_complete_run_does_nothing(whole):
    before = {p: p.stat().st_mtime_ns for p in whole.path.rglob("*.nc")}
    assert len(before) == 5
    toy.run(whole.path.parent, resume=True)
    assert {p: p.stat().st_mtime_ns for p in whole.path.rglob("*.nc")} == before


def test_an_existing_run_is_refused(whole):
    with pytest.raises(UsageError, match="metinfer report"):
        toy.run(whole.path.parent)


def test_a_fit_on_too_coarse_a_grid_is_repeated(whole, tmp_path):
    asked = []

    def finer(evidence, draws, refine):
        asked.append((refine, draws.sizes["draw"]))
        return 2 * refine if refine < 4 else None

    run = toy.run(tmp_path, recipe=replace(toy.RECIPE, finer=finer))
    assert asked == [(1, 4000), (2, 4000), (4, 4000)]
    record = load_run(run.path).record
    assert record.settings["refine"] == 4
    assert all("too coarse" in s for s in record.stops)
    assert [s[-1] for s in record.stops] == ["2", "4"]
    for path in run.path.rglob("chains/*/*.nc"):
        assert read_groups(path)["posterior"].attrs["refine"] == "4"
    # The toy model has no grid: the draws are the same on each.
    assert_same_draws(run, whole)


@pytest.mark.parametrize(("name", "value"), [("draws", 30), ("seed", 5), ("chains", 3)])
def test_a_run_does_not_go_on_with_other_settings(whole, name, value):
    with pytest.raises(UsageError, match=f"--{name} was"):
        toy.run(whole.path.parent, **{name: value}, resume=True)


def test_a_run_does_not_go_on_with_other_evidence(whole, tmp_path):
    other = toy.evidence(tmp_path / "other", "study\nanother\n")
    with pytest.raises(UsageError, match="the evidence was another .studies.csv changed."):
        sample.fit(other, whole.path, recipe=toy.RECIPE, resume=True, progress=False)


def test_a_run_does_not_go_on_with_another_program(whole, monkeypatch):
    monkeypatch.setattr(attempts, "code_hash", lambda: "other")
    with pytest.raises(UsageError, match="the program"):
        toy.run(whole.path.parent, resume=True)


@pytest.mark.parametrize(
    ("name", "value"), [("draws", 0), ("tune", -1), ("chains", 0), ("seed", -3)]
)
def test_impossible_settings_are_refused(tmp_path, name, value):
    with pytest.raises(UsageError, match=rf"--{name} is {value}"):
        toy.run(tmp_path, **{name: value})
    assert not (tmp_path / "run").exists()


def test_a_first_look_is_marked(tmp_path):
    run = toy.run(tmp_path, quick=True, draws=20, tune=50, chains=1)
    assert open_run(run.path).record.quick
    assert settings.QUICK.draws < settings.Settings().draws


def test_the_prior_alone_is_a_run(tmp_path, toy_evidence):
    run = sample.prior(toy_evidence, tmp_path / "run", recipe=toy.RECIPE, draws=50)
    assert load_run(run.path).prior.sizes["draw"] == 200
    with pytest.raises(MetinferError, match="has no posterior"):
        run.posterior  # noqa: B018


def test_a_prior_is_no_fit_to_go_on_with(tmp_path, toy_evidence):
    path = tmp_path / "run"
    run = sample.prior(toy_evidence, path, recipe=toy.RECIPE, draws=50)
    again = {"recipe": toy.RECIPE, "progress": False}
    with pytest.raises(UsageError, match="holds the prior alone"):
        sample.fit(toy_evidence, path, resume=True, draws=50, **again)
    with pytest.raises(UsageError, match="never overwritten") as refused:
        sample.fit(toy_evidence, path, **again)
    assert "--resume" not in str(refused.value)
    run.update(status="interrupted")
    with pytest.raises(RunError, match="metinfer prior DATA -o") as stopped:
        load_run(path)
    assert "--resume" not in str(stopped.value)


def test_the_command_can_be_typed_again(tmp_path, toy_evidence, monkeypatch):
    def told(evidence=toy_evidence, kind=toy.RECIPE, **options):
        asked = settings.settings_from(options)
        return attempts.command_of(evidence, Path("out"), kind, asked)

    data = toy_evidence.root
    assert told(seed=7) == (
        f"metinfer fit {data} -o out --draws 1000 --tune 1000 --chains 4 --seed 7"
    )
    assert "--quick --draws 250" in told(quick=True)
    prior = replace(toy.RECIPE, names=())
    assert told(kind=prior, draws=50) == f"metinfer prior {data} -o out --draws 50 --seed 1"
    bundled = replace(toy_evidence, root=bundled_path())
    assert told(bundled) == "metinfer demo -o out"
    assert told(bundled, quick=True) == "metinfer demo -o out --quick"
    assert str(bundled_path()) not in told(bundled, seed=3)
    record = attempts.record_of(bundled, Path("out"), toy.RECIPE, settings.Settings())
    assert str(bundled_path()) not in f"{record.source} {record.command}"


class Cut:
    """A sampler that hands back fewer draws than asked for, as if nothing had happened."""

    def wait(self, timeout):
        tree = {"posterior": {"x": (("chain", "draw"), np.zeros((1, 9)))}}
        tree["sample_stats"] = tree["posterior"]
        return xr.DataTree.from_dict({k: xr.Dataset(v) for k, v in tree.items()})

    def cancel(self):
        pass


def test_a_cut_trace_is_never_taken_for_a_chain(monkeypatch):
    monkeypatch.setattr(chains, "start_chain", lambda *args: Cut())
    committed = []
    with pytest.raises(KeyboardInterrupt):
        chains.run_chains(
            {"main": None}, [Task("main", 0, 1)], LENGTHS, 1, lambda *a: committed.append(a)
        )
    assert committed == []


class Broken:
    """A sampler that fails, next to one that would run on."""

    def __init__(self, cancelled):
        self.cancelled = cancelled

    def wait(self, timeout):
        raise RuntimeError("All initialization points failed\n\nCaused by:\n  frames")

    def cancel(self):
        self.cancelled.append(self)


def test_a_chain_that_fails_is_named_and_stops_the_others(monkeypatch):
    cancelled = []
    monkeypatch.setattr(chains, "start_chain", lambda *args: Broken(cancelled))
    tasks = [Task("main", k, k) for k in range(2)]
    with pytest.raises(MetinferError, match=r"chain 0 of main .*points failed$"):
        chains.run_chains({"main": None}, tasks, LENGTHS, 2, lambda *a: None)
    assert len(cancelled) == 2


def test_a_failed_fit_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr(chains, "start_chain", lambda *args: Broken([]))
    with pytest.raises(MetinferError, match="could not be sampled"):
        toy.run(tmp_path)
    record = open_run(tmp_path / "run").record
    assert record.status == "failed"
    assert "points failed" in record.stops[0]


def test_an_interrupt_waits_until_the_chain_is_on_the_disk():
    done = []

    def commit():
        with chains.interrupts_wait():
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(0.01)
            done.append("written")

    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        commit()
    assert done == ["written"]
    assert signal.getsignal(signal.SIGINT) is before


def test_programs_follow_a_fit_line_by_line(tmp_path, capsys):
    toy.run(tmp_path, progress="json", draws=50, tune=50)
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    finished = [(line["fit"], line["chain"]) for line in lines if line["event"] == "finished"]
    assert sorted(finished) == [("main", 0), ("main", 1), ("no_mouse", 0), ("no_mouse", 1)]
    assert [line["phase"] for line in lines if line["event"] == "phase"][-2] == "sampling"
    with pytest.raises(UsageError, match="progress is 'loud'"):
        toy.run(tmp_path / "other", progress="loud")
    assert not (tmp_path / "other" / "run").exists()


@pytest.fixture
def fitted(whole):
    """The whole run, loaded; its made-up evidence is no evidence folder."""
    run = load_run(whole.path)
    run.__dict__["evidence"] = None
    return run


def test_the_model_of_a_run_is_made_again(fitted):
    model = reproduce.model_of(fitted, toy.RECIPE)
    assert [v.name for v in model.free_RVs] == ["effect"]
    assert reproduce.density_gap(model, fitted.posterior, fitted.sample_stats) < 1e-12


def test_the_agreement_with_another_program_is_computed_once(whole, tmp_path, monkeypatch):
    shutil.copytree(whole.path, tmp_path / "run")
    run = load_run(tmp_path / "run")
    run.__dict__["evidence"] = None
    assert reproduce.agreement(run, toy.RECIPE) == 0.0
    monkeypatch.setattr(reproduce, "code_hash", lambda: "other")
    assert reproduce.agreement(run, toy.RECIPE) < 1e-12
    assert run.holds(reproduce.AGREEMENT)
    monkeypatch.setattr(reproduce, "density_gap", lambda *a: pytest.fail("it is there"))
    assert reproduce.agreement(run, toy.RECIPE) < 1e-12
    monkeypatch.setattr(reproduce, "code_hash", lambda: "yet another")
    monkeypatch.setattr(reproduce, "density_gap", lambda *a: float("inf"))
    with pytest.raises(RunError, match="another model"):
        reproduce._require(run, reproduce.agreement(run, toy.RECIPE))


def test_another_program_has_to_give_the_same_density(fitted, monkeypatch):
    monkeypatch.setattr(reproduce, "code_hash", lambda: "other")
    reproduce.model_of(fitted, toy.RECIPE)

    def other(evidence, model):
        return {"main": {"row_weight": np.array([1.0, 1.0, 0.99])}}

    with pytest.raises(RunError, match="makes another model.*differs by"):
        reproduce.model_of(fitted, replace(toy.RECIPE, subfits=other))


def test_changed_inputs_give_no_model(whole, tmp_path):
    shutil.copytree(whole.path, tmp_path / "run")
    (tmp_path / "run" / "inputs" / "studies.csv").write_text("study\nother\n")
    with pytest.raises(RunError, match="inputs of"):
        reproduce.model_of(open_run(tmp_path / "run"), toy.RECIPE)
