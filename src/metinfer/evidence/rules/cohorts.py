"""Checks that no person or animal is counted twice for one endpoint."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from metinfer.evidence.draft import Draft
from metinfer.evidence.faults import Issue
from metinfer.evidence.rules import at
from metinfer.evidence.types import Arm, Interval, Measurement
from metinfer.evidence.vocabulary import RATIOS, STATEMENTS

# Rates, shares and intervals of one arm are all read off one course of events.
_EVENTS = ("event_hazard", "event_rate", "metastasis_probability")
_CURVE = ("survival", "cumulative_incidence", "rate")


@dataclass(frozen=True)
class _Use:
    """One fitted row: who was counted, for what, and over which time (days)."""

    table: str
    row: Measurement | Interval
    arm: Arm
    cohort: str
    topic: tuple[str, ...]
    start: float
    end: float
    spans: bool

    def meets(self, other: _Use) -> bool:
        """Whether both use the same time: spans that overlap, a point in a span, one point."""
        if self.spans and other.spans:
            return self.start < other.end and other.start < self.end
        if self.spans or other.spans:
            span, point = (self, other) if self.spans else (other, self)
            return span.start < point.end <= span.end
        return self.end == other.end


def no_endpoint_twice(draft: Draft) -> Iterator[Issue]:
    """One arm's endpoint is fitted once, and so is a cohort that two studies publish."""
    for uses in _by_topic(draft).values():
        earlier: dict[str, list[_Use]] = defaultdict(list)
        for use in uses:
            clash = next((u for u in earlier[use.arm.arm] if _same_group(u, use)), None)
            earlier[use.arm.arm].append(use)
            if clash is None:
                clash = next((u for u in _first_of_others(earlier, use) if u.meets(use)), None)
            if clash is not None:
                yield _twice(use, clash)


def no_part_beside_its_whole(draft: Draft) -> Iterator[Issue]:
    """A mixed group is not fitted beside one of the groups it is made of."""
    for uses in _by_topic(draft).values():
        whole = {u.arm.arm: u for u in uses if len(u.arm.contexts) > 1}
        parts = {u.arm.arm: u for u in uses if len(u.arm.contexts) == 1}
        for use in parts.values():
            context = use.arm.contexts[0][0]
            for mixed in whole.values():
                # A different stock is another group of people, such as other nodal stages.
                same_people = mixed.arm.stock == use.arm.stock
                if same_people and context in dict(mixed.arm.contexts):
                    place = f"arm {mixed.arm.arm} ({mixed.table}.csv:{mixed.row.line})"
                    yield at(use.table, use.row, "arm", f"cohort {use.cohort} is fitted whole by "
                             f"{place} and in part here",
                             hint="keep one partition; give the others role out")  # fmt: skip


def _twice(use: _Use, clash: _Use) -> Issue:
    who = f"arm {use.arm.arm}" if use.arm == clash.arm else f"cohort {use.cohort}"
    return at(use.table, use.row, "arm", f"{who} is fitted already for {use.topic[0]} by "
              f"{clash.table}.csv:{clash.row.line} over the same time",
              hint="give one of them role check or out, or another cohort if the people "
              "or animals differ")  # fmt: skip


def _same_group(one: _Use, other: _Use) -> bool:
    """Whether two rows of one arm repeat each other."""
    if isinstance(one.row, Interval) and isinstance(other.row, Interval):
        return False  # overlapping intervals have a check of their own
    if isinstance(one.row, Measurement) and isinstance(other.row, Measurement):
        statistics = {one.row.statistic, other.row.statistic}
        if statistics == {"individual"} or statistics == {"ordered"}:
            return False  # one row is one animal, or one statement
        if statistics == {"percentile"} and one.row.level != other.row.level:
            return False
    return one.meets(other)


def _first_of_others(earlier: dict[str, list[_Use]], use: _Use) -> Iterator[_Use]:
    """Uses of arms of other studies; the same cohort under another study is published twice."""
    for uses in earlier.values():
        yield from (u for u in uses if u.arm.study != use.arm.study)


def _by_topic(draft: Draft) -> dict[tuple[str, ...], list[_Use]]:
    groups: dict[tuple[str, ...], list[_Use]] = defaultdict(list)
    for use in (*_interval_uses(draft), *_measurement_uses(draft)):
        groups[(use.cohort, *use.topic)].append(use)
    return groups


def _interval_uses(draft: Draft) -> Iterator[_Use]:
    arms = {arm.arm: arm for arm in draft.arms}
    for row in draft.intervals:
        arm = arms.get(row.arm)
        if row.role == "fit" and arm and not draft.is_bad("intervals", row, "start", "end"):
            yield _Use(
                "intervals", row, arm, arm.cohort, _event_topic(arm), row.start, row.end, True
            )


def _measurement_uses(draft: Draft) -> Iterator[_Use]:
    arms = {arm.arm: arm for arm in draft.arms}
    for row in draft.measurements:
        arm = arms.get(row.arm)
        if row.role == "fit" and arm and row.observable and row.statistic:
            yield _Use("measurements", row, arm, row.cohort or arm.cohort, _topic(row, arm),
                       row.time_start_day, row.time_day or 0.0, _is_span(row))  # fmt: skip


def _event_topic(arm: Arm) -> tuple[str, ...]:
    return ("event_hazard", arm.endpoint_scope, arm.site)


def _topic(row: Measurement, arm: Arm) -> tuple[str, ...]:
    if row.observable in _EVENTS and row.statistic not in (*RATIOS, *STATEMENTS):
        return _event_topic(arm)
    return (row.observable, arm.endpoint_scope, arm.site, row.matrix, row.assay,
            row.reference_arm, row.contrast)  # fmt: skip


def _is_span(row: Measurement) -> bool:
    return row.time_day is not None and row.statistic in _CURVE
