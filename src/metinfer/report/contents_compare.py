"""What the page shows of a comparison: variants of the mechanism, and studies left out."""

from __future__ import annotations

from dataclasses import dataclass

from metinfer.report.content import Effect, Span


@dataclass(frozen=True)
class VariantLine:
    """One variant on the same rows; weights are shares, scores are natural logarithms."""

    key: str
    label: str
    reason: str
    difference: float
    error: float
    told: str
    prior_weight: float
    stacking_weight: float
    refitted: int  # rows judged by a fit without them
    pareto: float
    limit: float
    rhat: float | None
    divergences: int
    is_base: bool = False
    arises: str = ""  # the values that make most of the difference
    judged: bool = True  # its chains are to be trusted

    @property
    def verdict(self) -> str:
        """What the tables can tell, in two or three words."""
        if self.is_base:
            return "base"
        if not self.judged:
            return "not judged"
        for words in ("speak against", "speak for", "cannot happen"):
            if words in self.told:
                return words.replace("speak", "the tables speak").replace("cannot", "it cannot")
        return "cannot tell"

    @property
    def told_apart(self) -> bool:
        """Whether the tables speak for or against it."""
        return self.verdict not in ("base", "cannot tell", "not judged")


@dataclass(frozen=True)
class Foreseen:
    """A published number beside what the other studies predict in its place."""

    label: str
    observed: float
    predicted: Span
    place: float  # 0: below all of the prediction, 1: above
    unit: str = ""


@dataclass(frozen=True)
class StudyLine:
    """One study left out, and predicted from the others."""

    key: str
    source: str
    label: str  # first author and year
    values: int
    inside50: int
    inside90: int
    score: float  # per value, without the study
    score_with: float
    tail: float
    surprising: bool
    why: str
    moved: str
    alone: str
    draws: int  # behind the tail probability
    foreseen: tuple[Foreseen, ...]
    rhat: float | None
    divergences: int


@dataclass(frozen=True)
class FitAnswer:
    """An answer under one fit; `shift` of its median, as a share of the base 90 % interval."""

    key: str
    label: str
    kind: str  # "variant", "left out", "average" or "prior"
    span: Span
    shift: float | None


@dataclass(frozen=True)
class ComparedAnswer:
    """A named answer under every fit."""

    name: str
    effect: Effect
    fits: tuple[FitAnswer, ...]
    told: str

    def of(self, kind: str) -> tuple[FitAnswer, ...]:
        """The fits of one kind."""
        return tuple(f for f in self.fits if f.kind == kind)

    def span(self, key: str) -> Span | None:
        """The answer under the fit called `key`."""
        return next((f.span for f in self.fits if f.key == key), None)


@dataclass(frozen=True)
class ArmLine:
    """How much the fit hangs on the values of one group: Pareto k of leaving each out."""

    label: str
    values: int
    largest: float
    above: int
    limit: float


@dataclass(frozen=True)
class Compared:
    """A comparison of this very posterior. `reasons` say why it is not to be trusted."""

    variants: tuple[VariantLine, ...]
    studies: tuple[StudyLine, ...]
    answers: tuple[ComparedAnswer, ...]
    reasons: tuple[str, ...]
    observations: int
    effort: str
    told: str = ""  # how many left-out values lie inside their intervals
    arms: tuple[ArmLine, ...] = ()

    @property
    def surprises(self) -> tuple[StudyLine, ...]:
        """Studies that the others do not foresee."""
        return tuple(s for s in self.studies if s.surprising)

    @property
    def told_apart(self) -> tuple[VariantLine, ...]:
        """Variants that the tables speak for or against."""
        return tuple(v for v in self.variants if v.told_apart)

    @property
    def not_judged(self) -> tuple[VariantLine, ...]:
        """Variants whose chains are not to be trusted."""
        return tuple(v for v in self.variants if not v.judged)
