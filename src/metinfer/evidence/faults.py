"""Faults and warnings about the evidence, and the report that holds them all."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass

FAULT = "fault"
WARNING = "warning"
_LONGEST_VALUE = 60
_MANY = 10
_LINES_NAMED = 8


@dataclass(frozen=True)
class Issue:
    """One thing wrong, or suspicious, at one place in the evidence.

    Attributes
    ----------
    message : str
        What is wrong.
    file : str
        Name of the file in the folder.
    line : int or None
        Line in the file (the header is line 1).
    column : str
        Column of a table, or key of a TOML file.
    value : str
        What stands there now, cut to 60 characters.
    allowed : str
        What may stand there.
    hint : str
        What to do.
    severity : str
        ``fault`` or ``warning``.
    """

    message: str
    file: str
    line: int | None = None
    column: str = ""
    value: str = ""
    allowed: str = ""
    hint: str = ""
    severity: str = FAULT

    def __post_init__(self) -> None:
        object.__setattr__(self, "value", shorten(self.value))

    @property
    def kind(self) -> tuple[str, ...]:
        """What issues alike have in common: all but the line, the cell and the numbers named."""
        words = (self.message, self.allowed, self.hint)
        masked = (re.sub(r"\d[\d.,]*", "#", text) for text in words)
        return (self.severity, self.file, self.column, *masked)

    def __str__(self) -> str:
        place = self.file if self.line is None else f"{self.file}:{self.line}"
        head = f"{place}: {self.column}: " if self.column else f"{place}: "
        parts = [head + self.message]
        if self.value:
            parts.append(f'got "{self.value}"')
        if self.allowed:
            parts.append(f"allowed: {self.allowed}")
        if self.hint:
            parts.append(self.hint)
        return "; ".join(parts)


@dataclass(frozen=True)
class Report:
    """Every fault and warning of one evidence folder.

    Attributes
    ----------
    faults, warnings : tuple of Issue
        Sorted by file and line.
    rows : dict of str to int
        Data rows read from each table.
    """

    faults: tuple[Issue, ...]
    warnings: tuple[Issue, ...]
    rows: dict[str, int]

    @property
    def ok(self) -> bool:
        """Whether there is no fault; warnings are allowed."""
        return not self.faults

    def to_text(self, limit: int = 200) -> str:
        """Text for a person, at most `limit` lines each of faults and of warnings.

        More than 10 issues that differ only in their numbers and cells are told once.
        """
        lines = [*_listed("fault", self.faults, limit), *_listed("warning", self.warnings, limit)]
        lines.append(f"{self._tables()}: {self._verdict()}")
        return "\n".join(lines)

    def _tables(self) -> str:
        """What was read, and of what the rows could not be."""
        named = [f"{counted(count, 'row')} in {name}" for name, count in self.rows.items()]
        faulty = dict.fromkeys(i.file for i in self.faults if i.file.lower().endswith(".csv"))
        unread = [f"{name} not read" for name in faulty if name not in self.rows]
        return ", ".join([*named, *unread]) if named else "no table read"

    def _verdict(self) -> str:
        found = f"{counted(len(self.faults), 'fault')}, {counted(len(self.warnings), 'warning')}"
        if not self.ok:
            return f"{found}: not usable until the faults are mended"
        return f"{found}: {'usable; read the warnings first' if self.warnings else 'clean'}"

    def to_json(self) -> str:
        """JSON text with all faults and warnings, for programs."""
        document = {
            "ok": self.ok,
            "rows": self.rows,
            "faults": [asdict(issue) for issue in self.faults],
            "warnings": [asdict(issue) for issue in self.warnings],
        }
        return json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False)


def make_report(issues: Iterable[Issue], rows: dict[str, int]) -> Report:
    """Report of `issues`, sorted by file and line, without repeats."""
    ordered = sorted(dict.fromkeys(issues), key=lambda i: (i.file, i.line or 0, i.column))
    return Report(
        faults=tuple(i for i in ordered if i.severity == FAULT),
        warnings=tuple(i for i in ordered if i.severity == WARNING),
        rows=dict(rows),
    )


def shorten(value: str) -> str:
    """`value` on one line, unprintable characters escaped, at most 60 characters."""
    text = "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in value[:_LONGEST_VALUE])
    return text if len(value) <= _LONGEST_VALUE else text + "..."


def counted(count: int, noun: str) -> str:
    """A count with its noun, in the plural unless it is one."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def nearest(word: str, choices: Iterable[str]) -> str:
    """The nearest of `choices`; empty when none is near."""
    near = difflib.get_close_matches(word[:80].lower(), sorted(choices), n=1, cutoff=0.6)
    return near[0] if near else ""


def did_you_mean(word: str, choices: Iterable[str], otherwise: str = "") -> str:
    """A hint with the nearest of `choices`, or `otherwise` when none is near."""
    near = nearest(word, choices)
    return f'did you mean "{near}"?' if near else otherwise


def one_of(choices: Sequence[str], limit: int = 20) -> str:
    """The allowed values as one phrase."""
    shown = ", ".join(choices[:limit])
    return shown if len(choices) <= limit else f"{shown}, ... ({len(choices)} in all)"


def _listed(noun: str, issues: Sequence[Issue], limit: int) -> list[str]:
    groups: dict[tuple[str, ...], list[Issue]] = {}
    for issue in issues:
        groups.setdefault(issue.kind, []).append(issue)
    lines: list[str] = []
    told = 0
    for group in groups.values():
        shown = group[: limit - len(lines)]
        if len(group) > _MANY and shown:
            lines.append(f"{noun}: {group[0]}{_others(group)}")
            told += len(group)
        else:
            lines += [f"{noun}: {issue}" for issue in shown]
            told += len(shown)
    if told < len(issues):
        more = counted(len(issues) - told, f"more {noun}")
        lines.append(f"... and {more} (all of them with --format json)")
    return lines


def _others(group: Sequence[Issue]) -> str:
    """How many more of a kind there are, and in which lines the first of them stand."""
    lines = list(dict.fromkeys(str(i.line) for i in group[1:] if i.line is not None))
    first = ", ".join(lines[:_LINES_NAMED]) + (", ..." if len(lines) > _LINES_NAMED else "")
    where = f", in lines {first}" if lines else ""
    return f" (and {len(group) - 1} more like it{where})"
