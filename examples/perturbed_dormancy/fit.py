"""Fit the made-up experiment together with the bundled evidence, and see what it taught.

    python examples/perturbed_dormancy/fit.py --out runs/perturbed             # the stored tables
    python examples/perturbed_dormancy/fit.py --out runs/perturbed --seeds 5   # and four repeats

Every repeat is a new experiment simulated from the same truth (simulate.py), fitted by itself.
"Before" is the same model with no weight on the experiment's rows: the bundled evidence alone.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import simulate

import metinfer as mi
from metinfer.evidence import Evidence, bundled_path
from metinfer.inference.density import Joint
from metinfer.inference.learnt import ASSUMED, LEARNT, NARROWED
from metinfer.inference.recipe import MODEL
from metinfer.therapy.agents import Quantity
from metinfer.therapy.answers import named_answers
from metinfer.therapy.applicability import Applicability
from metinfer.therapy.draws import NamedDraws
from metinfer.therapy.populations import read_populations
from metinfer.therapy.regimen import Therapies, read_therapies
from metinfer.therapy.verdicts import answer_of

HERE = Path(__file__).parent
#: Draws of each source for which the answers are computed.
DRAWS = 1500
HEAD = """\
| risk ratio | truth | prior | bundled evidence | with the experiment | verdict | truth inside |
| --- | --- | --- | --- | --- | --- | --- |"""


@dataclass(frozen=True)
class Verdict:
    """One answer: quantiles (5, 50, 95 %) of the prior, before and after, and what they say."""

    prior: np.ndarray
    before: np.ndarray
    after: np.ndarray
    said_before: str
    said: str
    truth: float

    @property
    def covers(self) -> bool:
        """Whether the 90 % interval holds the truth."""
        return bool(self.after[0] <= self.truth <= self.after[2])


def subfits(evidence: Evidence, model: Any) -> dict[str, dict[str, np.ndarray]]:
    """All rows; and the experiment's rows without weight."""
    weight = np.array([float(r.study != "perturbed") for r in Joint.of(evidence).design.rows])
    return {"main": {}, "before": {"row_weight": weight}}


def main_only(evidence: Evidence, model: Any) -> dict[str, dict[str, np.ndarray]]:
    """All rows: the bundled evidence alone is the same for every repeat."""
    return {"main": {}}


#: Of the first experiment, and of its repeats.
FIRST = replace(MODEL, subfits=subfits, names=("main", "before"), short=())
REPEAT = replace(MODEL, subfits=main_only, names=("main",), short=())


