"""Section 12 on made-up decisions: kinds apart, every number beside its prior, gaps said."""

from __future__ import annotations

import dataclasses
import re

import pytest

from metinfer.report import figures
from metinfer.report.build import as_json, render
from metinfer.report.content import ASSUMED, LEARNT
from metinfer.report.contents_decisions import Decisions
from metinfer.report.sections_decisions import tables
from tests.report.decided import made_up
from tests.report.synthetic import small


def test_regimens_and_clamps_never_share_a_table() -> None:
    for table in tables(made_up()):
        text = " ".join(cell.text for row in table.rows for cell in row)
        assert not ("made-up regimen" in text and "made-up clamp" in text), table.name


def test_every_number_of_a_therapy_stands_beside_its_prior_and_verdict() -> None:
    for table in tables(made_up()):
        if table.name.startswith(("window", "duration", "dose", "lasting")) and table.rows:
            labels = [c.label for c in table.columns]
            assert {"Posterior", "Prior", "Without mouse rows", "Learnt or assumed"} <= set(labels)
            place = labels.index("Learnt or assumed")
            assert {row[place].text for row in table.rows} == {ASSUMED}
            assert LEARNT != ASSUMED


def test_the_page_asks_and_answers_each_question() -> None:
    page = render(dataclasses.replace(small(), decisions=made_up()))
    for heading in ("Does it last, or only delay?", "When must it start", "How much is enough?",
                    "Where does the doubt come from?", "The next experiment"):  # fmt: skip
        assert heading in page
    names = ("window-regimen", "window-clamp", "duration-clamp", "dose-regimen", "lasting-regimen",
             "after-clamp", "variance-parts", "assurance-regimen")  # fmt: skip
    for name in names:
        assert f'id="figure-{name}"' in page
    assert "without competing death" in page
    assert "Nothing is ranked in 1 other cases" in page


def test_what_was_not_computed_is_said_with_its_command() -> None:
    bare = Decisions(who=made_up().who)
    page = render(dataclasses.replace(small(), decisions=bare))
    assert re.search(r"Not run:.{0,10}</b> lasting or delay", page)
    assert "Where does the doubt come from?" not in page


def test_the_numbers_are_in_the_json() -> None:
    document = as_json(dataclasses.replace(small(), decisions=made_up()))
    assert document["content"]["decisions"]["candidates"][0]["assurance"] == [[5, 0.2], [10, 0.4]]
    assert "narrowing" in document["tables"]


def test_hazard_panels_mark_the_end_of_therapy() -> None:
    axis = figures.hazard_afterwards(made_up().after[:1]).axes[0]
    marks = [ln.get_xdata()[0] for ln in axis.lines if ln.get_linestyle() == ":"]
    assert 1.0 in marks


def test_variance_bars_fill_the_whole() -> None:
    axis = figures.variance_parts(made_up().shares).axes[0]
    assert sum(b.get_width() for b in axis.patches) == pytest.approx(100.0)
