"""Comparison with lifelines: interval tables, Kaplan-Meier intervals, Cox regression."""

from __future__ import annotations

import json
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from comparisons import Table, prepared, score
from scipy import optimize

from metinfer.inference.statistics import marginal_log_hazard_ratio

EDGES = [0.0, 2.0, 4.0, 6.0, 8.0, 10.0]
PEER = """
import json, sys
import numpy as np, pandas as pd, lifelines
from lifelines import CoxPHFitter, KaplanMeierFitter, PiecewiseExponentialFitter
given = json.load(open(sys.argv[1]))
t, e, arm = (np.array(given[k]) for k in ("time", "event", "arm"))
out = {"version": lifelines.__version__}
f = PiecewiseExponentialFitter(given["edges"][1:-1]).fit(t, e)
out["hazard"] = [1 / float(v) for v in f.params_]
out["log_likelihood"] = float(f.log_likelihood_)
k = KaplanMeierFitter(alpha=0.05).fit(t, e)
at = k.confidence_interval_survival_function_.index.searchsorted(5.0, side="right") - 1
low, high = k.confidence_interval_survival_function_.iloc[at]
out["km"] = {"value": float(k.predict(5.0)), "low": float(low), "high": float(high)}
d, n = k.event_table["observed"], k.event_table["at_risk"]
d, n = d[d.index <= 5.0], n[n.index <= 5.0]
green = float((d / (n * (n - d))).sum())
out["km"]["se"] = green ** 0.5 / abs(np.log(out["km"]["value"]))
c = CoxPHFitter().fit(pd.DataFrame({"t": t, "e": e, "arm": arm}), "t", "e")
s = c.summary.iloc[0]
out["cox"] = {"value": float(s["exp(coef)"]), "low": float(s["exp(coef) lower 95%"]),
              "high": float(s["exp(coef) upper 95%"]), "se": float(s["se(coef)"])}
big = given["frail"]
c = CoxPHFitter().fit(pd.DataFrame(big), "t", "e")
out["frail"] = float(c.params_.iloc[0])
out["frail_se"] = float(c.standard_errors_.iloc[0])
print(json.dumps(out))
"""
TEXT = (
    "Individual follow-up is simulated and handed to lifelines; metinfer gets the table or the "
    "printed estimate with its interval. The last line compares the predicted marginal hazard "
    "ratio under frailty with a Cox fit of 60,000 people; its difference is sampling error "
    "(standard error {:.3f})."
)


def people(rng: np.random.Generator, n: int = 300) -> dict[str, list[float]]:
    """Time, event and arm of people with a hazard ratio of 0.6 and random censoring."""
    arm = (np.arange(n) % 2).astype(float)
    event = rng.exponential(1 / (0.15 * 0.6**arm))
    end = np.minimum(rng.exponential(15.0, n), 10.0)
    return {"time": np.minimum(event, end).tolist(), "event": (event <= end).astype(int).tolist(),
            "arm": arm.tolist()}  # fmt: skip


def frail_people(rng: np.random.Generator, n: int = 60_000) -> dict[str, list[float]]:
    """People with Gamma(1) frailty: 0.3 per year, ratio 0.4 per person, all seen for 10 years."""
    arm = (np.arange(n) % 2).astype(float)
    event = rng.exponential(1 / (0.3 * 0.4**arm * rng.gamma(1.0, 1.0, n)))
    seen = np.minimum(event, 10.0)
    return {"t": seen.tolist(), "e": (event <= 10.0).astype(int).tolist(), "arm": arm.tolist()}


def lifelines(interpreter: str | None) -> Table:
    """Estimates and log-likelihoods against lifelines in another interpreter."""
    if interpreter is None:
        return Table("lifelines", "Not available where this was run (`--lifelines PYTHON`).",
                     remark="not run")  # fmt: skip
    rng = np.random.default_rng(5)
    given = people(rng) | {"edges": EDGES, "frail": frail_people(rng)}
    found = _ask(interpreter, given)
    table = Table(f"lifelines {found['version']}", TEXT.format(found["frail_se"]),
                  remark="all but the last below 1e-6; that is sampling error")  # fmt: skip
    _intervals(table, given, found)
    _kaplan_meier(table, found["km"])
    cox = found["cox"]
    cells = {k: cox[k] for k in ("value", "low", "high")} | {"spread": "ci95"}
    se = prepared("hazard_ratio", contrast="groups", **cells)["se"][0]
    table.add("Cox: SE of the log hazard ratio, from its interval", se, cox["se"])
    time = np.linspace(0, 10, 401)
    arm, reference = (1.0 / (1.0 + 0.3 * ratio * time) for ratio in (0.4, 1.0))
    table.add("Cox under frailty: log hazard ratio", marginal_log_hazard_ratio(arm, reference),
              found["frail"])  # fmt: skip
    return table


def _ask(interpreter: str, given: dict[str, Any]) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "given.json"
        path.write_text(json.dumps(given))
        command = [interpreter, "-c", PEER, str(path)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def _intervals(table: Table, given: dict[str, Any], found: dict[str, Any]) -> None:
    """Most likely hazard of every interval, and the rise of the log-likelihood to it."""
    time, event = np.array(given["time"]), np.array(given["event"])
    total = 0.0
    flat = event.sum() / time.sum()
    pairs = zip(EDGES[:-1], EDGES[1:], strict=True)
    for (start, end), theirs in zip(pairs, found["hazard"], strict=True):
        inside = np.clip(time - start, 0, end - start).sum()
        events = event[(time > start) & (time <= end)].sum()
        cells = {"events": events, "person_time": inside, "start": start, "end": end}

        def at(hazard: float, cells: dict[str, Any] = cells) -> float:
            ends = {"start": hazard * cells["start"], "end": hazard * cells["end"]}
            return score("interval_person_time", cells, **ends)

        best = optimize.minimize_scalar(lambda x, f=at: -f(float(np.exp(x))), (-4, -1), tol=1e-9)
        table.add(f"hazard from {start:g} to {end:g} years", np.exp(best.x), theirs)
        total += at(theirs) - at(flat)
    by_hand = event.sum() * np.log(flat) - flat * time.sum()
    table.add("log-likelihood over that of one hazard", total, found["log_likelihood"] - by_hand)


def _kaplan_meier(table: Table, km: dict[str, float]) -> None:
    cells = {k: km[k] for k in ("value", "low", "high")} | {"spread": "ci95"}
    data = prepared("survival", **cells)
    table.add(
        "Kaplan-Meier at 5 years: SE of ln(-ln S), from its interval", data["se"][0], km["se"]
    )
