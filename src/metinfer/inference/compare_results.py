"""What a comparison found, as plain data that a file can hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from metinfer.inference.learnt import Summary

#: Largest R-hat of the free unknowns of a short fit: its answers are medians of mixtures.
RHAT_SHORT = 1.05
#: What is said of a variant whose chains are not to be trusted.
NOT_JUDGED = "Not judged"
#: Fewest effective draws of the worst unknown of a short fit, and fewest chains, of which R-hat
#: says anything.
ESS_SHORT, CHAINS_SHORT = 50.0, 2


@dataclass(frozen=True)
class Quality:
    """How a fit went.

    Attributes
    ----------
    chains, draws : int
        Chains that finished, and draws of each.
    rhat, ess : float or None
        Worst R-hat and worst bulk ESS over the free unknowns; None for a single chain.
    divergences : int
    seconds : float
        Time of sampling, summed over its chains.
    failures : tuple of str
        Why chains are missing.
    tries : int
        2 if its chains diverged or disagreed at first, and were made again with smaller steps.
    lost : int
        Chains whose workers were lost: nothing is kept of them, and they are tried again.
    """

    chains: int
    draws: int
    rhat: float | None
    ess: float | None
    divergences: int
    seconds: float
    failures: tuple[str, ...] = ()
    tries: int = 1
    lost: int = 0


def faults(quality: Quality) -> list[str]:
    """Reasons not to trust the draws of a fit."""
    found = [f"a chain failed ({reason})" for reason in quality.failures]
    if quality.rhat is not None and not quality.rhat <= RHAT_SHORT:
        found.append(f"R-hat is {quality.rhat:.3f}; the limit is {RHAT_SHORT}")
    if quality.divergences:
        found.append(f"{quality.divergences} divergences")
    return found


def thinness(quality: Quality) -> list[str]:
    """Reasons why the draws of a fit that has no fault are too few to stand for its posterior."""
    found = []
    if quality.chains < CHAINS_SHORT:
        found.append(f"{quality.chains} chain cannot be told to agree; {CHAINS_SHORT} are needed")
    if quality.ess is None or not quality.ess >= ESS_SHORT:
        shown = "unknown" if quality.ess is None else f"{quality.ess:.0f}"
        found.append(f"effective draws are {shown}; {ESS_SHORT:.0f} are needed")
    return found


@dataclass(frozen=True)
class VariantResult:
    """One variant of the mechanism on the same rows.

    Attributes
    ----------
    prior_weight, stacking_weight : float
    elpd, elpd_se : float
        Expected log score of new rows, by leaving out each row in turn, and its standard error.
    difference, difference_se : float
        `elpd` less that of the base variant, from the same rows.
    pareto_max : float
        Largest Pareto k before the refits.
    exact, doubtful : tuple of str
        Rows above the limit of k: left out by a fit without them, or not.
    sentence : str
        What the tables can tell.
    """

    name: str
    label: str
    reason: str
    prior_weight: float
    stacking_weight: float
    elpd: float
    elpd_se: float
    difference: float
    difference_se: float
    pareto_max: float
    pareto_limit: float
    exact: tuple[str, ...]
    doubtful: tuple[str, ...]
    sentence: str
    quality: Quality

    @property
    def judged(self) -> bool:
        """Whether its chains are to be trusted, so that it has a part in averages."""
        return not self.sentence.startswith(NOT_JUDGED)


@dataclass(frozen=True)
class Prediction:
    """A published number and what the other studies predict in its place.

    `row` is the row's id, or an arm with follow-up intervals (all its events); `place` is where
    the number lies in its prediction, from 0 (below all of it) to 1.
    """

    row: str
    label: str
    observed: float
    median: float
    lo90: float
    hi90: float
    place: float

    @property
    def tail(self) -> float:
        """Two-sided tail probability."""
        return 2.0 * min(self.place, 1.0 - self.place)


@dataclass(frozen=True)
class StudyResult:
    """One study left out, and predicted from the others.

    Attributes
    ----------
    values : int
        Rows and follow-up intervals of the study.
    score, score_with : float
        Log predictive density of its rows, summed: without the study, and with it.
    inside50, inside90 : int
        Values inside their 50 % and 90 % predictive intervals.
    tail : float
        Smallest tail probability of its rows and of the events in all of each arm, times their
        number (Bonferroni), at most 1.
    surprising : bool
    why : str
    predictions : tuple of Prediction
        Rows, and the events in all of each arm with follow-up intervals.
    moved : tuple of (str, float)
        Unknowns that move most without it, in posterior sd.
    alone : tuple of str
        Unknowns that fall back to their prior without it: no other study informs them.
    """

    study: str
    citation: str
    values: int
    score: float
    score_with: float
    inside50: int
    inside90: int
    tail: float
    surprising: bool
    why: str
    predictions: tuple[Prediction, ...]
    moved: tuple[tuple[str, float], ...]
    alone: tuple[str, ...]
    quality: Quality


@dataclass(frozen=True)
class AnswerResult:
    """One named answer under every variant and without every study.

    Attributes
    ----------
    variants, left_out : mapping of str to Summary
    prior : Summary or None
    by_prior, by_stacking : Summary
        Averages over the variants, by prior and by stacking weights.
    sentence : str
    """

    name: str
    therapy: str
    population: str
    measure: str
    time_year: float
    variants: Mapping[str, Summary]
    left_out: Mapping[str, Summary]
    prior: Summary | None
    by_prior: Summary
    by_stacking: Summary
    sentence: str


@dataclass(frozen=True)
class Comparison:
    """Everything that `compare` found. `reasons` say why it is not to be trusted, if it is not.

    `lost` counts fits that the workers of a cluster did not survive: the same call tries again.
    """

    origin: Mapping[str, str]
    plan: Mapping[str, Any]
    variants: tuple[VariantResult, ...]
    studies: tuple[StudyResult, ...]
    answers: tuple[AnswerResult, ...]
    seconds: float
    cores: int
    reasons: tuple[str, ...] = field(default=())
    lost: int = 0

    @property
    def trusted(self) -> bool:
        """Whether every fit was made and its chains agree."""
        return not self.reasons

    def to_dict(self) -> dict[str, Any]:
        """Plain data for `comparison.json`."""
        return asdict(self)

    @classmethod
    def from_dict(cls, found: Mapping[str, Any]) -> Comparison:
        """The comparison that `to_dict` wrote."""
        parts = {
            "variants": tuple(_with_quality(VariantResult, v) for v in found["variants"]),
            "studies": tuple(_study(s) for s in found["studies"]),
            "answers": tuple(_answer(a) for a in found["answers"]),
            "reasons": tuple(found["reasons"]),
        }
        return cls(**{**found, **parts})


def _with_quality(kind: Any, found: Mapping[str, Any], **more: Any) -> Any:
    quality = Quality(**{**found["quality"], "failures": tuple(found["quality"]["failures"])})
    plain = {k: tuple(v) if isinstance(v, list) else v for k, v in found.items()}
    return kind(**{**plain, "quality": quality, **more})


def _study(found: Mapping[str, Any]) -> StudyResult:
    predictions = tuple(Prediction(**_numbers(p)) for p in found["predictions"])
    moved = tuple((name, value) for name, value in found["moved"])
    study: StudyResult = _with_quality(StudyResult, found, predictions=predictions, moved=moved)
    return study


def _answer(found: Mapping[str, Any]) -> AnswerResult:
    def summary(values: Mapping[str, Any] | None) -> Summary | None:
        return None if values is None else Summary(**_numbers(values))

    single = {k: summary(found[k]) for k in ("prior", "by_prior", "by_stacking")}
    many = {k: {n: summary(s) for n, s in found[k].items()} for k in ("variants", "left_out")}
    return AnswerResult(**{**found, **single, **many})


def _numbers(found: Mapping[str, Any]) -> dict[str, Any]:
    """JSON has no NaN: None stands for it."""
    return {k: float("nan") if v is None else v for k, v in found.items()}
