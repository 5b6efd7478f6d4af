"""Write cases.json: expected log-densities of each statistic, obtained without metinfer.

Run `python tests/reference/derive.py`. Each case says how its number was found: SciPy's
distributions, numerical integration, enumeration of every outcome, or a published example.
"""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import numpy as np
from scipy import integrate, stats
from scipy.special import gammaln, log_ndtr

CASES: list[dict] = []
nan = None


def case(statistic: str, how: str, columns: dict, pred: dict, expected: float, tol: float = 1e-6):
    CASES.append({
        "statistic": statistic, "how": how, "columns": columns, "pred": pred,
        "expected": float(expected), "tolerance": tol,
    })  # fmt: skip


def quad(f, a, b):
    value, _ = integrate.quad(f, a, b, epsabs=0, epsrel=1e-11, limit=400)
    return value


def individual():
    pdf = stats.norm(2.0, 0.7).pdf
    pred = {"value": 2.0, "sd": 0.7}
    case("individual", "scipy norm.logpdf", {"value": 2.9}, pred, stats.norm(2, 0.7).logpdf(2.9))
    case("individual", "integral of the density below the limit", {"value": nan, "lod": 1.1}, pred,
         np.log(quad(pdf, -20, 1.1)))  # fmt: skip
    case("individual", "integral of the density above the limit", {"value": nan, "low": 3.1}, pred,
         np.log(quad(pdf, 3.1, 20)))  # fmt: skip
    case("individual", "integral between the limits", {"value": nan, "low": 1.5, "high": 2.25},
         pred, np.log(quad(pdf, 1.5, 2.25)))  # fmt: skip
    case(
        "individual",
        "scipy log_ndtr at -40 SD",
        {"value": nan, "lod": -26.0},
        pred,
        log_ndtr(-40.0),
    )
    logn = stats.lognorm(0.7, scale=2.0)
    case("individual_log", "scipy lognorm.logpdf", {"value": 2.9}, pred, logn.logpdf(2.9))
    case("individual_log", "integral below the limit", {"value": nan, "lod": 1.1}, pred,
         np.log(quad(logn.pdf, 0, 1.1)))  # fmt: skip
    case("individual_log", "integral between the limits", {"value": nan, "low": 9.0, "high": 11.0},
         pred, np.log(quad(logn.pdf, 9.0, 11.0)))  # fmt: skip


def pair_density(mean, s2, mu, sigma):
    """Density of mean and variance of two normal values, from the density of the two values."""
    d = np.sqrt(2 * s2)
    f = stats.norm(mu, sigma).logpdf
    return np.log(2) + f(mean + d / 2) + f(mean - d / 2) - np.log(d)


def moments_density(mean, s2, n, mu, sigma):
    """Density of mean and variance through scipy: chi2 by change of variable."""
    ratio = (n - 1) / sigma**2
    return stats.norm(mu, sigma / np.sqrt(n)).logpdf(mean) + stats.chi2(n - 1).logpdf(
        s2 * ratio) + np.log(ratio)  # fmt: skip


def spherical(n, mean, s2, mu, sigma):
    """Density of the pair from the raw-data density times the area of the sphere of samples."""
    radius2 = (n - 1) * s2
    raw = -n / 2 * np.log(2 * np.pi * sigma**2) - (radius2 + n * (mean - mu) ** 2) / (2 * sigma**2)
    area = np.log(2) + (n - 1) / 2 * np.log(np.pi) - gammaln((n - 1) / 2)
    return raw + area + (n - 2) / 2 * np.log(radius2) + np.log(np.sqrt(n) * (n - 1)) - np.log(
        2 * np.sqrt(radius2))  # fmt: skip


