"""Warnings of wrong units, and of TIMP-1 rows that say less than their author means."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

import pytest

from metinfer.evidence import bundled_path, check
from metinfer.evidence.rules.scales import _median_of_others
from metinfer.evidence.template import write_template

NK, BLANK = 6, dict.fromkeys(("spread", "low", "high", "reference_arm", "time", "time_unit"), "")
LEVEL = BLANK | {"observable": "timp1_level", "statistic": "median", "unit": "ng/mL",
                 "spread": "iqr", "n": "40", "assay": "elisa", "cohort": ""}  # fmt: skip
HEALTHY = LEVEL | {"row": "well", "arm": "well", "value": "90", "low": "70", "high": "110"}
PATIENTS = LEVEL | {"row": "ill", "arm": "ill", "value": "180", "low": "130", "high": "260"}


@pytest.fixture
def people(folder):
    """The tiny folder with healthy people and patients of one assay."""
    human = {
        "species": "human",
        "context": "",
        "stock": "",
        "endpoint_scope": "",
        "timp1_fold": "",
        "arrival": "none",
        "arrival_start": "",
        "arrival_end": "",
        "site": "blood",
    }
    folder.add("arms", 0, arm="well", cohort="well", timp1_level="healthy", **human)
    folder.add("arms", 0, arm="ill", cohort="ill", timp1_level="crc", **human)
    folder.add("measurements", NK, **HEALTHY)
    folder.add("measurements", NK, **PATIENTS)
    return folder


def test_the_right_unit_is_no_doubt(people) -> None:
    assert people.report().ok, people.report().to_text()
    assert people.report().warnings == (), people.report().to_text()


@pytest.mark.parametrize(
    ("unit", "read"),
    [("mg/mL", "1.8e+08"), ("g/L", "1.8e+08"), ("ng/dL", "1.8"), ("pg/mL", "0.18")],
)
def test_a_unit_far_off_is_a_doubt(people, unit: str, read: str) -> None:
    people.change("measurements", -1, unit=unit)
    warning = people.only_warning()
    assert (warning.file, warning.column) == ("measurements.csv", "value")
    assert warning.line == len(people.rows("measurements")) + 1
    assert warning.value == f"180 {unit}"
    assert f"read as {read}" in warning.message
    assert "ng/mL" in warning.message
    assert "other rows of timp1_level here: 90 to 90 ng/mL" in warning.hint
    assert "prior has its median at 80 ng/mL" in warning.hint


def test_all_rows_in_one_wrong_unit_are_doubted(people) -> None:
    people.change("measurements", -1, unit="mg/mL")
    people.change("measurements", -2, unit="mg/mL")
    assert [w.column for w in people.report().warnings] == ["value", "value"]


def test_without_a_prior_the_other_rows_of_the_species_are_the_measure(folder) -> None:
    turnover = BLANK | {"observable": "nk_turnover", "statistic": "individual", "n": "",
                        "unit": "1/day", "cohort": "c"}  # fmt: skip
    folder.add("measurements", NK, row="a", value="4000", **turnover)
    assert folder.report().warnings == ()
    folder.add("measurements", NK, row="b", value="0.05", **turnover)
    line = folder.add("measurements", NK, row="c", value="0.07", **turnover)
    (warning,) = folder.report().warnings
    assert warning.line == line - 2
    assert "0.05 to 0.07 1/day" in warning.hint


@pytest.mark.parametrize(
    ("values", "value", "expected"),
    [((1, 5), 1, 5), ((1, 2, 9), 1, 2), ((1, 2, 9), 9, 2), ((1, 2, 9), 2, 1), ((3,), 3, None),
     ((1, 2, 3, 9), 1, 3), ((1, 2, 3, 9), 9, 2), ((1, 1, 7), 1, 1)],
)  # fmt: skip
def test_median_of_the_others(values: tuple[float, ...], value: float, expected: float) -> None:
    assert _median_of_others(values, value) == expected


def test_a_molar_mass_is_named(people) -> None:
    people.change("measurements", -1, unit="pmol/mL", value="6.4", low="4.6", high="9.3")
    warning = people.only_warning()
    assert warning.column == "unit"
    assert "molar mass of 28,000 g/mol for TIMP1" in warning.message
    people.change("measurements", -1, unit="nmol/g")
    assert 'cannot be converted to "ng/mL"' in people.only_fault().message


def test_moles_without_a_molar_mass_are_a_fault(folder) -> None:
    turnover = BLANK | {"observable": "nk_turnover", "statistic": "individual", "value": "1"}
    folder.add("measurements", NK, row="a", **turnover | {"unit": "mol/g/day"})
    assert "no molar mass is known" in folder.only_fault().message


def test_patients_without_a_level_count_as_healthy_aloud(people) -> None:
    people.change("arms", -1, timp1_level="")
    warning = people.only_warning()
    line = len(people.rows("arms")) + 1
    assert (warning.file, warning.line, warning.column) == ("arms.csv", line, "timp1_level")
    assert "no timp1_level: its people count as healthy" in warning.message
    assert "known levels: healthy" in warning.hint
    people.change("arms", -1, timp1_fold="1")  # said so
    assert people.report().warnings == ()


@pytest.mark.parametrize(
    ("level", "near"),
    [("helthy", "healthy"), ("Healthy", "healthy"), ("colorectal_metastatc",
     "colorectal_metastatic"), ("crc_high", ""), ("stage_ii", ""), ("colorectal", "")],
)  # fmt: skip
def test_a_level_like_a_known_one(people, level: str, near: str) -> None:
    for arm, name in (("a", "colorectal_metastatic"), ("b", "stage_i"), ("c", "crc_low")):
        people.add("arms", -1, arm=arm, cohort=arm, timp1_level=name)
    line = people.add("arms", -1, arm="d", cohort="d", timp1_level=level)
    found = people.report().warnings
    assert [w.line for w in found] == ([line] if near else []), people.report().to_text()
    assert all(
        w.message == f"new level {level}" and w.hint == f'did you mean "{near}"?' for w in found
    )


def test_a_thousand_levels_are_judged_in_no_time(people) -> None:
    rows = people.rows("arms")
    rows += [rows[-1] | {"arm": f"a{k}", "cohort": f"a{k}", "timp1_level": f"{k * 7919}level"}
             for k in range(3000)]  # fmt: skip
    people.write("arms", rows)
    start = time.process_time()
    assert people.report().ok
    assert time.process_time() - start < 3  # a third of a second


@pytest.mark.parametrize("cells", [{"assay": "other"}, {"role": "check"}, {"assay": ""}])
def test_an_assay_without_healthy_people(people, cells: dict[str, str]) -> None:
    people.change("measurements", -2, **cells)
    warning = people.only_warning()
    assert (warning.line, warning.column) == (len(people.rows("measurements")) + 1, "assay")
    assert "assay elisa has no healthy group" in warning.message
    people.change("measurements", -1, role="check")
    assert people.report().warnings == ()


def test_folders_that_come_with_metinfer_are_clean(tiny: Path, tmp_path: Path) -> None:
    shutil.copytree(tiny, tmp_path / "tiny")
    for root in (bundled_path(), tmp_path / "tiny", write_template(tmp_path / "new")):
        report = check(root)
        assert report.ok
        assert report.warnings == (), report.to_text()
