"""The liver niche as a diagram, with what the posterior says about each arrow."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

from metinfer.report import phrases
from metinfer.report.figures.style import (
    BLUE,
    GREEN,
    INK,
    MUTED,
    PAPER,
    VERMILLION,
    Frame,
    canvas,
    legend,
    styled,
)
from metinfer.report.geometry import ARROWS, FLOW, NODES, Arrow, Node
from metinfer.report.numbers import interval, share
from metinfer.summaries.table import records

EDGES = {"muted": MUTED, "blue": BLUE, "vermillion": VERMILLION, "green": GREEN, "ink": INK}
#: Letters of a change and its effect that fit on one line.
LONG = 30


def _box(axes: Axes, node: Node) -> None:
    axes.add_patch(
        FancyBboxPatch(
            (node.x - 0.72, node.y - 0.32),
            1.44,
            0.64,
            fc=PAPER,
            ec=EDGES[node.colour],
            lw=1.6,
            boxstyle="round,pad=0.06",
            zorder=3,
        )  # fmt: skip
    )
    axes.text(node.x, node.y, node.label, ha="center", va="center", fontsize=8,
              fontweight="bold", zorder=4)  # fmt: skip


def _arrow(axes: Axes, arrow: Arrow, link: Any) -> None:
    absent = (link.absent_posterior or 0.0) if link else 0.0
    axes.add_patch(
        FancyArrowPatch(
            arrow.start,
            arrow.end,
            arrowstyle="|-|,widthA=0,widthB=3.5" if arrow.holds else "-|>",
            mutation_scale=1.6 if arrow.holds else 11,
            lw=1.7,
            ls=(0, (3, 2)) if absent > 0.5 else "-",
            color=VERMILLION if arrow.holds else BLUE,
            zorder=1,
        )
    )
    if link is not None:
        axes.text(*arrow.label, _strength(link), ha="center", va="center", fontsize=6.6,
                  linespacing=1.25, zorder=5,
                  bbox={"fc": PAPER, "ec": "none", "pad": 1.2, "alpha": 0.94})  # fmt: skip


def _strength(link: Any) -> str:
    shown = interval(link.posterior, 2, 2)
    change, _, what = phrases.LINKS[link.key][1].partition(": ")
    if link.unit == "fold":
        lines = f"{change}: {what}\n\u00d7 {shown}"
        if len(change) + len(what) > LONG:
            lines = f"{change}:\n{what} \u00d7 {shown}"
    else:
        lines = f"{change}\n{shown} {phrases.UNITS.get(link.unit, link.unit)}"
    if link.absent_posterior is not None:
        lines += f"\nabsent: {share(link.absent_posterior)}"
        if link.absent_prior is not None:
            lines += f" (was {share(link.absent_prior)})"
    return lines


@styled
def liver_niche(links: pd.DataFrame) -> Figure:
    """Draw the mechanism; each arrow carries posterior strength and probability of absence.

    Strength is the median effect with its 90 % interval; dashed links are more likely absent than
    present.

    Parameters
    ----------
    links : DataFrame
        `Results.links`; without rows only the structure is drawn.
    """
    figure, axes = canvas([4.6], frame=Frame(0.02, 0.02, 0.0, 0.02, 0.36))
    axis = axes[0, 0]
    axis.set_axis_off()
    axis.set_xlim(0.2, 9.95)
    axis.set_ylim(0.2, 6.5)
    known: Mapping[str, Any] = {link.key: link for link in records(pd.DataFrame(links))}
    for key, arrow in ARROWS.items():
        _arrow(axis, arrow, known.get(key))
    for start, end in FLOW:
        first, second = NODES[start], NODES[end]
        axis.add_patch(
            FancyArrowPatch(
                (first.x + 0.8, first.y),
                (second.x - 0.8, second.y),
                lw=2.2,
                arrowstyle="-|>",
                mutation_scale=14,
                color=INK,
                zorder=1,
            )  # fmt: skip
        )
    for node in NODES.values():
        _box(axis, node)
    handles = [
        Line2D([], [], color=INK, lw=2.2, label="course of tumour cells"),
        Line2D([], [], color=BLUE, lw=1.8, label="raises (arrow)"),
        Line2D([], [], color=VERMILLION, lw=1.8, label="lowers or holds back (bar)"),
    ]
    if any((link.absent_posterior or 0.0) > 0.5 for link in known.values()):
        handles.append(Line2D([], [], color=MUTED, lw=1.4, ls="--", label="more likely absent"))
    legend(figure, handles)
    return figure
