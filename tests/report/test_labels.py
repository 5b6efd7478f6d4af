"""Groups are named by what was done to them."""

from __future__ import annotations

from pathlib import Path

import metinfer as mi
from metinfer.evidence import bundled_path
from metinfer.report.gather import labels

EXAMPLE = Path(__file__).parents[2] / "examples" / "perturbed_dormancy"


def test_mice_that_were_given_a_drug_are_not_called_control(tmp_path: Path) -> None:
    evidence = mi.combine([bundled_path(), EXAMPLE], tmp_path / "both")
    given = labels.given(evidence)
    named = {a.arm: labels.group(a, given.get(a.arm, ())) for a in evidence.arms}
    assert named["dormant_control"] == "liver, control"
    assert named["dormant_il15"] == "liver, N-803"
    assert named["dormant_nk_depleted"] == "liver, NK cells depleted"
