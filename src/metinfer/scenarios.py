"""What predictions of a run are asked for: its therapies, and populations it can speak of."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from metinfer.runs import Run

if TYPE_CHECKING:
    from metinfer.therapy.populations import Population
    from metinfer.therapy.regimen import Therapies

log = logging.getLogger("metinfer")


def scenarios(
    run: Run, therapies: Path | None = None, populations: Path | None = None
) -> tuple[Therapies, dict[str, Population]]:
    """Therapies, and the populations that the fit can speak of; those of the run by default.

    Solver steps are split as in the fit, which was repeated with shorter ones if its own were too
    long.
    """
    from metinfer.inference.design import build_design
    from metinfer.therapy.check import started
    from metinfer.therapy.populations import for_fit, read_populations
    from metinfer.therapy.regimen import read_therapies

    inputs = run.path / "inputs"
    cures = read_therapies(therapies or inputs / "therapies.toml")
    named = read_populations(populations or inputs / "populations.toml")
    # what a person asks for by name is refused, not left out
    asked = populations is not None and populations.parent != inputs
    groups, left_out = for_fit(named, build_design(run.evidence), strict=asked)
    for name, why in left_out.items():
        log.info("population %s is left out: %s", name, why)
    if not asked:
        groups = started(cures, groups) or groups
    return replace(cures, refine=run.record.refine), groups
