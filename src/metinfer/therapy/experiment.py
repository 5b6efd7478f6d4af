"""The next experiment: what a measurement would show, and how much it would teach.

Preposterior analysis (Raiffa and Schlaifer 1961): data are simulated from posterior draws, and
for each data set all draws are weighted by their likelihood. The variance of the named answer
under those weights is what a refit would leave; its mean over data sets is the expected
variance. The draw that made the data is left out, or few draws would look too certain.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.stats import binom, norm

from metinfer.inference.learnt import ASSUMED_ABOVE
from metinfer.therapy.decide import Assurance, Question, assurance
from metinfer.therapy.outcomes import contrasts
from metinfer.therapy.populations import YEAR
from metinfer.therapy.predict import arms
from metinfer.therapy.simulate import clock

#: Quantiles reported of a result.
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
#: Effective draws below which an expected variance is not to be trusted.
LEAST_DRAWS = 30.0


@dataclass(frozen=True)
class Experiment:
    """A candidate measurement: what each draw predicts of it, and how it is read.

    Attributes
    ----------
    name : str
    predicted : ndarray (draw, arm)
        Share with an event, or mean of the readout, in each arm.
    n : int
        Subjects per arm.
    readout : str
        ``binomial`` (events among n) or ``normal`` (mean of n values).
    sd : float
        Standard deviation between subjects, for a normal readout.
    """

    name: str
    predicted: np.ndarray
    n: int
    readout: Literal["binomial", "normal"] = "binomial"
    sd: float = 1.0

    def draw(self, which: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Observed share or mean (data set, arm), one data set per draw of `which`."""
        told = self.predicted[which]
        if self.readout == "binomial":
            return rng.binomial(self.n, np.clip(told, 0.0, 1.0)) / self.n
        return rng.normal(told, self.sd / np.sqrt(self.n))

    def log_likelihood(self, seen: np.ndarray) -> np.ndarray:
        """Log likelihood of a data set (arm,) under every draw (draw,)."""
        if self.readout == "binomial":
            events = np.round(seen * self.n)
            inside = np.clip(self.predicted, 1e-12, 1.0 - 1e-12)
            return np.asarray(binom.logpmf(events, self.n, inside).sum(axis=1))
        error = self.sd / np.sqrt(self.n)
        return np.asarray(norm.logpdf(seen, self.predicted, error).sum(axis=1))


@dataclass(frozen=True)
class Expected:
    """What an experiment is expected to do to one answer.

    Attributes
    ----------
    name : str
    result : ndarray (quantile, arm)
        5, 25, 50, 75 and 95 % quantiles of what each arm will show.
    variance : float
        Of the answer now.
    expected_variance : float
        Of the answer after the experiment, averaged over what it may show.
    standard_error : float
        Monte-Carlo error of the expected variance.
    becomes_learnt : float
        Probability that the 90 % interval of the answer will share so little with that of the
        prior that it counts as learnt; NaN without a prior.
    learnt : bool or None
        Whether it counts as learnt already; None without a prior.
    draws : float
        Median effective number of draws; below `LEAST_DRAWS` the numbers are not `reliable`.
    """

    name: str
    result: np.ndarray
    variance: float
    expected_variance: float
    standard_error: float
    becomes_learnt: float
    learnt: bool | None
    draws: float

    @property
    def reduction(self) -> float:
        """Expected share of the variance that goes."""
        return 1.0 - self.expected_variance / self.variance if self.variance > 0 else 0.0

    @property
    def reliable(self) -> bool:
        """Whether enough draws carry the weight."""
        return self.draws >= LEAST_DRAWS


