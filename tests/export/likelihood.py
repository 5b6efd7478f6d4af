"""Log-likelihood of rows at prior draws, by the model and by PEtab (draw, row)."""

from __future__ import annotations

import math
import re
from dataclasses import replace

import numpy as np
import pytensor
import pytensor.tensor as pt

from benchmarks import export_accuracy as bench
from metinfer.export import folder
from metinfer.export.layer import latents_of
from metinfer.export.petab import observable
from metinfer.inference.density import score_terms
from metinfer.inference.lanes import lane_theta, solver_lanes
from metinfer.mechanism.reference import reference


def of_model(joint, draws, names):
    """Pointwise log-density of the model, with states by SciPy."""
    first = draws[0]["params"]
    given = {k: pt.as_tensor(v).type(k) for k, v in first.items()}
    states = pt.tensor3("states")
    ones = np.ones(len(joint.design.rows)), np.ones(0)
    no_intervals = replace(joint, design=replace(joint.design, intervals=()))
    terms = list(score_terms(no_intervals, given, states, *map(pt.as_tensor, ones)))
    labels = [joint.design.rows[i].row for t in terms for i in t.family.rows]
    logp = [t.family.statistic.logp(t.family.data, t.pred) for t in terms]
    at = [labels.index(name) for name in names]
    wanted = pt.concatenate([pt.atleast_1d(x) for x in logp])[at]
    score = pytensor.function(
        [states, *given.values()], wanted, mode="FAST_COMPILE", on_unused_input="ignore"
    )
    return np.array([score(_states(joint, d["params"]), *d["params"].values()) for d in draws])


def _states(joint, params):
    theta = lane_theta(params, joint.lanes, np)
    lanes = solver_lanes(joint.design.lanes, joint.design.outputs)
    width = max(len(lane.outputs) for lane in lanes)
    return np.array(
        [_padded(reference(t, lane), width) for t, lane in zip(theta, lanes, strict=True)]
    )


def _padded(states, width):
    return np.pad(states, ((0, width - len(states)), (0, 0)), mode="edge")


def of_petab(v1, problem, exported, joint, draws):
    """Log-likelihood that PEtab computes from simulations by libRoadRunner."""
    runner = bench.Simulator((exported.path / folder.MODEL).read_text())
    found = []
    for draw in draws:
        values = latents_of(joint.table, draw["labels"])
        found.append(
            [_petab_row(v1, problem, runner, joint, values, r) for r in exported.expressed]
        )
    return np.array(found)


def _petab_row(v1, problem, runner, joint, values, row):
    measured = problem.measurement_df
    measured = measured[measured["observableId"] == observable(row)].copy()
    model = runner.runner.model
    condition = problem.condition_df.loc[row.condition].to_dict()
    own = [name for name in values if name in model.getGlobalParameterIds()]
    numbers = bench.settled(condition, values, own)
    runner.states(numbers, sorted({0.0, row.day}) if row.day else [0.0, 1e-9])
    ids = [*model.getGlobalParameterIds(), *model.getFloatingSpeciesIds()]
    space = {name: model[name] for name in ids} | values
    simulated = measured.rename(columns={"measurement": "simulation"})
    simulated["simulation"] = _evaluated(row.formula, space)
    return v1.calculate_llh_for_table(
        measured, simulated, problem.observable_df, problem.parameter_df.assign(
            nominalValue=[values[k] for k in problem.parameter_df.index]
        )
    )  # fmt: skip


def _evaluated(formula, space):
    names = {"exp": math.exp, "ln": math.log, "sqrt": math.sqrt}
    text = re.sub(r"\^", "**", formula)
    return eval(text, {"__builtins__": {}}, names | space)
