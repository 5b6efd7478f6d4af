"""What section 12 shows beside effects and curves: decisions, as plain data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from metinfer.report.content import ASSUMED, Effect, Span


@dataclass(frozen=True)
class Setting:
    """One number of one question: an effect under one start, duration or dose.

    `value` is what was varied (years, or a multiple of the doses), `words` says it.
    """

    question: str  # lasting, window, duration, dose, interaction
    effect: Effect
    value: float | None = None
    words: str = ""


@dataclass(frozen=True)
class SplitBar:
    """Where the metastases went that a therapy avoided, per 1,000 subjects.

    Means, so that the parts add up to the mean avoided in all; `avoided` has its interval.
    """

    therapy: str
    kind: str
    population: str
    removed: float
    dormant: float
    awake: float
    avoided: Span
    learnt: str = ASSUMED
    prior: Span | None = None

    @property
    def net(self) -> float:
        """Mean avoided in all."""
        return self.removed + self.dormant + self.awake


@dataclass(frozen=True)
class After:
    """Hazard ratio over time of a therapy that ends in year `stop`; bands by source."""

    therapy: str
    kind: str
    population: str
    stop: float
    time: tuple[float, ...]
    bands: Mapping[str, tuple[Span, ...]]


@dataclass(frozen=True)
class Share:
    """Parts of the variance of one named answer: name of a part -> share of the whole."""

    answer: str
    subjects: int
    sd: float
    parts: Mapping[str, float]


@dataclass(frozen=True)
class Narrowing:
    """What an experiment is expected to do to one answer."""

    answer: str
    removed: float  # share of the variance that goes
    error: float  # its Monte-Carlo error
    becomes: float | None  # chance that the answer counts as learnt afterwards
    now: str  # learnt, narrowed only, assumed, or not judged
    draws: float


@dataclass(frozen=True)
class Candidate:
    """A candidate experiment: what it would show, how surely, and what it would teach."""

    name: str
    label: str
    kind: str
    population: str
    readout: str
    when: str
    n: int
    untreated: Span | None
    treated: Span | None
    assurance: tuple[tuple[int, float], ...]
    applicability: str
    narrowings: tuple[Narrowing, ...] = ()


@dataclass(frozen=True)
class Rank:
    """Probability of each rank of one therapy among those whose effect was learnt."""

    population: str
    horizon: float
    kind: str
    therapy: str
    probability: tuple[float, ...]


@dataclass(frozen=True)
class Who:
    """A population: whom it stands for, and what it leaves out."""

    label: str
    endpoint: str
    era: str
    adjuvant: str
    age: str
    death: str
    cohorts: str
    state: str  # of death from other causes: competes, without competing death, does not matter


@dataclass(frozen=True)
class Course:
    """A therapy as it is given: label, kind, why this schedule."""

    label: str
    kind: str
    reason: str


@dataclass(frozen=True)
class Decisions:
    """Everything of section 12 besides effects and curves; empty parts are not shown."""

    settings: tuple[Setting, ...] = ()
    splits: tuple[SplitBar, ...] = ()
    after: tuple[After, ...] = ()
    shares: tuple[Share, ...] = ()
    candidates: tuple[Candidate, ...] = ()
    ranks: tuple[Rank, ...] = ()
    unranked: tuple[tuple[str, str, str], ...] = ()  # population, kind, when
    who: tuple[Who, ...] = ()
    courses: tuple[Course, ...] = ()
    computed: bool = False
    draws: str = ""  # from how many draws all this is
