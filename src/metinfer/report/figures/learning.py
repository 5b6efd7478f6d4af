"""What new data taught: each answer before any data, before the new data, and with them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from metinfer.report.figures.style import (
    LOOKS,
    MUTED,
    VERMILLION,
    Frame,
    bar,
    canvas,
    legend,
    log_axis,
    styled,
    wrap,
)
from metinfer.summaries.table import summary

#: Source -> the look in which it is drawn; the last one is what was learnt.
SOURCES = ("prior", "no_mouse", "posterior")
#: Ticks of a logarithmic axis, as far as they lie within it.
TICKS = tuple(m * 10.0**e for e in range(-4, 5) for m in (1, 2, 5))


@styled
def what_was_learnt(answers: Mapping[str, Mapping[str, np.ndarray]], axis_label: str,
                    truth: Mapping[str, float] | None = None, no_effect: float = 1.0,
                    log: bool = True) -> Figure:  # fmt: skip
    """Draw each answer under up to three sources, one below the other.

    Parameters
    ----------
    answers : mapping
        Label of an answer -> label of a source -> draws. Sources stand in the order of what was
        known: the first is drawn as the prior, the last as the posterior.
    axis_label : str
        What the answers are, with the unit.
    truth : mapping of str to float, optional
        Label of an answer -> the value that simulated data were made from.
    no_effect : float
        Value without effect.
    log : bool
        Whether the axis is logarithmic.
    """
    labels = list(next(iter(answers.values())))
    looks = dict(zip(labels, (SOURCES[0], *SOURCES[1 + 3 - len(labels) :]), strict=True))
    figure, axes = canvas([0.5 * len(answers)], frame=Frame(left=2.4, above=0.1))
    axis = axes[0, 0]
    for y, (name, sources) in enumerate(answers.items()):
        for offset, (label, draws) in zip((-0.25, 0.0, 0.25), sources.items(), strict=False):
            span = summary(draws)
            if span is not None:
                bar(axis, span, y + offset, looks[label], 0.9)
        if truth and name in truth:
            axis.plot([truth[name]] * 2, [y - 0.42, y + 0.42], color=VERMILLION, lw=1.6, zorder=4)
    axis.axvline(no_effect, color=MUTED, lw=0.9, ls=":")
    if log:
        log_axis(axis)
        low, high = axis.get_xlim()
        inside = [t for t in TICKS if low <= t <= high]
        axis.set_xticks(inside, [f"{t:g}" for t in inside])
        axis.minorticks_off()
    axis.set_yticks(range(len(answers)), [wrap(name, 38, 2) for name in answers])
    axis.set_ylim(len(answers) - 0.4, -0.6)
    axis.tick_params(axis="y", length=0)
    axis.set_xlabel(axis_label)
    axis.grid(axis="x")
    handles = [Line2D([], [], color=LOOKS[k].colour, ls=LOOKS[k].line, marker=LOOKS[k].marker,
                      mfc="none", lw=1.8, label=label) for label, k in looks.items()]  # fmt: skip
    if truth:
        handles.append(Line2D([], [], color=VERMILLION, lw=1.6, label="truth"))
    legend(figure, handles)
    return figure