def expect(
    experiment: Experiment,
    answer: np.ndarray,
    rng: np.random.Generator,
    prior: np.ndarray | None = None,
    data_sets: int = 200,
) -> Expected:
    """Expected variance of an answer after an experiment.

    Parameters
    ----------
    experiment : Experiment
    answer : ndarray (draw,)
        The named answer, of the same draws. Whether a therapy's effect is learnt is judged by
        its risk ratio: a risk reduction also narrows when only the baseline risk is learnt.
    prior : ndarray (draw,), optional
        The same answer under the prior, of any number of draws.
    data_sets : int
        Simulated results.
    """
    good = np.isfinite(answer) & np.isfinite(experiment.predicted).all(axis=1)
    value = answer[good]
    kept = Experiment(
        experiment.name, experiment.predicted[good], experiment.n, experiment.readout, experiment.sd
    )
    which = rng.integers(len(value), size=data_sets)
    seen = kept.draw(which, rng)
    variance, size, learnt = np.empty(data_sets), np.empty(data_sets), np.zeros(data_sets)
    for i, (source, data) in enumerate(zip(which, seen, strict=True)):
        weight = weights(kept.log_likelihood(data), int(source))
        mean = weight @ value
        variance[i] = weight @ (value - mean) ** 2
        size[i] = 1.0 / (weight @ weight)
        if prior is not None:
            learnt[i] = _learnt(prior, value, weight)
    even = np.full(len(value), 1.0 / len(value))
    return Expected(
        name=kept.name,
        result=np.quantile(seen, QUANTILES, axis=0),
        variance=float(value.var()),
        expected_variance=float(variance.mean()),
        standard_error=float(variance.std() / np.sqrt(data_sets)),
        becomes_learnt=float(learnt.mean()) if prior is not None else float("nan"),
        learnt=_learnt(prior, value, even) if prior is not None else None,
        draws=float(np.median(size)),
    )


def rank_experiments(
    candidates: Sequence[Experiment],
    answer: np.ndarray,
    rng: np.random.Generator,
    prior: np.ndarray | None = None,
    data_sets: int = 200,
) -> list[Expected]:
    """Expectations of all candidates, the one that narrows the answer most first."""
    found = [expect(c, answer, rng, prior, data_sets) for c in candidates]
    return sorted(found, key=lambda e: e.expected_variance)


def two_arms(question: Question, day: float, n: int) -> Experiment:
    """Share with metastasis on a day, with and without the therapy, `n` subjects per arm.

    Columns of `predicted` are the untreated and the treated arm.
    """
    year = day / YEAR
    asked = (question.draws, question.therapies, [question.population])
    (control,), base = arms(*asked, None)
    (arm,), _ = arms(*asked, question.therapy, base)
    time = clock(question.population.horizons[-1])
    found = contrasts(arm.curve, control.curve, time, year)
    told = np.stack([found["risk_untreated"], found["risk"]], axis=1)
    name = f"{question.therapy.name} in {question.population.name}, day {day:g}, {n} per arm"
    return Experiment(name, told, n)


def assured(experiment: Experiment, rng: np.random.Generator) -> Assurance:
    """Assurance of a two-arm experiment that counts events (`decide.assurance`)."""
    untreated, treated = experiment.predicted.T
    return assurance(treated, untreated, experiment.n, rng)


def weights(log_likelihood: np.ndarray, source: int | None = None) -> np.ndarray:
    """Weights (draw,) that add up to 1; the draw `source` gets none."""
    weight = np.exp(log_likelihood - log_likelihood.max())
    if source is not None and len(weight) > 1:
        others = log_likelihood.copy()
        others[source] = -np.inf
        weight = np.exp(others - others.max())
    return np.asarray(weight / weight.sum())


def _learnt(prior: np.ndarray, value: np.ndarray, weight: np.ndarray) -> bool:
    """Whether the 90 % intervals of the prior and of weighted draws overlap little enough."""
    order = np.argsort(value)
    reached = np.cumsum(weight[order])
    places = np.searchsorted(reached, [0.05, 0.95]).clip(0, len(value) - 1)
    low, high = value[order][places]
    first, last = np.quantile(prior[np.isfinite(prior)], [0.05, 0.95])
    union = max(high, last) - min(low, first)
    shared = max(0.0, min(high, last) - max(low, first))
    return bool(union > 0 and shared / union <= ASSUMED_ABOVE)
