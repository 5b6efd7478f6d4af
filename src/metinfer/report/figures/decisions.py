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
from metinfer.report.contents_decisions import Share, SplitBar
from metinfer.report.figures.style import (
    BLUE,
    GREEN,
    GRID,
    INK,
    LOOKS,
    MUTED,
    ORANGE,
    PAPER,
    PURPLE,
    SKY,
    VERMILLION,
    Frame,
    band,
    canvas,
    legend,
    log_axis,
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


def lasting_against_delay(splits: Mapping[str, Split]) -> Figure:
    """Draw where the avoided metastases went at the last time: cleared for good, or only delayed.

    Parameters
    ----------
    splits
        Label of a therapy -> its `metinfer.therapy.decide.Split`; means over draws are drawn, as
        they add up, with median and 90 % interval of what was avoided in all.
    """
    bars = [
        SplitBar(
            label, "", "", _mean(s.removed), _mean(s.dormant), _mean(s.awake),
            _span(1000 * s.avoided[:, -1]),
        )
        for label, s in splits.items()
    ]  # fmt: skip
    figure: Figure = split_bars(bars)
    return figure


def _mean(part: np.ndarray) -> float:
    return float(1000 * np.nanmean(part[:, -1]))


@styled
def split_bars(bars: Sequence[SplitBar]) -> Figure:
    """Draw bars of `lasting_against_delay`, one panel per population as their scales differ."""
    groups: dict[str, list[SplitBar]] = {}
    for bar in bars:
        groups.setdefault(bar.population, []).append(bar)
    frame = Frame(left=2.5, head=0.6)
    figure, axes = canvas([0.46 * len(g) for g in groups.values()], frame=frame)
    parts = (("removed", "cleared: lasts", GREEN), ("dormant", "still dormant: delay", SKY),
             ("awake", "still growing: delay", ORANGE))  # fmt: skip
    for axis, (population, group) in zip(axes[:, 0], groups.items(), strict=True):
        for y, bar in enumerate(group):
            _stack(axis, y, bar, parts)
        _named(axis, [_said(bar) for bar in group])
        axis.set_title(wrap(population, 80, 1))
        axis.locator_params(axis="x", nbins=6)
        _bounded(axis, group)
    axes[-1, 0].set_xlabel("metastases (not people) avoided by the end of follow-up, per 1,000 "
                           "subjects")  # fmt: skip
    handles = [Patch(fc=c, hatch=h, ec=PAPER, label=t)
               for (_, t, c), h in zip(parts, HATCHES, strict=True)]  # fmt: skip
    net = Line2D([], [], color=INK, lw=2.2, label="all avoided, mean")
    spread = [
        Line2D([], [], color=LOOKS[k].colour, ls=LOOKS[k].line, marker=LOOKS[k].marker, ms=3.6,
               mfc="none", label=f"all avoided, {words}")
        for k, words in (("posterior", "median, 90 %"), ("prior", "before any data"))
    ]  # fmt: skip
    legend(figure, [*handles, net, *spread], columns=3)
    return figure


def _bounded(axis: Axes, group: Sequence[SplitBar]) -> None:
    """End the axis where the data end: a prior may reach far beyond, and is cut there."""
    ends = [0.0]
    for bar in group:
        parts = (bar.removed, bar.dormant, bar.awake)
        ends += [sum(max(p, 0.0) for p in parts), sum(min(p, 0.0) for p in parts)]
        ends += [bar.avoided.lo90, bar.avoided.hi90]
    room = 0.04 * (max(ends) - min(ends) or 1.0)
    axis.set_xlim(min(ends) - room, max(ends) + room)


def _stack(axis: Axes, y: int, bar: SplitBar, parts: Sequence[tuple[str, str, str]]) -> None:
    ends = [0.0, 0.0]  # negative parts are stacked to the left
    for (name, _, colour), hatch in zip(parts, HATCHES, strict=True):
        size = getattr(bar, name)
        side = int(size < 0)
        axis.barh(y, size, left=ends[side], height=0.46, color=colour, hatch=hatch, ec=PAPER)
        ends[side] += size
    axis.plot([bar.net] * 2, [y - 0.3, y + 0.3], color=INK, lw=2.2, zorder=4)
    for source, span, down in (("posterior", bar.avoided, 0.33), ("prior", bar.prior, 0.43)):
        if span is not None:
            look = LOOKS[source]
            axis.plot([span.lo90, span.hi90], [y + down] * 2, color=look.colour, ls=look.line,
                      lw=1.2)  # fmt: skip
            axis.plot([span.median], [y + down], look.marker, ms=3.4, color=look.colour,
                      mfc="none")  # fmt: skip


def _said(bar: SplitBar) -> str:
    """The therapy, and before it what is known of it; nothing where that was not judged."""
    state = bar.learnt.partition(",")[0].capitalize()
    return f"{state} \u2013 {bar.therapy}" if bar.kind else bar.therapy


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


#: Parts of a variance in order: words, colour, hatch.
PARTS = {
    "parameter": ("parameters of the model", BLUE, ""),
    "translation": ("mouse to human", VERMILLION, "///"),
    "between_study": ("between studies", PURPLE, "..."),
    "kinetics": ("drug levels and potency", ORANGE, "xxx"),
    "sampling": ("chance in the trial", SKY, "\\\\\\"),
    "unexplained": ("interplay of these", GRID, ""),
}


@styled
def variance_parts(shares: Sequence[Share]) -> Figure:
    """Draw the parts of each answer's variance side by side; they add up to 100 %."""
    figure, axes = canvas([0.34 * len(shares)], frame=Frame(left=3.1, head=0.62, above=0.06))
    axis = axes[0, 0]
    for y, share in enumerate(shares):
        end = 0.0
        for name, (_, colour, hatch) in PARTS.items():
            size = max(100 * share.parts.get(name, 0.0), 0.0)
            axis.barh(y, size, left=end, height=0.62, color=colour, hatch=hatch, ec=PAPER, lw=0.6)
            end += size
    _named(axis, [share.answer for share in shares])
    axis.set_yticks(range(len(shares)), [wrap(s.answer, 52, 2) for s in shares], fontsize=6.8)
    axis.set_xlim(0, 101)
    axis.set_xlabel("share of the variance of what a trial would show (%)")
    handles = [Patch(fc=c, hatch=h, ec=PAPER, label=t) for t, c, h in PARTS.values()]
    legend(figure, handles, columns=3)
    return figure
