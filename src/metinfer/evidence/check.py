"""Every fault and warning of an evidence folder, found in one go."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from os import PathLike
from pathlib import Path

from metinfer.evidence.draft import Draft, read_draft
from metinfer.evidence.faults import Issue, Report, make_report
from metinfer.evidence.rules import (
    amounts,
    analysis,
    cohorts,
    contrasts,
    doses,
    doubts,
    intervals,
    links,
    measurements,
    open_ends,
    priors,
    scales,
    timp1,
)

Check = Callable[[Draft], Iterable[Issue]]

DEFAULT_CHECKS: tuple[Check, ...] = (
    links.ids_are_unique,
    links.studies_exist,
    links.arms_exist,
    links.doses_are_complete,
    links.arrivals_make_sense,
    links.names_of_parameters_exist,
    links.contexts_keep_one_species,
    links.solved_arms_have_a_context,
    measurements.scored_rows_are_complete,
    measurements.statistics_have_what_they_need,
    measurements.statistics_fit_the_observable,
    measurements.references_are_named,
    measurements.limits_of_detection_are_usable,
    amounts.numbers_are_possible,
    open_ends.ends_are_finite,
    amounts.intervals_hold_their_value,
    amounts.ends_are_both_given,
    amounts.ratio_intervals_are_usable,
    amounts.means_are_not_too_skewed,
    measurements.times_are_possible,
    measurements.reasons_are_given,
    intervals.intervals_are_complete,
    intervals.intervals_run_forward,
    intervals.intervals_do_not_overlap,
    intervals.follow_up_has_no_gaps,
    intervals.counts_add_up,
    intervals.person_time_is_possible,
    cohorts.no_endpoint_twice,
    cohorts.no_part_beside_its_whole,
    cohorts.no_organ_beside_another,
    analysis.texts_are_text,
    analysis.options_are_known,
    analysis.answers_are_complete,
    priors.entries_are_complete,
    priors.priors_can_be_used,
    priors.every_parameter_is_there,
    doses.repeats_are_counted,
    doses.animals_are_dosed_by_weight,
    doses.references_lack_no_dose,
    doses.routes_are_as_assumed,
    doubts.doubtful_spreads,
    doubts.folds_without_interval,
    doubts.controls_used_twice,
    doubts.median_outside_quartiles,
    doubts.time_after_last_interval,
    doubts.same_number_twice,
    doubts.rounded_share_disagrees,
    contrasts.compared_arms_differ,
    contrasts.times_of_folds_are_given,
    contrasts.something_is_fitted,
    scales.values_are_of_one_scale,
    scales.molar_masses_are_named,
    timp1.levels_are_named,
    timp1.new_levels_are_no_slips,
    timp1.assays_have_healthy_people,
)
"""The checks that `check` runs, each alone and blind to the others."""


def check(path: str | PathLike[str]) -> Report:
    """Report of all faults and warnings of a folder; raises nothing for what is in it.

    Parameters
    ----------
    path : path
        Folder with measurements.csv and its companions.

    Returns
    -------
    Report
        `ok`, `faults` and `warnings`, each with file, line, column, message and hint.

    Examples
    --------
    >>> import metinfer as mi
    >>> mi.check("tests/data/tiny").ok
    True
    """
    return judge(read_draft(Path(path)))


def judge(draft: Draft, checks: Iterable[Check] = DEFAULT_CHECKS) -> Report:
    """Report of a folder that was read: what reading met, and what `checks` find."""
    issues = list(draft.issues)
    for run in checks:
        issues.extend(run(draft))
    return make_report(issues, draft.row_counts)
