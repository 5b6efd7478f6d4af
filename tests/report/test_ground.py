from __future__ import annotations

from dataclasses import replace

import pytest

from metinfer.evidence import bundled_path, read_evidence
from metinfer.report.contents_foundations import MATTERS
from metinfer.report.gather import account
from metinfer.report.gather.foundations import ground
from metinfer.report.sections import all_tables
from tests.report import synthetic


@pytest.fixture(scope="module")
def content():
    return synthetic.small()


def judged(prior, data):
    first = synthetic.small().ground.foundations[0]
    return replace(first, prior_power=prior, data_power=data).judged


def test_power_scaling_is_put_into_words():
    low, high = 0.5 * MATTERS, 2.0 * MATTERS
    assert judged(high, low) == "the prior decides"
    assert judged(low, high) == "the data decide"
    assert judged(high, high) == "prior and data may disagree"
    assert judged(low, low) == "neither moves it"
    assert judged(None, high) == ""


def test_tables_of_the_ground_hold_what_was_found(content):
    tables = all_tables(content)
    assert len(tables["rests-on"].rows) == len(content.answers)
    assert tables["rests-on"].rows[0][-1].text == "rotterdam +0.19, street-2001 \u22120.05"
    surprise = tables["prior-rows"].rows[1]
    assert [c.text for c in surprise][-1] == "outside"
    assert tables["impossible"].rows[-1][-1].text == "0.8 %"
    assert [r[3].text for r in tables["credibility"].rows] == ["met", "not met", "not shown here"]
    assert tables["published"].rows[0][4].text == "mean 62.4, SEM 4.3"


def test_without_checks_there_is_no_ground(content):
    found = ground({}, content.answers, read_evidence(bundled_path()), ())
    assert [found.foundations, found.prior_rows, found.impossible, found.pairs] == [()] * 4


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("lin2021-share", "550 of 2263"),
        ("zhang2017-hr-matched", "hazard ratio 0.42, 95 % interval 0.26 to 0.69"),
        ("beitsch1994-surgery", "mean 71.6 percent, SD 25.3"),
        ("street2001-lung-ctrl", "mean 8, SEM 2.6"),
    ],
)
def test_a_row_is_printed_as_its_paper_has_it(row, words):
    rows = {m.row: m for m in read_evidence(bundled_path()).measurements}
    assert account.printed(rows[row]) == words


def test_credibility_is_computed_from_what_the_run_shows(content):
    rows = account.published_rows(read_evidence(bundled_path()))
    made = {
        c.factor: c
        for c in account.credibility(
            content.gates, content.scores, content.verdict.levels, content.answers, rows
        )
    }
    assert made["Solver"].met is None  # the synthetic run has no solver gate
    assert made["Inputs"].met is False
    assert "read with high confidence" in made["Inputs"].evidence
    assert made["Model form"].met is None  # not run
    levels = tuple(replace(v, state="done", meaning="it moves") for v in content.verdict.levels)
    moved = account.credibility(content.gates, content.scores, levels, content.answers, rows)
    form = next(c for c in moved if c.factor == "Model form")
    assert (form.met, form.evidence, form.gap) == (False, "it moves", "")
    sure = tuple(replace(r, confidence="high", source="table 1") for r in rows)
    again = account.credibility((), (), content.verdict.levels, (), sure)
    inputs = next(c for c in again if c.factor == "Inputs")
    assert (inputs.met, inputs.gap) == (True, "")
