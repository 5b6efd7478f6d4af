"""A folder is read into typed rows, in days and canonical units; damage is named."""

from __future__ import annotations

import pickle
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

from metinfer.errors import EvidenceError
from metinfer.evidence import check, read_evidence


def test_tiny_folder_is_clean(tiny: Path) -> None:
    report = check(tiny)
    assert report.ok
    assert not report.warnings
    assert report.rows["measurements.csv"] == 10


def test_rows_are_typed_and_converted(tiny: Path) -> None:
    evidence = read_evidence(tiny)
    rows = {m.row: m for m in evidence.measurements}
    assert rows["control-share"].time_day == 28.0  # published as 4 weeks
    assert rows["control-share"].raw["time"] == "4"
    assert rows["control-share"].events == 9
    assert rows["il15-nk"].unit == "1"  # published as fold
    assert rows["il15-nk"].log_sd == 0.35
    assert rows["control-count"].sd == pytest.approx(0.7 * 12**0.5)
    assert rows["il15-halflife"].unit == "hour"  # a prior row keeps its unit
    assert evidence.arm("nk_depleted").nk_depletion == 1.0
    assert evidence.arm("control").contexts == (("mouse_tiny", 1.0),)
    assert evidence.doses_of("il15")[0].times == (1.0, 8.0, 15.0, 22.0)
    assert [i.start for i in evidence.intervals_of("followed")] == [0.0, 14.0, 28.0]


def test_selectors(tiny: Path) -> None:
    evidence = read_evidence(tiny)
    assert {m.role for m in evidence.fit_rows()} == {"fit"}
    assert len(evidence.rows()) == len(evidence.measurements) == 10
    assert len(evidence.rows("prior", "out")) == 2
    assert len(evidence.fit_intervals()) == 3
    assert [a.arm for a in evidence.arms_used("check")] == ["control", "nk_depleted", "il15"]
    assert evidence.cohort_of(evidence.fit_rows()[0]) == "madeup2024"


def test_units_become_those_of_the_observable(folder) -> None:
    folder.change("measurements", 0, observable="timp1_level", statistic="geometric_mean",
                  value="2000", unit="pg/mL", spread="log_sd", low="0.5", events="")  # fmt: skip
    row = read_evidence(folder.root).measurements[0]
    assert (row.value, row.unit, row.low) == (2.0, "ng/mL", 0.5)  # a log SD has no unit


def test_rate_has_person_time_in_years(folder) -> None:
    folder.change("measurements", 0, observable="event_rate", statistic="rate", value="",
                  events="9", time="730.5", time_unit="day", unit="1/year")  # fmt: skip
    rows = folder.rows("measurements")
    rows[0]["person_time"] = "365.25"
    folder.write("measurements", rows)
    assert read_evidence(folder.root).measurements[0].person_time == pytest.approx(1.0)


def test_digest_follows_content_not_place(folder, tiny: Path) -> None:
    copy = read_evidence(folder.root)
    assert copy == read_evidence(tiny)
    assert hash(copy) == hash(read_evidence(tiny))
    folder.change("studies", 0, note="other")
    assert read_evidence(folder.root) != copy


def test_files_have_their_hashes(tiny: Path) -> None:
    files = {f.name: f for f in read_evidence(tiny).files}
    assert not files["analysis.toml"].bundled
    assert all(re.fullmatch("[0-9a-f]{64}", f.sha256) for f in files.values())


def test_missing_toml_comes_from_the_bundled_evidence(tiny: Path) -> None:
    evidence = read_evidence(tiny)
    bundled = {f.name for f in evidence.files if f.bundled}
    assert bundled == {"parameters.toml", "therapies.toml"}
    assert evidence.parameters["parameter"][0]["name"]


def test_evidence_survives_pickling(tiny: Path) -> None:
    evidence = read_evidence(tiny)
    assert pickle.loads(pickle.dumps(evidence)) == evidence


def test_read_raises_every_fault_at_once(folder) -> None:
    folder.change("measurements", 0, n="-3")
    folder.change("measurements", 3, statistic="maen")
    folder.change("arms", 1, study="nobody")
    with pytest.raises(EvidenceError) as caught:
        read_evidence(folder.root)
    text = str(caught.value)
    assert len(caught.value.faults) == 3
    assert 'measurements.csv:5: statistic: unknown statistic; got "maen"' in text
    assert 'did you mean "mean"?' in text
    assert "arms.csv:3: study: no such study" in text
    assert pickle.loads(pickle.dumps(caught.value)).faults == caught.value.faults


