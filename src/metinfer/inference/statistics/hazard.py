"""The hazard ratio that a Cox regression would report of two predicted survival curves."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytensor.tensor as pt
from pytensor.graph.basic import Variable

NEWTON_STEPS = 2
#: Floor of survival and of weights: keeps logarithms finite where a curve has reached zero.
FLOOR = 1e-300


def marginal_log_hazard_ratio(
    survival: Any, reference: Any, at_risk: Any = 1.0, share: Any = 0.5
) -> Any:
    """Event-weighted marginal log hazard ratio over follow-up (...).

    The limit to which Cox's estimate converges when the ratio is not constant is the root b of
    sum_j [d1_j (1 - p_j(b)) - d0_j p_j(b)], p_j(b) = n1_j e^b / (n1_j e^b + n0_j), with d the
    events expected in interval j and n those at risk (Struthers & Kalbfleisch 1986,
    doi 10.1093/biomet/73.2.363). The start is the Mantel-Haenszel ratio of expected events,
    exact where the ratio is constant; `NEWTON_STEPS` Newton steps follow.

    Parameters
    ----------
    survival, reference : array (..., time)
        Predicted shares event-free in the arm and in its reference, on one grid of times (NumPy
        or PyTensor). The grid begins at the start of follow-up.
    at_risk : array (..., time - 1), optional
        Share of each interval not censored; all by default.
    share : array (...), optional
        Share of subjects in the arm at the start; half by default.
    """
    xp: Any = pt if any(isinstance(x, Variable) for x in (survival, reference)) else np
    s1, s0 = xp.maximum(survival, FLOOR), xp.maximum(reference, FLOOR)
    h1 = xp.maximum(xp.log(s1[..., :-1]) - xp.log(s1[..., 1:]), FLOOR)
    h0 = xp.maximum(xp.log(s0[..., :-1]) - xp.log(s0[..., 1:]), FLOOR)
    part = xp.asarray(share)[..., None] if xp is np else pt.as_tensor(share)[..., None]
    # Mean at risk within the interval is events / hazard, so d / n is the interval's hazard.
    d1 = part * at_risk * (s1[..., :-1] - s1[..., 1:])
    d0 = (1.0 - part) * at_risk * (s0[..., :-1] - s0[..., 1:])
    n1, n0 = part * at_risk * _mean(s1, h1, xp), (1.0 - part) * at_risk * _mean(s0, h0, xp)
    other1, other0 = n0 / (n1 + n0 + FLOOR), n1 / (n1 + n0 + FLOOR)
    beta = xp.log((d1 * other1).sum(axis=-1) + FLOOR) - xp.log((d0 * other0).sum(axis=-1) + FLOOR)
    for _ in range(NEWTON_STEPS):
        beta = beta + _step(beta, d1, d0, n1, n0, xp)
    return beta


def _step(beta: Any, d1: Any, d0: Any, n1: Any, n0: Any, xp: Any) -> Any:
    """Newton step of the expected partial likelihood, at most 1 in size."""
    odds = n1 * xp.exp(beta)[..., None]
    p = odds / (odds + n0 + FLOOR)
    score = (d1 * (1.0 - p) - d0 * p).sum(axis=-1)
    information = ((d1 + d0) * p * (1.0 - p)).sum(axis=-1)
    return xp.clip(score / (information + FLOOR), -1.0, 1.0)


def _mean(s: Any, h: Any, xp: Any) -> Any:
    """Mean survival within each interval under a constant hazard."""
    small = h < 1e-6
    safe = xp.where(small, 1.0, h)
    return s[..., :-1] * xp.where(small, 1.0 - 0.5 * h, (1.0 - xp.exp(-safe)) / safe)
