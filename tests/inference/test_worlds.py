import numpy as np
import pytest

from metinfer.inference import calibrate
from metinfer.inference.chains import Length
from metinfer.inference.density import LATENTS
from metinfer.inference.refits import Machinery
from metinfer.inference.worlds import Simulator, World


@pytest.fixture(scope="module")
def simulator(bundled_joint):
    return Simulator(bundled_joint)


@pytest.fixture(scope="module")
def truth(bundled_joint):
    return calibrate.prior_draw(bundled_joint, np.random.default_rng(1))


def drawn(simulator, truth, rng, world=None, number=1):
    world = world or World()
    states = simulator.solve([v[None] for v in truth], world)
    predicted = simulator.predict(truth, states[0])
    return [simulator.tables(predicted, rng, world) for _ in range(number)]


def test_likelihood_and_prior_are_those_of_the_model(tiny_joint, logp_dlogp):
    simulator = Simulator(tiny_joint)
    truth = calibrate.prior_draw(tiny_joint, np.random.default_rng(2))
    states = simulator.solve([v[None] for v in truth])
    mine = simulator.log_likelihood(truth, states[0], simulator.published)
    mine += calibrate.log_prior(tiny_joint, tuple(v[None] for v in truth))[0]
    odds = np.log(truth[1]) - np.log1p(-truth[1])
    by_name = {"latent": truth[0], "share_latent_logodds__": odds, "transfer_latent": truth[2]}
    flat = np.concatenate([by_name[v.name] for v in logp_dlogp._grad_vars])
    assert mine == pytest.approx(logp_dlogp(flat)[0], rel=1e-9)


def test_simulated_tables_have_the_shape_of_the_published_ones(simulator, truth):
    made = drawn(simulator, truth, np.random.default_rng(3))[0]
    assert made.keys() == simulator.published.keys()
    for name, values in simulator.published.items():
        assert made[name].shape == values.shape, name
        assert np.isfinite(made[name]).all(), name
    assert any((made[n] != v).any() for n, v in simulator.published.items())


def test_tables_scatter_about_their_prediction(simulator, truth):
    many = drawn(simulator, truth, np.random.default_rng(4), number=400)
    events = np.array([m["intervals_events"] for m in many])
    states = simulator.solve([v[None] for v in truth])
    pred = simulator.predict(truth, states[0])["intervals"]
    data = next(t for t in simulator.terms if t.name == "intervals").family.data
    mean = data["exposure"] * (pred["end"] - pred["start"])
    z = (events.mean(0) - mean) / np.sqrt(np.maximum(mean, 1e-9) / 400)
    assert np.abs(z).max() < 4.5
    assert events.var(0).sum() == pytest.approx(mean.sum(), rel=0.2)


def test_a_world_changes_what_it_names_only(simulator, truth):
    def double(joint, scored, pred):
        return {k: 2.0 * v for k, v in pred.items()} if scored.name == "intervals" else pred

    world = World("double", "twice the hazard", predictions=double)
    right = drawn(simulator, truth, np.random.default_rng(5), number=50)
    wrong = drawn(simulator, truth, np.random.default_rng(5), world, number=50)
    total = [np.sum([m["intervals_events"] for m in made]) for made in (right, wrong)]
    assert total[1] == pytest.approx(2 * total[0], rel=0.15)


def test_every_quantity_has_a_name_and_a_value(bundled_joint):
    draws = [np.stack(v) for v in zip(*[
        calibrate.prior_draw(bundled_joint, np.random.default_rng(k)) for k in range(5)
    ], strict=True)]  # fmt: skip
    found = calibrate.labelled(bundled_joint, bundled_joint.parameters(draws, 0.5))
    table = bundled_joint.table
    assert len(found) == len(table.normal) + len(table.beta) + len(table.transfers)
    assert all(v.shape == (5,) for v in found.values())


@pytest.mark.slow
def test_two_fits_end_to_end_on_a_stranger_folder(tiny, tmp_path):
    plan = calibrate.Plan(fits=2, ranked=19, every=1, tune=60)
    assert plan.length == Length(19, 60)
    job = calibrate.Calibration(tiny, calibrate.PRIOR, plan, Machinery(tmp_path))
    first = {j.name: j for j in job.run()}
    assert all(j.failure is None for j in first.values())
    assert all(0 <= r <= 19 for j in first.values() for r in j.ranks.values())
    again = {j.name: j.ranks for j in job.run()}
    assert again == {n: j.ranks for n, j in first.items()}
    data = calibrate.as_dataset(list(first.values()), [*next(iter(first.values())).ranks])
    assert data.sizes["fit"] == 2
    assert calibrate.FIT in data["quantity"].values
    latents = next(iter(tmp_path.rglob("*.nc")))
    assert set(LATENTS) <= set(calibrate.xr.load_dataset(latents, engine="h5netcdf").data_vars)
