"""Figures of notebooks: what is drawn is what was solved or drawn."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from metinfer import plots
from metinfer.report.figures.style import SERIES


def test_courses_draw_each_arm_and_long_times_in_years() -> None:
    day = np.linspace(0.0, 1461.0, 5)
    values = np.stack([np.tile(day * k, (3, 1)) for k in (1.0, 2.0)], axis=1)
    solved = xr.Dataset({"nk": (("draw", "arm", "day"), values)},
                        coords={"arm": ["a", "b"], "day": day})  # fmt: skip
    figure = plots.courses(
        solved, {"nk": "NK cells (fold)"}, {"b": "second", "a": "first"}, (0, 730.5)
    )
    axis = figure.axes[0]
    assert axis.lines[0].get_ydata() == pytest.approx(2 * day)
    assert axis.lines[1].get_ydata() == pytest.approx(day)
    assert axis.lines[0].get_xdata()[-1] == pytest.approx(4.0)
    assert axis.get_xlabel() == "years"
    assert [t.get_text() for t in figure.legends[0].get_texts()] == ["second", "first"]
    assert figure._repr_png_().startswith(b"\x89PNG")


def test_responses_tell_curves_apart_without_colour() -> None:
    lines = {"one": [1.0, 2.0], "two": [1.0, 3.0]}
    axis = plots.responses([0.0, 1.0], lines, "knob", "answer").axes[0]
    assert [line.get_linestyle() for line in axis.lines] == [look[2] for look in SERIES[:2]]
    assert axis.lines[1].get_ydata() == pytest.approx([1.0, 3.0])


def test_a_logarithmic_axis_names_what_was_tried() -> None:
    axis = plots.responses([5, 10, 40], {"one": [1, 2, 3]}, "mice", "chance", log=True).axes[0]
    assert [t.get_text() for t in axis.get_xticklabels()] == ["5", "10", "40"]
    draws = np.geomspace(0.3, 0.9, 50)
    axis = plots.what_was_learnt({"a": {"prior": draws, "after": draws}}, "ratio").axes[0]
    assert [t.get_text() for t in axis.get_xticklabels()] == ["0.5", "1"]


def test_answers_stand_in_the_order_of_what_was_known_with_the_truth() -> None:
    draws = np.linspace(0.5, 1.5, 101)
    answers = {"ratio": {"prior": draws, "after": np.append(draws / 2, np.nan)}}
    axis = plots.what_was_learnt(answers, "risk ratio", {"ratio": 0.7}).axes[0]
    medians = [ln.get_xdata()[0] for ln in axis.lines if ln.get_marker() in ("s", "o")]
    assert medians == pytest.approx([1.0, 0.5])
    assert any(list(ln.get_xdata()) == [0.7, 0.7] for ln in axis.lines)
