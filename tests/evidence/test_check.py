"""Each check finds what it is for, at the right place, and nothing else."""

from __future__ import annotations

import json

import pytest

from metinfer.evidence.check import DEFAULT_CHECKS

# Rows of the tiny measurements.csv by their index.
SHARE, MEAN, NK, ORDERED, HALFLIFE, OUT = 0, 3, 6, 7, 8, 9


def _ratio(**cells: str) -> dict[str, str]:
    return {"statistic": "ratio", "spread": "ci95", "value": "4", "low": "2", "high": "8"} | cells


@pytest.mark.parametrize(
    ("index", "cells", "column", "words"),
    [
        (SHARE, {"events": ""}, "events", "needs events"),
        (SHARE, {"n": ""}, "n", "needs n"),
        (SHARE, {"events": "13"}, "events", "more events than n = 12"),
        (SHARE, {"events": "-1"}, "events", "below 0"),
        (SHARE, {"n": "12.5"}, "n", "not a whole number"),
        (SHARE, {"spread": "sd"}, "spread", "cannot use this spread"),
        (SHARE, {"arm": "contrl"}, "arm", 'did you mean "control"?'),
        (SHARE, {"arm": ""}, "arm", "the cell is empty in a row with role fit"),
        (SHARE, {"observable": ""}, "observable", "the cell is empty in a row with role fit"),
        (SHARE, {"observable": "metastasis_probabilty"}, "observable", "did you mean"),
        (SHARE, {"observable": "metastasis_count"}, "statistic", "cannot report"),
        (SHARE, {"observable": "event_hazard"}, "statistic", "intervals.csv"),
        (SHARE, {"role": "fitted"}, "role", 'did you mean "fit"?'),
        (SHARE, {"role": ""}, "role", "always needed"),
        (SHARE, {"time": ""}, "time", "needs a time"),
        (SHARE, {"time": "-1"}, "time", "before time zero"),
        (SHARE, {"time_unit": ""}, "time_unit", "without a unit"),
        (SHARE, {"time_unit": "weekz"}, "time_unit", 'did you mean "week"?'),
        (SHARE, {"events": "", "n": "31", "value": "0.419"}, "events", "13 of 31 is 0.419: write"),
        (
            SHARE,
            {"events": "", "n": "31", "value": "41.9", "unit": "percent"},
            "events",
            "13 of 31 is 41.9 %: write it into events",
        ),
        (
            SHARE,
            {"events": "", "n": "200", "value": "75", "unit": "%"},
            "events",
            "150 of 200 is 75 %, 151 of 200 is 76 %",
        ),
        (
            SHARE,
            {"events": "", "n": "31", "value": "40", "unit": "%"},
            "events",
            "no whole number of 31 is 40, the nearest: 12 of 31 is 39 %",
        ),
        (MEAN, {"value": "0", "low": ""}, "low", "count_total and events 0"),
        (MEAN, {"spread": "sd", "low": "0"}, "low", "not above 0"),
        (MEAN, {"spread": "ci80", "low": "4", "high": "5"}, "value", "outside its own ci80"),
        (MEAN, {"spread": "iqr"}, "spread", "sd, sem, ciNN (for example ci95)"),
        (SHARE, {"lod": "1"}, "lod", "cannot use a limit of detection"),
        (SHARE, {"unit": "mm"}, "unit", '"mm" cannot be converted to "1"'),
        (SHARE, {"unit": "sploosh"}, "unit", '"sploosh" is not a known unit'),
        (SHARE, {"unit": ""}, "unit", "without a unit"),
        (SHARE, {"study": "madeup2042"}, "study", 'did you mean "madeup2024"?'),
        (SHARE, {"row": "depleted-share"}, "row", "stands already in line 2"),
        (SHARE, {"value": "75"}, "value", "percent"),
        (MEAN, {"n": ""}, "n", "mean needs n"),
        (MEAN, {"n": "1"}, "n", "one animal"),
        (MEAN, {"low": ""}, "low", "mean needs low"),
        (MEAN, {"low": "0"}, "low", "not above 0"),
        (MEAN, {"high": "2"}, "high", "one number"),
        (MEAN, {"spread": "none"}, "spread", "sd, sem"),
        (MEAN, {"value": "-3"}, "value", "impossible for metastasis_count"),
        (MEAN, {"spread": "ci95", "low": "2"}, "high", "needs both ends"),
        (MEAN, {"spread": "ci95", "low": "2", "high": "1"}, "low", "swap"),
        (MEAN, {"spread": "ci95", "low": "4", "high": "5"}, "value", "outside its own ci95"),
        (NK, {"reference_arm": ""}, "reference_arm", "nk_count_fold needs the arm"),
        (NK, {"reference_arm": "il15"}, "reference_arm", "with itself"),
        (NK, {"value": "0"}, "value", "not above 0"),
        (NK, {"statistic": "median", "spread": "iqr"}, "high", "the lower in low"),
        (NK, {"statistic": "median", "spread": "range"}, "high", "median needs high"),
        (NK, {"statistic": "percentile", "spread": "none", "low": ""}, "level", "needs level"),
        (NK, _ratio(high=""), "high", "needs both ends"),
        (NK, _ratio(unit="pg/mL"), "unit", "contrast"),
        (NK, _ratio(value="1"), "value", "outside its own ci95"),
        (NK, _ratio(value="7.9"), "value", "standard errors off"),
        (NK, _ratio(low="-2"), "low", "below 0"),
        (ORDERED, {"value": "0.3"}, "value", "confidence"),
        (ORDERED, {"value": "1.1"}, "value", "confidence"),
        (ORDERED, {"statistic": "bound", "low": "1", "high": "2"}, "high", "one-sided"),
        (NK, {"statistic": "median", "spread": "iqr", "low": "5", "high": "6"}, "value", "own iqr"),
        (
            NK,
            {"statistic": "median", "spread": "iqr", "low": "3", "high": "6", "n": "2"},
            "n",
            "fewer than 3",
        ),
        (
            NK,
            {"statistic": "individual", "spread": "none", "low": "", "value": "0"},
            "value",
            "not above 0",
        ),
        (ORDERED, {"reference_arm": ""}, "reference_arm", "needs the arm"),
        (ORDERED, {"statistic": "bound"}, "low", "bound needs low"),
        (OUT, {"reason": ""}, "reason", "without a reason"),
    ],
)
def test_fault_in_a_measurement(folder, index, cells, column, words) -> None:
    folder.change("measurements", index, **cells)
    fault = next((f for f in folder.faults() if f.column == column), None)
    assert fault is not None, folder.report().to_text()
    assert words in str(fault)
    assert (fault.file, fault.line) == ("measurements.csv", 3 if "row" in cells else index + 2)