def means():
    pred = {"value": 2.5, "sd": 1.2}
    case(
        "mean",
        "density of two values, change of variables",
        {"value": 3.0, "n": 2, "spread": "sd", "low": 0.9},
        pred,
        pair_density(3.0, 0.81, 2.5, 1.2),
    )
    case(
        "mean",
        "raw density times area of the sphere of equal mean and variance",
        {"value": 3.0, "n": 5, "spread": "sem", "low": 0.4},
        pred,
        spherical(5, 3.0, 0.8, 2.5, 1.2),
    )
    case("mean", "scipy norm and chi2", {"value": 2.2, "n": 30, "spread": "sd", "low": 1.1}, pred,
         moments_density(2.2, 1.21, 30, 2.5, 1.2))  # fmt: skip
    wide = stats.norm(2.5, np.hypot(1.2 / np.sqrt(30), 0.3)).logpdf(2.2)
    case("mean", "scipy norm and chi2; variance between experiments added to the mean's",
         {"value": 2.2, "n": 30, "spread": "sd", "low": 1.1}, {**pred, "between_sd": 0.3},
         wide + stats.chi2(29).logpdf(1.21 * 29 / 1.44) + np.log(29 / 1.44))  # fmt: skip
    half = stats.t(7).ppf(0.975) * 0.5 / np.sqrt(8)
    case("mean", "scipy norm and chi2; interval made with the t quantile",
         {"value": 2.2, "n": 8, "spread": "ci95", "low": 2.2 - half, "high": 2.2 + half}, pred,
         moments_density(2.2, 0.25, 8, 2.5, 1.2))  # fmt: skip
    for mean, sd, n in ((3.0, 0.9, 2), (1.2, 0.4, 6), (2.0, 1.9, 12)):
        s2 = np.log(1 + sd**2 / mean**2)
        mu = np.log(mean / np.sqrt(1 + sd**2 / mean**2))
        case("mean_log", "moments to logs (Higgins 2008), sphere of samples",
             {"value": mean, "n": n, "spread": "sd", "low": sd}, {"value": 2.5, "sd": 0.5},
             spherical(n, mu, s2, np.log(2.5), 0.5))  # fmt: skip
    for mean, sd, n in ((3.0, 0.9, 2), (1.2, 0.4, 6), (2.0, 1.9, 12)):
        case("geometric_mean", "raw density of the logs times area of the sphere",
             {"value": mean, "n": n, "spread": "log_sd", "low": sd}, {"value": 2.5, "sd": 0.5},
             spherical(n, np.log(mean), sd**2, np.log(2.5), 0.5))  # fmt: skip
    for n, factor in ((3, 3.0), (5, 4 / 2), (40, 39 / 37)):
        case("mean_sem", "scipy norm with the standard deviation of a t pivot",
             {"value": 2.0, "n": n, "spread": "sem", "low": 0.4}, {"value": 2.5},
             stats.norm(2.5, 0.4 * np.sqrt(factor)).logpdf(2.0))  # fmt: skip


def order(numbers, ranks, n, dist):
    """Joint density of order statistics of whole rank, by summing over nothing: the multinomial."""
    counts, edges = np.diff([0, *ranks, n + 1]) - 1, [0, *dist.cdf(numbers), 1]
    logp = gammaln(n + 1) + dist.logpdf(numbers).sum()
    for count, share in zip(counts, np.diff(edges), strict=True):
        logp += count * np.log(share) - gammaln(count + 1)
    return logp


