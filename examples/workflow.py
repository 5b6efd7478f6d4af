"""The whole way in Python: tables in, posterior, checks, therapies, one page out.

    python examples/workflow.py                                   # the bundled evidence
    python examples/workflow.py my-evidence --out runs/mine       # tables of one's own
    python examples/workflow.py tests/data/tiny --quick           # a first look, in seconds

The same as `metinfer check`, `fit`, `diagnose`, `predict` and `report`.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import metinfer as mi
from metinfer.evidence import bundled_path
from metinfer.therapy.records import to_records


def main() -> int:
    """Run every step; 0 if the gates passed, 3 if the numbers are not to be relied on yet."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("evidence", nargs="?", type=Path, default=bundled_path())
    parser.add_argument("--out", type=Path, default=Path("runs/workflow"))
    parser.add_argument("--quick", action="store_true", help="few draws: proves nothing")
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()

    # 1. Are the tables usable? Every fault at once, with file, line and column.
    found = mi.check(asked.evidence)
    print(found.to_text())
    if not found.ok:
        return 1
    evidence = mi.read_evidence(asked.evidence)

    # 2. The posterior. A run that was stopped goes on where it was; a finished one is read.
    run = mi.fit(evidence, asked.out, quick=asked.quick, seed=asked.seed, resume=True)

    # 3. May it be believed? Every gate with its value and limit.
    diagnosis = mi.diagnose(run)
    for gate in diagnosis.gates:
        print(f"{'pass' if gate.passed else 'FAIL'}  {gate.name}: {gate.value:.3g} ({gate.limit})")

    # 4. What would therapies do, and how much of each answer was learnt?
    print("\nRisk ratios, median (90 % interval):")
    for record in to_records(mi.predict(run)):
        print(f"  {record['therapy']} in {record['population']}, {_years(record)}:")
        for source in record["sources"]:
            print(f"    {source:10} {_interval(record['risk_ratio'][source])}")
        print(f"    {record['risk_ratio']['learnt']}")

    # 5. One page for those who decide.
    print(f"\nReport: {mi.report(run)}")
    return 0 if diagnosis.passed else 3


def _years(record: dict) -> str:
    year = record["horizon_year"]
    return f"{year:g} years" if year >= 1 else f"{year * 365.25:.0f} days"


def _interval(value: dict) -> str:
    if value["median"] is None:
        return "not defined"
    return f"{value['median']:.2f} ({value['lo90']:.2f} to {value['hi90']:.2f})"


if __name__ == "__main__":
    sys.exit(main())
