"""The bundled evidence: complete, counted once, and described in data/README.md."""

from __future__ import annotations

import re
import tomllib
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from metinfer.evidence import Evidence, check, read_evidence
from metinfer.evidence.schema import TABLES

DATA = Path(__file__).parent.parent / "data"

EVENTS = {
    "transbig_er_positive": 28, "transbig_er_negative": 23, "nki70_all": 48,
    "rotterdam_nodes_0": 544, "rotterdam_nodes_1_3": 388, "rotterdam_nodes_4_9": 368,
    "rotterdam_nodes_10plus": 218, "crlm_all": 81,
}  # fmt: skip
"""Events of each fitted interval table; the Rotterdam groups add to the published 1,518."""

FAMILIES = ("twice", "estimand", "outside the model", "elsewhere", "incomplete")
"""First words of a reason for role out."""


@pytest.fixture(scope="module")
def evidence() -> Evidence:
    return read_evidence(DATA)


def cited(node: Any) -> Iterator[str]:
    """Every entry of a `source` list in a TOML document."""
    if isinstance(node, dict):
        for key, value in node.items():
            if key == "source" and isinstance(value, list):
                yield from value
            else:
                yield from cited(value)
    elif isinstance(node, list):
        for value in node:
            yield from cited(value)


def test_tables_pass_the_check_without_fault_or_warning() -> None:
    report = check(DATA)
    assert report.faults == ()
    assert report.warnings == ()


def test_every_source_row_stands_once(evidence: Evidence) -> None:
    rows = [m.row for m in evidence.measurements]
    assert len(rows) == 867
    assert len(set(rows)) == len(rows)


def test_counts_per_role(evidence: Evidence) -> None:
    roles = Counter(m.role for m in evidence.measurements)
    assert roles == {"fit": 26, "check": 21, "prior": 60, "out": 760}
    assert Counter(i.role for i in evidence.intervals) == {"fit": 151}


def test_every_row_says_why(evidence: Evidence) -> None:
    assert [m.row for m in evidence.measurements if len(m.reason) < 10] == []


def test_events_of_each_interval_table_are_the_published_total(evidence: Evidence) -> None:
    events: Counter[str] = Counter()
    for interval in evidence.intervals:
        events[interval.arm] += interval.events
    assert events == EVENTS
    assert sum(n for arm, n in events.items() if arm.startswith("rotterdam")) == 1518


def test_interval_tables_are_arithmetically_whole(evidence: Evidence) -> None:
    by_arm = defaultdict(list)
    for interval in evidence.intervals:
        by_arm[interval.arm].append(interval)
    for rows in by_arm.values():
        for now, after in zip(rows, rows[1:], strict=False):
            assert now.end == after.start
            assert now.at_risk - now.events - (now.censored or 0) == after.at_risk
        assert rows[-1].at_risk == rows[-1].events + (rows[-1].censored or 0)


def test_no_cohort_is_fitted_twice_for_one_endpoint(evidence: Evidence) -> None:
    arms_of = defaultdict(set)
    for row in evidence.fit_rows():
        arms_of[evidence.cohort_of(row), row.observable].add(row.row)
    for interval in evidence.fit_intervals():
        arms_of[evidence.cohort_of(interval), "event_hazard"].add(interval.arm)
    assert {key: names for key, names in arms_of.items() if len(names) > 1} == {}


def test_mouse_and_human_rows_of_each_theme_are_fitted(evidence: Evidence) -> None:
    arm = {a.arm: a for a in evidence.arms}
    fitted = {(arm[m.arm].species, m.observable) for m in evidence.fit_rows()}
    assert {
        ("mouse", "metastasis_probability"), ("mouse", "cell_probability"),
        ("mouse", "metastasis_count"), ("human", "nk_turnover"), ("human", "timp1_level"),
        ("human", "nk_activity_reduction"), ("human", "leucocyte_fold"), ("human", "liver_share"),
        ("human", "event_hazard_ratio"),
    } <= fitted  # fmt: skip
    assert any(arm[m.arm].ifng_loss == 1 for m in evidence.fit_rows())
    assert any(arm[m.arm].nk_depletion == 1 for m in evidence.fit_rows())
    assert any(arm[m.arm].perforin_loss == 1 for m in evidence.fit_rows())


def test_evidence_against_the_hypothesis_stays_in(evidence: Evidence) -> None:
    against = {m.row for m in evidence.measurements if m.against == "yes"}
    assert {"kruger-timp1low-foci", "hassan2008-rr-low", "zhang2017-hr-matched",
            "martineznavarro2026-fold-cxcl12-myofibroblasts-day10",
            "fortress2021-orr-combo"} <= against  # fmt: skip
    assert any(m.role == "fit" for m in evidence.measurements if m.row in against)


def test_rows_named_by_the_therapies_exist_and_are_not_fitted(evidence: Evidence) -> None:
    role = {m.row: m.role for m in evidence.measurements}
    named = set(cited(tomllib.loads((DATA / "therapies.toml").read_text(encoding="utf-8"))))
    # A dose that was tolerated is quoted from rows that are out of the model.
    assert {row: role.get(row) for row in named if role.get(row) not in ("prior", "out")} == {}


def test_no_text_tells_how_it_was_gathered() -> None:
    words = re.compile(r"find_|/work|/tmp|sandbox|excerpt|not (seen|shown)|\bscilit\b", re.I)
    for path in sorted(DATA.glob("*.*")):
        assert words.findall(path.read_text(encoding="utf-8")) == [], path.name


def test_readme_explains_every_column() -> None:
    text = (DATA / "README.md").read_text(encoding="utf-8")
    for table in TABLES.values():
        section = text.split(f"### {table.file}", 1)[1].split("\n### ", 1)[0]
        absent = [c.name for c in table.columns if f"`{c.name}`" not in section]
        assert absent == [], table.file


def test_readme_accounts_for_every_row(evidence: Evidence) -> None:
    text = (DATA / "README.md").read_text(encoding="utf-8")
    out = Counter(m.reason.split(":")[0] for m in evidence.measurements if m.role == "out")
    assert set(out) == set(FAMILIES)
    counts = out + Counter(m.role for m in evidence.measurements)
    assert [name for name, n in counts.items() if f"| {name} | {n} |" not in text] == []
