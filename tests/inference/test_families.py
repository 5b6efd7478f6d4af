from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytensor
import pytensor.tensor as pt
import pytest

from metinfer.inference.density import (
    LATENTS,
    Graph,
    Joint,
    density_tape,
    prediction_tape,
    score_terms,
)
from metinfer.inference.families import (
    SURROGATE_SD,
    extras,
    families,
    interval_family,
    is_ratio,
    statistic_of,
)
from metinfer.inference.lanes import lane_theta
from metinfer.inference.solving import inputs_of, solve_draws, theta_of
from metinfer.inference.statistics import STATISTICS
from metinfer.mechanism.op import solve_op
from tests.inference.conftest import named_parameters, prior_latents


def scored(joint, draws, states):
    """Log-density of every row and interval, and the predictions, per draw."""
    symbols = [pt.vector(n, dtype="float64") for n in LATENTS]
    solved = pt.tensor3("states", dtype="float64")
    params = named_parameters(joint, symbols[0], symbols[1], 0.5 * symbols[2])
    ones = [pt.ones(len(x)) for x in (joint.design.rows, joint.design.intervals)]
    terms = list(score_terms(joint, params, solved, *ones))
    out = [t.family.statistic.logp(t.family.data, t.pred) for t in terms]
    out += [pt.as_tensor(v) for t in terms for v in t.pred.values()]
    run = pytensor.function([*symbols, solved], out, mode="FAST_COMPILE", on_unused_input="ignore")
    found = [run(*(d[i] for d in draws), states[i]) for i in range(len(states))]
    logp = {t.name: np.array([f[k] for f in found]) for k, t in enumerate(terms)}
    keys = [(t.name, k) for t in terms for k in t.pred]
    pred = {key: np.array([f[len(terms) + k] for f in found]) for k, key in enumerate(keys)}
    return {t.name: t.family for t in terms}, logp, pred


@pytest.fixture(scope="module")
def everything(template):
    """Every statistic of the template folder on draws of the prior."""
    joint = Joint.of(template, ("fit", "check"))
    draws = prior_latents(joint, 25, seed=3)
    states, status = solve_draws(joint, theta_of(joint, draws, 0.5))
    assert not status.any()
    return joint, *scored(joint, draws, states)


def test_the_tape_of_every_statistic_and_observable_is_the_plain_form(template):
    joint = Joint.of(template, ("fit", "check"))
    draws = prior_latents(joint, 25, seed=4)
    states, _ = solve_draws(joint, theta_of(joint, draws, 0.5))
    _, logp, _ = scored(joint, draws, states)
    tape = prediction_tape(joint)
    found = tape.run(inputs_of(joint, draws, 0.5))
    np.testing.assert_allclose(found["states"], states, rtol=1e-9, atol=1e-14)
    every = found["log_likelihood"]
    for name, family in joint.named_families:
        places = family.rows + len(joint.design.rows) * (name == "intervals")
        np.testing.assert_allclose(every[:, places], logp[name], rtol=1e-8, atol=1e-10)


def test_the_gradient_of_the_tape_is_that_of_the_plain_form(template):
    joint = Joint.of(template)
    tape = density_tape(joint)
    x = inputs_of(joint, prior_latents(joint, 3, seed=5), 0.5)
    graph = Graph(joint)
    states = solve_op(lane_theta(graph.params, joint.lanes, pt), joint.grid())
    total = graph.weighted(states, "").sum()
    inputs = list(graph.inputs.values())
    given = {variable: value for variable, value in graph.data.values()}
    plain = pytensor.function(inputs, pytensor.grad(total, inputs), mode="FAST_COMPILE",
                              givens=given, on_unused_input="ignore")  # fmt: skip
    for one in x:
        wanted = np.concatenate(plain(*(one[span] for span in tape.inputs.values())))
        _, slope = tape.gradient(one, np.ones(tape.results))
        np.testing.assert_allclose(slope, wanted, rtol=1e-10, atol=1e-10 * np.abs(wanted).max())


