"""How numbers become words: measures by name, three significant digits, true minus signs."""

from __future__ import annotations

import math
from dataclasses import dataclass

from metinfer.report.content import LEARNT, NARROWED, Effect, Span

MINUS = "\u2212"
GAP = "\u2014"


@dataclass(frozen=True)
class Measure:
    """A measure of a therapy: words, unit and the factor from stored to shown values."""

    label: str
    unit: str
    factor: float = 1.0
    no_effect: float | None = 0.0
    decimals: int = 6  # at most so many: finer ones would be noise to a reader
    harm: float = 0.0  # an interval reaches harm if it passes this (shown scale)
    least: int = 0  # at least so many decimals: the last one may decide about harm


MEASURES: dict[str, Measure] = {
    "risk": Measure("risk with therapy", "%", 100.0, None, 1),
    "risk_untreated": Measure("risk without therapy", "%", 100.0, None, 1),
    "absolute_risk_reduction": Measure(
        "absolute risk reduction", "percentage points", 100.0, 0.0, 2, -0.05
    ),
    "risk_ratio": Measure("risk ratio, treated over untreated", "ratio", 1.0, 1.0, 2, 1.015, 2),
    "link": Measure("strength", "1", 1.0, 0.0, 2),
    "fold": Measure("effect", "fold", 1.0, 1.0, 2, 0.0, 2),
    "events": Measure("events", "events", 1.0, None, 0),
    "lasting_share": Measure("share of the benefit that lasts", "%", 100.0, None, 0),
    "lasting_rebound": Measure(
        "largest hazard ratio after the end", "ratio", 1.0, 1.0, 2, 1.015, 2
    ),
    "lasting_avoided": Measure(
        "avoided by the end of follow-up",
        "metastases, not people, per 1,000 subjects",
        1000.0,
        0.0,
        1,
        -0.05,
    ),  # fmt: skip
    "dose_half": Measure("doses for half of the attainable effect", "multiple", 1.0, None, 2),
    "dose_most": Measure("doses for nine tenths of it", "multiple", 1.0, None, 1),
    "over_bliss": Measure("better than independent action by", "risk ratio", 1.0, 0.0, 3),
    "over_best": Measure("better than the best part by", "risk ratio", 1.0, 0.0, 3),
    "rmst_gain": Measure("event-free time gained", "days", 365.25, 0.0, 1, -1.0),
}


#: What the risks of a population count, by its endpoint.
EVENTS = {
    "liver": "liver metastasis as the first metastasis",
    "liver_again": "new liver metastasis",
    "all_sites": "any distant metastasis",
}
#: What the follow-up of a cohort counts, by its `endpoint_scope`.
SCOPES = {
    "liver": "liver metastasis", "distant": "distant metastasis", "any_relapse": "any relapse",
    "organ": "metastasis",
}  # fmt: skip
#: Ratio of widths from which an interval is called wider: less is noise of the draws.
WIDER = 1.05
#: Measures that are never below zero: their intervals are compared on the log scale.
POSITIVE = ("risk", "risk_untreated", "risk_ratio")


def measure(name: str) -> Measure:
    """Return the words of a measure; an unknown one is shown by its own name, unscaled."""
    return MEASURES.get(name, Measure(name.replace("_", " "), ""))


