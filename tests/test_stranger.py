"""A stranger's small folder goes all the way: tables, posterior, therapy predictions, report."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from metinfer import cli


def call(monkeypatch: pytest.MonkeyPatch, *words: object) -> int:
    """Exit code of the command line called in this process."""
    monkeypatch.setattr(sys, "argv", ["metinfer", *map(str, words)])
    try:
        cli.main()
    except SystemExit as stop:
        return int(stop.code or 0)
    return 0


TINY = Path(__file__).parent / "data" / "tiny"


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A real, far too short fit of a made-up mouse experiment."""
    out = tmp_path_factory.mktemp("stranger") / "run"
    short = ["--draws", "40", "--tune", "80", "--chains", "2", "--seed", "3"]
    with pytest.MonkeyPatch.context() as patch:
        assert call(patch, "fit", TINY, "-o", out, *short) == 0
    return out


def test_a_short_fit_is_finished_but_not_to_be_trusted(
    run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert call(monkeypatch, "diagnose", run) == 3
    gates = json.loads((run / "diagnostics.json").read_text())["gates"]
    by_name = {g["name"]: g for g in gates}
    assert not by_name["bulk ESS"]["passed"]
    assert by_name["failed solves"]["passed"]
    assert by_name["solver grid"]["passed"]


def test_every_therapy_stands_beside_its_prior(
    run: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(monkeypatch, "predict", run, "--format", "json") == 0
    records = json.loads(capsys.readouterr().out)["effects"]
    assert {"n803", "ifng_sc", "cxcr4_block", "timp1_neutral"} <= {r["therapy"] for r in records}
    for record in records:
        for name in ("absolute_risk_reduction", "risk_ratio", "risk_untreated"):
            answer = record[name]
            for source in ("prior", "no_mouse", "posterior"):
                assert {"median", "lo50", "hi50", "lo90", "hi90"} == set(answer[source])
            wide = max(answer["overlap"], answer["overlap_high"]) > 0.8
            assert not (wide and answer["learnt"] == "learnt")
        assert record["event_free"]["posterior"]["median"][0] == pytest.approx(1.0)


def test_without_its_mouse_rows_nothing_is_left_but_the_prior(
    run: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """All rows are mouse rows: the fit without them is the prior, within Monte-Carlo error."""
    assert call(monkeypatch, "predict", run, "--format", "json") == 0
    for record in json.loads(capsys.readouterr().out)["effects"]:
        if record["therapy"] == "n803":
            risk = record["risk_untreated"]
            spread = risk["prior"]["hi90"] - risk["prior"]["lo90"]
            assert abs(risk["no_mouse"]["median"] - risk["prior"]["median"]) < 0.35 * spread


MINE = """
[therapies.mine]
kind = "regimen"
label = "my own schedule"
start = 2.0
[[therapies.mine.doses]]
agent = "n803"
amount = 1.0
unit = "ug/kg"
route = "subcutaneous"
every = 4.0
count = 5

[experiments.mine]
therapy = "mine"
population = "POPULATION"
day = 20.0
n = 12
"""


def test_my_own_therapy_is_predicted_and_decided_about(
    run: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """From the command line and as in a notebook: the same numbers, every question answered."""
    import metinfer as mi
    from metinfer.therapy.populations import read_populations

    home = run / "inputs"
    population = next(iter(read_populations(home / "populations.toml")))
    agents = (home / "therapies.toml").read_text().split("[therapies.")[0]
    path = tmp_path / "mine.toml"
    path.write_text(agents + MINE.replace("POPULATION", population))
    assert call(monkeypatch, "predict", run, "--therapies", path, "--format", "json") == 0
    told = json.loads(capsys.readouterr().out)
    assert {r["therapy"] for r in told["effects"]} == {"mine"}
    asked = {r["question"] for r in told["decisions"] if r["therapy"] == "mine"}
    assert asked == {"lasting", "window", "duration", "dose"}
    assert told["variance"] == []  # 80 draws are too few to split a variance
    assert [e["experiment"] for e in told["experiments"]] == ["mine"]
    assert told["experiments"][0]["answers"][0]["variance_removed"] < 1.0
    loaded = mi.load_run(run)
    here = mi.predict(loaded, therapies=path)
    ratio = here["answer"].sel(source="posterior", measure="risk_ratio").isel(horizon=0)
    medians = {r["population"]: r for r in told["effects"] if r["horizon_year"] == float(
        here["horizon_year"].sel(population=r["population"])[0])}  # fmt: skip
    for name, record in medians.items():
        assert record["risk_ratio"]["posterior"]["median"] == pytest.approx(
            float(ratio.sel(population=name).median()), rel=1e-4
        )
    assert "mine" in mi.decisions(loaded, therapies=path)["window"]["therapy"]


def test_an_experiment_in_nobody_is_refused(
    run: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from metinfer.therapy.populations import read_populations

    home = run / "inputs"
    population = next(iter(read_populations(home / "populations.toml")))
    agents = (home / "therapies.toml").read_text().split("[therapies.")[0]
    mine = MINE.replace("POPULATION", population)
    other = mine[mine.index("[experiments.mine]") :].replace("experiments.mine", "experiments.two")
    path = tmp_path / "mine.toml"
    path.write_text(agents + mine + other.replace(population, "cats"))
    assert call(monkeypatch, "predict", run, "--therapies", path) == 1
    assert "experiments.two.population: unknown population 'cats'" in capsys.readouterr().err


def test_the_report_names_the_study_and_is_not_reportable(
    run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert call(monkeypatch, "report", run) == 0
    page = (run / "report.html").read_text()
    assert "Not reportable" in page
    assert "Made-up experiment for tests" in page
