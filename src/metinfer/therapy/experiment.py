"""The next experiment: what a measurement would show, and how much it would teach.

Preposterior analysis (Raiffa and Schlaifer 1961): data are simulated from posterior draws, and
for each data set all draws are weighted by their likelihood. The variance of the named answer
under those weights is what a refit would leave; its mean over data sets is the expected
variance. The draw that made the data is left out, or few draws would look too certain.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from metinfer.inference.learnt import LEARNT, STATE_OF, reasons
from metinfer.therapy.assurance import QUANTILES, Assurance, assurance
from metinfer.therapy.decide import Question
from metinfer.therapy.outcomes import contrasts
from metinfer.therapy.plans import EVENTS, READOUTS, Plan
from metinfer.therapy.populations import YEAR
from metinfer.therapy.predict import arms, scenes
from metinfer.therapy.simulate import clock, simulate

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

    def log_likelihoods(self, seen: np.ndarray) -> np.ndarray:
        """Log likelihood of data sets (data set, arm) under every draw (data set, draw).

        Up to a constant of each data set.
        """
        if self.readout == "binomial":
            inside = np.clip(self.predicted, 1e-12, 1.0 - 1e-12)
            events = np.round(seen * self.n)
            parts = zip(events.T, inside.T, strict=True)
            return np.sum(
                [k[:, None] * np.log(p) + (self.n - k[:, None]) * np.log1p(-p) for k, p in parts],
                axis=0,
            )
        error = self.sd / np.sqrt(self.n)
        gap = (seen[:, None, :] - self.predicted[None]) / error
        return np.asarray(-0.5 * np.sum(gap**2, axis=-1))

    def log_likelihood(self, seen: np.ndarray) -> np.ndarray:
        """Log likelihood of one data set (arm,) under every draw (draw,)."""
        return self.log_likelihoods(np.asarray(seen)[None])[0]


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
        Probability that the answer will count as learnt (`inference.learnt.verdict`: neither
        assumed nor narrowed only); NaN without a prior.
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
    """Expected variance of one answer after an experiment, as `expect_all`."""
    priors = {} if prior is None else {"": prior}
    return expect_all(experiment, {"": answer}, rng, priors, data_sets)[""]


def expect_all(
    experiment: Experiment,
    answers: Mapping[str, np.ndarray],
    rng: np.random.Generator,
    priors: Mapping[str, np.ndarray],
    data_sets: int = 200,
) -> dict[str, Expected]:
    """Expected variance of some answers after an experiment; one set of results serves all.

    Parameters
    ----------
    experiment : Experiment
    answers : mapping of str to ndarray (draw,)
        Of the same draws. Whether a therapy's effect is learnt is judged by its risk ratio: a
        risk reduction also narrows when only the baseline risk is learnt.
    rng : Generator
    priors : mapping of str to ndarray (draw,)
        The same answers under the prior, of any number of draws.
    data_sets : int
        Simulated results.
    """
    good = np.flatnonzero(np.isfinite(experiment.predicted).all(axis=1))
    which = good[rng.integers(len(good), size=data_sets)]
    seen = experiment.draw(which, rng)
    log_likelihood = np.full((data_sets, len(experiment.predicted)), -np.inf)
    log_likelihood[:, good] = experiment.log_likelihoods(seen)[:, good]
    result = np.quantile(seen, QUANTILES, axis=0)
    return {
        name: _expected(experiment.name, result, (log_likelihood, which), answer, priors.get(name))
        for name, answer in answers.items()
    }


def _expected(
    name: str,
    result: np.ndarray,
    scored: tuple[np.ndarray, np.ndarray],
    answer: np.ndarray,
    prior: np.ndarray | None,
) -> Expected:
    """One answer, from log likelihoods (data set, draw) and the draw that made each data set."""
    good = np.isfinite(answer)
    kept = good[scored[1]]  # a data set whose own answer failed tells nothing of it
    value, place = answer[good], np.cumsum(good) - 1
    weight = weights(scored[0][np.ix_(kept, good)], place[scored[1][kept]])
    mean = weight @ value
    variance = np.sum(weight * (value - mean[:, None]) ** 2, axis=1)
    becomes, learnt = float("nan"), None
    if prior is not None:
        becomes = float(np.mean(_learnt(prior, value, weight)))
        even = np.full((1, len(value)), 1.0 / len(value))
        learnt = bool(_learnt(prior, value, even)[0])
    return Expected(
        name=name,
        result=result,
        variance=float(value.var()),
        expected_variance=float(variance.mean()),
        standard_error=float(variance.std() / np.sqrt(len(variance))),
        becomes_learnt=becomes,
        learnt=learnt,
        draws=float(np.median(1.0 / np.sum(weight**2, axis=1))),
    )


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


def niche_fold(question: Question, state: str, day: float, n: int, log_sd: float) -> Experiment:
    """Log ratio of a part of the niche on a day, treated over untreated, `n` subjects per arm.

    Parameters
    ----------
    state : str
        Symbol of a state of the model; of a mixture of contexts, the first is read.
    log_sd : float
        Standard deviation of the natural log between subjects.
    """
    scene = scenes(question.population)[0]
    time = clock(question.population.horizons[-1]) * YEAR
    levels = [
        np.log(simulate(question.draws, [scene], question.therapies, t, (state,))[scene][..., 0])
        for t in (question.therapy, None)
    ]
    change = levels[0] - levels[1]
    told = np.array([np.interp(day, time, row) for row in change])[:, None]
    name = f"{state} under {question.therapy.name} in {question.population.name}, day {day:g}"
    return Experiment(name, told, n, "normal", log_sd * np.sqrt(2.0))


def planned(plan: Plan, question: Question) -> Experiment:
    """Return the experiment of a plan; `question` holds its therapy and population."""
    if plan.readout == EVENTS:
        return two_arms(question, plan.day, plan.n)
    return niche_fold(question, READOUTS[plan.readout], plan.day, plan.n, plan.log_sd)


def assured(experiment: Experiment, rng: np.random.Generator) -> Assurance:
    """Assurance of a two-arm experiment that counts events (`assurance.assurance`)."""
    untreated, treated = experiment.predicted.T
    return assurance(treated, untreated, experiment.n, rng)


def weights(log_likelihood: np.ndarray, source: np.ndarray | int | None = None) -> np.ndarray:
    """Weights (..., draw) that add up to 1 over draws; the draw `source` (...) gets none."""
    scores = np.array(log_likelihood, dtype=float)
    if source is not None and scores.shape[-1] > 1:
        np.put_along_axis(scores, np.asarray(source)[..., None], -np.inf, axis=-1)
    weight = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return np.asarray(weight / weight.sum(axis=-1, keepdims=True))


def _learnt(prior: np.ndarray, value: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Whether the answer would count as learnt, per data set, from weighted draws.

    By the rule of `inference.learnt.verdict`.
    """
    order = np.argsort(value)
    reached = np.cumsum(weight[:, order], axis=1)
    before = prior[np.isfinite(prior)]

    def weighted(probabilities: np.ndarray) -> np.ndarray:
        place = np.stack([(reached < p).sum(axis=1) for p in probabilities])
        return np.asarray(value[order][np.minimum(place, len(value) - 1)])

    def known(probabilities: np.ndarray) -> np.ndarray:
        return np.quantile(before, probabilities)[:, None]

    why = reasons(known, weighted, (len(before), len(value)))
    return np.array([STATE_OF[str(w)] == LEARNT for w in why])
