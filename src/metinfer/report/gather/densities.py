"""Densities of the draws of an answer; draws at no effect are counted, not smoothed.

A link that is absent makes a therapy do nothing, exactly. A kernel estimate would smear these
draws over effects that nobody believes in, so they are kept apart as a share.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from metinfer.report.content import Density

#: Fewest draws for which a density is drawn.
FEWEST = 11
#: Half width of what counts as no effect, as a share of the width of the figure.
NEAR = 0.01
#: A smaller share at no effect is left in the curve.
LEAST = 0.02


def density(
    draws: Mapping[str, np.ndarray], no_effect: float | None = None, points: int = 121
) -> Density | None:
    """Return densities on the range that holds 99 % of all draws.

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
    ends = np.quantile(np.concatenate(used), [0.005, 0.995])
    near = NEAR * float(ends[1] - ends[0])
    none, curves = {}, {}
    for source in ("prior", "posterior", "no_mouse"):
        values = np.asarray(draws.get(source, ()))
        at_rest = np.abs(values - (np.inf if no_effect is None else no_effect)) <= near
        share = float(np.mean(at_rest)) if len(values) else 0.0
        none[source] = share if share >= LEAST else 0.0
        curves[source] = _curve(values[~at_rest] if none[source] else values, ends, points)
        curves[source] = tuple(y * (1.0 - none[source]) for y in curves[source])
    x = np.linspace(ends[0], ends[1], points)
    return Density(tuple(map(float, x)), **curves, none=none, near=near)


def _curve(values: np.ndarray, ends: np.ndarray, points: int) -> tuple[float, ...]:
    """Density (point,) of values between the ends; what lies beyond is missing from its area."""
    from arviz_stats.base.array import array_stats

    inside = values[(values >= ends[0]) & (values <= ends[1])]
    if len(inside) < FEWEST or np.ptp(inside) == 0:
        return ()
    _, pdf, _ = array_stats.kde(inside, grid_len=points, custom_lims=tuple(ends))
    return tuple(float(y) * len(inside) / len(values) for y in pdf)
