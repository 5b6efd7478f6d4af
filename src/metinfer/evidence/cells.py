"""One cell of a table to a value, or to the reason why it is none."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any

from metinfer.evidence.columns import Column
from metinfer.evidence.faults import did_you_mean, one_of
from metinfer.evidence.vocabulary import SPREADS, interval_level
from metinfer.units import TIME_WORDS, time_unit

NA = "NA"
"""Read as an empty cell: R writes it for a missing value, and for nothing else."""
# Other marks are refused: pandas and Excel write them also where a calculation or a look-up failed,
# and to read them as empty would lose a number in silence.
_MISSING = frozenset({"na", "nan", "n/a", "#n/a", "n.a.", "<na>", "null", "-", "–", "—", "."})  # noqa: RUF001
_EXCEL_ERROR = re.compile(r"#(DIV/0!|VALUE!|REF!|NAME\?|NUM!|NULL!|SPILL!|CALC!)")
# Not estimable and not reached are how tables print an end that lies beyond every number.
_OPEN = frozenset({"inf", "infinity", "∞", "ne", "nr"})

SLUG = re.compile(r"(?!.*\.\.)[A-Za-z0-9][A-Za-z0-9_.+-]{0,79}")
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?", re.ASCII)
_DECIMAL_COMMA = re.compile(r"[+-]?\d+,\d+")
_THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2}(,\d{3})+(\.\d*)?", re.ASCII)
_POINTS = re.compile(r"[1-9]\d{0,2}\.\d{3}", re.ASCII)
_INTERVAL_WORD = re.compile(r"\bc\.?i|interval|%", re.IGNORECASE)
_DOI = re.compile(r"10\.\d{4,9}/\S+")
_URL = re.compile(r"https?://[^\s<>\"]+")
#: What to do about a text that begins like this where a number is expected; the first one counts.
_HINTS = tuple((re.compile(pattern, re.ASCII), hint) for pattern, hint in (
    (r"none$", "leave the cell empty if the number is unknown"),
    (r"\(?\d+\.?\d*\s*([-–—,;]|to)\s*\d+\.?\d*\)?$",  # noqa: RUF001
     "two numbers in one cell: low and high take one each"),
    (r"\d+\.?\d*\s*(±|\+/?-)\s*\d",
     "two numbers in one cell: what follows the mark goes into low, and spread says what it is"),
    (r"\d+\s*(/|of)\s*\d+$",
     "two numbers in one cell: the first goes into events, the other into n"),
    (r"\d{1,2}[-/ ][A-Za-z]{3}([-/ ]\d{2,4})?$|[A-Za-z]{3}[-/ ]\d{2,4}$"
     r"|\d{1,4}([-/])\d{1,2}\2\d{1,4}$",
     "a spreadsheet made a date of this: format the column as text and type it again"),
    (r"[<>≤≥]", "a number below a limit goes into lod (statistic individual) or low/high"),
    (r"[−–]|.*\u00a0", "retype it with a plain minus sign and without special spaces"),  # noqa: RUF001
    (r"[=+@-]", "this looks like a spreadsheet formula: paste its value instead"),
    (r"[+-]?\d", "only the number goes here; units and remarks have their own columns"),
))  # fmt: skip
LONGEST_CELL = 5000
SLUG_HINT = "an id is made of letters, digits and . _ - +, at most 80 of them"


class CellError(ValueError):
    """A cell that cannot be read as its column asks; `hint` says what to do."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


def parse_cell(column: Column, text: str) -> Any:
    """Value of one filled cell; raises CellError with the reason if it has none."""
    if len(text) > LONGEST_CELL:
        raise CellError(f"a cell of {len(text)} characters", f"at most {LONGEST_CELL} are read")
    if text.lower() in _MISSING:
        hint = "it is always needed" if column.required == "always" else "leave the cell empty"
        raise CellError("a mark of a missing value", hint)
    if _EXCEL_ERROR.fullmatch(text):
        raise CellError("an error of a spreadsheet formula", "paste the value instead")
    return _PARSERS[column.kind](column, text)


def _text(_column: Column, text: str) -> str:
    return text


def _slug(_column: Column, text: str) -> str:
    if not SLUG.fullmatch(text):
        raise CellError("not a valid id", SLUG_HINT)
    return text


def _number(column: Column, text: str) -> float:
    if column.open_ended and _is_open(text):
        return math.inf
    if not _NUMBER.fullmatch(text):
        raise CellError("not a number", _number_hint(text))
    value = float(text)
    if not math.isfinite(value):
        raise CellError("not a finite number", "leave the cell empty if the number is unknown")
    _within(column, value)
    return value


