"""Numbers as words, and words for every code."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from metinfer.report import numbers, phrases
from metinfer.report.geometry import ARROWS, NODES
from metinfer.report.numbers import MINUS, interval
from metinfer.summaries import chance, evidence, unknowns
from metinfer.summaries.ledger import LedgerState, Part
from metinfer.summaries.quality import TEXTS, Light, Reason, State
from metinfer.summaries.table import Summary


def span(low: float, median: float, high: float) -> Summary:
    return Summary(median, median, median, low, high)


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0, "0"), (1234.5, "1,234"), (0.04567, "0.0457"), (-3.0, f"{MINUS}3"), (None, "\u2014"),
     (1.5e-7, "1.50e-7".replace("-", MINUS)), (float("inf"), "\u221e")],
)  # fmt: skip
def test_numbers_have_three_digits_and_true_minus_signs(value, text) -> None:
    shown = numbers.number(value)
    assert shown.replace("e-7", f"e{MINUS}7") == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0, "0 %"), (0.004, "< 1 %"), (0.5, "50 %"), (0.998, "> 99 %"), (1.0, "100 %")],
)
def test_a_share_is_never_rounded_to_certainty(value, text) -> None:
    assert numbers.share(value).replace("\u00a0", " ") == text


def test_intervals_have_the_digits_that_their_width_deserves() -> None:
    assert interval(span(38.2, 40.13, 42.9)) == "40.1 (38.2 to 42.9)"
    assert interval(span(0.0021, 0.011, 0.19)) == "0.011 (0.0021 to 0.19)"
    assert interval(span(-0.0001, 0.0, 2.4), 0) == "0 (0 to 2)"
    assert interval(span(0.533, 0.876, 0.989), 2, 2) == "0.88 (0.53 to 0.99)"
    assert numbers.per_1000(span(0.0227, 0.0386, 0.0586)) == "39 (23 to 59)"
    assert interval(None) == "\u2014"


def test_every_code_has_words() -> None:
    for words, codes in (
        (phrases.STATES, LedgerState), (phrases.STATE_MEANING, LedgerState),
        (phrases.PARTS, Part), (phrases.PART_MEANING, Part), (phrases.LIGHTS, Light),
        (phrases.LIGHT_STATES, State), (phrases.COVERAGE, evidence.PARTS),
        (phrases.TEXTS, (*TEXTS, "acceptance")), (phrases.LINKS, ARROWS),
        (phrases.JUDGED, (chance.NARROW, chance.RIGHT, chance.WIDE, chance.FEW)),
        (phrases.ROLES, evidence.ROLES),
    ):  # fmt: skip
        assert set(codes) <= set(words)
    assert {a.key for a in unknowns.ARROWS.values()} == set(ARROWS)
    assert {p for a in unknowns.ARROWS.values() for p in a.parts} <= set(evidence.PARTS)
    assert len(NODES) == 10


@pytest.mark.parametrize(
    ("reason", "text"),
    [
        (Reason("incomplete", {"status": "interrupted"}), "interrupted"),
        (Reason("not_judged", {"command": "diagnose"}), "metinfer diagnose RUN"),
        (Reason("quick", {}), "too few draws"),
        (Reason("text", {"key": "question"}), "Question"),
        (Reason("answer", {"answer": "a_b"}), "a_b"),
        (Reason("changed", {"files": ["arms.csv"]}), "arms.csv changed since the fit"),
        (Reason("stale", {"files": ["x.nc"], "command": "predict"}), "another version"),
        (Reason("not_predicted", {"command": "predict"}), "metinfer predict RUN"),
    ],
)
def test_each_reason_against_a_run_is_named(reason, text) -> None:
    assert text in phrases.reason(reason, lambda name: f"metinfer {name} RUN")


@pytest.mark.parametrize(
    ("label", "short"),
    [("N-803 6 \u00b5g/kg weekly x4, four courses", "N-803"),
     ("blood TIMP-1 neutralised by 90 %", "blood TIMP-1 neutralised by 90 %"),
     ("IFN-gamma-1b 50 \u00b5g/m2 three times weekly", "IFN-gamma-1b")],
)  # fmt: skip
def test_a_therapy_is_called_by_what_stands_before_its_dose(label, short) -> None:
    assert phrases.short(label) == short


def test_groups_say_what_was_changed_and_in_whom() -> None:
    mouse = SimpleNamespace(species="mouse", site="liver", changes=("nk_depletion", "timp1_fold=2"),
                            population="", subgroup="")  # fmt: skip
    assert phrases.whom(mouse) == "mouse, liver, NK cells depleted, TIMP-1 \u00d7 2"
    human = SimpleNamespace(species="human", site="", changes=("N-803",), population="people",
                            subgroup="luminal a")  # fmt: skip
    assert phrases.whom(human) == "people, luminal A, N-803"


def test_a_published_number_reads_as_in_its_paper() -> None:
    row = SimpleNamespace(statistic="hazard_ratio", value=0.42, unit="1", spread="ci95", low=0.26,
                          high=0.69, events=None, n=None)  # fmt: skip
    assert phrases.printed(row) == "hazard ratio 0.42, 95 % interval 0.26 to 0.69"
    assert phrases.printed(row, bare=True) == "0.42, 95 % interval 0.26 to 0.69"
    count = SimpleNamespace(statistic="proportion", value=None, unit="1", events=9, n=17)
    assert phrases.printed(count) == "9 of 17"
