"""Posterior of parameters within their prior."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from metinfer.report import phrases
from metinfer.report.figures.style import LOOKS, Frame, bar, canvas, shorten, styled
from metinfer.summaries.table import PARTS, Summary, records


def _relative(span: Summary, parameter: Any) -> Summary:
    """Map a value to where it lies in the prior: its 5 % is -1, its median 0, its 95 % is 1."""
    prior = parameter.prior
    log = parameter.dist == "lognormal" and prior.lo90 > 0

    def place(value: float) -> float:
        centre, low, high = prior.median, prior.lo90, prior.hi90
        if log:
            value = max(value, 1e-300)
            value, centre, low, high = (math.log(v) for v in (value, centre, low, high))
        half = (high - centre) if value >= centre else (centre - low)
        return (value - centre) / half if half > 0 else 0.0

    return Summary(*(place(getattr(span, k)) for k in PARTS))


@styled
def parameter_intervals(parameters: pd.DataFrame) -> Figure:
    """Draw each posterior inside its prior: a narrow bar was learnt, a full one was not.

    Parameters
    ----------
    parameters : DataFrame
        Rows of `Results.parameters`.
    """
    shown = [p for p in records(parameters) if p.posterior is not None]
    figure, axes = canvas([0.2 * len(shown)], frame=Frame(left=3.7, above=0.05, head=0.0))
    axis = axes[0, 0]
    axis.axvspan(-1, 1, color=LOOKS["prior"].colour, alpha=0.16, lw=0)
    axis.axvline(0, color=LOOKS["prior"].colour, ls="--", lw=1)
    for y, parameter in enumerate(shown):
        bar(axis, _relative(parameter.posterior, parameter), y, "posterior", 0.9)
    axis.set_yticks(range(len(shown)), [shorten(phrases.parameter(p), 58) for p in shown])
    axis.set_ylim(len(shown) - 0.4, -0.6)
    axis.set_xlim(-2, 2)
    axis.set_xticks([-1, 0, 1], ["prior 5 %", "prior median", "prior 95 %"])
    axis.set_xlabel("position of the posterior within its prior")
    axis.tick_params(axis="y", length=0)
    axis.grid(axis="y")
    return figure