def _is_open(text: str) -> bool:
    return text.lower().lstrip("+-<>≤≥ ") in _OPEN


def _within(column: Column, value: float) -> None:
    if column.low is not None and value < column.low:
        raise CellError(f"below {column.low:g}", "a negative number is impossible here"
                        if column.low == 0 else "")  # fmt: skip
    if column.high is not None and value > column.high:
        raise CellError(f"above {column.high:g}", "")


def _number_hint(text: str) -> str:
    if _THOUSANDS.fullmatch(text):
        return _comma_hint(text)
    if _DECIMAL_COMMA.fullmatch(text):
        return f"write the decimal with a point: {text.replace(',', '.')}"
    if _is_open(text):
        return "leave the cell empty if the number is unknown"
    return next((hint for pattern, hint in _HINTS if pattern.match(text)), "")


def _comma_hint(text: str) -> str:
    """Both readings of a comma before three digits; the only one where another mark tells."""
    whole = text.replace(",", "")
    if text.count(",") > 1 or "." in text:
        return f"write it without commas: {whole}"
    return f"write {text.replace(',', '.')}, or {whole} if the comma separates thousands"


def _integer(column: Column, text: str) -> int:
    value = _number(column, text)
    if _POINTS.fullmatch(text):
        whole = text.replace(".", "")
        hint = f"write {value:g}, or {whole} if the point separates thousands"
        raise CellError("not a whole number, or one with a mark in it", hint)
    if value != int(value):
        raise CellError("not a whole number")
    return int(value)


def _choice(column: Column, text: str) -> str:
    if text not in column.choices:
        raise CellError(f"unknown {column.name.replace('_', ' ')}",
                        did_you_mean(text, column.choices))  # fmt: skip
    return text


def _time_unit(_column: Column, text: str) -> str:
    unit = time_unit(text)
    if not unit:
        ambiguous = text.lower().removesuffix(".") == "m"
        hint = 'did you mean "min" or "mo"?' if ambiguous else did_you_mean(text, TIME_WORDS)
        raise CellError("unknown time unit", hint)
    return unit


def _spread(_column: Column, text: str) -> str:
    if text in SPREADS or interval_level(text) is not None:
        return text
    level = re.search(r"\d{1,3}(?:\.\d+)?", text, re.ASCII)
    if level and _INTERVAL_WORD.search(text):
        word = f"ci{level.group()}"
        if interval_level(word) is None:
            raise CellError("no level of a confidence interval", "50 or more, and below 100")
        raise CellError("unknown spread", f'did you mean "{word}"?')
    raise CellError("unknown spread", did_you_mean(text, SPREADS))


def _doi(_column: Column, text: str) -> str:
    if not _DOI.fullmatch(text):
        bare = re.search(r"10\.\d{4,9}/\S+", text)
        raise CellError("not a DOI", f"write {bare.group()}" if bare else "")
    return text


def _url(_column: Column, text: str) -> str:
    if not _URL.fullmatch(text):
        raise CellError("not an address")
    return text


def _number_or_slug(column: Column, text: str) -> float | str:
    if _NUMBER.fullmatch(text):
        return _number(column, text)
    if _number_hint(text):
        raise CellError("neither a number nor a name", _number_hint(text))
    return _slug(column, text)


def _mixture(column: Column, text: str) -> str:
    if ":" not in text and ";" not in text:
        return _slug(column, text)
    shares = []
    for part in text.split(";"):
        name, colon, share = part.partition(":")
        if not colon or not SLUG.fullmatch(name.strip()) or not _NUMBER.fullmatch(share.strip()):
            raise CellError("not a mixture", "write name:share;name:share")
        shares.append((name.strip(), float(share)))
    if len({name for name, _ in shares}) < len(shares):
        raise CellError("a context stands twice in the mixture")
    if any(share <= 0 for _, share in shares) or abs(sum(s for _, s in shares) - 1) > 1e-3:
        raise CellError(f"shares add to {sum(s for _, s in shares):g}", "they must add to 1")
    return text


_PARSERS: dict[str, Callable[[Column, str], Any]] = {
    "text": _text,
    "slug": _slug,
    "number": _number,
    "integer": _integer,
    "choice": _choice,
    "time_unit": _time_unit,
    "spread": _spread,
    "doi": _doi,
    "url": _url,
    "number_or_slug": _number_or_slug,
    "mixture": _mixture,
}


def allowed_words(column: Column) -> str:
    """What the column allows, for a message."""
    return one_of(column.choices) if column.choices else column.allowed
