"""Default fits of the bundled evidence with several seeds: gates, and agreement of answers.

Each seed runs `metinfer fit data -o RUN --seed S` and `metinfer diagnose RUN` as a user would;
exit codes are recorded. Named answers (all draws, `answers.nc`) are compared between seeds in
combined Monte Carlo standard errors of their means; the limit is 3.5.

Run: python benchmarks/seeds.py [--seeds 1 2 3] [--keep FOLDER]. Writes docs/seeds.md.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from itertools import combinations
from pathlib import Path
from typing import Any

import arviz as az
import numpy as np

from metinfer.evidence import bundled_path
from metinfer.runs import load_run

ROOT = Path(__file__).resolve().parents[1]
LIMIT = 3.5


def one_seed(seed: int, folder: Path) -> dict[str, Any]:
    """Exit codes, gates and named answers of one default fit."""
    run = folder / f"seed-{seed}"
    codes = []
    for words in (["fit", str(bundled_path()), "-o", str(run), "--seed", str(seed), "--resume",
                   "--quiet"], ["diagnose", str(run), "--format", "json"]):  # fmt: skip
        done = subprocess.run([sys.executable, "-m", "metinfer.cli", *words], capture_output=True)
        codes.append(done.returncode)
    gates = json.loads((run / "diagnostics.json").read_text(encoding="utf-8"))["gates"]
    loaded = load_run(run)
    draws = loaded.read_result("answers.nc")["posterior"]
    error = az.mcse(draws)
    answers = {str(k): (float(draws[k].mean()), float(error[k])) for k in draws.data_vars}
    return {"seed": seed, "codes": codes, "gates": gates, "answers": answers}


def largest_gap(found: list[dict[str, Any]], name: str) -> float:
    """Largest difference between two seeds over the combined error of their means."""
    values = [f["answers"][name] for f in found]
    return max(abs(a[0] - b[0]) / np.hypot(a[1], b[1]) for a, b in combinations(values, 2))


def page(found: list[dict[str, Any]]) -> str:
    """Return the page in Markdown."""
    seeds = [f["seed"] for f in found]
    head = "| | " + " | ".join(f"seed {s}" for s in seeds) + " |"
    rule = "|---|" + "---:|" * len(seeds)
    gates = [
        f"| {g['name']} ({g['limit']}) | "
        + " | ".join(
            f"{f['gates'][k]['value']:.4g}{'' if f['gates'][k]['passed'] else ' FAILS'}"
            for f in found
        )
        + " |"
        for k, g in enumerate(found[0]["gates"])
    ]
    runs = [
        "| exit codes of fit and diagnose | " + " | ".join(f"{f['codes']}" for f in found) + " |",
    ]
    gaps = {name: largest_gap(found, name) for name in found[0]["answers"]}
    answers = [
        f"| {name} | "
        + " | ".join(f"{f['answers'][name][0]:.4f} ({f['answers'][name][1]:.4f})" for f in found)
        + f" | {gap:.2f} |"
        for name, gap in gaps.items()
    ]
    verdict = "All" if max(gaps.values()) < LIMIT else "NOT all"
    return "\n".join([
        "# Default fits with other seeds", "",
        f"Made by `python benchmarks/seeds.py --seeds {' '.join(map(str, seeds))}`: default "
        "settings, bundled evidence.", "",
        head, rule, *runs, *gates, "",
        f"{verdict} named answers agree between any two seeds within {LIMIT} combined Monte Carlo "
        f"standard errors; the largest difference is {max(gaps.values()):.2f}.", "",
        "Mean of each named answer, with its Monte Carlo standard error.", "",
        head[:-1] + "| largest difference (errors) |", rule + "---:|", *answers, "",
    ])  # fmt: skip


def main() -> None:
    """Fit each seed and write the page."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--keep", type=Path)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = given.keep or Path(scratch)
        text = page([one_seed(seed, folder) for seed in given.seeds])
    (ROOT / "docs" / "seeds.md").write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
