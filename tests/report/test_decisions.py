"""Section 12 on made-up decisions: kinds apart, every number beside its prior, gaps said."""

from __future__ import annotations

import dataclasses
import re

import pytest

from metinfer.report import figures
from metinfer.report.build import as_json, render
from metinfer.report.content import ASSUMED, LEARNT, NARROWED, Effect, Span
from metinfer.report.contents_decisions import Decisions
from metinfer.report.explorer import explorer
from metinfer.report.sections import effects
from metinfer.report.sections_decisions import tables
from metinfer.report.summary import needed_sentence
from metinfer.report.tables import Cell
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


def test_bars_of_means_add_up_and_say_what_is_assumed() -> None:
    bar = dataclasses.replace(made_up().splits[0], prior=Span(5.0, 1.0, 400.0, 0.0, 1250.0))
    assert bar.net == pytest.approx(bar.removed + bar.dormant + bar.awake)
    axis = figures.split_bars([bar]).axes[0]
    assert [t.get_text() for t in axis.get_yticklabels()] == ["Assumed \u2013 made-up regimen"]
    marks = [ln.get_xdata() for ln in axis.lines if list(ln.get_xdata()) == [bar.net] * 2]
    assert len(marks) == 1
    assert axis.get_xlim()[1] < 10.0  # a prior that reaches far does not flatten the rest
    assert "not people" in axis.get_xlabel()


def test_narrowing_says_now_what_the_page_says_of_the_answer() -> None:
    one = made_up().candidates[0]
    narrowed = dataclasses.replace(one.narrowings[0], now=NARROWED)
    decided = dataclasses.replace(
        made_up(), candidates=(dataclasses.replace(one, narrowings=(narrowed,)),)
    )
    table = next(t for t in tables(decided) if t.name == "narrowing")
    place = [c.label for c in table.columns].index("Now")
    assert [(r[place].text, r[place].tone) for r in table.rows] == [(NARROWED, "warn")]


def test_curves_name_the_event_they_count() -> None:
    shown = small()
    curves = tuple(dataclasses.replace(c, event="any distant metastasis") for c in shown.curves)
    data = explorer(dataclasses.replace(shown, curves=curves))
    assert data is not None
    assert set(data["data"]["event"].values()) == {"any distant metastasis"}
    treated = [c for c in curves if c.therapy][:1]
    assert "free of any distant" in figures.event_free_curves(treated).axes[0].get_title("left")
    cohort = dataclasses.replace(shown.survival[0], endpoint="any_relapse")
    assert "free of any relapse" in figures.survival_curves([cohort]).axes[0].get_title("left")


def test_harms_are_counted_as_harms() -> None:
    shown = small()
    effect = dataclasses.replace(
        shown.effects[0], kind="adverse", measure="absolute_risk_reduction", learnt=LEARNT,
        posterior=Span(-0.05, -0.07, -0.03, -0.1, -0.02), harm=0.97, harm_prior=0.995,
    )  # fmt: skip
    table = effects(dataclasses.replace(shown, effects=(effect,)), "adverse")
    cells = {c.label: cell for c, cell in zip(table.columns, table.rows[0], strict=True)}
    assert cells["Number needed to harm"].text == "20 (10 to 50)"
    assert cells["Chance of any harm"].text == "97 %"
    assert cells["Chance of any harm"].detail == (
        "before any data: > 99 % (the model fixes the sign)"
    )
    assert not any("benefit" in label or "treat" in label for label in cells)


def _cells(effect: Effect) -> dict[str, Cell]:
    table = effects(dataclasses.replace(small(), effects=(effect,)), effect.kind)
    return {c.label: cell for c, cell in zip(table.columns, table.rows[0], strict=True)}


@pytest.mark.parametrize(("state", "shown"), [(LEARNT, "87 %"), (ASSUMED, "\u2014")])
def test_the_chance_of_an_assumed_benefit_is_not_shown_but_kept(state: str, shown: str) -> None:
    first = next(e for e in small().effects if e.kind == "regimen")
    effect = dataclasses.replace(
        first, measure="absolute_risk_reduction", learnt=state, benefit=0.87, benefit_prior=1.0,
        beyond=0.87, beyond_prior=0.9, margin=0.01,
    )  # fmt: skip
    cells = _cells(effect)
    for label in ("Chance of any benefit", "Chance beyond the margin"):
        assert cells[label].text.startswith(shown)
        assert cells[label].values[0] == 0.87
        assert ("not shown: assumed" in cells[label].detail) == (state == ASSUMED)


def test_the_number_needed_to_treat_stands_beside_the_verdict_and_is_explained() -> None:
    first = next(e for e in small().effects if e.kind == "regimen")
    labels = list(_cells(first))
    place = labels.index("Learnt or assumed")
    assert labels[place + 1] == "Number needed to treat"
    clear = dataclasses.replace(first, measure="absolute_risk_reduction", learnt=LEARNT,
                                posterior=Span(0.1, 0.08, 0.12, 0.05, 0.2))  # fmt: skip
    two = (clear, dataclasses.replace(clear, learnt=ASSUMED))
    told = needed_sentence(dataclasses.replace(small(), effects=two))
    assert told.startswith("A number needed to treat, or to harm, is given only where an effect ")
    assert told.endswith("Here 1 of 2 absolute risk reductions has one.")
    page = render(dataclasses.replace(small(), effects=two))
    assert told in page
    assert page.count("must not be compared with one another") == 2