def bom(data: bytes) -> bytes:
    return b"\xef\xbb\xbf" + data


def crlf(data: bytes) -> bytes:
    return data.replace(b"\n", b"\r\n")


@pytest.mark.parametrize(
    "change",
    [bom, crlf, lambda d: d.replace(b"\n", b"\r"), lambda d: d + b"\n\n",
     lambda d: d + b"," * 33 + b"\n"],
)  # fmt: skip
def test_harmless_forms_read_the_same(folder, change) -> None:
    before = read_evidence(folder.root).measurements
    folder.bytes("measurements.csv", change)
    assert read_evidence(folder.root).measurements == before


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda d: b"", "empty"),
        (lambda d: b"\n \n", "empty"),
        (lambda d: d.decode().encode("utf-16"), "UTF-16"),
        (lambda d: d.replace(b"Table 1", "Täble".encode("latin-1"), 1), "not UTF-8"),
        (lambda d: d.replace(b"Table 1", b"Ta\0ble", 1), "zero byte"),
        (lambda d: d.replace(b",", b";"), "not separated by commas"),
        (lambda d: d.replace(b",", b"\t"), "not separated by commas"),
        (lambda d: d.replace(b"study,", b"row,", 1), "twice"),
        (lambda d: d.replace(b"statistic,", b"statistik,", 1), 'mean "statistic"'),
        (lambda d: d.replace(b"locator,", b"locator,colour,", 1), "unknown column"),
        (lambda d: d.replace(b"role,", b"", 1), "missing"),
        (lambda d: d[: d.rindex(b"mm,")], "cells too few"),
        (lambda d: d.replace(b"0.7,", b"0,7,", 1), "1 cell too many"),
        (lambda d: d.replace(b"0.75,", b'"0,75",', 1), "point: 0.75"),
        (lambda d: d.replace(b"Table 1", b'"Table 1', 1), "not closed"),
        (lambda d: d.replace(b"Table 1", b'"Table\n1"', 1), "runs over 2 lines"),
        (lambda d: d.replace(b"Table 1", b'"Table"1', 1), "CSV"),
        (lambda d: d.replace(b"0.75,", b"nan,", 1), "leave the cell empty"),
        (lambda d: d.replace(b"0.75,", b"inf,", 1), "leave the cell empty"),
        (lambda d: d.replace(b"0.75,", b"1e999,", 1), "finite"),
        (lambda d: d.replace(b"0.75,", b"=3/4,", 1), "formula"),
        (lambda d: d.replace(b"0.75,", b"@SUM(A1),", 1), "formula"),
        (lambda d: d.replace(b"0.75,", b"<0.75,", 1), "lod"),
        (lambda d: d.replace(b"0.75,", "−0.75,".encode(), 1), "plain minus"),  # noqa: RUF001
        (lambda d: d.replace(b"0.75,", b"0.75 (9/12),", 1), "only the number"),
        (lambda d: d.replace(b"0.75,", b"x" * 6000 + b",", 1), "6000 characters"),
        (lambda d: d.replace(b"0.75,", b"1" * 200_000 + b",", 1), "CSV"),
        (lambda d: d.replace(b"control-share", b"../../etc/passwd", 1), "not a valid id"),
        (lambda d: d.replace(b"control-share", b"a..b", 1), "not a valid id"),
        (lambda d: d.replace(b"control-share", b"=cmd|'/c calc'!A0", 1), "not a valid id"),
        (lambda d: d.replace(b"https://example.org/madeup", b"javascript:alert(1)", 1), "address"),
    ],
)  # fmt: skip
def test_damage_is_named(folder, change, message: str) -> None:
    folder.bytes("measurements.csv", change)
    faults = folder.faults()
    assert any(message in str(fault) for fault in faults), [str(f) for f in faults]
    assert all(fault.file and fault.hint + fault.allowed + fault.value for fault in faults)


def test_formulas_and_markup_in_text_stay_text(folder) -> None:
    text = "=HYPERLINK(1) <script>alert(1)</script>"
    folder.change("measurements", 0, note=text)
    assert read_evidence(folder.root).measurements[0].note == text


