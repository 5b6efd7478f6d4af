"""Comparisons with SciPy, R's metafor, and brute-force simulation of medians."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytensor.tensor as pt
import scipy
from scipy import stats

from metinfer.inference.statistics import STATISTICS, share_control, shared_control_logp


@dataclass
class Table:
    """Lines of (what, metinfer, outside), and what was compared."""

    name: str
    text: str
    lines: list[tuple[str, float, float]] = field(default_factory=list)
    remark: str = ""

    def add(self, what: str, ours: Any, theirs: Any) -> None:
        """Append one line."""
        self.lines.append((what, float(ours), float(theirs)))

    @property
    def rows(self) -> list[tuple[str, float, float, float]]:
        """Lines with their absolute difference."""
        return [(what, a, b, abs(a - b)) for what, a, b in self.lines]

    @property
    def worst(self) -> str:
        """Largest difference, or a dash."""
        return f"{max(d for *_, d in self.rows):.1e}" if self.lines else "-"


def column(**cells: Any) -> dict[str, np.ndarray]:
    """Columns of one row."""
    return {
        k: np.array([v], dtype=object if isinstance(v, str) else float) for k, v in cells.items()
    }


def prepared(name: str, **cells: Any) -> dict[str, np.ndarray]:
    return STATISTICS[name].prepare(column(**cells))


def score(name: str, columns: dict[str, Any], **pred: float) -> float:
    """Log-density of one row."""
    data = STATISTICS[name].prepare(column(**columns))
    at = {k: pt.as_tensor(np.array([v], dtype=float)) for k, v in pred.items()}
    return float(STATISTICS[name].logp(data, at).eval(mode="FAST_COMPILE")[0])


def scipy_densities() -> Table:
    """Log-densities against scipy.stats."""
    table = Table(f"SciPy {scipy.__version__}", "Log-densities against `scipy.stats`.")
    normal, k, n = stats.norm, 4, 12
    table.add("individual: norm", score("individual", {"value": 2.9}, value=2, sd=0.7),
              normal(2, 0.7).logpdf(2.9))  # fmt: skip
    table.add("individual below 1.1: norm.logcdf",
              score("individual", {"value": np.nan, "lod": 1.1}, value=2, sd=0.7),
              normal(2, 0.7).logcdf(1.1))  # fmt: skip
    table.add("individual_log: lognorm", score("individual_log", {"value": 2.9}, value=2, sd=0.7),
              stats.lognorm(0.7, scale=2).logpdf(2.9))  # fmt: skip
    table.add("mean and SD of 9: norm x chi2",
              score("mean", {"value": 3, "low": 1.2, "n": 9, "spread": "sd"}, value=2.5, sd=1),
              normal(2.5, 1 / 3).logpdf(3) + stats.chi2(8, scale=1 / 8).logpdf(1.44))  # fmt: skip
    table.add("percentile 0.9 of 19: beta of F",
              score("percentile", {"value": 3.1, "level": 0.9, "n": 19}, value=2, sd=0.8),
              stats.beta(18, 2).logpdf(normal(2, 0.8).cdf(3.1))
              + normal(2, 0.8).logpdf(3.1))  # fmt: skip
    table.add("proportion: binom", score("proportion", {"events": k, "n": n}, value=0.3),
              stats.binom(n, 0.3).logpmf(k))  # fmt: skip
    table.add("beta_binomial: betabinom",
              score("beta_binomial", {"events": k, "n": n}, value=0.3, overdispersion=0.1),
              stats.betabinom(n, 0.3 * 9, 0.7 * 9).logpmf(k))  # fmt: skip
    table.add("count: nbinom", score("count", {"value": 7}, value=4, shape=1.5),
              stats.nbinom(1.5, 1.5 / 5.5).logpmf(7))  # fmt: skip
    table.add("sum of 8 counts: nbinom",
              score("count_total", {"events": 41, "n": 8}, value=4, shape=1.5),
              stats.nbinom(12, 12 / 44).logpmf(41))  # fmt: skip
    table.add("rate from events: poisson",
              score("rate_events", {"events": 12, "person_time": 700}, value=0.015),
              stats.poisson(10.5).logpmf(12))  # fmt: skip
    table.add("three ratios, two of one control: multivariate_normal", *_shared())
    return table


def _shared() -> tuple[float, float]:
    log, se, value = (
        np.array([0.5, -0.2, 0.9]),
        np.array([0.3, 0.5, 0.4]),
        np.array([1.2, 1.1, 2.0]),
    )
    shared = share_control(np.array(["a", "b", "a"]), se, np.full(3, 0.2))
    data = {"log_value": log, "se": se, "step": np.ones(3)}
    logp = shared_control_logp(data, {"value": pt.as_tensor(value)}, shared).eval()
    covariance = np.diag(se**2)
    covariance[0, 2] = covariance[2, 0] = 0.04
    return logp.sum(), stats.multivariate_normal(np.log(value), covariance).logpdf(log)


R_CODE = """
suppressMessages(library(metafor))
arms <- data.frame(ai=c(9,4,12,20), n1=c(12,12,30,45), ci=c(5,9,7,31), n2=c(13,12,31,44))
out <- list(version=as.character(packageVersion("metafor")))
for (m in c("RR","OR")) {
  s <- summary(escalc(measure=m, ai=ai, n1i=n1, ci=ci, n2i=n2, data=arms), transf=exp)
  e <- escalc(measure=m, ai=ai, n1i=n1, ci=ci, n2i=n2, data=arms)
  f <- rma(yi, vi, data=e, method="FE")
  out[[m]] <- list(value=as.numeric(s$yi), low=s$ci.lb, high=s$ci.ub, yi=as.numeric(e$yi),
    se=sqrt(e$vi), pooled=as.numeric(f$beta), logLik=as.numeric(logLik(f)))
}
r <- escalc(measure="ROM", m1i=c(4,6.5), sd1i=c(1.2,2), n1i=c(8,10), m2i=c(1.1,1.1),
  sd2i=c(.3,.3), n2i=c(9,9))
