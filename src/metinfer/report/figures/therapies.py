"""What therapies would do: event-free curves and absolute risk reductions."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from metinfer.report import words
from metinfer.report.content import Curve, Effect
from metinfer.report.figures.style import (
    LOOKS,
    MUTED,
    SERIES,
    Frame,
    band,
    bar,
    canvas,
    legend,
    styled,
    wrap,
)


def floor(curves: Sequence[Curve]) -> float:
    """Return where the vertical axis starts: 0, or higher where all curves stay above 0.6."""
    lowest = min((b.lo90 for c in curves for b in c.bands), default=0.0)
    return 0.0 if lowest < 0.6 else math.floor(lowest * 20 - 0.2) / 20


@styled
def event_free_curves(curves: Sequence[Curve]) -> Figure:
    """Draw event-free curves: a panel per therapy and population, beside no therapy."""
    untreated = {c.population: c for c in curves if not c.therapy}
    treated = [c for c in curves if c.therapy]
    columns = min(3, max(len(treated), 1))
    lines = max(math.ceil(len(treated) / columns), 1)
    frame = Frame(left=0.54, right=0.08, above=0.74)
    figure, axes = canvas([1.25] * lines, columns, frame)
    colours = {name: SERIES[k % len(SERIES)]
               for k, name in enumerate(dict.fromkeys(c.therapy for c in treated))}  # fmt: skip
    for axis, curve in zip(axes.flat, treated, strict=False):
        _curve_panel(axis, curve, untreated.get(curve.population), colours[curve.therapy])
    for axis in axes[:, 0]:
        axis.set_ylabel("share free of the event", fontsize=7)
    for axis in axes.flat[len(treated) :]:
        axis.set_visible(False)
    handles = [
        Line2D([], [], color=MUTED, ls="--", lw=1.4, label="no therapy, median"),
        Line2D([], [], color=SERIES[0][0], lw=1.6, label="with therapy, median"),
        Line2D([], [], color=SERIES[0][0], lw=6, alpha=0.42, label="50 %"),
        Line2D([], [], color=SERIES[0][0], lw=6, alpha=0.18, label="90 %"),
    ]
    legend(figure, handles)
    return figure


def _curve_panel(axis: Axes, curve: Curve, base: Curve | None, look: Any) -> None:
    if base is not None:
        axis.plot(base.time, [b.median for b in base.bands], color=MUTED, ls="--", lw=1.4)
    days = curve.time[-1] < 0.75
    band(axis, curve.time, curve.bands, look[0], look[2], curve.therapy)
    named = (wrap(t, 34, 2) for t in (curve.therapy, curve.population, f"free of {curve.event}"))
    axis.set_title("\n".join(named), fontsize=6.4)
    axis.set_xlim(0, curve.time[-1])
    axis.set_ylim(floor([curve, *([base] if base else [])]), 1.005)
    if days:
        ticks = [k * curve.time[-1] / 4 for k in range(5)]
        axis.set_xticks(ticks, [f"{t * 365.25:.0f}" for t in ticks])
    axis.set_xlabel("days" if days else "years")
    axis.grid(axis="y")


@styled
def risk_reduction_forest(effects: Sequence[Effect]) -> Figure:
    """Draw absolute risk reductions with the prior and the posterior without mouse rows behind.

    One column per population, each with its own scale; one line per therapy.

    Parameters
    ----------
    effects
        Effects of one measure, in the order to draw; one horizon per population.
    """
    therapies = list(dict.fromkeys(e.therapy for e in effects))
    groups = list(dict.fromkeys((e.population, e.horizon) for e in effects))
    frame = Frame(left=2.2, right=0.08, above=0.78, below=0.46)
    figure, axes = canvas([0.4 * len(therapies)], 1, frame)
    panels = _columns(figure, axes[0, 0], len(groups))
    for axis, (population, horizon) in zip(panels, groups, strict=True):
        title = wrap(population, 76 // len(groups), 5)
        axis.set_title(f"{title}\n{words.years(horizon)}", fontsize=6.6)
        axis.locator_params(axis="x", nbins=3 if len(groups) < 4 else 2)
        for effect in effects:
            if (effect.population, effect.horizon) == (population, horizon):
                _reduction(axis, therapies.index(effect.therapy), effect)
    panels[0].set_yticks(range(len(therapies)), [wrap(t, 33, 2) for t in therapies])
    panels[0].set_ylim(len(therapies) - 0.4, -0.6)
    measure = words.measure(effects[0].measure)
    figure.text(0.31, 0.06 / figure.get_figheight(), fontsize=8,
                s=f"{measure.label} ({measure.unit}); right is benefit")  # fmt: skip
    handles = [
        Line2D([], [], color=k.colour, ls=k.line, marker=k.marker, mfc="none", lw=1.8,
               label=k.label)
        for k in (LOOKS["posterior"], LOOKS["prior"], LOOKS["no_mouse"])
    ]  # fmt: skip
    legend(figure, [*handles, Line2D([], [], marker="o", color=LOOKS["posterior"].colour, ls="",
                                     label="filled: learnt")])  # fmt: skip
    return figure


def _columns(figure: Figure, whole: Axes, count: int) -> list[Axes]:
    """Split one panel into `count` panels side by side that share its vertical axis."""
    box = whole.get_position()
    gap = 0.022
    wide = (box.width - gap * (count - 1)) / count
    made = [whole]
    whole.set_position((box.x0, box.y0, wide, box.height))
    for k in range(1, count):
        place = (box.x0 + k * (wide + gap), box.y0, wide, box.height)
        made.append(figure.add_axes(place, sharey=whole))
        made[-1].tick_params(axis="y", labelleft=False)
    for axis in made:
        axis.tick_params(axis="y", length=0)
        axis.grid(axis="x")
    return made


def _reduction(axis: Axes, y: int, effect: Effect) -> None:
    measure = words.measure(effect.measure)
    spans = (("posterior", effect.posterior), ("prior", effect.prior),
             ("no_mouse", effect.no_mouse))  # fmt: skip
    for offset, (source, span) in zip((-0.26, 0.0, 0.26), spans, strict=True):
        if span is not None:
            bar(axis, words.scale(span, measure.factor), y + offset, source, 0.85)
    if words.is_learnt(effect.learnt):
        look = LOOKS["posterior"]
        middle = effect.posterior.median * measure.factor
        axis.plot([middle], [y - 0.26], look.marker, ms=4.6, color=look.colour)
    axis.axvline((measure.no_effect or 0.0) * measure.factor, color=MUTED, lw=0.9)
