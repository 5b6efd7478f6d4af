"""A person's own therapies and populations files, from the command line and in a checked folder."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from metinfer import cli
from metinfer.cli import answers
from metinfer.evidence import read_evidence
from metinfer.therapy.check import READERS, check, faults, require_starts
from metinfer.therapy.reader import TherapyError

TINY = Path(__file__).parents[1] / "data" / "tiny"
DATA = Path(__file__).parents[2] / "data"
DOSE = 'agent = "n803", amount = 6.0, unit = "ug/kg", route = "subcutaneous"'
AGENTS = (DATA / "therapies.toml").read_text(encoding="utf-8").split("[therapies.")[0]
THERAPY = '[therapies.mine]\nkind = "regimen"\nstart = 0.0\ndoses = [{{ {} }}]\n'


@pytest.fixture
def predict(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture):
    """`metinfer predict` on a run of the tiny evidence: exit code and message."""
    (tmp_path / "inputs").mkdir()
    for name in ("therapies.toml", "populations.toml"):
        shutil.copy(DATA / name, tmp_path / "inputs" / name)
    run = SimpleNamespace(
        path=tmp_path,
        evidence=read_evidence(TINY),
        record=SimpleNamespace(files={"posterior.nc": "x"}, code="", refine=1, versions={}),
        groups={},
        holds=lambda name: False,
    )
    monkeypatch.setattr(answers, "finished", lambda path: run)

    def call(option: str, text: str) -> tuple[int, str]:
        path = tmp_path / "mine.toml"
        path.write_text(text, encoding="utf-8")
        (tmp_path / "therapies.toml").write_text(AGENTS + THERAPY.format(DOSE), encoding="utf-8")
        words = ["metinfer", "predict", str(TINY), option, str(path)]
        if option == "--populations":
            words += ["--therapies", str(tmp_path / "therapies.toml")]
        monkeypatch.setattr(sys, "argv", words)
        with pytest.raises(SystemExit) as stop:
            cli.main()
        return int(stop.value.code or 0), capsys.readouterr().err

    return call


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("n803", "n308"), ["doses[0].agent", "unknown value 'n308'", "n803", "plerixafor"]),
        (("ug/kg", "ug/k"), ["doses[0].unit", "unknown value 'ug/k'", "mg/m2"]),
        (("6.0", "-6.0"), ["doses[0].amount", "must be at least 0, got -6"]),
        (("subcutaneous", "tablet"), ["doses[0].route", "unknown value 'tablet'"]),
        (('"subcutaneous"', '"infusion", duration = 3.0, every = 2.0, count = 2'), ["overlapping"]),
    ],
)
def test_a_fault_in_my_therapy_is_named(predict, change: tuple[str, str], words: list[str]) -> None:
    code, message = predict("--therapies", AGENTS + THERAPY.format(DOSE.replace(*change)))
    assert code == 1
    for word in ("mine.toml", "therapies.mine", *words):
        assert word in message
    assert "Traceback" not in message


def test_an_unknown_population_is_refused(predict) -> None:
    text = (DATA / "populations.toml").read_text(encoding="utf-8")
    one = text[text.index("[populations.er_positive_n0]") : text.index("[populations.er_negative")]
    code, message = predict("--populations", one.replace('"er_positive"', '"no_such_context"'))
    assert code == 1
    assert "unknown population" in message
    assert "'no_such_context'" in message


def test_a_misspelt_context_names_the_file_and_the_nearest(predict) -> None:
    text = (DATA / "populations.toml").read_text(encoding="utf-8")
    one = text[text.index("[populations.er_positive_n0]") : text.index("[populations.er_negative")]
    known = read_evidence(TINY).arms[0].contexts[0][0]
    _, message = predict("--populations", one.replace('"er_positive"', f'"{known}e"'))
    assert "mine.toml: populations.er_positive_n0: unknown population" in message
    assert f'did you mean "{known}"?' in message


def test_a_start_is_needed_for_the_species_of_each_population(tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    shutil.copytree(TINY, folder)
    text = AGENTS
    for name, start in (
        ("one", "{ human = 0.0 }"),
        ("two", "{ mouse = 3.0 }"),
        ("three", "{ human = 1.0 }"),
    ):
        text += THERAPY.format(DOSE).replace("mine", name).replace("0.0", start)
    (folder / "therapies.toml").write_text(text, encoding="utf-8")
    cures, groups = (read(folder / name) for name, read in READERS.items())
    assert {p.species for p in groups.values()} == {"mouse"}
    with pytest.raises(TherapyError) as error:
        require_starts(cures, groups)
    keys = [fault.key for fault in error.value.faults]
    assert keys == ["therapies.one.start", "therapies.three.start"]
    assert "therapies.toml: therapies.one.start: has no day for mouse (species of mice" in str(
        error.value
    )
    assert [fault.key for fault in faults(folder)] == keys


def test_predictions_need_the_start_of_the_species(predict) -> None:
    text = AGENTS + THERAPY.format(DOSE).replace("start = 0.0", "start = { human = 3.0 }")
    code, message = predict("--therapies", text)
    assert code == 1
    assert "mine.toml: therapies.mine.start: has no day for mouse" in message


def test_a_file_that_is_no_toml_is_named(predict) -> None:
    code, message = predict("--therapies", "[[[")
    assert code == 1
    assert "mine.toml: file: is not valid TOML" in message


@pytest.mark.parametrize(
    ("amount", "words"),
    [
        ('6.0, unit = "ug/kg"', ""),
        ('59.0, unit = "ug/kg"', ""),
        ('0.07, unit = "ug/kg"', ""),
        (
            '60.0, unit = "ug/kg"',
            'far above the largest bundled dose of n803, 6 ug/kg; got "60 ug/kg"',
        ),
        (
            '6.0, unit = "mg/kg"',
            'far above the largest bundled dose of n803, 6 ug/kg; got "6 mg/kg"',
        ),
        ('0.05, unit = "ug/kg"', "far below the smallest bundled dose of n803, 6 ug/kg"),
        ('50.0, unit = "mg"', ""),
    ],
)
def test_a_dose_far_from_all_that_are_known_is_doubted(
    tmp_path: Path, amount: str, words: str
) -> None:
    folder = tmp_path / "mine"
    shutil.copytree(TINY, folder)
    text = AGENTS + THERAPY.format(DOSE.replace('6.0, unit = "ug/kg"', amount))
    (folder / "therapies.toml").write_text(text, encoding="utf-8")
    report = check(folder)
    told = [str(i) for i in report.warnings if i.file == "therapies.toml"]
    assert not [i for i in report.faults if i.file == "therapies.toml"]
    assert len(told) == bool(words)
    assert all("therapies.mine.doses[0].amount: " + words in line for line in told), told


def test_bundled_doses_are_not_doubted_and_other_warnings_stay() -> None:
    from metinfer.evidence import check as check_evidence

    report = check(DATA)
    assert report.warnings == check_evidence(DATA).warnings


def test_check_lists_faults_of_all_files_at_once(tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    shutil.copytree(TINY, folder)
    assert faults(folder) == []
    before = check(folder)
    (folder / "therapies.toml").write_text(
        AGENTS + THERAPY.format(DOSE.replace("6.0", "-6.0")), encoding="utf-8"
    )
    (folder / "populations.toml").write_text('[populations.p]\nspecies = "cat"\n')
    path = folder / "arms.csv"
    path.write_text(path.read_text().replace("mouse", "cat"))
    report = check(folder)
    assert before.ok
    assert not report.ok
    assert {"arms.csv", "therapies.toml", "populations.toml"} <= {i.file for i in report.faults}
    assert "therapies.mine.doses[0].amount" in report.to_json()
