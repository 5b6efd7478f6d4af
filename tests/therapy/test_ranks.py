"""Ranks by hand, and the refusal to rank what was not learnt."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
from made_up import MadeUp

from metinfer.therapy.populations import read_populations
from metinfer.therapy.predict import predict
from metinfer.therapy.ranks import rank_probabilities, ranks
from metinfer.therapy.regimen import read_therapies

DATA = Path(__file__).parents[2] / "data"
PLAIN = read_populations(DATA / "populations.toml")["er_positive_n0"]
EVERY = read_therapies(DATA / "therapies.toml")
NAMES = ("il15_full", "cxcr4_block", "liver_injury")
SOME = replace(EVERY, therapies={n: EVERY.therapies[n] for n in NAMES})


def test_ranks_by_hand() -> None:
    values = np.array([[0.1, 0.2, 0.3], [0.2, 0.1, 0.3], [0.5, 0.5, 0.1], [0.1, 0.2, 0.3]])
    found = ranks(values)
    np.testing.assert_allclose(found[0], [0.5, 0.375, 0.125])
    np.testing.assert_allclose(found[2], [0.25, 0.0, 0.75])
    np.testing.assert_allclose(found.sum(axis=0), 1.0)
    np.testing.assert_allclose(found.sum(axis=1), 1.0)


def test_what_was_not_learnt_is_not_ranked() -> None:
    same = MadeUp()
    found = rank_probabilities(
        predict({"prior": same, "posterior": same}, SOME, {"p": PLAIN}), "p", 1, "clamp"
    )
    assert found.therapies == ()
    assert set(found.refused) == {"il15_full", "cxcr4_block"}
    assert "assumed, not learnt" in found.refused["il15_full"]


def test_learnt_clamps_are_ranked_among_themselves() -> None:
    sources = {"prior": MadeUp(), "posterior": MadeUp({"m": 5e-4, "bQ": 1.0})}
    data = predict(sources, SOME, {"p": PLAIN})
    found = rank_probabilities(data, "p", 1, "clamp")
    assert set(found.therapies) == {"il15_full", "cxcr4_block"}
    assert found.refused == {}
    ratio = data["answer"].sel(source="posterior", measure="risk_ratio", population="p")
    means = ratio.isel(horizon=1).mean("draw").sel(therapy=list(found.therapies)).to_numpy()
    assert found.probability[int(np.argmin(means)), 0] == 1.0
    alone = rank_probabilities(data.sel(therapy=["il15_full", "liver_injury"]), "p", 1, "clamp")
    assert "no second therapy" in alone.refused["il15_full"]


def test_what_was_only_narrowed_is_not_ranked() -> None:
    data = predict({"prior": MadeUp(), "posterior": MadeUp({"m": 5e-4})}, SOME, {"p": PLAIN})
    told = {"il15_full": "narrowed only", "cxcr4_block": "learnt"}
    found = rank_probabilities(data, "p", 1, "clamp", told)
    assert found.therapies == ()
    assert found.refused["il15_full"] == "its risk ratio is narrowed only"
