"""Ranks of truths of simulated tables: ECDF less its expectation, with simultaneous bands."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from metinfer.report.contents_calibrate import Kind, Ranked
from metinfer.report.figures.style import (
    BLUE,
    GRID,
    MUTED,
    VERMILLION,
    Frame,
    canvas,
    legend,
    styled,
    wrap,
)

#: Panels side by side.
COLUMNS = 3
#: Four lines of title above; only the last row has an axis label.
FRAME = Frame(left=0.66, right=0.06, above=0.62, below=0.36)


@styled
def rank_ecdfs(shown: tuple[Kind, tuple[Ranked, ...]]) -> Figure:
    """Draw one panel per quantity: a line inside the grey band is what uniform ranks look like."""
    kind, items = shown
    figure, axes = canvas([0.8] * -(-len(items) // COLUMNS), COLUMNS, frame=FRAME, shared="xy")
    share = np.arange(1, kind.ranks) / kind.ranks
    for axis, item in zip(axes.ravel(), items, strict=False):
        out = item.p < 0.05
        low, high = (np.asarray(side)[::3] for side in kind.band)
        axis.fill_between(share[::3], low, high, color=GRID, lw=0)
        axis.axhline(0.0, color=MUTED, lw=0.7)
        axis.plot(share, item.ecdf, color=VERMILLION if out else BLUE,
                  ls="--" if out else "-", lw=1.1)  # fmt: skip
        axis.set_title(f"{wrap(item.label, 31, 3)}\np {item.p:.2g}", fontsize=6.8)
    for axis in axes.ravel()[len(items) :]:
        axis.set_axis_off()
    for axis in axes[-1]:
        axis.set_xlabel("rank of the truth, as a share", labelpad=1)
    for axis in axes[:, 0]:
        axis.set_ylabel("share less\nuniform share", fontsize=7, labelpad=1)
    handles = [
        Patch(color=GRID, label="simultaneous 95 % band"),
        Line2D([], [], color=BLUE, label="inside"),
        Line2D([], [], color=VERMILLION, ls="--", label="outside"),
    ]
    legend(figure, handles, 3)
    return figure
