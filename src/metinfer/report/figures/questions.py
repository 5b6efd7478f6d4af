"""Small panels, one per therapy and population: windows, doses, hazard afterwards, assurance."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from metinfer.report import words
from metinfer.report.content import Span
from metinfer.report.contents_decisions import After, Candidate, Setting
from metinfer.report.figures.style import (
    BLUE,
    LOOKS,
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

DAYS = 0.75  # years below which an axis counts days


def _panels(count: int) -> tuple[Figure, list[Axes]]:
    columns = min(3, count)
    lines = math.ceil(count / columns)
    frame = Frame(left=0.58, right=0.1, above=0.6, below=0.46)
    figure, axes = canvas([1.25] * lines, columns, frame)
    flat = list(axes.flat)
    for axis in flat[count:]:
        axis.set_visible(False)
    return figure, flat[:count]


@styled
def setting_panels(settings: Sequence[Setting]) -> Figure:
    """Draw one measure against what was varied: a panel per therapy and population.

    Parameters
    ----------
    settings
        Of one question and one measure; the posterior is a band, the prior dashed.
    """
    groups: dict[tuple[str, str], list[Setting]] = {}
    for one in settings:
        groups.setdefault((one.effect.therapy, one.effect.population), []).append(one)
    figure, axes = _panels(len(groups))
    for axis, ((therapy, population), group) in zip(axes, groups.items(), strict=True):
        _setting_panel(axis, group)
        axis.set_title(f"{wrap(therapy, 30, 2)}\n{wrap(population, 30, 2)}", fontsize=6.8)
    _keys(figure)
    return figure


def _setting_panel(axis: Axes, group: Sequence[Setting]) -> None:
    effect, question = group[0].effect, group[0].question
    measure = words.measure(effect.measure)
    values = [s.value or 0.0 for s in group]
    dose, days = question == "dose", max(values) < DAYS
    x = [v * 365.25 for v in values] if days and not dose else values

    def shown(get: Callable[[Setting], Span | None]) -> list[Span]:
        return [words.scale(s, measure.factor) for one in group if (s := get(one)) is not None]

    band(axis, x, shown(lambda s: s.effect.posterior), BLUE, "-", "posterior")
    _behind(axis, x, shown(lambda s: s.effect.prior), "prior")
    _behind(axis, x, shown(lambda s: s.effect.no_mouse), "no_mouse")
    axis.plot(x, [s.median for s in shown(lambda s: s.effect.posterior)], "o", ms=3, color=BLUE)
    if measure.no_effect is not None:
        axis.axhline(measure.no_effect * measure.factor, color=MUTED, lw=0.9)
    unit = "days" if days else "years"
    labels = {"window": f"start ({unit} after time zero)", "duration": f"duration ({unit})",
              "dose": "multiple of the doses"}  # fmt: skip
    axis.set_xlabel(labels[question], fontsize=7)
    axis.set_ylabel(_short(effect.measure), fontsize=7)
    if dose:
        log_axis(axis)
        axis.set_xticks(x, [f"{v:g}" for v in x])
        axis.minorticks_off()
        axis.axvline(1.0, color=MUTED, lw=0.9, ls=":")
    axis.grid(axis="y")


def _behind(axis: Axes, x: Sequence[float], spans: Sequence[Span], source: str) -> None:
    """Draw the median and the 90 % ends of a source that stands behind the posterior."""
    if len(spans) != len(x):
        return
    look = LOOKS[source]
    axis.plot(x, [s.median for s in spans], color=look.colour, ls=look.line, lw=1.3)
    for end in ("lo90", "hi90"):
        axis.plot(x, [getattr(s, end) for s in spans], color=look.colour, ls=look.line, lw=0.7)


def _short(name: str) -> str:
    measure = words.measure(name)
    return {"risk_ratio": "risk ratio",
            "absolute_risk_reduction": "risk reduction\n(percentage points)"}.get(
        name, measure.label)  # fmt: skip


def _keys(figure: Figure, more: Sequence[Any] = ()) -> None:
    handles = [
        Line2D([], [], color=BLUE, lw=1.6, label="posterior, 50 % and 90 % band"),
        *(
            Line2D([], [], color=LOOKS[s].colour, ls=LOOKS[s].line, lw=1.3,
                   label=f"{LOOKS[s].label}, 90 %")
            for s in ("prior", "no_mouse")
        ),
        *more,
    ]  # fmt: skip
    legend(figure, handles, columns=3)


@styled
def hazard_afterwards(courses: Sequence[After]) -> Figure:
    """Draw the hazard ratio over time of therapies that end; above 1 afterwards is rebound."""
    figure, axes = _panels(len(courses))
    for axis, course in zip(axes, courses, strict=True):
        days = course.time[-1] < DAYS
        x = [t * 365.25 for t in course.time] if days else list(course.time)
        band(axis, x, course.bands["posterior"], BLUE, "-", "posterior")
        for source in ("prior", "no_mouse"):
            if source in course.bands:
                _behind(axis, x, course.bands[source], source)
        axis.axhline(1.0, color=MUTED, lw=0.9)
        axis.axvline(course.stop * (365.25 if days else 1.0), color=MUTED, lw=0.9, ls=":")
        title = f"{wrap(course.therapy, 30, 2)}\n{wrap(course.population, 30, 2)}"
        axis.set_title(title, fontsize=6.8)
        axis.set_xlabel("days" if days else "years", fontsize=7)
        axis.set_ylabel("hazard ratio", fontsize=7)
        top = max(1.15, 1.1 * max(b.hi90 for b in course.bands["posterior"]))
        axis.set_ylim(0.0, min(top, 3.0))
        axis.grid(axis="y")
    _keys(figure)
    return figure


@styled
def assurance_curves(candidates: Sequence[Candidate]) -> Figure:
    """Draw the chance that each experiment's test finds the effect against its size."""
    shown = [c for c in candidates if c.assurance]
    figure, axes = canvas([2.3], frame=Frame(head=0.12 + 0.17 * len(shown)))
    axis = axes[0, 0]
    for k, one in enumerate(shown):
        colour, marker, line = SERIES[k % len(SERIES)]
        x, y = zip(*one.assurance, strict=True)
        label = wrap(f"{one.label}: {one.readout}, {one.when}", 118, 1)
        axis.plot(x, [100 * v for v in y], marker=marker, ms=4, ls=line, color=colour, lw=1.4,
                  label=label)  # fmt: skip
    log_axis(axis)
    sizes = sorted({n for c in shown for n, _ in c.assurance})
    kept = [n for k, n in enumerate(sizes) if k == 0 or n / sizes[k - 1] > 1.3]
    axis.set_xticks(kept, [f"{n:g}" for n in kept])
    axis.minorticks_off()
    axis.set_ylim(0, 102)
    axis.set_xlabel("subjects per arm")
    axis.set_ylabel("chance that the test\nfinds the effect (%)")
    axis.grid(axis="y")
    figure.legend(*axis.get_legend_handles_labels(), loc="upper left", bbox_to_anchor=(0, 1),
                  ncols=1, borderaxespad=0.3, fontsize=6.8)  # fmt: skip
    return figure
