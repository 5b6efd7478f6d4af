"""Figures for notebooks: the same functions that draw the report.

Each takes the plain rows of `metinfer.report.content` and returns a matplotlib Figure:

>>> from metinfer import plots
>>> content = plots.content(run)                       # doctest: +SKIP
>>> plots.risk_reduction_forest(content.effects[:5])   # doctest: +SKIP
"""

from metinfer.report.collect import collect as content
from metinfer.report.figures import (
    answer_densities,
    event_free_curves,
    interval_events,
    liver_niche,
    observed_against_predicted,
    parameter_intervals,
    rank_plots,
    risk_reduction_forest,
    survival_curves,
    trace_plots,
)

__all__ = [
    "answer_densities",
    "content",
    "event_free_curves",
    "interval_events",
    "liver_niche",
    "observed_against_predicted",
    "parameter_intervals",
    "rank_plots",
    "risk_reduction_forest",
    "survival_curves",
    "trace_plots",
]