def test_faulty_cell_is_named_once(folder) -> None:
    for index, column in ((SHARE, "events"), (MEAN, "low"), (NK, "value"), (SHARE, "time")):
        before = folder.rows("measurements")
        folder.change("measurements", index, **{column: "oops"})
        assert folder.only_fault().column == column
        folder.write("measurements", before)


@pytest.mark.parametrize(
    "cells",
    [
        {"statistic": "median", "low": "3", "high": "6"},
        {"statistic": "mean"},
        {"statistic": "hazard_ratio", "observable": "event_hazard_ratio", "low": "2", "high": "8"},
        {"statistic": "ratio", "low": "2", "high": "8"},
    ],
)
def test_a_wrong_word_of_spread_is_one_fault(folder, cells: dict[str, str]) -> None:
    folder.change("measurements", NK, value="4", spread="IQR", **cells)
    fault = folder.only_fault()
    assert (fault.column, fault.value) == ("spread", "IQR")
    assert folder.report().warnings == ()


def test_rows_that_are_not_scored_need_only_a_reason(folder) -> None:
    blank = dict.fromkeys(("arm", "observable", "statistic", "value", "unit", "spread", "low", "n",
                           "time", "time_unit"), "")  # fmt: skip
    folder.change("measurements", OUT, **blank)
    assert folder.report().ok


