"""Figures for notebooks.

Most take frames of the results of a run, those about one therapy the results of
`metinfer.therapy.decide`; each returns a matplotlib Figure:

>>> from metinfer import plots
>>> content = plots.content(run)                       # doctest: +SKIP
>>> plots.survival_curves(content.cohorts)             # doctest: +SKIP
"""

from metinfer.report.figures import (
    courses,
    dose_response_curve,
    lasting_against_delay,
    liver_niche,
    observed_against_predicted,
    parameter_intervals,
    responses,
    survival_curves,
    variance_shares,
    what_was_learnt,
    window_by_start,
)
from metinfer.summaries import results_of as content

__all__ = [
    "content",
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
