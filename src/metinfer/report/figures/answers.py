"""Prior against posterior, of answers and of parameters."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from metinfer.report import words
from metinfer.report.content import Answer, Density, Parameter, Span
from metinfer.report.figures.style import (
    LOOKS,
    MUTED,
    Frame,
    bar,
    canvas,
    legend,
    shorten,
    styled,
    wrap,
)

#: When the share of draws without an effect was counted.
AT_REST = {"prior": "before the data", "posterior": "after", "no_mouse": "without mouse rows"}


@styled
def answer_densities(answers: Sequence[Answer]) -> Figure:
    """Draw prior, posterior and posterior without mouse rows of each named answer."""
    figure, axes = canvas([0.75] * len(answers), frame=Frame(left=0.2))
    for axis, answer in zip(axes[:, 0], answers, strict=True):
        _answer(axis, answer)
    handles = [
        Line2D([], [], color=look.colour, ls=look.line, marker=look.marker, mfc="none",
               lw=1.8, label=look.label)
        for look in (LOOKS[k] for k in ("posterior", "prior", "no_mouse"))
    ]  # fmt: skip
    legend(figure, [*handles, Line2D([], [], color=MUTED, lw=0.9, label="no effect")])
    return figure


def _answer(axes: Axes, answer: Answer) -> None:
    effect = answer.effect
    measure = words.measure(effect.measure)
    top = _curves(axes, answer.density, measure.factor) if answer.density else 0.3
    spans = {"posterior": effect.posterior, "prior": effect.prior, "no_mouse": effect.no_mouse}
    for place, (source, span) in enumerate(spans.items()):
        if span is not None:
            bar(axes, words.scale(span, measure.factor), -top * (0.12 + 0.16 * place), source, 0.8)
    if measure.no_effect is not None:
        axes.axvline(measure.no_effect * measure.factor, color=MUTED, lw=0.9)
        _without_effect(axes, answer.density, measure)
    axes.set_yticks([])
    axes.set_ylim(-top * 0.56, top * 1.08)
    axes.spines["left"].set_visible(False)
    axes.set_title(wrap(f"{effect.learnt.capitalize()} \u2013 {answer.name}", 104, 1))
    axes.set_xlabel(f"{measure.label} at {words.years(effect.horizon)} ({measure.unit})")


def _curves(axes: Axes, density: Density, factor: float) -> float:
    x = np.asarray(density.x) * factor
    for source in ("prior", "no_mouse", "posterior"):
        y = getattr(density, source)
        if y:
            look = LOOKS[source]
            axes.plot(x, y, color=look.colour, ls=look.line, lw=1.6)
    if density.posterior:
        axes.fill_between(x, density.posterior, color=LOOKS["posterior"].colour, alpha=0.14, lw=0)
    axes.set_xlim(x[0], x[-1])
    return max(max(density.prior, default=0), max(density.posterior, default=0), 1e-12)


def _without_effect(axes: Axes, density: Density | None, measure: words.Measure) -> None:
    """Write the share of draws without an effect beside its line: no curve can show it."""
    if density is None or not any(density.none.values()):
        return
    shares = [f"{words.share(v)} {AT_REST[k]}" for k, v in density.none.items() if v]
    at = float(measure.no_effect or 0.0)
    # On the side away from no effect, where the curves are low.
    left = at > 0.5 * (density.x[0] + density.x[-1])
    axes.text(
        0.0 if left else 1.0, 1.0,
        f"within {words.number(density.near * measure.factor, 1)} of no effect: "
        + ", ".join(shares),
        transform=axes.transAxes, ha="left" if left else "right", va="top", fontsize="small",
        color=MUTED,
    )  # fmt: skip


def _relative(span: Span, parameter: Parameter) -> Span:
    """Map a value to where it lies in the prior: its 5 % is -1, its median 0, its 95 % is 1."""
    prior = parameter.prior
    log = parameter.positive and prior.lo90 > 0

    def place(value: float) -> float:
        centre, low, high = prior.median, prior.lo90, prior.hi90
        if log:
            value = max(value, 1e-300)
            value, centre, low, high = (math.log(v) for v in (value, centre, low, high))
        half = (high - centre) if value >= centre else (centre - low)
        return (value - centre) / half if half > 0 else 0.0

    return Span(*(place(v) for v in (span.median, span.lo50, span.hi50, span.lo90, span.hi90)))


@styled
def parameter_intervals(parameters: Sequence[Parameter]) -> Figure:
    """Draw each posterior inside its prior: a narrow bar was learnt, a full one was not."""
    shown = [p for p in parameters if p.posterior is not None]
    figure, axes = canvas([0.2 * len(shown)], frame=Frame(left=3.7, above=0.05, head=0.0))
    axis = axes[0, 0]
    axis.axvspan(-1, 1, color=LOOKS["prior"].colour, alpha=0.16, lw=0)
    axis.axvline(0, color=LOOKS["prior"].colour, ls="--", lw=1)
    for y, parameter in enumerate(shown):
        if parameter.posterior is not None:
            bar(axis, _relative(parameter.posterior, parameter), y, "posterior", 0.9)
    axis.set_yticks(range(len(shown)), [shorten(p.meaning or p.name, 58) for p in shown])
    axis.set_ylim(len(shown) - 0.4, -0.6)
    axis.set_xlim(-2, 2)
    axis.set_xticks([-1, 0, 1], ["prior 5 %", "prior median", "prior 95 %"])
    axis.set_xlabel("position of the posterior within its prior")
    axis.tick_params(axis="y", length=0)
    axis.grid(axis="y")
    return figure
