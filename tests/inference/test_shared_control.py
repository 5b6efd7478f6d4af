"""Ratios that share a control are scored jointly; only observed groups are confounded."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytensor.tensor as pt
import pytest
from scipy import stats

from metinfer.evidence import vocabulary
from metinfer.inference import density
from metinfer.inference.families import extras, families
from metinfer.inference.predictions import observational
from metinfer.inference.statistics import STATISTICS, SharedRatio
from metinfer.inference.statistics.base import SKEW_LIMIT

EMPTY = dict.fromkeys(("n", "events", "lod", "level", "person_time"))


def ratio(row: str, value: float, reference: str = "control", **cells) -> SimpleNamespace:
    common = {"row": row, "statistic": "ratio", "observable": "nk_count_fold", "matrix": "liver",
              "assay": "", "time_day": 5.0, "contrast": "", "adjustment": "",
              "reference_arm": reference}  # fmt: skip
    interval = {"value": value, "low": value / 2, "high": value * 2, "spread": "ci95"}
    return SimpleNamespace(**EMPTY | common | interval | cells)


def family(*rows: SimpleNamespace):
    (found,) = families(SimpleNamespace(rows=rows))
    return found


def scores(found, predicted: list[float], **pred) -> np.ndarray:
    given = {"value": pt.as_tensor(np.array(predicted)), **pred}
    return found.statistic.logp(found.data, given).eval(mode="FAST_COMPILE")


def test_folds_of_one_control_have_its_error_in_common() -> None:
    found = family(ratio("a", 2.0), ratio("b", 3.0), ratio("c", 5.0, reference="other"))
    assert isinstance(found.statistic, SharedRatio)
    se = np.log(4) / (2 * 1.959964)
    covariance = se**2 * np.array([[1, 0.5, 0], [0.5, 1, 0], [0, 0, 1]])
    joint = stats.multivariate_normal(np.log([1.5, 2.5, 4.0]), covariance)
    total = scores(found, [1.5, 2.5, 4.0]).sum()
    assert total == pytest.approx(joint.logpdf(np.log([2.0, 3.0, 5.0])), abs=1e-6)


@pytest.mark.parametrize(
    "cells",
    [{"reference": "other"}, {"time_day": 8.0}, {"matrix": "blood"}, {"contrast": "per_ln"},
     {"observable": "cxcl12_fold"}],
)  # fmt: skip
def test_folds_of_another_control_are_independent(cells: dict) -> None:
    found = family(ratio("a", 2.0), ratio("b", 3.0, **cells))
    assert found.statistic is STATISTICS["ratio"]


def test_row_of_weight_zero_tells_nothing_about_its_control() -> None:
    found = family(ratio("a", 2.0), ratio("b", 3.0))
    alone = scores(family(ratio("b", 3.0)), [2.5])[0]
    off = scores(found, [1.5, 2.5], weight=np.array([0.0, 1.0]))[1]
    assert off == pytest.approx(alone, abs=1e-12)
    assert scores(found, [1.5, 2.5])[1] != pytest.approx(alone, abs=0.01)


def test_replicates_share_the_error_and_the_model_hands_the_weight_on(monkeypatch) -> None:
    rows = (ratio("a", 2.0), ratio("b", 3.0))
    found = family(*rows)
    many = {"value": np.broadcast_to([2.0, 3.0], (4000, 2))}
    drawn = found.statistic.draw(found.data, many, np.random.default_rng(1))["value"]
    assert np.corrcoef(np.log(drawn).T)[0, 1] == pytest.approx(0.5, abs=0.05)
    design = SimpleNamespace(rows=rows, intervals=())
    joint = SimpleNamespace(design=design, families=(found,))
    monkeypatch.setattr(density, "predict_rows", lambda view: pt.as_tensor(np.array([2.0, 3.0])))
    monkeypatch.setattr(density, "extras", lambda *_: {})
    (term,) = density.score_terms(joint, {}, None, pt.as_tensor(np.array([0.0, 1.0])), None)
    np.testing.assert_array_equal(term.pred["weight"].eval(mode="FAST_COMPILE"), [0, 1])


def test_only_a_comparison_that_was_not_randomised_is_confounded() -> None:
    rows = [
        ratio(name, 1.5, reference=name, statistic="hazard_ratio", adjustment=adjustment,
              observable="event_hazard_ratio")
        for name, adjustment in (("a", "age"), ("b", "randomised"), ("c", ""))
    ]  # fmt: skip
    view = SimpleNamespace(design=SimpleNamespace(rows=rows), params={"confounding": 0.4})
    found = extras(family(*rows), view, None)
    np.testing.assert_array_equal(found["between_sd"], [0.4, 0.0, 0.4])
    assert [observational(r) for r in rows] == [True, False, True]


def test_checker_and_likelihood_have_one_limit_of_skew() -> None:
    assert SKEW_LIMIT == vocabulary.SKEW_LIMIT
