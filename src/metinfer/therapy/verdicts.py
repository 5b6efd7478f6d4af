"""What is said of each measure of a therapy: learnt, narrowed only, assumed, or no effect."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np

from metinfer.inference.learnt import ASSUMED, STATES, summarise, verdict
from metinfer.therapy.applicability import INSIDE
from metinfer.therapy.populations import YEAR

#: Measures that hold the baseline risk and the effect: never more than the risk ratio is. A
#: reduction whose interval shrinks because the baseline was learnt says nothing of therapy.
EFFECTS = ("risk", "absolute_risk_reduction", "rmst_gain")
#: Measures that follow-up of untreated groups counts itself.
COUNTED = ("risk_untreated",)
#: Value of each effect that means no effect.
NO_EFFECT = {"absolute_risk_reduction": 0.0, "risk_ratio": 1.0, "rmst_gain": 0.0}
#: Distance from no effect that matters to nobody: under it an effect counts as none.
LITTLE = {"absolute_risk_reduction": 0.0005, "risk_ratio": 0.015, "rmst_gain": 1.0 / YEAR}
#: Reasons beside those of `inference.learnt`.
NOTHING = "no effect in this model, before and after the data"
UNTREATED_ONLY = "the risk ratio is no more than that: the data taught the risk without therapy"
CAPPED = "the risk ratio of the therapy counts as no more"
SUMMARY = {"median": None, "lo50": None, "hi50": None, "lo90": None, "hi90": None}


def answer_of(
    by_source: Mapping[str, np.ndarray], measure: str = "", applicability: str = ""
) -> dict[str, Any]:
    """Summary of each source's finite draws, overlap of prior and posterior, state and reason.

    Parameters
    ----------
    by_source : mapping of str to ndarray
        ``prior``, ``posterior``, ``no_mouse`` -> finite draws.
    measure : str
        Its name; a risk without therapy counts as measured.
    applicability : str
        Flag of the therapy in the population; inside the evidence everything counts as measured.
    """
    answer: dict[str, Any] = {s: _summary(draws) for s, draws in by_source.items()}
    prior, posterior = (by_source.get(s, np.zeros(0)) for s in ("prior", "posterior"))
    if not len(prior) or not len(posterior):
        return answer | {"overlap": None, "overlap_high": None, "learnt": None, "why": None}
    told = verdict(prior, posterior, measure in COUNTED or applicability == INSIDE)
    state, why = told.state, told.why
    if _does_nothing(answer["prior"], answer["posterior"], measure):
        state, why = ASSUMED, NOTHING
    return answer | {
        "overlap": told.overlap, "overlap_high": told.bound, "learnt": state, "why": why
    }  # fmt: skip


def _does_nothing(before: Mapping[str, Any], after: Mapping[str, Any], measure: str) -> bool:
    """Whether both 90 % intervals lie where an effect matters to nobody."""
    if measure not in LITTLE:
        return False
    ends = [found[end] for found in (before, after) for end in ("lo90", "hi90")]
    return all(abs(end - NO_EFFECT[measure]) <= LITTLE[measure] for end in ends)


def capped(found: Mapping[str, dict[str, Any]]) -> None:
    """Let no effect of a therapy count as more than its risk ratio does."""
    ratio = found["risk_ratio"]
    for name in EFFECTS:
        weaken(found[name], ratio["learnt"], ratio["why"])


def weaken(
    answer: dict[str, Any], state: str | None, why: str | None, because: str = UNTREATED_ONLY
) -> None:
    """Lower the state of an answer to that of a risk ratio; where the effect is none, say so."""
    if not state or not answer["learnt"]:
        return
    if STATES.index(state) > STATES.index(answer["learnt"]):
        answer |= {"learnt": state, "why": because}
    if why == NOTHING:
        answer["why"] = NOTHING


def _summary(draws: np.ndarray) -> dict[str, Any]:
    if not len(draws):
        return dict(SUMMARY)
    return {name: plain(value) for name, value in asdict(summarise(draws)).items()}


def plain(value: float) -> float | None:
    """Return the value with six significant digits; None if not finite."""
    return float(f"{value:.6g}") if math.isfinite(value) else None