@pytest.mark.parametrize(
    ("statistic", "cells"),
    [
        ("individual", {"value": "3", "lod": "1"}),
        ("individual", {"lod": "1"}),
        ("individual", {"low": "1", "high": "3"}),
        ("median", {"value": "3", "low": "1", "high": "5", "spread": "iqr", "n": "9"}),
        ("median", {"value": "3", "low": "1", "high": "5", "spread": "range", "n": "9"}),
        ("count_total", {"events": "40", "n": "9"}),
        ("percentile", {"value": "3", "n": "9", "level": "0.9"}),
        ("bound", {"value": "0.9", "low": "2"}),
        ("mean", {"value": "3", "low": "2", "high": "4", "spread": "ci90", "n": "9"}),
        ("mean", {"value": "3", "low": "2", "high": "4", "spread": "ci99.9", "n": "9"}),
        ("mean", {"value": "0", "low": "0", "spread": "sd", "n": "9"}),
        ("mean", {"value": "0", "low": "0", "spread": "sem", "n": "9"}),
    ],
)
def test_complete_rows_pass(folder, statistic: str, cells: dict[str, str]) -> None:
    blank = dict.fromkeys(("value", "low", "high", "n", "events", "lod"), "") | {"spread": "none"}
    folder.change("measurements", MEAN, **blank | {"statistic": statistic} | cells)
    assert folder.report().ok, folder.report().to_text()


@pytest.mark.parametrize(
    ("table", "index", "cells", "column", "words"),
    [
        ("arms", 0, {"species": "mous"}, "species", 'did you mean "mouse"?'),
        ("arms", 0, {"nk_activity": "surgry"}, "nk_activity", "a number, or surgery"),
        ("arms", 0, {"nk_activity": "-1"}, "nk_activity", "below 0"),
        ("arms", 0, {"perforin_loss": "1.2"}, "perforin_loss", "above 1"),
        ("arms", 0, {"context": "a:0.5;b:0.4"}, "context", "add to 0.9"),
        ("arms", 0, {"context": "a:0.5;a:0.5"}, "context", "twice"),
        ("arms", 0, {"context": "a:0.5;b"}, "context", "not a mixture"),
        ("arms", 0, {"arrival_start": "3"}, "arrival_end", "before arrival_start"),
        ("arms", 0, {"arrival": "primary", "arrival_end": ""}, "arrival_end", "removed"),
        ("arms", 0, {"timp1_fold": "2", "timp1_level": "high"}, "timp1_fold", "both"),
        ("arms", 3, {"species": "human"}, "context", "for mouse and for human"),
        ("arms", 3, {"endpoint_scope": ""}, "arm", "no endpoint_scope"),
        ("arms", 0, {"arm": "il15"}, "arm", "stands already"),
        ("studies", 0, {"doi": "doi:10.1038/s41586-021-03614-z"}, "doi", "write 10.1038/s41586"),
        ("doses", 0, {"agent": "rhil51"}, "agent", 'did you mean "rhil15"?'),
        ("doses", 0, {"unit": "spoons"}, "unit", "not a unit of a dose"),
        ("doses", 0, {"unit": "ug/kg/day"}, "unit", "not a unit of a dose"),
        ("doses", 0, {"unit": "µg/kg"}, "unit", 'did you mean "ug/kg"?'),
        ("doses", 0, {"unit": "mg/m²"}, "unit", 'did you mean "mg/m2"?'),
        ("doses", 0, {"every": ""}, "every", "4 doses need the time"),
        ("doses", 0, {"count": "0"}, "count", "below 1"),
        ("doses", 0, {"arm": "il51"}, "arm", "did you mean"),
        ("intervals", 0, {"end": "0", "person_time": ""}, "end", "not after start"),
        ("intervals", 0, {"events": "21"}, "events", "more events than the 20 at risk"),
        ("intervals", 0, {"censored": "19"}, "censored", "21 events and censored"),
        ("intervals", 1, {"at_risk": "17"}, "at_risk", "leaves 18"),
        ("intervals", 1, {"at_risk": "19"}, "at_risk", "leaves 18"),
        ("intervals", 1, {"start": "13"}, "start", "overlaps line 2"),
        ("intervals", 0, {"person_time": "300"}, "person_time", "more than 20 at risk"),
        ("intervals", 0, {"person_time": "200"}, "person_time", "less than those who stayed"),
        ("intervals", 0, {"start": "-1"}, "start", "below 0"),
        ("intervals", 0, {"role": "out"}, "reason", "without a reason"),
    ],
)
def test_fault_in_another_table(folder, table, index, cells, column, words) -> None:
    folder.change(table, index, **cells)
    found = [f for f in folder.faults() if f.column == column]
    assert found, folder.report().to_text()
    assert words in str(found[0])


