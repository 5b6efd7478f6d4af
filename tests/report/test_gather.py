"""What is taken from tables, draws and predictions, against values worked out by hand."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
import xarray as xr

from metinfer.inference.learnt import CENTRE
from metinfer.report import collect as collected
from metinfer.report.content import (
    AuthorField,
    Gate,
    Level,
)
from metinfer.report.figures.equations import equation_svg
from metinfer.report.gather import (
    evidence,
    fit,
    links,
    model,
    predictions,
)
from metinfer.report.gather.densities import density

LINK = {
    "name": "link", "unit": "1", "symbol": "b", "meaning": "a link", "reason": "", "source": "",
    "prior": {"dist": "link", "scale": 0.5, "absent": 0.3, "reversed": 0.1},
}  # fmt: skip


def test_life_table_counts_half_of_the_censored() -> None:
    rows = [SimpleNamespace(at_risk=100, censored=20, events=9),
            SimpleNamespace(at_risk=71, censored=0, events=0)]  # fmt: skip
    assert fit.kaplan_meier(rows) == pytest.approx((0.9, 0.9))


def test_tail_probability_is_two_sided_and_halves_ties() -> None:
    draws = np.array([0.0, 1.0, 2.0, 3.0])
    assert fit.tail(1.0, draws) == pytest.approx(0.75)
    assert fit.tail(9.0, draws) == 0.0


def test_a_link_that_repeats_its_prior_is_absent_as_often_as_assumed() -> None:
    p = (np.arange(20_000) + 0.5) / 20_000
    values = links.Entry(links.Prior(**LINK), None, LINK["prior"]).quantile(p)
    after = xr.Dataset({"link": (("chain", "draw"), values[None])})
    found = links._absence(LINK, after)
    assert (found["absent_prior"], found["reversed_prior"]) == (0.3, 0.1)
    assert found["absent_posterior"] == pytest.approx(0.3, abs=1e-3)
    assert found["reversed_posterior"] == pytest.approx(0.1, abs=1e-3)


def test_no_row_says_that_nothing_can_be_learnt() -> None:
    assert "nothing can be learnt" in evidence.teach(0, 0)[0]
    assert "One study" in evidence.teach(5, 1)[0]
    assert "Too thin" in evidence.teach(3, 3)[0]
    assert [evidence.teach(*n)[1] for n in ((0, 0), (5, 1), (3, 3), (4, 2))] == [
        True, True, True, False,
    ]  # fmt: skip


def test_every_equation_can_be_drawn() -> None:
    made = model.equations()
    names = {e.plain.partition(" = ")[0] for e in made}
    assert {"dA/dt", "dL/dt", "Z", "seed"} <= names
    for k, equation in enumerate(made):
        assert equation_svg(equation.latex, f"e{k}", equation.plain), equation.latex


def test_powers_read_as_powers() -> None:
    seed = next(e for e in model.equations() if e.plain.startswith("seed"))
    assert "U**nu" in seed.plain
    assert "log(U)" not in seed.plain


def _run(status: str = "complete", quick: bool = False) -> SimpleNamespace:
    return SimpleNamespace(record=SimpleNamespace(status=status, quick=quick))


LEVELS = tuple(Level(n, "pass", "") for n in ("computed", "checked", "calibrated"))
GOOD = Gate("divergences", "", 0.0, "0", True)
BAD = Gate("R-hat", "", None, "at most 1.01", False)
GAP = AuthorField(1, "Question of interest", "", "analysis.toml, question")


@pytest.mark.parametrize(
    ("run", "gates", "judged", "author", "missing", "words"),
    [
        (_run("interrupted"), (GOOD,), True, (), (), "interrupted"),
        (_run(), (BAD,), False, (), (), "R-hat"),
        (_run(), (), None, (), (), "not judged"),
        (_run(), (GOOD,), True, (GAP,), (), "Question of interest"),
        (_run(), (GOOD,), True, (), ("an answer could not be computed",), "an answer"),
        (_run(quick=True), (GOOD,), True, (), (), "quick"),
    ],
)
def test_each_fault_alone_makes_a_run_not_reportable(
    run: SimpleNamespace, gates: tuple, judged: bool | None, author: tuple, missing: tuple,
    words: str,
) -> None:  # fmt: skip
    found = collected.verdict(run, gates, judged, author, missing)
    assert not found.reportable
    assert len(found.reasons) == 1
    assert words in found.reasons[0]


def test_a_clean_run_is_reportable_though_two_levels_were_not_run() -> None:
    found = collected.verdict(_run(), (GOOD,), True, (), ())
    assert found.reportable
    assert [v.state for v in found.levels] == ["pass", "not run", "not run"]


def test_density_integrates_to_one_and_needs_spread() -> None:
    draws = {"posterior": np.random.default_rng(1).normal(size=2000)}
    found = density(draws)
    assert found is not None
    assert np.trapezoid(found.posterior, found.x) == pytest.approx(1, abs=0.03)
    assert density({"posterior": np.ones(50)}) is None


def test_draws_without_an_effect_are_a_share_and_not_part_of_the_curve() -> None:
    """A third of the draws say exactly 1; a curve through them would reach above 1."""
    rng = np.random.default_rng(2)
    some = 1.0 - rng.beta(2, 5, 2000)
    draws = {"posterior": np.where(rng.random(2000) < 1 / 3, 1.0, some), "prior": some}
    found = density(draws, no_effect=1.0)
    assert found is not None
    assert found.none["posterior"] == pytest.approx(1 / 3, abs=0.04)
    assert found.none["prior"] == 0.0
    assert np.trapezoid(found.posterior, found.x) == pytest.approx(2 / 3, abs=0.05)
    assert np.trapezoid(found.prior, found.x) == pytest.approx(1, abs=0.03)
    smeared = density(draws)
    assert smeared is not None
    assert found.posterior[-1] < 0.2 * smeared.posterior[-1]


def test_exceeding_a_margin_means_benefit_on_either_scale() -> None:
    draws = {"posterior": np.array([0.2, 0.4, 0.6, 0.8])}
    assert predictions.exceeds(draws, 0.5, "risk_ratio") == 0.5
    assert predictions.exceeds(draws, 0.7, "absolute_risk_reduction") == 0.25


def _predictions() -> xr.Dataset:
    """Two therapies, one population, two horizons; therapy `a` halves a risk of 0.4."""
    measures = ["risk", "risk_untreated", "absolute_risk_reduction", "risk_ratio", "rmst_gain"]
    rng = np.random.default_rng(3)
    wide = {"prior": 0.1, "no_mouse": 0.1, "posterior": 0.02}
    base = np.array([0.2, 0.4, 0.2, 0.5, 1.0])
    values = np.stack([
        base + s * rng.normal(size=(200, 2, 1, 2, 5)) for s in wide.values()
    ])  # fmt: skip
    share = np.linspace(1.0, 0.6, 5)[:, None] + np.array([-0.02, -0.01, 0, 0.01, 0.02])
    cell = ("source", "therapy", "population")
    return xr.Dataset(
        {
            "answer": (("source", "draw", "therapy", "population", "horizon", "measure"), values),
            "event_free": ((*cell, "time", "quantile"), np.tile(share, (3, 2, 1, 1, 1))),
            "hazard_ratio": ((*cell, "time", "quantile"), np.tile(share, (3, 2, 1, 1, 1))),
            "event_free_untreated": (
                ("source", "population", "time", "quantile"), np.tile(share, (3, 1, 1, 1))),
            "failed": (cell, np.zeros((3, 2, 1), dtype=int)),
            "applicability": (("therapy", "population"), np.array([["prior only"]] * 2)),
        },
        coords={
            "source": list(wide), "therapy": ["a", "b"], "population": ["p"],
            "quantile": [0.05, 0.25, 0.5, 0.75, 0.95], "measure": measures,
            "therapy_label": ("therapy", ["Agent A", "Agent B"]),
            "kind": ("therapy", ["regimen", "clamp"]),
            "population_label": ("population", ["made-up people"]),
            "species": ("population", ["human"]), "endpoint": ("population", ["liver"]),
            "competing_death": ("population", [0]),
            "time_year": (("population", "time"), np.linspace(0, 10, 5)[None]),
            "horizon_year": (("population", "horizon"), np.array([[5.0, 10.0]])),
        },
    )  # fmt: skip


def test_named_answers_come_with_interval_verdict_and_margin() -> None:
    data = _predictions()
    asked = [
        {"name": "one", "therapy": "a", "population": "p", "measure": "risk_ratio",
         "time_year": 10.0, "margin": 0.8},
        {"name": "base", "therapy": "a", "population": "p", "measure": "risk_untreated",
         "time_year": 5.0},
        {"name": "none", "therapy": "a", "population": "p", "measure": "risk_ratio",
         "time_year": 7.0},
    ]  # fmt: skip
    found, missing = predictions.answers(asked, predictions.records(data), data)
    assert [a.name for a in found] == ["Agent A: made-up people", "No therapy: made-up people"]
    ratio = found[0]
    assert ratio.effect.posterior.median == pytest.approx(0.5, abs=0.01)
    assert ratio.effect.horizon == 10.0
    assert ratio.effect.learnt == "narrowed only"
    assert ratio.effect.why == CENTRE
    assert found[1].effect.learnt == "learnt"  # counted by follow-up itself
    assert ratio.exceeds == 1.0
    assert ratio.exceeds_prior is not None
    assert 0.9 < ratio.exceeds_prior < 1.0
    assert ratio.density is not None
    assert len(missing) == 1
    assert "none" in missing[0]


def test_effects_and_curves_hold_every_cell_once() -> None:
    found = predictions.records(_predictions())
    assert len(predictions.effects(found)) == 2 * 2 * len(predictions.MEASURED)
    curves = predictions.curves(found)
    assert len(curves) == 3 * (2 + 1)
    assert {c.therapy for c in curves} == {"", "Agent A", "Agent B"}
    assert curves[0].bands[-1].lo90 == pytest.approx(0.58)
