from __future__ import annotations

import json
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from metinfer import calibration as tool
from metinfer import results
from metinfer.errors import NotTrustedError
from metinfer.runs import POSTERIOR
from metinfer.summaries import others, quality

FITS, RANKS = 200, 100
NAMES = {"good": tool.ANSWER, "narrow": tool.ANSWER, "eta[er_positive]": "main", "rest": "other"}


def ranked(names, seed=1, fits=FITS):
    """Ranks of uniform truths; those of `narrow` lean to the ends."""
    rng = np.random.default_rng(seed)
    found = rng.integers(0, RANKS, (fits, len(names)))
    for i, name in enumerate(names):
        if name == "narrow":
            ends = rng.random(fits) < 0.4
            found[:, i] = np.where(ends, rng.choice([0, 99], fits), found[:, i])
    size = found.shape
    return xr.Dataset(
        {
            "rank": (("fit", "quantity"), found),
            "truth": (("fit", "quantity"), rng.normal(size=size)),
            "effective": (("fit", "quantity"), np.full(size, 90.0)),
            "divergences": ("fit", np.zeros(fits, dtype=int)),
            "seconds": ("fit", np.full(fits, 4.0)),
        },
        coords={
            "fit": [f"prior/right-{k:04d}" for k in range(fits)],
            "quantity": list(names),
            "group": ("quantity", list(names.values())),
        },
        attrs={"ranks": RANKS, "asked": fits, "seed": 1, "tune": 300, "draws": 495},
    )


def part(names, **more):
    return tool.summarise(ranked(names, **more))


def test_a_narrow_interval_is_found_and_named():
    found = part(NAMES)
    rows = {r["quantity"]: r for r in found["quantities"]}
    assert rows["good"]["holds"]
    assert not rows["narrow"]["holds"]
    assert "narrow" in rows["narrow"]["comment"]
    assert "narrow" in found["outside"]
    assert rows["narrow"]["coverage"][1]["share"] < rows["narrow"]["coverage"][1]["low"]
    assert any("narrow" in r for r in tool.reasons(found))
    with pytest.raises(NotTrustedError, match="narrow"):
        tool.require({"prior": found})


def test_right_intervals_pass_and_say_so():
    names = {k: v for k, v in NAMES.items() if k != "narrow"}
    found = part(names, seed=2)
    assert found["answers_hold"]
    assert tool.reasons(found) == []
    tool.require({"prior": found})
    assert "good" in tool.to_text({"prior": found})


def test_the_comment_names_the_side():
    low = np.clip(np.random.default_rng(3).normal(70, 20, 300), 0, 99).astype(int)
    assert "too low" in tool.comment(low, RANKS, 0.001)
    assert "too high" in tool.comment(99 - low, RANKS, 0.001)
    assert tool.comment(low, RANKS, 0.5) == ""


def test_too_few_fits_are_a_reason():
    found = part({"good": tool.ANSWER}, fits=50)
    assert any("50 fits are too few" in r for r in tool.reasons(found))


def test_too_many_failed_fits_are_a_reason():
    names = {"good": tool.ANSWER}
    data = ranked(names, fits=90).assign_attrs(asked=100, ranks=RANKS, seed=1, tune=1, draws=99)
    failed = [{"fit": f"{k}", "reason": "no"} for k in range(10)]
    found = tool.summarise(data, failed)
    assert any("10 of 100" in r for r in tool.reasons(found))


class FakeRun:
    """A run folder that holds a calibration."""

    def __init__(self, path, kinds):
        self.path, self.groups = path, {k: ranked(NAMES, seed=i) for i, k in enumerate(kinds)}
        mine = {"origin": "this", "program": results.code_hash(results.PROGRAM)}
        summary = {k: tool.summarise(d) | mine for k, d in self.groups.items()}
        (path / tool.SUMMARY).write_text(json.dumps(summary))
        (path / tool.GROUPS).touch()
        self.record = type("Record", (), {"files": {POSTERIOR: "this"}})()

    def holds(self, name):
        return (self.path / name).is_file()

    def read_result(self, name):
        return self.groups


def light(found):
    run = SimpleNamespace(holds=lambda name: False)
    none = others.Comparison(False, *[pd.DataFrame()] * 5)
    empty = pd.DataFrame({"role": [], "stream": []})
    return quality.lights(run, True, empty, none, found)[quality.Light.CALIBRATION]


def test_the_page_shows_every_kind_and_only_of_this_posterior(tmp_path):
    run = FakeRun(tmp_path, ["prior", "posterior"])
    found = others.calibration(run)
    assert found.kinds["kind"].tolist() == ["prior", "posterior"]
    assert found.whole
    assert light(found) is quality.State.FAIL
    answers = found.quantities[found.quantities["group"] == tool.ANSWER]
    assert len(answers) == 4
    assert not answers.set_index("quantity").loc["narrow", "holds"].any()
    assert any("narrow" in r for r in found.reasons)
    run.record.files = {POSTERIOR: "another"}
    assert not others.calibration(run).done


def test_half_a_calibration_is_not_passed(tmp_path):
    run = FakeRun(tmp_path, ["prior"])
    found = others.calibration(run)
    assert not found.whole
    assert light(found) is quality.State.FAIL  # one of its answers is too narrow
    assert light(replace(found, reasons=())) is quality.State.NOT_RUN
