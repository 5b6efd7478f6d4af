"""Warnings: values that are possible, but most likely in another unit than the one written."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

from metinfer.evidence.draft import Draft
from metinfer.evidence.faults import WARNING, Issue
from metinfer.evidence.rules import at, scored
from metinfer.evidence.types import Measurement
from metinfer.evidence.vocabulary import OBSERVABLES, RATIOS, STATEMENTS
from metinfer.units import molar_mass_used

TABLE = "measurements"
_FAR = 100.0
# A prior is known to be meant; group medians of TIMP-1 lie within a factor of 10 of it.
_FAR_FROM_PRIOR = 30.0
# Observables whose values have a parameter of their own, so that a first row can be judged.
_PRIOR_OF = {"timp1_level": "assay_level"}


def values_are_of_one_scale(draft: Draft) -> Iterator[Issue]:
    """A value with a unit lies near its prior, or near the other rows of its observable.

    TIMP-1 is held against the prior of `assay_level` (a factor of 30), anything else against the
    median of the other rows of the observable in the same species (a factor of 100). Without
    either there is nothing to say. Limits and bounds may lie anywhere.
    """
    for (observable, _), rows in _by_observable(draft).items():
        prior = _prior_median(draft, _PRIOR_OF.get(observable, ""))
        far = _FAR_FROM_PRIOR if prior else _FAR
        values = sorted(value for _, value in rows)
        for row, value in rows:
            usual = prior or _median_of_others(values, value)
            if usual and _times(value, usual) > far:
                near = values[bisect_left(values, usual / far) : bisect_right(values, usual * far)]
                yield at(TABLE, row, "value", _far_off(row, value, usual),
                         value=f"{row.raw['value']} {row.raw['unit']}", severity=WARNING,
                         hint=_range(row, near, prior))  # fmt: skip


def molar_masses_are_named(draft: Draft) -> Iterator[Issue]:
    """An amount in mole that became a mass says by which molar mass."""
    for row in scored(draft):
        observable = OBSERVABLES.get(row.observable)
        if observable is None or row.statistic in (*RATIOS, "ordered", ""):
            continue
        if draft.is_bad(TABLE, row, "unit") or not row.raw["unit"]:
            continue
        mass = molar_mass_used(row.raw["unit"], observable.unit, observable.substance)
        if mass is not None:
            yield at(TABLE, row, "unit", f"converted to {observable.unit} with a molar mass of "
                     f"{mass:,.0f} g/mol for {observable.substance.upper()}", severity=WARNING,
                     hint="if the paper used another one, give its value in mass")  # fmt: skip


def _by_observable(draft: Draft) -> dict[tuple[str, str], list[tuple[Measurement, float]]]:
    """Each scored row whose value has a unit to go wrong, by observable and species."""
    species = {arm.arm: arm.species for arm in draft.arms}
    found: dict[tuple[str, str], list[tuple[Measurement, float]]] = defaultdict(list)
    for row in scored(draft):
        observable = OBSERVABLES.get(row.observable)
        if observable is None or observable.unit in ("1", "percent"):
            continue
        if row.statistic in (*RATIOS, *STATEMENTS) or draft.is_bad(TABLE, row, "unit", "value"):
            continue
        if row.value is not None and row.value > 0:
            found[row.observable, species.get(row.arm, "")].append((row, row.value))
    return found


def _times(one: float, other: float) -> float:
    return max(one / other, other / one)


def _median_of_others(values: Sequence[float], value: float) -> float | None:
    """Median of sorted `values` without one `value`; None if there is no other.

    Of an even number it is the middle one nearer to `value`, so that one slip among three rows
    does not make the other two look wrong.
    """
    own, count = bisect_left(values, value), len(values) - 1
    if not count:
        return None
    middle = [values[k + (k >= own)] for k in ((count - 1) // 2, count // 2)]
    return min(middle, key=lambda other: _times(value, other))


def _prior_median(draft: Draft, name: str) -> float | None:
    entries: Any = draft.settings.get("parameters", {}).get("parameter", [])
    for entry in entries if isinstance(entries, list) else []:
        if name and isinstance(entry, dict) and entry.get("name") == name:
            prior = entry.get("prior")
            value = prior.get("median") if isinstance(prior, dict) else None
            if isinstance(value, int | float) and not isinstance(value, bool) and value > 0:
                return float(value)
    return None


def _far_off(row: Measurement, value: float, usual: float) -> str:
    side = "above" if value > usual else "below"
    return f"read as {value:.3g} {row.unit}, {_times(value, usual):,.0f} times {side} what is usual"


def _range(row: Measurement, near: Sequence[float], prior: float | None) -> str:
    """The usual values in words."""
    words = [f"the prior has its median at {prior:.3g} {row.unit}"] if prior else []
    if near:
        words.append(f"other rows of {row.observable} here: {near[0]:.3g} to {near[-1]:.3g} "
                     f"{row.unit}")  # fmt: skip
    return "; ".join([*words, "is the unit right?"])
