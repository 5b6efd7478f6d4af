"""Recover the truth from published summaries: coverage of 90 % intervals, by statistic.

Individuals are simulated, summarised as a paper would, and the summary alone is scored on a grid
of one or two unknowns with a flat prior (on the log scale for scales). Repeated 600 times; the
share of 90 % intervals that hold the truth should be between 85 and 95 %. All repeats of a
setting are rows of one family, so the likelihood is compiled once.

Run: python benchmarks/recover_statistics.py  (writes docs/statistics_recovery.md)
"""

from __future__ import annotations

import time
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytensor
import pytensor.tensor as pt
from summaries import REPEATS, Columns, Setting
from summary_settings import settings

from metinfer.inference.statistics import STATISTICS

NODES = 61
CHUNK = 400 * 256


def posterior(setting: Setting, columns: Columns) -> np.ndarray:
    """Posterior weight (repeat, node, ...) on the grid; rows of one repeat are summed."""
    data, same = distinct(setting, STATISTICS[setting.statistic].prepare(columns))
    nodes = setting.nodes or (NODES if len(setting.unknowns) == 2 else 4 * NODES)
    axes = np.meshgrid(*[u.grid(nodes) for u in setting.unknowns.values()], indexing="ij")
    points = {k: a.reshape(-1, 1) for k, a in zip(setting.unknowns, axes, strict=True)}
    points |= {k: np.full((axes[0].size, 1), v) for k, v in setting.fixed.items()}
    pred = setting.predict(points, columns) if setting.predict else points
    score = compiled(setting.statistic, data, pred)
    rows = next(iter(data.values())).size
    step = max(1, CHUNK // (rows * (1000 if "rounded" in setting.statistic else 1)))
    parts = []
    for start in range(0, axes[0].size, step):
        here = [v[start : start + step] for v in pred.values()]
        size = here[0].shape[0]
        tiled = [np.tile(v, size) for v in data.values()]
        wide = [np.broadcast_to(v, (size, rows)).ravel() for v in here]
        parts.append(score(*tiled, *wide).reshape(size, rows))
    logp = np.concatenate(parts)[:, same]
    logp = logp.reshape(axes[0].size, REPEATS, setting.rows).sum(-1).T
    weight = np.exp(logp - logp.max(1, keepdims=True))
    return weight.reshape(REPEATS, *axes[0].shape)


def distinct(setting: Setting, data: Columns) -> tuple[Columns, np.ndarray]:
    """Rows that differ, and where each row is among them: rounded summaries repeat."""
    if setting.predict:
        return data, np.arange(next(iter(data.values())).size)
    kept, same = np.unique(np.stack(list(data.values())), axis=1, return_inverse=True)
    return dict(zip(data, kept, strict=True)), same.ravel()


def compiled(name: str, data: Columns, pred: Columns) -> Callable[..., np.ndarray]:
    """Log-density as a function of all data, then all predictions."""
    cells, inputs = ({k: pt.vector(k) for k in part} for part in (data, pred))
    logp = STATISTICS[name].logp(cells, inputs)
    return pytensor.function(
        [*cells.values(), *inputs.values()], logp, mode="FAST_COMPILE", on_unused_input="ignore"
    )


def coverage(setting: Setting, rng: np.random.Generator) -> dict[str, tuple[float, float]]:
    """Share of 90 % intervals with the truth, and mean posterior rank of the truth, by unknown."""
    weight = posterior(setting, setting.simulate(rng))
    found = {}
    for axis, (name, unknown) in enumerate(setting.unknowns.items()):
        others = tuple(1 + a for a in range(len(setting.unknowns)) if a != axis)
        share = weight.sum(others)
        share /= share.sum(1, keepdims=True)
        middle = np.cumsum(share, axis=1) - 0.5 * share
        grid = unknown.grid(share.shape[1])
        truth = np.broadcast_to(unknown.truth, REPEATS)
        scale, truth = (np.log(grid), np.log(truth)) if unknown.log else (grid, truth)
        rank = np.array([np.interp(t, scale, m) for t, m in zip(truth, middle, strict=True)])
        found[name] = (float(((rank > 0.05) & (rank < 0.95)).mean()), float(rank.mean()))
    return found


def table() -> str:
    """Markdown page with the coverage of every setting."""
    began = time.perf_counter()
    lines = []
    for setting in settings():
        # A seed of its own by name: a new setting does not change the others.
        seed = zlib.crc32(f"{setting.statistic} {setting.text}".encode())
        found = coverage(setting, np.random.default_rng([20, seed]))
        for unknown, (share, rank) in found.items():
            verdict = "" if 0.85 <= share <= 0.95 else "outside"
            cells = (setting.statistic, setting.text, unknown, f"{100 * share:.1f}", f"{rank:.2f}")
            lines.append("| " + " | ".join((*cells, verdict)) + " |")
            print(lines[-1], f"{time.perf_counter() - began:.0f} s", flush=True)
    return HEAD + "\n".join(lines) + "\n"


HEAD = f"""# Recovery of the truth from published summaries

Made by `python benchmarks/recover_statistics.py`. Individuals are simulated, only their published
summary is scored (flat prior on a grid; both unknowns where two are named), {REPEATS} repeats.
*Coverage* is the share of 90 % intervals that hold the truth (aim 85 to 95; the Monte Carlo SE is
1.2), *rank* the mean posterior rank of the truth (0.5 without bias). "Spread as published": the
published spread is taken as known and widened, as the model scores these rows. Means of values
more skewed than a log SD of 0.7 lose their logs (SD near the mean; 400 repeats gave 84.8 % at n 12
and 0.8, 81.0 % at 1.0), and rows whose SD is above the mean are refused: such rows are better
entered as medians or single values. Rounded medians are tried over a range of spreads:
where the rounding is as coarse as the spread there are few outcomes, and coverage at one truth
jumps. At the single SD of 0.8 the SD was covered in 82.7 to 90.0 % (rounded to 1; seven runs of 400
to 1,600 repeats, mean 85) and in 77 to 80 % (rounded to 0.5; three runs). With truths drawn from
the prior it was covered in 90, 91 and 90 % (rounded to 1, 0.5 and 0.25; 250 repeats each), as an
exact likelihood must.

| statistic | what was simulated | unknown | coverage, % | rank | |
|---|---|---|---:|---:|---|
"""


if __name__ == "__main__":
    Path(__file__).parents[1].joinpath("docs", "statistics_recovery.md").write_text(table())
