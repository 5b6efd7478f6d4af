"""The human-only fit against maximum likelihood, life tables and a second sampler.

Three independent routes to what the follow-up tables say:

1. the same formula written anew with `scipy.linalg.expm`: log-likelihood of posterior draws;
2. its maximum by `scipy.optimize`, and actuarial life tables (Cutler & Ederer 1958) of the raw
   counts: events expected in every interval, and event-free shares at 5 and 10 years;
3. PyMC's own NUTS (diagonal mass matrix, its own step-size adaptation) on the same reduced
   posterior: largest z of means of all unknowns and of the event-free shares.

Run: python benchmarks/agreement.py [--draws 1000]. Writes docs/agreement.md.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path
from typing import Any

import arviz as az
import numpy as np
import pymc as pm
import xarray as xr
from scipy.linalg import expm
from scipy.optimize import minimize
from scipy.special import gammaln

from metinfer.evidence import bundled_path, read_evidence
from metinfer.inference.chains import Length
from metinfer.inference.density import TRANSLATION_SD, Joint
from metinfer.inference.forward import with_derived
from metinfer.inference.model import build_model, set_data
from metinfer.inference.refits import Refit, refit_all
from metinfer.inference.scoring import DIM, pointwise_scores

ROOT = Path(__file__).resolve().parents[1]
YEAR = 365.25
CHAINS, STARTS = 4, 3
CONTEXTS = ("er_positive", "er_negative", "colorectal")

PAGE = """# The human-only fit against other routes

Made by `python benchmarks/agreement.py --draws {draws}`. Only the {intervals} follow-up intervals
count here; every row of measurements.csv has weight 0.

**Same formula, written twice.** Log-likelihood of all intervals at {points} posterior draws: the
compiled solver against matrix exponentials of SciPy. Largest difference of one interval:
{apart:.1e}.

**Maximum likelihood** (SciPy L-BFGS-B, {starts} starts, {free} free numbers without any prior;
losses and liver shares held at one posterior draw, as the tables cannot tell them): log-likelihood
{top:.2f}; starts ended between {low:.2f} and {high:.2f}. Best of the posterior draws: {best:.2f};
their median: {median:.2f}. The gap of the median is what priors and so many free numbers cost.

**Second sampler.** PyMC's own NUTS (2 chains of {draws}, {second:.0f} s, {divergences} divergences)
against nutpie ({chains} chains of {draws}, {first:.0f} s with compiling): largest |z| of {count}
means {z:.2f}.

## Event-free share

Life table: actuarial, from the raw counts. Posterior: median with 90 % interval.

| cohort | years | life table | maximum likelihood | posterior |
|---|---:|---:|---:|---|
{shares}

## Events

Expected by maximum likelihood, and by the posterior (mean over draws).

| cohort | from | to (years) | at risk | seen | maximum likelihood | posterior |
|---|---:|---:|---:|---:|---:|---:|
{lines}

