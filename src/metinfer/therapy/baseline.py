"""An untreated risk that a user supplies, in the place of the fitted number of founders."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from metinfer.inference.design import LaneSpec
from metinfer.therapy.draws import Draws
from metinfer.therapy.outcomes import at
from metinfer.therapy.populations import Population
from metinfer.therapy.predict import arms_of
from metinfer.therapy.reader import Table, from_python
from metinfer.therapy.simulate import Scene, clock

#: Mass of an interval where none is stated: papers give 95 %.
LEVEL = 0.95
#: Founders are sought between these multiples of the fitted number (natural log).
REACH = 30.0
#: Halvings of that range: the multiple is then known to 1e-13.
HALVINGS = 50


@dataclass(frozen=True)
class Baseline:
    """Risk without therapy within some years, with an interval; see `Population.from_risk`.

    Attributes
    ----------
    risk, low, high : float
        Shares: the median, and the ends of the interval.
    years : float
    level : float
        Mass of the interval.
    """

    risk: float
    low: float
    high: float
    years: float
    level: float = LEVEL

    def __post_init__(self) -> None:
        from_python("Population.from_risk", _check, vars(self))

    def sample(self, count: int, seed: int) -> np.ndarray:
        """Risks (draw,): two halves of normals on the complementary log-log scale.

        The median is `risk` and the central mass between `low` and `high` is `level`, exactly but
        for the number of draws, which are spread evenly over the quantiles in random order.
        """
        from scipy.special import ndtri

        rng = np.random.default_rng([seed, 11])
        score = ndtri((rng.permutation(count) + 0.5) / count)
        low, middle, high = np.log(-np.log1p(-np.array([self.low, self.risk, self.high])))
        reach = ndtri(0.5 + 0.5 * self.level)
        spread = np.where(score < 0, middle - low, high - middle) / reach
        return np.asarray(-np.expm1(-np.exp(middle + spread * score)))


def _check(table: Table) -> None:
    """Note every value of a baseline that is not allowed."""
    low, risk, high = (table.number(name, above=0.0) for name in ("low", "risk", "high"))
    if np.isfinite([low, risk, high]).all() and not low <= risk <= high < 1.0:
        told = f"low <= risk <= high < 1 is needed, got low {low:g}, risk {risk:g}, high {high:g}"
        table.fault("", told)
    table.number("years", above=0.0)
    if table.number("level", above=0.0) >= 1.0:
        table.fault("level", f"must be below 1, got {table.data['level']:g}")


@dataclass(frozen=True)
class Scaled:
    """Draws with the number of founders multiplied, `factor` (draw,); the rest is as it was."""

    draws: Draws
    factor: np.ndarray

    def __len__(self) -> int:
        return len(self.draws)

    def theta(self, specs: Sequence[LaneSpec]) -> np.ndarray:
        """Lane parameters (draw, lane, parameter), for one founder per subject."""
        return self.draws.theta(specs)

    def founders(self, context: str, stock: str) -> np.ndarray:
        """Founders per subject (draw,)."""
        return self.draws.founders(context, stock) * self.factor

    def frailty(self, context: str) -> np.ndarray:
        """Frailty shape k (draw,)."""
        return self.draws.frailty(context)

    def liver_share(self, context: str) -> np.ndarray:
        """Share of first distant metastases that is in the liver (draw,)."""
        return self.draws.liver_share(context)


def with_risk(
    draws: Draws,
    population: Population,
    courses: Mapping[Scene, np.ndarray],
    baseline: Baseline,
    seed: int = 0,
) -> Scaled:
    """Draws whose untreated risk is that of a baseline.

    The model is linear in the founders, so the courses of one founder serve every multiple, and
    the risk rises with it: the multiple is found by halving its range.

    Parameters
    ----------
    draws : Draws
    population : Population
        Followed for at least ``baseline.years``.
    courses : mapping of Scene to ndarray (draw, time)
        Liver courses without therapy for one founder per subject, as from `predict.arms`.
    baseline : Baseline
    seed : int
        The same seed gives the same risk of each draw.

    Returns
    -------
    Scaled
        The factor is NaN where no number of founders leads to the risk: other sites may come
        first too often.
    """
    wanted = baseline.sample(len(draws), seed)
    time = clock(population.horizons[-1])

    def risk(log_factor: np.ndarray) -> np.ndarray:
        (arm,) = arms_of(Scaled(draws, np.exp(log_factor)), [population], courses, courses)
        return 1.0 - at(arm.curve.event_free, time, baseline.years)

    low, high = np.full(len(draws), -REACH), np.full(len(draws), REACH)
    reached = (risk(low) <= wanted) & (risk(high) >= wanted)
    for _ in range(HALVINGS):
        middle = 0.5 * (low + high)
        over = risk(middle) > wanted
        low, high = np.where(over, low, middle), np.where(over, middle, high)
    return Scaled(draws, np.where(reached, np.exp(0.5 * (low + high)), np.nan))
