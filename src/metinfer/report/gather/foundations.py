"""Prior check, power scaling and pulls from `checks.json`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from metinfer import results
from metinfer.report.content import Answer, Parameter, Span
from metinfer.report.contents_foundations import (
    Foundation,
    Ground,
    Impossible,
    Pair,
    PriorRow,
    Pull,
)
from metinfer.report.gather import labels
from metinfer.report.gather.fit import shown_scale

NARROW, WIDE = "posterior_translation_0.25", "posterior_translation_1"


def checked(run: Any) -> dict[str, Any]:
    """Content of `checks.json`, empty where the run was not judged."""
    return results.read_json(run, "checks.json")


def ground(
    checks: Mapping[str, Any], answers: Sequence[Answer], evidence: Any,
    known: Sequence[Parameter],
) -> Ground:  # fmt: skip
    """Return everything of `checks.json`, in words."""
    meaning = {p.name: p.meaning or p.name for p in known}
    rows = {m.row: m for m in evidence.measurements}
    prior = checks.get("prior") or {}
    return Ground(
        tuple(
            _foundation(a, checks["answers"][a.key])
            for a in answers if a.key in checks.get("answers", {})
        ),
        tuple(_prior_row(line, rows[line["row"]]) for line in prior.get("rows", ())),
        tuple(_impossible(line) for line in prior.get("impossible", ())),
        tuple(
            Pair(meaning.get(p["one"], p["one"]), meaning.get(p["other"], p["other"]),
                 p["correlation"])
            for p in checks.get("pairs", ())
        ),
    )  # fmt: skip


def _foundation(answer: Answer, found: Mapping[str, Any]) -> Foundation:
    values = found["values"]
    power = dict(found["power"])
    return Foundation(
        name=answer.name, effect=answer.effect,
        narrow=_span(values[NARROW]) if NARROW in values else None,
        wide=_span(values[WIDE]) if WIDE in values else None,
        contraction=found.get("contraction"),
        rhat=found["rhat"], ess_bulk=found["ess_bulk"], ess_tail=found["ess_tail"],
        mcse=found["mcse"],
        prior_power=power.pop("prior"), data_power=power.pop("data"),
        streams={_stream(k): v for k, v in power.items()},
        pulls=tuple(Pull(p["study"], p["pull"]) for p in found["pulls"]),
    )  # fmt: skip


def _stream(name: str) -> str:
    """Observable and species of a stream in words."""
    observable, _, species = name.partition(" (")
    if observable == "event_hazard":
        return f"follow-up intervals ({species}"
    words = labels.QUANTITIES.get(observable, (observable.replace("_", " "), ""))[0]
    return f"{words} ({species}"


def _prior_row(line: Mapping[str, Any], row: Any) -> PriorRow:
    words, unit = labels.quantity(row)
    scale = shown_scale(row, line["reported"], unit)
    kept = ("reported", "median", "lo50", "hi50", "lo90", "hi90")
    found = {k: scale.scored * line[k] for k in kept}
    return PriorRow(row.row, words, scale.unit, line["role"], found["reported"], _span(found))


def _impossible(line: Mapping[str, Any]) -> Impossible:
    name = line["what"]
    words = labels.QUANTITIES.get(name, (name, ""))[0]
    words = "anything of the above" if name == "any" else words
    return Impossible(words, line["low"], line["high"], line["reason"], line["share"])


def _span(values: Mapping[str, Any]) -> Span:
    return Span(*(float(values[k]) for k in ("median", "lo50", "hi50", "lo90", "hi90")))
