"""From expected metastases to what a person asks: event-free curves and contrasts of two arms.

Subjects differ in a Gamma frailty of mean 1 and shape k, so with an expected number L the
share without metastasis is (1 + L/k)^-k (negative binomial zero class). Liver and other
sites share the frailty; a subject's event is whichever comes first.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from metinfer.therapy.populations import Mortality

#: Below this untreated risk a risk ratio is 0/0 and not reported.
LEAST_RISK = 1e-9
#: Differences below this share of the untreated risk are the solver's, not the therapy's.
SOLVER_SHARE = 1e-5


@dataclass(frozen=True)
class Course:
    """Expected metastases per subject of one mixture part over time, all (draw, time).

    Attributes
    ----------
    liver, elsewhere : ndarray (draw, time)
        Cumulative expected number of detectable metastases in the liver and at other sites.
    shape : ndarray (draw,)
        Frailty shape k.
    """

    liver: np.ndarray
    elsewhere: np.ndarray
    shape: np.ndarray


@dataclass(frozen=True)
class Curve:
    """Event-free share and all-event survival of one arm, both (draw, time)."""

    event_free: np.ndarray
    survival: np.ndarray


def survival(number: np.ndarray, shape: np.ndarray) -> np.ndarray:
    """Share without any metastasis: (1 + L/k)^-k, the shape of `number`.

    Parameters
    ----------
    number : ndarray (draw, time)
    shape : ndarray (draw,)
    """
    k = np.asarray(shape)[..., None]
    return np.exp(-k * np.log1p(number / k))


def liver_first(course: Course) -> np.ndarray:
    """Share whose first metastasis was in the liver by each time (draw, time).

    The exact integral of (1 + L_total/k)^-(k+1) dL_liver where, between two times, liver
    and elsewhere grow in proportion; with nothing elsewhere it is exact for any course.
    """
    total = course.liver + course.elsewhere
    drop = -np.diff(survival(total, course.shape), axis=-1)
    rise = np.diff(total, axis=-1)
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.where(rise > 0, np.diff(course.liver, axis=-1) / rise, 0.0)
    return _with_zero(np.cumsum(drop * share, axis=-1))


def curve(course: Course, endpoint: str, time: np.ndarray, mortality: Mortality | None) -> Curve:
    """Event-free curve of one mixture part.

    Parameters
    ----------
    course : Course
    endpoint : str
        ``liver``: 1 - share with liver metastasis as the first; ``all_sites``: any site.
    time : ndarray (time,)
        Years, starting at 0.
    mortality : Mortality or None
        With a law, deaths from other causes compete and lower the cumulative incidence.
    """
    alive = survival(course.liver + course.elsewhere, course.shape)
    incidence = liver_first(course) if endpoint == "liver" else 1.0 - alive
    if mortality is not None:
        other = mortality.survival(time)
        middle = 0.5 * (other[1:] + other[:-1])
        incidence = _with_zero(np.cumsum(np.diff(incidence, axis=-1) * middle, axis=-1))
        alive = alive * other
    return Curve(1.0 - incidence, alive)


def mix(curves: list[Curve], shares: list[float]) -> Curve:
    """Average of mixture parts by share."""
    # by hand: a threaded matrix product of one row costs more than it does
    parts = list(zip(shares, curves, strict=True))
    return Curve(
        np.sum([share * c.event_free for share, c in parts], axis=0),
        np.sum([share * c.survival for share, c in parts], axis=0),
    )


def hazard_ratio(treated: Curve, untreated: Curve) -> np.ndarray:
    """Ratio of marginal event hazards over each step (draw, time - 1); 1 without any event."""
    ours, theirs = _hazard(treated), _hazard(untreated)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(theirs > 0, ours / theirs, np.where(ours > 0, np.inf, 1.0))


def contrasts(
    treated: Curve, untreated: Curve, time: np.ndarray, horizon: float
) -> dict[str, np.ndarray]:
    """Measures at one horizon, each (draw,).

    Parameters
    ----------
    time : ndarray (time,)
        Years, ascending from 0.
    horizon : float
        Years; restricted mean time runs from 0 to here.
    """
    one, zero = (1.0 - at(c.event_free, time, horizon) for c in (treated, untreated))
    one = np.where(np.abs(one - zero) <= SOLVER_SHARE * zero, zero, one)
    ratio = np.full_like(one, np.nan)
    np.divide(one, zero, out=ratio, where=zero > LEAST_RISK)
    gain = restricted_mean(treated, time, horizon) - restricted_mean(untreated, time, horizon)
    gain = np.where(np.abs(gain) <= SOLVER_SHARE * zero * horizon, 0.0, gain)
    return {
        "risk": one,
        "risk_untreated": zero,
        "absolute_risk_reduction": zero - one,
        "risk_ratio": ratio,
        "rmst_gain": gain,
    }


def restricted_mean(arm: Curve, time: np.ndarray, horizon: float) -> np.ndarray:
    """Mean event-free years up to the horizon (draw,)."""
    inside = time < horizon - 1e-12
    points = np.append(time[inside], horizon)
    values = np.concatenate(
        [arm.event_free[:, inside], at(arm.event_free, time, horizon)[:, None]], axis=1
    )
    return np.trapezoid(values, points, axis=1)


def at(values: np.ndarray, time: np.ndarray, when: float) -> np.ndarray:
    """Values (draw,) at one time by linear interpolation of (draw, time)."""
    place = np.clip(np.searchsorted(time, when), 1, len(time) - 1)
    share = np.clip((when - time[place - 1]) / (time[place] - time[place - 1]), 0.0, 1.0)
    return values[:, place - 1] * (1.0 - share) + values[:, place] * share


def _hazard(arm: Curve) -> np.ndarray:
    incidence = -np.diff(arm.event_free, axis=-1)
    return incidence / (0.5 * (arm.survival[:, 1:] + arm.survival[:, :-1]))


def _with_zero(values: np.ndarray) -> np.ndarray:
    return np.concatenate([np.zeros_like(values[..., :1]), values], axis=-1)