Largest difference of the two expectations in one interval: {worst:.2f} events.
"""


def liver(rate: Any, lost: Any, growth: Any, killed: Any, awake: Any, days: Any) -> Any:
    """Metastases per founder (day,): dormant cells awaken at `rate`; three stages of growth.

    A linear chain D -> W1 -> W2 -> W3 -> L with losses, by the matrix exponential.
    """
    step = 3.0 / growth
    chain = np.zeros((5, 5))
    chain[0, 0] = -(rate + lost)
    chain[1, 0] = rate
    for k in (1, 2, 3):
        chain[k, k] = -(step + killed)
        chain[k + 1, k] = step
    start = np.array([1.0, awake / 3, awake / 3, awake / 3, 0.0])
    return (expm(chain[None] * np.asarray(days)[:, None, None]) @ start)[:, -1]


def courses(point: Any, days: Any) -> Any:
    """Metastases per founder of each context at `days`."""
    lost = point["dormant_loss"] + point["dormant_kill"]
    return {
        c: liver(
            point["awakening_rate"][c], lost, point["growth_time"][c], point["clone_kill"],
            point["awake_share"][c], days,
        )
        for c in CONTEXTS
    }  # fmt: skip


def survival(point: Any, arm: Any, course: Any) -> Any:
    """Event-free share of one arm: contexts mixed by share, Gamma frailty in each."""
    total = 0.0
    for context, weight in arm.contexts:
        number = point["founders"][context] * course[context]
        number = number * np.exp(point["stock_level"].get(arm.stock, 0.0))
        if arm.endpoint_scope in ("distant", "any_relapse"):
            number = number / point["liver_share"][context]
        if arm.endpoint_scope == "any_relapse":
            number = number * (1.0 + point["locoregional"])
        shape = point["frailty_shape"][context]
        total = total + weight * np.exp(-shape * np.log1p(number / shape))
    return total


def expected(point: Any, arms: Any, intervals: Any) -> Any:
    """Events expected in each interval: person-time times its mean hazard."""
    bounds = np.array([(i.start_day, i.end_day) for i in intervals])
    days, place = np.unique(bounds, return_inverse=True)
    place = place.reshape(bounds.shape)
    course = courses(point, days)
    found = np.empty(len(intervals))
    for name in dict.fromkeys(i.arm for i in intervals):
        mine = [k for k, i in enumerate(intervals) if i.arm == name]
        hazard = -np.log(survival(point, arms[name], course))[place[mine]]
        exposure = np.array([intervals[k].person_time for k in mine])
        width = np.diff(bounds[mine], axis=1)[:, 0]
        found[mine] = exposure * (hazard[:, 1] - hazard[:, 0]) / width
    return found


def log_likelihood(point: Any, arms: Any, intervals: Any) -> Any:
    """Poisson log-mass of every interval."""
    mean = np.maximum(expected(point, arms, intervals), 1e-300)
    k = np.array([i.events for i in intervals], dtype=float)
    return k * np.log(mean) - mean - gammaln(k + 1.0)


def point_of(draws: Any, k: Any) -> Any:
    """One posterior draw as plain numbers."""
    one = draws.isel(sample=k)
    by = {
        name: dict(zip(map(str, one[name][one[name].dims[0]].values), one[name].values))  # noqa: B905
        for name in ("founders", "awakening_rate", "growth_time", "awake_share", "frailty_shape",
                     "liver_share", "stock_level")
    }  # fmt: skip
    losses = ("dormant_loss", "dormant_kill", "clone_kill", "locoregional")
    return by | {name: human(one[name]) for name in losses}


def human(value: Any) -> Any:
    """The value that holds for people."""
    return float(value.sel(species="human") if "species" in value.dims else value)


def maximise(base: Any, arms: Any, intervals: Any) -> Any:
    """The best point for all intervals together; losses and liver shares stay as in `base`."""
    stocks = [s for s in base["stock_level"] if any(arms[i.arm].stock == s for i in intervals)]

    def unpack(x: np.ndarray) -> dict[str, Any]:
        parts = iter(x)
        take = lambda f: {c: f(next(parts)) for c in CONTEXTS}  # noqa: E731
        return base | {
            "founders": take(np.exp), "awakening_rate": take(np.exp), "growth_time": take(np.exp),
            "awake_share": take(np.exp), "frailty_shape": take(np.exp),
            "stock_level": {s: next(parts) for s in stocks}, "locoregional": np.exp(next(parts)),
        }  # fmt: skip

    def cost(x: np.ndarray) -> float:
        value = -log_likelihood(unpack(x), arms, intervals).sum()
        return value if np.isfinite(value) else 1e10

    names = ("founders", "awakening_rate", "growth_time", "awake_share", "frailty_shape")
    start = np.array(
        [np.log(base[n][c]) for n in names for c in CONTEXTS]
        + [base["stock_level"][s] for s in stocks] + [np.log(base["locoregional"])]
    )  # fmt: skip
    rng = np.random.default_rng(1)
    bounds = [(s - 4.0, s + 4.0) for s in start]
    tries = [start, *(start + 0.4 * rng.standard_normal(len(start)) for _ in range(STARTS - 1))]
    found = [minimize(cost, t, method="L-BFGS-B", bounds=bounds) for t in tries]
    best = min(found, key=lambda r: r.fun)
    return unpack(best.x), -best.fun, sorted(-r.fun for r in found)


def life_table(intervals: Any) -> Any:
    """Actuarial event-free share at the end of each interval: withdrawals count half."""
    share, made = 1.0, {}
    for i in intervals:
        share *= 1.0 - i.events / (i.at_risk - 0.5 * (i.censored or 0))
        made[round(i.end_day / YEAR, 3)] = share
    return made


def human_only(evidence: Any, joint: Any, draws: Any) -> Any:
    """Posterior of the interval tables alone: every row of measurements weighs nothing."""
    nothing = {"row_weight": np.zeros(len(joint.design.rows))}
    refits = [Refit(f"human-{k}", nothing, 100 + k) for k in range(CHAINS)]
    with tempfile.TemporaryDirectory() as folder:
        found = [
            d.load()
            for _, d in refit_all(evidence, refits, Length(draws, draws), Path(folder), cores=2)
        ]
    joined = xr.concat(found, dim="chain").assign_coords(chain=np.arange(CHAINS))
    return with_derived(
        build_model(evidence), joined[["latent", "share_latent", "transfer_latent"]]
    )


def second_sampler(evidence: Any, joint: Any, draws: Any) -> Any:
    """The same posterior by PyMC's own NUTS."""
    model = build_model(evidence)
    set_data(model, row_weight=np.zeros(len(joint.design.rows)))
    with model:
        tree = pm.sample(
            draws, tune=draws, chains=2, cores=2, nuts_sampler="pymc", random_seed=7,
            target_accept=0.9, progressbar=False, var_names=[v.name for v in model.free_RVs],
            compute_convergence_checks=False,
        )  # fmt: skip
    stats = tree["sample_stats"].to_dataset()
    return tree["posterior"].to_dataset(), int(stats["diverging"].sum())


