"""Figures for notebooks; each function returns a matplotlib Figure.

Only this package imports matplotlib. Colours are the Okabe-Ito set; every series also has its
own marker or line style, so that grey prints and colour-blind readers lose nothing.
"""

from metinfer.report.figures.answers import parameter_intervals
from metinfer.report.figures.courses import courses, responses
from metinfer.report.figures.decisions import (
    dose_response_curve,
    lasting_against_delay,
    variance_shares,
    window_by_start,
)
from metinfer.report.figures.learning import what_was_learnt
from metinfer.report.figures.mechanism import liver_niche
from metinfer.report.figures.rows import observed_against_predicted, survival_curves

__all__ = [
    "courses",
    "dose_response_curve",
    "lasting_against_delay",
    "liver_niche",
    "observed_against_predicted",
    "parameter_intervals",
    "responses",
    "survival_curves",
    "variance_shares",
    "what_was_learnt",
    "window_by_start",
]
