"""What is taken from tables, draws and predictions, against values worked out by hand."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import xarray as xr

from metinfer.evidence import bundled_path, read_evidence
from metinfer.inference.learnt import CENTRE
from metinfer.report import collect as collected
from metinfer.report import gaps, sections_priors
from metinfer.report.content import (
    Answer,
    AuthorField,
    Effect,
    Gate,
    Level,
    Note,
    Parameter,
    ReportContent,
    RowFit,
    Span,
    Verdict,
)
from metinfer.report.figures import mechanism
from metinfer.report.figures.equations import equation_svg
from metinfer.report.gather import (
    account,
    against,
    calibrate,
    chance,
    compare,
    computation,
    evidence,
    fit,
    labels,
    links,
    model,
    places,
    posterior,
    predictions,
    scores,
    symbols,
    untreated,
)
from metinfer.report.gather.densities import density
from metinfer.report.gather.places import Places
from metinfer.report.roles import role_totals
from metinfer.therapy.applicability import INSIDE

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
    assert found.posterior[-1] < 0.2 * max(found.posterior)


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


def test_a_rate_is_shown_per_1000_person_years_as_its_paper_prints_it() -> None:
    """It is scored by its whole number of events; 2,595 events are no rate."""
    data = read_evidence(bundled_path())
    row = next(m for m in data.measurements if m.row == "pedersen2022-ir-10-32")
    draws = xr.Dataset(
        {"row_reported": ("row", [2595.0]), "row_replicate": (("draw", "row"), [[5190.0]] * 4)},
        coords={"row": [row.row]},
    )
    (found,) = fit.row_fits(data, draws)
    assert found.reported == pytest.approx(15.53)
    assert found.predicted.median == pytest.approx(2 * 15.53)
    assert (found.low, found.high) == pytest.approx((14.94, 16.14))
    assert found.unit == "per 1,000 person-years"
    assert found.count == "2,595 events in 167,096 person-years"
    assert "events" not in found.unit


def test_papers_are_counted_not_their_groups() -> None:
    """The ten TIMP-1 rows are stages and ages of one partition, from a few papers."""
    found = evidence.coverage(read_evidence(bundled_path()))
    part = next(c for c in found if (c.state, c.species) == ("TIMP-1 level", "human"))
    assert part.studies < part.cohorts
    assert part.statement == f"{part.studies} studies."


def test_a_risk_without_therapy_is_judged_by_who_was_followed() -> None:
    """The flag of the therapy that stands in the same record says nothing of it."""
    data = read_evidence(bundled_path())
    predicted = xr.Dataset(
        coords={"population": ["er_positive_n0", "crlm_resected"],
                "population_label": ("population", ["ER+", "CRLM"]),
                "cohorts": ("population", ["transbig", ""])},
    )  # fmt: skip
    years = untreated.followed(data, predicted)
    assert years["ER+"] > 10
    assert years["CRLM"] == 0
    risk = _untreated("ER+", 10.0)
    late, alone = _untreated("ER+", 40.0), _untreated("CRLM", 5.0)
    found = untreated.flagged((risk, late, alone), years)
    assert [e.applicability for e in found] == [
        INSIDE, "extrapolated (time)", "extrapolated (population)",
    ]  # fmt: skip
    asked = tuple(Answer("", e) for e in found)
    line = account.credibility((), (), LEVELS, asked, ())[-1]
    assert line.evidence.startswith("1 of 3 named answers inside the evidence")


def _untreated(population: str, horizon: float) -> Effect:
    span = Span(0.1, 0.1, 0.1, 0.1, 0.1)
    return Effect("a drug", "regimen", population, "risk_untreated", horizon, span,
                  applicability="prior only")  # fmt: skip


def test_answers_of_a_calibration_are_told_apart_and_named_in_reasons() -> None:
    effects = [replace(_untreated("ER+", 10.0), measure=m)
               for m in ("risk_ratio", "absolute_risk_reduction")]  # fmt: skip
    made = [calibrate._answer(Answer("a drug: ER+", e)) for e in effects]
    assert made[0] != made[1]
    assert calibrate._named("key (ranks)", {"key": "a drug"}) == "a drug (ranks)"
    assert calibrate._named("50 fits are too few", {"key": "a drug"}) == "50 fits are too few"


def test_published_values_are_called_by_source_group_and_time() -> None:
    names = Places(read_evidence(bundled_path()))
    assert places.short("Lin S et al, Front Oncol, 2021;11:670723") == "Lin S et al 2021"
    assert places.short("Kruger A, Fata JE et al, Blood 90:1993 (mice)") == "Kruger A"
    said = names.observation("rotterdam_nodes_0:365.25-730.5")
    assert said.startswith("Rotterdam tumour bank 2013, ")
    assert said.endswith(", no positive node, years 1 to 2")
    assert "_" not in names.value("beitsch1994-surgery") + names.value("rotterdam_nodes_0")
    assert names.scale("lin2021-share", 550.0).unit == "%"
    four = {labels.group(a) for n, a in names.arms.items() if n.startswith("pmc5040895_")}
    assert len(four) == 4


def test_shares_inside_are_judged_on_both_sides_and_both_intervals() -> None:
    assert chance.coverage(10, 13, 20)[0] == "too narrow"
    assert chance.coverage(4, 18, 20)[0] == "too narrow"
    assert chance.coverage(19, 26, 26)[0] == "wider than needed"
    assert chance.coverage(10, 18, 20)[0] == "as expected"
    assert chance.coverage(0, 0, 4) == ("too few to judge", None)
    said, by_chance = chance.coverage(82, 148, 177)
    assert said == "too narrow"
    assert by_chance == pytest.approx(0.006, abs=0.001)


def test_the_total_of_left_out_values_is_said() -> None:
    studies = [SimpleNamespace(values=59, inside50=27, inside90=49)] * 3
    said = compare._left_out(studies)
    assert "Of 177 values" in said
    assert "147 (83 %) inside their 90 %" in said
    assert "predictions of a new study are too sure" in said
    assert "0.2 of 3 studies would surprise by chance" in said
    assert compare._left_out([]) == ""


def test_a_variant_says_where_its_difference_arises() -> None:
    names = ["base", "other"]
    scores = xr.Dataset(
        {"elpd": (("variant", "observation"), [[0.0] * 3, [0.1, -3.0, 2.0]])},
        coords={"variant": names, "observation": ["lin2021-share", "nki70_all:0-365.25", "made up"]},
    )
    said = compare._arises("other", scores, Places(read_evidence(bundled_path())))
    assert said.index("NKI 70-gene series") < said.index("made up: +2.0") < said.index("Lin S")
    assert "\u22123.0" in said
    assert compare._arises("base", scores, None) == ""
    assert compare._told("by 28% (no_nk)", {"no_nk": "no NK cells"}) == "by 28% (no NK cells)"


def test_a_ratio_with_a_wide_interval_can_hardly_fail() -> None:
    row = RowFit("r", "s", "", "", "", "human", "hazard ratio", "", "ratio", "fit", 1.0,
                 Span(1.0, 0.7, 1.4, 0.4, 2.6))  # fmt: skip
    assert scores._remark([row]).endswith("its interval spans 0.4 to 2.6.")
    assert scores._remark([replace(row, unit="%")]) == ""
    assert scores._remark([replace(row, predicted=Span(1.0, 0.9, 1.1, 0.8, 1.2))]) == ""


def test_evidence_against_has_one_line_per_study_that_can_be_read() -> None:
    found = against.against(read_evidence(bundled_path()))
    assert len({a.locator for a in found}) == len(found) < 25
    roles = [a.role for a in found]
    assert roles == sorted(roles, key=against.ORDER.index)
    zhang = next(a for a in found if a.source.startswith("Zhang J"))
    assert zhang.finding == (
        "hepatic steatosis: marginal hazard ratio of liver metastasis 0.42, 95 % interval 0.26 to "
        "0.69 (protective)"
    )
    assert zhang.group.startswith("non-metastatic breast cancer")
    assert zhang.rows == "zhang2017-hr-matched (2 more of the same people)"
    cohen = next(a for a in found if a.source.startswith("Cohen"))
    assert cohen.finding.startswith("per doubling of TIMP-1: fold change of myeloperoxidase")
    assert cohen.finding.count("per doubling") == 1
    assert cohen.finding.count("(no clear difference)") == 3


def test_findings_in_words_only_are_a_list() -> None:
    limits = read_evidence(bundled_path()).analysis["limits"]
    found = against.wordless(limits)
    assert len(found) == 4
    assert found[0].startswith("NK depletion changed nothing")
    assert against.wordless(["Mouse rows are few."]) == ()


def test_rows_left_out_are_five_kinds_with_a_total() -> None:
    counts = evidence.role_counts(read_evidence(bundled_path()))
    found = role_totals(counts)
    out = [t for t in found if t.role == "out"]
    assert [t.reason for t in out[:2]] == ["all", "the same people or animals are already counted"]
    assert len(out) == 6
    assert out[0].rows == sum(t.rows for t in out[1:])
    assert sum(t.rows + t.intervals for t in found if t.reason == "all") == sum(
        c.rows for c in counts
    )


def test_arrows_carry_effects_in_people() -> None:
    """A log slope of 1 doubles; the human value is the mouse value with its deviation."""
    one = (("chain", "draw"), np.full((2, 3), 1.0))
    after = xr.Dataset(
        {"stellate_cxcl12": one, "nk_hold": one, "ifng_steepness": one,
         "awakening_floor": (("chain", "draw"), np.full((2, 3), 0.5)),
         "dormant_kill": (("chain", "draw", "species"), np.full((2, 3, 2), [9.0, 1e-4])),
         "transfer": (("chain", "draw", "transfer_parameter"), np.full((2, 3, 1), np.log(2)))},
        coords={"species": ["mouse", "human"], "transfer_parameter": ["stellate_cxcl12"]},
    )  # fmt: skip
    flat = Span(1.0, 1.0, 1.0, 1.0, 1.0)
    known = tuple(Parameter(n, "", "1", "", "", "", flat, flat)
                  for n in ("stellate_cxcl12", "nk_hold", "dormant_kill[human]"))  # fmt: skip
    prior = {"dist": "lognormal"}
    document = {"parameter": [{"name": p.name.partition("[")[0], "prior": prior} for p in known]}
    found = {k.key: k for k in links.links(known, document, after)}
    assert found["stellate_cxcl12"].strength.median == pytest.approx(4.0)
    assert found["ifng_awakening"].strength.median == pytest.approx(1.5)
    assert found["nk_killing"].strength.median == pytest.approx(100 * (1 - np.exp(-0.036525)))
    assert found["nk_killing"].unit == "% a year"


def test_every_arrow_of_the_diagram_has_an_effect() -> None:
    assert {a.key for a in links.ARROWS.values()} == set(mechanism.ARROWS)
    names = {p["name"] for p in read_evidence(bundled_path()).parameters["parameter"]}
    assert {*links.ARROWS, *(m for a in links.ARROWS.values() for m in a.more)} <= names


def test_values_at_time_zero_are_those_of_the_solver() -> None:
    """Founders and clones per founder: dormant before surgery in people, arriving in mice."""
    human = {"founders0": 1.0, "founders": 0.0, "bolus": 0.0, "awake0": 0.3, "seen": 0.0}
    mouse = human | {"founders0": 0.0, "founders": 1.0, "awake0": 0.0}
    for equation in model.source.EQUATIONS:
        if equation.state in model.source.NICHE:
            continue
        value = [float(equation.start.subs({s: v[str(s)] for s in equation.start.free_symbols
                                            if str(s) in v}).subs({"seed": 1.0}))
                 for v in (human, mouse)]  # fmt: skip
        said = model.starts(equation.state)
        assert [v == 0 for v in value] == [t.startswith("0") for t in said], equation.state
        assert ("a third" in said[0]) == (value[0] == pytest.approx(0.1))


def test_symbols_of_the_priors_are_those_of_the_equations() -> None:
    assert [symbols.of(s) for s in ("kA", "eta", "Ncap", "M", "pi")] == [
        "k_A", "\u03b7", "N_max", "M", "\u03c0",
    ]  # fmt: skip
    said = symbols.spoken("dA/dt = kA*(1 - A**2)")
    assert said == "rate of change of A equals kA times (1 minus A to the power 2)"
    equations = model.equations()
    assert all(e.spoken and "**" not in e.spoken for e in equations)


def test_every_parameter_is_shared_scaled_or_separate() -> None:
    document = read_evidence(bundled_path()).parameters
    found = {r.rule: r.parameters for r in model.rules(document)}
    assert "stellate cxcl12 (b_A)" in found[model.SCALED]
    assert "awakening rate (w_1)" in found[model.SEPARATE["context"]]
    assert sum(p.count("(") for p in found.values()) == len(document["parameter"])


def test_slow_rates_of_people_are_read_per_year() -> None:
    slow = {"dist": "lognormal", "median": 1e-4, "log_sd": 1.0}
    assert posterior._per_year("1/day", slow, "human") == ("1/year", 365.25)
    assert posterior._per_year("1/day", slow, "mouse") == ("1/day", 1.0)
    assert posterior._per_year("1/day", {**slow, "median": 0.05}, "human") == ("1/day", 1.0)
    assert posterior._distribution(slow, 365.25) == "lognormal (median 0.0365, log sd 1.0)"


def test_priors_of_one_parameter_share_a_row() -> None:
    base = Parameter("rate[a]", "rate (a)", "1/day", "wide", "because", "", Span(1, 1, 1, 1, 2),
                     symbol="w", place="a")  # fmt: skip
    other = replace(base, name="rate[b]", meaning="rate (b)", place="b")
    third = replace(base, name="rate[c]", meaning="rate (c)", place="c", distribution="narrow")
    (found,) = sections_priors.families([base, other, third])
    assert found.meaning == "rate"
    assert found.lines.splitlines() == ["a, b: 1.0 (1.0 to 2.0) 1/day; wide",
                                        "c: 1.0 (1.0 to 2.0) 1/day; narrow"]  # fmt: skip


def test_a_gap_is_shown_where_the_run_holds_nothing() -> None:
    empty = ReportContent("Empty", Verdict(False, ()))
    found = gaps.gaps(empty)
    assert {4, 6, 7, 9, 10, 14} == {g.section for g in found}
    assert any("Pareto" in g.what and g.command for g in found)
    noted = replace(empty, computation=(Note(gaps.DEPTH, "7 doublings"),))
    assert len(gaps.gaps(noted)) == len(found) - 1


def test_settings_of_a_run_are_words() -> None:
    record = SimpleNamespace(
        versions={"python": "3.12"}, machine={"cores": 2}, seeds={"no_mouse": [1, 2]},
        settings={"tune": 1000, "quick": False, "adaptation": "low_rank"}, timings={"main": 1.0},
    )  # fmt: skip
    depth = (("chain", "draw"), [[5, 7]])
    hits = (("chain", "draw"), [[0, 1]])
    groups = {"sample_stats": xr.Dataset({"depth": depth, "maxdepth_reached": hits})}
    notes = computation.computation(SimpleNamespace(record=record, groups=groups))
    said = {n.label: n.text for n in notes}
    assert said["warm-up draws per chain"] == "1000"
    assert said["quick run, with too few draws for results"] == "no"
    assert said["mass matrix of the sampler"] == "diagonal and low rank"
    assert said[gaps.DEPTH] == "7 doublings"
    assert said["draws that hit the deepest tree allowed"] == "1"
    assert not any("_" in label for label in said)


def test_pareto_k_is_counted_by_group() -> None:
    data = read_evidence(bundled_path())
    names = ["lin2021-share", "nki70_all:0-365.25", "nki70_all:365.25-730.5"]
    found = xr.Dataset(
        {"pareto_k": (("variant", "observation"), [[0.2, 0.9, 0.3]])},
        coords={"variant": ["base"], "observation": names},
    )
    base = SimpleNamespace(name="base", pareto_limit=0.7)
    one, other = compare._arms(found, Places(data), [base])
    assert (one.values, one.largest, one.above) == (2, 0.9, 1)
    assert one.label.startswith("NKI 70-gene series")
    assert (other.values, other.above) == (1, 0)
    assert compare._arms(None, Places(data), [base]) == ()
