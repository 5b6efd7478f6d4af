"""Likelihoods of published statistics, one class per statistic, and the registry of them all."""

from metinfer.inference.statistics.base import (
    DEFAULT_LOG_SE,
    Statistic,
    StatisticError,
    columns_of,
)
from metinfer.inference.statistics.counts import BetaBinomial, Count, CountTotal, Proportion
from metinfer.inference.statistics.events import (
    CumulativeIncidence,
    CumulativeIncidenceN,
    IntervalAtRisk,
    IntervalPersonTime,
    RateEvents,
    Survival,
    SurvivalN,
)
from metinfer.inference.statistics.hazard import marginal_log_hazard_ratio
from metinfer.inference.statistics.means import GeometricMean, Mean, MeanPlugin
from metinfer.inference.statistics.ratios import HazardRatio, OddsRatio, Rate, Ratio, RiskRatio

STATISTICS: dict[str, Statistic] = {
    statistic.name: statistic
    for statistic in (
        Mean(),
        MeanPlugin(),
        GeometricMean(),
        Proportion(),
        BetaBinomial(),
        Count(),
        CountTotal(),
        IntervalPersonTime(),
        IntervalAtRisk(),
        Survival(),
        SurvivalN(),
        CumulativeIncidence(),
        CumulativeIncidenceN(),
        Rate(),
        RateEvents(),
        Ratio(),
        RiskRatio(),
        OddsRatio(),
        HazardRatio(),
    )
}
"""Every statistic by name."""

__all__ = [
    "DEFAULT_LOG_SE",
    "STATISTICS",
    "Statistic",
    "StatisticError",
    "columns_of",
    "marginal_log_hazard_ratio",
]
