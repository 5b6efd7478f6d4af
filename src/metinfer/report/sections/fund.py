"""Section 1: which experiment to fund, defer or redesign."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from metinfer.report import phrases
from metinfer.report.charts import Axis, log_ticks, ticks
from metinfer.report.context import Context
from metinfer.report.numbers import interval, number, share
from metinfer.summaries.table import YEAR, Summary, scaled

#: Days of a month, for the length of an experiment.
MONTH = 30.4
#: Untreated share with an event above which a reduction is hard to see.
CEILING = 0.85
#: Expected share of variance below which an experiment is deferred, and chance of success below
#: which it is redesigned.
LITTLE, UNSURE = 0.1, 0.5


@dataclass(frozen=True)
class Candidate:
    """A candidate experiment with what decides about it.

    Attributes
    ----------
    removed : float
        Largest share of the variance of one answer that it is expected to remove.
    success : float or None
        Probability that its own test finds a difference, at the planned size.
    """

    row: Any
    answer: str
    removed: float
    success: float | None
    people: bool
    ceiling: float | None

    @property
    def worth(self) -> float:
        """Expected gain: share removed times the chance that the test succeeds."""
        return max(self.removed, 0.0) * (self.success or 0.0)

    @property
    def advice(self) -> str:
        """Code of the advice: ``fund``, ``redesign`` or ``defer``."""
        if self.removed < LITTLE:
            return "defer"
        return "fund" if (self.success or 0.0) >= UNSURE and self.ceiling is None else "redesign"

    def what(self, page: Context) -> str:
        """The experiment and what it is expected to teach."""
        who = "people" if self.people else "animals"
        return (
            f"{self.row.label} ({self.row.per_arm} {who} per arm, {_length(self.row, self.people)})"
            f", expected to remove {share(self.removed)} of the variance of the risk ratio of "
            f"{page.name(self.answer)}"
        )


ADVICE = {"fund": "fund", "redesign": "redesign", "defer": "defer"}


def candidates(page: Context) -> list[Candidate]:
    """Candidates, the most worth first."""
    asked = page.found.questions
    best: dict[str, tuple[float, str]] = {}
    for n in page.rows(asked.narrowing):
        value = (n.variance_removed or 0.0, n.answer)
        best[n.experiment] = max(best.get(n.experiment, value), value)
    made = []
    for row in page.rows(asked.experiments):
        removed, answer = best.get(row.experiment, (0.0, ""))
        group = page.populations.get(row.population)
        full = row.untreated.median if row.untreated is not None else 0.0
        made.append(Candidate(
            row, answer, removed, row.assurance.get(row.per_arm),
            bool(group is not None and group.species == "human"),
            full if full > CEILING else None,
        ))  # fmt: skip
    return sorted(made, key=lambda c: -c.worth)


def choose(page: Context) -> Candidate | None:
    """The candidate to fund first."""
    return next(iter(candidates(page)), None)


def rule(one: Candidate) -> str:
    """Condition for going on, from what the model predicts of the result."""
    span = one.row.treated
    if span is None:
        return "no result was predicted."
    if one.row.untreated is not None:
        base = one.row.untreated.median
        return (
            f"go on if at most {_percent(min(span.hi50, base))} of treated subjects have a "
            f"metastasis (untreated, predicted: {_percent(base)})."
        )
    what = phrases.of(phrases.READOUTS, one.row.readout)
    if span.median >= 1:
        return (
            f"go on only if {what} rise at least {number(max(span.lo50, 1.0), 2)}-fold; below "
            f"{number(span.lo90, 2)}-fold the assumed exposure is contradicted."
        )
    return (
        f"go on only if {what} fall to {number(min(span.hi50, 1.0), 2)}-fold or less; above "
        f"{number(span.hi90, 2)}-fold the assumed link is contradicted."
    )


def _percent(value: float) -> str:
    return f"{number(100 * value, 2)} %"


def view(page: Context) -> dict[str, Any]:
    """Bubbles and table of the candidates."""
    found = candidates(page)
    lines = [_line(page, c) | {"number": k} for k, c in enumerate(found, 1)]
    return {"bubbles": _bubbles(found), "rows": lines,
            "limits": {"little": share(LITTLE), "unsure": share(UNSURE)}}  # fmt: skip


def _length(row: Any, people: bool) -> str:
    if people:
        return f"{number(row.day / YEAR, 2)} years"
    return (
        f"{number(row.day)} days" if row.day < 2 * MONTH else f"{number(row.day / MONTH, 2)} months"
    )


def _line(page: Context, one: Candidate) -> dict[str, Any]:
    row = one.row
    return {
        "name": row.label, "advice": one.advice, "success": share(one.success),
        "removed": share(max(one.removed, 0.0)), "answer": page.name(one.answer),
        "n": row.per_arm, "who": "people" if one.people else "animals",
        "length": _length(row, one.people), "result": _result(row), "rule": rule(one),
        "ceiling_share": share(one.ceiling),
        "ceiling": "" if one.ceiling is None
        else f"Ceiling: {share(one.ceiling)} of untreated subjects already have the event.",
        "sizes": ", ".join(f"{n}: {share(p)}" for n, p in row.assurance.items()),
    }  # fmt: skip


def _result(row: Any) -> str:
    def percent(span: Summary | None) -> str:
        return interval(scaled(span, 100.0), 1)

    if row.untreated is not None:
        return f"{percent(row.treated)} % treated, {percent(row.untreated)} % untreated"
    return f"{interval(row.treated)} fold"


def _aside(found: list[Candidate], place: int) -> int:
    """Pixels by which a bubble moves aside, so that those of equal size and worth stay apart."""
    one = found[place]
    before = [c for c in found[:place] if c.row.per_arm == one.row.per_arm
              and abs(c.removed - one.removed) < 0.07]  # fmt: skip
    return 25 * len(before)


def _bubbles(found: list[Candidate]) -> dict[str, Any] | None:
    if not found:
        return None
    sizes = [2 * c.row.per_arm for c in found]
    x = Axis(min(sizes) / 1.6, max(sizes) * 1.6, log=True)
    top = max(0.2, *(c.removed for c in found)) * 1.15
    y = Axis(0.0, top)
    return {
        "points": [
            {"dx": _aside(found, k), "x": x.percent(2 * c.row.per_arm),
             "y": f"{100 * (1 - y.at(c.removed)):.2f}%",
             "fill": f"{c.success or 0.0:.3f}", "people": c.people, "number": k + 1,
             "label": f"{c.row.label}: {2 * c.row.per_arm} subjects, removes "
                      f"{share(max(c.removed, 0.0))}, chance of success {share(c.success)}"}
            for k, c in enumerate(found)
        ],
        "across": [(x.percent(v), number(v)) for v in log_ticks(x.low, x.high)],
        "up": [(f"{100 * (1 - y.at(v)):.2f}%", share(v)) for v in ticks(0.0, top, 5)],
    }  # fmt: skip
