"""One look for all figures: size, type, the colour-blind safe palette, line styles."""

from __future__ import annotations

import functools
import io
import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, NullFormatter

from metinfer.report.numbers import number
from metinfer.summaries.table import Summary

WIDTH = 7.2  # inches: the text width of an A4 page with 13 mm margins
TALLEST = 8.6  # inches: fits a page with its caption
DPI = 120  # of figures in notebooks: sharp on a slide, and light

INK, MUTED, GRID, PAPER = "#1b1f24", "#59626d", "#d9dee4", "#fefefe"
# Okabe & Ito 2008, "Color Universal Design"; yellow and black left out (contrast, ink).
BLUE, ORANGE, GREEN = "#0072b2", "#e69f00", "#009e73"
VERMILLION, SKY, PURPLE = "#d55e00", "#56b4e9", "#cc79a7"

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


class Picture(Figure):
    """A figure that a notebook shows by itself, on paper white, without pyplot or settings."""

    def _repr_png_(self) -> bytes:
        out = io.BytesIO()
        with mpl.rc_context(RC):
            self.savefig(out, format="png", dpi=DPI, facecolor=PAPER)
        return out.getvalue()


def styled(draw: Callable[..., Figure]) -> Callable[..., Figure]:
    """Draw under the report's style and leave the caller's matplotlib settings alone."""

    @functools.wraps(draw)
    def wrapped(*args: Any, **kwargs: Any) -> Figure:
        with mpl.rc_context(RC):
            return draw(*args, **kwargs)

    return wrapped


@dataclass(frozen=True)
class Frame:
    """Where panels stand, in inches: margins of each panel, and room for the legend on top.

    Fixed places instead of a layout engine: measuring every label costs more than all drawing.
    """

    left: float = 0.62
    right: float = 0.14
    above: float = 0.26
    below: float = 0.44
    head: float = 0.42


def canvas(heights: Sequence[float], columns: int = 1, frame: Frame | None = None,
           shared: str = "") -> tuple[Figure, Any]:  # fmt: skip
    """Return a page-wide figure and its axes (row, column).

    Parameters
    ----------
    heights
        Inches of each row of panels, without titles and axis labels.
    columns
        Panels side by side.
    frame
        Margins; `Frame()` by default.
    shared
        Axes that all panels share: "", "x", "y" or "xy".
    """
    frame = frame or Frame()
    tall = frame.head + sum(h + frame.above + frame.below for h in heights)
    figure = Picture(figsize=(WIDTH, tall))
    cell = WIDTH / columns
    axes = np.empty((len(heights), columns), dtype=object)
    top = frame.head
    for i, height in enumerate(heights):
        bottom = tall - top - frame.above - height
        for j in range(columns):
            place = (j * cell + frame.left, bottom, cell - frame.left - frame.right, height)
            box: Any = [v / (tall if k % 2 else WIDTH) for k, v in enumerate(place)]
            same: Any = {f"share{k}": axes[0, 0] for k in shared if i or j}
            axes[i, j] = figure.add_axes(box, **same)
        top += height + frame.above + frame.below
    return figure, axes


def wrap(label: str, width: int = 34, lines: int = 3) -> str:
    """Break a label over at most `lines` lines; the rest is cut with an ellipsis."""
    whole = label.replace(" %", "\u00a0%")
    return "\n".join(
        textwrap.wrap(whole, width, max_lines=lines, placeholder=" \u2026", break_on_hyphens=False)
        or [""]  # fmt: skip
    )


def shorten(label: str, width: int) -> str:
    """Cut a label to `width` letters, before the brackets that say where it holds."""
    head, bracket, tail = label.rpartition(" (")
    if len(label) <= width or not bracket or not tail.endswith(")"):
        return wrap(label, width, 1)
    return f"{wrap(head, width - len(tail) - 2, 1)} ({tail}"


def log_axis(axes: Axes) -> None:
    """Make the horizontal axis logarithmic, its numbers plain: no figure sets mathematics."""
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: number(value, 1)))
    axes.xaxis.set_minor_formatter(NullFormatter())


def bar(axes: Axes, span: Summary, y: float, source: str, thick: float = 1.0) -> None:
    """Draw median, 50 % (thick) and 90 % (thin) interval as a horizontal bar."""
    look = LOOKS[source]
    axes.plot([span.lo90, span.hi90], [y, y], color=look.colour, lw=1.3 * thick,
              ls=look.line, solid_capstyle="butt")  # fmt: skip
    axes.plot([span.lo50, span.hi50], [y, y], color=look.colour, lw=3.6 * thick,
              solid_capstyle="butt")  # fmt: skip
    axes.plot([span.median], [y], look.marker, ms=4.6, mfc=PAPER, mec=look.colour, mew=1.3)


def band(axes: Axes, time: Sequence[float], bands: Sequence[Summary], colour: str, line: Any,
         label: str) -> None:  # fmt: skip
    """Draw a median line with its 50 % and 90 % bands."""
    axes.fill_between(time, [b.lo90 for b in bands], [b.hi90 for b in bands],
                      color=colour, alpha=0.16, lw=0)  # fmt: skip
    axes.fill_between(time, [b.lo50 for b in bands], [b.hi50 for b in bands],
                      color=colour, alpha=0.26, lw=0)  # fmt: skip
    axes.plot(time, [b.median for b in bands], color=colour, ls=line, lw=1.6, label=label)


def legend(figure: Figure, handles: Sequence[Any], columns: int = 4) -> None:
    """Put one legend above the axes."""
    figure.legend(handles=handles, loc="upper left", ncols=columns, handlelength=2.6,
                  bbox_to_anchor=(0, 1), borderaxespad=0.3, columnspacing=1.4)  # fmt: skip
