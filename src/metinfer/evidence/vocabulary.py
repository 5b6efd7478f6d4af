"""The words a table may use: observables, statistics and what each of them needs."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

ROLES = ("fit", "check", "prior", "out")
SCORED = ("fit", "check")
"""Roles whose rows are predicted by the model, and so must be complete."""

INTERVAL = "ciNN"
"""Stands for a confidence interval of any level in lists of spreads; tables have ci95, ci90, ..."""
SPREADS = ("none", "sd", "sem", "log_sd", "iqr", "range")
"""Spreads with a name of their own, beside intervals."""
CONFIDENCE = ("high", "medium", "low")
SPECIES = ("mouse", "human", "rat", "monkey", "other")
ARRIVALS = ("settled", "bolus", "primary", "none")
SCOPES = ("liver", "distant", "any_relapse", "organ")

_LEVEL = re.compile(r"ci(\d{2}(?:\.\d{1,3})?)", re.ASCII)


@lru_cache(maxsize=1000)
def interval_level(spread: str) -> float | None:
    """Coverage of the interval that `spread` names (0.95 for ci95); None for any other word.

    Below 50 % there is none: such a number is a slip for its complement.
    """
    found = _LEVEL.fullmatch(spread)
    level = float(found.group(1)) / 100.0 if found else 0.0
    return level if level >= 0.5 else None


def spread_words(spreads: tuple[str, ...]) -> str:
    """Spreads as a list in words."""
    return ", ".join(f"{s} (for example ci95)" if s == INTERVAL else s for s in spreads)


PROBABILITY = ("proportion", "survival", "cumulative_incidence", "odds_ratio", "risk_ratio",
               "ratio", "bound", "ordered")  # fmt: skip
AMOUNT = ("individual", "mean", "geometric_mean", "median", "percentile", "ratio", "bound",
          "ordered")  # fmt: skip


@dataclass(frozen=True)
class Observable:
    """A quantity that the model predicts.

    Attributes
    ----------
    name, meaning : str
        Name in the tables, and what it is.
    unit : str
        Unit of its values after reading.
    statistics : tuple of str
        Statistics that can report it.
    low, high : float or None
        Bounds of its values.
    needs_reference : bool
        Whether it is defined against a reference arm.
    substance : str
        Key of `metinfer.units.MOLAR_MASS`, where mole and mass convert.
    """

    name: str
    unit: str
    meaning: str
    statistics: tuple[str, ...]
    low: float | None = 0.0
    high: float | None = None
    needs_reference: bool = False
    substance: str = ""


@dataclass(frozen=True)
class Statistic:
    """A way in which a paper reports a group, and the columns it cannot do without.

    Attributes
    ----------
    name, meaning : str
        Name in the tables, and what it is.
    needs : tuple of tuple of str
        Alternatives; one of them must be filled completely.
    spreads : tuple of str
        Spreads that the statistic can use.
    needs_reference : bool
        Whether it compares with a reference arm.
    """

    name: str
    meaning: str
    needs: tuple[tuple[str, ...], ...]
    spreads: tuple[str, ...] = ("none",)
    needs_reference: bool = False

    def takes(self, spread: str) -> bool:
        """Whether the statistic can use a spread."""
        return (spread if interval_level(spread) is None else INTERVAL) in self.spreads


def _fold(name: str, meaning: str) -> Observable:
    return Observable(name, "1", meaning, AMOUNT, needs_reference=True)


_OBSERVABLES = (
    Observable("metastasis_probability", "1",
               "share of animals or people with at least one metastasis at `time` (with statistic "
               "survival, the share without)",
               PROBABILITY, high=1.0),
    Observable("cell_probability", "1",
               "share with any tumour cell, dormant, awake or grown, at `time`",
               PROBABILITY, high=1.0),
    Observable("metastasis_count", "1", "mean number of metastases per organ at `time`",
               ("count_total", *AMOUNT)),
    Observable("event_hazard", "1/year",
               "hazard of the arm's endpoint; only as rows of intervals.csv", ()),
    Observable("event_rate", "1/year",
               "events per year from `time_start` to `time`, in those event-free at `time_start`",
               ("rate", "ratio", "bound", "ordered")),
    Observable("liver_share", "1", "share of first distant metastases that are in the liver",
               PROBABILITY, high=1.0),
    Observable("nk_turnover", "1/day", "turnover rate of NK cells (kN)", AMOUNT),
    Observable("nk_activity_reduction", "percent", "loss of activity per NK cell",
               AMOUNT, low=None, high=100.0),
    _fold("nk_count_fold", "NK number over the reference arm"),
    _fold("cxcl12_fold", "hepatic CXCL12 over the reference arm"),
    _fold("neutrophil_fold", "liver neutrophils over the reference arm"),
    _fold("stellate_fold", "activated stellate cells over the reference arm"),
    _fold("ifng_fold", "hepatic IFN-gamma signal over the reference arm"),
    Observable("leucocyte_fold", "1", "blood leucocytes under the CXCR4 drug over no drug", AMOUNT),
    Observable("timp1_level", "ng/mL", "blood TIMP-1 on the assay's own scale", AMOUNT,
               substance="timp1"),
    Observable("timp1_fold", "1", "blood TIMP-1 over healthy", AMOUNT),
    Observable("event_hazard_ratio", "1",
               "marginal hazard ratio of the arm's endpoint against the reference arm",
               ("hazard_ratio", "ratio", "bound", "ordered"), needs_reference=True),
)  # fmt: skip
OBSERVABLES: dict[str, Observable] = {o.name: o for o in _OBSERVABLES}
#: Observables that are whole numbers in each animal.
COUNTS = frozenset({"metastasis_count"})
#: Observables that say nothing without a time.
TIMED = frozenset({"metastasis_probability", "cell_probability", "metastasis_count",
                   "event_hazard", "event_rate"})  # fmt: skip
#: Folds of the niche, at one time.
FOLDS = frozenset({"nk_count_fold", "cxcl12_fold", "neutrophil_fold", "stellate_fold",
                   "ifng_fold"})  # fmt: skip
#: Observables for which the equations of an arm's contexts are solved; the others are functions
#: of parameters alone.
SOLVED = TIMED | FOLDS | {"event_hazard_ratio"}

_ESTIMATE = ("value", "low", "high")
_STATISTICS = (
    Statistic("individual", "one animal or person: `value`, or `lod` where it was below the limit, "
              "or `low` and/or `high` where only bounds are known",
              (("value",), ("lod",), ("low",), ("high",))),
    Statistic("mean", "arithmetic mean of n, with the SD or SEM in `low`, or its interval",
              (("value", "low", "n"),), ("sd", "sem", INTERVAL)),
    Statistic("geometric_mean", "geometric mean of n, with the SD of the natural logs in `low`, "
              "or its interval", (("value", "low", "n"),), ("log_sd", INTERVAL)),
    Statistic("median", "median of n, with quartiles or extremes in `low` and `high`",
              (("value", "low", "high", "n"),), ("iqr", "range")),
    Statistic("percentile", "value at the quantile `level` of n",
              (("value", "level", "n"),)),
    Statistic("proportion", "`events` of `n` (a published interval may be kept; it is not used)",
              (("events", "n"),), ("none", INTERVAL)),
    Statistic("count_total", "`events` is the sum over n animals or people",
              (("events", "n"),)),
    Statistic("rate", "`events` in `person_time`, or a rate with its interval",
              (("events", "person_time"), _ESTIMATE), ("none", INTERVAL)),
    Statistic("survival", "Kaplan-Meier share event-free at `time`, with n or interval",
              (("value", "n"), _ESTIMATE), ("none", INTERVAL)),
    Statistic("cumulative_incidence", "cumulative incidence at `time`, with n or interval",
              (("value", "n"), _ESTIMATE), ("none", INTERVAL)),
    Statistic("ratio", "ratio of the arm to the reference arm, with its interval (without one, "
              "its log standard error is taken as ln 2, or the row is left out: missing_spread in "
              "analysis.toml)", (("value",),), ("none", INTERVAL),
              needs_reference=True),
    Statistic("odds_ratio", "odds ratio against the reference arm, with its interval",
              (_ESTIMATE,), (INTERVAL,), needs_reference=True),
    Statistic("risk_ratio", "risk ratio against the reference arm, with its interval",
              (_ESTIMATE,), (INTERVAL,), needs_reference=True),
    Statistic("hazard_ratio", "hazard ratio against the reference arm on the scale of "
              "`contrast`, with its interval", (_ESTIMATE,), (INTERVAL,), needs_reference=True),
    Statistic("bound", "one-sided: at least `low`, or at most `high`; `value` is the confidence "
              "in the statement", (("value", "low"), ("value", "high"))),
    Statistic("ordered", "the arm lies above the reference arm; `value` is the confidence in it",
              (("value",),), needs_reference=True),
)  # fmt: skip
STATISTICS: dict[str, Statistic] = {s.name: s for s in _STATISTICS}

RATIOS = ("ratio", "odds_ratio", "risk_ratio", "hazard_ratio")
"""Statistics whose value has no unit, whatever the observable."""

SKEW_LIMIT = 1.0
"""Largest SD over mean of a positive amount that a mean with SD can be fitted with: the logs of
more skewed values are not recovered from their moments (docs/statistics_recovery.md)."""

MISSING_SPREAD = ("default", "leave_out")
"""What `analysis.toml` may ask for ratios without an interval: a standard error of ln 2 on the
log scale, or role out."""

STATEMENTS = ("bound", "ordered")
"""Statistics whose `value` is a confidence between 0.5 and 1."""
