"""Ranks of five simulated truths by simuk, by this program, and exactly.

simuk: https://github.com/arviz-devs/simuk.

Run: python benchmarks/simuk_agreement.py. simuk compiles and samples a model once per simulation,
which the joint model is too large for; both programs therefore rank the unknowns of a small model
(three effects, one observation each), given the same simulated tables, and both are compared with
quadrature. Prints JSON: differences of ranks, in standard errors of ranks among that many draws.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import simuk
from scipy import stats

from metinfer.evidence.types import Evidence, SourceFile
from metinfer.inference.calibrate_ranks import rank
from metinfer.inference.chains import Length
from metinfer.inference.refits import Refit, Source, refit_all

FITS, DRAWS, EVERY = 5, 495, 5


def model(evidence: Evidence) -> Any:
    """Three effects with unit priors, each observed once with a known error."""
    import pymc as pm

    with pm.Model(coords={"item": ["a", "b", "c"]}) as made:
        seen = pm.Data("seen", np.zeros(3), dims="item")
        effect = pm.Normal("effect", 0.0, 1.0, dims="item")
        error = pm.HalfNormal("error", 1.0)
        pm.Normal("rows", effect, 0.2 + error, observed=seen, dims="item")
    return made


def theirs() -> tuple[np.ndarray, list[dict[str, np.ndarray]]]:
    """Ranks as shares (fit, unknown) by simuk, and the truths and tables that it used."""
    used: list[dict[str, np.ndarray]] = []

    def simulate(effect: np.ndarray, error: float, seed: int) -> dict[str, np.ndarray]:
        rng = np.random.default_rng(seed)
        rows = np.asarray(effect) + (0.2 + float(error)) * rng.standard_normal(3)
        used.append({"truth": np.append(effect, error), "seen": rows})
        return {"rows": rows}

    sbc = simuk.SBC(
        model(None), num_simulations=FITS, seed=4, simulator=simulate, progress_bar=False,
        sample_kwargs={"draws": DRAWS, "tune": 500, "chains": 1, "cores": 1},
    )  # fmt: skip
    sbc.run_simulations()
    found = sbc.simulations["prior_sbc"]
    # It shuffles the simulations: the truths say which is which.
    truths = sbc.ref_params["error"].to_numpy()
    place = {float(u["truth"][3]): u for u in used}
    used = [place[float(t)] for t in truths]
    flat = [np.asarray(found[n]).reshape(FITS, -1) for n in ("effect", "error")]
    return np.concatenate(flat, axis=1) / DRAWS, used


def ours(used: list[dict[str, np.ndarray]]) -> tuple[np.ndarray, np.ndarray]:
    """The same by this program, and the effective draws behind each rank."""
    from metinfer.inference.calibrate import effective

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "studies.csv"
        path.write_text("study\n")
        files = (SourceFile("studies.csv", path, hashlib.sha256(b"study\n").hexdigest()),)
        evidence = Evidence((), (), (), (), (), {}, {}, {}, {}, Path(folder), files, "small")
        asked = [Refit(f"{k}", {"seen": u["seen"]}, k) for k, u in enumerate(used)]
        fits = refit_all(Source(evidence, model), asked, Length(DRAWS, 500), Path(folder))
        draws = {r.name: found for r, found in fits}
    rng, ranks, worth = np.random.default_rng(1), [], []
    for k, u in enumerate(used):
        found = draws[f"{k}"].isel(chain=0)
        both = np.column_stack([found["effect"].to_numpy(), found["error"].to_numpy()])
        ranks.append([rank(t, v, rng) / DRAWS for t, v in zip(u["truth"], both.T, strict=True)])
        worth.append(list(effective({str(i): v for i, v in enumerate(both.T)}).values()))
    return np.array(ranks), np.array(worth)


def exact(used: list[dict[str, np.ndarray]]) -> np.ndarray:
    """Posterior probability below each truth (fit, unknown), by quadrature over the error."""
    error = np.linspace(1e-4, 6.0, 4000)
    variance = (0.2 + error) ** 2
    shrunk, sd = 1.0 / (1.0 + variance), np.sqrt(variance / (1.0 + variance))
    made = []
    for u in used:
        seen, truth = u["seen"][:, None], u["truth"]
        logp = -0.5 * error**2 + stats.norm.logpdf(seen, 0.0, np.sqrt(1.0 + variance)).sum(0)
        weight = np.exp(logp - logp.max())
        weight /= weight.sum()
        below = (weight * stats.norm.cdf(truth[:3, None], seen * shrunk, sd)).sum(1)
        made.append([*below, weight[error < truth[3]].sum()])
    return np.array(made)


def main() -> None:
    """Print how far the two programs are apart."""
    first, used = theirs()
    second, worth = ours(used)
    right = exact(used)
    inner = np.clip(right, 0.02, 0.98)
    # Both chains are about as good: each rank is a mean over so many independent draws.
    error = np.sqrt(inner * (1.0 - inner) / worth)
    found = {
        "simuk_and_this_program": (first - second) / error / np.sqrt(2.0),
        "simuk_and_exact": (first - right) / error,
        "this_program_and_exact": (second - right) / error,
    }
    result: dict[str, Any] = {"fits": FITS, "ranks": int(first.size), "simuk": simuk.__version__}
    for name, z in found.items():
        result[name] = {
            "largest_z": round(float(np.abs(z).max()), 2),
            "rms_z": round(float(np.sqrt(np.mean(z**2))), 2),
        }
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
