"""Checks that no person or animal is counted twice for one endpoint."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace

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

    @property
    def kind(self) -> tuple[object, ...]:
        """What makes a use different from another one of its arm."""
        statistic = self.row.statistic if isinstance(self.row, Measurement) else "intervals"
        level = self.row.level if isinstance(self.row, Measurement) else None
        return (self.arm.arm, statistic, level, self.start, self.end)

    def meets(self, other: _Use) -> bool:
        """Whether one says something of the other, being the same people or animals.

        Spans that do not overlap are apart, and so is a point before a span begins. Two points
        in time never are: they lie on one curve.
        """
        if self.spans and other.spans:
            return self.start < other.end and other.start < self.end
        if self.spans or other.spans:
            span, point = (self, other) if self.spans else (other, self)
            return span.start < point.end
        return True

    def apart(self, other: _Use) -> str:
        """How the two differ in time, for a message."""
        return "over the same time" if self.end == other.end else "at another time"


def no_endpoint_twice(draft: Draft) -> Iterator[Issue]:
    """One arm's endpoint is fitted once, and so is a cohort that two studies publish."""
    known = {study.study for study in draft.studies}
    for uses in _by_topic(draft).values():
        # One of each kind is enough to compare with: a table of 100,000 animals stays fast.
        earlier: dict[tuple[object, ...], _Use] = {}
        for use in uses:
            same = (u for u in earlier.values() if u.arm == use.arm and _repeats(u, use))
            others = (u for u in earlier.values() if u.arm.study != use.arm.study
                      and {u.arm.study, use.arm.study} <= known and u.meets(use))  # fmt: skip
            clash = next(same, None) or next(others, None)
            if clash is not None:
                yield _twice(use, clash)
            earlier.setdefault(use.kind, use)


def no_organ_beside_another(draft: Draft) -> Iterator[Issue]:
    """Organs of the same animals, or endpoints of the same people, are not fitted side by side."""
    groups: dict[tuple[str, str], dict[tuple[str, str], _Use]] = defaultdict(dict)
    for use in (*_interval_uses(draft), *_measurement_uses(draft)):
        first = groups[use.cohort, use.topic[0]]
        place = (use.arm.site, use.arm.endpoint_scope)
        for other, earlier in first.items():
            if other != place and place not in first:
                where = f"{earlier.table}.csv:{earlier.row.line} ({' '.join(filter(None, other))})"
                yield at(use.table, use.row, "arm", f"cohort {use.cohort} is fitted already for "
                         f"{use.topic[0]} by {where}, and organs of one animal go together",
                         hint="give one of them role check, or another cohort if the animals "
                         "differ")  # fmt: skip
                break
        first.setdefault(place, use)


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
              f"{clash.table}.csv:{clash.row.line} {use.apart(clash)}",
              hint="give one of them role check or out, or another cohort if the people "
              "or animals differ")  # fmt: skip


def _repeats(one: _Use, other: _Use) -> bool:
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


def _by_topic(draft: Draft) -> dict[tuple[str, ...], list[_Use]]:
    groups: dict[tuple[str, ...], list[_Use]] = defaultdict(list)
    for use in (*_interval_uses(draft), *_measurement_uses(draft)):
        groups[(use.cohort, *use.topic)].append(use)
    return groups


def _interval_uses(draft: Draft) -> Iterator[_Use]:
    """One use for each unbroken run of intervals of an arm."""
    arms = {arm.arm: arm for arm in draft.arms}
    sound = (r for r in draft.intervals if not draft.is_bad("intervals", r, "start", "end"))
    rows = [r for r in sound if r.role == "fit" and r.arm in arms]
    run: _Use | None = None
    for row in sorted(rows, key=lambda r: (r.arm, r.start)):
        if run is not None and row.arm == run.arm.arm and row.start <= run.end * (1 + 1e-9):
            run = replace(run, end=max(run.end, row.end))
            continue
        if run is not None:
            yield run
        arm = arms[row.arm]
        run = _Use("intervals", row, arm, arm.cohort, _event_topic(arm), row.start, row.end, True)
    if run is not None:
        yield run


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
    """Whether the row is about events from `time_start` to `time`, not about a moment."""
    return row.time_day is not None and (row.statistic in _CURVE or row.observable == "event_rate")