def test_one_arm_is_fitted_once_for_an_endpoint(folder) -> None:
    line = folder.add("measurements", SHARE, row="again")
    fault = folder.only_fault()
    assert (fault.line, fault.column) == (line, "arm")
    assert "fitted already" in fault.message
    assert "measurements.csv:2" in fault.message


@pytest.mark.parametrize(
    "cells",
    [{"role": "check"}, {"cohort": "others"}, {"cohort": "others", "time": "6"}],
)
def test_what_is_no_double_count(folder, cells: dict[str, str]) -> None:
    folder.add("measurements", SHARE, row="again", **cells)
    assert folder.report().ok, folder.report().to_text()


def test_intervals_and_a_share_of_one_arm_count_twice(folder) -> None:
    line = folder.add("measurements", SHARE, row="again", arm="followed", time="3")
    assert folder.only_fault().line == line


def test_overlapping_curve_points_count_twice(folder) -> None:
    share = {"statistic": "survival", "events": "", "value": "0.9", "cohort": "c"}
    folder.add("measurements", SHARE, row="point-1", **share)
    assert folder.report().ok
    folder.add("measurements", SHARE, row="point-2", **share | {"time": "6", "value": "0.8"})
    assert "fitted already for event_hazard" in folder.only_fault().message


@pytest.mark.parametrize("cells", [{"time": "6"}, {"arm": "followed", "time": "10"}])
def test_points_of_one_curve_are_not_independent(folder, cells: dict[str, str]) -> None:
    line = folder.add("measurements", SHARE, row="later", **cells)
    fault = folder.only_fault()
    assert fault.line == line
    assert "at another time" in fault.message


def test_amounts_of_the_same_animals_at_two_times_are_not_independent(folder) -> None:
    folder.add("measurements", NK, row="day-8", time="8")
    assert "at another time" in folder.only_fault().message
    folder.change("measurements", -1, cohort="other_mice")
    assert folder.report().ok, folder.report().to_text()


def test_rates_over_spans_that_do_not_overlap_are_apart(folder) -> None:
    rate = {"observable": "event_rate", "statistic": "rate", "value": "", "n": "",
            "cohort": "c", "unit": "1/year", "events": "4", "person_time": "90"}  # fmt: skip
    folder.add("measurements", SHARE, row="early", time_start="0", **rate)
    folder.add("measurements", SHARE, row="late", time_start="4", **rate | {"time": "9"})
    assert folder.report().ok, folder.report().to_text()
    folder.change("measurements", -1, time_start="3")
    assert folder.only_fault().column == "arm"


def test_organs_of_the_same_mice_are_not_independent(folder) -> None:
    folder.add("arms", 0, arm="control_lung", site="lung", stock="")
    line = folder.add("measurements", SHARE, row="lungs", arm="control_lung")
    fault = folder.only_fault()
    assert (fault.line, fault.column) == (line, "arm")
    assert "organs of one animal go together" in fault.message
    folder.change("measurements", -1, role="check")
    assert folder.report().ok, folder.report().to_text()


def test_organs_of_other_mice_are(folder) -> None:
    folder.add("arms", 0, arm="control_lung", site="lung", stock="", cohort="lung_mice")
    folder.add("measurements", SHARE, row="lungs", arm="control_lung")
    assert folder.report().ok, folder.report().to_text()


