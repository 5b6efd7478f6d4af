"""Predictions: limits with known answers, paired draws, shortcuts against direct solves."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from made_up import INDEX, MadeUp

from metinfer.mechanism.equations import STATES
from metinfer.mechanism.grid import Lane, build_grid
from metinfer.mechanism.solve import solve
from metinfer.report.terminal import to_text
from metinfer.report.told import Told
from metinfer.therapy.outputs import to_csv, to_json
from metinfer.therapy.populations import YEAR, Population, read_populations
from metinfer.therapy.predict import MEASURES, arms, predict, scenes
from metinfer.therapy.records import to_records
from metinfer.therapy.regimen import Therapies, read_therapies, scaled
from metinfer.therapy.simulate import Scene, clock, simulate
from metinfer.therapy.verdicts import NOTHING

DATA = Path(__file__).parents[2] / "data"
THERAPIES = read_therapies(DATA / "therapies.toml")
POPULATIONS = read_populations(DATA / "populations.toml")
PLAIN = POPULATIONS["er_positive_n0"]
L = [s.name for s in STATES].index("L")


def _free(draws: MadeUp, name: str | None, population: Population = PLAIN) -> np.ndarray:
    """Event-free curve (draw, time) under a bundled therapy."""
    therapy = THERAPIES.therapies[name] if name else None
    (arm,), base = arms(draws, THERAPIES, [population], None)
    if therapy is not None:
        (arm,), _ = arms(draws, THERAPIES, [population], therapy, base)
    return arm.curve.event_free


@pytest.mark.parametrize("name", ["n803", "cxcr4_block", "n803_plus_cxcr4"])
def test_dose_zero_is_no_therapy_exactly(name: str) -> None:
    draws = MadeUp()
    (control,), base = arms(draws, THERAPIES, [PLAIN], None)
    (nothing,), _ = arms(draws, THERAPIES, [PLAIN], scaled(THERAPIES.therapies[name], 0.0), base)
    np.testing.assert_array_equal(nothing.curve.event_free, control.curve.event_free)


def test_a_dose_that_brings_no_drug_changes_nothing() -> None:
    draws = MadeUp()
    tiny = scaled(THERAPIES.therapies["n803"], 1e-12)
    (control,), base = arms(draws, THERAPIES, [PLAIN], None)
    (nothing,), _ = arms(draws, THERAPIES, [PLAIN], tiny, base)
    np.testing.assert_allclose(
        nothing.curve.event_free, control.curve.event_free, rtol=0, atol=1e-7
    )


@pytest.mark.parametrize("name", ["n803", "il15_full", "rhil15"])
def test_without_any_nk_link_il15_changes_nothing(name: str) -> None:
    off = MadeUp({"eta": 0.0, "m": 0.0, "kap": 0.0, "kS": 0.0})
    np.testing.assert_allclose(_free(off, name), _free(off, None), rtol=0, atol=1e-7)
    assert np.abs(_free(MadeUp(), name) - _free(MadeUp(), None)).max() > 1e-3


@pytest.mark.parametrize(
    "name", ["n803", "ifng_full", "cxcr4_block", "stellate_block", "timp1_neutral"]
)
def test_without_killing_and_dormant_founders_nothing_helps(name: str) -> None:
    late = MadeUp({"m": 0.0, "kap": 0.0, "founders0": 0.0, "awake0": 1.0})
    np.testing.assert_allclose(_free(late, name), _free(late, None), rtol=0, atol=1e-7)


@pytest.mark.parametrize(("off", "margin"), [({"bQ": 0.0}, 1e-7), ({"sT": 0.0}, 2e-5)])
def test_timp1_on_seeding_only_cannot_help_after_surgery(
    off: dict[str, float], margin: float
) -> None:
    """TIMP-1 raises neutrophils, but does not silence NK cells: nothing left to seed.

    Either CXCL12 does not act on NK cells at all, or what TIMP-1 adds to it does not; then there
    is a change while CXCL12 still follows TIMP-1, for days of ten years.
    """
    seeding = MadeUp(off | {"bT": 0.5})
    high = replace(PLAIN, inputs={"injury": 0.0, "timp1": 3.3})
    np.testing.assert_allclose(
        _free(seeding, "timp1_neutral", high), _free(seeding, None, high), rtol=0, atol=margin
    )
    shared = MadeUp({"bQ": 0.5, "bT": 0.5})
    assert (
        _free(shared, "timp1_neutral", high)[:, -1] > _free(shared, None, high)[:, -1] + 1e-3
    ).all()


def test_perforin_loss_leaves_ifng() -> None:
    """Killing goes, holding stays: IFN-gamma keeps awakening, so H is untouched and K falls."""
    theta = MadeUp().theta([Scene("human", "x", 0.0, 1.0, "settled", 10.0).spec])[:1, 0]
    outputs = tuple(np.linspace(0.0, 3650.0, 11))
    lanes = [Lane("with", outputs), Lane("without", outputs, {"perforin_loss": 1.0})]
    with_, without = solve(np.repeat(theta, 2, axis=0), build_grid(lanes)).states
    names = [s.name for s in STATES]
    np.testing.assert_allclose(without[:, names.index("H")], with_[:, names.index("H")], rtol=1e-12)
    assert without[-1, names.index("K")] < with_[-1, names.index("K")]


def test_a_cxcr4_blocker_can_harm() -> None:
    """With the link reversed, blockade silences NK cells."""
    reversed_link = MadeUp({"bQ": -0.5})
    assert (
        _free(reversed_link, "cxcr4_block")[:, -1] < _free(reversed_link, None)[:, -1] - 1e-3
    ).all()
    assert (_free(MadeUp(), "cxcr4_block")[:, -1] > _free(MadeUp(), None)[:, -1] + 1e-3).all()


def test_more_ifng_never_helps_less() -> None:
    draws = MadeUp({"SG": 5.0})
    _, base = arms(draws, THERAPIES, [PLAIN], None)
    ends = []
    for factor in (0.1, 1.0, 10.0, 1000.0):
        therapy = scaled(THERAPIES.therapies["ifng_sc"], factor)
        (arm,), _ = arms(draws, THERAPIES, [PLAIN], therapy, base)
        ends.append(arm.curve.event_free[:, -1])
    assert (np.diff(np.array(ends), axis=0) > 0).all()


def test_linear_in_founders_equals_a_direct_solve() -> None:
    """Scaling the solve for one founder equals solving with the founders put in."""
    draws = MadeUp(number=3.7)
    scene = scenes(PLAIN)[0]
    therapy = THERAPIES.therapies["il15_full"]
    scaled_up = 3.7 * simulate(draws, [scene], THERAPIES, therapy)[scene][..., 0]
    direct = MadeUp({"founders0": 3.7, "awake0": 3.7 * 0.2})
    np.testing.assert_allclose(
        simulate(direct, [scene], THERAPIES, therapy)[scene][..., 0], scaled_up, rtol=1e-10
    )


def test_lasting_injury_as_parameter_equals_injury_as_input() -> None:
    """Populations with injury share a schedule; a therapy that sets injury gives them their own."""
    injured, plain = (replace(scenes(PLAIN)[0], injury=i) for i in (2.0, 0.0))
    theta = MadeUp().theta([plain.spec])[:1, 0]
    outputs = tuple((clock(10.0) * YEAR).tolist())
    direct = solve(theta, build_grid([Lane("injured", outputs, {"injury": 2.0})])).states[0, :, L]
    both = simulate(MadeUp(), [injured, plain], THERAPIES, None)
    np.testing.assert_allclose(both[injured][0, :, 0], direct, rtol=1e-6)
    assert both[injured][0, -1, 0] > both[plain][0, -1, 0]
    late = replace(THERAPIES.therapies["liver_injury"], start={"human": 9.9 * YEAR})
    timed = simulate(MadeUp(), [injured, plain], THERAPIES, late)
    np.testing.assert_allclose(timed[injured][0, :-1, 0], direct[:-1], rtol=1e-4)


def test_surgery_stress_and_injury_raise_risk() -> None:
    for name in ("surgery_stress", "liver_injury"):
        assert (_free(MadeUp(), name)[:, -1] < _free(MadeUp(), None)[:, -1]).all()


def test_nothing_changes_before_therapy_starts() -> None:
    start = THERAPIES.therapies["liver_injury"].start_in("human") / YEAR
    before = clock(10.0) < start
    gap = np.abs(_free(MadeUp(), "liver_injury") - _free(MadeUp(), None))
    assert gap[:, before].max() < 1e-6


def test_therapies_of_resected_mice_count_from_resection() -> None:
    mouse = POPULATIONS["mouse_4t1_resected"]
    draws = MadeUp({"w1": 0.05, "tau": 10.0, "kN": 0.2})
    gap = np.abs(_free(draws, "il15_full", mouse) - _free(draws, None, mouse))
    day = clock(mouse.horizons[-1]) * YEAR
    assert gap[:, day < 20.0].max() < 1e-6
    assert gap[:, -1].min() > 1e-6


def test_elsewhere_is_out_of_reach_unless_the_scenario_says_so() -> None:
    sites = replace(PLAIN, endpoint="all_sites")
    everywhere = replace(sites, reach="everywhere")
    some = _free(MadeUp(), "ifng_full", sites)[:, -1]
    more = _free(MadeUp(), "ifng_full", everywhere)[:, -1]
    none = _free(MadeUp(), None, sites)[:, -1]
    assert (none < some).all()
    assert (some < more).all()
    alone = replace(PLAIN, elsewhere=False)
    assert (_free(MadeUp(), None, alone)[:, -1] < _free(MadeUp(), None)[:, -1]).all()


def _two() -> Therapies:
    names = ("il15_full", "cxcr4_block", "liver_injury")
    return replace(THERAPIES, therapies={n: THERAPIES.therapies[n] for n in names})


def test_dataset_holds_every_cell_and_shares_draws() -> None:
    populations = {n: POPULATIONS[n] for n in ("er_positive_n0", "mouse_bolus_liver")}
    found = predict(
        {"prior": MadeUp(count=6, number=0.4), "posterior": MadeUp(count=6)}, _two(), populations
    )
    assert found["answer"].dims == ("source", "draw", "therapy", "population", "horizon", "measure")
    assert list(found["measure"].values) == list(MEASURES)
    assert np.isfinite(found["answer"]).all()
    assert (found["failed"] == 0).all()
    one = found["answer"].sel(
        source="posterior", population="er_positive_n0", therapy="cxcr4_block"
    )
    parts = [one.sel(measure=m) for m in ("risk_untreated", "risk", "absolute_risk_reduction")]
    np.testing.assert_allclose(parts[0] - parts[1], parts[2], atol=1e-15)
    np.testing.assert_allclose(
        found["time_year"].sel(population="mouse_bolus_liver")[-1] * YEAR, 43.5
    )


def test_a_failed_draw_is_counted_and_left_out() -> None:
    class Broken(MadeUp):
        def theta(self, specs):  # noqa: ANN001, ANN202
            rows = super().theta(specs)
            rows[0, :, INDEX["w1"]] = np.nan
            return rows

    found = predict({"prior": Broken(), "posterior": Broken()}, _two(), {"p": PLAIN})
    assert (found["failed"] == 1).all()
    assert np.isfinite(found["event_free"]).all()
    assert to_records(found)[0]["risk"]["posterior"]["median"] is not None


def test_records_name_learnt_and_assumed() -> None:
    same, other = MadeUp(), MadeUp(number=5.0)
    assumed = to_records(predict({"prior": same, "posterior": same}, _two(), {"p": PLAIN}))
    learnt = to_records(predict({"prior": same, "posterior": other}, _two(), {"p": PLAIN}))
    assert {r["risk"]["learnt"] for r in assumed} == {"assumed, not learnt"}
    told = {r["therapy"]: (r["risk"]["learnt"], r["risk"]["why"]) for r in learnt}
    assert {told[t][0] for t in ("il15_full", "cxcr4_block")} == {"learnt"}
    assert told["liver_injury"] == ("assumed, not learnt", NOTHING)
    assert assumed[0]["applicability"] == "unknown"


def test_formats_agree_and_kinds_stay_apart() -> None:
    found = predict({"prior": MadeUp(), "posterior": MadeUp()}, _two(), {"p": PLAIN})
    assert '"NaN"' not in to_json(found)
    lines = to_csv(found).splitlines()
    assert len(lines) == 1 + 3 * 2 * 6 * 2
    text = " ".join(to_text(Told(found, {}, to_records(found))).split())
    clamp, _, adverse = (found["therapy_label"].sel(therapy=t).item() for t in _two().therapies)
    places = [text.index(w) for w in ("Clamps", clamp, "Harmful", adverse)]
    assert places == sorted(places)
