"""Published numbers against what the model predicts for them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from metinfer.report import words
from metinfer.report.content import IntervalFit, RowFit, SurvivalFit
from metinfer.report.figures.style import (
    BLUE,
    INK,
    LOOKS,
    TALLEST,
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

LINE = 0.31  # inches per row
FRAME = Frame(left=2.75, right=0.45, above=0.24, below=0.42)
HEAD = FRAME.above + FRAME.below


def panels(rows: Iterable[RowFit]) -> list[tuple[str, list[RowFit]]]:
    """Group rows that share a study, a quantity and a unit, in the order met."""
    groups: dict[tuple[str, str, str], list[RowFit]] = {}
    for row in rows:
        groups.setdefault((row.study, row.quantity, row.unit), []).append(row)
    return [(f"{g[0].source or g[0].study}", g) for g in groups.values()]


def pages(rows: Iterable[RowFit], tallest: float = TALLEST) -> list[list[RowFit]]:
    """Split rows into figures that fit a printed page, keeping panels whole where they fit."""
    done: list[list[RowFit]] = []
    height = math.inf
    for _, group in panels(rows):
        for start in range(0, len(group), 20):
            part = group[start : start + 20]
            need = HEAD + LINE * len(part)
            if height + need > tallest:
                done.append([])
                height = 0.4
            done[-1].extend(part)
            height += need
    return done


def _is_wide(group: Sequence[RowFit]) -> bool:
    """Whether the values of a panel span so much that a log axis reads better."""
    values = [v for r in group for v in (r.reported, r.predicted.lo90, r.predicted.hi90)]
    return min(values) > 0 and max(values) / min(values) > 30


def _row_label(row: RowFit) -> str:
    size = f"n\u00a0=\u00a0{row.n:g}" if row.n else ""
    said = row.statistic in row.quantity or row.statistic == row.unit
    statistic = "" if said else row.statistic
    parts = [row.arm, row.when, *([row.count] if row.count else [statistic, size])]
    return wrap(", ".join(p for p in parts if p), 54, 2)


def _panel(axes: Axes, title: str, group: Sequence[RowFit]) -> None:
    if _is_wide(group):
        log_axis(axes)
    for y, row in enumerate(group):
        bar(axes, row.predicted, y, "posterior")
        if row.low is not None and row.high is not None:
            axes.plot([row.low, row.high], [y + 0.26] * 2, color=VERMILLION, lw=1.0)
        face = VERMILLION if row.role == "fit" else "none"
        axes.plot([row.reported], [y + 0.26], "D", ms=4.2, mfc=face, mec=VERMILLION, mew=1.1)
        if not row.inside:
            axes.annotate("outside", (1.0, y), xycoords=("axes fraction", "data"), fontsize=6.5,
                          ha="left", va="center", color=INK)  # fmt: skip
    axes.set_yticks(range(len(group)), [_row_label(r) for r in group], fontsize=7)
    axes.set_ylim(len(group) - 0.3, -0.6)
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="y")
    first = group[0]
    axes.set_title(wrap(title, 92, 1), x=-FRAME.left / (WIDTH - FRAME.left - FRAME.right))
    axes.set_xlabel(f"{first.quantity} ({first.unit})" if first.unit else first.quantity)


@styled
def observed_against_predicted(rows: Sequence[RowFit]) -> Figure:
    """Draw published values (diamonds) and predictions (bars) by study, on the reported scale.

    Filled diamonds were fitted, open ones only predicted; "outside" marks published values
    beyond the 90 % predictive interval.
    """
    groups = panels(rows)
    figure, axes = canvas([LINE * len(g) for _, g in groups], frame=FRAME)
    for axis, (title, group) in zip(axes[:, 0], groups, strict=True):
        _panel(axis, title, group)
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
def survival_curves(fits: Sequence[SurvivalFit]) -> Figure:
    """Draw life-table points of each cohort against the posterior event-free band."""
    columns = 2 if len(fits) > 1 else 1
    lines = math.ceil(len(fits) / columns)
    figure, axes = canvas([1.3] * lines, columns, Frame(above=0.54), "y")
    for axis, fit in zip(axes.flat, fits, strict=False):
        band(axis, fit.time, fit.bands, BLUE, "-", "model")
        axis.plot(fit.observed_time, fit.observed, "D", ms=3.4, color=VERMILLION)
        event = words.SCOPES.get(fit.endpoint, fit.endpoint or "the event")
        whom = wrap(f"{fit.arm} (n\u00a0=\u00a0{fit.n:,.0f})", 46, 2)
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


@styled
def interval_events(items: Sequence[IntervalFit]) -> Figure:
    """Draw events seen against events predicted per follow-up interval, one panel per cohort."""
    arms: dict[str, list[IntervalFit]] = {}
    for item in items:
        arms.setdefault(item.arm, []).append(item)
    columns = 2 if len(arms) > 1 else 1
    lines = math.ceil(len(arms) / columns)
    figure, axes = canvas([1.0] * lines, columns, Frame(above=0.4))
    for axis, (arm, group) in zip(axes.flat, arms.items(), strict=False):
        _events_panel(axis, arm, group)
    for axis in axes[:, 0]:
        axis.set_ylabel("events")
    for axis in axes.flat[len(arms) :]:
        axis.set_visible(False)
    handles = [
        Line2D([], [], color=VERMILLION, marker="D", ls="", ms=4, label="seen"),
        Line2D([], [], color=BLUE, lw=4, label="predicted 50 %"),
        Line2D([], [], color=BLUE, lw=1.3, label="predicted 90 %"),
    ]
    legend(figure, handles)
    return figure


def _events_panel(axis: Axes, arm: str, group: Sequence[IntervalFit]) -> None:
    middle = [(i.start + i.end) / 2 for i in group]
    axis.vlines(middle, [i.expected.lo90 for i in group], [i.expected.hi90 for i in group],
                color=BLUE, lw=1.3)  # fmt: skip
    axis.vlines(middle, [i.expected.lo50 for i in group], [i.expected.hi50 for i in group],
                color=BLUE, lw=4)  # fmt: skip
    axis.plot(middle, [i.observed for i in group], "D", ms=3.6, color=VERMILLION)
    axis.set_title(wrap(arm, 46, 2), fontsize=7.5)
    axis.set_xlabel("years since surgery")
    axis.set_ylim(0, None)
    axis.grid(axis="y")
