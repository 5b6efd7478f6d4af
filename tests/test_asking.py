"""Questions to a run in one line: the draws are those that a prediction uses."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import xarray as xr

import metinfer as mi
from metinfer import asking, workflow
from metinfer.errors import RunError
from metinfer.evidence import read_evidence
from metinfer.inference.design import build_design
from metinfer.inference.forward import prior_draws
from metinfer.inference.model import build_model
from metinfer.therapy.baseline import Baseline, with_risk
from metinfer.therapy.decide import dose_response
from metinfer.therapy.draws import NamedDraws
from metinfer.therapy.predict import arms
from metinfer.therapy.reader import ArgumentError
from metinfer.therapy.regimen import read_therapies

TINY = Path(__file__).parent / "data" / "tiny"
DATA = Path(__file__).parents[1] / "data"


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> SimpleNamespace:
    """What a finished run holds, with the prior in the place of every source."""
    evidence = read_evidence(TINY)
    folder = tmp_path_factory.mktemp("run")
    (folder / "inputs").mkdir()
    for name, root in (("therapies.toml", DATA), ("populations.toml", TINY)):
        (folder / "inputs" / name).write_bytes((root / name).read_bytes())
    draws = prior_draws(build_model(evidence), 60, 1)
    groups = dict.fromkeys(workflow.SOURCES.values(), draws)
    files = {"posterior.nc": "x"}
    return SimpleNamespace(
        path=folder, evidence=evidence, groups=groups, record=SimpleNamespace(files=files, refine=1)
    )


def test_answers_are_the_named_ones_under_every_source(run: SimpleNamespace) -> None:
    found = asking.answers(run, draws=20)
    assert list(found) == ["il15_mice", "no_neutrophils_mice"]
    assert list(found["il15_mice"]) == ["prior", "no_mouse", "posterior"]
    assert found["il15_mice"]["prior"].shape == (20,)
    np.testing.assert_array_equal(found["il15_mice"]["prior"], found["il15_mice"]["posterior"])


def test_a_question_asks_what_the_answers_tell(run: SimpleNamespace) -> None:
    asked = asking.question(run, "n803", "mice", draws=20)
    horizon = asked.population.horizons[-1]
    one = {"name": "x", "therapy": "n803", "population": "mice", "time_year": horizon,
           "measure": "absolute_risk_reduction"}  # fmt: skip
    told = asking.answers(run, asked=[one], draws=20)["x"]["posterior"]
    np.testing.assert_allclose(dose_response(asked, horizon, [1.0])[:, 0], told, atol=1e-9)


def test_a_path_without_a_run_is_said(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="nope is not there"):
        asking.answers(tmp_path / "nope")
    with pytest.raises(RunError, match="nope is not there"):
        asking.question(str(tmp_path / "nope"), "n803", "mice")


@pytest.mark.parametrize("words", [("n308", "mice"), ("n803", "rats")])
def test_unknown_names_are_refused(run: SimpleNamespace, words: tuple[str, str]) -> None:
    with pytest.raises(ArgumentError, match="unknown .* known: "):
        asking.question(run, *words)


def test_an_object_is_asked_as_its_name_is(run: SimpleNamespace) -> None:
    day = asking.question(run, "il15_full", "mice").population.horizons[-1] * 365.25
    asked = ("absolute_risk_reduction", day, "day")
    named = asking.ask(run, "il15_full", "mice", *asked, draws=20)
    (row,) = asking.question(run, "il15_full", "mice").therapy.sets
    held = mi.Clamp(row.input, value=row.value, start={"mouse": 3.0}, stop=row.stop)
    asked_of = mi.Population(like="mice")
    xr.testing.assert_equal(asking.ask(run, held, asked_of, *asked, draws=20), named)
    one = {"name": "x", "therapy": "il15_full", "population": "mice", "time_year": day / 365.25,
           "measure": "absolute_risk_reduction"}  # fmt: skip
    told = asking.answers(run, asked=[one], draws=20)["x"]
    for source, draws in told.items():
        np.testing.assert_array_equal(named.sel(source=source), draws)
    assert named.dims == ("source", "draw")
    assert named.attrs["units"] == "1"
    assert named.attrs["draws_without_answer"] == [0, 0, 0]


def test_a_population_known_by_its_risk_has_it_and_the_relative_effect(
    run: SimpleNamespace,
) -> None:
    days = {"time": 20.0, "time_unit": "day", "draws": 40}
    group = mi.Population.from_risk(0.3, 0.2, 0.5, years=20 / 365.25, like="mice", elsewhere=False)
    untreated = asking.ask(run, "il15_full", group, "risk_untreated", **days)
    wanted = np.sort(group.baseline.sample(40, 0))
    np.testing.assert_allclose(np.sort(untreated.sel(source="posterior")), wanted, rtol=1e-9)
    risk, ratio = (
        asking.ask(run, "il15_full", group, name, **days) for name in ("risk", "risk_ratio")
    )
    np.testing.assert_allclose(risk, ratio * untreated, rtol=1e-12)
    # few founders: events are rare, and the ratio is that of expected metastases
    rare = mi.Population.from_risk(1e-6, 9e-7, 2e-6, years=20 / 365.25, like="mice")
    number = asking.ask(run, "il15_full", rare, "risk_ratio", **days)
    assert (number < ratio + 1e-9).all()
    assert untreated.attrs["why"] == "this risk was supplied"


def test_a_risk_without_therapy_is_judged_as_what_follow_up_counts(run: SimpleNamespace) -> None:
    asked = ("mice", "risk", 20.0, "day")
    alone = asking.ask(run, None, *asked, draws=20)
    beside = asking.ask(run, "il15_full", "mice", "risk_untreated", 20.0, "day", draws=20)
    np.testing.assert_array_equal(alone, beside)
    words = ("learnt", "why")
    assert [alone.attrs[w] for w in words] == [beside.attrs[w] for w in words]
    assert alone.attrs["therapy"] == "none"


def test_decisions_take_objects_too(run: SimpleNamespace) -> None:
    group = mi.Population.from_risk(0.3, 0.3, 0.3, years=20 / 365.25, like="mice", horizons=[20])
    half = mi.Regimen("n803", amount=3, unit="ug/kg", every=7, count=2, start=3)
    asked = asking.question(run, half, group, draws=20)
    effect = dose_response(asked, 20 / 365.25, [1.0])[:, 0]
    told = asking.ask(run, half, group, "absolute_risk_reduction", 20, "day", draws=20)
    np.testing.assert_array_equal(effect, told.sel(source="posterior"))
    with pytest.raises(ArgumentError, match="a therapy is needed"):
        asking.question(run, None, "mice")


def test_a_risk_that_no_number_of_founders_gives_is_no_answer(run: SimpleNamespace) -> None:
    where = build_design(run.evidence).coordinates
    draws = NamedDraws.of(run.groups["prior"], where).thinned(30)
    group = replace(asking.question(run, "il15_full", "mice").population, elsewhere=True)
    _, base = arms(draws, read_therapies(DATA / "therapies.toml"), [group], None)
    years = group.horizons[-1]
    share = draws.liver_share(group.contexts[0][0])
    high = 0.999 * share.max() + 0.001
    found = with_risk(draws, group, base, Baseline(high, high, high, years))
    failed = np.isnan(found.factor)
    assert failed.any()
    np.testing.assert_array_equal(failed[share < high], True)


@pytest.mark.parametrize(
    ("how", "told"),
    [
        ({"measure": "ratio"}, 'measure: unknown value .ratio.*"risk_ratio"'),
        ({"time": -1}, "time: must be above 0, got -1"),
        ({"time_unit": "years"}, 'time_unit: unknown value.*"year"'),
        ({"population": "mouse"}, "like: unknown population 'mouse'; known: mice"),
        ({"population": 3}, "population: a name or a Population is needed, got 3"),
        (
            {"population": mi.Population(context="x", stock="tiny", species="mouse")},
            "the fit holds no context 'x'; it holds contexts mouse_tiny",
        ),
        (
            {"therapy": mi.Clamp("il15", value=10, start={"human": 3})},
            "il15 held has no first day for mouse",
        ),
    ],
)
def test_what_cannot_be_asked_is_said(run: SimpleNamespace, how: dict, told: str) -> None:
    asked = {"therapy": "n803", "population": "mice", "time": 20.0, "time_unit": "day", **how}
    with pytest.raises(ArgumentError, match=told):
        asking.ask(run, **asked)
