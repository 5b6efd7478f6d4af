"""How comparisons and calibrations are told: names, totals, where differences arise."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import pytest
import xarray as xr

from metinfer.evidence import bundled_path, read_evidence
from metinfer.report.content import (
    Answer,
    Effect,
    RowFit,
    Span,
)
from metinfer.report.contents_compare import VariantLine
from metinfer.report.findings import finding
from metinfer.report.gather import (
    calibrate,
    chance,
    compare,
    labels,
    left_out,
    places,
    scores,
)
from metinfer.report.gather.places import Places


def test_answers_of_a_calibration_are_told_apart_and_named_in_reasons() -> None:
    flat = Span(0.1, 0.1, 0.1, 0.1, 0.1)
    effects = [Effect("a drug", "regimen", "ER+", m, 10.0, flat)
               for m in ("risk_ratio", "absolute_risk_reduction")]  # fmt: skip
    made = [calibrate._answer(Answer("a drug: ER+", e)) for e in effects]
    assert made[0] != made[1]
    assert calibrate._named("key (ranks)", {"key": "a drug"}) == "a drug (ranks)"
    assert calibrate._named("50 fits are too few", {"key": "a drug"}) == "50 fits are too few"


def test_published_values_are_called_by_source_group_and_time() -> None:
    names = Places(read_evidence(bundled_path()))
    assert places.short("Lin S et al, Front Oncol, 2021;11:670723") == "Lin S et al 2021"
    assert places.short("Kruger A, Fata JE et al, Blood 90:1993 (mice)") == "Kruger A"
    said = names.observation("rotterdam_nodes_0:365.25-730.5")
    assert said.startswith("Rotterdam tumour bank 2013, ")
    assert said.endswith(", no positive node, years 1 to 2")
    assert "_" not in names.value("beitsch1994-surgery") + names.value("rotterdam_nodes_0")
    assert names.scale("lin2021-share", 550.0).unit == "%"
    four = {labels.group(a) for n, a in names.arms.items() if n.startswith("pmc5040895_")}
    assert len(four) == 4


def test_shares_inside_are_judged_on_both_sides_and_both_intervals() -> None:
    assert chance.coverage(10, 13, 20)[0] == "too narrow"
    assert chance.coverage(4, 18, 20)[0] == "too narrow"
    assert chance.coverage(19, 26, 26)[0] == "wider than needed"
    assert chance.coverage(10, 18, 20)[0] == "as expected"
    assert chance.coverage(0, 0, 4) == ("too few to judge", None)
    said, by_chance = chance.coverage(82, 148, 177)
    assert said == "too narrow"
    assert by_chance == pytest.approx(0.006, abs=0.001)


def test_the_total_of_left_out_values_is_said() -> None:
    studies = [SimpleNamespace(values=59, inside50=27, inside90=49)] * 3
    said = left_out.told(studies)
    assert "Of 177 values" in said
    assert "147 (83 %) inside their 90 %" in said
    assert "predictions of a new study are too sure" in said
    assert "0.2 of 3 studies would surprise by chance" in said
    assert left_out.told([]) == ""


def test_a_variant_says_where_its_difference_arises() -> None:
    names = ["base", "other"]
    scores = xr.Dataset(
        {"elpd": (("variant", "observation"), [[0.0] * 3, [0.1, -3.0, 2.0]])},
        coords={
            "variant": names,
            "observation": ["lin2021-share", "nki70_all:0-365.25", "made up"],
        },
    )
    said = compare._arises("other", scores, Places(read_evidence(bundled_path())))
    assert said.index("NKI 70-gene series") < said.index("made up: +2.0") < said.index("Lin S")
    assert "\u22123.0" in said
    assert len(said.splitlines()) == 3
    assert compare._arises("base", scores, None) == ""
    assert compare._told("by 28% (no_nk)", {"no_nk": "no NK cells"}) == "by 28% (no NK cells)"


def test_a_ratio_with_a_wide_interval_can_hardly_fail() -> None:
    row = RowFit("r", "s", "", "", "", "human", "hazard ratio", "", "ratio", "fit", 1.0,
                 Span(1.0, 0.7, 1.4, 0.4, 2.6))  # fmt: skip
    assert scores._remark([row]).endswith("its interval spans 0.4 to 2.6.")
    assert scores._remark([replace(row, unit="%")]) == ""
    assert scores._remark([replace(row, predicted=Span(1.0, 0.9, 1.1, 0.8, 1.2))]) == ""


def test_pareto_k_is_counted_by_group() -> None:
    data = read_evidence(bundled_path())
    names = ["lin2021-share", "nki70_all:0-365.25", "nki70_all:365.25-730.5"]
    found = xr.Dataset(
        {"pareto_k": (("variant", "observation"), [[0.2, 0.9, 0.3]])},
        coords={"variant": ["base"], "observation": names},
    )
    base = SimpleNamespace(name="base", pareto_limit=0.7)
    one, other = compare._arms(found, Places(data), [base])
    assert (one.values, one.largest, one.above) == (2, 0.9, 1)
    assert one.label.startswith("NKI 70-gene series")
    assert (other.values, other.above) == (1, 0)
    assert compare._arms(None, Places(data), [base]) == ()


def test_a_variant_that_is_not_judged_is_told_from_nothing() -> None:
    """It is neither for nor against; it has a place of its own, with its reason."""
    line = VariantLine("a", "an odd one", "", -9.0, 1.0, "Not judged: 9 divergences.", 0.0, 0.0,
                       0, 0.5, 0.7, 1.0, 9, judged=False)  # fmt: skip
    assert line.verdict == "not judged"
    assert not line.told_apart
    assert finding([line]) == "Told from the base: none, of 1 variants."