c2 <- (.3/1.1)^2/9
V <- diag(r$vi); V[1,2] <- V[2,1] <- c2
f <- rma.mv(r$yi, V, method="ML")
out$ROM <- list(yi=as.numeric(r$yi), se=sqrt(r$vi), control_se=sqrt(c2), pooled=as.numeric(f$beta),
  logLik=as.numeric(logLik(f)))
i <- escalc(measure="IRLN", xi=c(12,31), ti=c(700,1450))
s <- summary(i, transf=exp)
out$IRLN <- list(value=as.numeric(s$yi), low=s$ci.lb, high=s$ci.ub, se=sqrt(i$vi))
num <- function(x) if (is.list(x)) paste0("{", paste0('"', names(x), '":', sapply(x, num),
  collapse=","), "}") else if (is.character(x)) paste0('"', x, '"') else
  paste0("[", paste(sprintf("%.15g", x), collapse=","), "]")
cat(num(out))
"""


def metafor() -> Table:
    """Log ratios, standard errors and log-likelihoods against R's metafor."""
    name = "metafor (R)"
    program = shutil.which("Rscript")
    done = program and subprocess.run([program, "-e", R_CODE], capture_output=True, text=True)
    if not done or done.returncode:
        return Table(name, "Not available where this was run.", remark="not run")
    found = json.loads(done.stdout)
    table = Table(f"metafor {found['version']} (R)", METAFOR)
    for measure, statistic in (("RR", "risk_ratio"), ("OR", "odds_ratio")):
        _two_by_two(table, found[measure], measure, statistic)
    _folds(table, found["ROM"])
    for i in range(2):
        at = {k: v[i] for k, v in found["IRLN"].items()}
        cells = {k: at[k] for k in ("value", "low", "high")}
        se = prepared("rate", spread="ci95", **cells)["se"][0]
        table.add(f"log rate {i + 1}, SE from its interval (IRLN)", se, at["se"])
    return table