@pytest.mark.parametrize(
    ("cells", "words"),
    [
        ({"spread": "sd", "low": "90"}, "too skewed"),
        ({"spread": "sem", "low": "35"}, "too skewed"),
        ({"spread": "ci95", "low": "1", "high": "159", "n": "20"}, "too skewed"),
        ({"spread": "sd", "low": "60"}, ""),
        ({"spread": "ci95", "low": "60", "high": "100", "n": "20"}, ""),
        ({"spread": "sd", "low": "90", "role": "check"}, ""),
    ],
)
def test_a_mean_too_skewed_for_its_logs_is_not_fitted(folder, cells, words: str) -> None:
    mean = {"observable": "timp1_level", "statistic": "mean", "value": "80", "unit": "ng/mL",
            "n": "8", "reference_arm": "", "cohort": "c"}  # fmt: skip
    folder.add("measurements", NK, row="skewed", **mean | cells)
    faults = folder.faults()
    assert bool(faults) == bool(words)
    assert all(words in str(f) and f.column == "low" for f in faults)


def test_individual_animals_are_no_double_count(folder) -> None:
    animal = {"statistic": "individual", "spread": "none", "low": "", "n": "", "cohort": "c"}
    for k in range(3):
        folder.add("measurements", MEAN, row=f"animal-{k}", value=str(k), **animal)
    assert folder.report().ok, folder.report().to_text()


def test_cohort_published_by_two_studies_counts_once(folder) -> None:
    folder.add("studies", 0, study="second")
    folder.add("arms", 0, arm="second_control", study="second")
    folder.add("measurements", SHARE, row="second", study="second", arm="second_control")
    assert "cohort madeup2024 is fitted already" in folder.only_fault().message


def test_mixed_group_beside_its_part(folder) -> None:
    folder.change("arms", 3, context="mouse_tiny:0.5;mouse_other:0.5", cohort="madeup2024",
                  endpoint_scope="liver")  # fmt: skip
    faults = folder.faults()
    assert faults
    assert all("fitted whole by arm followed" in f.message for f in faults)


@pytest.mark.parametrize(
    ("index", "cells", "words"),
    [
        (MEAN, {"low": "9", "value": "8"}, "larger than the mean"),
        (MEAN, {"spread": "sd", "low": "0.05"}, "looks|below 3 %"),
        (HALFLIFE, {"spread": "iqr", "low": "8", "high": "9"}, "outside its quartiles"),
        (NK, {"statistic": "ratio", "spread": "none", "low": ""}, "taken as ln 2"),
        (SHARE, {"value": "0.8"}, "9 of 12 is 0.75"),
    ],
)  # fmt: skip
def test_doubts(folder, index: int, cells: dict[str, str], words: str) -> None:
    folder.change("measurements", index, **cells)
    warning = folder.only_warning()
    assert any(word in str(warning) for word in words.split("|"))
    assert warning.line == index + 2


def test_control_fitted_by_itself_and_in_a_ratio(folder) -> None:
    line = folder.add("measurements", SHARE, row="odds", arm="il15", reference_arm="control",
                      statistic="odds_ratio", value="0.3", spread="ci95", low="0.1", high="0.9",
                      n="", events="", cohort="")  # fmt: skip
    warning = folder.only_warning()
    assert (warning.line, warning.column) == (line, "reference_arm")
    assert "count twice" in warning.message
    folder.change("measurements", SHARE, role="check")
    assert folder.report().warnings == ()


def test_time_after_the_last_interval(folder) -> None:
    folder.add("measurements", SHARE, row="late", arm="followed", time="9", role="check")
    assert "after the arm's last interval" in folder.only_warning().message


def test_same_number_of_the_same_publication(folder) -> None:
    folder.add("measurements", SHARE, row="again", arm="il15", cohort="c")
    assert "same number as in line 2" in folder.only_warning().message


def test_interval_without_person_time(folder) -> None:
    folder.change("intervals", 0, person_time="")
    assert "half the interval" in folder.only_warning().message


def test_a_gap_in_the_follow_up(folder) -> None:
    folder.change("intervals", 1, start="15", person_time="182")
    warning = folder.only_warning()
    assert (warning.line, warning.column) == (3, "start")
    assert "no follow-up since line 2, which ends at 14 day" in warning.message


