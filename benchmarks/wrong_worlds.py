"""Five wrong worlds and a right one: which check notices what, and the false alarms.

Run: python benchmarks/wrong_worlds.py RUN [--fits 6] [-o benchmarks/wrong_worlds.json]. Every
world was fixed before anything was fitted. Truths are posterior draws of RUN; tables are simulated
in the changed world on the design of the evidence, and fitted by the standard model, alone, with
the prior (one chain each, from one compiled model, kept in RUN/worlds). The thresholds are those
that uniform or binomial chance passes in about 1 % of cases.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from arviz_stats.base import array_stats
from scipy.stats import norm

from metinfer.calibration import named_answers_of
from metinfer.inference.calibrate import (
    AGAIN,
    POSTERIOR,
    Calibration,
    Machinery,
    Plan,
    blank,
    labelled,
    prior_draw,
)
from metinfer.inference.density import INTERVALS, LATENTS, TRANSLATION_SD, Joint
from metinfer.inference.refits import Failure, refit_all
from metinfer.inference.worlds import Simulator, Tables, World
from metinfer.mechanism.equations import PARAMETERS
from metinfer.runs import Run, load_run

#: Awakening in injured livers is this many times faster, by a route without NK cells.
SECOND_ROUTE = 3.0
#: Follow-up starts so many days before time zero of the table.
LATE = 365.25
#: Cohort of which each person is in the tables twice.
TWICE = "transbig"
SPREAD = frozenset({"sd", "log_sd"})
MEANS = frozenset({"rows_mean_log", "rows_geometric_mean", "rows_mean_sem"})

#: Check -> (what is counted, alarm from this value on).
ROWS, PRIOR_ROWS, GATES = "rows outside 90 %", "rows outside 98 % of the prior", "gates failed"
CHI2, FAR = "intervals, chi-square", "farthest row"
ALARM: dict[str, tuple[str, Callable[[float], bool]]] = {
    ROWS: ("7 of 26 rows or more outside their 90 % posterior predictive interval",
           lambda v: v >= 7),
    FAR: ("a row more than 3.5 predictive sd away", lambda v: v > 3.5),
    CHI2: ("posterior predictive p of the interval tables' chi-square below 0.01",
           lambda v: v < 0.01),
    PRIOR_ROWS: ("3 of 26 rows or more outside their 98 % prior predictive interval",
                 lambda v: v >= 3),
    GATES: ("divergences, or split R-hat above 1.1", lambda v: v > 0),
}  # fmt: skip


def no_hold(joint: Joint, draws: Sequence[np.ndarray]) -> tuple[np.ndarray, ...]:
    """NK cells do not hold dormant cells: the link is absent, whatever the posterior said."""
    latent = np.array(draws[0])
    at = [e.label for e in joint.table.normal].index("nk_hold")
    prior = joint.table.normal[at].prior
    # The middle of the dead zone.
    latent[:, at] = norm.ppf(prior["reversed"] + 0.5 * prior["absent"])
    return (latent, *draws[1:])


def second_route(joint: Joint, theta: np.ndarray) -> np.ndarray:
    """Injury awakens by a route of its own."""
    place = [p.name for p in PARAMETERS].index("w1")
    injured = np.array([lane.injury > 0 for lane in joint.design.lanes])
    changed = theta.copy()
    changed[:, injured, place] *= SECOND_ROUTE
    return changed


def _mislabelled(joint: Joint, scored: Any) -> np.ndarray:
    """Sample size where the published SD is really a SEM, else 1 (row,)."""
    if scored.name == INTERVALS:
        return np.ones(len(scored.family.rows))
    rows = [joint.design.rows[i] for i in scored.family.rows]
    return np.array([float(r.n) if r.spread in SPREAD else 1.0 for r in rows])


def wider(joint: Joint, scored: Any, pred: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The SD between individuals is sqrt(n) times what the table calls SD."""
    if scored.name not in MEANS:
        return pred
    n = _mislabelled(joint, scored)
    if scored.name == "rows_mean_sem":
        se = scored.family.data["se"]
        return {**pred, "sd_extra": np.sqrt(pred["sd_extra"] ** 2 + se**2 * (n - 1.0))}
    return {**pred, "sd": pred["sd"] * np.sqrt(n)}


