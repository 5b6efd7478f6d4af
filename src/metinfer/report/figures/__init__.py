"""Figures of the report; each function returns a matplotlib Figure.

Only this package imports matplotlib. Colours are the Okabe-Ito set; every series also has its
own marker or line style, so that grey prints and colour-blind readers lose nothing.
"""

from metinfer.report.figures.answers import answer_densities, parameter_intervals
from metinfer.report.figures.calibration import rank_ecdfs
from metinfer.report.figures.chains import rank_plots, trace_plots
from metinfer.report.figures.comparison import foreseen_numbers, moved_answers, variant_scores
from metinfer.report.figures.courses import courses, responses
from metinfer.report.figures.decisions import (
    dose_response_curve,
    lasting_against_delay,
    split_bars,
    variance_parts,
    variance_shares,
    window_by_start,
)
from metinfer.report.figures.learning import what_was_learnt
from metinfer.report.figures.mechanism import liver_niche
from metinfer.report.figures.questions import (
    assurance_curves,
    hazard_afterwards,
    setting_panels,
)
from metinfer.report.figures.rows import (
    interval_events,
    observed_against_predicted,
    survival_curves,
)
from metinfer.report.figures.therapies import event_free_curves, risk_reduction_forest

__all__ = [
    "answer_densities",
    "assurance_curves",
    "courses",
    "dose_response_curve",
    "event_free_curves",
    "foreseen_numbers",
    "hazard_afterwards",
    "interval_events",
    "lasting_against_delay",
    "liver_niche",
    "moved_answers",
    "observed_against_predicted",
    "parameter_intervals",
    "rank_ecdfs",
    "rank_plots",
    "responses",
    "risk_reduction_forest",
    "setting_panels",
    "split_bars",
    "survival_curves",
    "trace_plots",
    "variance_parts",
    "variance_shares",
    "variant_scores",
    "what_was_learnt",
    "window_by_start",
]
