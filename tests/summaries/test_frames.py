"""Numbers of the frames, against values worked out by hand."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from metinfer.evidence import bundled_path, read_evidence
from metinfer.summaries import chance, evidence, fit, quality, unknowns
from metinfer.summaries.density import density
from metinfer.summaries.groups import Groups, shown_scale
from metinfer.summaries.others import Comparison, told_apart
from metinfer.summaries.table import Summary, flat, frame, plain, summary


@pytest.fixture(scope="module")
def bundled():
    return read_evidence(bundled_path())


def test_a_summary_is_of_the_finite_draws() -> None:
    found = summary([1.0, 2.0, 3.0, np.nan], 10.0)
    assert (found.median, found.lo50, found.hi50) == (20.0, 15.0, 25.0)
    assert summary([np.nan]) is None
    assert summary({"median": None, "lo50": None, "hi50": None, "lo90": None, "hi90": None}) is None


def test_a_flat_frame_has_five_columns_per_summary_and_json_has_no_nan() -> None:
    table = frame([{"key": "a", "value": Summary(1, 2, 3, 4, 5), "list": [1, 2]}])
    made = flat(table)
    parts = ("median", "lo50", "hi50", "lo90", "hi90")
    assert list(made) == ["key", *(f"value_{k}" for k in parts), "list"]
    assert plain({"x": float("nan"), "y": np.float64(2), "z": table})["z"][0]["value"]["hi90"] == 5
    assert plain(float("inf")) is None
    assert list(frame((), ("a", "b"))) == ["a", "b"]


def test_life_table_counts_half_of_the_censored() -> None:
    rows = [SimpleNamespace(at_risk=100, censored=20, events=9),
            SimpleNamespace(at_risk=71, censored=0, events=0)]  # fmt: skip
    assert fit.kaplan_meier(rows) == pytest.approx((0.9, 0.9))


def test_tail_probability_is_two_sided_and_halves_ties() -> None:
    draws = np.array([0.0, 1.0, 2.0, 3.0])
    assert fit.tail(1.0, draws) == pytest.approx(0.75)
    assert fit.tail(9.0, draws) == 0.0


def test_places_of_counts_are_uniform_if_the_model_is_right() -> None:
    rng = np.random.default_rng(3)
    places = [fit.pit(float(rng.poisson(2.0)), rng.poisson(2.0, 2000), rng) for _ in range(800)]
    assert np.mean(places) == pytest.approx(0.5, abs=0.04)
    assert np.mean(np.array(places) < 0.1) == pytest.approx(0.1, abs=0.04)


def test_shares_inside_are_judged_on_both_sides_and_both_intervals() -> None:
    assert chance.coverage(10, 13, 20)[0] == chance.NARROW
    assert chance.coverage(4, 18, 20)[0] == chance.NARROW
    assert chance.coverage(19, 26, 26)[0] == chance.WIDE
    assert chance.coverage(10, 18, 20)[0] == chance.RIGHT
    assert chance.coverage(0, 0, 4) == (chance.FEW, None)


def test_density_integrates_to_one_and_always_shows_no_effect() -> None:
    rng = np.random.default_rng(2)
    draws = {"posterior": 0.2 * rng.beta(2, 5, 2000) + 0.5}
    found = density(draws, no_effect=1.0)
    assert found.x[0] < 0.51
    assert found.x[-1] > 1.0
    assert np.trapezoid(found.posterior, found.x) == pytest.approx(1, abs=0.03)
    assert density({"posterior": np.ones(50)}) is None


def test_draws_without_an_effect_are_a_share_and_not_part_of_the_curve() -> None:
    rng = np.random.default_rng(2)
    some = 1.0 - rng.beta(2, 5, 2000)
    found = density({"posterior": np.where(rng.random(2000) < 1 / 3, 1.0, some)}, no_effect=1.0)
    assert found.none["posterior"] == pytest.approx(1 / 3, abs=0.04)
    assert np.trapezoid(found.posterior, found.x) == pytest.approx(2 / 3, abs=0.05)


def test_published_values_are_named_by_source_and_group(bundled) -> None:
    names = Groups(bundled)
    assert names.source("lin2021") == "Lin S et al 2021"
    row = names.rows["lin2021-share"]
    assert shown_scale(row, 550.0).unit == "%"
    assert 550 * shown_scale(row, 550.0).scored == pytest.approx(100 * 550 / 2263)
    groups = [names.of(a) for a in names.arms if a.startswith("pmc5040895_")]
    assert len({(g["population"], g["subgroup"]) for g in groups}) == 4


def test_rows_and_studies_are_counted_by_species(bundled) -> None:
    table = evidence.coverage(bundled)
    found = evidence.perturbing(table, ["outcome"])
    fitted = [i for i in bundled.intervals if i.role == "fit"]
    assert found.rows_people >= len(fitted)
    people = evidence.outcomes(bundled, ["colorectal"])
    arms = {a.arm for a in bundled.arms if "colorectal" in dict(a.contexts)}
    assert people.rows_people >= sum(i.arm in arms for i in fitted) > 0
    assert people.rows_people < found.rows_people
    assert people.rows_animals == 0
    assert evidence.perturbing(table, ["il15_nk"]).rows_people == 0
    roles = evidence.role_counts(bundled)
    assert roles["rows"].sum() == len(bundled.measurements) + len(bundled.intervals)


def test_a_link_that_repeats_its_prior_is_absent_as_often_as_assumed() -> None:
    import xarray as xr

    link = {"name": "link", "unit": "1", "symbol": "b", "meaning": "a link", "reason": "",
            "source": "", "prior": {"dist": "link", "scale": 0.5, "absent": 0.3,
                                    "reversed": 0.1}}  # fmt: skip
    p = (np.arange(20_000) + 0.5) / 20_000
    values = unknowns.Entry(unknowns.Prior(**link), None, link["prior"]).quantile(p)
    found = unknowns._absence(link, xr.Dataset({"link": (("chain", "draw"), values[None])}))
    assert found["absent_posterior"] == pytest.approx(0.3, abs=1e-3)
    assert found["reversed_posterior"] == pytest.approx(0.1, abs=1e-3)


@pytest.mark.parametrize(
    ("difference", "se", "code"),
    [(3.0, 0.1, "cannot_tell"), (9.0, 5.0, "cannot_tell"), (9.0, 2.0, "for"),
     (-9.0, 2.0, "against"), (-np.inf, 1.0, "impossible")],
)  # fmt: skip
def test_variants_are_told_apart_by_difference_and_error(difference, se, code) -> None:
    found = SimpleNamespace(name="v", judged=True, difference=difference, difference_se=se)
    assert told_apart(found) == code


def _comparison(outside: bool, told: str, surprising: int, reasons=()) -> Comparison:
    return Comparison(
        True,
        variants=pd.DataFrame({"told": ["base", told]}),
        studies=pd.DataFrame({"surprising": [k < surprising for k in range(10)]}),
        foreseen=pd.DataFrame(), pareto=pd.DataFrame(), reasons=reasons,
        answers=pd.DataFrame({"kind": ["variant"], "outside": [outside]}),
    )  # fmt: skip


def test_mechanisms_pass_only_if_no_answer_moves_and_nothing_surprises() -> None:
    judge = quality.mechanisms
    assert judge(_comparison(False, "cannot_tell", 0)) is quality.State.PASS
    assert judge(_comparison(True, "cannot_tell", 0)) is quality.State.MOVES
    assert judge(_comparison(False, "for", 0)) is quality.State.MOVES
    assert judge(_comparison(False, "cannot_tell", 5)) is quality.State.MOVES
    assert judge(_comparison(False, "cannot_tell", 0, ("R-hat",))) is quality.State.FAIL