def as_sem(joint: Joint, scored: Any, replicate: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The SEM is published in the place of the SD."""
    if "spread" not in replicate:
        return replicate
    return {**replicate, "spread": replicate["spread"] / np.sqrt(_mislabelled(joint, scored))}


def late_start(joint: Joint, scored: Any, pred: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Tables count from a year after the event that starts the model's clock."""
    if scored.name != INTERVALS:
        return pred
    made = {k: np.array(v) for k, v in pred.items()}
    lines = joint.design.intervals
    for arm in dict.fromkeys(i.arm for i in lines):
        mine = [k for k, i in enumerate(lines) if i.arm == arm]
        days = np.array([lines[mine[0]].start_day, *(lines[k].end_day for k in mine)])
        hazard = np.array([pred["start"][mine[0]], *pred["end"][mine]])
        slope = (hazard[-1] - hazard[-2]) / (days[-1] - days[-2])
        later = np.interp(days + LATE, days, hazard)
        later += slope * np.maximum(days + LATE - days[-1], 0.0)
        made["start"][mine], made["end"][mine] = later[:-1], later[1:]
    return made


def twice(joint: Joint) -> Tables:
    """Weights of a fit that has one cohort twice."""
    weight = [2.0 if i.arm.startswith(TWICE) else 1.0 for i in joint.design.intervals]
    return {f"interval_weight{AGAIN}": np.array(weight)}


WORLDS = (
    World(),
    World("no_hold", "NK cells do not hold dormant cells", latents=no_hold),
    World("second_route", f"injury awakens {SECOND_ROUTE:g}-fold by a route without NK cells",
          theta=second_route),
    World("sem_as_sd", "every published SD is a SEM", predictions=wider, publish=as_sem),
    World("twice", f"every person of the cohort {TWICE} is in the tables twice", weights=twice),
    World("late_start", "follow-up counts from a year after the model's time zero",
          predictions=late_start),
)  # fmt: skip


@dataclass(frozen=True)
class Bench:
    """A run, and how its worlds are fitted."""

    run: Run
    plan: Plan

    @cached_property
    def simulator(self) -> Simulator:
        """Simulator of the right world."""
        return Simulator(Joint.of(self.run.evidence))

    @cached_property
    def answers(self) -> Any:
        """Function from parameters to named answers."""
        return named_answers_of(self.run, self.simulator.joint)

    @cached_property
    def prior_replicates(self) -> dict[str, np.ndarray]:
        """Published number of every row under the prior (draw, row)."""
        joint = self.simulator.joint
        draws = [prior_draw(joint, np.random.default_rng([9, k])) for k in range(400)]
        return self.replicates(tuple(np.stack(v) for v in zip(*draws, strict=True)), 10)

    def replicates(self, draws: Sequence[np.ndarray], seed: int) -> dict[str, np.ndarray]:
        """Replicates of the first published number of each row, by family (draw, row)."""
        rng, states = np.random.default_rng(seed), self.simulator.solve(draws)
        made: dict[str, list[np.ndarray]] = {t.name: [] for t in self.simulator.terms}
        for k in range(len(states)):
            predicted = self.simulator.predict([v[k] for v in draws], states[k])
            for t in self.simulator.terms:
                statistic = t.family.statistic
                drawn = statistic.draw(t.family.data, predicted[t.name], rng)
                made[t.name].append(drawn[statistic.reports[0]])
        return {name: np.stack(v) for name, v in made.items()}

    def job(self, world: World) -> Calibration:
        """Fits of one world: simulated tables alone."""
        joint = self.simulator.joint
        own = world.weights(joint)
        alone = replace(world, weights=lambda j: {**blank(j, ""), **own})
        how = Machinery(self.run.path / "worlds")
        return Calibration(
            self.run.evidence, POSTERIOR, self.plan, how,
            latents=self.run.posterior, answers=self.answers, world=alone,
        )  # fmt: skip

    def checks(self, tables: Tables, found: Any) -> dict[str, float]:
        """Value of every check for one fit."""
        thinned = found.isel(chain=0, draw=slice(None, None, self.plan.every))
        draws = [thinned[n].transpose("draw", ...).to_numpy() for n in LATENTS]
        after = self.replicates(draws, 11)
        seen = {t.name: self._seen(t, tables) for t in self.simulator.terms}
        rows = [n for n in seen if n != INTERVALS]
        where = np.concatenate([place(seen[n], after[n]) for n in rows])
        before = np.concatenate([place(seen[n], self.prior_replicates[n]) for n in rows])
        far = np.concatenate([distance(seen[n], after[n]) for n in rows])
        return {
            ROWS: float(np.sum(np.abs(where - 0.5) > 0.45)),
            FAR: float(np.max(far)),
            CHI2: chi_square(seen[INTERVALS], after[INTERVALS]),
            PRIOR_ROWS: float(np.sum(np.abs(before - 0.5) > 0.49)),
            GATES: float(found.attrs["divergences"] > 0) + float(self._rhat(found) > 1.1),
        }

    def _seen(self, term: Any, tables: Tables) -> np.ndarray:
        data = {**term.family.data, **{k: tables[n] for k, n in term.observed.items()}}
        return term.family.statistic.published(data)[term.family.statistic.reports[0]]

    def _rhat(self, found: Any) -> float:
        joint = self.simulator.joint
        draws = tuple(found[n].isel(chain=0).transpose("draw", ...).to_numpy() for n in LATENTS)
        values = labelled(joint, joint.parameters(draws, TRANSLATION_SD)).values()
        halves = [np.stack(np.array_split(v[: len(v) // 2 * 2], 2)) for v in values]
        return max(float(array_stats.rhat(h, chain_axis=0, draw_axis=1)) for h in halves)


def place(seen: np.ndarray, replicates: np.ndarray) -> np.ndarray:
    """Share of replicates (draw, row) below the seen number, ties counted half (row,)."""
    return np.mean(replicates < seen, axis=0) + 0.5 * np.mean(replicates == seen, axis=0)


def distance(seen: np.ndarray, replicates: np.ndarray) -> np.ndarray:
    """Predictive standard deviations between the seen number and its prediction (row,).

    On a log-like scale, as the published numbers are positive and skewed.
    """
    scale = np.maximum(np.median(np.abs(replicates), axis=0), 1e-12)
    x, r = np.arcsinh(seen / scale), np.arcsinh(replicates / scale)
    return np.abs(x - r.mean(0)) / np.maximum(r.std(0), 1e-9)


def chi_square(seen: np.ndarray, replicates: np.ndarray) -> float:
    """Posterior predictive p of the spread of interval counts about their mean."""
    mean = np.maximum(replicates.mean(0), 0.1)
    own = ((replicates - mean) ** 2 / mean).sum(1)
    return float(np.mean(own >= ((seen - mean) ** 2 / mean).sum()))


def measure(bench: Bench, world: World) -> dict[str, Any]:
    """All fits of one world, what each check said, and how often truths were covered."""
    job = bench.job(world)
    refits = job.refits()
    number = {r.name: k for k, r in enumerate(refits)}
    fits, inside, shifts, failed = [], [], [], 0
    for refit, found in refit_all(
        job.source, refits, bench.plan.length, bench.run.path / "worlds", progress=_count
    ):
        if isinstance(found, Failure):
            failed += 1
            continue
        k = number[refit.name]
        fits.append(bench.checks(job.tables(k), found))
        judged = job.judge(k, refit, found)
        answers = [a["name"] for a in bench.run.evidence.analysis["answer"]]
        inside.append([5 <= judged.ranks[a] < 95 for a in answers])
        shifts.append(judged.ranks["nk_hold"] / bench.plan.ranked)
    return {
        "world": world.name, "words": world.words, "fits": len(fits), "failed": failed,
        "alarms": {c: sum(alarm(f[c]) for f in fits) for c, (_, alarm) in ALARM.items()},
        "any": sum(any(alarm(f[c]) for c, (_, alarm) in ALARM.items()) for f in fits),
        "covered90": float(np.mean(inside)) if inside else None,
        "nk_hold_rank": float(np.mean(shifts)) if shifts else None,
        "values": fits,
    }  # fmt: skip


def _count(done: int, failed: int, total: int) -> None:
    print(f"{done} of {total}", file=sys.stderr, flush=True)


def main() -> None:
    """Fit every world and write the result."""
    parser = argparse.ArgumentParser()
    parser.add_argument("run", type=Path)
    parser.add_argument("--fits", type=int, default=6)
    parser.add_argument(
        "-o", "--out", type=Path, default=Path(__file__).parent / "wrong_worlds.json"
    )
    options = parser.parse_args()
    bench = Bench(load_run(options.run), Plan(fits=options.fits, seed=5))
    result: Mapping[str, Any] = {
        "checks": {c: words for c, (words, _) in ALARM.items()},
        "worlds": [measure(bench, world) for world in WORLDS],
    }
    options.out.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    for world in result["worlds"]:
        print(world["world"], world["fits"], world["alarms"], world["covered90"])


if __name__ == "__main__":
    main()
