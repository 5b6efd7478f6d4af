from __future__ import annotations

import json
from types import SimpleNamespace

import pytest

from metinfer.errors import UsageError
from metinfer.inference import progress
from metinfer.inference.chains import Length, Task

FIRST, SECOND = Task("main", 0, 1), Task("main", 1, 2)
LENGTHS = {"main": Length(1500, 500)}


def state(done, tuning=True, divergences=0):
    return SimpleNamespace(
        finished_draws=done, total_draws=2000, divergences=divergences, step_size=0.25,
        runtime_ms=2 * done, tuning=tuning,
    )  # fmt: skip


def test_the_table_shows_every_chain():
    table = progress.ChainTable([FIRST, SECOND], [], LENGTHS)
    table.progress(FIRST, state(1000, tuning=False, divergences=3))
    shown = [list(column.cells) for column in table._table().columns]
    assert [c[0] for c in shown] == ["main", "0", "sampling", "1000/2000", "3", "0.25", "2 s"]
    assert [c[1] for c in shown] == ["main", "1", "waiting", "2000", "", "", ""]


def test_time_left_goes_by_the_rate_so_far(monkeypatch):
    now = [0.0]
    monkeypatch.setattr(progress.time, "perf_counter", lambda: now[0])
    table = progress.ChainTable([FIRST, SECOND], [], LENGTHS)
    assert table._left() is None
    now[0] = 10.0
    table.progress(FIRST, state(0))
    now[0] = 30.0
    table.progress(FIRST, state(1000))
    assert table._left() == pytest.approx(60.0)
    assert "30 s passed, about 60 s left for all chains" in table._caption()
    kept = progress.ChainTable([FIRST, SECOND], [SECOND], LENGTHS)
    kept.progress(FIRST, state(1000))
    now[0] = 40.0
    assert kept._left() == pytest.approx(10.0)


def test_lines_where_no_terminal_is(capsys):
    with progress.ChainTable([FIRST], [], LENGTHS) as table:
        table.phase("sampling")
        table.progress(FIRST, state(2000, tuning=False, divergences=2))
        table.finished(FIRST)
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err == "sampling\nchain 0 of main finished, 2 divergences (1 of 1; 0 s)\n"


def test_programs_read_one_object_per_line(capsys, monkeypatch):
    now = [0.0]
    monkeypatch.setattr(progress.time, "perf_counter", lambda: now[0])
    with progress.JsonLines([FIRST, SECOND], [SECOND], LENGTHS) as view:
        view.phase("sampling")
        view.progress(FIRST, state(500))
        view.progress(FIRST, state(501))  # within the same second
        now[0] = 2.0
        view.progress(FIRST, state(1000, tuning=False))
        view.finished(FIRST)
    shown = capsys.readouterr()
    assert shown.out == ""
    lines = [json.loads(line) for line in shown.err.splitlines()]
    assert [line["event"] for line in lines] == ["phase", "chain", "chain", "finished"]
    assert lines[2] == {
        "event": "chain", "fit": "main", "chain": 0, "state": "sampling", "draws": 1000, "of": 2000,
        "divergences": 0, "step_size": 0.25, "seconds": 2.0, "seconds_left": 2.0,
    }  # fmt: skip
    assert (lines[3]["finished"], lines[3]["chains"]) == (2, 2)


def test_nobody_is_told_anything(capsys):
    with progress.view_of(False)([FIRST], [], LENGTHS) as view:
        view.phase("sampling")
        view.progress(FIRST, state(5))
        view.finished(FIRST)
    assert capsys.readouterr() == ("", "")


def test_views_have_names():
    assert progress.view_of(True) is progress.ChainTable
    assert progress.view_of("json") is progress.JsonLines
    with pytest.raises(UsageError, match="'loud': it must be one of table, json, none"):
        progress.view_of("loud")
