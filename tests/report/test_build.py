"""The page: order, honesty, escaping, completeness, and what it refuses to say."""

from __future__ import annotations

import base64
import csv
import gzip
import io
import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from metinfer.errors import UsageError
from metinfer.report import build, phrases
from metinfer.report.build import SECTIONS, render
from metinfer.report.context import Context
from metinfer.report.sections import appendix, first, fund
from metinfer.report.sections.fund import Candidate
from metinfer.summaries.ledger import LedgerState
from metinfer.summaries.others import Calibration, Comparison
from metinfer.summaries.quality import Light, mechanisms
from metinfer.summaries.table import Summary, frame


class Page(HTMLParser):
    """Tags and text in the order of the page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


def _read(folder: Path, name: str) -> str:
    return (folder / f"{name}.html").read_text(encoding="utf-8")


def _text(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", re.sub(r"<script.*?</script>", "", html, flags=re.S))
                    .split())  # fmt: skip


def test_sections_come_in_their_order(folder: Path) -> None:
    keys = [a["id"] for tag, a in Page(_read(folder, "ok")).tags if tag == "section"]
    assert keys == ["first", *(key for key, *_ in SECTIONS)]


def test_nothing_points_outside_the_file(folder: Path) -> None:
    for name in ("ok", "hostile", "brief"):
        html = _read(folder, name)
        for tag, attrs in Page(html).tags:
            for key in ("src", "href", "action", "data", "xlink:href"):
                assert (attrs.get(key) or "#").startswith(("#", "data:")), (tag, key)
        assert "@import" not in html


def test_labels_with_markup_stay_text(folder: Path) -> None:
    html = _read(folder, "hostile")
    assert "<script>alert(1)" not in html
    assert "&lt;script&gt;alert(1)" in html
    assert not [a for _, a in Page(html).tags if any(k.startswith("on") for k in a)]


def test_ids_are_unique_and_pictures_have_words(folder: Path) -> None:
    tags = Page(_read(folder, "ok")).tags
    ids = [a["id"] for _, a in tags if "id" in a]
    assert len(ids) == len(set(ids))
    pictures = [a for _, a in tags if a.get("role") == "img"]
    assert len(pictures) > 5
    assert all(a.get("aria-label") for a in pictures)


def test_a_failed_run_says_so_first_and_why(folder: Path) -> None:
    html = _text(_read(folder, "failed"))
    first_words = html.index("Not reportable")
    assert first_words < html.index("R-hat is 1.200 (named answers); limit at most 1.01")
    assert "quick run" in html
    assert "Not reportable" not in _read(folder, "ok")


def test_the_first_screen_says_what_the_data_determine(found) -> None:
    view = first.view(Context(found))
    assert view["conclusion"] == (
        "The data determine untreated risk but no treatment effect: of five answers, two restate "
        "our assumptions and three only exclude extremes."
    )
    assert view["next"].startswith("Next: NK cells in mice (6 animals per arm, 10 days)")
    assert "rise at least 1.6-fold" in view["next"]
    assert [v["state"] for v in view["lights"]] == ["pass", "pass", "not_run", "not_run"]


def test_bars_stand_where_their_ratios_are_on_a_log_axis(found) -> None:
    page = Context(found)
    row = next(r for r in first.view(page)["rows"] if r["key"] == "n803_er_positive_n0_ratio")
    answer = page.answers["n803_er_positive_n0_ratio"]
    one = float(first.view(page)["one"].rstrip("%"))
    bar = next(b for b in row["bars"] if b["source"] == "posterior")
    places = {k: float(v.rstrip("%")) for k, v in bar.items() if k != "source"}
    assert places["lo90"] < places["lo50"] < places["median"] < one < 100
    step = (one - places["median"]) / np.log(1 / answer.posterior.median)
    assert (one - places["lo90"]) / np.log(1 / answer.posterior.lo90) == pytest.approx(
        step, rel=0.01
    )


def test_the_numbers_beside_the_page_are_all_frames(found, folder: Path) -> None:
    document = json.loads((folder / "ok.json").read_text(encoding="utf-8"))
    assert document["schema"] == 2
    answer = next(a for a in document["answers"] if a["key"] == "n803_er_positive_n0_ratio")
    posterior = found.answers.set_index("key").loc["n803_er_positive_n0_ratio", "posterior"]
    assert answer["posterior"]["hi90"] == posterior.hi90
    assert len(document["effects"]) == len(found.effects) == 20
    assert document["questions"]["experiments"][0]["assurance"] == {"6": 0.8, "12": 0.9}
    assert {"state", "chances", "rows_animals"} <= set(document["ledger"][0])


def test_csv_in_the_page_holds_the_frames_and_no_formula(folder: Path) -> None:
    packed = re.search(r'data-frame="answers">([^<]+)<', _read(folder, "hostile"))
    text = gzip.decompress(base64.b64decode(packed[1])).decode()
    rows = list(csv.DictReader(io.StringIO(text)))
    assert {"key", "posterior_median", "posterior_hi90", "harm"} <= set(rows[0])
    assert not any(v.startswith(("=", "+", "@")) for r in rows for v in r.values() if v)


def test_same_results_give_the_same_page(found) -> None:
    assert render(found) == render(found)


def test_an_empty_run_names_the_commands_that_fill_it(found) -> None:
    bare = replace(
        found, answers=found.answers[:0], ledger=found.ledger[:0], curves=found.curves[:0],
        effects=found.effects[:0], rows=found.rows[:0], intervals=found.intervals[:0],
        cohorts=found.cohorts[:0], scores=found.scores[:0], links=found.links[:0],
        questions=replace(found.questions, experiments=found.questions.experiments[:0],
                          narrowing=found.questions.narrowing[:0]),
    )  # fmt: skip
    html = render(bare)
    for command in ("compare", "calibrate", "diagnose"):
        assert f"metinfer {command}" in html


def _compared() -> Comparison:
    spans = {k: Summary(v, v - 0.1, v + 0.1, v - 0.2, v + 0.2) for k, v in
             (("base", 0.8), ("start", 0.5), ("lin2021", 0.79))}  # fmt: skip
    key = "n803_er_positive_n0_ratio"
    variant = {"label": "", "difference": 0.0, "se": 0.0, "prior_weight": 0.5,
               "stacking_weight": 0.5}  # fmt: skip
    return Comparison(
        True,
        variants=frame([variant | {"variant": "base", "told": "base", "label": "base"},
                        variant | {"variant": "start", "told": "for", "label": "other start",
                                   "difference": 9.0, "se": 2.0}]),
        studies=frame([{"study": "lin2021", "citation": "Lin", "values": 2, "inside90": 1,
                        "surprising": True}]),
        foreseen=frame((), ("study",)),
        answers=frame([{"answer": key, "kind": kind, "fit": fit, "value": spans[fit],
                        "shift": shift, "outside": fit == "start"}
                       for kind, fit, shift in (("variant", "base", 0.0), ("variant", "start", -.7),
                                                ("left_out", "lin2021", -0.02))]),
        pareto=frame((), ("arm",)),
    )  # fmt: skip


def _calibrated() -> Calibration:
    quantity = {"kind": "prior", "quantity": "n803_er_positive_n0_ratio", "group": "answer",
                "holds": False, "share90": 0.71, "low90": 0.84, "high90": 0.95}  # fmt: skip
    kind = {"kind": "prior", "asked": 200, "finished": 199, "failed": 1}
    return Calibration(True, frame([kind]), frame([quantity]), frame((), ("kind",)), ("narrow",))


def test_other_mechanisms_and_calibration_are_shown_where_they_were_tested(found) -> None:
    more = replace(found, comparison=_compared(), calibration=_calibrated(),
                   lights={**found.lights, Light.MECHANISMS: mechanisms(_compared())})  # fmt: skip
    html = _text(render(more))
    assert "other start predicts the tables better 9 (se 2)" in html
    assert "Each of 1 studies left out: 1 of 2 values" in html
    assert "Surprising: Lin S et al 2021" in html
    assert "199 of 200 simulated fits" in html
    assert "does not hold" in html
    assert "Shift of the median without the study" in html
    assert "Alternative mechanisms answers depend on it" in html
    assert "metinfer compare" not in html.split("Appendix")[1]


def test_the_brief_fits_its_words(folder: Path) -> None:
    html = _read(folder, "brief")
    inside = html[html.index('id="brief"') :]
    prose = _text(re.sub(r"<table.*?</table>", "", inside, flags=re.S))
    assert len(prose.split()) <= 350
    assert "exploratory: not for treatment" in prose
    assert "Stop/go" in prose or "stop/go" in prose


def test_a_page_lies_on_no_result_of_the_run(tmp_path: Path) -> None:
    (tmp_path / "diagnostics.json").write_text("{}")
    with pytest.raises(UsageError, match="name another file"):
        build._allowed(tmp_path / "diagnostics.html", tmp_path, build.PAGE)
    with pytest.raises(UsageError, match=r"FILE\.html"):
        build._allowed(tmp_path / "page.pdf", tmp_path, build.PAGE)


# What the page, the terminal and the CSV refuse to say.

CROSSING, BELOW = Summary(0.02, 0.01, 0.03, -0.01, 0.05), Summary(0.02, 0.01, 0.03, 0.005, 0.05)


@pytest.mark.parametrize("state", LedgerState)
def test_no_number_needed_to_treat_where_the_interval_includes_no_effect(state) -> None:
    assert phrases.needed_to_treat(CROSSING, state) == "not given: the interval includes no effect"


@pytest.mark.parametrize("state", LedgerState)
def test_no_number_needed_to_treat_of_an_assumption(state) -> None:
    told = phrases.needed_to_treat(BELOW, state)
    informed = state in (LedgerState.PEOPLE, LedgerState.ANIMALS)
    assert told == ("50 (20 to 200)" if informed else "not given: assumption-driven")


def test_no_effect_is_never_said_of_an_interval_that_the_prior_made() -> None:
    line = SimpleNamespace(one_sided=True, chances=SimpleNamespace(harm=0.0))
    for span in (Summary(0.99, 0.98, 1.0, 0.95, 1.0), Summary(1.0, 1.0, 1.0, 0.99, 1.0)):
        assert "no effect" not in phrases.direction(span, line)
    assert phrases.direction(Summary(0.9, 0.8, 0.95, 0.7, 0.99), line) == "benefit by assumption"
    assert phrases.harm(line).endswith("by assumption")


def test_therapies_are_never_ranked_by_nk_counts(found, folder: Path) -> None:
    assert "ranking of agents by NK-cell counts" in _read(folder, "ok")
    frames = found.frames()
    assert frames["questions_ranks"].empty
    ranked = [k for k, v in frames.items() if "rank" in k and len(v)]
    assert ranked == []
    assert "number needed" not in _text(_read(folder, "ok")).lower()


def test_frames_hold_no_number_needed_to_treat(found) -> None:
    names = {c for table in found.frames().values() for c in table.columns}
    assert not [n for n in names if "needed" in n or n == "nnt"]


def test_a_hopeless_experiment_is_deferred_or_redesigned() -> None:
    row = SimpleNamespace()
    assert Candidate(row, "", 0.05, 0.9, False, None).advice == "defer"
    assert Candidate(row, "", 0.4, 0.2, False, None).advice == "redesign"
    assert Candidate(row, "", 0.4, 0.9, False, 0.95).advice == "redesign"
    assert Candidate(row, "", 0.4, 0.9, False, None).advice == "fund"


def test_the_ceiling_of_untreated_subjects_is_named(found) -> None:
    full = Summary(0.95, 0.93, 0.97, 0.9, 0.99)
    table = found.questions.experiments.copy()
    table.at[1, "untreated"] = full
    lines = fund.view(Context(replace(found, questions=replace(found.questions,
                                                               experiments=table))))  # fmt: skip
    told = next(r for r in lines["rows"] if r["name"] == "trial after surgery")
    assert "95\u00a0% of untreated subjects already have the event" in told["ceiling"]


def test_every_table_of_the_appendix_has_as_many_cells_as_heads(found) -> None:
    for _, tables in appendix.view(Context(found))["folds"]:
        for one in tables:
            assert {len(r) for r in one.rows} == {len(one.heads)}, one.name


def test_the_conclusion_names_neither_where_nothing_was_determined() -> None:
    assert first._opening(False, 0) == (
        "The data determine neither untreated risk nor a treatment effect"
    )
    assert first._opening(True, 2) == "The data determine untreated risk and two treatment effects"
    assert "no treatment effect" in first._opening(True, 0)
    assert "do not determine untreated risk" in first._opening(False, 1)


def test_gates_that_fail_in_several_fits_stand_in_one_line(found) -> None:
    from metinfer.summaries.quality import Reason

    gates = tuple(
        Reason("gate", {"part": part, "name": "R-hat", "value": 1.2, "limit": "<= 1.01"})
        for part in ("", "no_mouse")
    )
    told = first.problems(Context(replace(found, reasons=(*gates, Reason("quick", {})))))
    assert told == [
        "R-hat is 1.200 (main fit), 1.200 (fit without mouse rows); limit at most 1.01",
        "this was a quick run, with too few draws for results",
    ]


def test_untreated_risk_is_one_number_per_population(found) -> None:
    rows = [r for r in first.view(Context(found))["rows"] if r["population"] == "ER+ breast cancer"]
    assert len(rows) == 2
    assert len({r["untreated"] for r in rows}) == 1
