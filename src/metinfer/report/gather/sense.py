"""Values that the data moved, beside the argument of their prior and the answers they carry."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import xarray as xr

from metinfer.report.content import Answer, Parameter
from metinfer.report.contents_foundations import Moved
from metinfer.report.gather.posterior import at
from metinfer.report.words import fixed, measure

#: Rank correlation from which an answer is said to move with a value.
TOGETHER = 0.3
#: Answers named beside each value.
NAMED = 4


def moved(
    known: Iterable[Parameter], answers: Sequence[Answer], posterior: xr.Dataset | None,
    draws: xr.Dataset | None,
) -> tuple[Moved, ...]:  # fmt: skip
    """Return parameters whose posterior median left the middle half of their prior.

    Those in conflict with their prior come first, then by how far they went.

    Parameters
    ----------
    known
        Parameters of the page.
    answers
        Named answers of the page.
    posterior
        The draws (chain, draw, ...) for which the answers were solved.
    draws
        One variable (chain, draw) per named answer, of the same draws.
    """
    columns = _columns(answers, posterior, draws)
    made = []
    for one in known:
        after = one.posterior
        if after is None or one.prior.lo50 <= after.median <= one.prior.hi50:
            continue
        values = None if posterior is None else at(posterior, one.name)
        made.append(Moved(
            one.meaning or one.name, one.unit, one.prior, after, one.reason, _doublings(one),
            _together(values, columns), one.conflicts,
        ))  # fmt: skip
    return tuple(sorted(made, key=lambda m: not m.conflict))


def _columns(
    answers: Sequence[Answer], posterior: xr.Dataset | None, draws: xr.Dataset | None
) -> dict[str, np.ndarray]:
    """Draws of each answer by its name; none where they are not of these draws."""
    if posterior is None or draws is None:
        return {}
    size = (posterior.sizes["chain"], posterior.sizes["draw"])
    return {
        f"{a.name}, {measure(a.effect.measure).label}": np.asarray(draws[a.key])
        for a in answers
        if a.key in draws and draws[a.key].shape == size
    }


def _together(values: xr.DataArray | None, columns: Mapping[str, np.ndarray]) -> str:
    """The answers that rise or fall with a value, the closest first."""
    if values is None:
        return ""
    one = np.asarray(values.transpose("chain", "draw")).ravel()
    found = {name: rank_correlation(one, other.ravel()) for name, other in columns.items()}
    close = sorted(found.items(), key=lambda p: -abs(p[1]))
    said = "; ".join(
        f"{name} ({'+' if r > 0 else ''}{fixed(r, 2)})"
        for name, r in close[:NAMED] if abs(r) >= TOGETHER
    )  # fmt: skip
    return said or (f"none above {TOGETHER}" if columns else "")


def rank_correlation(one: np.ndarray, other: np.ndarray) -> float:
    """Return Spearman's correlation over the draws where both are numbers; 0 for a constant."""
    good = np.isfinite(one) & np.isfinite(other)
    if good.sum() < 3 or np.ptp(one[good]) == 0 or np.ptp(other[good]) == 0:
        return 0.0
    ranks = np.array([np.argsort(np.argsort(v[good])) for v in (one, other)], dtype=float)
    return float(np.corrcoef(ranks)[0, 1])


def _doublings(parameter: Parameter) -> str:
    """A time to detection in doublings of the tumour, where the argument names their length."""
    named = re.search(r"doubling time (\d+) to (\d+) days", parameter.reason)
    if named is None or parameter.unit != "day" or parameter.posterior is None:
        return ""
    middle = (float(named[1]) + float(named[2])) / 2.0
    before, after = (v.median / middle for v in (parameter.prior, parameter.posterior))
    return (
        f"{fixed(after, 1)} doublings of {named[1]} to {named[2]} days (before the data "
        f"{fixed(before, 1)})"
    )
