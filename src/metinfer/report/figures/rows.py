"""Published numbers against what the model predicts for them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from metinfer.report import phrases
from metinfer.report.figures.style import (
    BLUE,
    INK,
    LOOKS,
    VERMILLION,
    WIDTH,
    Frame,
    band,
    bar,
    canvas,
    legend,
    log_axis,
    styled,
    wrap,
)
from metinfer.summaries.table import PARTS, Summary, records

LINE = 0.31  # inches per row
FRAME = Frame(left=2.75, right=0.45, above=0.24, below=0.42)
HEAD = FRAME.above + FRAME.below


def panels(rows: pd.DataFrame) -> list[list[Any]]:
    """Rows that share a study and a quantity, in the order met."""
    groups: dict[tuple[str, str], list[Any]] = {}
    for row in records(rows):
        groups.setdefault((row.study, phrases.quantity(row)), []).append(row)
    return list(groups.values())


def _is_wide(group: Sequence[Any]) -> bool:
    """Whether the values of a panel span so much that a log axis reads better."""
    values = [v for r in group for v in (r.reported, r.predicted.lo90, r.predicted.hi90)]
    return min(values) > 0 and max(values) / min(values) > 30


def _row_label(row: Any) -> str:
    count = f"{row.events:g} of {row.n:g}" if row.events is not None and row.n else ""
    size = f"n\u00a0=\u00a0{row.n:g}" if row.n else ""
    parts = (phrases.whom(row), phrases.when(row.time_day), count or size)
    return wrap(", ".join(p for p in parts if p), 48, 2)


def _panel(axes: Axes, group: Sequence[Any]) -> None:
    if _is_wide(group):
        log_axis(axes)
    for y, row in enumerate(group):
        bar(axes, row.predicted, y, "posterior")
        if row.low is not None and row.high is not None:
            axes.plot([row.low, row.high], [y + 0.26] * 2, color=VERMILLION, lw=1.0)
        face = VERMILLION if row.role == "fit" else "none"
        axes.plot([row.reported], [y + 0.26], "D", ms=4.2, mfc=face, mec=VERMILLION, mew=1.1)
        if not row.inside90:
            axes.annotate("outside", (1.0, y), xycoords=("axes fraction", "data"), fontsize=6.5,
                          ha="left", va="center", color=INK)  # fmt: skip
    axes.set_yticks(range(len(group)), [_row_label(r) for r in group], fontsize=7)
    axes.set_ylim(len(group) - 0.3, -0.6)
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="y")
    first = group[0]
    axes.set_title(
        wrap(first.source or first.study, 92, 1), x=-FRAME.left / (WIDTH - FRAME.left - FRAME.right)
    )
    axes.set_xlabel(phrases.quantity(first))


@styled
def observed_against_predicted(rows: pd.DataFrame) -> Figure:
    """Draw published values (diamonds) and predictions (bars) by study, on the reported scale.

    Filled diamonds were fitted, open ones only predicted; "outside" marks published values
    beyond the 90 % predictive interval.

    Parameters
    ----------
    rows : DataFrame
        Rows of `Results.rows`.
    """
    groups = panels(rows)
    figure, axes = canvas([LINE * len(g) for g in groups], frame=FRAME)
    for axis, group in zip(axes[:, 0], groups, strict=True):
        _panel(axis, group)
    look = LOOKS["posterior"]
    handles = [
        Line2D([], [], color=VERMILLION, marker="D", ls="", label="published, fitted"),
        Line2D([], [], color=VERMILLION, marker="D", mfc="none", ls="",
               label="published, never fitted"),
        Line2D([], [], color=VERMILLION, lw=1.0, label="quartiles or interval as published"),
        Line2D([], [], color=look.colour, marker="o", mfc="none", lw=3, label="predicted 50 %"),
        Line2D([], [], color=look.colour, lw=1.3, label="predicted 90 %"),
    ]  # fmt: skip
    legend(figure, handles)
    return figure


@styled
def survival_curves(cohorts: pd.DataFrame) -> Figure:
    """Draw life-table points of each cohort against the posterior event-free band.

    Parameters
    ----------
    cohorts : DataFrame
        Rows of `Results.cohorts`.
    """
    fits = records(cohorts)
    columns = 2 if len(fits) > 1 else 1
    lines = math.ceil(len(fits) / columns)
    figure, axes = canvas([1.3] * lines, columns, Frame(above=0.54), "y")
    for axis, fit in zip(axes.flat, fits, strict=False):
        bands = [Summary(*v) for v in zip(*(getattr(fit, k) for k in PARTS), strict=True)]
        band(axis, fit.time_year, bands, BLUE, "-", "model")
        axis.plot(fit.seen_year, fit.seen, "D", ms=3.4, color=VERMILLION)
        event = phrases.SCOPES.get(fit.endpoint, fit.endpoint or "the event")
        whom = wrap(f"{phrases.whom(fit)} (n\u00a0=\u00a0{fit.n:,.0f})", 46, 2)
        axis.set_title(f"{whom}\nfree of {event}", fontsize=7.5)
        axis.set_xlabel("years since surgery")
        axis.set_ylim(0, 1.02)
        axis.set_xlim(0, None)
        axis.grid(axis="y")
    for axis in axes[:, 0]:
        axis.set_ylabel("share free of event")
    for axis in axes.flat[len(fits) :]:
        axis.set_visible(False)
    handles = [
        Line2D([], [], color=VERMILLION, marker="D", ls="", ms=4, label="published"),
        Line2D([], [], color=BLUE, lw=1.6, label="model, median"),
        Line2D([], [], color=BLUE, lw=6, alpha=0.42, label="50 %"),
        Line2D([], [], color=BLUE, lw=6, alpha=0.18, label="90 %"),
    ]
    legend(figure, handles)
    return figure
