"""Densities of the draws of an answer; draws at no effect are counted, not smoothed.

A link that is absent makes a therapy do nothing, exactly. A kernel estimate would smear these
draws over effects that nobody believes in, so they are kept apart as a share.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

#: Fewest draws for which a density is drawn.
FEWEST = 11
#: Half width of what counts as no effect, as a share of the width of the figure.
NEAR = 0.01
#: A smaller share at no effect is left in the curve.
LEAST = 0.02
#: Room beyond no effect where all draws lie on one side, as a share of the width.
ROOM = 0.05


@dataclass(frozen=True)
class Density:
    """Smoothed densities of one answer on a common axis; an empty tuple where there is none.

    `none` is the share of draws within `near` of no effect, by source: those are not in the curve.
    """

    x: tuple[float, ...]
    prior: tuple[float, ...]
    posterior: tuple[float, ...]
    no_mouse: tuple[float, ...]
    none: Mapping[str, float]
    near: float


def density(
    draws: Mapping[str, np.ndarray], no_effect: float | None = None, points: int = 121
) -> Density | None:
    """Densities on the range that holds 99 % of all draws, and the value of no effect.

    Parameters
    ----------
    draws : mapping
        ``prior``, ``posterior`` or ``no_mouse`` -> finite draws (draw,).
    no_effect : float, optional
        The value that means that a therapy does nothing.
    """
    used = [v for v in draws.values() if len(v) >= FEWEST and np.ptp(v) > 0]
    if len(draws.get("posterior", ())) < FEWEST or not used:
        return None
    low, high = np.quantile(np.concatenate(used), [0.005, 0.995])
    if no_effect is not None:
        room = ROOM * (high - low)
        low, high = min(low, no_effect - room), max(high, no_effect + room)
    ends, near = (float(low), float(high)), NEAR * float(high - low)
    none, curves = {}, {}
    for source in ("prior", "posterior", "no_mouse"):
        values = np.asarray(draws.get(source, ()))
        at_rest = np.abs(values - (np.inf if no_effect is None else no_effect)) <= near
        share = float(np.mean(at_rest)) if len(values) else 0.0
        none[source] = share if share >= LEAST else 0.0
        kept = values[~at_rest] if none[source] else values
        curves[source] = tuple(y * (1.0 - none[source]) for y in _curve(kept, ends, points))
    x = tuple(map(float, np.linspace(*ends, points)))
    return Density(x, **curves, none=none, near=near)


def _curve(values: np.ndarray, ends: tuple[float, float], points: int) -> tuple[float, ...]:
    """Density (point,) of values between the ends; what lies beyond is missing from its area."""
    from arviz_stats.base.array import array_stats

    inside = values[(values >= ends[0]) & (values <= ends[1])]
    if len(inside) < FEWEST or np.ptp(inside) == 0:
        return ()
    _, pdf, _ = array_stats.kde(inside, grid_len=points, custom_lims=ends)
    return tuple(float(y) * len(inside) / len(values) for y in pdf)