def fit(seed: int, out: Path, draws: int) -> mi.Run:
    """One experiment, fitted with the bundled evidence: the sub-fits `main` and `before`."""
    truth = json.loads((HERE / "truth.json").read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory() as name:
        own, both = Path(name) / "own", Path(name) / "both"
        own.mkdir()
        for file in HERE.iterdir():
            if file.suffix in (".csv", ".toml"):
                (own / file.name).write_bytes(file.read_bytes())
        simulate.write(simulate.simulate(truth, seed), own)
        evidence = mi.combine([bundled_path(), own], both)
        recipe = FIRST if seed == 1 else REPEAT
        return mi.fit(
            evidence, out / f"seed-{seed}", recipe=recipe, resume=True, progress=False,
            draws=draws, tune=draws, chains=2, seed=seed,
        )  # fmt: skip


def judge(run: mi.Run, first: mi.Run) -> Iterator[tuple[str, Verdict]]:
    """What the experiment of a run did to every answer; `first` holds the fit without it."""
    where = Joint.of(run.evidence).design.coordinates
    therapies = read_therapies(run.path / "inputs" / "therapies.toml")
    populations = read_populations(run.path / "inputs" / "populations.toml")
    asked = run.evidence.analysis["answer"]
    groups = {
        "prior": first.groups["prior"],
        "before": first.groups["posterior_before"],
        "after": run.posterior,
    }
    found = {
        name: named_answers(
            NamedDraws.of(group, where).thinned(DRAWS), asked, therapies, populations
        )
        for name, group in groups.items()
    }
    true = named_answers(
        NamedDraws(_truth(where, run.evidence), where), asked, _certain(therapies), populations
    )
    covered = {
        "before": Applicability.of(mi.read_evidence(bundled_path()), therapies),
        "after": Applicability.of(run.evidence, therapies),
    }
    for name, one in zip(found["after"], asked, strict=True):
        draws = {
            source: values[name][np.isfinite(values[name])] for source, values in found.items()
        }
        ends = {source: np.quantile(values, [0.05, 0.5, 0.95]) for source, values in draws.items()}
        place = therapies.therapies[one["therapy"]], populations[one["population"]]
        said = [
            answer_of({"prior": draws["prior"], "posterior": draws[source]}, one["measure"],
                      covered[source].flag(*place))["learnt"]
            for source in ("before", "after")
        ]  # fmt: skip
        yield name, Verdict(
            ends["prior"], ends["before"], ends["after"], said[0], said[1],
            float(np.mean(true[name])),
        )  # fmt: skip


def _truth(where: Any, evidence: Evidence) -> dict[str, np.ndarray]:
    """The truth as a single draw, in the order of a fit's coordinates."""
    truth = json.loads((HERE / "truth.json").read_text(encoding="utf-8"))
    dims = {p["name"]: p.get("dims") for p in evidence.parameters["parameter"]}
    return {
        name: np.array([value])
        if not isinstance(value, dict)
        else np.array([[value[k] for k in (getattr(where, dims[name]) if name in dims else value)]])
        for name, value in truth.items()
    }


def _certain(therapies: Therapies) -> Therapies:
    """The same therapies with pharmacokinetics at their centre, as the mice were simulated."""
    agents = {
        name: replace(
            agent,
            potency=_centre(agent.potency),
            kinetics={
                species: {k: _centre(v) for k, v in table.items()}
                for species, table in agent.kinetics.items()
            },
        )
        for name, agent in therapies.agents.items()
    }
    return replace(therapies, agents=agents, memo={})


def _centre(quantity: Quantity) -> Quantity:
    """One anchor without spread; the anchors of an agent used here share their unit."""
    first = quantity.anchors[0]
    return Quantity((replace(first, median=quantity.centre({a.unit: 1.0 for a in quantity.anchors}),
                             log_sd=0.0),))  # fmt: skip


def line(name: str, found: Verdict) -> str:
    """One answer as a row of a Markdown table."""
    spans = [
        f"{q[1]:.2f} ({q[0]:.2f} to {q[2]:.2f})" for q in (found.prior, found.before, found.after)
    ]
    cells = [f"`{name}`", f"{found.truth:.2f}", *spans,
             f"{_short(found.said_before)} -> {_short(found.said)}",
             "yes" if found.covers else "**no**"]  # fmt: skip
    return f"| {' | '.join(cells)} |"


def _short(state: str) -> str:
    return state.removesuffix(", not learnt")


def main() -> None:
    """Fit each seed, print what it taught, and then how often it did."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("runs/perturbed"))
    parser.add_argument("--seeds", type=int, default=1, help="experiments, each simulated anew")
    parser.add_argument("--draws", type=int, default=600, help="of each of two chains")
    asked = parser.parse_args()
    every: dict[str, list[Verdict]] = {}
    first: mi.Run | None = None
    for seed in range(1, asked.seeds + 1):
        run = fit(seed, asked.out, asked.draws)
        first = first or run
        print(f"\nExperiment {seed}\n\n{HEAD}")
        judged = dict(judge(run, first))
        truth = {name: round(found.truth, 4) for name, found in judged.items()}
        (HERE / "answers.json").write_text(json.dumps(truth, indent=1) + "\n", encoding="utf-8")
        for name, found in judged.items():
            every.setdefault(name, []).append(found)
            print(line(name, found), flush=True)
    print(
        f"\n{asked.seeds} experiments\n\n| answer | assumed before | learnt after | "
        "narrowed only after | truth inside |"
    )
    print("| --- | --- | --- | --- | --- |")
    for name, several in every.items():
        counts = [
            sum(v.said_before == ASSUMED for v in several),
            sum(v.said == LEARNT for v in several),
            sum(v.said == NARROWED for v in several),
            sum(v.covers for v in several),
        ]
        print(f"| `{name}` | {' | '.join(f'{n} of {len(several)}' for n in counts)} |")


if __name__ == "__main__":
    main()