def medians():
    norm, logn = stats.norm(5.0, 2.0), stats.lognorm(0.6, scale=5.0)
    pred = {"value": 5.0, "sd": 2.0}
    three = {"value": 4.0, "low": 3.5, "high": 7.5, "n": 3, "spread": "range"}
    case("median", "all three values: 3! times the product of densities", three, pred,
         np.log(6) + norm.logpdf([3.5, 4.0, 7.5]).sum())  # fmt: skip
    five = {**three, "n": 5}
    inner = quad(norm.pdf, 3.5, 4.0) * quad(norm.pdf, 4.0, 7.5)
    case("median", "5!, with the two unseen values integrated out", five, pred,
         np.log(120 * inner) + norm.logpdf([3.5, 4.0, 7.5]).sum())  # fmt: skip
    for n in (7, 11, 203):
        row = {"value": 4.9, "low": 3.6, "high": 6.1, "n": n, "spread": "iqr"}
        ranks = np.array([0.25, 0.5, 0.75]) * (n + 1)
        case("median", "multinomial counts at whole ranks", row, pred,
             order([3.6, 4.9, 6.1], ranks, n, norm))  # fmt: skip
        case("median_log", "multinomial counts at whole ranks", row, {"value": 5.0, "sd": 0.6},
             order([3.6, 4.9, 6.1], ranks, n, logn))  # fmt: skip
    for n, low, mid, high in (
        (7, 3, 3, 6),
        (11, 4, 5, 5),
        (7, 4, 4, 4),
        (7, 3, 5, 7),
        (19, 3, 4, 6),
    ):
        row = {"value": mid, "low": low, "high": high, "n": n, "spread": "iqr", "resolution": 1.0}
        for name, dist, sd in (("median_rounded", norm, 2.0), ("median_log_rounded", logn, 0.6)):
            expected = cells((low, mid, high), np.array([1, 2, 3]) * (n + 1) // 4, n, dist)
            case(name, "sum over all counts of individuals in the rounding cells", row,
                 {"value": 5.0, "sd": sd}, expected)  # fmt: skip
    for level, n, x in ((0.5, 9, 4.0), (0.9, 9, 8.0), (0.1, 99, 2.4)):
        row, r = {"value": x, "level": level, "n": n}, level * (n + 1)
        for name, dist, sd in (("percentile", norm, 2.0), ("percentile_log", logn, 0.6)):
            case(name, "scipy beta of the distribution function", row, {"value": 5.0, "sd": sd},
                 stats.beta(r, n + 1 - r).logpdf(dist.cdf(x)) + dist.logpdf(x))  # fmt: skip


def cells(numbers, ranks, n, dist):
    """Log-probability that the order statistics fall in cells of width 1 around the numbers."""
    edges = sorted({x + s for x in numbers for s in (-0.5, 0.5)})
    share = np.diff([0, *dist.cdf(edges), 1])
    total = 0.0
    for cuts in itertools.combinations_with_replacement(range(n + 1), len(share) - 1):
        counts = np.diff([0, *cuts, n])
        ends = np.cumsum(counts)
        at = [int(np.searchsorted(ends, r)) for r in ranks]
        want = [int(np.searchsorted(edges, x)) for x in numbers]
        if at == want:
            total += stats.multinomial(n, share).pmf(counts)
    return np.log(total)


def shares():
    case("proportion", "scipy binom", {"events": 13, "n": 16}, {"value": 0.6},
         stats.binom(16, 0.6).logpmf(13))  # fmt: skip
    case(
        "proportion", "no event where none is possible", {"events": 0, "n": 7}, {"value": 0.0}, 0.0
    )
    k, mean = 0.8, 1.7
    none = quad(lambda g: np.exp(-mean * g) * stats.gamma(k, scale=1 / k).pdf(g), 0, np.inf)
    case("proportion", "Poisson zero integrated over the Gamma frailty; formula for the prediction",
         {"events": 5, "n": 20}, {"value": 1 - (1 + mean / k) ** -k},
         stats.binom(20, 1 - none).logpmf(5))  # fmt: skip
    for events, n, p, rho in ((5, 20, 0.3, 0.1), (0, 6, 0.2, 0.4), (16, 16, 0.8, 0.02)):
        a, b = p * (1 / rho - 1), (1 - p) * (1 / rho - 1)
        case(
            "beta_binomial",
            "scipy betabinom",
            {"events": events, "n": n},
            {"value": p, "overdispersion": rho},
            stats.betabinom(n, a, b).logpmf(events),
        )


def mixture(x, mean, k):
    """Poisson mass at x, integrated over a Gamma frailty on the log scale."""
    frailty = stats.gamma(k, scale=1 / k)

    def at(z):
        return stats.poisson(mean * np.exp(z)).pmf(x) * frailty.pdf(np.exp(z)) * np.exp(z)

    return quad(at, -40, 5)


def counts():
    for x, mean, k in ((0, 2.3, 0.7), (9, 2.3, 0.7), (140, 100.0, 3.0)):
        case("count", "Poisson integrated over the Gamma frailty", {"value": x},
             {"value": mean, "shape": k}, np.log(mixture(x, mean, k)))  # fmt: skip
    for total, n, mean, k in ((0, 3, 1.1, 0.5), (17, 4, 2.3, 0.7), (40, 8, 6.0, 2.0)):
        one = stats.nbinom(k, k / (k + mean)).pmf(np.arange(total + 1))
        pmf = one
        for _ in range(n - 1):
            pmf = np.convolve(pmf, one)[: total + 1]
        case("count_total", "convolution of n single counts", {"events": total, "n": n},
             {"value": mean, "shape": k}, np.log(pmf[total]))  # fmt: skip
    for total, n, sd, k in ((9, 3, 2.6, 0.7), (6, 4, 1.0, 5.0), (2, 3, 1.15, 1.0)):
        mean, var = variance_by_enumeration(total, n, k)
        mass = stats.nbinom(n * k, k / (k + 2.3)).logpmf(total)
        spread = stats.gamma(mean**2 / var, scale=var / mean).logpdf(sd**2)
        case("count_mean", "every split of the total enumerated for the moments of the variance",
             {"value": total / n, "n": n, "spread": "sd", "low": sd}, {"value": 2.3, "shape": k},
             mass + spread)  # fmt: skip


def variance_by_enumeration(total, n, k):
    """Mean and variance of s^2 over every way in which n counts give the total."""
    single = stats.nbinom(k, 0.5)
    values, weights = [], []
    for x in itertools.product(range(total + 1), repeat=n):
        if sum(x) == total:
            values.append(np.var(x, ddof=1))
            weights.append(np.exp(single.logpmf(x).sum()))
    w = np.array(weights) / np.sum(weights)
    mean = np.sum(w * values)
    return mean, np.sum(w * (np.array(values) - mean) ** 2)


def events():
    for k, time, h0, h1 in ((4, 95.0, 0.10, 0.15), (0, 30.0, 0.4, 0.4), (19, 44.4, 0.0, 0.3)):
        row = {"events": k, "person_time": time, "start": 2.0, "end": 3.5}
        case("interval_person_time", "scipy poisson of person-time times mean hazard", row,
             {"start": h0, "end": h1}, stats.poisson(time * (h1 - h0) / 1.5).logpmf(k))  # fmt: skip
    for k, n, c, hazard in ((10, 139, 0, 0.07), (0, 12, 4, 0.2), (9, 129, 2, 0.09)):
        half = np.exp(-hazard / 2)
        direct = k * np.log(1 - half**2) + (n - k - c) * np.log(half**2) + c * np.log(half)
        m = n - c / 2
        ways = gammaln(m + 1) - gammaln(k + 1) - gammaln(m - k + 1)
        case("interval_at_risk", "product over individuals, withdrawn ones surviving half-way",
             {"events": k, "at_risk": n, "censored": c}, {"start": 0.3, "end": 0.3 + hazard},
             ways + direct)  # fmt: skip
    for value, low, high, level, pred in ((0.8, 0.72, 0.86, "ci95", 0.75),
                                          (0.5, 0.4, 0.6, "ci90", 0.5),
                                          (0.97, 0.93, 0.99, "ci95", 0.9)):  # fmt: skip
        z = stats.norm.ppf(0.975 if level == "ci95" else 0.95)
        y = lambda s: np.log(-np.log(s))  # noqa: E731
        expected = stats.norm(y(pred), (y(low) - y(high)) / (2 * z)).logpdf(y(value))
        row = {"value": value, "low": low, "high": high, "spread": level}
        case("survival", "scipy norm of ln(-ln S)", row, {"value": pred}, expected)
        row = {"value": 1 - value, "low": 1 - high, "high": 1 - low, "spread": level}
        case("cumulative_incidence", "scipy norm of ln(-ln S), S the complement", row,
             {"value": 1 - pred}, expected)  # fmt: skip
    for value, n, pred in ((0.75, 40, 0.7), (1.0, 10, 0.9), (0.2, 5, 0.4)):
        for name in ("survival_n", "cumulative_incidence_n"):
            case(name, "scipy binom", {"value": value, "n": n}, {"value": pred},
                 stats.binom(n, pred).logpmf(round(value * n)))  # fmt: skip
    for k, time, rate in ((12, 700.0, 0.015), (0, 55.0, 0.02), (3, 10.0, 0.5)):
        case("rate_events", "scipy poisson", {"events": k, "person_time": time}, {"value": rate},
             stats.poisson(time * rate).logpmf(k))  # fmt: skip


def ratios():
    # Aronson 1948 in the BCG vaccine table: 4 of 123 against 11 of 139; the log risk ratio and
    # its variance are printed as -0.8893 and 0.3256 (Viechtbauer 2010, doi 10.18637/jss.v036.i03).
    y, v = -0.8893, 0.3256
    z = stats.norm.ppf(0.975)
    interval = {"low": np.exp(y - z * v**0.5), "high": np.exp(y + z * v**0.5), "spread": "ci95"}
    case("risk_ratio", "published example: BCG table", {"value": np.exp(y), **interval},
         {"value": 0.49}, stats.norm(np.log(0.49), v**0.5).logpdf(y))  # fmt: skip
    rows = (
        ({"value": 2.0, "low": 1.25, "high": 3.2, "spread": "ci95"}, 1.7, 1.959963984540054),
        ({"value": 0.5, "low": 0.25, "high": 1.0, "spread": "ci90"}, 0.8, 1.6448536269514722),
        ({"value": 1.3, "low": 1.2, "high": 1.45, "spread": "ci95"}, 1.0, 1.959963984540054),
    )
    for name in ("ratio", "odds_ratio", "risk_ratio", "rate"):
        for row, pred, quantile in rows:
            se = np.log(row["high"] / row["low"]) / (2 * quantile)
            density = stats.lognorm(se, scale=pred).logpdf(row["value"]) + np.log(row["value"])
            case(name, "scipy lognorm, per unit of the logarithm", row, {"value": pred}, density)
    case("ratio", "scipy norm; no interval, SE ln 2", {"value": 2.0, "spread": "none"},
         {"value": 1.0}, stats.norm(0, np.log(2)).logpdf(np.log(2)))  # fmt: skip
    se = np.log(3.2 / 1.25) / (2 * z)
    case("ratio", "scipy norm; variances between and within studies add", rows[0][0],
         {"value": 1.7, "between_sd": 0.3},
         stats.norm(np.log(1.7), np.hypot(se, 0.3)).logpdf(np.log(2.0)))  # fmt: skip
    for contrast, step in (("groups", 1.0), ("per_ln", 1.0), ("per_doubling", np.log(2))):
        case("hazard_ratio", "scipy norm; hazard = ratio ** (steps of the contrast) times bias",
             {**rows[0][0], "contrast": contrast}, {"value": 1.7, "bias": 0.2},
             stats.norm(np.log(1.7**step * np.exp(0.2)), se).logpdf(np.log(2.0)))  # fmt: skip


def statements():
    p = stats.norm.sf(1.0, 1.4, 0.1)
    for row, pred, expected in (
        ({"value": 0.95, "low": 1.0}, 1.4, np.log(0.95 * p + 0.05 * (1 - p))),
        ({"value": 1.0, "high": 2.0}, 3.0, stats.norm.logcdf(-5.0)),
        ({"value": 0.9, "high": 2.0}, 2.0, np.log(0.5)),
    ):
        case("bound", "scipy norm of the reading", row, {"value": pred}, expected)
    for a, b, c in ((1.2, 1.0, 0.9), (0.0, 3.0, 0.99), (2.0, 2.0, 0.7)):
        p = quad(stats.norm(2 * (a - b) / (a + b), 0.1).pdf, 0, 40) if a > b else (
            0.5 if a == b else 0.0)  # fmt: skip
        case("ordered", "integral of the blurred difference above zero", {"value": c},
             {"value": a, "reference": b}, np.log(c * p + (1 - c) * (1 - p)))  # fmt: skip


if __name__ == "__main__":
    for part in (individual, means, medians, shares, counts, events, ratios, statements):
        part()
    CASES.sort(key=lambda entry: entry["statistic"])
    text = json.dumps(CASES, indent=1)
    Path(__file__).with_name("cases.json").write_text(text + "\n")
