"""How the evidence and the run are told: rates, papers, roles, findings against, gaps."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import pytest
import xarray as xr

from metinfer.evidence import bundled_path, read_evidence
from metinfer.report import gaps
from metinfer.report.content import (
    Answer,
    Effect,
    Level,
    Note,
    ReportContent,
    Span,
    Verdict,
)
from metinfer.report.gather import (
    account,
    against,
    computation,
    evidence,
    fit,
    labels,
    untreated,
)
from metinfer.report.roles import role_totals
from metinfer.therapy.applicability import INSIDE

LEVELS = tuple(Level(n, "pass", "") for n in ("computed", "checked", "calibrated"))


def test_a_rate_is_shown_per_1000_person_years_as_its_paper_prints_it() -> None:
    """It is scored by its whole number of events; 2,595 events are no rate."""
    data = read_evidence(bundled_path())
    row = next(m for m in data.measurements if m.row == "pedersen2022-ir-10-32")
    draws = xr.Dataset(
        {"row_reported": ("row", [2595.0]), "row_replicate": (("draw", "row"), [[5190.0]] * 4)},
        coords={"row": [row.row]},
    )
    (found,) = fit.row_fits(data, draws)
    assert found.reported == pytest.approx(15.53)
    assert found.predicted.median == pytest.approx(2 * 15.53)
    assert (found.low, found.high) == pytest.approx((14.94, 16.14))
    assert found.unit == "per 1,000 person-years"
    assert found.count == "2,595 events in 167,096 person-years"
    assert "events" not in found.unit


def test_papers_are_counted_not_their_groups() -> None:
    """The ten TIMP-1 rows are stages and ages of one partition, from a few papers."""
    found = evidence.coverage(read_evidence(bundled_path()))
    part = next(c for c in found if (c.state, c.species) == ("TIMP-1 level", "human"))
    assert part.studies < part.cohorts
    assert part.statement == f"{part.studies} studies."


def test_a_risk_without_therapy_is_judged_by_who_was_followed() -> None:
    """The flag of the therapy that stands in the same record says nothing of it."""
    data = read_evidence(bundled_path())
    predicted = xr.Dataset(
        coords={"population": ["er_positive_n0", "crlm_resected"],
                "population_label": ("population", ["ER+", "CRLM"]),
                "cohorts": ("population", ["transbig", ""])},
    )  # fmt: skip
    years = untreated.followed(data, predicted)
    assert years["ER+"] > 10
    assert years["CRLM"] == 0
    risk = _untreated("ER+", 10.0)
    late, alone = _untreated("ER+", 40.0), _untreated("CRLM", 5.0)
    found = untreated.flagged((risk, late, alone), years)
    assert [e.applicability for e in found] == [
        INSIDE, "extrapolated (time)", "extrapolated (population)",
    ]  # fmt: skip
    asked = tuple(Answer("", e) for e in found)
    line = account.credibility((), (), LEVELS, asked, ())[-1]
    assert line.evidence.startswith("1 of 3 named answers inside the evidence")


def _untreated(population: str, horizon: float) -> Effect:
    span = Span(0.1, 0.1, 0.1, 0.1, 0.1)
    return Effect("a drug", "regimen", population, "risk_untreated", horizon, span,
                  applicability="prior only")  # fmt: skip


def test_evidence_against_has_one_line_per_study_that_can_be_read() -> None:
    found = against.against(read_evidence(bundled_path()))
    assert len({a.locator for a in found}) == len(found) < 25
    roles = [a.role for a in found]
    assert roles == sorted(roles, key=against.ORDER.index)
    zhang = next(a for a in found if a.source.startswith("Zhang J"))
    assert zhang.finding == (
        "hepatic steatosis: marginal hazard ratio of liver metastasis 0.42, 95 % interval 0.26 to "
        "0.69 (protective)"
    )
    assert zhang.group.startswith("non-metastatic breast cancer")
    assert zhang.rows == "zhang2017-hr-matched (2 more of the same people)"
    cohen = next(a for a in found if a.source.startswith("Cohen"))
    assert cohen.finding.startswith("per doubling of TIMP-1: fold change of myeloperoxidase")
    assert cohen.finding.count("per doubling") == 1
    assert cohen.finding.count("(no clear difference)") == 3


def test_findings_in_words_only_are_a_list() -> None:
    limits = read_evidence(bundled_path()).analysis["limits"]
    found = against.wordless(limits)
    assert len(found) == 4
    assert found[0].startswith("NK depletion changed nothing")
    assert against.wordless(["Mouse rows are few."]) == ()


def test_rows_left_out_are_five_kinds_with_a_total() -> None:
    counts = evidence.role_counts(read_evidence(bundled_path()))
    found = role_totals(counts)
    out = [t for t in found if t.role == "out"]
    assert [t.reason for t in out[:2]] == ["all", "the same people or animals are already counted"]
    assert len(out) == 6
    assert out[0].rows == sum(t.rows for t in out[1:])
    assert sum(t.rows + t.intervals for t in found if t.reason == "all") == sum(
        c.rows for c in counts
    )


def test_a_gap_is_shown_where_the_run_holds_nothing() -> None:
    empty = ReportContent("Empty", Verdict(False, ()))
    found = gaps.gaps(empty)
    assert {4, 6, 7, 9, 10, 14} == {g.section for g in found}
    assert any("Pareto" in g.what and g.command for g in found)
    noted = replace(empty, computation=(Note(gaps.DEPTH, "7 doublings"),))
    assert len(gaps.gaps(noted)) == len(found) - 1


def test_settings_of_a_run_are_words() -> None:
    record = SimpleNamespace(
        versions={"python": "3.12"}, machine={"cores": 2}, seeds={"no_mouse": [1, 2]},
        settings={"tune": 1000, "quick": False, "adaptation": "low_rank"}, timings={"main": 1.0},
    )  # fmt: skip
    depth = (("chain", "draw"), [[5, 7]])
    hits = (("chain", "draw"), [[0, 1]])
    groups = {"sample_stats": xr.Dataset({"depth": depth, "maxdepth_reached": hits})}
    notes = computation.computation(SimpleNamespace(record=record, groups=groups))
    said = {n.label: n.text for n in notes}
    assert said["warm-up draws per chain"] == "1000"
    assert said["quick run, with too few draws for results"] == "no"
    assert said["mass matrix of the sampler"] == "diagonal and low rank"
    assert said[gaps.DEPTH] == "7 doublings"
    assert said["draws that hit the deepest tree allowed"] == "1"
    assert not any("_" in label for label in said)


@pytest.mark.parametrize("matrix", ["serum", "plasma"])
def test_a_level_is_said_to_be_of_what_it_was_measured_in(matrix: str) -> None:
    rows = read_evidence(bundled_path()).measurements
    row = next(m for m in rows if m.observable == "timp1_level" and m.statistic == "mean")
    assert labels.quantity(replace(row, matrix=matrix)) == (f"TIMP-1 in {matrix}", "ng/mL")
    assert labels.quantity(replace(row, matrix=""))[0] == "TIMP-1 in blood"
    assert labels.QUANTITIES["timp1_level"][0] == "TIMP-1 in blood"
