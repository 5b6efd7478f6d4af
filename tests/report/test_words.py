"""Numbers become words without losing sign, size or honesty."""

from __future__ import annotations

import math

import pytest

from metinfer.inference import learnt
from metinfer.report import said, words
from metinfer.report.content import ASSUMED, LEARNT, NARROWED, Span
from metinfer.therapy import verdicts


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0.0, "0"), (1234.5678, "1,235"), (0.012345, "0.0123"), (-2.5, "\u22122.50"),
        (1e-7, "1.00e\u22127"), (3.0, "3"), (None, "\u2014"), (math.nan, "\u2014"),
        (math.inf, "\u221e"), (999.9, "1,000"),
    ],
)  # fmt: skip
def test_numbers_have_three_digits_and_a_true_minus(value: float | None, shown: str) -> None:
    assert words.number(value) == shown


def test_decimals_follow_the_width_of_the_interval() -> None:
    assert words.span_text(Span(9.13, 4.1, 14.2, -3.2, 21.3)) == "9 (\u22123 to 21)"
    assert words.span_text(Span(0.654, 0.5, 0.8, 0.32, 0.98)) == "0.65 (0.32 to 0.98)"


def test_wide_positive_intervals_keep_digits_at_both_ends() -> None:
    assert words.span_text(Span(0.0072, 0.004, 0.011, 0.0019, 0.027)) == "0.0072 (0.0019 to 0.027)"


def test_minus_zero_is_zero() -> None:
    assert words.fixed(-0.2, 0) == "0"


def test_shares_near_the_ends_are_never_rounded_to_certainty() -> None:
    assert [words.share(v) for v in (0.0, 0.004, 0.5, 0.996, 1.0)] == [
        "0 %", "< 1 %", "50 %", "> 99 %", "100 %",
    ]  # fmt: skip


def test_number_needed_is_given_only_where_the_effect_is_learnt_and_clear() -> None:
    assert words.needed_to_treat(Span(0.1, 0.08, 0.12, 0.05, 0.2)) == "10 (5 to 20)"
    assert words.needed_to_treat(Span(-0.1, -0.12, -0.08, -0.2, -0.05)) == "10 (5 to 20)"
    crossing = Span(0.1, 0.08, 0.12, -0.01, 0.2)
    assert words.needed_to_treat(crossing) == "not given: the interval includes no effect"
    clear = Span(0.1, 0.08, 0.12, 0.05, 0.2)
    assert words.needed_to_treat(clear, ASSUMED) == "not given: assumed"
    assert words.needed_to_treat(clear, NARROWED) == "not given: narrowed only"


def test_the_event_is_that_of_the_population() -> None:
    assert words.event("liver") == "liver metastasis as the first metastasis"
    assert words.event("all_sites") == "any distant metastasis"
    assert words.event("liver", "mouse") == "metastasis"


def test_words_of_verdicts_are_those_of_the_program() -> None:
    assert (LEARNT, NARROWED, ASSUMED) == learnt.STATES
    assert [words.tone(s) for s in learnt.STATES] == ["good", "warn", "assumed"]
    every = (*learnt.STATE_OF, verdicts.NOTHING, verdicts.UNTREATED_ONLY, verdicts.CAPPED)
    for reason in (said.WIDER, said.FEW, said.UNTREATED, said.CAPPED, said.NOTHING):
        assert sum(reason in why for why in every) == 1
    for name, little in verdicts.LITTLE.items():
        how = words.measure(name)
        assert abs(how.harm - (how.no_effect or 0.0)) == pytest.approx(little * how.factor)


def test_short_horizons_are_days() -> None:
    assert words.years(35 / 365.25) == "35 days"
    assert words.years(1.0) == "1 year"
    assert words.years(10.0) == "10 years"


def test_ratios_keep_the_digit_that_decides_about_harm() -> None:
    assert words.shown_text(Span(0.6, 0.4, 0.8, 0.16, 1.07), "risk_ratio") == "0.60 (0.16 to 1.07)"
    assert words.shown_text(Span(2.0, 1.0, 5.0, 0.5, 12.34), "risk_ratio") == "2.00 (0.50 to 12.34)"


def test_no_draw_in_the_tail_is_less_than_one_in_so_many() -> None:
    assert words.tail(0.0, 400) == "< 0.003"
    assert words.tail(0.014, 400) == "0.014"
    assert words.tail(None, 400) == words.GAP


def test_width_is_compared_on_logs_for_positive_quantities() -> None:
    """A long upper tail that was cut says more on the natural scale than was learnt."""
    before, after = Span(1.0, 0.5, 2.0, 0.1, 10.0), Span(1.0, 0.5, 2.0, 0.1, 1.0)
    assert words.width_ratio(before, after, positive=True) == pytest.approx(0.5)
    assert words.width_ratio(before, after) == pytest.approx(0.9 / 9.9)
    wider = words.width_ratio(after, before, positive=True)
    assert wider == pytest.approx(2.0)
    assert words.width(wider) == "2.00, wider than before"
    assert words.width(0.5) == "0.50"
    assert words.width(1.02) == "1.02"
    assert words.width_ratio(Span(0.0, 0.0, 0.0, 0.0, 1.0), after, positive=True) is None
