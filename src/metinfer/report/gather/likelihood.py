"""How each published statistic is scored: formula, the class that ran, and how many rows."""

from __future__ import annotations

from collections import Counter
from typing import Any

from metinfer.report.content import Likelihood

#: Registry name -> what the statistic is, and how it is distributed given the prediction.
FORMULAS = {
    "interval_person_time": (
        "events in a follow-up interval",
        "events ~ Poisson(person-time \u00d7 mean predicted hazard of the interval)",
    ),
    "interval_at_risk": (
        "events among those at risk",
        "events ~ Binomial(effective n at risk, 1 \u2212 S(end)/S(start))",
    ),
    "proportion": (
        "k of n",
        "k ~ Binomial(n, p); p = 1 \u2212 1/(1 + L/s)\u02e2 for a mean of L metastases, frailty "
        "shape s",
    ),
    "beta_binomial": (
        "k of n, patients of one series alike",
        "k ~ BetaBinomial(n, mean p, correlation 0.01)",
    ),
    "mean": (
        "mean with SD or SEM",
        "mean ~ Normal(\u03bc, \u03c3/\u221an) and (n \u2212 1)s\u00b2/\u03c3\u00b2 ~ "
        "\u03c7\u00b2(n \u2212 1)",
    ),
    "mean_sem": (
        "mean with SD or SEM, spread taken as known",
        "mean ~ Normal(\u03bc, SEM \u00d7 \u221a((n \u2212 1)/(n \u2212 3)))",
    ),
    "mean_log": (
        "mean with SD or SEM of a positive, skewed quantity",
        "log median = ln m \u2212 ln(1 + cv\u00b2)/2, log SD = \u221aln(1 + cv\u00b2); then as a "
        "geometric mean",
    ),
    "geometric_mean": (
        "geometric mean with log SD",
        "mean ln x ~ Normal(ln predicted, \u221a(\u03c3\u00b2/n + spread between groups\u00b2)); "
        "s\u00b2 of logs ~ \u03c3\u00b2\u03c7\u00b2(n \u2212 1)/(n \u2212 1)",
    ),
    "count_mean": (
        "mean of counts with SEM",
        "n \u00d7 mean ~ NegBinomial(nL, n\u00d7shape); s\u00b2 given the total by its exact "
        "moments",
    ),
    "count_total": (
        "total of counts",
        "total ~ NegBinomial(nL, n\u00d7shape)",
    ),
    "count": (
        "count in one animal",
        "count ~ NegBinomial(L, shape)",
    ),
    "median": (
        "median with quartiles or range",
        "joint density of the median and its quartiles or extremes among n",
    ),
    "median_log": (
        "median with quartiles or range, skewed",
        "joint density of the median and its quartiles or extremes among n, on logs",
    ),
    "individual": (
        "single values",
        "x ~ Normal(\u03bc, \u03c3), censored at detection limits",
    ),
    "individual_log": (
        "single values, positive",
        "ln x ~ Normal(ln predicted, \u03c3), censored at the limits given",
    ),
    "ratio": (
        "ratio with interval",
        "ln reported ~ Normal(ln predicted, SE from the interval)",
    ),
    "risk_ratio": (
        "risk ratio with interval",
        "ln reported ~ Normal(ln predicted, SE from the interval)",
    ),
    "odds_ratio": (
        "odds ratio with interval",
        "ln reported ~ Normal(ln predicted, SE from the interval)",
    ),
    "rate": (
        "rate with interval",
        "ln reported ~ Normal(ln predicted, SE from the interval)",
    ),
    "rate_events": (
        "events in a person-time",
        "events ~ Poisson(rate \u00d7 person-time)",
    ),
    "hazard_ratio": (
        "hazard ratio with interval",
        "ln HR ~ Normal(causal share \u00d7 ln predicted marginal HR, \u221a(SE\u00b2 + "
        "confounding\u00b2))",
    ),
    "ordered": (
        "\u201cmore than\u201d, without numbers",
        "P(as stated) = c \u03a6(d/tolerance) + (1 \u2212 c) \u03a6(\u2212d/tolerance), d the "
        "log ratio of the groups",
    ),
    "bound": (
        "\u201cat least\u201d or \u201cat most\u201d",
        "P(as stated) = c \u03a6(z) + (1 \u2212 c) \u03a6(\u2212z)",
    ),
    "survival": (
        "share event-free with interval",
        "ln(\u2212ln S) ~ Normal(ln H, SE)",
    ),
    "cumulative_incidence": (
        "share with event, with interval",
        "ln(\u2212ln(1 \u2212 I)) ~ Normal(ln H, SE)",
    ),
    "survival_n": (
        "share event-free with n",
        "n \u00d7 S ~ Binomial(n, S)",
    ),
    "cumulative_incidence_n": (
        "share with event, with n",
        "n \u00d7 I ~ Binomial(n, I)",
    ),
}


def likelihoods(evidence: Any) -> tuple[Likelihood, ...]:
    """Return every statistic that scores or predicts a row, most used first."""
    from metinfer.inference.families import statistic_of
    from metinfer.inference.statistics import STATISTICS

    counts: Counter[tuple[str, str]] = Counter()
    for row in evidence.measurements:
        if row.role in ("fit", "check"):
            counts[statistic_of(row), row.role] += 1
    for line in evidence.intervals:
        if line.role in ("fit", "check"):
            counts["interval_person_time", line.role] += 1
    total = Counter(name for name, _ in counts.elements())
    made = []
    for name, _ in total.most_common():
        kind = type(STATISTICS[name])
        summary = (kind.__doc__ or name).strip().partition("\n")[0]
        words, formula = FORMULAS.get(name, (name.replace("_", " "), summary))
        code = f"{kind.__module__.rpartition('.')[2]}.{kind.__name__}"
        made.append(Likelihood(words, formula, counts[name, "fit"], counts[name, "check"], code))
    return tuple(made)