def test_missing_last_line_break_is_a_warning(folder) -> None:
    folder.bytes("measurements.csv", lambda data: data.rstrip(b"\n"))
    assert "complete" in folder.only_warning().hint


@pytest.mark.parametrize("name", ["studies", "arms", "measurements"])
def test_missing_table(folder, name: str) -> None:
    (folder.root / f"{name}.csv").unlink()
    assert any(f.file == f"{name}.csv" and "missing" in f.message for f in folder.faults())


def test_optional_tables_may_be_missing(folder) -> None:
    (folder.root / "doses.csv").unlink()
    (folder.root / "intervals.csv").unlink()
    assert folder.report().ok


def test_table_under_a_wrong_name_is_not_ignored(folder) -> None:
    (folder.root / "intervals.csv").rename(folder.root / "interval.csv")
    assert folder.only_fault().hint == 'did you mean "intervals.csv"?'
    (folder.root / "interval.csv").rename(folder.root / "zzzz.csv")
    assert folder.only_warning().file == "zzzz.csv"


def test_no_folder(tmp_path: Path) -> None:
    (fault,) = check(tmp_path / "nowhere").faults
    assert "no such folder" in fault.message


def test_a_run_given_as_evidence_is_called_a_run(tmp_path: Path) -> None:
    (tmp_path / "run.toml").write_text("schema = 1\n")
    (fault,) = check(tmp_path).faults
    assert fault.message == "that is a run folder"
    assert fault.hint == "name the evidence folder"


def test_file_in_place_of_the_folder(folder) -> None:
    (fault,) = check(folder.root / "measurements.csv").faults
    assert "this is a file" in fault.message
    assert str(folder.root) in fault.hint


def test_folder_in_place_of_a_table(folder) -> None:
    (folder.root / "doses.csv").unlink()
    (folder.root / "doses.csv").mkdir()
    assert "cannot be read" in folder.only_fault().message


def test_long_table_within_seconds(folder) -> None:
    path = folder.root / "measurements.csv"
    last = path.read_text().splitlines()[-1]
    lines = [last.replace("primary-size", f"row-{k}") + "\n" for k in range(100_000)]
    lines[49_989] = lines[49_989].replace(",8,", ",oops,")
    with path.open("a") as file:
        file.writelines(lines)
    start = time.process_time()
    report = folder.report()
    assert time.process_time() - start < 15  # about 3 s
    assert report.rows["measurements.csv"] == 100_010
    assert [f.line for f in report.faults] == [50_001]


def test_check_is_light(tiny: Path) -> None:
    code = (
        "import sys; from metinfer.evidence import check; check(sys.argv[1]);"
        "sys.exit(', '.join({'pandas', 'pint', 'numpy', 'pymc', 'pytensor', 'numba', 'sympy'}"
        " & set(sys.modules)) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tiny)], check=False, text=True,
                          capture_output=True)  # fmt: skip
    assert done.returncode == 0, done.stderr


def test_ratios_without_an_interval_stay_or_are_left_out_as_asked(folder) -> None:
    ratio = {"statistic": "ratio", "spread": "none", "low": ""}
    folder.change("measurements", 6, **ratio)

    def role(choice: str) -> tuple[str, str]:
        text = (folder.root / "analysis.toml").read_text(encoding="utf-8")
        kept = [line for line in text.splitlines() if not line.startswith("missing_spread")]
        new = [f'missing_spread = "{choice}"', *kept]
        (folder.root / "analysis.toml").write_text("\n".join(new), encoding="utf-8")
        (row,) = [m for m in read_evidence(folder.root).measurements if m.row == "il15-nk"]
        return row.role, str(folder.only_warning())

    assert role("default")[0] == "fit"
    assert "taken as ln 2" in role("default")[1]
    assert role("leave_out")[0] == "out"
    assert "left out" in role("leave_out")[1]
    evidence = read_evidence(folder.root)
    assert len(evidence.measurements) == 10
    assert evidence.rows("out")[0].reason.startswith("incomplete: no interval")
    folder.change("measurements", 6, spread="ci95", low="2", high="8", value="4")
    assert {m.row for m in read_evidence(folder.root).fit_rows()} >= {"il15-nk"}
