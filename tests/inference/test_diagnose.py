from __future__ import annotations

import json

import numpy as np
import pytest
import xarray as xr

from metinfer.inference import diagnose
from metinfer.inference.density import LATENTS
from metinfer.inference.diagnose import (
    Diagnosis,
    Gate,
    answer_gates,
    convergence_gates,
    reweighted_shift,
    solver_gates,
    subfit_gates,
)
from metinfer.inference.regrid import MOST, refined, solver_is_coarse
from metinfer.mechanism import grid, placement
from tests.inference.conftest import prior_latents


def latents_of(joint, number=24, seed=0):
    dims = ("latent_parameter", "share_parameter", "transfer_parameter")
    draws = prior_latents(joint, number, seed)
    data = {
        name: (("chain", "draw", dim), d[None])
        for name, dim, d in zip(LATENTS, dims, draws, strict=True)
    }
    labels = (joint.table.normal, joint.table.beta)
    coords = {d: [e.label for e in part] for d, part in zip(dims, labels, strict=False)}
    return xr.Dataset(data, coords=coords)


def ones(joint):
    return [np.ones(len(joint.design.rows)), np.ones(len(joint.design.intervals))]


def chains(number=1000, shift=0.0, seed=0, stick=1):
    """Four chains of noise, of which one may be elsewhere and all may be sticky."""
    noise = np.random.default_rng(seed).standard_normal((4, number // stick + 1))
    values = np.repeat(noise, stick, axis=1)[:, :number]
    values[0] += shift
    good = np.random.default_rng(9).standard_normal((4, number))
    return xr.Dataset({"good": (("chain", "draw"), good), "x": (("chain", "draw"), values)})


def stats_of(draws, divergences=0, energy=None):
    size = (draws.sizes["chain"], draws.sizes["draw"])
    diverging = np.zeros(size, dtype=bool)
    diverging.ravel()[:divergences] = True
    if energy is None:
        energy = np.random.default_rng(4).standard_normal(size)
    return xr.Dataset(
        {"diverging": (("chain", "draw"), diverging), "energy": (("chain", "draw"), energy)}
    )


def failing(gates):
    return {g.name for g in gates if not g.passed}


def test_good_chains_pass():
    draws = chains()
    gates = convergence_gates(draws, stats_of(draws))
    assert failing(gates) == set()
    assert [g.name for g in gates] == ["R-hat", "bulk ESS", "tail ESS", "divergences", "E-BFMI"]


def test_a_chain_elsewhere_fails_and_is_named():
    draws = chains(shift=3.0)
    gates = {g.name: g for g in convergence_gates(draws, stats_of(draws))}
    assert not gates["R-hat"].passed
    assert gates["R-hat"].detail == "x"
    assert not gates["bulk ESS"].passed


def test_sticky_chains_fail_on_effective_draws():
    draws = chains(stick=50)
    assert {"bulk ESS", "tail ESS"} <= failing(convergence_gates(draws, stats_of(draws)))


def test_one_divergence_fails():
    draws = chains()
    assert failing(convergence_gates(draws, stats_of(draws, divergences=1))) == {"divergences"}


def test_energy_that_hardly_moves_fails():
    draws = chains()
    slow = np.cumsum(np.random.default_rng(2).standard_normal((4, 1000)), axis=1)
    assert failing(convergence_gates(draws, stats_of(draws, energy=slow))) == {"E-BFMI"}


def test_a_constant_is_no_fault():
    draws = chains().assign(fixed=(("chain", "draw"), np.full((4, 1000), 7.0)))
    assert failing(convergence_gates(draws, stats_of(draws))) == set()


def test_one_number_that_is_none_fails_and_is_named():
    pair = np.stack([chains()["good"].values, chains(seed=3)["good"].values], axis=-1)
    pair[2, 17, 1] = np.nan
    draws = chains().assign(pair=(("chain", "draw", "item"), pair))
    gates = {g.name: g for g in convergence_gates(draws, stats_of(draws))}
    assert failing(gates.values()) == {"R-hat", "bulk ESS", "tail ESS"}
    assert gates["R-hat"].detail == "pair"


def test_one_chain_has_no_other_to_agree_with():
    draws = chains(number=4000).isel(chain=[0])
    gates = {g.name: g for g in convergence_gates(draws, stats_of(draws))}
    assert failing(gates.values()) == {"R-hat"}
    assert "one chain" in gates["R-hat"].detail
    json.dumps(Diagnosis(tuple(gates.values())).to_dict())


def test_an_answer_that_failed_in_one_draw_fails_and_the_others_are_still_judged():
    draws = chains(shift=1.0)
    draws["good"][1, 5] = np.nan
    gates = {g.name: g for g in answer_gates("answers", draws)}
    assert gates["answers: undefined answers"].value == 1
    assert {"answers: undefined answers", "answers: R-hat"} <= failing(gates.values())
    assert np.isfinite(gates["answers: R-hat"].value)
    assert failing(answer_gates("answers", draws * np.nan)) == {"answers: undefined answers"}


def test_reweighting_by_a_slope_moves_a_normal_mean_by_that_slope():
    # Weights exp(s z) move a standard normal to mean s.
    z = np.random.default_rng(1).standard_normal(200_000)
    values = np.stack([3.0 + 5.0 * z, np.random.default_rng(2).standard_normal(len(z))], axis=1)
    assert reweighted_shift(values, 0.05 * z) == pytest.approx(0.05, abs=0.005)
    assert reweighted_shift(values, np.full(len(z), 7.0)) == pytest.approx(0.0, abs=1e-12)


def test_a_score_that_is_not_finite_moves_everything():
    change = np.array([0.0, np.nan, 0.0])
    assert reweighted_shift(np.zeros((3, 1)), change) == float("inf")


def test_the_grid_of_the_fit_is_fine_enough(tiny_joint):
    gates = solver_gates(tiny_joint, latents_of(tiny_joint), 0.5, ones(tiny_joint))
    assert failing(gates) == set()


def test_a_coarse_grid_is_seen(tiny_joint, monkeypatch):
    # Steps as long as the span between two doses or two outputs.
    for name, value in {"GROWTH": 100.0, "SHARE": 1.0, "DOSED_LONGEST": 1e4}.items():
        monkeypatch.setattr(grid, name, value)
    for name in ("ERROR", "IL15_STEP", "IL15_RANGE"):
        monkeypatch.setattr(placement, name, 1e3)
    latents = latents_of(tiny_joint)
    gates = solver_gates(tiny_joint, latents, 0.5, ones(tiny_joint))
    assert failing(gates) == {"solver grid"}
    assert solver_is_coarse(tiny_joint, latents, 1)
    assert not solver_is_coarse(tiny_joint, latents, 16)


def test_a_failed_solve_is_counted(tiny_joint, monkeypatch):
    solve = diagnose.solve_draws

    def failing_once(joint, theta, refine=1):
        states, status = solve(joint, theta, refine)
        status[3, 0] = 1
        return states, status

    monkeypatch.setattr(diagnose, "solve_draws", failing_once)
    gates = solver_gates(tiny_joint, latents_of(tiny_joint), 0.5, ones(tiny_joint))
    assert gates[0].value == 1
    assert failing(gates) == {"failed solves"}


def test_a_finer_grid_has_an_end():
    assert [refined(k) for k in (1, 2, MOST)] == [2, 4, None]


def test_a_diagnosis_is_plain_data():
    gate = Gate("divergences", 2, "0", False)
    assert not Diagnosis((gate, Gate("R-hat", 1.0, "<= 1.01", True))).passed
    found = json.loads(json.dumps(Diagnosis((gate,)).to_dict()))
    assert found["gates"][0]["name"] == "divergences"
    assert found["passed"] is False


def test_named_answers_have_gates_of_their_own():
    good, bad = chains(), chains(shift=1.0)
    assert failing(answer_gates("answers", good)) == set()
    assert "answers: R-hat" in failing(answer_gates("answers", bad))
    still = good.assign(same=(("chain", "draw"), np.ones((4, 1000))))
    assert failing(answer_gates("answers", still)) == set()
    (told,) = answer_gates("answers", still[["same"]])
    assert (told.name, told.passed) == ("answers: undefined answers", True)
    few = good.isel(draw=slice(None, 50))
    assert {"x: bulk ESS", "x: tail ESS"} <= failing(answer_gates("x", few))


def test_a_sub_fit_is_judged_by_its_answers_and_divergences():
    draws = chains()
    assert failing(subfit_gates("no_mouse", draws, stats_of(draws))) == set()
    found = failing(subfit_gates("no_mouse", draws, stats_of(draws, divergences=2)))
    assert found == {"no_mouse: divergences"}
