"""Named parameters to what a prediction needs."""

from __future__ import annotations

import tomllib
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from metinfer.inference.priors import Coordinates, PriorTable, read_parameters
from metinfer.mechanism.equations import PARAMETERS
from metinfer.therapy.draws import NamedDraws
from metinfer.therapy.populations import read_populations
from metinfer.therapy.predict import arms, scenes
from metinfer.therapy.regimen import read_therapies

DATA = Path(__file__).parents[2] / "data"
PLACES = Coordinates(
    species=("human",),
    context=("er_negative", "er_positive"),
    stock=("other", "transbig"),
    site=("liver",),
    timp1_level=("breast",),
    assay=(),
    context_species={"er_positive": "human", "er_negative": "human"},
)


@pytest.fixture(scope="module")
def posterior() -> xr.Dataset:
    """Prior draws as a dataset with chain and draw."""
    table = PriorTable(
        read_parameters(tomllib.loads((DATA / "parameters.toml").read_text())), PLACES
    )
    rng = np.random.default_rng(0)
    a, b = table.beta_args
    params = table.natural(
        rng.normal(size=(8, len(table.normal))), rng.beta(a, b, size=(8, len(table.beta))), np
    )
    params["transfer"] = rng.normal(size=(8, 6))
    return xr.Dataset(
        {
            name: (
                ("chain", "draw", f"{name}_dim")[: value.ndim + 1],
                value.reshape(2, 4, *value.shape[1:]),
            )
            for name, value in params.items()
        }
    )


def test_founders_follow_context_and_stock(posterior: xr.Dataset) -> None:
    draws = NamedDraws.of(posterior, PLACES)
    assert len(draws) == 8
    ratio = draws.founders("er_positive", "transbig") / draws.founders("er_positive", "other")
    level = posterior["stock_level"].to_numpy().reshape(8, 2)
    np.testing.assert_allclose(np.log(ratio), level[:, 1] - level[:, 0])
    np.testing.assert_allclose(
        draws.liver_share("er_positive"), posterior["liver_share"].to_numpy().reshape(8, 2)[:, 1]
    )


def test_prior_draws_can_be_predicted(posterior: xr.Dataset) -> None:
    draws = NamedDraws.of(posterior, PLACES)
    population = read_populations(DATA / "populations.toml")["er_positive_n0"]
    assert draws.theta([scenes(population)[0].spec]).shape == (8, 1, len(PARAMETERS))
    therapies = read_therapies(DATA / "therapies.toml")
    (arm,), _ = arms(draws, therapies, [population], therapies.therapies["n803"], None)
    assert not arm.failed.any()
    assert (np.diff(arm.curve.event_free, axis=1) <= 1e-12).all()


def test_thinning_keeps_draws_as_they_are(posterior: xr.Dataset) -> None:
    draws = NamedDraws.of(posterior, PLACES)
    few = draws.thinned(3)
    assert len(few) == 3
    assert set(few.founders("er_positive", "other")) <= set(draws.founders("er_positive", "other"))
    assert draws.thinned(100) is draws
