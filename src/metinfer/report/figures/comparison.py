"""Variants and left-out studies: scores, published numbers among predictions, moved answers."""

from __future__ import annotations

import math
from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle

from metinfer.report.contents_compare import ComparedAnswer, Foreseen, StudyLine, VariantLine
from metinfer.report.figures.style import (
    BLUE,
    GRID,
    INK,
    MUTED,
    ORANGE,
    PAPER,
    VERMILLION,
    Frame,
    canvas,
    legend,
    styled,
    wrap,
)

#: Differences of log scores below this are noise.
SMALL = 4.0
#: Where a number outside its prediction is drawn at the latest, in half widths.
EDGE = 2.6
#: A shift that fills a cell with colour, as a share of the 90 % interval.
FULL = 0.5


@styled
def variant_scores(variants: Sequence[VariantLine]) -> Figure:
    """Draw each variant's log score less that of the base, with two standard errors."""
    shown = [v for v in variants if v.verdict not in ("base", "not judged")]
    shown = [v for v in shown if math.isfinite(v.difference)]
    frame = Frame(left=3.0, above=0.05, head=0.05)
    figure, axes = canvas([0.3 * max(len(shown), 1)], frame=frame)
    axis = axes[0, 0]
    axis.axvspan(-SMALL, SMALL, color=GRID, lw=0)
    axis.axvline(0, color=MUTED, lw=0.9)
    for y, variant in enumerate(shown):
        ends = [variant.difference - 2 * variant.error, variant.difference + 2 * variant.error]
        axis.plot(ends, [y, y], color=BLUE, lw=1.5, solid_capstyle="butt")
        axis.plot([variant.difference], [y], "o", ms=5, mfc=PAPER, mec=BLUE, mew=1.4)
    axis.set_yticks(range(len(shown)), [wrap(v.label, 46, 2) for v in shown])
    axis.set_ylim(len(shown) - 0.4, -0.6)
    axis.set_xlabel("log score less that of the base (left: the tables are predicted worse)")
    axis.tick_params(axis="y", length=0)
    return figure


@styled
def foreseen_numbers(studies: Sequence[StudyLine]) -> Figure:
    """Draw each published number within what the other studies predict for it."""
    pairs = [(s, f) for s in studies for f in s.foreseen]
    frame = Frame(left=3.5, above=0.05, head=0.36)
    figure, axes = canvas([0.27 * len(pairs)], frame=frame)
    axis = axes[0, 0]
    for y, (study, found) in enumerate(pairs):
        axis.plot([-1, 1], [y, y], color=BLUE, lw=3.2, alpha=0.4, solid_capstyle="butt")
        axis.plot([0], [y], "|", color=BLUE, ms=7, mew=1.4)
        fill = VERMILLION if study.surprising else PAPER
        axis.plot([_relative(found)], [y], "D", ms=4.4, mfc=fill, mec=VERMILLION, mew=1.2)
    labels = [wrap(f"{s.label}: {f.label}", 69, 2) for s, f in pairs]
    axis.set_yticks(range(len(pairs)), labels, fontsize=6.8)
    axis.set_ylim(len(pairs) - 0.4, -0.6)
    axis.set_xlim(-EDGE - 0.2, EDGE + 0.2)
    axis.set_xticks([-1, 0, 1], ["5 %", "median", "95 %"])
    axis.set_xlabel("place of the published number in its prediction")
    axis.tick_params(axis="y", length=0)
    axis.grid(axis="y")
    legend(figure, [
        Line2D([], [], color=BLUE, lw=3.2, alpha=0.4, label="90 % predictive interval"),
        Line2D([], [], color=VERMILLION, marker="D", ls="", mfc="none", label="published"),
        Line2D([], [], color=VERMILLION, marker="D", ls="", label="published, study surprises"),
    ])  # fmt: skip
    return figure


def _relative(found: Foreseen) -> float:
    """Place of a number: -1 at the 5 % end of its prediction, 0 at the median, 1 at 95 %."""
    middle, low, high = found.predicted.median, found.predicted.lo90, found.predicted.hi90
    half = high - middle if found.observed >= middle else middle - low
    if half <= 0:
        return 0.0 if found.observed == middle else math.copysign(EDGE, found.observed - middle)
    return max(-EDGE, min(EDGE, (found.observed - middle) / half))


@styled
def moved_answers(answers: Sequence[ComparedAnswer], kind: str) -> Figure:
    """Draw how far each fit of one kind moves the median of each answer.

    Parameters
    ----------
    answers
        Named answers under every fit.
    kind
        ``variant`` or ``left out``.
    """
    fits = [f for f in answers[0].of(kind) if f.key != "base"]
    lines = 2 if kind == "variant" else 1
    frame = Frame(left=2.9, above=0.05, below=1.55, head=0.05)
    figure, axes = canvas([0.32 * len(answers)], frame=frame)
    axis = axes[0, 0]
    for y, answer in enumerate(answers):
        shifts = {f.key: f.shift for f in answer.of(kind)}
        for x, fit in enumerate(fits):
            _cell(axis, x, y, shifts.get(fit.key))
    names = [wrap(f"{_short(a)}, {a.name}", 50, 2) for a in answers]
    axis.set_yticks(range(len(answers)), names)
    axis.set_xticks(range(len(fits)), [wrap(f.label, 30, lines) for f in fits], rotation=45,
                    ha="right", rotation_mode="anchor")  # fmt: skip
    axis.set_xlim(-0.5, len(fits) - 0.5)
    axis.set_ylim(len(answers) - 0.5, -0.5)
    axis.tick_params(length=0)
    for side in ("left", "bottom"):
        axis.spines[side].set_visible(False)
    return figure


def _short(answer: ComparedAnswer) -> str:
    measure = answer.effect.measure
    return {"absolute_risk_reduction": "reduction", "risk_untreated": "risk"}.get(
        measure, measure.replace("_", " ")
    )


def _cell(axes: Axes, x: int, y: int, shift: float | None) -> None:
    if shift is None:
        return
    strength = min(abs(shift) / FULL, 1.0)
    colour = ORANGE if shift > 0 else BLUE
    axes.add_patch(Rectangle((x - 0.47, y - 0.45), 0.94, 0.9, fc=colour, alpha=0.75 * strength,
                             lw=0))  # fmt: skip
    text = f"{100 * shift:+.0f}".replace("-", "\u2212")
    axes.text(x, y, "0" if text in ("+0", "\u22120") else text, ha="center", va="center",
              color=INK, fontsize=7)  # fmt: skip
