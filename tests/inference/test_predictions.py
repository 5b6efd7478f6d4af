"""Each observable against a calculation by hand from the states of the solver."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytensor
import pytensor.tensor as pt
import pytest
import sympy as sp

from metinfer.errors import MetinferError
from metinfer.evidence import vocabulary
from metinfer.inference.density import Joint
from metinfer.inference.families import contrasted, families
from metinfer.inference.lanes import lane_theta
from metinfer.inference.predictions import (
    OBSERVABLES,
    View,
    predict_intervals,
    predict_rows,
    reference_values,
)
from metinfer.inference.solving import solve_draws
from metinfer.mechanism.equations import DERIVED, INPUTS, PARAMETERS, STATES, expand
from tests.inference.conftest import prior_latents, with_rows

S = {s.name: i for i, s in enumerate(STATES)}
DAY = 40.0


class Case:
    """The tiny folder with rows of one's own, at one draw of the prior."""

    def __init__(self, tiny, rows, arms=None):
        base = next(m for m in tiny.measurements if m.row == "control-share")
        rows = [replace(base, row=f"row{i}", **r) for i, r in enumerate(rows)]
        evidence = replace(with_rows(tiny, rows), arms=tuple(arms or tiny.arms))
        self.joint = Joint.of(evidence)
        self.design = self.joint.design
        draws = prior_latents(self.joint, 1, seed=8)
        self.states = solve_draws(self.joint, self.theta(draws))[0][0]
        params = {k: v[0] for k, v in self.joint.parameters(draws, 0.5).items()}
        self.params = params
        self.view = View(
            {k: pt.as_tensor(v) for k, v in params.items()}, pt.as_tensor(self.states), self.design
        )

    def theta(self, draws):
        return lane_theta(self.joint.parameters(draws, 0.5), self.joint.lanes, np)

    def value(self, tensor):
        return pytensor.function([], tensor, mode="FAST_COMPILE")()

    def rows(self):
        return self.value(predict_rows(self.view))

    def at(self, arm, day, *names):
        """Sum of states of an arm at a time."""
        spec = next(
            i for i, n in enumerate(self.design.lanes)
            if n.nk_depletion == self.design.arms[arm].nk_depletion
            and n.context == self.design.arms[arm].contexts[0][0]
            and n.doses == tuple(d for d in self.doses if d.arm == arm)
        )  # fmt: skip
        output = self.design.outputs[spec].index(day)
        return sum(self.states[spec, output, S[n]] for n in names)

    doses = ()

    @property
    def number(self):
        """Founders per animal."""
        return self.params["founders"][0] * np.exp(self.params["stock_level"][0])

    def survival(self, count):
        k = self.params["frailty_shape"][0]
        return (1.0 + count / k) ** -k


def row(observable, arm="control", day=DAY, reference="", **cells):
    return {
        "observable": observable, "arm": arm, "time_day": day, "reference_arm": reference,
    } | cells  # fmt: skip


def test_probabilities_counts_and_rates(tiny):
    case = Case(
        tiny,
        [
            row("metastasis_probability"),
            row("cell_probability"),
            row("metastasis_count", arm="nk_depleted"),
            row("event_rate", time_start_day=10.0),
            row("metastasis_probability", day=10.0),
        ],
    )
    found = case.rows()
    lesions = {d: case.number * case.at("control", d, "L") for d in (10.0, DAY)}
    cells = case.number * case.at("control", DAY, "D", "W1", "W2", "W3", "L")
    hazard = np.log(case.survival(lesions[10.0]) / case.survival(lesions[DAY]))
    expected = [
        1.0 - case.survival(lesions[DAY]),
        1.0 - case.survival(cells),
        case.number * case.at("nk_depleted", DAY, "L"),
        hazard / (DAY - 10.0) * 365.25,
        1.0 - case.survival(lesions[10.0]),
    ]
    np.testing.assert_allclose(found, expected, rtol=1e-10)
    assert cells > lesions[DAY]
    start, end = case.value(list(predict_intervals(case.view)))
    last = case.number * case.at("followed", 56.0, "L")
    assert end[-1] == pytest.approx(-np.log(case.survival(last)))
    assert start[0] == pytest.approx(0.0, abs=1e-12)
    np.testing.assert_allclose(start[1:], end[:-1])


