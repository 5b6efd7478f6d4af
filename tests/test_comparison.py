"""metinfer compare on a made-up folder of two studies, and two runs side by side."""

from __future__ import annotations

import json
import shutil
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

import metinfer as mi
from metinfer import calibration, cli, comparison, errors, run_difference
from metinfer.inference import calibrate, compare, compare_tables, reproduce, variants
from metinfer.inference.compare_results import Comparison
from metinfer.runs import load_run

TINY = Path(__file__).parent / "data" / "tiny"
SETTINGS = {"draws": 250, "tune": 200, "variant_chains": 2, "row_chains": 0}
SHORT = ["--draws", "250", "--tune", "200", "--chains", "2", "--row-chains", "0"]
FEW = tuple(v for v in variants.VARIANTS if v.name in ("base", "kill_only"))


def call(patch: pytest.MonkeyPatch, *words: object) -> int:
    """Exit code of the command line called in this process."""
    patch.setattr(sys, "argv", ["metinfer", *map(str, words)])
    try:
        cli.main()
    except SystemExit as stop:
        return int(stop.code or 0)
    return 0


def few_variants(patch: pytest.MonkeyPatch) -> None:
    """Two variants instead of all: the others cost time and test nothing more."""
    for module in (compare, compare_tables):
        patch.setattr(module, "VARIANTS", FEW)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny folder with its NK count in a study of its own."""
    folder = tmp_path_factory.mktemp("two") / "data"
    shutil.copytree(TINY, folder)
    rows = (folder / "measurements.csv").read_text()
    (folder / "measurements.csv").write_text(
        rows.replace("il15-nk,madeup2024", "il15-nk,second2024")
    )
    with (folder / "studies.csv").open("a") as studies:
        studies.write('second2024,"Second made-up paper, 2024",,,https://example.org/2,\n')
    return folder


@pytest.fixture(scope="module")
def run(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A compared run: fitted first, as there is none."""
    out = tmp_path_factory.mktemp("compared") / "run"
    with pytest.MonkeyPatch.context() as patch:
        few_variants(patch)
        words = [
            "--quick",
            "--draws",
            "50",
            "--tune",
            "60",
            "--chains",
            "1",
            "--seed",
            "3",
            "--quiet",
        ]
        assert call(patch, "fit", data, "-o", out, *words) == 0
        # Rows above the limit of k were not left out by refits: finished, but not to be trusted.
        assert call(patch, "compare", data, "-o", out, *SHORT, "--quiet") == 3
    return out


@pytest.fixture(scope="module")
def found(run: Path) -> Comparison:
    result = comparison.read_comparison(load_run(run))
    assert result is not None
    return result


def test_variants_and_studies_are_all_there(found: Comparison) -> None:
    assert [v.name for v in found.variants] == ["base", "kill_only"]
    assert [s.study for s in found.studies] == ["madeup2024", "second2024"]
    assert found.variants[0].difference == 0.0
    assert sum(v.stacking_weight for v in found.variants) == pytest.approx(1.0)
    assert sum(v.prior_weight for v in found.variants) == pytest.approx(1.0)


def test_every_answer_stands_under_every_fit(found: Comparison) -> None:
    for answer in found.answers:
        assert set(answer.variants) == {"base", "kill_only"}
        assert set(answer.left_out) == {"madeup2024", "second2024"}
        medians = [v.median for v in answer.variants.values()]
        assert min(medians) <= answer.by_prior.median <= max(medians)


def test_a_comparison_survives_its_file(found: Comparison) -> None:
    again = Comparison.from_dict(json.loads(json.dumps(found.to_dict())))
    assert again == found


