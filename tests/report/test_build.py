"""The page: order, honesty, escaping, and numbers beside it."""

from __future__ import annotations

import dataclasses
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace

import pytest

from metinfer.report import commands, sections
from metinfer.report.build import TITLES, as_json, clean, render
from metinfer.report.commands import spelled
from metinfer.report.content import Level, ReportContent, Verdict
from metinfer.runs import BUNDLED
from tests.report.synthetic import ASSUMED, content, small


class Page(HTMLParser):
    """Tags and text in the order of the page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def _read(folder: Path, name: str) -> str:
    return (folder / f"{name}.html").read_text(encoding="utf-8")


def test_sections_come_in_the_fixed_order(folder: Path) -> None:
    page = Page(_read(folder, "ok"))
    keys = [a["id"] for tag, a in page.tags if tag == "section"]
    assert len(keys) == len(TITLES) == 15
    assert (keys[0], keys[-1]) == ("verdict", "reproduce")


def test_nothing_points_outside_the_file(folder: Path) -> None:
    for name in ("ok", "hostile"):
        html = _read(folder, name)
        page = Page(html)
        for tag, attrs in page.tags:
            for key in ("src", "href", "action", "data", "xlink:href"):
                value = attrs.get(key) or "#"
                assert value.startswith(("#", "data:")), (tag, key, value)
        assert "@import" not in html


def test_page_is_small(folder: Path) -> None:
    assert (folder / "ok.html").stat().st_size < 6e6


def test_failed_run_says_so_first_and_why(folder: Path) -> None:
    html = _read(folder, "failed")
    first = html.index("Not reportable")
    assert first < html.index("37 divergent draws") < html.index("The answers in short")
    assert "Not reportable" not in _read(folder, "ok")


def test_labels_with_markup_stay_text(folder: Path) -> None:
    html = _read(folder, "hostile")
    page = Page(html)
    assert not [a for tag, a in page.tags if tag == "img"]
    assert sum(tag == "script" for tag, _ in page.tags) == 2  # the data of the curves, the program
    assert not [a for _, a in page.tags if any(k.startswith("on") for k in a)]
    assert "<script>alert(1)" not in html
    assert "&lt;script&gt;alert(1)" in html


def test_dollar_signs_in_labels_are_not_mathematics(folder: Path) -> None:
    svg = re.search(r'<figure id="figure-rows-0".*?</figure>', _read(folder, "hostile"), re.S)
    assert svg
    assert "$x^2$" in svg.group()


def test_every_figure_has_a_text_alternative_and_ids_are_unique(folder: Path) -> None:
    page = Page(_read(folder, "ok"))
    figures = [a for tag, a in page.tags if tag == "svg" and a.get("role") == "img"]
    assert len(figures) > 10
    assert all(a.get("aria-label") for a in figures)
    ids = [a["id"] for _, a in page.tags if "id" in a]
    assert len(ids) == len(set(ids))


def test_every_therapy_number_stands_beside_learnt_or_assumed() -> None:
    shown = content()
    for kind in ("regimen", "clamp"):
        table = sections.effects(shown, kind)
        labels = [c.label for c in table.columns]
        assert labels.index("Learnt or assumed") == labels.index("Posterior") + 1
        place = labels.index("Learnt or assumed")
        assert {row[place].text for row in table.rows} <= {"learnt", ASSUMED}
        assert table.rows


def test_regimens_and_clamps_never_share_a_table() -> None:
    shown = content()
    kinds = {e.therapy: e.kind for e in shown.effects}
    for kind in ("regimen", "clamp"):
        names = {row[0].text for row in sections.effects(shown, kind).rows}
        assert {kinds[n] for n in names} == {kind}


def test_empty_author_fields_are_visible_gaps(folder: Path) -> None:
    html = _read(folder, "ok")
    assert "<b>Missing:</b> Who decides what on it" in html


def test_an_empty_report_names_the_commands_that_fill_it() -> None:
    html = render(ReportContent("Empty", Verdict(False, ("nothing was run",))))
    for command in ("metinfer predict", "metinfer fit", "metinfer compare", "metinfer calibrate",
                    "metinfer diagnose", "metinfer prior"):  # fmt: skip
        assert command in html


def test_commands_name_the_run_and_the_evidence_of_the_page() -> None:
    empty = ReportContent("t", Verdict(False, ("not judged (metinfer diagnose RUN)",), (
        Level("checked", "not run", "Others.", "metinfer compare DATA -o RUN"),)))  # fmt: skip
    known = spelled(dataclasses.replace(empty, run_path="runs/a", data_path="my/tables"))
    page = render(known)
    assert "<code>metinfer compare my/tables -o runs/a</code>" in page
    assert "not judged (metinfer diagnose runs/a)" in page
    assert "<code>metinfer predict runs/a</code>" in page
    assert "metinfer compare my/tables -o runs/a" in [g["command"] for g in as_json(known)["gaps"]]
    # A command that makes a run is not told to make this one.
    assert "metinfer fit my/tables -o RUN" in page
    assert "metinfer compare DATA -o RUN" in render(spelled(empty))


def test_the_evidence_in_commands_is_that_of_the_run(tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "my tables").mkdir()

    def of(source):
        record = SimpleNamespace(source=str(source), inputs={})
        return commands.places(SimpleNamespace(path=Path("runs/a"), record=record))

    assert of(tmp_path / "my tables") == {"data_path": "'my tables'", "run_path": "runs/a"}
    assert of(BUNDLED)["data_path"] == "runs/a/inputs"
    assert of(tmp_path / "gone")["data_path"] == "runs/a/inputs"


def test_numbers_beside_the_page_hold_every_table_cell(folder: Path) -> None:
    document = json.loads((folder / "ok.json").read_text(encoding="utf-8"))
    page = Page(_read(folder, "ok"))
    cells = [a["data-values"] for tag, a in page.tags if tag in ("td", "th") and "data-values" in a]
    on_page = sorted(str(v) for c in cells for v in json.loads(c or "[]"))
    kept = sorted(str(v) for t in document["tables"].values() for r in t["rows"] for v in r)
    assert on_page == kept
    assert document["content"]["answers"][0]["effect"]["posterior"]["median"]


def test_json_has_no_nan() -> None:
    row = dataclasses.replace(content().rows[0], tail=float("nan"))
    assert clean(row)["tail"] is None


def test_same_content_gives_the_same_page() -> None:
    assert render(small()) == render(small())


@pytest.mark.parametrize("width", [1, 3])
def test_few_answers_are_enough(width: int) -> None:
    assert "The answers in short" in render(
        dataclasses.replace(small(), answers=content().answers[:width])
    )
