"""States over time and answers over a knob: the mechanism before any data."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from metinfer.report.figures.style import (
    MUTED,
    SERIES,
    Frame,
    band,
    canvas,
    legend,
    log_axis,
    styled,
    wrap,
)
from metinfer.summaries.table import Summary

#: Followed for longer than this, time is drawn in years.
LONGEST_IN_DAYS = 500.0
#: Letters of a label of which three stand side by side.
SHORT = 36


@styled
def courses(solved: Any, states: Mapping[str, str], arms: Mapping[str, str] | None = None,
            shade: tuple[float, float] | None = None) -> Figure:  # fmt: skip
    """Draw states of arms over time, one panel per state.

    Parameters
    ----------
    solved : xarray.Dataset
        What `metinfer.solve` returns: (draw, arm, day). Several draws are shown as median with
        50 and 90 % bands.
    states : mapping of str to str
        State -> words for its axis, with the unit.
    arms : mapping of str to str, optional
        Arm -> its label; all arms under their own names by default.
    shade : (float, float), optional
        Days from and to which something happened, drawn grey.
    """
    names = dict(arms) if arms else {str(a): str(a) for a in solved["arm"].values}
    day = np.asarray(solved["day"].values, dtype=float)
    scale, unit = (365.25, "years") if day[-1] > LONGEST_IN_DAYS else (1.0, "days")
    columns = min(2, len(states))
    frame = Frame(above=0.16, head=_head(list(names.values())))
    figure, axes = canvas([1.5] * math.ceil(len(states) / columns), columns, frame)
    for axis, (state, label) in zip(axes.flat, states.items(), strict=False):
        for look, arm in zip(_looks(len(names)), names, strict=True):
            values = np.asarray(solved[state].sel(arm=arm).values, dtype=float)
            band(axis, (day / scale).tolist(), [_span(v) for v in values.T], look[0], look[2], arm)
        if shade is not None:
            axis.axvspan(shade[0] / scale, shade[1] / scale, color=MUTED, alpha=0.16, lw=0)
        axis.set_xlim(day[0] / scale, day[-1] / scale)
        axis.set_ylabel(wrap(label, 30, 2))
        _from_zero(axis)
    for axis in axes.flat[len(states) :]:
        axis.set_visible(False)
    for axis in axes[-1]:
        axis.set_xlabel(unit)
    _key(figure, list(names.values()))
    return figure


@styled
def responses(x: Sequence[float], lines: Mapping[str, Sequence[float]], across: str, up: str,
              log: bool = False) -> Figure:  # fmt: skip
    """Draw one or several curves over a quantity that is varied.

    Parameters
    ----------
    x : sequence of float
    lines : mapping of str to sequence of float
        Label -> values at `x`.
    across, up : str
        What the axes show, with units.
    log : bool
        Whether the horizontal axis is logarithmic.
    """
    frame = Frame(above=0.1, head=_head(list(lines)))
    figure, axes = canvas([2.2], 1, frame)
    axis = axes[0, 0]
    for look, values in zip(_looks(len(lines)), lines.values(), strict=True):
        axis.plot(x, values, color=look[0], ls=look[2], lw=1.9)
    if log:
        log_axis(axis)
        axis.set_xticks(list(x), [f"{v:g}" for v in x])
        axis.minorticks_off()
    axis.set_xlabel(across)
    axis.set_ylabel(wrap(up, 40, 2))
    _from_zero(axis)
    _key(figure, list(lines))
    return figure


def _span(draws: np.ndarray) -> Summary:
    values = np.nanquantile(draws, [0.5, 0.25, 0.75, 0.05, 0.95])
    return Summary(*(float(v) for v in values))


def _looks(count: int) -> list[Any]:
    return [SERIES[k % len(SERIES)] for k in range(count)]


def _from_zero(axis: Axes) -> None:
    low, high = axis.get_ylim()
    axis.set_ylim(0.0 if low >= -1e-9 * abs(high) or low < 0 < high else low, high)
    axis.grid(axis="y")


def _key(figure: Figure, labels: Sequence[str]) -> None:
    handles = [Line2D([], [], color=look[0], ls=look[2], lw=1.9, label=wrap(label, 60, 1))
               for look, label in zip(_looks(len(labels)), labels, strict=True)]  # fmt: skip
    legend(figure, handles, _columns(labels))


def _columns(labels: Sequence[str]) -> int:
    """Columns of the legend: long labels need room."""
    return 2 if max(map(len, labels)) > SHORT else 3


def _head(labels: Sequence[str]) -> float:
    """Inches above the panels for the legend."""
    return 0.24 + 0.17 * math.ceil(len(labels) / _columns(labels))
