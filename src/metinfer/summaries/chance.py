"""Whether so many values inside their intervals could be chance."""

from __future__ import annotations

import math

#: Fewest values that are judged.
FEWEST = 5
UNLIKELY = 0.05
NARROW, RIGHT, WIDE, FEW = "too_narrow", "as_expected", "too_wide", "too_few"


def tails(inside: int, total: int, mass: float) -> tuple[float, float]:
    """Probabilities of so few, and of so many, of `total` inside intervals of `mass`."""
    each = [math.comb(total, k) * mass**k * (1 - mass) ** (total - k) for k in range(total + 1)]
    return sum(each[: inside + 1]), sum(each[inside:])


def coverage(half: int, most: int, total: int) -> tuple[str, float | None]:
    """What the values inside 50 % and 90 % intervals say, and how likely that is by chance.

    Parameters
    ----------
    half, most : int
        Values inside their 50 % and their 90 % interval.
    total : int

    Returns
    -------
    tuple
        One of the codes of this module, and the binomial tail that decided.
    """
    if total < FEWEST:
        return FEW, None
    narrow = min(tails(half, total, 0.5)[0], tails(most, total, 0.9)[0])
    wide = min(tails(half, total, 0.5)[1], tails(most, total, 0.9)[1])
    if narrow < UNLIKELY:
        return NARROW, narrow
    return (WIDE, wide) if wide < UNLIKELY else (RIGHT, min(narrow, wide))