def test_a_result_that_is_there_is_not_made_again(
    data: Path, run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    few_variants(monkeypatch)
    monkeypatch.setattr(compare, "refit_all", None)
    assert call(monkeypatch, "compare", data, "-o", run, *SHORT, "--quiet") == 3


def test_a_stopped_comparison_makes_only_what_is_missing(
    data: Path, run: Path, found: Comparison, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    few_variants(monkeypatch)
    copy = tmp_path / "run"
    shutil.copytree(run, copy)
    (copy / "comparison.json").unlink()
    gone, kept = (
        copy / "comparison" / p for p in ("study/second2024/0.nc", "variant/kill_only/0.nc")
    )
    gone.unlink()
    before = kept.stat().st_mtime_ns
    assert call(monkeypatch, "compare", data, "-o", copy, *SHORT, "--quiet") == 3
    assert gone.is_file()
    assert kept.stat().st_mtime_ns == before
    again = comparison.read_comparison(load_run(copy))
    assert again is not None
    assert [v.elpd for v in again.variants] == [v.elpd for v in found.variants]
    assert [s.score for s in again.studies] == [s.score for s in found.studies]


def test_a_result_with_lost_fits_is_made_again(
    data: Path, run: Path, found: Comparison, monkeypatch: pytest.MonkeyPatch
) -> None:
    few_variants(monkeypatch)
    monkeypatch.setattr(compare.Fits, "make", lambda self: pytest.fail("made again"))
    asked = {"evidence": mi.read_evidence(data), "out": run, "plan": compare.Plan(**SETTINGS)}
    assert mi.compare(**asked).origin == found.origin
    monkeypatch.setattr(comparison, "read_comparison", lambda _: replace(found, lost=1))
    with pytest.raises(pytest.fail.Exception, match="made again"):
        mi.compare(**asked)


def test_another_model_than_that_of_the_fit_is_not_compared(
    data: Path, run: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(reproduce, "agreement", lambda _: 0.5)
    assert call(monkeypatch, "compare", data, "-o", run, "--quick", "--quiet") == 1
    assert "makes another model of the inputs" in capsys.readouterr().err
    with pytest.raises(errors.RunError, match="another model"):
        calibration.calibrate(load_run(run), calibrate.Plan(fits=10))


def test_an_answer_that_the_base_does_not_have_is_left_out(run: Path) -> None:
    loaded = load_run(run)
    names = [a["name"] for a in loaded.evidence.analysis["answer"]]
    some, none = np.linspace(0.1, 0.9, 50), np.full(50, np.nan)
    draws = {
        "variant/base": {names[0]: some, names[1]: none},
        "variant/kill_only": dict.fromkeys(names, some),
    }
    weights = {"base": (0.5, 0.5), "kill_only": (0.5, 0.5)}
    made = comparison.answer_results(loaded, draws, weights)
    assert [a.name for a in made] == names[:1]


def test_a_posterior_with_fewer_draws_than_fits_is_told_before_any_fit(run: Path) -> None:
    with pytest.raises(errors.UsageError, match="the run has 50 draws"):
        calibration.calibrate(load_run(run), calibrate.Plan(fits=5000))


def test_a_page_does_not_take_the_place_of_a_result(run: Path) -> None:
    before = (run / "comparison.json").read_bytes()
    with pytest.raises(errors.UsageError, match=r"comparison\.json is a result"):
        mi.report(load_run(run), run / "comparison.html")
    with pytest.raises(errors.UsageError, match=r"FILE\.html"):
        mi.report(load_run(run), run.parent / "numbers.json")
    assert (run / "comparison.json").read_bytes() == before


def test_a_run_of_other_evidence_is_wrong_usage(
    run: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(monkeypatch, "compare", TINY, "-o", run) == 2
    assert "is a run of other evidence" in capsys.readouterr().err


def test_a_first_look_proves_nothing_and_does_not_fail() -> None:
    doubtful = SimpleNamespace(trusted=False, reasons=("few draws",))
    comparison.require(doubtful, quick=True)
    with pytest.raises(errors.NotTrustedError, match="few draws"):
        comparison.require(doubtful, quick=False)


def test_the_page_shows_variants_and_left_out_studies(run: Path) -> None:
    page = mi.report(load_run(run), run.parent / "page.html").read_text()
    assert load_run(run).holds("predictions.nc")  # what the page shows is made first
    assert load_run(run).holds("decisions.nc")
    assert "Other mechanisms on the same rows" in page
    assert "studies left out" in page
    assert "NK cells kill, but do not hold cells dormant" in page


def test_a_variant_is_fitted_judged_and_remembered(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = load_run(run).record
    settings = {**record.settings, "variant": "kill_only"}
    other = mi.Run(run, replace(record, settings=settings))
    assert variants.variant_of(other.evidence).name == "kill_only"
    evidence = load_run(run).evidence
    monkeypatch.setattr(comparison, "open_run", lambda _: other)
    with pytest.raises(errors.UsageError, match="run of the variant kill_only"):
        comparison.run_for(evidence, run)
    assert call(monkeypatch, "fit", TINY, "-o", tmp_path / "x", "--variant", "nonsense") == 2


def test_a_run_is_the_same_as_itself(run: Path) -> None:
    same = mi.compare_runs(run, run)
    assert not len(same.rows)
    assert not same.answers["moved"].any()
    assert set(same.answers["change"]) == {0.0}
    assert "the same in both" in repr(same)
    assert "<table" in same._repr_html_()


def test_rows_that_came_went_or_changed_are_named(run: Path) -> None:
    old = load_run(run)
    evidence = old.evidence
    rows = [r for r in evidence.measurements if r.row != "il15-share"]
    rows = [replace(r, value=5.0) if r.row == "il15-nk" else r for r in rows]
    rows.append(replace(rows[0], row="new-row"))
    new = mi.Run(old.path, old.record)
    new.__dict__["evidence"] = replace(evidence, measurements=tuple(rows))
    found = mi.compare_runs(old, new).rows.set_index("row")
    assert found.loc["il15-share", "change"] == run_difference.WENT
    assert found.loc["new-row", "change"] == run_difference.CAME
    assert found.loc["il15-nk", "what"] == "value: 4.1 -> 5.0"
    assert found.loc["il15-nk", "cells"] == {"value": [4.1, 5.0]}
    assert len(found) == 3
    told = mi.compare_runs(old, new)
    assert "value: 4.1 -> 5.0" in told.to_text()
    rows = {row["row"]: row for row in told.to_dict()["rows"]}
    assert rows["il15-nk"] == {
        "table": "measurements", "row": "il15-nk", "change": "changed", "role": "fit",
        "cells": {"value": [4.1, 5.0]},
    }  # fmt: skip


def test_two_runs_are_compared_on_the_command_line(
    run: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(monkeypatch, "diff", run, run, "--format", "json") == 0
    found = json.loads(capsys.readouterr().out)
    assert found["runs"] == {"before": str(run), "after": str(run)}
    assert found["rows"] == found["settings"] == []
    assert {a["name"] for a in found["answers"]} == {"il15_mice", "no_neutrophils_mice"}
    assert all(a["moved"] is False and a["change"] == 0.0 for a in found["answers"])
    assert all(a["before_median"] == a["after_median"] for a in found["answers"])
    assert call(monkeypatch, "diff", run, run) == 0
    assert "Lines of the tables: the same in both" in capsys.readouterr().out
    assert call(monkeypatch, "diff", run, run.parent) == 1
    assert "is not a run folder" in capsys.readouterr().err


def test_an_answer_that_moved_is_told_in_its_errors(
    run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import xarray as xr

    rng = np.random.default_rng(1)
    sides = iter([{"a": 0.0, "b": 0.0}, {"a": 1.0, "c": 0.0}])

    def draws(_: object) -> dict[str, xr.DataArray]:
        shifts = next(sides)
        return {
            k: xr.DataArray(rng.normal(v, 1.0, (4, 500)), dims=("chain", "draw"))
            for k, v in shifts.items()
        }

    monkeypatch.setattr(run_difference, "answer_draws", draws)
    table = mi.compare_runs(run, run).answers
    assert table.loc["a", "moved"]
    assert table.loc["a", "in_sd"] == pytest.approx(1.0, abs=0.15)
    assert table.loc["a", "in_mcse"] > 10
    assert not table.loc["b", "moved"]
    assert np.isnan(table.loc["c", "before median"])
