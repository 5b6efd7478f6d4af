"""Each figure says one result to a reader who cannot see it."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

from metinfer.evidence import bundled_path, read_evidence
from metinfer.report.content import Answer, Gate
from metinfer.report.contents_decisions import Share
from metinfer.report.drawings import all_drawings
from metinfer.report.figures.rows import _row_label
from metinfer.report.findings import finding
from metinfer.report.gather import compare, gates
from metinfer.report.gather.places import Places
from tests.report.synthetic import content, small


def test_every_figure_says_a_result_and_not_its_caption() -> None:
    for drawn in all_drawings(small()).values():
        for one in drawn:
            alternative = one.svg.split('aria-label="')[1].split('"')[0]
            assert one.title in alternative
            assert one.caption not in alternative
            assert any(c.isdigit() for c in alternative)


def test_results_are_counted_from_what_is_drawn() -> None:
    rows = content().rows[:4]
    inside = [replace(r, reported=r.predicted.median) for r in rows]
    outside = replace(inside[0], reported=10 * inside[0].predicted.hi90, source="Far out")
    said = finding([*inside[1:], outside])
    assert said.startswith("3 of 4 published values")
    assert said.endswith("outside: Far out.")
    assert finding([Share("risk", 500, 0.1, {"chance": 0.2, "priors": 0.7})]) == (
        "risk: mostly priors (70 %)."
    )
    band = SimpleNamespace(p=0.01), SimpleNamespace(p=0.5)
    assert finding((None, band)) == "1 of 2 lines leave the band."
    assert finding([]) == ""
    assert finding([object()]) == ""


def test_intervals_are_named_in_years_and_variants_by_their_label() -> None:
    names = Places(read_evidence(bundled_path()))
    said = names.observation("crlm_all:0-91.3125")
    assert said.startswith("Simpson AL et al 2024, colorectal liver metastases")
    assert said.endswith("years 0 to 0.25")
    labels = {"mutual_inhibition": "NK cells also restrain the stellate cells"}
    assert compare._in_words("variant mutual_inhibition: 9 divergences", labels) == (
        "variant NK cells also restrain the stellate cells: 9 divergences"
    )


def test_a_ratio_is_named_once_in_the_label_of_its_row() -> None:
    row = replace(content().rows[0], statistic="hazard ratio", quantity="hazard ratio of x", n=None)
    assert "hazard ratio" not in _row_label(row)
    assert "hazard ratio" in _row_label(replace(row, quantity="something else"))


def test_gates_call_named_answers_as_the_page_does() -> None:
    effect = replace(content().answers[0].effect, measure="risk_ratio")
    answer = Answer("a drug: people", effect, key="a_drug_ratio")
    gate = Gate("R-hat", "the chains agree (a drug ratio)", 1.0, "", True)
    plain = replace(gate, meaning="the chains agree (worst of all)")
    one, other = gates.named([gate, plain], [answer])
    assert one.meaning == "the chains agree (a drug: people, risk ratio, treated over untreated)"
    assert other == plain