@pytest.mark.parametrize(
    ("scope", "share", "locoregional"),
    [("liver", 1.0, 1.0), ("distant", None, 1.0), ("any_relapse", None, None)],
)
def test_wider_endpoints_count_more_events(tiny, scope, share, locoregional):
    arms = [replace(a, endpoint_scope=scope) for a in tiny.arms]
    case = Case(tiny, [row("metastasis_probability")], arms)
    p = case.params
    wide = (share or 1.0 / p["liver_share"][0]) * (locoregional or 1.0 + p["locoregional"])
    count = case.number * case.at("control", DAY, "L") * wide
    assert case.rows()[0] == pytest.approx(1.0 - case.survival(count))


def test_a_mixture_averages_over_its_contexts(tiny):
    arms = [
        replace(a, context="mouse_tiny:0.75;other:0.25") if a.arm == "control" else a
        for a in tiny.arms
    ]
    rows = [row("metastasis_probability"), row("metastasis_count"), row("liver_share")]
    case = Case(tiny, rows, arms)
    node, p = case.design.nodes, case.params
    at = case.design.row_node[0]
    lesions = case.states[node.lane[at], node.output[at], S["L"]]
    lesions = lesions * p["founders"][node.context[at]] * np.exp(p["stock_level"][0])
    k = p["frailty_shape"][node.context[at]]
    expected = [
        1.0 - np.dot([0.75, 0.25], (1.0 + lesions / k) ** -k),
        np.dot([0.75, 0.25], lesions),
        np.dot([0.75, 0.25], p["liver_share"]),
    ]
    np.testing.assert_allclose(case.rows(), expected, rtol=1e-10)


FOLDS = {
    "nk_count_fold": "N", "cxcl12_fold": "X", "neutrophil_fold": "U", "stellate_fold": "A",
}  # fmt: skip


def disturbed(tiny):
    """Arms whose niche is far from health."""
    change = {"injury": 2.0, "neutrophil_depletion": 0.4, "ifng_loss": 0.3, "nk_activity": 0.8}
    return [replace(a, **change) if a.arm == "nk_depleted" else a for a in tiny.arms]


def test_folds_over_a_reference_arm_and_over_health(tiny):
    rows = [row(n, "nk_depleted", reference=r) for n in FOLDS for r in ("control", "")]
    case = Case(tiny, rows, disturbed(tiny))
    found = case.rows().reshape(-1, 2)
    for (name, state), pair in zip(FOLDS.items(), found, strict=True):
        level = case.at("nk_depleted", DAY, state)
        expected = [level / case.at("control", DAY, state), level]
        np.testing.assert_allclose(pair, expected, rtol=1e-12, err_msg=name)
    assert np.all(np.abs(found[[0, 2, 3], 0] - 1.0) > 0.05)


def test_the_ifng_signal_is_that_of_the_equations(tiny):
    rows = [row("ifng_fold", "nk_depleted", reference=r) for r in ("control", "")]
    case = Case(tiny, rows, disturbed(tiny))
    signal = next(e for s, e in DERIVED.items() if s.name == "G")
    lane = next(i for i, n in enumerate(case.design.lanes) if n.nk_depletion)
    output = case.design.outputs[lane].index(DAY)
    theta = case.theta(prior_latents(case.joint, 1, seed=8))[0, lane]
    values = {i.name: i.default for i in INPUTS}
    values |= {"ifng_loss": 0.3, "nk_activity": 0.8}
    values |= {p.name: theta[i] for i, p in enumerate(PARAMETERS)}
    values |= {s: case.states[lane, output, i] for s, i in S.items()}
    numbers = {sp.Symbol(name, real=True): value for name, value in values.items()}
    expected = float(expand(signal).subs(numbers))
    # Health is 1 by definition of the signal, so both rows have the same value.
    np.testing.assert_allclose(case.rows(), expected, rtol=1e-10)
    assert expected < 0.7


