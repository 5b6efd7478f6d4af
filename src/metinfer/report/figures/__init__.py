"""Figures of the report; each function returns a matplotlib Figure.

Only this package imports matplotlib. Colours are the Okabe-Ito set; every series also has its
own marker or line style, so that grey prints and colour-blind readers lose nothing.
"""

from metinfer.report.figures.answers import answer_densities, parameter_intervals
from metinfer.report.figures.chains import rank_plots, trace_plots
from metinfer.report.figures.decisions import (
    dose_response_curve,
    lasting_against_delay,
    variance_shares,
    window_by_start,
)
from metinfer.report.figures.mechanism import liver_niche
from metinfer.report.figures.rows import (
    interval_events,
    observed_against_predicted,
    survival_curves,
)
from metinfer.report.figures.therapies import event_free_curves, risk_reduction_forest

__all__ = [
    "answer_densities",
    "dose_response_curve",
    "event_free_curves",
    "interval_events",
    "lasting_against_delay",
    "liver_niche",
    "observed_against_predicted",
    "parameter_intervals",
    "rank_plots",
    "risk_reduction_forest",
    "survival_curves",
    "trace_plots",
    "variance_shares",
    "window_by_start",
]
