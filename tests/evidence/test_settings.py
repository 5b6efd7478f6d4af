"""TOML files are read with care, and analysis.toml is checked."""

from __future__ import annotations

import pytest

from metinfer.evidence.bundled import bundled_path
from metinfer.evidence.settings import LARGEST_TOML, read_toml


@pytest.mark.parametrize(
    ("text", "message", "line"),
    [
        ("a = 1\nb = \n", "not valid TOML", 2),
        ("a = text", "not valid TOML", 1),
        ('a = "open', "not valid TOML", 1),
        ("a = 1\na = 2\n", "not valid TOML", 2),
        ("a = nan", "not a finite number", None),
        ("b = { c = [1, -inf] }", "not a finite number", None),
        ("a = " + "[" * 20 + "]" * 20, "nested too deeply", None),
        ("a = " + "[" * 100_000, "nested too deeply", None),
        (".".join("a" * 100_000) + " = 1", "nested too deeply", None),
        ("a = { " + ".".join(["'b'"] * 100) + " = 1 }", "nested too deeply", None),
        ("a = " + "9" * 5000, "not valid TOML", None),
    ],
)
def test_faults(text: str, message: str, line: int | None) -> None:
    document, faults = read_toml("x.toml", text.encode())
    assert document == {}
    assert message in faults[0].message
    assert faults[0].line == line


def test_wrong_encoding() -> None:
    _, (fault,) = read_toml("x.toml", 'a = 1\nb = "ä"'.encode("latin-1"))
    assert (fault.line, fault.message) == (2, "not UTF-8 text")


def test_reads_bom_and_crlf() -> None:
    document, faults = read_toml("x.toml", b"\xef\xbb\xbfa = 1\r\nb = 2\r\n")
    assert (document, faults) == ({"a": 1, "b": 2}, [])


def test_too_large_is_refused(folder) -> None:
    (folder.root / "analysis.toml").write_bytes(b"# " + b"x" * LARGEST_TOML)
    assert "at most" in str(folder.only_fault())


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("question =", 'missing_spread = "leave"\nquestion =', "leave_out"),
        ("question =", "questoin =", 'did you mean "question"?'),
        ('decision = "', 'decision = 3 #"', "not text"),
        ('measure = "risk_ratio"', 'measure = "risk_ration"', 'did you mean "risk_ratio"?'),
        ('therapy = "il15_full"', 'therapy = "il15_ful"', 'did you mean "il15_full"?'),
        ('population = "mice"', 'population = "mouse"', "unknown population"),
        ("time_year = 0.1643", "time_year = -1", "not a time"),
        ("time_year = 0.1643", 'time_year = "soon"', "not a time"),
        ("margin = 0.1\n", 'margin = "0.1"\n', "not a number"),
        ("margin = 0.1\n", "colour = 0.1\n", "unknown field"),
        ('name = "il15_mice"', 'name = "../x"', "not a valid id"),
        ('name = "il15_mice"', 'name = "no_neutrophils_mice"', "stands twice"),
        ('name = "il15_mice"\n', "", "missing"),
    ],
)
def test_analysis(folder, old: str, new: str, expected: str) -> None:
    folder.bytes("analysis.toml", lambda data: data.replace(old.encode(), new.encode(), 1))
    faults = folder.faults()
    assert any(expected in str(f) for f in faults), [str(f) for f in faults]
    assert {f.file for f in faults} == {"analysis.toml"}


def test_too_many_answers(folder) -> None:
    path = folder.root / "analysis.toml"
    text, answer, _ = path.read_text().partition("[[answer]]")
    body = 'therapy = "il15_full"\npopulation = "mice"\nmeasure = "risk"\ntime_year = 0.1\n'
    path.write_text(text + "".join(f'{answer}\nname = "a{k}"\n{body}' for k in range(13)))
    assert folder.only_fault().allowed == "at most 12"


def test_empty_text_is_a_visible_gap(folder) -> None:
    folder.bytes("analysis.toml", lambda d: d.replace(b'"every number is made up"', b'""'))
    assert folder.only_warning().column == "limits"


@pytest.mark.parametrize("text", ['answer = "all"', "answer = [1]", "[answer]\nname = 'x'"])
def test_answer_of_another_shape(folder, text: str) -> None:
    (folder.root / "analysis.toml").write_text(text)
    assert "not a list of answers" in folder.only_fault().message


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ('{ dist = "lognormal"', '{ dist = "lognormel"', 'did you mean "lognormal"?'),
        ("log_sd = 0.5", "log_sd = 0", "not above 0"),
        ("log_sd = 0.5", "logsd = 0.5", 'did you mean "log_sd"?'),
        ("log_sd = 0.5", 'log_sd = "0.5"', "not a number"),
        ("absent = 0.3", "absent = 1.3", "not a probability"),
        ('name = "stellate_rate"', 'name = "stelate_rate"', 'did you mean "stellate_rate"?'),
        ('name = "stellate_rate"', 'name = "cxcl12_rate"', "stands twice"),
        ('symbol = "kA"', "symbol = 1", "not a text"),
        ('symbol = "kA"', 'symbol = "kA"\ncolour = "red"', "unknown field"),
        ('dims = "species"', 'dims = "organ"', "unknown dims"),
        ('by = { mouse = { dist = "lognormal"', 'by = { mouse = { dist = "normal"', "another dist"),
    ],
)
def test_parameters(folder, old: str, new: str, expected: str) -> None:
    text = (bundled_path() / "parameters.toml").read_text()
    assert old in text
    (folder.root / "parameters.toml").write_text(text)
    assert folder.report().ok
    (folder.root / "parameters.toml").write_text(text.replace(old, new, 1))
    faults = folder.faults()
    assert any(expected in str(f) for f in faults), [str(f) for f in faults]
    assert {f.file for f in faults} == {"parameters.toml"}