@pytest.mark.parametrize(
    ("cells", "column", "words"),
    [
        ({"count": ""}, "count", "one dose is given, although every is 7 days"),
        ({"count": "1"}, "count", "one dose is given"),
        ({"unit": "mg/m2"}, "unit", "a dose per body surface for a mouse"),
        ({"agent": "ifng"}, "agent", "also gives ifng as infusion"),
        ({"agent": "rhil15"}, "agent", "also gives rhil15 as infusion"),
    ],
)
def test_a_dose_that_is_hardly_meant(folder, cells: dict[str, str], column: str, words) -> None:
    folder.change("doses", 0, **cells)
    warning = folder.only_warning()
    assert (warning.file, warning.line, warning.column) == ("doses.csv", 2, column)
    assert words in warning.message
    assert warning.hint


def test_a_dose_without_repeats_is_complete(folder) -> None:
    folder.change("doses", 0, every="", count="")
    assert folder.report().warnings == ()


def test_a_dose_of_the_reference_arm_alone(folder) -> None:
    folder.add("doses", 0, arm="control", agent="plerixafor", unit="mg/kg", amount="5")
    warning = folder.only_warning()
    assert (warning.file, warning.line, warning.column) == ("doses.csv", 3, "arm")
    assert "a reference arm gets plerixafor" in warning.message
    assert warning.message.endswith("does not: il15, nk_depleted")
    folder.add("doses", 1, arm="il15")
    folder.add("doses", 1, arm="nk_depleted")
    assert folder.report().warnings == ()


def test_report_as_text_and_json(folder) -> None:
    folder.change("measurements", 0, statistic="proportoin", note="\x1b[31mred")
    report = folder.report()
    document = json.loads(report.to_json())
    assert document["ok"] is False
    (fault,) = document["faults"]
    assert fault["file"] == "measurements.csv"
    assert fault["line"] == 2
    assert fault["value"] == "proportoin"
    assert "1 row in studies.csv" in report.to_text()
    assert "1 fault, 0 warnings: not usable" in report.to_text()
    assert "\x1b" not in report.to_text()


def test_warnings_are_not_called_clean(folder) -> None:
    assert folder.report().to_text().endswith("0 faults, 0 warnings: clean")
    folder.change("intervals", 0, person_time="")
    assert "0 faults, 1 warning: usable; read the warnings first" in folder.report().to_text()


def test_many_faults_of_one_kind_are_told_once_in_text_only(folder) -> None:
    rows = folder.rows("measurements")
    rows += [rows[OUT] | {"row": f"r{k}", "n": "x"} for k in range(300)]
    folder.write("measurements", rows)
    report = folder.report()
    assert len(json.loads(report.to_json())["faults"]) == 300
    text = report.to_text()
    assert text.count("\n") == 1
    assert "(and 299 more like it, in lines 13, 14, 15, 16, 17, 18, 19, 20, ...)" in text


def test_faults_of_many_kinds_are_cut_in_text_only(folder) -> None:
    rows = folder.rows("measurements")
    rows += [rows[OUT] | {"row": f"r{k}", "study": "x" * k} for k in range(20, 40)]
    rows += [rows[OUT] | {"row": f"s{k}", "url": ""} for k in range(3)]
    folder.write("measurements", rows)
    report = folder.report()
    cut = report.to_text(1)
    assert "... and 3 more faults (all of them with --format json)" not in cut
    assert cut.splitlines()[1].startswith("... and ")


def test_numbers_in_a_message_make_no_other_kind(folder) -> None:
    rows = folder.rows("measurements")
    rows += [rows[SHARE] | {"row": f"r{k}", "cohort": f"c{k}", "n": str(k), "events": str(k + 1),
                            "value": ""} for k in range(5, 25)]  # fmt: skip
    folder.write("measurements", rows)
    assert 'more events than n = 5; got "6"; allowed: 0 to 5 (and 19 more' in (
        folder.report().to_text()
    )


def test_each_check_is_listed_once() -> None:
    assert len(set(DEFAULT_CHECKS)) == len(DEFAULT_CHECKS) > 25
    assert all(check.__doc__ for check in DEFAULT_CHECKS)
