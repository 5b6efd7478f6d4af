"""Whether the chains agree: traces and rank plots of the worst quantities."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from metinfer.report import words
from metinfer.report.content import Trace
from metinfer.report.figures.style import (
    MUTED,
    SERIES,
    Frame,
    canvas,
    legend,
    shorten,
    styled,
)

#: Little room below: only the last panel has an axis label.
FRAME = Frame(below=0.34)


def _title(trace: Trace) -> str:
    return f"{shorten(trace.name, 74)}, R-hat {words.number(trace.rhat, 4)}"


def _chain_legend(figure: Figure, traces: Sequence[Trace]) -> None:
    count = max(len(t.chains) for t in traces)
    handles = [
        Line2D([], [], color=SERIES[k % 6][0], ls=SERIES[k % 6][2], label=f"chain {k + 1}")
        for k in range(min(count, 6))
    ]
    legend(figure, handles, 6)


@styled
def trace_plots(traces: Sequence[Trace]) -> Figure:
    """Draw the draws of each chain in order; good chains overlap like one fuzzy band."""
    figure, axes = canvas([0.72] * len(traces), frame=FRAME)
    for axis, trace in zip(axes[:, 0], traces, strict=True):
        for k, chain in enumerate(trace.chains):
            colour, _, line = SERIES[k % len(SERIES)]
            axis.plot(chain, color=colour, ls=line, lw=0.7, alpha=0.85)
        axis.set_title(_title(trace))
        axis.set_ylabel("value")
    axes[-1, 0].set_xlabel("draw (thinned)", labelpad=1)
    _chain_legend(figure, traces)
    return figure


@styled
def rank_plots(traces: Sequence[Trace], bins: int = 20) -> Figure:
    """Draw rank histograms per chain (Vehtari et al. 2021, doi 10.1214/20-BA1221).

    Each chain should be flat: the grey line is the expected count.
    """
    figure, axes = canvas([0.72] * len(traces), frame=FRAME)
    for axis, trace in zip(axes[:, 0], traces, strict=True):
        draws = np.asarray(trace.chains)
        ranks = draws.ravel().argsort().argsort().reshape(draws.shape)
        edges = np.linspace(0, draws.size, bins + 1)
        for k, chain in enumerate(ranks):
            colour, _, line = SERIES[k % len(SERIES)]
            counts = np.histogram(chain, edges)[0]
            axis.stairs(counts, edges, color=colour, ls=line, lw=1.2)
        axis.axhline(draws.shape[1] / bins, color=MUTED, lw=1)
        axis.set_title(_title(trace))
        axis.set_ylabel("draws per bin")
    axes[-1, 0].set_xlabel("rank of the draw among all chains", labelpad=1)
    _chain_legend(figure, traces)
    return figure
