"""Figures for notebooks: the same functions that draw the report.

Most take the plain rows of `metinfer.report.content`, those about one therapy the results of
`metinfer.therapy.decide`; each returns a matplotlib Figure:

>>> from metinfer import plots
>>> content = plots.content(run)                       # doctest: +SKIP
>>> plots.risk_reduction_forest(content.effects[:5])   # doctest: +SKIP
"""

from metinfer.report.collect import collect as content
from metinfer.report.figures import (
    answer_densities,
    courses,
    dose_response_curve,
    event_free_curves,
    interval_events,
    lasting_against_delay,
    liver_niche,
    observed_against_predicted,
    parameter_intervals,
    rank_plots,
    responses,
    risk_reduction_forest,
    survival_curves,
    trace_plots,
    variance_shares,
    what_was_learnt,
    window_by_start,
)

__all__ = [
    "answer_densities",
    "content",
    "courses",
    "dose_response_curve",
    "event_free_curves",
    "interval_events",
    "lasting_against_delay",
    "liver_niche",
    "observed_against_predicted",
    "parameter_intervals",
    "rank_plots",
    "responses",
    "risk_reduction_forest",
    "survival_curves",
    "trace_plots",
    "variance_shares",
    "what_was_learnt",
    "window_by_start",
]