def number(value: float | None, digits: int = 3) -> str:
    """Return `value` to `digits` significant digits, or a dash where there is none."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return GAP
    if math.isinf(value):
        return "\u221e" if value > 0 else MINUS + "\u221e"
    if value == 0:
        return "0"
    size = math.floor(math.log10(abs(value)))
    if -4 <= size < 6:
        text = f"{value:,.{max(digits - 1 - size, 0)}f}"
        text = text.rstrip("0").rstrip(".") if "." in text and float(value).is_integer() else text
    else:
        mantissa, exponent = f"{value:.{digits - 1}e}".split("e")
        text = f"{mantissa}e{int(exponent)}"
    return text.replace("-", MINUS)


def whole(value: float | None) -> str:
    """Return a count with thousands separated."""
    if value is None or math.isnan(value):
        return GAP
    return f"{round(value):,}".replace("-", MINUS)


def how_many(count: float, one: str, many: str = "") -> str:
    """Return a count with its noun."""
    return f"{whole(count)} {one if count == 1 else many or one + 's'}"


def share(value: float | None) -> str:
    """Return a fraction as a percentage; never 0 % or 100 % unless it is exactly that."""
    if value is None or math.isnan(value):
        return GAP
    if 0 < value < 0.01:
        return "< 1 %"
    if 0.99 < value < 1:
        return "> 99 %"
    return f"{100 * value:.0f} %"


def tail(value: float | None, draws: int = 0) -> str:
    """Return a tail probability; none among `draws` is less than one in so many, not zero."""
    if value is not None and value == 0 and draws:
        return f"< {number(1 / draws, 1)}"
    return number(value, 2)


def width_ratio(before: Span, after: Span, positive: bool = False) -> float | None:
    """Return the width of the 90 % interval after the data over that before.

    On the log scale for positive quantities, whose long upper tails would hide what was learnt.
    """
    ends = [(s.lo90, s.hi90) for s in (after, before)]
    if positive:
        if min(low for low, _ in ends) <= 0:
            return None
        ends = [(math.log(low), math.log(high)) for low, high in ends]
    now, then = (high - low for low, high in ends)
    return now / then if then > 0 else None


def width(value: float | None) -> str:
    """Return a ratio of widths; beyond the noise of draws above 1 it says so in words."""
    shown = GAP if value is None else fixed(value, 2)
    return f"{shown}, wider than before" if value is not None and value >= WIDER else shown


def scale(span: Span, factor: float) -> Span:
    """Return the interval times `factor`."""
    return Span(*(factor * v for v in (span.median, span.lo50, span.hi50, span.lo90, span.hi90)))


def _decimals(span: Span) -> int:
    """Return the decimals an interval deserves: two digits of its width."""
    width = span.hi90 - span.lo90
    if width <= 0:
        width = max(abs(span.median), 1e-12)
    return min(max(1 - math.floor(math.log10(width)), 0), 6)


def _spans_decades(span: Span) -> bool:
    """Whether the ends differ so much that equal decimals would starve the lower one."""
    return span.lo90 > 0 and span.hi90 / span.lo90 > 5


def fixed(value: float, decimals: int) -> str:
    """Return `value` with `decimals` decimals and a true minus sign; never "-0"."""
    text = f"{value:,.{decimals}f}"
    return text.lstrip("-") if float(text.replace(",", "")) == 0 else text.replace("-", MINUS)


def span_parts(span: Span | None, most: int = 6, least: int = 0) -> tuple[str, str, str]:
    """Return median, 50 % and 90 % interval as text, with `least` to `most` decimals.

    Decimals follow the width of the 90 % interval; intervals over a wide range of positive
    values get two significant digits each.
    """
    if span is None or math.isnan(span.median):
        return GAP, GAP, GAP
    values = (span.median, span.lo50, span.hi50, span.lo90, span.hi90)
    if least == most:
        ends = [fixed(v, most) for v in values]
    elif _spans_decades(span) or max(abs(v) for v in values) < 1e-4:
        ends = [_two_digits(v, most) for v in values]
    else:
        ends = [fixed(v, max(min(_decimals(span), most), least)) for v in values]
    return ends[0], f"{ends[1]} to {ends[2]}", f"{ends[3]} to {ends[4]}"


def _two_digits(value: float, most: int) -> str:
    text = number(value, 2)
    if most >= 6:
        return text
    return fixed(value, most) if len(text.partition(".")[2]) > most or "e" in text else text


def shown(span: Span | None, name: str) -> tuple[str, str, str]:
    """Return median, 50 % and 90 % interval of a measure, in its unit and its decimals."""
    how = measure(name)
    scaled = None if span is None else scale(span, how.factor)
    return span_parts(scaled, how.decimals, how.least)


def shown_text(span: Span | None, name: str) -> str:
    """Return ``median (lo90 to hi90)`` of a measure, in its unit and its decimals."""
    median, _, wide = shown(span, name)
    return median if median == GAP else f"{median} ({wide})"


def span_text(span: Span | None) -> str:
    """Return ``median (lo90 to hi90)``."""
    median, _, wide = span_parts(span)
    return median if median == GAP else f"{median} ({wide})"


def years(value: float) -> str:
    """Return "5 years", "1 year"; below nine months "35 days" (mouse experiments)."""
    if value < 0.75:
        return f"{number(value * 365.25)} days"
    return f"{number(value)} year{'' if value == 1 else 's'}"


def event(endpoint: str, species: str = "human") -> str:
    """Return which event the risks of a population count."""
    if species == "mouse" or endpoint not in EVENTS:
        return "metastasis"
    return EVENTS[endpoint]


def since(effect: Effect) -> str:
    """Return from when an effect is counted, and whether other deaths are left out."""
    start = "" if effect.species == "mouse" else "counted from surgery"
    alone = "as if nobody died of another cause" if leaves_out_death(effect) else ""
    return ", ".join(p for p in (start, alone) if p)


def leaves_out_death(effect: Effect) -> bool:
    """Whether the numbers of an effect are as if nobody died of another cause."""
    return effect.measure != "risk_ratio" and not effect.competing


def started(effect: Effect) -> str:
    """Return ", from day 28", the day on which the therapy starts; empty where it is unknown."""
    if effect.start is None or effect.measure == "risk_untreated":
        return ""
    return f", from day {number(effect.start)}"


def needed_to_treat(reduction: Span, state: str = LEARNT) -> str:
    """Return the number needed to treat (or, of a harm, to harm), or why there is none.

    Where the 90 % interval of the risk reduction includes no effect the number runs through
    infinity and is not given; nor is it of an effect that the data did not teach.
    """
    if state != LEARNT:
        return f"not given: {state.partition(',')[0]}"
    if reduction.lo90 <= 0 <= reduction.hi90:
        return "not given: the interval includes no effect"
    low, high = sorted((abs(reduction.lo90), abs(reduction.hi90)))
    return f"{whole(1 / abs(reduction.median))} ({whole(1 / high)} to {whole(1 / low)})"


def has_needed(reduction: Span, state: str) -> bool:
    """Return whether a number needed to treat, or to harm, is given."""
    return state == LEARNT and not reduction.lo90 <= 0 <= reduction.hi90


def tone(state: str) -> str:
    """Return the tone of learnt, narrowed only and assumed."""
    return {LEARNT: "good", NARROWED: "warn"}.get(state, "assumed")


def is_learnt(state: str) -> bool:
    """Return whether the data taught a number."""
    return state == LEARNT


def is_assumed(state: str) -> bool:
    """Return whether a number only repeats its prior."""
    return state not in (LEARNT, NARROWED)