def test_the_template_holds_every_kind_of_row(everything):
    joint, found, _, _ = everything
    assert sum(len(f.rows) for n, f in found.items() if n != "intervals") == len(joint.design.rows)
    covered = {f.name for f in found.values()}
    statistics = {m.statistic for m in joint.design.rows}
    assert len(statistics) >= 16
    assert covered <= set(STATISTICS)
    assert {"ordered", "bound", "hazard_ratio", "rate_events", "interval_person_time"} <= covered


def test_every_statistic_is_finite_on_prior_draws(everything):
    joint, found, logp, _ = everything
    for name, values in logp.items():
        labels = [joint.design.rows[i].row for i in found[name].rows] if name != "intervals" else ""
        assert np.isfinite(values).mean() > 0.9, (name, labels)
        assert values.shape[1] == len(found[name].rows)


def test_what_each_statistic_needs_is_there(everything):
    _, found, _, pred = everything
    for name, family in found.items():
        given = {k for n, k in pred if n == name}
        assert set(family.statistic.predicts) <= given
        assert given <= {*family.statistic.predicts, *family.statistic.optional}, name


def test_an_ordering_gets_its_reference_arm(everything):
    joint, found, _, pred = everything
    family = found["rows_ordered"]
    assert [joint.design.rows[i].row for i in family.rows] == ["ordered"]
    counts = found["rows_count_mean"]
    control = [joint.design.rows[i].row for i in counts.rows].index("mean")
    reference = pred["rows_ordered", "reference"][:, 0]
    np.testing.assert_allclose(reference, pred["rows_count_mean", "value"][:, control])
    assert not np.allclose(reference, pred["rows_ordered", "value"][:, 0])


def test_survival_rows_are_predicted_as_survival(everything):
    joint, found, _, pred = everything
    at = [joint.design.rows[i].row for i in found["rows_survival"].rows].index("survival")
    incidence = pred["rows_cumulative_incidence_n", "value"][:, 0]
    # Both rows are the same arm at the same time in the template.
    np.testing.assert_allclose(pred["rows_survival", "value"][:, at], 1.0 - incidence)


def row_of(evidence, name):
    return next(m for m in evidence.measurements if m.row == name)


def test_the_observable_decides_some_statistics(template):
    share, mean = row_of(template, "proportion"), row_of(template, "mean")
    assert statistic_of(share) == "proportion"
    assert statistic_of(replace(share, observable="liver_share")) == "beta_binomial"
    assert statistic_of(mean) == "count_mean"
    assert statistic_of(replace(mean, observable="nk_turnover")) == "mean_sem"
    assert statistic_of(replace(mean, observable="timp1_level")) == "mean_log"


def test_which_observables_are_ratios(template):
    assert is_ratio(row_of(template, "ratio"))
    assert is_ratio(row_of(template, "hazard-ratio"))
    assert not is_ratio(row_of(template, "risk-ratio"))


def test_a_fold_in_blood_is_a_weaker_witness(template):
    joint = Joint.of(template)
    rows = [replace(row_of(template, "ratio"), row=m, matrix=m) for m in ("blood", "liver")]
    design = replace(
        joint.design, rows=tuple(rows), row_node=np.zeros(2, int), row_reference=-np.ones(2, int)
    )
    (family,) = families(design)
    assert extras(family, _Only(design), None)["between_sd"].tolist() == [SURROGATE_SD, 0.0]


class _Only:
    """A view of which only the design is asked for."""

    def __init__(self, design):
        self.design = design


def test_unpublished_person_time_is_estimated_from_those_at_risk(tiny_joint):
    design = tiny_joint.design
    first = replace(design.intervals[0], person_time=None, censored=4)
    given = replace(first, person_time=(20 - 3.0) * 14.0)
    data = [interval_family(replace(design, intervals=(i,))).data for i in (first, given)]
    assert {k: v.tolist() for k, v in data[0].items()} == {
        k: v.tolist() for k, v in data[1].items()
    }
    published = interval_family(design)
    assert published.data["events"].tolist() == [2.0, 7.0, 5.0]
    assert any(data[0][k] != published.data[k][0] for k in data[0])
