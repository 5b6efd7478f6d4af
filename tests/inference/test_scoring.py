from __future__ import annotations

import numpy as np
import pytest

from metinfer.inference.scoring import DIM, log_prior, pointwise_scores
from tests.inference.test_diagnose import latents_of, ones


@pytest.fixture(scope="module")
def latents(tiny_joint):
    return latents_of(tiny_joint, 6)


@pytest.fixture(scope="module")
def scores(tiny_joint, latents):
    return pointwise_scores(tiny_joint, latents, 0.5, ones(tiny_joint))


def test_scores_and_prior_add_up_to_the_density_of_the_model(
    tiny_joint, tiny_model, latents, scores
):
    logp = tiny_model.compile_logp(jacobian=False, mode="FAST_COMPILE")
    total = scores.sum(DIM) + log_prior(tiny_joint, latents)
    for k in range(latents.sizes["draw"]):
        point = {v.name: latents[v.name].values[0, k] for v in tiny_model.free_RVs}
        share = point.pop("share_latent")
        name = tiny_model.rvs_to_values[tiny_model["share_latent"]].name
        point[name] = np.log(share / (1.0 - share))
        assert float(total[0, k]) == pytest.approx(float(logp(point)), rel=1e-9)


def test_scores_are_labelled_rows_first(tiny_joint, scores):
    rows, intervals = len(tiny_joint.design.rows), len(tiny_joint.design.intervals)
    assert list(scores[DIM].values[:rows]) == [r.row for r in tiny_joint.design.rows]
    assert scores.sizes[DIM] == rows + intervals


def test_a_row_of_weight_zero_scores_nothing(tiny_joint, latents, scores):
    rows, intervals = ones(tiny_joint)
    rows[1] = 0.0
    without = pointwise_scores(tiny_joint, latents, 0.5, [rows, intervals])
    assert np.all(without[..., 1] == 0.0)
    assert np.all(scores[..., 1] != 0.0)
    np.testing.assert_allclose(without[..., 2:], scores[..., 2:])
