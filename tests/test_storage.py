from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
import xarray as xr

from metinfer import storage
from metinfer.errors import RunError


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path):
    path = tmp_path / "a.txt"
    storage.write_text(path, "old")

    def failing_write():
        with storage.atomic(path) as aside:
            aside.write_text("ne")
            raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space"):
        failing_write()
    assert [p.name for p in tmp_path.iterdir()] == ["a.txt"]
    assert path.read_text() == "old"


def test_files_can_be_read_by_others_as_the_umask_says(tmp_path):
    storage.write_text(tmp_path / "a.txt", "a")
    plain = tmp_path / "plain"
    plain.write_text("a")
    assert (tmp_path / "a.txt").stat().st_mode == plain.stat().st_mode


def test_groups_come_back_bit_for_bit(tmp_path):
    rng = np.random.default_rng(1)
    draws = xr.Dataset(
        {"x": (("chain", "draw", "item"), rng.normal(size=(2, 5, 2)) * 1e-300)},
        coords={"item": ["a", "ö"]},
    )
    flags = xr.Dataset({"diverging": (("chain", "draw"), rng.random((2, 5)) < 0.5)})
    storage.write_groups(tmp_path / "a.nc", {"posterior": draws, "sample_stats": flags})
    found = storage.read_groups(tmp_path / "a.nc")
    assert list(found) == ["posterior", "sample_stats"]
    xr.testing.assert_identical(found["posterior"].drop_encoding(), draws)
    assert found["sample_stats"]["diverging"].dtype == bool


def test_a_single_dataset_is_a_plain_file(tmp_path):
    data = xr.Dataset({"x": ("t", [1.0, 2.0])})
    storage.write_groups(tmp_path / "a.nc", {"/": data})
    with xr.open_dataset(tmp_path / "a.nc", engine="h5netcdf") as found:
        xr.testing.assert_equal(found, data)
    assert list(storage.read_groups(tmp_path / "a.nc")) == ["/"]


def test_what_is_read_is_what_xarray_reads(tmp_path):
    rng = np.random.default_rng(2)
    table = xr.Dataset(
        {
            "answer": (("source", "draw"), rng.normal(size=(2, 3)), {"unit": "1", "note": ""}),
            "one": ((), 3.5),
            "flag": ("source", [True, False], {"level": 0.5}),
            "empty": (("none", "draw"), np.zeros((0, 3))),
            "counts": ("draw", np.array([1, -2, 3], dtype=np.int32)),
            "told": ("source", ["none", "größer"]),
            "missing": ("draw", [np.nan, np.inf, 1e-320]),
        },
        coords={"source": ["prior", "posterior"], "label": ("source", ["a", "b"]), "at": 2.0},
        attrs={"posterior": "abc", "margin": 0.8, "several": [1, 2]},
    )
    path = tmp_path / "a.nc"
    storage.write_groups(path, {"/": table, "more": table[["counts"]]})
    with xr.open_datatree(path, engine="h5netcdf") as tree:
        theirs = {"/": tree.to_dataset().load(), "more": tree["more"].to_dataset(inherit=False)}
        for name, ours in storage.read_groups(path).items():
            xr.testing.assert_identical(ours, theirs[name].load())
            for key in ours.variables:
                assert ours[key].dtype == theirs[name][key].dtype, key


@pytest.mark.parametrize("keep", [0, 100, 0.5, 0.99])
def test_a_cut_file_is_refused_by_name(tmp_path, keep):
    path = tmp_path / "a.nc"
    storage.write_groups(path, {"posterior": xr.Dataset({"x": ("t", np.arange(5000.0))})})
    content = path.read_bytes()
    path.write_bytes(content[: keep if keep > 1 else int(keep * len(content))])
    with pytest.raises(RunError, match=r"a\.nc is damaged"):
        storage.read_groups(path)


def test_unfinished_files_are_swept_up(tmp_path):
    (tmp_path / "chains").mkdir()
    (tmp_path / "chains" / ".unfinished-x.nc").write_text("")
    (tmp_path / "kept.nc").write_text("")
    storage.remove_unfinished(tmp_path)
    assert [p.name for p in tmp_path.rglob("*.nc")] == ["kept.nc"]


FULL = """
import resource, sys
from pathlib import Path
import numpy as np, xarray as xr
from metinfer import storage
resource.setrlimit(resource.RLIMIT_FSIZE, (8192, 8192))
try:
    data = xr.Dataset({"x": ("t", np.ones(50_000))})
    storage.write_groups(Path(sys.argv[1]) / "a.nc", {"x": data})
except OSError as error:
    print(error.strerror)
"""


def test_a_disk_without_room_is_one_error_and_no_crash(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", FULL, str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "File too large\n", "")
    assert list(tmp_path.iterdir()) == []
