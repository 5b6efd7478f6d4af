"""The liver niche as a diagram, with what the posterior says about each arrow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

from metinfer.report import words
from metinfer.report.content import Link
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


@dataclass(frozen=True)
class Node:
    """A box: place (0 to 10, 0 to 6.6), words and colour of its edge."""

    x: float
    y: float
    label: str
    colour: str = MUTED


@dataclass(frozen=True)
class Arrow:
    """A link between two places; `holds` arrows end in a bar."""

    start: tuple[float, float]
    end: tuple[float, float]
    label: tuple[float, float]
    holds: bool = False
    bend: float = 0.0


NODES = {
    "timp1": Node(1.1, 6.1, "TIMP-1\nin blood", BLUE),
    "stellate": Node(1.1, 4.45, "activated\nstellate cells", BLUE),
    "cxcl12": Node(4.3, 5.3, "CXCL12\nin the liver", BLUE),
    "neutrophils": Node(1.4, 2.65, "neutrophils", VERMILLION),
    "nk": Node(7.0, 4.2, "natural killer\n(NK) cells", GREEN),
    "ifng": Node(9.1, 2.55, "interferon-\ngamma", GREEN),
    "arriving": Node(1.1, 0.75, "arriving\ntumour cells", INK),
    "dormant": Node(4.0, 0.75, "dormant\ncells", INK),
    "awake": Node(6.75, 0.75, "awakened\nclones", INK),
    "metastases": Node(9.1, 0.75, "metastases", INK),
}

ARROWS = {
    "timp1_cxcl12": Arrow((1.95, 6.02), (3.5, 5.55), (3.15, 6.15)),
    "stellate_cxcl12": Arrow((1.95, 4.6), (3.5, 5.1), (1.95, 5.24)),
    "cxcl12_neutrophils": Arrow((3.95, 4.9), (2.0, 3.08), (2.9, 3.9)),
    "cxcl12_nk": Arrow((5.12, 5.1), (6.15, 4.5), (6.45, 5.25), holds=True),
    "nk_ifng": Arrow((7.6, 3.78), (8.55, 2.98), (8.68, 3.52)),
    "ifng_awakening": Arrow((8.4, 2.15), (5.5, 0.95), (7.25, 1.68), holds=True),
    "neutrophils_seeding": Arrow((1.75, 2.25), (2.35, 0.95), (1.0, 1.62)),
    "nk_seeding": Arrow((6.2, 3.85), (2.85, 0.95), (4.05, 2.0), holds=True),
    "nk_killing": Arrow((6.55, 3.75), (4.45, 1.2), (6.85, 2.8), holds=True),
}
#: Letters of a change and its effect that fit on one line.
LONG = 30
FLOW = (("arriving", "dormant"), ("dormant", "awake"), ("awake", "metastases"))


def _box(axes: Axes, node: Node) -> None:
    axes.add_patch(
        FancyBboxPatch(
            (node.x - 0.72, node.y - 0.32),
            1.44,
            0.64,
            fc=PAPER,
            ec=node.colour,
            lw=1.6,
            boxstyle="round,pad=0.06",
            zorder=3,
        )  # fmt: skip
    )
    axes.text(node.x, node.y, node.label, ha="center", va="center", fontsize=8,
              fontweight="bold", zorder=4)  # fmt: skip


def _arrow(axes: Axes, arrow: Arrow, link: Link | None) -> None:
    absent = (link.absent_posterior or 0.0) if link else 0.0
    axes.add_patch(
        FancyArrowPatch(
            arrow.start,
            arrow.end,
            arrowstyle="|-|,widthA=0,widthB=3.5" if arrow.holds else "-|>",
            mutation_scale=1.6 if arrow.holds else 11,
            connectionstyle=f"arc3,rad={arrow.bend}",
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


def _strength(link: Link) -> str:
    shown = words.shown_text(link.strength, "fold")
    change, _, what = link.change.partition(": ")
    lines = f"{change}\n{shown} {link.unit}"
    if link.unit == "fold":
        lines = f"{change}: {what}\n\u00d7 {shown}"
        if len(change) + len(what) > LONG:
            lines = f"{change}:\n{what} \u00d7 {shown}"
    if link.absent_posterior is not None:
        lines += f"\nabsent: {words.share(link.absent_posterior)}"
        if link.absent_prior is not None:
            lines += f" (was {words.share(link.absent_prior)})"
    return lines


@styled
def liver_niche(links: Sequence[Link]) -> Figure:
    """Draw the mechanism; each arrow carries posterior strength and probability of absence.

    Strength is the median effect with its 90 % interval; dashed links are more likely absent than
    present.
    """
    figure, axes = canvas([4.6], frame=Frame(0.02, 0.02, 0.0, 0.02, 0.36))
    axis = axes[0, 0]
    axis.set_axis_off()
    axis.set_xlim(0.2, 9.95)
    axis.set_ylim(0.2, 6.5)
    known: Mapping[str, Link] = {link.key: link for link in links}
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
        Line2D([], [], color=MUTED, lw=1.4, ls="--", label="more likely absent"),
    ]
    legend(figure, handles)
    return figure
