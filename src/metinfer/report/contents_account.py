"""Rows as published, and the table of credibility."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class PublishedRow:
    """One scored row as its paper prints it."""

    row: str
    source: str
    whom: str
    quantity: str
    published: str
    n: float | None
    role: str
    confidence: str
    note: str


@dataclass(frozen=True)
class Credibility:
    """One factor of credibility (after ASME V&V 40 and ICH M15), with what was shown for it.

    Attributes
    ----------
    factor, goal, evidence, gap : str
    met : bool, optional
        None where it was not tried.
    """

    factor: str
    goal: str
    evidence: str
    met: bool | None
    gap: str = ""
