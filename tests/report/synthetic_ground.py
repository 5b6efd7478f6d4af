"""Made-up ground under the answers of `synthetic`: foundations, prior check, pairs, credibility."""

from __future__ import annotations

from collections.abc import Sequence

from metinfer.report.content import Answer, Span
from metinfer.report.contents_account import Credibility, PublishedRow
from metinfer.report.contents_foundations import (
    Foundation,
    Ground,
    Impossible,
    Pair,
    PriorRow,
    Pull,
)


def ground(answers: Sequence[Answer]) -> Ground:
    """Return a ground with every part, one line for each answer."""
    spread = Span(0.7, 0.6, 0.8, 0.4, 0.95)
    return Ground(
        foundations=tuple(
            Foundation(
                name=a.name, effect=a.effect, narrow=spread, wide=spread, contraction=0.1 * k,
                rhat=1.001, ess_bulk=2000.0, ess_tail=1500.0, mcse=0.004,
                prior_power=0.02 + 0.05 * k, data_power=0.08,
                streams={"follow-up intervals (human)": 0.07},
                pulls=(Pull("rotterdam", 0.19), Pull("street-2001", -0.05)),
            )
            for k, a in enumerate(answers)
        ),
        prior_rows=(
            PriorRow("seen", "number of NK cells", "fold", "fit", 0.5, spread),
            PriorRow("surprise", "hazard ratio of metastasis", "ratio", "check", 3.0, spread),
        ),
        impossible=(
            Impossible("turnover of NK cells", 0.0, 2.0, "more than cells can divide", 0.0),
            Impossible("anything of the above", None, None, "of 400 prior draws", 0.0075),
        ),
        pairs=(Pair("founders", "awakening rate", -0.83),),
    )  # fmt: skip


def published() -> tuple[PublishedRow, ...]:
    """Return two rows as published."""
    return (
        PublishedRow("mice-lung", "A et al, 2001, legend", "mouse, lung, NK cells depleted",
                     "metastases per animal", "mean 62.4, SEM 4.3", 5.0, "fit", "high", ""),
        PublishedRow("people", "B et al, 2010, abstract", "human, 688 people",
                     "hazard ratio of metastasis", "hazard ratio 0.42, 95 % interval 0.26 to 0.69",
                     688.0, "check", "medium", "spread not labelled"),
    )  # fmt: skip


def credibility() -> tuple[Credibility, ...]:
    """Return one line of each state."""
    return (
        Credibility("Solver", "finer steps change nothing", "3e-6 sd", True),
        Credibility("Inputs", "every number traced", "1 of 2", False, "1 of 2 read in an abstract"),
        Credibility("Calibration", "intervals hold", "", None, "not run"),
    )