def largest_z(one: Any, other: Any) -> Any:
    """Largest difference of means over the combined Monte Carlo errors, and how many there are."""
    worst, count = 0.0, 0
    for name in ("latent", "share_latent", "transfer_latent"):
        error = np.hypot(az.mcse(one[[name]])[name].values, az.mcse(other[[name]])[name].values)
        gap = one[name].mean(("chain", "draw")).values - other[name].mean(("chain", "draw")).values
        worst, count = max(worst, float(np.max(np.abs(gap / error)))), count + gap.size
    return worst, count


def number(value: Any) -> Any:
    """A number for the table."""
    return f"{value:.3f}"


def main() -> None:
    """Run the three comparisons and write the page."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--draws", type=int, default=1000)
    draws = parser.parse_args().draws
    evidence = read_evidence(bundled_path())
    joint = Joint.of(evidence)
    arms, intervals = joint.design.arms, joint.design.intervals
    began = time.perf_counter()
    fitted = human_only(evidence, joint, draws)
    first_time = time.perf_counter() - began
    flat = fitted.stack(sample=("chain", "draw"))
    chosen = np.linspace(0, flat.sizes["sample"] - 1, 200).astype(int)
    points = [point_of(flat, int(k)) for k in chosen]

    weights = [np.zeros(len(joint.design.rows)), np.ones(len(intervals))]
    thinned = fitted.stack(s=("chain", "draw")).isel(s=chosen).drop_vars(("s", "chain", "draw"))
    thinned = thinned.rename(s="draw").expand_dims("chain").transpose("chain", "draw", ...)
    ours = pointwise_scores(joint, thinned, TRANSLATION_SD, weights)
    ours = ours.isel({DIM: slice(len(joint.design.rows), None)}).values[0]
    theirs = np.array([log_likelihood(p, arms, intervals) for p in points])
    apart = float(np.max(np.abs(ours - theirs)))

    totals = theirs.sum(axis=1)
    best, top, every = maximise(points[int(np.argmax(totals))], arms, intervals)
    lines, worst = per_cohort(points, best, arms, intervals)

    began = time.perf_counter()
    other, divergences = second_sampler(evidence, joint, draws)
    second_time = time.perf_counter() - began
    z, count = largest_z(fitted, other)
    free = 5 * len(CONTEXTS) + len(best["stock_level"]) + 1
    page = PAGE.format(
        draws=draws, intervals=len(intervals), points=len(points), apart=apart, starts=STARTS,
        free=free, top=top, low=every[0], high=every[-1], best=totals.max(),
        median=np.median(totals), second=second_time, divergences=divergences, chains=CHAINS,
        first=first_time, count=count, z=z, shares=shares(points, best, arms, intervals),
        lines=lines, worst=worst,
    )  # fmt: skip
    (ROOT / "docs" / "agreement.md").write_text(page, encoding="utf-8")
    print(page)


def per_cohort(points: Any, best: Any, arms: Any, intervals: Any) -> Any:
    """Lines of events per interval, with totals, and the largest difference of expectations."""
    mean = np.mean([expected(p, arms, intervals) for p in points], axis=0)
    most = expected(best, arms, intervals)
    lines = []
    for name in dict.fromkeys(i.arm for i in intervals):
        mine = [k for k, i in enumerate(intervals) if i.arm == name]
        for k in mine:
            i = intervals[k]
            lines.append(
                f"| {name} | {i.start_day / YEAR:.2f} | {i.end_day / YEAR:.2f} | {i.at_risk:g} "
                f"| {i.events:g} | {most[k]:.1f} | {mean[k]:.1f} |"
            )
        seen = sum(intervals[k].events for k in mine)
        lines.append(f"| **{name}** | | | | **{seen:g}** | **{most[mine].sum():.1f}** "
                     f"| **{mean[mine].sum():.1f}** |")  # fmt: skip
    return "\n".join(lines), float(np.max(np.abs(mean - most)))


def shares(points: Any, best: Any, arms: Any, intervals: Any) -> Any:
    """Lines of event-free shares at 5 and 10 years."""
    lines = []
    for name in dict.fromkeys(i.arm for i in intervals):
        table = life_table([i for i in intervals if i.arm == name])
        for year in (5.0, 10.0):
            if year not in table:
                continue
            at = np.array([0.0, year * YEAR])
            draws = np.array([survival(p, arms[name], courses(p, at))[1] for p in points])
            low, middle, high = np.quantile(draws, [0.05, 0.5, 0.95])
            lines.append(
                f"| {name} | {year:g} | {number(table[year])} "
                f"| {number(survival(best, arms[name], courses(best, at))[1])} "
                f"| {number(middle)} ({number(low)} to {number(high)}) |"
            )
    return "\n".join(lines)


if __name__ == "__main__":
    main()
