"""What a full report would show and this one does not: visible gaps, each with its command."""

from __future__ import annotations

from dataclasses import dataclass, replace

from metinfer.report.commands import typed
from metinfer.report.content import ReportContent


@dataclass(frozen=True)
class Gap:
    """Something that a section should hold; `command` is empty where no command makes it."""

    section: int
    what: str
    command: str = ""


#: Never part of one run.
ALWAYS = (
    Gap(4, "prior predictive events of each cohort: the check above holds published rows only, not "
        "the follow-up intervals."),
    Gap(6, "the same answers from another seed, and from a longer run. For the bundled evidence "
        "three seeds are compared in docs/seeds.md of the program.",
        "metinfer fit DATA -o OTHER --seed 2, then metinfer report OTHER"),
    Gap(7, "structural identifiability (which parameters perfect data would give). What follows "
        "is practical: what these data gave."),
    Gap(10, "wider priors, and priors of another shape.",
        "edit parameters.toml, then metinfer fit DATA -o OTHER"),
    Gap(10, "another family of noise for each statistic."),
    Gap(10, "global sensitivity of the answers to single parameters. Where the doubt comes from, "
        "by kind, stands in section 12."),
    Gap(14, "lock file: the run holds versions of the main packages only (section 6). The "
        "program's repository holds requirements.lock."),
    Gap(14, "licence of the evidence and where it is kept: see README.md beside the tables."),
    Gap(14, "changes from the plan, with dates: not recorded in a run."),
)  # fmt: skip
COMPARE = "metinfer compare DATA -o RUN"


def gaps(content: ReportContent) -> tuple[Gap, ...]:
    """Return every gap of a report, in the order of its sections."""
    made = list(ALWAYS)
    if content.compared is None or not content.compared.arms:
        made.append(Gap(9, "Pareto k by group: which values the fit hangs on.", COMPARE))
    if not any(n.label == DEPTH for n in content.computation):
        made.append(Gap(6, "depth of the sampler's trees."))
    made = [replace(g, command=typed(g.command, content)) for g in made]
    return tuple(sorted(made, key=lambda g: g.section))


#: Label of the note that says how deep the sampler's trees were.
DEPTH = "deepest tree of the sampler"
