"""Questions about one therapy: does it last, when to start, how much, and what the answer rests on.

The inputs are the results of `metinfer.therapy.decide`; nothing is solved here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from metinfer.report.figures.style import (
    BLUE,
    GREEN,
    INK,
    LOOKS,
    MUTED,
    ORANGE,
    PAPER,
    SKY,
    Frame,
    band,
    canvas,
    legend,
    log_axis,
    styled,
    wrap,
)
from metinfer.summaries.table import Summary, summary

#: Parts of what was avoided: words, colour, hatch.
PARTS = (
    ("cleared: lasts", GREEN, ""), ("still dormant: delay", SKY, "///"),
    ("still growing: delay", ORANGE, "..."),
)  # fmt: skip


class Split(Protocol):
    """What `metinfer.therapy.decide.lasting` returns; all (draw, time)."""

    avoided: np.ndarray
    removed: np.ndarray
    dormant: np.ndarray
    awake: np.ndarray


@dataclass(frozen=True)
class SplitBar:
    """Parts of what a therapy avoided, per 1,000 subjects: means, and the total with intervals."""

    label: str
    parts: tuple[float, float, float]  # cleared, still dormant, still growing
    avoided: Summary


def _span(draws: np.ndarray) -> Summary:
    return summary(draws) or Summary(*[float("nan")] * 5)


@styled
def lasting_against_delay(splits: Mapping[str, Split]) -> Figure:
    """Draw where the avoided metastases went at the last time: cleared for good, or only delayed.

    Parameters
    ----------
    splits
        Label of a therapy -> its `metinfer.therapy.decide.Split`; means over draws are drawn, as
        they add up, with median and 90 % interval of what was avoided in all.
    """
    bars = [
        SplitBar(label, (_mean(s.removed), _mean(s.dormant), _mean(s.awake)),
                 _span(1000 * s.avoided[:, -1]))
        for label, s in splits.items()
    ]  # fmt: skip
    figure, axes = canvas([0.46 * len(bars)], frame=Frame(left=2.5, head=0.6))
    axis = axes[0, 0]
    for y, bar in enumerate(bars):
        _stack(axis, y, bar)
    _named(axis, [bar.label for bar in bars])
    axis.locator_params(axis="x", nbins=6)
    _bounded(axis, bars)
    axis.set_xlabel("metastases (not people) avoided by the end of follow-up, per 1,000 subjects")
    handles = [Patch(fc=c, hatch=h, ec=PAPER, label=t) for t, c, h in PARTS]
    net = Line2D([], [], color=INK, lw=2.2, label="all avoided, mean")
    look = LOOKS["posterior"]
    spread = Line2D([], [], color=look.colour, ls=look.line, marker=look.marker, ms=3.6,
                    mfc="none", label="all avoided, median, 90 %")  # fmt: skip
    legend(figure, [*handles, net, spread], columns=3)
    return figure


def _mean(part: np.ndarray) -> float:
    return float(1000 * np.nanmean(part[:, -1]))


def _bounded(axis: Axes, bars: Sequence[SplitBar]) -> None:
    """End the axis where the data end."""
    ends = [0.0]
    for bar in bars:
        ends += [sum(max(p, 0.0) for p in bar.parts), sum(min(p, 0.0) for p in bar.parts)]
        ends += [bar.avoided.lo90, bar.avoided.hi90]
    room = 0.04 * (max(ends) - min(ends) or 1.0)
    axis.set_xlim(min(ends) - room, max(ends) + room)


def _stack(axis: Axes, y: int, bar: SplitBar) -> None:
    ends = [0.0, 0.0]  # negative parts are stacked to the left
    for size, (_, colour, hatch) in zip(bar.parts, PARTS, strict=True):
        side = int(size < 0)
        axis.barh(y, size, left=ends[side], height=0.46, color=colour, hatch=hatch, ec=PAPER)
        ends[side] += size
    axis.plot([sum(bar.parts)] * 2, [y - 0.3, y + 0.3], color=INK, lw=2.2, zorder=4)
    look, span = LOOKS["posterior"], bar.avoided
    axis.plot([span.lo90, span.hi90], [y + 0.33] * 2, color=look.colour, ls=look.line, lw=1.2)
    axis.plot([span.median], [y + 0.33], look.marker, ms=3.4, color=look.colour, mfc="none")


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
    log_axis(axis)
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
