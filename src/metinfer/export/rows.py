"""Which published rows PEtab can express, as what, and why it cannot express the others.

PEtab (version 1) knows one measured number at one time in one condition, with normal or Laplace
noise on a linear or logarithmic scale.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from metinfer.export.layer import identifier
from metinfer.export.model import ArmPart
from metinfer.inference.density import Joint
from metinfer.inference.design import YEAR, LaneSpec, spread_key
from metinfer.inference.families import BLOOD, RATIOS, SURROGATE_SD, Family, is_ratio
from metinfer.inference.statistics import SharedRatio, moment_log_sd, pivot_inflation

BINOMIAL = "binomial: PEtab has normal and Laplace noise only"
NEGATIVE_BINOMIAL = "a count between subjects that differ (negative binomial): no such noise"
POISSON = "events in a person-time (Poisson): PEtab has normal and Laplace noise only"
ORDER = "a median or percentile (density of order statistics): no such noise"
MOMENTS = "mean and variance are scored together: no such noise"
WORDS = "a bound or an order, not a number"
LIMIT = "known only within limits: PEtab measurements are exact"
TWO_ARMS = "compares two arms: a PEtab measurement belongs to one condition"
FOLLOW_UP = "a hazard ratio over the follow-up of two arms: not one time in one condition"
MIXTURE = "a mixture of contexts: an average over several conditions"
TWO_TIMES = "from one time to another: a PEtab measurement belongs to one time"
SHARED = "shares its control with other rows: PEtab noise is independent"
JUMP = "an input jumps at this very time: PEtab reads the value after it, the row the one before"
#: Statistic -> why it has no PEtab form.
NOT_NORMAL = {
    **dict.fromkeys(
        ("proportion", "beta_binomial", "survival_n", "cumulative_incidence_n"), BINOMIAL
    ),
    **dict.fromkeys(("count", "count_mean", "count_total"), NEGATIVE_BINOMIAL),
    **dict.fromkeys(
        ("median", "median_log", "median_rounded", "median_log_rounded", "percentile",
         "percentile_log"), ORDER,
    ),
    **dict.fromkeys(("bound", "ordered"), WORDS),
    "rate_events": POISSON,
    "mean": MOMENTS,
    "hazard_ratio": FOLLOW_UP,
}  # fmt: skip
#: State behind an observable that is a fold.
FOLDS = {
    "nk_count_fold": "N", "cxcl12_fold": "X", "neutrophil_fold": "U", "stellate_fold": "A",
    "ifng_fold": "G",
}  # fmt: skip
#: Scopes of an endpoint that counts metastases outside the liver, and local relapse.
WIDE, LOCAL = ("distant", "any_relapse"), ("any_relapse",)


@dataclass(frozen=True)
class Expressed:
    """One row as PEtab writes it.

    Attributes
    ----------
    row, condition : str
    day : float
    value : float
        The measurement, on the scale of `formula`.
    formula, noise : str
        Prediction and its standard deviation (of logarithms where `log`).
    log : bool
        Whether the noise is normal on the scale of natural logarithms.
    title : str
    """

    row: str
    condition: str
    day: float
    value: float
    formula: str
    noise: str
    log: bool
    title: str


@dataclass(frozen=True)
class Refused:
    """A row or interval that PEtab cannot express, and why."""

    row: str
    table: str
    statistic: str
    observable: str
    reason: str


class _CannotError(Exception):
    """Why a row has no PEtab form."""


def express(joint: Joint, parts: tuple[ArmPart, ...]) -> tuple[list[Expressed], list[Refused]]:
    """All fitted rows and intervals: those with a PEtab form, and the others with the reason.

    Parameters
    ----------
    joint : Joint
    parts : tuple of ArmPart
    """
    found: list[Expressed] = []
    refused: list[Refused] = []
    design = joint.design
    families = {int(i): (f, j) for f in joint.families for j, i in enumerate(f.rows)}
    for i, row in enumerate(design.rows):
        family, place = families[i]
        try:
            found.append(_Row(joint, parts, row, family, place).expressed())
        except _CannotError as reason:
            refused.append(
                Refused(row.row, "measurements", family.name, row.observable, str(reason))
            )
    refused += [
        Refused(f"{i.arm}: day {i.start_day:g} to {i.end_day:g}", "intervals",
                "interval_person_time", "event_hazard", POISSON)
        for i in design.intervals
    ]  # fmt: skip
    return found, refused


@dataclass(frozen=True)
class _Row:
    """One row with the statistic that scores it; `place` is its place in the family."""

    joint: Joint
    parts: tuple[ArmPart, ...]
    row: Any
    family: Family
    place: int

    def expressed(self) -> Expressed:
        """The row as PEtab writes it."""
        row, name = self.row, self.family.name
        if name in NOT_NORMAL:
            raise _CannotError(NOT_NORMAL[name])
        if self._shares():
            raise _CannotError(SHARED)
        if name in RATIOS and not is_ratio(row):
            raise _CannotError(TWO_ARMS)
        if name in ("survival", "cumulative_incidence"):
            hazard = f"ln({self._hazard()})"
            return self._made(self._number("cloglog"), hazard, f"{self._number('se')!r}", False)
        formula = self._formula()
        if name == "mean_sem":
            noise = f"sqrt({self._number('se')!r}^2 + (group_spread * ({formula}))^2)"
            return self._made(self._number("value"), formula, noise, False)
        return self._made(*self._log_scale(formula), True)

    def _made(self, value: float, formula: str, noise: str, log: bool) -> Expressed:
        row = self.row
        condition = self._part().condition
        title = f"{row.endpoint or row.observable} ({row.study})"
        return Expressed(
            row.row, condition, float(row.time_day or 0.0), value, formula, noise, log, title
        )

    def _log_scale(self, formula: str) -> tuple[float, str, str]:
        """Published number, prediction and noise of a statistic that is normal in logarithms."""
        name = self.family.name
        if name in ("geometric_mean", "mean_log"):
            sd = self._published_sd() / np.sqrt(self._number("n"))
            noise = f"sqrt({float(sd)!r}^2 + group_spread^2)"
            return float(np.exp(self._number("log_value"))), formula, noise
        if name in ("ratio", "rate"):
            blood = SURROGATE_SD * (self.row.matrix in BLOOD and name == "ratio")
            noise = f"{float(np.hypot(self._number('se'), blood))!r}"
            return float(np.exp(self._number("log_value"))), formula, noise
        if name == "individual_log":
            if not self._number("exact"):
                raise _CannotError(LIMIT)
            spread = identifier(f"individual_spread[{spread_key(self.row)}]")
            return self._number("value"), formula, spread
        raise _CannotError(f"statistic {name} has no PEtab form")

    def _published_sd(self) -> float:
        """Standard deviation of logarithms by which a mean is scored; see `families.extras`."""
        n = np.atleast_1d(self._number("n"))
        if "log_variance" in self.family.data:
            return float(moment_log_sd(np.atleast_1d(self._number("log_variance")), n)[0])
        return float(np.sqrt(self._number("variance") * pivot_inflation(n)[0]))

    def _number(self, key: str) -> float:
        return float(self.family.data[key][self.place])

    def _shares(self) -> bool:
        statistic = self.family.statistic
        if not isinstance(statistic, SharedRatio):
            return False
        start = statistic.shared.start[statistic.shared.back]
        return int(np.sum(start == start[self.place])) > 1

    def _part(self) -> ArmPart:
        return next(p for p in self.parts if p.arm == self.row.arm)

    def _single(self) -> ArmPart:
        """The one context of the row's arm."""
        if len(self.joint.design.arms[self.row.arm].contexts) > 1:
            raise _CannotError(MIXTURE)
        return self._part()

    def _formula(self) -> str:
        """Prediction of the row's observable, as in `inference.predictions.OBSERVABLES`."""
        make: dict[str, Callable[[], str]] = {
            "timp1_fold": lambda: "timp1_scale",
            "timp1_level": lambda: f"{identifier(f'assay_level[{self.row.assay}]')} * timp1_scale",
            "nk_turnover": lambda: "kN",
            "nk_activity_reduction": lambda: "100 * surgery_dip",
            "leucocyte_fold": lambda: "1 + mu",
            "liver_share": self._liver_share,
            "metastasis_count": lambda: f"L * {self._founders(self._single())}",
            "metastasis_probability": lambda: f"1 - exp(-({self._hazard()}))",
            "cell_probability": lambda: f"1 - exp(-({self._hazard()}))",
            "event_rate": self._rate,
            **dict.fromkeys(FOLDS, self._fold),
        }
        if self.row.observable not in make:
            raise _CannotError(f"observable {self.row.observable} has no PEtab form")
        return make[self.row.observable]()

    def _fold(self) -> str:
        """A state over that of the reference arm, which stays at 1 in an untreated healthy host."""
        reference = self.row.reference_arm
        if reference and not all(_healthy(p.spec) for p in self.parts if p.arm == reference):
            raise _CannotError(TWO_ARMS)
        part = self._single()
        name, day = FOLDS[self.row.observable], float(self.row.time_day or 0.0)
        jumps = {t for _, course in part.spec.doses for t, _ in course.breaks()}
        if name == "G" and day in jumps:
            raise _CannotError(JUMP)
        return name

    def _liver_share(self) -> str:
        contexts = self.joint.design.arms[self.row.arm].contexts
        return " + ".join(f"{w!r} * {identifier(f'liver_share[{c}]')}" for c, w in contexts)

    def _founders(self, part: ArmPart) -> str:
        """Founders per subject."""
        stock = self.joint.design.arms[part.arm].stock
        founders = identifier(f"founders[{part.context}]")
        level = f" * exp({identifier(f'stock_level[{stock}]')})" if stock else ""
        return founders + level

    def _scope(self, part: ArmPart) -> str:
        """Events of the endpoint per liver metastasis."""
        scope = self.joint.design.arms[part.arm].endpoint_scope or "organ"
        wide = f" / {identifier(f'liver_share[{part.context}]')}" if scope in WIDE else ""
        return wide + (" * (1 + locoregional)" if scope in LOCAL else "")

    def _hazard(self) -> str:
        """Cumulative hazard: Gamma frailty over an expected number."""
        part = self._single()
        cells = "(D + W1 + W2 + W3 + L)" if self.row.observable == "cell_probability" else "L"
        shape = identifier(f"frailty_shape[{part.context}]")
        number = f"{cells} * {self._founders(part)}{self._scope(part)}"
        return f"{shape} * ln(1 + {number} / {shape})"

    def _rate(self) -> str:
        if self.row.time_start_day:
            raise _CannotError(TWO_TIMES)
        return f"({self._hazard()}) / {self.row.time_day / YEAR!r}"


def _healthy(spec: LaneSpec) -> bool:
    """Whether nothing acts on the niche of a lane, so that it stays at rest in health."""
    plain = replace(spec, site="liver", arrival="settled", arrival_start=0.0, arrival_end=0.0)
    return plain == LaneSpec(spec.species, spec.context)
