"""Values that the data moved: beside their argument, and the answers that move with them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import xarray as xr

from metinfer.evidence import bundled_path, read_evidence
from metinfer.report.build import render
from metinfer.report.content import Answer, Effect, Parameter, Span
from metinfer.report.gather import evidence, sense
from metinfer.report.sections_priors import narrowed
from tests.report.synthetic import small

PRIOR = Span(1300.0, 900.0, 1800.0, 500.0, 3000.0)
GROWTH = Parameter(
    "growth_time[a]", "time to detection (A)", "day", "", "tumour doubling time 164 to 185 days "
    "times the doublings", "", PRIOR, replace(PRIOR, median=421.0), place="A",
)  # fmt: skip


def _answer(key: str) -> Answer:
    flat = Span(1.0, 1.0, 1.0, 1.0, 1.0)
    return Answer(key, Effect(key, "regimen", "people", "risk_ratio", 5.0, flat), key=key)


def test_moved_values_come_with_argument_doublings_and_answers() -> None:
    rng = np.random.default_rng(1)
    draws = rng.normal(size=(2, 400))
    after = xr.Dataset({"growth_time": (("chain", "draw", "context"), draws[..., None])},
                       coords={"context": ["a"]})  # fmt: skip
    named = xr.Dataset({"tied": (("chain", "draw"), -draws),
                        "free": (("chain", "draw"), rng.normal(size=(2, 400)))})  # fmt: skip
    still = replace(GROWTH, name="growth_time[b]", posterior=PRIOR)
    asked = [_answer("tied"), _answer("free")]
    (found,) = sense.moved([still, GROWTH], asked, after, named)
    assert found.conflict
    assert found.remark == "2.4 doublings of 164 to 185 days (before the data 7.4)"
    assert found.answers == "tied, risk ratio, treated over untreated (\u22121.00)"
    assert "doubling time" in found.reason
    (alone,) = sense.moved([GROWTH], asked[1:], after, named)
    assert alone.answers == "none above 0.3"


def test_answers_of_other_draws_are_not_correlated() -> None:
    after = xr.Dataset({"growth_time": (("chain", "draw", "context"), np.ones((2, 9, 1)))},
                       coords={"context": ["a"]})  # fmt: skip
    named = xr.Dataset({"tied": (("chain", "draw"), np.ones((2, 5)))})
    (found,) = sense.moved([GROWTH], [_answer("tied")], after, named)
    assert found.answers == ""


def test_rank_correlation_sees_order_only() -> None:
    one = np.arange(50.0)
    assert sense.rank_correlation(one, np.exp(one)) == pytest.approx(1.0)
    assert sense.rank_correlation(one, np.ones(50)) == 0.0


def test_no_study_informs_a_prior_and_the_fit() -> None:
    data = read_evidence(bundled_path())
    assert evidence.double_use(data) == ()
    prior = next(m for m in data.measurements if m.role == "prior")
    both = replace(data, measurements=(*data.measurements, replace(prior, role="fit")))
    assert len(evidence.double_use(both)) == 1


def test_priors_narrowed_after_a_look_are_named() -> None:
    told = replace(GROWTH, reason="narrow: early events are explained twice")
    assert narrowed([told, GROWTH]) == ["time to detection"]
    shown = small()
    ground = replace(shown.ground, double_use=())
    page = render(replace(shown, ground=ground, parameters=(*shown.parameters, told)))
    assert "Studies with both prior and fitted rows: none." in page
    assert "narrowed because early events were explained twice: time to detection" in page
    assert "1 of 1 fitted and 0 of 1 never fitted lie inside" in page
