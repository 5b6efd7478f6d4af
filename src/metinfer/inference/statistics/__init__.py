"""Likelihoods of published statistics, one class per statistic, and the registry of them all."""

from metinfer.inference.statistics.base import (
    DEFAULT_LOG_SE,
    Statistic,
    StatisticError,
    columns_of,
)
from metinfer.inference.statistics.choose import choose
from metinfer.inference.statistics.counts import (
    BetaBinomial,
    Count,
    CountMean,
    CountTotal,
    Proportion,
)
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
from metinfer.inference.statistics.individual import Individual, IndividualLog
from metinfer.inference.statistics.means import (
    GeometricMean,
    Mean,
    MeanLog,
    MeanPlugin,
    moment_log_sd,
    pivot_inflation,
)
from metinfer.inference.statistics.order import (
    Median,
    MedianLog,
    MedianLogRounded,
    MedianRounded,
    Percentile,
    PercentileLog,
)
from metinfer.inference.statistics.ratios import (
    HazardRatio,
    OddsRatio,
    Rate,
    Ratio,
    RiskRatio,
    SharedControl,
    SharedRatio,
    share_control,
    shared_control_draw,
    shared_control_logp,
    sharing,
)
from metinfer.inference.statistics.statements import Bound, Ordered

STATISTICS: dict[str, Statistic] = {
    statistic.name: statistic
    for statistic in (
        Individual(),
        IndividualLog(),
        Mean(),
        MeanLog(),
        MeanPlugin(),
        GeometricMean(),
        Median(),
        MedianLog(),
        MedianRounded(),
        MedianLogRounded(),
        Percentile(),
        PercentileLog(),
        Proportion(),
        BetaBinomial(),
        Count(),
        CountTotal(),
        CountMean(),
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
        Bound(),
        Ordered(),
    )
}
"""Every statistic by name."""

__all__ = [
    "DEFAULT_LOG_SE",
    "STATISTICS",
    "Ratio",
    "SharedControl",
    "SharedRatio",
    "Statistic",
    "StatisticError",
    "choose",
    "columns_of",
    "marginal_log_hazard_ratio",
    "moment_log_sd",
    "pivot_inflation",
    "share_control",
    "shared_control_draw",
    "shared_control_logp",
    "sharing",
]
