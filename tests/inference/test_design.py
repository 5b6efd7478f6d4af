from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest

from metinfer.errors import MetinferError
from metinfer.inference.design import CURVE_POINTS, FOLLOW_UP, build_design, spread_key
from tests.inference.conftest import with_rows


def row_of(design, name):
    return [r.row for r in design.rows].index(name)


def test_arms_that_differ_only_in_founders_share_a_lane(tiny, tiny_joint):
    design = tiny_joint.design
    lane = design.nodes.lane[:, 0]
    control, followed = (
        lane[design.row_node[row_of(design, "control-share")]],
        lane[design.interval_start[0]],
    )
    assert control == followed
    depleted = lane[design.row_node[row_of(design, "depleted-share")]]
    assert depleted != control
    assert len(design.lanes) == 3
    assert design.outputs[control] == (0.0, 5.0, 14.0, 28.0, 56.0)


def test_nodes_point_at_their_time(bundled_joint):
    design = bundled_joint.design
    for k, interval in enumerate(design.intervals):
        for node, day in (
            (design.interval_start[k], interval.start_day),
            (design.interval_end[k], interval.end_day),
        ):
            used = design.nodes.weight[node] > 0
            places = zip(
                design.nodes.lane[node][used], design.nodes.output[node][used], strict=True
            )
            assert all(design.outputs[lane][output] == day for lane, output in places)


def test_a_mixture_is_a_node_of_weighted_parts(tiny):
    arms = [
        replace(a, context="first:0.75;second:0.25", stock="") if a.arm == "control" else a
        for a in tiny.arms
    ]
    rows = [m for m in tiny.rows("fit") if m.row == "control-share"]
    design = build_design(replace(with_rows(tiny, rows), arms=tuple(arms), intervals=()))
    node = design.row_node[0]
    assert design.nodes.weight[node].tolist() == [0.75, 0.25]
    assert [design.lanes[i].context for i in design.nodes.lane[node]] == ["first", "second"]
    assert design.nodes.stock[node] == -1
    assert design.coordinates.context == ("first", "second")


def test_a_context_of_two_species_is_refused(tiny):
    arms = [replace(a, species="human") if a.arm == "nk_depleted" else a for a in tiny.arms]
    with pytest.raises(MetinferError, match="mouse_tiny.*two species"):
        build_design(replace(tiny, arms=tuple(arms)))


@pytest.mark.parametrize(("day", "last"), [(None, FOLLOW_UP), (400.0, 400.0)])
def test_a_hazard_ratio_reads_two_curves(tiny, day, last):
    base = next(m for m in tiny.measurements if m.row == "control-share")
    ratio = replace(
        base, observable="event_hazard_ratio", statistic="hazard_ratio",
        reference_arm="nk_depleted", time_day=day,
    )  # fmt: skip
    design = build_design(replace(with_rows(tiny, [ratio]), intervals=()))
    assert design.row_node.tolist() == [-1]
    for curve, depletion in ((design.row_curve, 0.0), (design.row_reference_curve, 1.0)):
        assert curve.shape == (1, CURVE_POINTS)
        lanes = design.nodes.lane[curve[0], 0]
        assert len(set(lanes)) == 1
        assert design.lanes[lanes[0]].nk_depletion == depletion
        times = [design.outputs[lanes[0]][o] for o in design.nodes.output[curve[0], 0]]
        assert times == pytest.approx(np.linspace(0.0, last, CURVE_POINTS))


def test_counting_any_cell_and_counting_metastases_are_two_nodes(tiny):
    base = next(m for m in tiny.measurements if m.row == "control-share")
    cells = replace(base, row="cells", observable="cell_probability")
    design = build_design(replace(with_rows(tiny, [base, cells]), intervals=()))
    one, other = design.row_node
    assert one != other
    assert design.nodes.cells[[one, other]].tolist() == [False, True]
    assert design.nodes.lane[one] == design.nodes.lane[other]


@pytest.mark.parametrize("folder", ["tiny", "bundled", "template"])
def test_checked_rows_do_not_move_what_is_fitted(folder, request):
    evidence = request.getfixturevalue(folder)
    fitted = build_design(evidence).coordinates
    assert build_design(with_rows(evidence, evidence.rows("fit"))).coordinates == fitted
    wider = build_design(evidence, ("fit", "check")).coordinates
    for field in fields(fitted):
        first, more = getattr(fitted, field.name), getattr(wider, field.name)
        assert tuple(more)[: len(first)] == tuple(first), field.name


def test_whose_spread_a_row_shares(template):
    rows = {m.row: m for m in template.rows("fit")}
    assert spread_key(rows["individual"]) == spread_key(rows["individual-below-limit"])
    assert spread_key(rows["individual"]) == "healthy:timp1_level"
    assert spread_key(rows["median"]) == "median"
    assert spread_key(rows["geometric-mean"]) == ""
    assert spread_key(rows["mean"]) == ""
