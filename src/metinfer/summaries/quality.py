"""Gates, the lights of the first screen, and whether a run may be shown to others."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import pandas as pd

from metinfer import results
from metinfer.runs import changed_since
from metinfer.summaries import chance
from metinfer.summaries.others import Calibration, Comparison
from metinfer.summaries.table import frame

#: What made the files -> the files.
MADE_BY = {
    "diagnose": ("diagnostics.json", "checks.json", "answers.nc", "predictive.nc"),
    "predict": ("predictions.nc", "decisions.nc"),
    "compare": ("comparison.json",),
    "calibrate": ("calibration.json", "calibration.nc"),
}
#: Texts of analysis.toml that a reader needs.
TEXTS = ("question", "decision", "context_of_use", "influence", "consequence", "limits")
#: Probability with which each left-out study surprises by chance.
SURPRISE = 0.05


class State(StrEnum):
    """State of a check."""

    PASS = "pass"
    FAIL = "fail"
    NOT_RUN = "not_run"
    STALE = "stale"
    MOVES = "moves"  # sound, but answers depend on what was changed


class Light(StrEnum):
    """Checks of the strip on the first screen."""

    COMPUTATION = "computation"
    HELD_OUT = "held_out"
    MECHANISMS = "mechanisms"
    CALIBRATION = "calibration"


@dataclass(frozen=True)
class Reason:
    """Why a run may not be shown: a code and what it is about."""

    code: str
    detail: Mapping[str, Any]


def gates(run: Any) -> tuple[pd.DataFrame, bool | None]:
    """Gates with their fit (``part``), and whether all passed (None: not judged)."""
    document = results.read_json(run, "diagnostics.json")
    if not document:
        return frame((), ("part", "name", "value", "limit", "passed", "detail")), None
    made = []
    for gate in document["gates"]:
        part, _, name = gate["name"].rpartition(": ")
        made.append({"part": part, "name": name, "value": gate["value"], "limit": gate["limit"],
                     "passed": gate["passed"], "detail": gate.get("detail", "")})  # fmt: skip
    return frame(made), bool(document["passed"])


def texts(analysis: Mapping[str, Any]) -> dict[str, list[str]]:
    """Author's texts by key, one string per paragraph; an empty list where one is missing."""
    made = {}
    for key in (*TEXTS, "acceptance"):
        value = analysis.get(key) or []
        lines = value if isinstance(value, list | tuple) else [value]
        made[key] = [" ".join(str(v).split()) for v in lines]
    return made


def stale(run: Any, command: str) -> tuple[str, ...]:
    """Results of a command that another version of the program made of these draws."""
    return tuple(n for n in MADE_BY[command] if any(map(results.is_stale, _origins(run, n))))


def _origins(run: Any, name: str) -> list[Any]:
    """What a result says it was made from; parts may be made at different times."""
    if name.endswith(".nc"):
        groups = {} if name == "calibration.nc" else results.read_groups(run, name)
        return [data.attrs for data in groups.values()]
    if name == "calibration.json":
        from metinfer.calibration import read_calibration

        return list(read_calibration(run).values())
    document = results.read_json(run, name)
    return [document.get("origin")] if document else []


def reasons(
    run: Any, table: pd.DataFrame, judged: bool | None, missing: Iterable[str], predicted: bool
) -> tuple[Reason, ...]:
    """Every reason why the numbers of a run may not be used.

    Parameters
    ----------
    run : Run
    table, judged
        Of `gates`.
    missing : iterable of str
        Named answers without a value.
    predicted : bool
        Whether the run holds predictions of its own.
    """
    made = []
    if run.record.status != "complete":
        made.append(Reason("incomplete", {"status": run.record.status}))
    if judged is None:
        made.append(Reason("not_judged", {"command": "diagnose"}))
    made += [
        Reason("gate", {"part": g.part, "name": g.name, "value": g.value, "limit": g.limit})
        for g in table.itertuples() if not g.passed
    ]  # fmt: skip
    if run.record.quick:
        made.append(Reason("quick", {}))
    analysis = run.evidence.analysis
    made += [Reason("text", {"key": k}) for k in TEXTS if not texts(analysis)[k]]
    if not predicted and analysis.get("answer"):
        made.append(Reason("not_predicted", {"command": "predict"}))
    elif predicted:
        made += [Reason("answer", {"answer": m}) for m in missing]
    changed = changed_since(run)
    if changed:
        made.append(Reason("changed", {"files": changed}))
    return (*made, *standing(run))


def standing(run: Any) -> tuple[Reason, ...]:
    """Results that are not as they were written, or that another version of the program made."""
    made = []
    for command, names in MADE_BY.items():
        bad = results.damaged(run, *names)
        if bad:
            made.append(Reason("damaged", {"files": list(bad), "command": command}))
        old = stale(run, command)
        if old and command in ("diagnose", "predict"):
            made.append(Reason("stale", {"files": list(old), "command": command}))
    return tuple(made)


def lights(
    run: Any, judged: bool | None, scores: pd.DataFrame, compared: Comparison,
    calibrated: Calibration,
) -> dict[Light, State]:  # fmt: skip
    """State of each check on the first screen."""
    states = {
        Light.COMPUTATION: State.NOT_RUN if judged is None else _passed(judged),
        Light.HELD_OUT: held_out(scores),
        Light.MECHANISMS: mechanisms(compared),
        Light.CALIBRATION: _calibrated(calibrated),
    }
    commands = {Light.COMPUTATION: "diagnose", Light.MECHANISMS: "compare",
                Light.CALIBRATION: "calibrate"}  # fmt: skip
    return {
        light: State.STALE
        if state in (State.PASS, State.MOVES) and light in commands and stale(run, commands[light])
        else state
        for light, state in states.items()
    }


def _passed(value: bool) -> State:
    return State.PASS if value else State.FAIL


def held_out(scores: pd.DataFrame) -> State:
    """Whether values that were never fitted lie inside their intervals as often as expected."""
    mine = scores[(scores["role"] == "check") & (scores["stream"] == "")] if len(scores) else scores
    if mine.empty or mine.iloc[0]["judged"] == chance.FEW:
        return State.NOT_RUN
    return _passed(mine.iloc[0]["judged"] != chance.NARROW)


def mechanisms(found: Comparison) -> State:
    """Whether other mechanisms and left-out studies leave the answers where they are.

    Fails where fits are not to be trusted; passes where no fit puts an answer outside its 90 %
    interval, no more studies surprise than chance allows, and no variant predicts better.
    """
    if not found.done:
        return State.NOT_RUN
    if found.reasons:
        return State.FAIL
    fits = found.answers
    moved = bool(fits[fits["kind"].isin(("variant", "left_out"))]["outside"].any())
    better = bool((found.variants["told"] == "for").any())
    return State.MOVES if moved or better or too_many(found.studies) else State.PASS


def too_many(studies: pd.DataFrame) -> bool:
    """Whether more studies surprise than chance allows (binomial tail)."""
    count = int(studies["surprising"].sum()) if len(studies) else 0
    return count > 0 and chance.tails(count, len(studies), SURPRISE)[1] < chance.UNLIKELY


def _calibrated(found: Calibration) -> State:
    if found.reasons:
        return State.FAIL
    return State.PASS if found.done and found.whole else State.NOT_RUN
