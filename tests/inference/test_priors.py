from __future__ import annotations

import numpy as np
import pytensor
import pytensor.tensor as pt
import pytest
from scipy import stats

from metinfer.inference.priors import (
    ALL,
    EDGE,
    Coordinates,
    Parameter,
    PriorTable,
    link_zone,
)

WHERE = Coordinates(
    species=("human", "mouse"),
    context=("bowel", "strain"),
    stock=(),
    site=("liver",),
    timp1_level=(),
    assay=(),
    context_species={"bowel": "human", "strain": "mouse"},
)
RATE = {"dist": "lognormal", "median": 0.2, "log_sd": 0.5}
SHARE = {"dist": "beta", "a": 2.0, "b": 5.0}
SHIFT = {"dist": "normal", "mean": -1.0, "sd": 3.0}
LINK = {"dist": "link", "scale": 0.6, "absent": 0.3, "reversed": 0.1}
Q = [0.05, 0.3, 0.5, 0.95]


def parameter(name, prior, dims=None, **rest):
    return Parameter(name, name, "1", "made up", prior, "made up", "made up", dims, **rest)


@pytest.fixture
def table():
    by = {"mouse": {**RATE, "median": 8.0}, "bowel": {**RATE, "median": 3.0}}
    return PriorTable(
        (
            parameter("link", LINK, transfer=True),
            parameter("rate", RATE, "context", by=by),
            parameter("share", SHARE, "species"),
            parameter("shift", SHIFT),
            parameter("speed", RATE),
            parameter("unused", SHIFT, "stock"),
        ),
        WHERE,
    )


def entry(table, label):
    return next(e for e in table.entries if e.label == label)


@pytest.mark.parametrize(
    ("label", "exact"),
    [
        ("speed", stats.lognorm(0.5, scale=0.2)),
        ("rate[bowel]", stats.lognorm(0.5, scale=3.0)),
        ("rate[strain]", stats.lognorm(0.5, scale=8.0)),
        ("share[human]", stats.beta(2.0, 5.0)),
        ("shift", stats.norm(-1.0, 3.0)),
    ],
)
def test_quantiles_on_the_natural_scale_are_those_of_the_stated_prior(table, label, exact):
    np.testing.assert_allclose(entry(table, label).quantile(Q), exact.ppf(Q), rtol=1e-12)
    number = 100_000
    rng = np.random.default_rng(1)
    z = rng.standard_normal((number, len(table.normal)))
    share = rng.beta(*table.beta_args, (number, len(table.beta)))
    draws = table.natural(z, share, np)[ALL][:, table.labels.index(label)]
    np.testing.assert_allclose(exact.cdf(np.quantile(draws, Q)), Q, atol=4 * np.sqrt(0.25 / number))


@pytest.mark.parametrize(("absent", "reverse"), [(0.3, 0.1), (0.5, 0.0), (0.2, 0.4)])
def test_a_link_is_absent_and_reversed_as_often_as_stated(absent, reverse):
    prior = {**LINK, "absent": absent, "reversed": reverse}
    table = PriorTable((parameter("link", prior),), WHERE)
    z = np.random.default_rng(2).standard_normal((200_000, 1))
    link = table.natural(z, np.zeros((200_000, 0)), np)["link"]
    # At its threshold a link of soft edge has the value scale x EDGE x ln 2.
    edge = prior["scale"] * EDGE * np.log(2.0)
    assert np.mean(link < -edge) == pytest.approx(reverse, abs=0.005)
    assert np.mean(np.abs(link) <= edge) == pytest.approx(absent, abs=0.01)
    lower, upper = link_zone(prior)
    assert np.all(np.diff(link[np.argsort(z[:, 0])]) >= 0)
    if reverse:
        assert stats.norm.cdf(lower) == pytest.approx(reverse)
    assert stats.norm.cdf(upper) == pytest.approx(reverse + absent)


def test_layout(table):
    assert [e.label for e in table.normal] == [
        "rate[bowel]", "rate[strain]", "speed", "shift", "link",
    ]  # fmt: skip
    assert table.labels[-2:] == ("share[human]", "share[mouse]")
    assert table.transfers == ("link",)
    natural = table.natural(np.zeros(5), np.array([0.25, 0.75]), np)
    assert natural["rate"] == pytest.approx([3.0, 8.0])
    assert natural["share"] == pytest.approx([0.25, 0.75])
    assert natural["shift"] == -1.0
    assert "unused" not in natural
    assert natural[ALL].shape == (7,)


def test_a_table_without_some_parameters_keeps_the_others(table):
    rest = table.without(["rate", "share"])
    assert rest.labels == ("speed", "shift", "link")
    assert rest.natural(np.zeros(3), np.zeros(0), np)["speed"] == pytest.approx(0.2)


def test_pytensor_and_numpy_agree(table):
    rng = np.random.default_rng(3)
    z, share = rng.standard_normal((4, 5)), rng.uniform(size=(4, 2))
    expected = table.natural(z, share, np)
    zt, st = pt.matrix("z", dtype="float64"), pt.matrix("s", dtype="float64")
    found = table.natural(zt, st, pt)
    run = pytensor.function([zt, st], list(found.values()), mode="FAST_COMPILE")
    for name, value in zip(found, run(z, share), strict=True):
        np.testing.assert_allclose(value, expected[name], rtol=1e-13, err_msg=name)


def test_an_unknown_distribution_is_named():
    table = PriorTable((parameter("x", {"dist": "cauchy"}),), WHERE)
    with pytest.raises(Exception, match="cauchy"):
        table.natural(np.zeros(1), np.zeros(0), np)