METAFOR = (
    "metafor makes estimates and intervals from two-by-two tables and from means, and pools them. "
    "metinfer gets only what a paper would print (estimate, interval). Compared are the standard "
    "error of each log ratio, and the log-likelihood of all of them at the pooled estimate "
    "(`rma`, and `rma.mv` with the covariance of two folds of one control)."
)


def _two_by_two(table: Table, found: dict[str, Any], measure: str, statistic: str) -> None:
    total = 0.0
    for i in range(4):
        cells = {k: found[k][i] for k in ("value", "low", "high")} | {"spread": "ci95"}
        data = prepared(statistic, **cells)
        table.add(f"{measure} {i + 1}, SE of the log", data["se"][0], found["se"][i])
        total += score(statistic, cells, value=float(np.exp(found["pooled"][0])))
    table.add(f"{measure}, log-likelihood at the pooled estimate", total, found["logLik"][0])


def _folds(table: Table, found: dict[str, Any]) -> None:
    se, control = np.array(found["se"]), np.full(2, found["control_se"][0])
    data = {"log_value": np.array(found["yi"]), "se": se, "step": np.ones(2)}
    value = {"value": pt.as_tensor(np.full(2, np.exp(found["pooled"][0])))}
    shared = share_control(np.array(["control", "control"]), se, control)
    logp = shared_control_logp(data, value, shared).eval().sum()
    table.add("ROM, two folds of one control, log-likelihood", logp, found["logLik"][0])


SAMPLES = 4_000_000


def medians() -> Table:
    """Probabilities of rounded medians and quartiles against simulated groups."""
    table = Table("simulated groups (in place of metamedian)", MEDIANS.format(SAMPLES),
                  remark="metamedian is not packaged; Monte Carlo error")  # fmt: skip
    rng = np.random.default_rng(3)
    for n, spread, log, numbers in (
        (7, "iqr", False, (2, 3, 4)), (11, "iqr", False, (2, 3, 3)), (11, "iqr", True, (2, 3, 5)),
        (7, "range", True, (1, 3, 7)), (5, "range", False, (2, 3, 4)),
    ):  # fmt: skip
        name = "median_log_rounded" if log else "median_rounded"
        cells = dict(zip(("low", "value", "high"), numbers, strict=True))
        row = {**cells, "n": n, "spread": spread, "resolution": 1.0}
        ours = np.exp(score(name, row, value=3.0, sd=0.6 if log else 1.0))
        theirs = _share(n, spread, log, numbers, rng)
        error = np.sqrt(theirs / SAMPLES)
        kind = "log-normal" if log else "normal"
        what = f"{kind}, n {n}, {spread} {numbers[0]}-{numbers[2]}, median {numbers[1]}"
        table.add(f"{what} (simulation +- {error:.1e})", ours, theirs)
    return table


MEDIANS = (
    "The probability that n values have these quartiles (or extremes) and this median after "
    "rounding to whole numbers, against the share of {:,} simulated groups that have them. Ranks "
    "are whole (n 5, 7, 11), where the likelihood is exact."
)


def _share(
    n: int, spread: str, log: bool, numbers: tuple[int, ...], rng: np.random.Generator
) -> float:
    at = (
        [0, n // 2, n - 1]
        if spread == "range"
        else [(n + 1) // 4 - 1, n // 2, 3 * (n + 1) // 4 - 1]
    )
    hits, block = 0, 200_000
    for _ in range(SAMPLES // block):
        x = rng.normal(0.0, 1.0, (block, n))
        x = 3.0 * np.exp(0.6 * x) if log else 3.0 + x
        picked = np.sort(x, axis=1)[:, at]
        hits += int((np.round(picked) == np.array(numbers)).all(axis=1).sum())
    return hits / SAMPLES
