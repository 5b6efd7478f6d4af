"""Figures of decisions: what is drawn is what was computed."""

from __future__ import annotations

from types import SimpleNamespace

import matplotlib as mpl
import numpy as np
import pytest

from metinfer import plots
from metinfer.report.figures.style import canvas, log_axis, shorten


def _split() -> SimpleNamespace:
    part = {"removed": 0.3, "dormant": 0.1, "awake": -0.05}
    draws = {k: np.full((5, 3), v) * np.linspace(0, 1, 3) for k, v in part.items()}
    return SimpleNamespace(avoided=sum(draws.values()), **draws)


def test_parts_of_a_benefit_stack_and_losses_go_left() -> None:
    axis = plots.lasting_against_delay({"made-up": _split()}).axes[0]
    widths = [b.get_width() for b in axis.patches]
    starts = [b.get_x() for b in axis.patches]
    assert widths == pytest.approx([300, 100, -50])  # per 1,000 subjects
    assert starts == pytest.approx([0, 300, 0])


def test_window_draws_medians_in_percent_and_late_starts_in_years() -> None:
    risk = np.tile([0.1, 0.2], (4, 1))
    found = {"risk": risk, "risk_untreated": 2 * risk, "risk_ratio": np.full((4, 2), 0.5)}
    figure = plots.window_by_start([0.0, 730.5], found, 5.0)
    untreated, treated = figure.axes[0].lines[:2]
    assert treated.get_ydata() == pytest.approx([10, 20])
    assert untreated.get_ydata() == pytest.approx([20, 40])
    assert treated.get_xdata() == pytest.approx([0, 2])
    assert "years" in figure.axes[0].get_xlabel()


def test_dose_response_skips_failed_draws() -> None:
    effect = np.array([[0.01, 0.03], [np.nan, 0.03]])
    line = plots.dose_response_curve([0.1, 1.0], effect, 10.0).axes[0].lines[0]
    assert line.get_ydata() == pytest.approx([1.0, 3.0])


def test_small_shares_are_summed_in_one_bar() -> None:
    shares = {f"p{k}": 0.1 for k in range(10)}
    axis = plots.variance_shares(shares, "made-up", most=4).axes[0]
    assert [b.get_width() for b in axis.patches] == pytest.approx([10, 10, 10, 10, 60])


def test_drawing_leaves_the_settings_of_the_caller_alone() -> None:
    before = mpl.rcParams["font.size"]
    plots.variance_shares({"a": 1.0}, "made-up")
    assert mpl.rcParams["font.size"] == before


def test_cohorts_and_rows_are_drawn_from_frames(found) -> None:
    axis = plots.survival_curves(found.cohorts).axes[0]
    row = found.cohorts.iloc[0]
    assert axis.lines[0].get_ydata() == pytest.approx(row["median"])
    assert axis.lines[1].get_ydata() == pytest.approx(row["seen"])
    mice = found.rows[found.rows["species"] == "mouse"]
    figure = plots.observed_against_predicted(mice)
    marks = [ln.get_xdata()[0] for a in figure.axes for ln in a.lines if ln.get_marker() == "D"]
    assert sorted(marks) == pytest.approx(sorted(mice["reported"]))


def test_parameters_and_links_are_drawn_from_frames(found) -> None:
    some = found.parameters[:5]
    assert len(plots.parameter_intervals(some).axes[0].get_yticks()) == len(some)
    assert plots.liver_niche(found.links).axes
    assert plots.liver_niche([]).axes


def test_short_labels_keep_where_they_hold() -> None:
    made = shorten("awakening rate of a dormant founder at healthy IFN-gamma (ER+)", 40)
    assert made.endswith("(ER+)")
    assert len(made) <= 42
    assert shorten("short (x)", 40) == "short (x)"


def test_numbers_of_a_log_axis_are_plain() -> None:
    """Mathematics is off, so the ticks of matplotlib would be read as typesetting code."""
    figure, axes = canvas([1.0])
    axes[0, 0].set_xlim(0.01, 1000)
    log_axis(axes[0, 0])
    figure.canvas.draw()
    ticks = [t.get_text() for t in axes[0, 0].get_xticklabels()]
    assert {"0.01", "1", "1,000"} <= set(ticks)
    assert not any("$" in t for t in ticks)
