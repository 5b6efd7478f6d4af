"""Which figures the page shows, each with title, caption and text alternative."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from markupsafe import Markup

from metinfer.report import figures
from metinfer.report.content import Curve, Effect, Equation, ReportContent
from metinfer.report.contents_decisions import Decisions
from metinfer.report.drawings_decisions import drawings
from metinfer.report.figures.equations import equation_svg
from metinfer.report.figures.export import to_svg
from metinfer.report.figures.rows import pages
from metinfer.report.findings import finding
from metinfer.report.sections import shown_populations

PLURAL = {"regimen": "regimens", "clamp": "clamps", "adverse": "adverse events"}
PER_PAGE = {
    "answers": 6,
    "parameters": 30,
    "forest": 13,
    "curves": 12,
    "cohorts": 8,
    "traces": 5,
    "studies": 20,
    "ranks": 15,
}


@dataclass(frozen=True)
class Drawing:
    """A figure as inline SVG with its words."""

    name: str
    title: str
    caption: str
    svg: Markup


def _drawing(name: str, title: str, caption: str, make: Callable[..., Any], items: Any) -> Drawing:
    svg = to_svg(make(items), name, f"{title}. {finding(items) or caption}")
    return Drawing(name, title, caption, Markup(svg))


def _chunks(items: Sequence[Any], size: int) -> Iterator[tuple[str, Sequence[Any]]]:
    """Split items into equal parts of at most `size`; yields ", part 1 of 3" and the part."""
    count = -(-len(items) // size)
    each = -(-len(items) // count) if count else 1
    for k in range(count):
        yield (f", part {k + 1} of {count}" if count > 1 else ""), items[k * each : (k + 1) * each]


def _series(name: str, title: str, caption: str, make: Callable[..., Any], items: Sequence[Any],
            size: int) -> list[Drawing]:  # fmt: skip
    return [
        _drawing(f"{name}-{k}", title + part, caption, make, group)
        for k, (part, group) in enumerate(_chunks(items, size))
    ]


def _rows(content: ReportContent) -> list[Drawing]:
    groups = pages(content.rows)
    caption = (
        "Diamonds are the published values (open: predicted, never fitted), bars the 50 % and "
        "90 % predictive intervals of the same published statistic; about one row in ten should "
        "lie outside the 90 % interval."
    )
    return [
        _drawing(f"rows-{k}", f"Published rows and predictions, part {k + 1} of {len(groups)}",
                 caption, figures.observed_against_predicted, group)
        for k, group in enumerate(groups)
    ]  # fmt: skip


def _intervals(content: ReportContent) -> list[Drawing]:
    by_arm: dict[str, list[Any]] = {}
    for item in content.intervals:
        by_arm.setdefault(item.arm, []).append(item)
    return [
        _drawing(f"events-{k}", f"Events seen and predicted per follow-up interval{part}",
                 "Diamonds are the events that were seen, bars the 50 % and 90 % predictive "
                 "intervals of the count among those at risk.", figures.interval_events,
                 [i for arm in arms for i in by_arm[arm]])
        for k, (part, arms) in enumerate(_chunks(list(by_arm), PER_PAGE["cohorts"]))
    ]  # fmt: skip


def _traces(content: ReportContent) -> list[Drawing]:
    if not content.traces:
        return []
    worst = content.traces[: PER_PAGE["traces"]]
    return [
        _drawing("ranks", "Rank plots of the worst quantities",
                 "Each line is one chain; all should stay near the grey line.",
                 figures.rank_plots, worst),
        _drawing("traces", "Traces of the worst quantities",
                 "Each colour is one chain; they should cover one another.",
                 figures.trace_plots, worst),
    ]  # fmt: skip


def forest_effects(content: ReportContent) -> dict[str, list[Effect]]:
    """Return absolute risk reductions by kind of therapy, at each population's longest horizon."""
    drawn = shown_populations(content)
    chosen = [e for e in content.effects
              if e.measure == "absolute_risk_reduction" and e.population in drawn]  # fmt: skip
    longest = {e.population: e.horizon for e in sorted(chosen, key=lambda e: e.horizon)}
    groups: dict[str, list[Effect]] = {}
    for effect in chosen:
        if effect.horizon == longest[effect.population]:
            groups.setdefault(effect.kind, []).append(effect)
    return groups


def _forest(content: ReportContent) -> list[Drawing]:
    made = []
    for kind, effects in forest_effects(content).items():
        caption = (
            "Circles are the posterior (filled only where it was learnt), squares the prior behind "
            "it, triangles the posterior without the mouse rows; thick bars are 50 %, thin ones "
            "90 % intervals. Each population has its own scale. In the order of the therapy table: "
            "no ranking is implied. What each population counts stands in the table of populations."
        )
        therapies = list(dict.fromkeys(e.therapy for e in effects))
        for k, (part, names) in enumerate(_chunks(therapies, PER_PAGE["forest"])):
            made.append(_drawing(
                f"forest-{kind}-{k}", f"Absolute risk reduction, {PLURAL.get(kind, kind)}{part}",
                caption, figures.risk_reduction_forest,
                [e for e in effects if e.therapy in names]))  # fmt: skip
    return made


def answered_curves(content: ReportContent) -> list[Curve]:
    """Return the curves of the named answers, each beside no therapy in the same population."""
    after = [c for c in content.curves if c.source == "posterior"]
    named = [(a.effect.therapy, a.effect.population) for a in content.answers
             if a.effect.measure != "risk_untreated"]  # fmt: skip
    treated = [c for c in after if c.therapy and (not named or (c.therapy, c.population) in named)]
    return treated[: PER_PAGE["curves"]]


