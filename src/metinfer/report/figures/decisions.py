"""Questions about one therapy: does it last, when to start, how much, and what the answer rests on.

The inputs are the results of `metinfer.therapy.decide`; nothing is solved here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from metinfer.report.content import Span
from metinfer.report.figures.style import (
    BLUE,
    GREEN,
    MUTED,
    ORANGE,
    PAPER,
    SKY,
    Frame,
    band,
    canvas,
    legend,
    styled,
    wrap,
)

HATCHES = ("", "///", "...")


class Split(Protocol):
    """What `metinfer.therapy.decide.lasting` returns; all (draw, time)."""

    avoided: np.ndarray
    removed: np.ndarray
    dormant: np.ndarray
    awake: np.ndarray


def _span(draws: np.ndarray) -> Span:
    good = draws[np.isfinite(draws)]
    if not good.size:
        return Span(*[float("nan")] * 5)
    values = np.quantile(good, [0.5, 0.25, 0.75, 0.05, 0.95])
    return Span(*(float(v) for v in values))


@styled
def lasting_against_delay(splits: Mapping[str, Split]) -> Figure:
    """Draw where the avoided metastases went at the last time: cleared for good, or only delayed.

    Parameters
    ----------
    splits
        Label of a therapy -> its `metinfer.therapy.decide.Split`; medians over draws are drawn,
        with the 90 % interval of what was avoided in all.
    """
    figure, axes = canvas([0.42 * len(splits)], frame=Frame(left=2.3))
    axis = axes[0, 0]
    parts = (("removed", "cleared: lasts", GREEN), ("dormant", "still dormant: delay", SKY),
             ("awake", "still growing: delay", ORANGE))  # fmt: skip
    for y, split in enumerate(splits.values()):
        ends = [0.0, 0.0]  # negative parts are stacked to the left
        for (name, _, colour), hatch in zip(parts, HATCHES, strict=True):
            size = float(np.nanmedian(getattr(split, name)[:, -1]))
            side = int(size < 0)
            axis.barh(y, size, left=ends[side], height=0.5, color=colour, hatch=hatch, ec=PAPER)
            ends[side] += size
        total = _span(split.avoided[:, -1])
        axis.plot([total.lo90, total.hi90], [y + 0.36] * 2, color=MUTED, lw=1.3)
        axis.plot([total.median], [y + 0.36], "D", ms=3.6, color=MUTED)
    _named(axis, list(splits))
    axis.set_xlabel("metastases avoided per subject at the end of follow-up")
    handles = [Patch(fc=c, hatch=h, ec=PAPER, label=t)
               for (_, t, c), h in zip(parts, HATCHES, strict=True)]  # fmt: skip
    legend(figure, [*handles, Line2D([], [], color=MUTED, marker="D", ms=3.6,
                                     label="all avoided, 90 %")])  # fmt: skip
    return figure


def _named(axis: Axes, labels: Sequence[str]) -> None:
    axis.set_yticks(range(len(labels)), [wrap(label, 36, 2) for label in labels])
    axis.set_ylim(len(labels) - 0.4, -0.6)
    axis.axvline(0.0, color=MUTED, lw=0.9)
    axis.tick_params(axis="y", length=0)


@styled
def window_by_start(starts: Sequence[float], risks: Mapping[str, np.ndarray],
                    follow: float) -> Figure:  # fmt: skip
    """Draw risk with and without therapy, and their ratio, by when the therapy starts.

    Parameters
    ----------
    starts
        Days after time zero.
    risks
        Result of `metinfer.therapy.decide.window`: name -> (draw, start).
    follow
        Years of follow-up after each start.
    """
    figure, axes = canvas([1.7], 2)
    scale, unit = (1.0, "days") if max(starts) < 200 else (365.25, "years")
    time = [s / scale for s in starts]
    for name, colour, line in (("risk_untreated", MUTED, "--"), ("risk", BLUE, "-")):
        spans = [_span(100 * risks[name][:, k]) for k in range(len(starts))]
        band(axes[0, 0], time, spans, colour, line, name)
    ratios = [_span(risks["risk_ratio"][:, k]) for k in range(len(starts))]
    band(axes[0, 1], time, ratios, GREEN, "-", "ratio")
    axes[0, 1].axhline(1.0, color=MUTED, lw=0.9)
    length = f"{follow:g} years" if follow >= 0.75 else f"{follow * 365.25:.0f} days"
    axes[0, 0].set_ylabel(f"risk within {length} of the start (%)")
    axes[0, 1].set_ylabel("risk ratio, treated over untreated")
    for axis in axes.flat:
        axis.set_xlabel(f"start of therapy ({unit} after time zero)")
        axis.grid(axis="y")
    handles = [
        Line2D([], [], color=MUTED, ls="--", lw=1.6, label="no therapy"),
        Line2D([], [], color=BLUE, lw=1.6, label="with therapy"),
        Line2D([], [], color=GREEN, lw=1.6, label="risk ratio"),
    ]
    legend(figure, handles)
    return figure


@styled
def dose_response_curve(factors: Sequence[float], effect: np.ndarray, horizon: float) -> Figure:
    """Draw the absolute risk reduction against the multiple of the doses.

    Parameters
    ----------
    factors
        Multiples of the doses.
    effect
        Result of `metinfer.therapy.decide.dose_response`: (draw, factor), fractions.
    horizon
        Years.
    """
    figure, axes = canvas([2.2], frame=Frame(head=0.1))
    axis = axes[0, 0]
    spans = [_span(100 * effect[:, k]) for k in range(len(factors))]
    band(axis, factors, spans, BLUE, "-", "posterior")
    axis.plot(factors, [s.median for s in spans], "o", ms=4, mfc=PAPER, mec=BLUE)
    axis.set_xscale("log")
    axis.set_xticks(list(factors), [f"{f:g}" for f in factors])
    axis.minorticks_off()
    axis.axhline(0.0, color=MUTED, lw=0.9)
    axis.axvline(1.0, color=MUTED, lw=0.9, ls=":")
    axis.set_xlabel("multiple of the regimen's doses (1: as given)")
    axis.set_ylabel(f"absolute risk reduction\nwithin {horizon:g} years (percentage points)")
    axis.grid(axis="y")
    return figure


@styled
def variance_shares(shares: Mapping[str, float], answer: str, most: int = 12) -> Figure:
    """Draw how much of an answer's variance each unknown explains, the largest first.

    Parameters
    ----------
    shares
        Name of an unknown -> share of the variance (0 to 1).
    answer
        What the variance is of.
    most
        Unknowns drawn; the others are summed in one bar.
    """
    ranked = sorted(shares.items(), key=lambda item: -item[1])
    shown = dict(ranked[:most])
    if len(ranked) > most:
        shown[f"{len(ranked) - most} others together"] = sum(v for _, v in ranked[most:])
    figure, axes = canvas([0.26 * len(shown)], frame=Frame(left=3.2, head=0.1))
    axis = axes[0, 0]
    axis.barh(range(len(shown)), [100 * v for v in shown.values()], height=0.6, color=BLUE)
    _named(axis, list(shown))
    axis.set_title(wrap(answer, 70, 1))
    axis.set_xlabel("share of the variance of the answer (%)")
    return figure
