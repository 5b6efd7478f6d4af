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
    """Draw event-free curves of one population: a panel per therapy beside no therapy."""
    untreated = [c for c in curves if not c.therapy]
    treated = [c for c in curves if c.therapy]
    columns = min(3, max(len(treated), 1))
    lines = max(math.ceil(len(treated) / columns), 1)
    figure, axes = canvas(
        0.4 + 1.95 * lines, nrows=lines, ncols=columns, sharex=True, sharey=True
    )
    for place, curve in enumerate(treated):
        colour, _, line = SERIES[place % len(SERIES)]
        _curve_panel(axes.flat[place], curve, untreated, (colour, line))
    axes.flat[0].set_ylim(floor(curves), 1.005)
    for axis in axes[:, 0]:
        axis.set_ylabel("share free of metastasis")
    for axis in axes.flat[len(treated) :]:
        axis.set_visible(False)
    for axis in axes.flat[max(len(treated) - columns, 0) : len(treated)]:
        axis.set_xlabel("years")
        axis.tick_params(labelbottom=True)
    handles = [
        Line2D([], [], color=MUTED, ls="--", lw=1.4, label="no therapy, median"),
        Line2D([], [], color=SERIES[0][0], lw=1.6, label="with therapy, median"),
        Line2D([], [], color=SERIES[0][0], lw=6, alpha=0.42, label="50 %"),
        Line2D([], [], color=SERIES[0][0], lw=6, alpha=0.18, label="90 %"),
    ]
    legend(figure, handles)
    return figure


def _curve_panel(axis: Axes, curve: Curve, untreated: Sequence[Curve], look: Any) -> None:
    for base in untreated:
        axis.plot(base.time, [b.median for b in base.bands], color=MUTED, ls="--", lw=1.4)
    band(axis, curve.time, curve.bands, look[0], look[1], curve.therapy)
    axis.set_title(wrap(curve.therapy, 30, 2))
    axis.set_xlim(0, None)
    axis.grid(axis="y")


@styled
def risk_reduction_forest(effects: Sequence[Effect]) -> Figure:
    """Draw absolute risk reductions with the prior and the posterior without mouse rows behind.

    Parameters
    ----------
    effects
        Effects of one measure and one horizon, in the order to draw.
    """
    figure, axes = canvas(0.95 + 0.52 * len(effects), nrows=1)
    axis = axes[0, 0]
    measure = words.measure(effects[0].measure)
    axis.axvline((measure.no_effect or 0.0) * measure.factor, color=MUTED, lw=0.9)
    for y, effect in enumerate(effects):
        spans = (("posterior", effect.posterior), ("prior", effect.prior),
                 ("no_mouse", effect.no_mouse))  # fmt: skip
        for offset, (source, span) in zip((-0.24, 0.0, 0.24), spans, strict=True):
            if span is not None:
                bar(axis, words.scale(span, measure.factor), y + offset, source, 0.85)
        axis.annotate(effect.learnt.replace(", ", ",\n"), (1.01, y), fontsize=7,
                      xycoords=("axes fraction", "data"), va="center")  # fmt: skip
    labels = [wrap(f"{e.therapy}, {e.population}", 40, 3) for e in effects]
    axis.set_yticks(range(len(effects)), labels)
    axis.set_ylim(len(effects) - 0.45, -0.55)
    axis.tick_params(axis="y", length=0)
    axis.grid(axis="x")
    horizon = words.years(effects[0].horizon)
    axis.set_xlabel(f"{measure.label} within {horizon} ({measure.unit}); right is benefit")
    handles = [
        Line2D([], [], color=k.colour, ls=k.line, marker=k.marker, mfc="none", lw=1.8,
               label=k.label)
        for k in (LOOKS["posterior"], LOOKS["prior"], LOOKS["no_mouse"])
    ]  # fmt: skip
    legend(figure, handles)
    return figure