def _curves(content: ReportContent) -> list[Drawing]:
    treated = answered_curves(content)
    here = {c.population for c in treated}
    base = [c for c in content.curves
            if c.source == "posterior" and not c.therapy and c.population in here]  # fmt: skip
    caption = (
        "Posterior median with 50 % and 90 % bands; the dashed grey line is no therapy. The "
        "vertical axis starts above zero where every curve stays high."
    )
    if not treated:
        return []
    title = "Share free of the event, therapies of the named answers"
    return [_drawing("curves", title, caption, figures.event_free_curves, [*base, *treated])]


def _links(content: ReportContent) -> list[Drawing]:
    if not content.links:
        return []
    caption = (
        "On each arrow: what is changed, and the posterior median of what follows in people with "
        "its 90 % interval (\u00d7 1 is no effect); where a link may be absent, how probable that "
        "is now and was before the data. All arrows are drawn alike. The table below holds the "
        "same numbers."
    )
    return [_drawing("niche", "The liver niche", caption, figures.liver_niche, content.links)]


MOVED = (
    "Each cell is the shift of the median of one answer (row), in per cent of the width of its "
    "90 % interval in the base fit: orange up, blue down; up is a higher risk or ratio, but a "
    "larger benefit in rows of reduction. Colour is full at 50. Shifts below about 10 are noise of "
    "short fits."
)


def _compared(content: ReportContent) -> dict[str, list[Drawing]]:
    """Return the figures of variants and of left-out studies."""
    found = content.compared
    if found is None:
        return {"variants": [], "foreseen": [], "moved_by_variant": [], "moved_by_study": []}
    scored = [v for v in found.variants if not v.is_base]
    caption = (
        "Circles are the difference to the base, bars two standard errors; inside the grey band "
        "a difference is too small to mean anything."
    )
    named = ("variants", "Variants of the mechanism on the same rows", caption)
    return {
        "variants": [_drawing(*named, figures.variant_scores, scored)] if scored else [],
        "foreseen": _series(
            "foreseen", "Published numbers of a study, predicted from all others",
            "The bar is the 90 % predictive interval, the tick its median, the diamond the "
            "published number; those farther out than the axis are drawn at its end.",
            figures.foreseen_numbers, [s for s in found.studies if s.foreseen],
            PER_PAGE["studies"]),
        "moved_by_variant": _moved(found.answers, "variant", "each variant"),
        "moved_by_study": _moved(found.answers, "left out", "leaving out each study"),
    }  # fmt: skip


RANKED = (
    "The share of truths up to each rank among 99 draws, less the share that uniform ranks would "
    "have. Line above the band on the left: the model's values lie too high. Above on the left and "
    "below on the right: intervals too narrow."
)


def _calibrated(content: ReportContent) -> list[Drawing]:
    """Return the rank plots of answers and main parameters, by source of the truth."""
    made: list[Drawing] = []
    for kind in content.calibrated.kinds if content.calibrated else ():
        title = f"Ranks of simulated truths, truths from the {kind.name}"
        for k, (part, items) in enumerate(_chunks(kind.shown, PER_PAGE["ranks"])):
            pair = (kind, tuple(items))
            made.append(_drawing(f"calibration-{kind.name}-{k}", title + part, RANKED,
                                 figures.rank_ecdfs, pair))  # fmt: skip
    return made


def _moved(answers: Sequence[Any], kind: str, who: str) -> list[Drawing]:
    shown = [a for a in answers if any(f.key != "base" for f in a.of(kind))]
    if not shown:
        return []
    name = f"moved-{kind.replace(' ', '-')}"
    draw = partial(figures.moved_answers, kind=kind)
    return [_drawing(name, f"How far {who} moves the answers", MOVED, draw, shown)]


def all_drawings(content: ReportContent) -> dict[str, list[Drawing]]:
    """Return every figure of the page by section; empty lists where there is nothing to draw."""
    dense = [a for a in content.answers if a.effect.prior is not None]
    known = [p for p in content.parameters if p.posterior is not None]
    return {
        "links": _links(content),
        "answers": _series(
            "answers", "Named answers: before and after the data",
            "Where the curves lie on one another the answer was assumed, not learnt.",
            figures.answer_densities, dense, PER_PAGE["answers"]),
        "parameters": _series(
            "parameters", "Posterior within prior",
            "The shaded band is the 90 % interval of the prior; a bar as wide as the band was "
            "not learnt.", figures.parameter_intervals, known, PER_PAGE["parameters"]),
        "survival": _series(
            "survival", "Share free of an event, published and modelled",
            "Diamonds are life-table estimates, as far as ten people or more are at risk; the band "
            "is the uncertainty of the mean curve, so diamonds may lie outside it.",
            figures.survival_curves, content.survival, PER_PAGE["cohorts"]),
        "events": _intervals(content),
        "rows": _rows(content),
        "traces": _traces(content),
        "forest": _forest(content),
        "curves": _curves(content),
        **drawings(content.decisions or Decisions(), _drawing),
        **_compared(content),
        "calibration": _calibrated(content),
    }  # fmt: skip


def draw_equations(equations: Sequence[Equation]) -> list[dict[str, Any]]:
    """Return each equation with its SVG, or with none where matplotlib cannot set it."""
    made = []
    for k, equation in enumerate(equations):
        svg = equation_svg(
            equation.latex, f"equation-{k}", equation.spoken or equation.plain or equation.latex
        )
        made.append({"name": equation.name, "meaning": equation.meaning, "plain": equation.plain,
                     "latex": equation.latex, "svg": Markup(svg) if svg else None})  # fmt: skip
    return made
