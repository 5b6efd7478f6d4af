"""The TOML files of an evidence folder, read with care."""

from __future__ import annotations

import math
import re
import tomllib
from collections.abc import Iterator
from typing import Any

from metinfer.evidence.faults import Issue

LARGEST_TOML = 500_000
_DEEPEST = 12
#: A dotted key of many parts: reading it takes memory by the square of their number.
_LONG_KEY = re.compile(r"""(?<![\w-])(?:(?:[\w-]++|"[^"\n]*+"|'[^'\n]*+')\s*+\.\s*+){50}""")


def read_toml(file: str, data: bytes) -> tuple[dict[str, Any], list[Issue]]:
    """Contents of a TOML file, and its faults (then the contents are empty)."""
    try:
        text = data.decode("utf-8-sig")
        if has_long_key(text):
            raise RecursionError
        document = tomllib.loads(text.replace("\r\n", "\n"))
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        return {}, [Issue("not UTF-8 text", file, line, hint="save it as UTF-8")]
    except RecursionError:
        return {}, [Issue("nested too deeply", file, hint=f"at most {_DEEPEST} levels are read")]
    except ValueError as error:  # tomllib.TOMLDecodeError, and integers of thousands of digits
        return {}, [_syntax_fault(file, str(error), text)]
    faults = [
        Issue("not a finite number", file, column=key, value=str(value), hint="give a number")
        for key, value in _leaves(document, "", 0)
        if isinstance(value, float) and not math.isfinite(value)
    ]
    if any(value is _TOO_DEEP for _, value in _leaves(document, "", 0)):
        faults.append(Issue("nested too deeply", file, hint=f"at most {_DEEPEST} levels are read"))
    return ({} if faults else document), faults


def has_long_key(text: str) -> bool:
    """Whether a key has so many dotted parts that reading it would take all memory."""
    return _LONG_KEY.search(text) is not None


_TOO_DEEP = object()


def _syntax_fault(file: str, message: str, text: str) -> Issue:
    found = re.search(r"\s*\(at line (\d+), column \d+\)", message)
    at_end = "(at end of document)" in message
    line = int(found.group(1)) if found else (text.count("\n") + 1 if at_end else None)
    lines = text.split("\n")
    value = lines[line - 1].strip() if line and line <= len(lines) else ""
    reason = re.sub(r"\s*\(at .*\)", "", message)
    return Issue(f"not valid TOML: {reason}", file, line, value=value,
                 hint='texts need quotes: key = "text"')  # fmt: skip


def _leaves(node: Any, key: str, depth: int) -> Iterator[tuple[str, Any]]:
    if depth > _DEEPEST:
        yield key, _TOO_DEEP
    elif isinstance(node, dict):
        for name, value in node.items():
            yield from _leaves(value, f"{key}.{name}" if key else name, depth + 1)
    elif isinstance(node, list):
        for value in node:
            yield from _leaves(value, key, depth + 1)
    else:
        yield key, node
