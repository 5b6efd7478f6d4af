"""How numbers become words: significant digits, true minus signs, intervals."""

from __future__ import annotations

import math

from metinfer.summaries.table import YEAR, Summary, scaled

MINUS, GAP = "\u2212", "\u2014"


def number(value: float | None, digits: int = 3) -> str:
    """Value to `digits` significant digits, or a dash where there is none."""
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
    """A count with thousands separated."""
    if value is None or math.isnan(value):
        return GAP
    return f"{round(value):,}".replace("-", MINUS)


def fixed(value: float, decimals: int) -> str:
    """Value with `decimals` decimals and a true minus sign; never "-0"."""
    text = f"{value:,.{decimals}f}"
    return text.lstrip("-") if float(text.replace(",", "")) == 0 else text.replace("-", MINUS)


def share(value: float | None) -> str:
    """A fraction as a percentage; never 0 % or 100 % unless it is exactly that."""
    if value is None or math.isnan(value):
        return GAP
    if 0 < value < 0.01:
        return "<\u00a01\u00a0%"
    if 0.99 < value < 1:
        return ">\u00a099\u00a0%"
    return f"{100 * value:.0f}\u00a0%"


def ratio(value: float | None) -> str:
    """A ratio with two decimals."""
    return GAP if value is None else fixed(value, 2)


def tail(value: float | None, draws: int = 0) -> str:
    """A tail probability; none among `draws` is less than one in so many, not zero."""
    if value is not None and value == 0 and draws:
        return f"<\u00a0{number(1 / draws, 1)}"
    return number(value, 2)


def years(value: float) -> str:
    """A time: "5 years", "1 year"; below nine months "35 days" (mouse experiments)."""
    if value < 0.75:
        return f"{number(value * YEAR)} days"
    return f"{number(value)} year{'' if value == 1 else 's'}"


def _decimals(span: Summary) -> int:
    """Decimals that an interval deserves: two digits of its width."""
    width = span.hi90 - span.lo90 or max(abs(span.median), 1e-12)
    return min(max(1 - math.floor(math.log10(abs(width))), 0), 6)


def ends(span: Summary | None, most: int = 6, least: int = 0) -> tuple[str, str]:
    """Median and 90 % interval as text, with `least` to `most` decimals.

    Decimals follow the width of the interval; intervals over a wide range of positive values get
    two significant digits each.
    """
    if span is None or math.isnan(span.median):
        return GAP, GAP
    values = (span.median, span.lo90, span.hi90)
    wide = span.lo90 > 0 and span.hi90 / span.lo90 > 5
    if least != most and (wide or max(map(abs, values)) < 1e-4):
        texts = [_two_digits(v, most) for v in values]
    else:
        texts = [fixed(v, max(min(_decimals(span), most), least)) for v in values]
    return texts[0], f"{texts[1]} to {texts[2]}"


def _two_digits(value: float, most: int) -> str:
    text = number(value, 2)
    many = len(text.partition(".")[2]) > most or "e" in text
    return fixed(value, most) if most < 6 and many else text


def interval(span: Summary | None, most: int = 6, least: int = 0) -> str:
    """``median (5 % to 95 % end)``."""
    median, wide = ends(span, most, least)
    return median if median == GAP else f"{median} ({wide})"


def per_1000(span: Summary | None) -> str:
    """A share as people per 1,000 with its 90 % interval."""
    return interval(scaled(span, 1000.0), 0, 0)
