"""The exported model in another simulator: benchmarks/export_accuracy.py in small."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("roadrunner")
pytest.importorskip("libsbml")

from benchmarks import export_accuracy as bench

TINY = Path(__file__).parents[1] / "data" / "tiny"


def test_every_kind_of_input_agrees_with_scipy(monkeypatch):
    quick = [lane for lane in bench.kinds() if lane.name != "weekly_doses"]
    monkeypatch.setattr(bench, "kinds", lambda: quick)
    worst = bench.kind_errors(1, np.random.default_rng(3))
    assert len(worst) == 14
    assert max(worst.values()) < bench.TARGET


def test_the_arms_of_an_evidence_folder_agree_with_scipy():
    worst = bench.evidence_errors(TINY, 2, np.random.default_rng(4))
    assert set(worst) == {"control", "nk_depleted", "il15", "followed"}
    assert max(worst.values()) < bench.TARGET


def test_a_wrong_dose_would_be_seen():
    # The comparison can fail: the same arms without their doses are far off.
    lanes = bench.kinds()
    dosed = next(lane for lane in lanes if lane.name == "doses_before")
    exported = bench.model_of(lanes)
    names = [p.name for p in bench.PARAMETERS if p.name not in bench.CUT]
    values = {p.name: p.default for p in bench.PARAMETERS}
    settings = exported.conditions["doses_before"]
    settings = {k: 0.0 if k.startswith("cxcr4_drug_on_") else v for k, v in settings.items()}
    runner = bench.Simulator(bench.write_sbml(exported.parts))
    found = runner.states(bench.settled(settings, values, names), dosed.outputs)
    truth = bench.reference(np.array(list(values.values())), dosed)
    assert bench.error(found, truth).max() > 1e-2
