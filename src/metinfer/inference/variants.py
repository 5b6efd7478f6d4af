"""Variants of the mechanism: lane parameters held at a fixed value, in one and the same model.

A variant is data: a mask and a value per lane parameter. The compiled model serves them all, and
with nothing held it is the base model to the last bit.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from metinfer.errors import UsageError
from metinfer.mechanism.equations import PARAMETERS

if TYPE_CHECKING:
    from metinfer.evidence.types import Evidence

BASE = "base"
#: Key of the analysis settings that names the variant of a fit.
KEY = "variant"
_KNOWN = tuple(p.name for p in PARAMETERS)


@dataclass(frozen=True)
class Variant:
    """One form of the mechanism.

    Attributes
    ----------
    name : str
    label : str
        For the reader: what is different.
    pins : mapping of str to float
        Lane parameter -> the value that it is held at.
    weight : float
        Probability before any row is read, relative to the other variants.
    reason : str
        Why this weight.
    """

    name: str
    label: str
    pins: Mapping[str, float]
    weight: float
    reason: str

    @property
    def available(self) -> bool:
        """Whether the equations have every lane parameter that it holds."""
        return set(self.pins) <= set(_KNOWN)


_DEFINED = (
    Variant(
        BASE, "all routes, each of which may be absent", {}, 0.40,
        "holds most of the others as special cases: each link is absent with its own probability",
    ),
    Variant(
        "no_nk", "NK cells neither hold nor kill tumour cells",
        {"eta": 0.0, "m": 0.0, "kap": 0.0, "kS": 0.0}, 0.05,
        "NK loss raises lung metastasis in many mouse experiments: kept as the far end",
    ),
    Variant(
        "kill_only", "NK cells kill, but do not hold cells dormant", {"eta": 0.0}, 0.15,
        "killing is measured; the hold rests on one finding, and NK depletion has changed nothing "
        "in other experiments",
    ),
    Variant(
        "no_cxcl12_nk", "CXCL12 does not reach the NK cells", {"bQ": 0.0}, 0.10,
        "the link rests on one finding without a published number",
    ),
    Variant(
        "timp1_seeding_only", "TIMP-1 acts on settling only, not on NK cells", {"sT": 0.0}, 0.15,
        "the finding on TIMP-1 is about settling; that its CXCL12 also reaches the NK cells is an "
        "inference of this model",
    ),
    Variant(
        "none_awake", "no clone is awake at surgery", {"awake0": 0.0}, 0.05,
        "clones awake at surgery are plain in early relapse curves: kept because therapy answers "
        "lean on it",
    ),
    Variant(
        "last_stage_seen", "no clone is in the last stage before detection at surgery",
        {"seen": 1.0}, 0.05,
        "imaging before surgery has just removed those; thought of after the first comparison, "
        "because the base expects more events in the first half-year than there were, so its gain "
        "is not a prediction",
    ),
    Variant(
        "mutual_inhibition", "NK cells also restrain the stellate cells", {"bNA": 1.0}, 0.10,
        "NK cells kill activated stellate cells in fibrosis; its size in a dormant liver is not "
        "measured, so one strength stands for all",
    ),
)  # fmt: skip

#: The variants that the equations can form, base first.
VARIANTS: tuple[Variant, ...] = tuple(v for v in _DEFINED if v.available)


def find(name: str) -> Variant:
    """The variant called `name`.

    Raises
    ------
    UsageError
        If there is none.
    """
    for variant in VARIANTS:
        if variant.name == name:
            return variant
    raise UsageError(f"no variant {name!r}; there are: {', '.join(v.name for v in VARIANTS)}")


def with_variant(evidence: Evidence, name: str) -> Evidence:
    """The evidence, to be read by another variant of the mechanism."""
    return replace(evidence, analysis={**evidence.analysis, KEY: find(name).name})


def variant_of(evidence: Evidence) -> Variant:
    """The variant that the evidence is to be read by."""
    return find(str(evidence.analysis.get(KEY, BASE)))


def prior_weights(variants: tuple[Variant, ...] = VARIANTS) -> np.ndarray:
    """Prior probabilities (variant,) that sum to one."""
    weights = np.array([v.weight for v in variants])
    return weights / weights.sum()


def switches(pins: Mapping[str, float]) -> dict[str, np.ndarray]:
    """Data of the model that hold lane parameters at fixed values.

    Parameters
    ----------
    pins : mapping of str to float

    Returns
    -------
    dict
        ``switch`` (lane_parameter,), 1 where a parameter is held, and ``switch_value``.
    """
    held = np.array([float(name in pins) for name in _KNOWN])
    value = np.array([float(pins.get(name, 0.0)) for name in _KNOWN])
    return {"switch": held, "switch_value": value}
