"""Figures of section 12 besides effects and curves, with title and caption."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from metinfer.report import figures
from metinfer.report.contents_decisions import Decisions
from metinfer.report.sections_decisions import KINDS

#: Draw items as one picture: name, title, caption, function, items.
Draw = Callable[[str, str, str, Callable[..., Any], Any], Any]
#: Lines on one picture: as many as there are looks to tell them apart.
LINES = 6
#: Panels on one picture.
PANELS = 9
MEASURE = {"window": "risk_ratio", "duration": "risk_ratio", "dose": "absolute_risk_reduction"}
TITLES = {
    "window": "Window by start",
    "duration": "Window by duration",
    "dose": "Dose response",
}
CAPTIONS = {
    "window": (
        "Risk ratio over the same length of follow-up after each start, among people free of "
        "metastasis at that start. Below 1 is benefit."
    ),
    "duration": (
        "Risk ratio from the start of the therapy to the end of follow-up, by how long it is "
        "given. Below 1 is benefit."
    ),
    "dose": (
        "Absolute risk reduction at the end of follow-up when every dose is multiplied; the "
        "dotted line is the regimen as it stands. The table gives the multiples that reach half "
        "and nine tenths of what 100 times the doses would reach."
    ),
}


def drawings(decisions: Decisions, draw: Draw) -> dict[str, list[Any]]:
    """Return the pictures of each question by its name; regimens and clamps never share one."""
    made: dict[str, list[Any]] = {
        question: _questions(decisions, draw, question) for question in TITLES
    }
    made["lasting"] = _lasting(decisions, draw)
    made["variance"] = _variance(decisions, draw)
    made["experiments"] = _experiments(decisions, draw)
    return made


def _by_kind(items: Sequence[Any], kind: Callable[[Any], str]) -> dict[str, list[Any]]:
    groups: dict[str, list[Any]] = {}
    for item in items:
        groups.setdefault(kind(item), []).append(item)
    return groups


def _questions(decisions: Decisions, draw: Draw, question: str) -> list[Any]:
    items = [
        s for s in decisions.settings
        if s.question == question and s.effect.measure == MEASURE[question] and s.value is not None
    ]  # fmt: skip
    made = []
    for kind, group in _by_kind(items, lambda s: s.effect.kind).items():
        cells = list(dict.fromkeys((s.effect.therapy, s.effect.population) for s in group))[:PANELS]
        chosen = [s for s in group if (s.effect.therapy, s.effect.population) in cells]
        title = f"{TITLES[question]}: {KINDS.get(kind, kind)}"
        made.append(
            draw(f"{question}-{kind}", title, CAPTIONS[question], figures.setting_panels, chosen)
        )
    return made


def _lasting(decisions: Decisions, draw: Draw) -> list[Any]:
    made = []
    for kind, bars in _by_kind(decisions.splits, lambda b: b.kind).items():
        caption = (
            "Means over the draws, which add up to the mean in all (black mark). A metastasis "
            "avoided because founders were cleared stays avoided; "
            "one avoided because founders still lie dormant, or clones still grow, is postponed. "
            "A part to the left of zero means that fewer are left in that state than without "
            "therapy: cleared founders would partly have been dormant still. Intervals are of "
            "all avoided; that of the prior is cut where the axis ends. What is assumed repeats "
            "the prior, however green the bar."
        )
        title = f"Lasting against delay, {KINDS.get(kind, kind)}"
        made.append(draw(f"lasting-{kind}", title, caption, figures.split_bars, bars))
    for kind, courses in _by_kind(decisions.after, lambda a: a.kind).items():
        caption = (
            "Hazard with therapy over hazard without it. The dotted line is the end of the "
            "therapy; a band above 1 after it would be rebound."
        )
        title = f"After the end of therapy, {KINDS.get(kind, kind)}"
        made.append(
            draw(f"after-{kind}", title, caption, figures.hazard_afterwards, courses[:PANELS])
        )
    return made


def _variance(decisions: Decisions, draw: Draw) -> list[Any]:
    if not decisions.shares:
        return []
    sizes = sorted({s.subjects for s in decisions.shares})
    arms = " or ".join(f"{n:,}" for n in sizes)
    caption = (
        f"Variance of the answer as one trial with {arms} subjects per arm would show it. Chance "
        "goes with a larger trial, the other parts only with knowledge. Parts that act together "
        "are named as interplay and not shared out."
    )
    title = "Where the doubt about each named answer comes from"
    return [draw("variance-parts", title, caption, figures.variance_parts, decisions.shares)]


def _experiments(decisions: Decisions, draw: Draw) -> list[Any]:
    made = []
    for kind, group in _by_kind(decisions.candidates, lambda c: c.kind).items():
        if not any(c.assurance for c in group):
            continue
        caption = (
            "Over everything that is uncertain, and chance: Fisher's exact test for shares with "
            "metastasis (one-sided, 2.5 %), a t-test of logarithms for parts of the niche "
            "(two-sided, 5 %). A curve that levels off below 100 % says that the effect may be "
            "absent or the other way round."
        )
        shown = [c for c in group if c.assurance]
        for k in range(0, len(shown), LINES):
            part = f", {k // LINES + 1}" if len(shown) > LINES else ""
            title = f"Assurance of candidate experiments, {KINDS.get(kind, kind)}{part}"
            name = f"assurance-{kind}{part.replace(', ', '-')}"
            draws = shown[k : k + LINES]
            made.append(draw(name, title, caption, figures.assurance_curves, draws))
    return made
