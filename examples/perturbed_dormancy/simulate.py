"""Make the tables of this folder: simulate an experiment in mice from a known truth.

    python examples/perturbed_dormancy/simulate.py                  # truth.json -> measurements.csv
    python examples/perturbed_dormancy/simulate.py --truth runs/demo    # choose truth.json anew

The truth is a joint draw of the posterior of the bundled evidence, so that it agrees with what
has been published: the draw nearest to a hold of 0.8, of which NK cells carry 60 %, equal in mice
and people (`WANTED`). The mouse model itself is set by hand (`MODEL`), inside its prior. Both were
chosen before anything was simulated, and not changed since.
"""

from __future__ import annotations

import argparse
import csv
import json
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

import metinfer as mi
from metinfer.evidence import Evidence, bundled_path

HERE = Path(__file__).parent
MICE = 10
DAY = 56.0
#: Spread between mice of NK numbers and of IFN-gamma (sd of the natural log).
SPREAD = 0.35
#: What the truth should be like; distances are counted in sd of the posterior.
WANTED = {"nk_hold": 0.8, "nk_ifng_share": 0.6, "transfer": 0.0}
#: The dormant liver model: 20 cells a mouse, of which one in a hundred wakes each day.
MODEL = {
    "awakening_rate": 0.01,
    "growth_time": 14.0,
    "frailty_shape": 2.0,
    "founders": 20.0,
    "stock_level": 0.0,
    "awake_share": 0.05,
    "liver_share": 0.25,
}
CONTEXT = "dormant_mouse"


def choose_truth(run: mi.Run) -> dict[str, Any]:
    """Parameters of the posterior draw nearest to `WANTED`, with the mouse model beside them."""
    flat = run.posterior.stack(sample=("chain", "draw"))
    hold = flat["transfer"].sel(transfer_parameter="nk_hold")
    values = {name: hold if name == "transfer" else flat[name] for name in WANTED}
    distance = sum((values[name] - WANTED[name]) ** 2 / values[name].var() for name in WANTED)
    draw = flat.isel(sample=int(distance.argmin("sample")))
    names = [p["name"] for p in run.evidence.parameters["parameter"]] + ["transfer"]
    truth: dict[str, Any] = {}
    for name in names:
        if name not in draw:
            continue
        values = draw[name]
        if not values.dims:
            truth[name] = round(float(values), 6)
            continue
        labels = values[values.dims[0]].values
        truth[name] = {
            str(k): float(f"{v:.6g}") for k, v in zip(labels, values.values, strict=True)
        }
    for name, value in MODEL.items():
        truth[name][CONTEXT] = value
    return truth


def read() -> Evidence:
    """The bundled evidence with this folder added."""
    with tempfile.TemporaryDirectory() as folder:
        return mi.combine([bundled_path(), HERE], folder)


def for_arms(truth: Mapping[str, Any], evidence: Evidence) -> dict[str, Any]:
    """The truth as `mi.solve` takes it for the arms of this folder."""
    place = {"species": "mouse", "context": CONTEXT, "stock": CONTEXT, "site": "liver"}
    dims = {p["name"]: p.get("dims") for p in evidence.parameters["parameter"]}
    given: dict[str, Any] = {}
    for name, value in truth.items():
        if not isinstance(value, dict):
            given[name] = value
        elif dims.get(name) in place:
            given[name] = [value[place[dims[name]]]]
    return given


def simulate(truth: Mapping[str, Any], seed: int) -> list[dict[str, str]]:
    """Rows of measurements.csv of one experiment, drawn mouse by mouse."""
    rng = np.random.default_rng(seed)
    evidence = read()
    arms = [arm for arm in evidence.arms if arm.study == "perturbed"]
    states = mi.solve(for_arms(truth, evidence), arms, [0.0, DAY], evidence.doses)
    states = states.isel(draw=0, day=-1)
    shape, founders = MODEL["frailty_shape"], MODEL["founders"]
    made_by_nk = float(truth["nk_ifng_share"])
    found: dict[str, dict[str, np.ndarray]] = {}
    for arm in arms:
        here = states.sel(arm=arm.arm)
        uneven = rng.gamma(shape, 1.0 / shape, MICE)
        nk = float(here["nk"])
        ifng = (made_by_nk * nk + 1.0 - made_by_nk) * (1.0 - arm.ifng_loss)
        found[arm.arm] = {
            "count": rng.poisson(founders * uneven * float(here["metastases"])),
            "nk": nk * rng.lognormal(0.0, SPREAD, MICE),
            "ifng": ifng * rng.lognormal(0.0, SPREAD, MICE),
        }
    return _rows(found)


def _rows(found: Mapping[str, Mapping[str, np.ndarray]]) -> list[dict[str, str]]:
    rows = [
        _row(f"{arm}-count", arm, "metastasis_count", "metastases per liver, all mice together",
             statistic="count_total", events=str(mice["count"].sum()), n=str(MICE))
        for arm, mice in found.items()
    ]  # fmt: skip
    for arm, name, observable, endpoint in (
        ("dormant_il15", "nk", "nk_count_fold", "NK cells per liver, over control"),
        ("dormant_nk_depleted", "ifng", "ifng_fold", "IFN-gamma in the liver, over control"),
    ):
        logs = np.log(found[arm][name]), np.log(found["dormant_control"][name])
        centre = logs[0].mean() - logs[1].mean()
        error = np.sqrt(sum(x.var(ddof=1) / MICE for x in logs))
        value, low, high = np.exp(centre + error * np.array([0.0, -1.96, 1.96]))
        rows.append(
            _row(f"{arm}-{name}", arm, observable, endpoint, reference_arm="dormant_control",
                 statistic="ratio", value=f"{value:.3g}", spread="ci95", low=f"{low:.3g}",
                 high=f"{high:.3g}")
        )  # fmt: skip
    return rows


def _row(row: str, arm: str, observable: str, endpoint: str, **cells: str) -> dict[str, str]:
    fixed = {
        "row": row, "study": "perturbed", "arm": arm, "endpoint": endpoint,
        "observable": observable, "matrix": "liver", "time": f"{DAY:g}", "time_unit": "day",
        "unit": "1", "spread": "none", "role": "fit", "reason": "made up",
        "locator": "simulate.py", "confidence": "high", "note": "made up",
    }  # fmt: skip
    return fixed | cells


def write(rows: list[dict[str, str]], folder: Path = HERE) -> None:
    """Write measurements.csv into `folder`."""
    header = (bundled_path() / "measurements.csv").open().readline().strip()
    with (folder / "measurements.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, header.split(","), restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def main() -> None:
    """Choose the truth if asked, and write the tables of one seed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--truth", metavar="RUN", help="a run of the bundled evidence")
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    path = HERE / "truth.json"
    if asked.truth:
        text = json.dumps(choose_truth(mi.load_run(asked.truth)), indent=1)
        path.write_text(text + "\n", encoding="utf-8")
    write(simulate(json.loads(path.read_text(encoding="utf-8")), asked.seed))


if __name__ == "__main__":
    main()
