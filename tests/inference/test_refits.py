from __future__ import annotations

import os
import signal
from types import SimpleNamespace

import numpy as np
import pytest
import xarray as xr

from metinfer.errors import RunError
from metinfer.inference import refits as tool
from metinfer.inference.chains import Length
from metinfer.inference.refits import Failure, Lost, Refit, Source, refit_all
from tests import toy

LENGTH = Length(200, 100)


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    return Source(toy.evidence(tmp_path_factory.mktemp("toy")), toy.build)


def asked(number=4, bad=()):
    """Fits with other weights; those in `bad` have a density that is never finite."""
    return [
        Refit(f"part/{k}", {"row_weight": np.full(3, np.inf if k in bad else 1.0 + k)}, seed=k)
        for k in range(number)
    ]


def made(source, refits, out, **more):
    return {r.name: found for r, found in refit_all(source, refits, LENGTH, out, **more)}


def test_other_data_of_one_model_give_other_posteriors(source, tmp_path, monkeypatch):
    compiled = []
    real = tool.compile_once
    monkeypatch.setattr(tool, "compile_once", lambda s: compiled.append(s) or real(s))
    found = made(source, asked(), tmp_path, cores=2)
    assert len(compiled) == 1
    sd = [float(found[f"part/{k}"]["effect"].std(("chain", "draw")).mean()) for k in range(4)]
    expected = [1 / np.sqrt(1 + 4 * (1 + k)) for k in range(4)]
    np.testing.assert_allclose(sd, expected, rtol=0.2)


def test_a_second_call_reads_what_is_there_and_gives_the_same(source, tmp_path, monkeypatch):
    whole = made(source, asked(), tmp_path / "whole")
    first = made(source, asked(2), tmp_path / "parts")
    rest = made(source, asked(), tmp_path / "parts", cores=2)
    assert first.keys() < rest.keys()
    for name, draws in whole.items():
        mine = rest[name].drop_attrs()
        xr.testing.assert_identical(draws.drop_attrs().drop_encoding(), mine.drop_encoding())
    monkeypatch.setattr(tool, "compile_once", lambda s: pytest.fail("nothing is left to do"))
    assert made(source, asked(), tmp_path / "parts").keys() == whole.keys()


def test_a_result_of_other_data_or_another_seed_is_not_taken(source, tmp_path):
    made(source, asked(1), tmp_path)
    other = [Refit("part/0", {"row_weight": np.full(3, 9.0)}, seed=0)]
    changed = made(source, other, tmp_path)["part/0"]
    assert float(changed["effect"].std(("chain", "draw")).mean()) < 0.25


def test_failed_fits_are_survived_counted_and_remembered(source, tmp_path):
    told = []
    found = made(source, asked(4, bad=(1,)), tmp_path, progress=lambda *a: told.append(a))
    assert isinstance(found["part/1"], Failure)
    assert found["part/1"].reason
    assert told[-1] == (4, 1, 4)
    again = made(source, asked(4, bad=(1,)), tmp_path)
    assert again["part/1"].reason == found["part/1"].reason


def test_a_stopped_fit_leaves_nothing_that_looks_whole(source, tmp_path):
    running = refit_all(source, asked(3), Length(200_000, 100), tmp_path, cores=2)
    refit, _ = next(iter([next(running)]))
    running.close()
    assert [p.name for p in tmp_path.rglob("*.nc")] == [f"{refit.name.split('/')[1]}.nc"]
    (tmp_path / "part" / "7.nc").write_bytes(b"half a file")
    assert isinstance(made(source, [Refit("part/7", seed=7)], tmp_path)["part/7"], xr.Dataset)


def test_unknown_data_are_refused(source, tmp_path):
    with pytest.raises(KeyError, match="nothing_of_the_kind"):
        made(source, [Refit("x", {"nothing_of_the_kind": np.zeros(3)})], tmp_path)


def test_a_worker_with_another_program_makes_nothing(source, monkeypatch):
    monkeypatch.setattr(tool, "compile_once", lambda s: pytest.fail("it must not begin"))
    asked_for = {**tool.program(), "numpy": "0.1"}
    with pytest.raises(RunError, match=r"another program: numpy .* instead of 0\.1"):
        tool.fit_one(source, Refit("x"), LENGTH, asked_for)


def test_what_a_person_can_mend_stops_and_what_a_worker_met_is_lost():
    wrong = SimpleNamespace(exception=lambda: RunError("another program"))
    with pytest.raises(RunError, match="another program"):
        tool._result(wrong)
    died = SimpleNamespace(exception=lambda: KeyError("a worker died"))
    assert isinstance(tool._result(died), Lost)


@pytest.mark.filterwarnings("default")
def test_a_worker_that_dies_loses_its_tasks_only_and_a_second_call_makes_them(source, tmp_path):
    dask = pytest.importorskip("dask")
    distributed = pytest.importorskip("distributed")
    long, out, fits = Length(40_000, 100), tmp_path / "out", asked(2)
    found = {}
    with (
        dask.config.set({"distributed.scheduler.allowed-failures": 0}),
        distributed.LocalCluster(
            n_workers=1, threads_per_worker=1, dashboard_address=None
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        (worker,) = client.run(os.getpid).values()
        for refit, result in refit_all(source, fits, long, out, scheduler=client):
            if not found:
                os.kill(worker, signal.SIGKILL)
            found[refit.name] = result
    lost = {name for name, result in found.items() if isinstance(result, Lost)}
    assert 0 < len(lost) < len(found) == len(fits)
    assert not any((out / f"{name}.nc").exists() for name in lost)
    assert not list(out.rglob("*.failed.json"))  # nothing is remembered against a lost fit
    again = {r.name: x for r, x in refit_all(source, fits, long, out)}
    assert all(isinstance(result, xr.Dataset) for result in again.values())
    fresh = {r.name: x for r, x in refit_all(source, fits[:1], long, tmp_path / "here")}
    xr.testing.assert_equal(again["part/0"], fresh["part/0"])