def test_a_hazard_ratio_is_weighted_by_events_and_shrunk_to_its_causal_share(tiny):
    case = Case(tiny, [row("event_hazard_ratio", "nk_depleted", reference="control")])
    days = np.linspace(0.0, DAY, 9)
    survival = np.array(
        [
            [case.survival(case.number * case.at(arm, d, "L")) for d in days]
            for arm in ("nk_depleted", "control")
        ]
    )
    hazard = -np.diff(np.log(survival), axis=1) + 1e-12
    events = -np.diff(survival, axis=1).sum(axis=0) + 1e-12
    log_ratio = events @ np.log(hazard[0] / hazard[1]) / events.sum()
    assert case.rows()[0] == pytest.approx(np.exp(case.params["causal_share"] * log_ratio))


def test_what_is_read_off_parameters(tiny):
    arms = [
        replace(a, timp1_level="raised", timp1_fold=1.5) if a.arm == "nk_depleted" else a
        for a in tiny.arms
    ]
    rows = [
        row("leucocyte_fold"), row("nk_activity_reduction"), row("nk_turnover"),
        row("timp1_fold", "nk_depleted"), row("timp1_level", assay="kit"),
        row("timp1_level", "nk_depleted", assay="other kit"),
    ]  # fmt: skip
    case = Case(tiny, rows, arms)
    p = case.params
    fold = 1.5 * p["timp1_fold"][0]
    expected = [
        1.0 + p["neutrophil_mobilisation"], 100.0 * p["surgery_dip"], p["nk_rate"][0],
        fold, p["assay_level"][0], p["assay_level"][1] * fold,
    ]  # fmt: skip
    np.testing.assert_allclose(case.rows(), expected, rtol=1e-12)


def test_ratios_of_two_arms_are_formed_from_both(tiny):
    pair = {"arm": "nk_depleted", "reference": "control", "low": 0.5, "high": 9.0}
    pair |= {"spread": "ci95", "value": 2.0}
    rows = [
        row("metastasis_probability", statistic="risk_ratio", **pair),
        row("metastasis_probability", statistic="odds_ratio", **pair),
        row("metastasis_count", statistic="ratio", **pair),
        row("nk_count_fold", statistic="ratio", **pair),
        row("cell_probability", statistic="risk_ratio", **pair),
        row("metastasis_probability", statistic="survival", value=0.4, spread="ci95", low=0.2,
            high=0.6),
    ]  # fmt: skip
    case = Case(tiny, rows)
    value = predict_rows(case.view)
    found = np.zeros(len(rows))
    for family in families(case.design):
        found[family.rows] = case.value(contrasted(family, case.view, value[family.rows]))

    def share(arm, *names):
        return 1.0 - case.survival(case.number * case.at(arm, DAY, *names))

    a, b = share("nk_depleted", "L"), share("control", "L")
    cells = ("D", "W1", "W2", "W3", "L")
    expected = [
        a / b,
        a / (1.0 - a) / (b / (1.0 - b)),
        case.at("nk_depleted", DAY, "L") / case.at("control", DAY, "L"),
        case.at("nk_depleted", DAY, "N") / case.at("control", DAY, "N"),
        share("nk_depleted", *cells) / share("control", *cells),
        case.survival(case.number * case.at("control", DAY, "L")),
    ]
    np.testing.assert_allclose(found, expected, rtol=1e-9)
    reference = case.value(reference_values(case.view, np.arange(len(rows))))
    assert reference[0] == pytest.approx(b)
    assert reference[3] == 1.0


def test_every_observable_of_the_tables_has_a_formula():
    named = set(vocabulary.OBSERVABLES) - {"event_hazard"}
    assert named == set(OBSERVABLES)


def test_an_observable_without_a_formula_is_named(tiny):
    case = Case(tiny, [row("metastasis_count")])
    rows = (replace(case.design.rows[0], observable="tumour_weight"),)
    view = replace(case.view, design=replace(case.design, rows=rows))
    with pytest.raises(MetinferError, match="tumour_weight"):
        predict_rows(view)
