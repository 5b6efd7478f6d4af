"""Tables of the priors: one row per parameter, and every number on a line of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from metinfer.report import words
from metinfer.report.content import Parameter, ReportContent
from metinfer.report.tables import Table, numeric, table, text


@dataclass(frozen=True)
class Family:
    """All priors of one parameter."""

    members: tuple[Parameter, ...]

    @property
    def first(self) -> Parameter:
        """The one that gives meaning, argument and source."""
        return self.members[0]

    @property
    def meaning(self) -> str:
        """What it is, without the place."""
        place = f" ({self.first.place})" if self.first.place else ""
        return (self.first.meaning or self.first.name).removesuffix(place)

    @property
    def lines(self) -> str:
        """Each distinct prior with the places where it holds."""
        groups: dict[tuple[str, str], list[Parameter]] = {}
        for one in self.members:
            groups.setdefault((one.distribution, one.unit), []).append(one)
        made = []
        for (shape, unit), found in groups.items():
            places = ", ".join(p.place for p in found if p.place)
            if len(groups) == 1 and len(found) > 1:
                places = "all places"
            head = f"{places}: " if places else ""
            unit = "" if unit in ("", "1") else f" {unit}"
            made.append(f"{head}{words.span_text(found[0].prior)}{unit}; {shape}")
        return "\n".join(made)


def families(parameters: Sequence[Parameter]) -> list[Family]:
    """Return parameters by name, all places of one together."""
    groups: dict[str, list[Parameter]] = {}
    for one in parameters:
        groups.setdefault(one.name.partition("[")[0], []).append(one)
    return [Family(tuple(g)) for g in groups.values()]


#: What the argument of a prior says that was narrowed after a look at what it did to the fit.
TWICE = "explained twice"


def narrowed(parameters: Sequence[Parameter]) -> list[str]:
    """Return the parameters with a prior that was narrowed so that nothing is explained twice."""
    return [f.meaning for f in families(parameters) if TWICE in f.first.reason]


def tables(content: ReportContent) -> list[Table]:
    """Return the table of parameters and the table of numbers."""
    return [priors(content), prior_values(content)]


def priors(content: ReportContent) -> Table:
    """Return one row per parameter: its priors, their argument and source."""
    columns = [
        text("Parameter", lambda f: f.meaning),
        text("Symbol", lambda f: f.first.symbol),
        text("Median (5 % to 95 %) and distribution, by place", lambda f: f.lines),
        text("Argument", lambda f: f.first.reason),
        text("Source", lambda f: f.first.source),
    ]
    return table("priors", "Priors, one row per parameter", columns, families(content.parameters),
                 wide=True)  # fmt: skip


def prior_values(content: ReportContent) -> Table:
    """Return every prior in real units, one line each."""
    columns = [
        text("Parameter", lambda p: p.meaning or p.name),
        text("Name", lambda p: p.name),
        text("Unit", lambda p: p.unit),
        text("Distribution", lambda p: p.distribution),
        numeric("5 %", lambda p: p.prior.lo90),
        numeric("50 %", lambda p: p.prior.median),
        numeric("95 %", lambda p: p.prior.hi90),
    ]
    return table("prior-values", "Every prior in numbers", columns, content.parameters, wide=True)
