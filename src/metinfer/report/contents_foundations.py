"""What the page says of the ground under each answer: prior check, rivals, what it rests on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from metinfer.report.content import Effect, Span

#: Above this a prior or a stream of data matters to an answer (arviz-stats `psense`).
MATTERS = 0.05


@dataclass(frozen=True)
class Pull:
    """A study and how far its rows pull an answer, in posterior sd per doubling of weight."""

    study: str
    pull: float


@dataclass(frozen=True)
class Foundation:
    """What a named answer rests on.

    Attributes
    ----------
    name : str
        As among the named answers.
    effect : Effect
        Whom and what it is about.
    narrow, wide : Span, optional
        The answer if mouse and human effects are alike within a factor of about 1.5 (sd of the log
        0.25) or may differ several-fold (sd 1).
    contraction : float
        Share of the prior variance that the data removed.
    rhat, ess_bulk, ess_tail, mcse : float
    prior_power, data_power : float
        Power scaling of the prior and of all rows.
    streams : mapping of str to float
        Power scaling of each kind of data.
    pulls : tuple of Pull
        Strongest first.
    """

    name: str
    effect: Effect
    narrow: Span | None
    wide: Span | None
    contraction: float | None
    rhat: float | None
    ess_bulk: float | None
    ess_tail: float | None
    mcse: float | None
    prior_power: float | None
    data_power: float | None
    streams: Mapping[str, float] = field(default_factory=dict)
    pulls: tuple[Pull, ...] = ()

    @property
    def judged(self) -> str:
        """What power scaling says of the answer, in words."""
        if self.prior_power is None or self.data_power is None:
            return ""
        if self.prior_power > MATTERS:
            both = self.data_power > MATTERS
            return "prior and data may disagree" if both else "the prior decides"
        return "the data decide" if self.data_power > MATTERS else "neither moves it"


@dataclass(frozen=True)
class PriorRow:
    """A published value beside what the prior alone would have published in its place."""

    row: str
    quantity: str
    unit: str
    role: str
    reported: float
    predicted: Span

    @property
    def inside(self) -> bool:
        """Whether the value lies in the 90 % interval of the prior prediction."""
        return self.predicted.lo90 <= self.reported <= self.predicted.hi90


@dataclass(frozen=True)
class Impossible:
    """Something biologically impossible, and the share of prior draws that hold it."""

    what: str
    low: float | None
    high: float | None
    reason: str
    share: float


@dataclass(frozen=True)
class Pair:
    """Two parameters that the data tie together, with their rank correlation."""

    one: str
    other: str
    correlation: float


@dataclass(frozen=True)
class Moved:
    """A parameter that the data moved, the argument of its prior, and what moves with it."""

    meaning: str
    unit: str
    prior: Span
    posterior: Span
    reason: str
    remark: str
    answers: str
    conflict: bool


@dataclass(frozen=True)
class Ground:
    """All of it."""

    foundations: tuple[Foundation, ...] = ()
    prior_rows: tuple[PriorRow, ...] = ()
    impossible: tuple[Impossible, ...] = ()
    pairs: tuple[Pair, ...] = ()
    moved: tuple[Moved, ...] = ()
    double_use: tuple[str, ...] | None = None  # studies with both prior and fitted rows
