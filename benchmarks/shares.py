"""Where the time of one gradient goes: the solve of the lanes, and everything else.

Run: python -m benchmarks.shares. Prints a JSON list of name, value, unit, target and ok.
"""

from __future__ import annotations

import json
from functools import partial
from typing import Any

import numpy as np

from benchmarks.accuracy import prior_theta
from benchmarks.gradient_speed import compiled, row, timed
from benchmarks.joint_contender import gradient
from benchmarks.joint_models import bundled
from metinfer.inference.model import joint_model

#: Seconds that each call is timed for; the best call counts.
SECONDS = 3.0


def share_rows() -> list[dict[str, Any]]:
    """Time of the joint gradient, of its solve with the adjoint, and what is left."""
    joint = bundled()
    whole = timed(gradient(joint_model(joint), jax=False), SECONDS)
    theta = prior_theta(joint, 1, np.random.default_rng(1))[0]
    grid = joint.grid()
    solve = timed(partial(compiled(grid), np.ascontiguousarray(theta)), SECONDS)
    return [
        row("gradient of the joint log-density", whole * 1e6, "us"),
        row("of it: solve of the lanes and its adjoint", solve * 1e6, "us"),
        row("of it: priors, observables, statistics of rows", (whole - solve) * 1e6, "us"),
        row("share of the solve", 100.0 * solve / whole, "%"),
        row("steps of all lanes", float(grid.steps.sum()), "1"),
    ]


def main() -> None:
    """Print all results."""
    print(json.dumps(share_rows(), indent=1))


if __name__ == "__main__":
    main()
