"""One look for all figures: size, type, the colour-blind safe palette, line styles."""

from __future__ import annotations

import functools
import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

from metinfer.report.content import Span

WIDTH = 7.2  # inches: the text width of an A4 page with 13 mm margins
TALLEST = 8.6  # inches: fits a page with its caption

INK, MUTED, GRID, PAPER = "#1b1f24", "#59626d", "#d9dee4", "#fefefe"
# Okabe & Ito 2008, "Color Universal Design"; yellow and black left out (contrast, ink).
BLUE, ORANGE, GREEN = "#0072b2", "#e69f00", "#009e73"
VERMILLION, SKY, PURPLE = "#d55e00", "#56b4e9", "#cc79a7"
THEME_COLOURS = {
    INK: "ink", MUTED: "muted", GRID: "grid", PAPER: "paper", BLUE: "blue", ORANGE: "orange",
    GREEN: "green", VERMILLION: "vermillion", SKY: "sky", PURPLE: "purple",
}  # fmt: skip

#: Settings under which every figure is drawn (matplotlib types its keys as one long literal).
RC: Any = {
    "font.size": 8.0,
    "font.family": "sans-serif",
    "axes.titlesize": 8.5,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.labelsize": 8.0,
    "axes.labelcolor": INK,
    "axes.edgecolor": MUTED,
    "axes.facecolor": "none",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": False,
    "grid.color": GRID,
    "grid.linewidth": 0.6,
    "axes.axisbelow": True,
    "text.color": INK,
    "text.parse_math": False,  # a dollar sign in a study label is a dollar sign
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "xtick.labelsize": 7.5,
    "ytick.labelsize": 7.5,
    "legend.frameon": False,
    "legend.fontsize": 7.5,
    "figure.facecolor": "none",
    "svg.fonttype": "none",
    "axes.formatter.use_mathtext": False,
    "axes.unicode_minus": True,
}


@dataclass(frozen=True)
class Look:
    """How one source of numbers is drawn everywhere."""

    label: str
    colour: str
    marker: str
    line: str


LOOKS = {
    "posterior": Look("posterior", BLUE, "o", "-"),
    "prior": Look("prior (before any data)", ORANGE, "s", "--"),
    "no_mouse": Look("posterior without mouse rows", GREEN, "^", ":"),
    "untreated": Look("no therapy", MUTED, "D", "--"),
    "observed": Look("published", VERMILLION, "D", "-"),
}
SERIES = (
    (BLUE, "o", "-"), (VERMILLION, "s", "--"), (GREEN, "^", "-."), (PURPLE, "v", ":"),
    (ORANGE, "P", (0, (5, 1))), (SKY, "X", (0, (3, 1, 1, 1))),
)  # fmt: skip


def styled(draw: Callable[..., Figure]) -> Callable[..., Figure]:
    """Draw under the report's style and leave the caller's matplotlib settings alone."""

    @functools.wraps(draw)
    def wrapped(*args: Any, **kwargs: Any) -> Figure:
        with mpl.rc_context(RC):
            return draw(*args, **kwargs)

    return wrapped


def canvas(height: float, **subplots: Any) -> tuple[Figure, Any]:
    """Return a page-wide figure and its axes."""
    layout = ConstrainedLayoutEngine(w_pad=0.06, h_pad=0.06)
    figure = Figure(figsize=(WIDTH, height), layout=layout)
    return figure, figure.subplots(squeeze=False, **subplots)


def wrap(label: str, width: int = 34, lines: int = 3) -> str:
    """Break a label over at most `lines` lines; the rest is cut with an ellipsis."""
    return "\n".join(
        textwrap.wrap(label, width, max_lines=lines, placeholder=" \u2026") or [""]
    )


def bar(axes: Axes, span: Span, y: float, source: str, thick: float = 1.0) -> None:
    """Draw median, 50 % (thick) and 90 % (thin) interval as a horizontal bar."""
    look = LOOKS[source]
    axes.plot([span.lo90, span.hi90], [y, y], color=look.colour, lw=1.3 * thick,
              ls=look.line, solid_capstyle="butt")  # fmt: skip
    axes.plot([span.lo50, span.hi50], [y, y], color=look.colour, lw=3.6 * thick,
              solid_capstyle="butt")  # fmt: skip
    axes.plot([span.median], [y], look.marker, ms=4.6, mfc=PAPER, mec=look.colour, mew=1.3)


def band(axes: Axes, time: Sequence[float], bands: Sequence[Span], colour: str, line: Any,
         label: str) -> None:  # fmt: skip
    """Draw a median line with its 50 % and 90 % bands."""
    axes.fill_between(time, [b.lo90 for b in bands], [b.hi90 for b in bands],
                      color=colour, alpha=0.16, lw=0)  # fmt: skip
    axes.fill_between(time, [b.lo50 for b in bands], [b.hi50 for b in bands],
                      color=colour, alpha=0.26, lw=0)  # fmt: skip
    axes.plot(time, [b.median for b in bands], color=colour, ls=line, lw=1.6, label=label)


def legend(figure: Figure, handles: Sequence[Any], columns: int = 4) -> None:
    """Put one legend above the axes."""
    figure.legend(handles=handles, loc="outside upper left", ncols=columns, handlelength=2.6)
