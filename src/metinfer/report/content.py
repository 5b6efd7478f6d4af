"""What a report shows, as plain data: no fit, no array library, no drawing.

`metinfer.report.collect.collect` fills a `ReportContent` from a run, tests fill one by hand, and
`metinfer.report.build.render` turns it into a page and `report.json`. Everything has a default,
and what is missing appears on the page as a visible gap, never as silence.

Probabilities are fractions (0 to 1), times of patients are years, unless a field says otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

LEARNT = "learnt"
NARROWED = "narrowed only"
ASSUMED = "assumed, not learnt"


@dataclass(frozen=True)
class Span:
    """Median with the central 50 % and 90 % intervals of one quantity."""

    median: float
    lo50: float
    hi50: float
    lo90: float
    hi90: float


@dataclass(frozen=True)
class Level:
    """One of the three levels of the verdict: computed, checked, calibrated."""

    name: str
    state: str  # "pass", "fail", "not run", or "done" where fits are sound but answers move
    meaning: str
    command: str = ""


@dataclass(frozen=True)
class Verdict:
    """Whether the numbers may be shown to others, and each reason against it."""

    reportable: bool
    reasons: tuple[str, ...] = ()
    levels: tuple[Level, ...] = ()
    quick: bool = False
    notes: tuple[str, ...] = ()  # what a reader must know beside it, reportable or not


@dataclass(frozen=True)
class Density:
    """Smoothed densities of one answer on a common axis; an empty tuple where there is none.

    `none` is the share of draws within `near` of no effect, by source: those are not in the curve.
    """

    x: tuple[float, ...]
    prior: tuple[float, ...]
    posterior: tuple[float, ...]
    no_mouse: tuple[float, ...] = ()
    none: Mapping[str, float] = field(default_factory=dict)
    near: float = 0.0


@dataclass(frozen=True)
class Effect:
    """One measure of one therapy in one population at one horizon, beside its prior."""

    therapy: str
    kind: str  # "regimen" or "clamp"
    population: str
    measure: str  # a key of metinfer.report.words.MEASURES
    horizon: float
    posterior: Span
    prior: Span | None = None
    no_mouse: Span | None = None
    overlap: float | None = None
    learnt: str = ASSUMED
    applicability: str = ""
    benefit: float | None = None  # posterior probability of any benefit
    beyond: float | None = None  # and of one beyond the margin
    margin: float | None = None
    competing: bool = True  # whether death from other causes competes (or cannot matter)
    why: str = ""  # reason of `learnt`, a sentence of metinfer.inference.learnt or therapy.verdicts
    endpoint: str = "liver"  # what is counted, a key of metinfer.report.words.EVENTS
    species: str = "human"
    start: float | None = None  # day after time zero on which the therapy starts
    benefit_prior: float | None = None  # the same probabilities before any data
    beyond_prior: float | None = None
    harm: float | None = None  # posterior probability of any harm, and before any data
    harm_prior: float | None = None


@dataclass(frozen=True)
class Answer:
    """A named answer, fixed before fitting, in words a reader outside the field can use."""

    name: str
    effect: Effect
    margin: float | None = None
    exceeds: float | None = None  # posterior probability of exceeding the margin
    density: Density | None = None
    key: str = ""  # its name in analysis.toml
    exceeds_prior: float | None = None  # probability of exceeding the margin, before any data


@dataclass(frozen=True)
class AuthorField:
    """A text only the author can give; `text` empty means a visible gap."""

    section: int
    label: str
    text: str
    where: str  # file and key that fill it


@dataclass(frozen=True)
class RoleCount:
    """How many table rows have one role for one reason."""

    table: str
    role: str
    reason: str
    rows: int


@dataclass(frozen=True)
class Coverage:
    """How much evidence speaks to one state in one species."""

    species: str
    state: str
    rows: int
    cohorts: int
    events: float
    statement: str = ""
    intervals: int = 0  # follow-up intervals, beside the rows
    studies: int = 0
    thin: bool = False  # too little to teach anything


@dataclass(frozen=True)
class RowFit:
    """A published row beside what the model predicts for it, on the reported scale."""

    row: str
    study: str
    source: str
    locator: str
    arm: str
    species: str
    quantity: str
    statistic: str
    unit: str
    role: str
    reported: float
    predicted: Span
    low: float | None = None
    high: float | None = None
    n: float | None = None
    when: str = ""
    tail: float | None = None  # two-sided posterior predictive tail probability
    count: str = ""  # "9 of 17" behind a share
    draws: int = 0  # behind the tail probability

    @property
    def inside_half(self) -> bool:
        """Whether the published value lies within the 50 % predictive interval."""
        return self.predicted.lo50 <= self.reported <= self.predicted.hi50

    @property
    def inside(self) -> bool:
        """Whether the published value lies within the 90 % predictive interval."""
        return self.predicted.lo90 <= self.reported <= self.predicted.hi90


@dataclass(frozen=True)
class IntervalFit:
    """Events seen and expected in one follow-up interval (years)."""

    arm: str
    start: float
    end: float
    at_risk: float
    observed: float
    expected: Span
    role: str = "fit"
    tail: float | None = None
    source: str = ""
    draws: int = 0  # behind the tail probability

    @property
    def inside_half(self) -> bool:
        """Whether the observed count lies within the 50 % predictive interval."""
        return self.expected.lo50 <= self.observed <= self.expected.hi50

    @property
    def inside(self) -> bool:
        """Whether the observed count lies within the 90 % predictive interval."""
        return self.expected.lo90 <= self.observed <= self.expected.hi90


@dataclass(frozen=True)
class SurvivalFit:
    """Life-table points of one cohort against the posterior band of the event-free share."""

    arm: str
    endpoint: str
    n: float
    observed_time: tuple[float, ...]
    observed: tuple[float, ...]
    time: tuple[float, ...]
    bands: tuple[Span, ...]


@dataclass(frozen=True)
class Score:
    """How many published values of one stream lie inside their predictive intervals."""

    stream: str
    role: str
    items: int
    inside50: int
    inside90: int
    judged: str
    seen: float | None = None  # events, for follow-up intervals
    expected: Span | None = None
    chance: float | None = None  # binomial tail that decided
    remark: str = ""


@dataclass(frozen=True)
class Likelihood:
    """How one published statistic is scored, and how many rows it scores."""

    statistic: str
    formula: str
    fitted: int
    checked: int
    code: str = ""


@dataclass(frozen=True)
class Against:
    """A published finding that speaks against the hypothesis, and how it was treated."""

    finding: str
    source: str
    role: str
    treatment: str
    rows: str = ""
    group: str = ""
    locator: str = ""  # the whole citation


@dataclass(frozen=True)
class Equation:
    """One equation of the model; `latex` without dollar signs, `plain` for screen readers."""

    name: str
    latex: str
    plain: str = ""
    meaning: str = ""
    spoken: str = ""


@dataclass(frozen=True)
class Definition:
    """A state or input of the model."""

    name: str
    symbol: str
    unit: str
    meaning: str
    source: str = ""
    human: str = ""  # value at time zero in people, and in mice
    mouse: str = ""


@dataclass(frozen=True)
class Rule:
    """What is shared between mouse and people, scaled, or separate."""

    rule: str
    parameters: str


@dataclass(frozen=True)
class Assumption:
    """An assumption and what would break if it were false."""

    statement: str
    if_false: str


@dataclass(frozen=True)
class Link:
    """An arrow of the liver niche: signed strength and probability of absence."""

    key: str  # a key of metinfer.report.figures.mechanism.ARROWS
    meaning: str
    strength: Span
    unit: str
    absent_prior: float | None = None
    absent_posterior: float | None = None
    reversed_posterior: float | None = None
    reversed_prior: float | None = None
    change: str = ""  # what is changed, and what `strength` is the effect on


@dataclass(frozen=True)
class Parameter:
    """A parameter with prior and posterior (natural scale) and its sampling quality."""

    name: str
    meaning: str
    unit: str
    distribution: str
    reason: str
    source: str
    prior: Span
    posterior: Span | None = None
    width: float | None = None  # 90 % interval, after over before (logs if positive)
    overlap: float | None = None
    rhat: float | None = None
    ess_bulk: float | None = None
    ess_tail: float | None = None
    mcse: float | None = None
    positive: bool = False
    symbol: str = ""
    place: str = ""  # the context or species in which it holds, as in the brackets of `meaning`

    @property
    def conflicts(self) -> bool:
        """Whether the posterior median lies outside the 90 % interval of the prior."""
        if self.posterior is None:
            return False
        return not self.prior.lo90 <= self.posterior.median <= self.prior.hi90


@dataclass(frozen=True)
class Gate:
    """A limit fixed before fitting, the value reached, and whether it holds."""

    name: str
    meaning: str
    value: float | None
    limit: str
    passed: bool | None  # None: not run


@dataclass(frozen=True)
class Check:
    """A check of the computation (code, solver, gradient, recovery), in words."""

    name: str
    result: str
    state: str  # "pass", "fail", "not run" or "stale"
    command: str = ""


@dataclass(frozen=True)
class Trace:
    """Draws of one parameter, one tuple per chain (thinned for the page)."""

    name: str
    rhat: float | None
    chains: tuple[tuple[float, ...], ...]


@dataclass(frozen=True)
class Curve:
    """Event-free share of one therapy in one population; `therapy` empty means no therapy."""

    therapy: str
    kind: str
    population: str
    source: str  # "posterior", "prior" or "no_mouse"
    time: tuple[float, ...]
    bands: tuple[Span, ...]
    event: str = "metastasis"  # what is counted


@dataclass(frozen=True)
class Note:
    """A named fact or limit: label and text."""

    label: str
    text: str


@dataclass(frozen=True)
class InputFile:
    """A file that went into the run."""

    path: str
    sha256: str
    rows: int | None = None


@dataclass(frozen=True)
class ReportContent:
    """Everything a report shows. Empty parts appear as gaps or as "not run"."""

    title: str
    verdict: Verdict
    summary: tuple[str, ...] = ()  # extra plain sentences; the standard ones are made by the page
    answers: tuple[Answer, ...] = ()
    author: tuple[AuthorField, ...] = ()
    roles: tuple[RoleCount, ...] = ()
    coverage: tuple[Coverage, ...] = ()
    rows: tuple[RowFit, ...] = ()
    intervals: tuple[IntervalFit, ...] = ()
    survival: tuple[SurvivalFit, ...] = ()
    scores: tuple[Score, ...] = ()
    likelihoods: tuple[Likelihood, ...] = ()
    against: tuple[Against, ...] = ()
    wordless: tuple[str, ...] = ()  # findings against it that have no number
    equations: tuple[Equation, ...] = ()
    states: tuple[Definition, ...] = ()
    inputs: tuple[Definition, ...] = ()
    rules: tuple[Rule, ...] = ()
    links: tuple[Link, ...] = ()
    assumptions: tuple[Assumption, ...] = ()
    parameters: tuple[Parameter, ...] = ()
    gates: tuple[Gate, ...] = ()
    checks: tuple[Check, ...] = ()
    traces: tuple[Trace, ...] = ()
    computation: tuple[Note, ...] = ()
    curves: tuple[Curve, ...] = ()
    effects: tuple[Effect, ...] = ()
    limits: tuple[Note, ...] = ()
    reproduce: tuple[Note, ...] = ()
    files: tuple[InputFile, ...] = ()
    run_name: str = ""
    run_path: str = ""  # as words of the shell, for commands; empty if unknown
    data_path: str = ""
    published: tuple[Any, ...] = ()  # of contents_account.PublishedRow
    credibility: tuple[Any, ...] = ()  # of contents_account.Credibility
    decisions: Any = None  # metinfer.report.contents_decisions.Decisions
    ground: Any = None  # metinfer.report.contents_foundations.Ground
    compared: Any = None  # metinfer.report.contents_compare.Compared
    calibrated: Any = None  # metinfer.report.contents_calibrate.Calibrated
    extra: dict[str, Any] = field(default_factory=dict)  # carried into report.json unchanged
