"""What answers rest on, and which experiment would narrow them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pytest
from made_up import INDEX, MadeUp

from metinfer.therapy.assurance import assurance_of_mean
from metinfer.therapy.cases import Case
from metinfer.therapy.plans import Plan
from metinfer.therapy.populations import YEAR, read_populations
from metinfer.therapy.reader import TherapyError
from metinfer.therapy.regimen import read_therapies
from metinfer.therapy.teaching import (
    PARTS,
    SUBJECTS,
    answer_draws,
    asked_of,
    default_plans,
    experiments,
    usable_plans,
    variances,
)

DATA = Path(__file__).parents[2] / "data"
THERAPIES = replace(read_therapies(DATA / "therapies.toml"), variants=4)
POPULATIONS = read_populations(DATA / "populations.toml")
ASKED = [
    {"name": "ratio", "therapy": "il15_full", "population": "er_positive_n0",
     "measure": "risk_ratio", "time_year": 10.0},
    {"name": "risk", "therapy": "il15_full", "population": "er_positive_n0",
     "measure": "risk_untreated", "time_year": 10.0},
]  # fmt: skip
COUNT = 300


@dataclass(frozen=True)
class Varied(MadeUp):
    """Draws that differ in how NK cells kill, and in the number of founders."""

    params: dict[str, np.ndarray] = field(default_factory=dict)

    def theta(self, specs):  # noqa: ANN001, ANN201
        rows = super().theta(specs)
        rows[:, :, INDEX["m"]] *= self.params["kill"][:, None]
        return rows

    def founders(self, context: str, stock: str) -> np.ndarray:
        return self.number * self.params["stock_level"]


@pytest.fixture(scope="module")
def draws() -> Varied:
    rng = np.random.default_rng(2)
    params = {
        "kill": np.exp(0.8 * rng.normal(size=COUNT)),
        "stock_level": np.exp(0.3 * rng.normal(size=COUNT)),
        "transfer": rng.normal(size=(COUNT, 2)),
    }
    return Varied({"w1": 2e-4, "tau": 300.0, "m": 1e-4}, count=COUNT, params=params)


@pytest.fixture(scope="module")
def told(draws: Varied) -> dict[str, dict[str, np.ndarray]]:
    return answer_draws(draws, ASKED, THERAPIES, POPULATIONS)


def test_variance_lies_where_it_was_put(draws: Varied, told) -> None:
    data = variances(draws, ASKED, told, THERAPIES, POPULATIONS)
    share = data["part"] / data["total"]
    np.testing.assert_allclose(share.sum("part_name"), 1.0, atol=1e-9)
    doubt = 1.0 - share.sel(part_name="sampling")
    assert float(share.sel(answer="ratio", part_name="parameter")) > 0.8 * float(
        doubt.sel(answer="ratio")
    )
    assert float(share.sel(answer="risk", part_name="between_study")) > 0.5 * float(
        doubt.sel(answer="risk")
    )
    assert abs(float(share.sel(answer="ratio", part_name="translation"))) < 0.03
    assert float(data["part"].sel(part_name="kinetics").sum()) == 0.0
    assert list(data["part_name"].values) == list(PARTS)


def test_chance_follows_from_the_two_risks(draws: Varied, told) -> None:
    data = variances(draws, ASKED, told, THERAPIES, POPULATIONS)
    none, n = told["risk"]["none"], SUBJECTS["human"]
    chance = float(data["part"].sel(answer="risk", part_name="sampling"))
    assert chance == pytest.approx(np.mean(none * (1 - none)) / n)
    one = told["ratio"]["risk"]
    rng = np.random.default_rng(0)
    seen = rng.binomial(n, one, (4000, COUNT)) / rng.binomial(n, none, (4000, COUNT))
    assert float(data["part"].sel(answer="ratio", part_name="sampling")) == pytest.approx(
        np.mean(np.var(seen, axis=0)), rel=0.1
    )


def test_answers_of_cases_nobody_named() -> None:
    found = asked_of(ASKED, [Case("il15_full", "er_positive_n0"), Case("n803", "crlm_resected")],
                     POPULATIONS)  # fmt: skip
    assert [a["name"] for a in found] == ["ratio", "risk", "n803_crlm_resected_ratio"]


def test_the_experiment_on_the_right_link_teaches_most(draws: Varied, told) -> None:
    plans = [
        Plan("crlm", "trial", "il15_full", "crlm_resected", "metastasis", 3652.0, 200),
        Plan("nk", "NK cells", "il15_full", "er_positive_n0", "nk_cells", 120.0, 6, 0.35),
    ]
    values = {"ratio": told["ratio"]["value"]}
    prior = {"ratio": np.random.default_rng(1).uniform(0.0, 1.0, 400)}
    data = experiments(draws, values, prior, plans, (THERAPIES, POPULATIONS, None))
    removed = 1.0 - (data["expected_variance"] / data["variance"]).sel(answer="ratio")
    assert float(removed.sel(candidate="crlm")) > 0.2
    assert abs(float(removed.sel(candidate="nk"))) < 0.1  # the same fold in every draw
    assert (np.diff(data["assurance"].sel(candidate="crlm")) > 0).all()
    assert np.isfinite(data["result"].sel(candidate="crlm")).all()
    assert data["per_arm"].sel(candidate="nk").values.tolist() == [3, 6, 12, 24]


def test_assurance_of_a_mean_is_the_power_of_a_t_test() -> None:
    from scipy.stats import ttest_ind

    rng = np.random.default_rng(3)
    ours = assurance_of_mean(np.full(3, 0.5), 0.35, 6)
    one, two = rng.normal(0.5, 0.35, (4000, 6)), rng.normal(0.0, 0.35, (4000, 6))
    assert ours == pytest.approx(np.mean(ttest_ind(one, two, axis=1).pvalue < 0.05), abs=0.03)
    assert assurance_of_mean(np.zeros(3), 0.35, 6) == pytest.approx(0.05)
    assert assurance_of_mean(np.array([3.0, -3.0]), 0.35, 24) == pytest.approx(1.0)
    assert np.isnan(assurance_of_mean(np.zeros(3), 0.35, 1))


def test_without_plans_every_therapy_is_tried_in_mice() -> None:
    found = default_plans([Case("n803", "er_positive_n0")], POPULATIONS)
    assert {p.population for p in found} == {n for n, p in POPULATIONS.items()
                                             if p.species == "mouse"}  # fmt: skip
    assert all(p.day == pytest.approx(43.5) for p in found)


def test_plans_that_cannot_be_are_refused_by_name() -> None:
    bundled = list(THERAPIES.plans.values())
    assert usable_plans(bundled, list(POPULATIONS), POPULATIONS) == bundled
    mice = {n: p for n, p in POPULATIONS.items() if p.species == "mouse"}
    assert len(usable_plans(bundled, list(POPULATIONS), mice)) < len(bundled)
    bad = [replace(bundled[0], population="cats"), replace(bundled[0], day=400.0)]
    with pytest.raises(TherapyError, match="unknown population 'cats'") as error:
        usable_plans(bad, list(POPULATIONS), POPULATIONS)
    assert "day 400 is after the last horizon" in str(error.value)
    assert POPULATIONS["mouse_bolus_liver"].horizons[-1] * YEAR == pytest.approx(43.5)


def test_experiments_of_another_folder_are_left_out() -> None:
    bundled = list(THERAPIES.plans.values())
    mine = {"cats": POPULATIONS["mouse_bolus_liver"]}
    assert usable_plans(bundled, ["cats"], mine) == []
