"""Predictions and decisions as tables that a person can read in a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import xarray as xr

from metinfer.report import phrases
from metinfer.report.console import Page
from metinfer.report.numbers import GAP, share, whole
from metinfer.report.told import Told
from metinfer.summaries.ledger import LedgerState, Part, weakest
from metinfer.summaries.table import YEAR, records, summary
from metinfer.summaries.therapy import matches
from metinfer.therapy.decision_records import (
    decision_records,
    experiment_records,
    rank_records,
    variance_records,
)
from metinfer.therapy.records import horizon_text
from metinfer.therapy.verdicts import NO_EFFECT

KINDS = {
    "regimen": "Regimens",
    "clamp": "Clamps (idealised full blockade)",
    "adverse": "Harmful exposures",
}
#: Questions in words, and the measures shown of each.
ASKED = {
    "lasting": ("Lasting or delay (stopped, then followed to the last horizon)",
                ("share", "rebound")),
    "window": ("Window by start (among those event-free at the start)", ("risk_ratio",)),
    "duration": ("Window by duration", ("risk_ratio",)),
    "dose": ("Dose response", ("absolute_risk_reduction", "dose_half", "dose_most")),
    "interaction": ("Combinations", ("risk_ratio", "over_bliss", "over_best")),
}  # fmt: skip
EFFECTS = ("risk_ratio", "absolute_risk_reduction")
#: Candidate experiments shown for each answer.
FIRST = 3
FORMATS = "--format json or csv"
WORDS = (
    "clamp: an input of the model held at a value, as if an agent acted fully; no agent does this.",
    "without competing death: as if nobody died of another cause.",
    "P(harm): probability of any harm, after / before the data.",
    "number needed to treat: given only where fitted rows perturb the effect and the 90 % interval "
    "leaves out no effect.",
    *(f"{words}: {phrases.STATE_MEANING[state]}." for state, words in phrases.STATES.items()),
)  # fmt: skip

Record = Mapping[str, Any]


def to_text(found: Told, every: bool = True) -> str:
    """Tables of what a run answers, as wide as the terminal.

    Parameters
    ----------
    found : Told
    every : bool
        Show each therapy in each population, and every decision; without it named answers alone,
        where there are some.
    """
    page = Page()
    if found.doubt:
        page.say(f"NOT TO BE TRUSTED: {found.doubt}", "")
    page.say("Medians with 90 % intervals.")
    _named(page, found)
    if every or not found.asked:
        page.say("", f"At each population's last horizon; other horizons and measures: {FORMATS}.")
        _effects(page, found.records)
    _ranks(page, rank_records(found.predictions, found.records), found.predictions)
    names = answer_names(found.asked, found.predictions)
    if every or not found.asked:
        decided = decision_records(found.decisions, found.predictions, found.records)
        _where(page, decided, found.records)
        _decided(page, decided)
        _variance(page, variance_records(found.decisions), names)
    _experiments(page, experiment_records(found.decisions), names)
    page.head("Words")
    page.say(*WORDS)
    if found.asked and not every:
        page.say("", f"All therapies, populations and decisions: --all, or {FORMATS}.")
    return page.text()


def answer_names(asked: Iterable[Record], predicted: xr.Dataset) -> dict[str, str]:
    """Name -> words of the named answers, and of each other risk ratio that is judged."""
    cures, groups = (_labels(predicted, dim) for dim in ("therapy", "population"))
    made = {}
    for a in asked:
        cure = cures.get(a["therapy"], a["therapy"])
        head = "" if a["measure"] == "risk_untreated" else f"{cure}: "
        group = groups.get(a["population"], a["population"])
        made[a["name"]] = f"{head}{_brief(a['measure'])}, {group}"
    for t, cure in cures.items():
        for p, group in groups.items():
            made.setdefault(f"{t}_{p}_ratio", f"{cure}: {_brief('risk_ratio')}, {group}")
    return made


def _brief(name: str) -> str:
    """A measure without what a table's head has said already."""
    return phrases.measure(name).label.partition(",")[0]


def _labels(predicted: xr.Dataset, dim: str) -> dict[str, str]:
    names, shown = predicted[dim].values, predicted[f"{dim}_label"].values
    return {str(n): str(s) for n, s in zip(names, shown, strict=True)}


def _named(page: Page, found: Told) -> None:
    """Named answers, with the ledger of each and the number needed to treat or why none."""
    names = answer_names(found.asked, found.predictions)
    pairs = [(a, next((r for r in found.records if matches(r, a)), None)) for a in found.asked]
    shown = [(a, r) for a, r in pairs if r is not None]
    if not shown:
        return
    page.head("Named answers, fixed before the fit")
    page.header(_columns(shown[0][1]))
    lines = {(line.answer, line.part): line.state for line in records(found.ledger)}
    for asked, record in shown:
        name, measure = asked["name"], asked["measure"]
        page.say("", f"{names[name]}, within {record['horizon']}{_alone(record, measure)}")
        page.rows([_row(page, record, measure)])
        states = {part: lines[name, part] for part in Part if (name, part) in lines}
        if states:
            told = (f"{phrases.PARTS[p]} {phrases.STATES[s]}" for p, s in states.items())
            page.say(f"{'; '.join(told)} (weakest: {phrases.STATES[weakest(states.values())]})")
        if measure == "absolute_risk_reduction":
            effect = states.get(Part.EFFECT, LedgerState.ASSUMED)
            less = summary(record[measure][_sources(record)[0]])
            page.say(f"number needed to treat: {phrases.needed_to_treat(less, effect)}")


def _effects(page: Page, found: Sequence[Record]) -> None:
    for group in _together(found, "population"):
        last = max(r["horizon_year"] for r in group)
        cells = [r for r in group if r["horizon_year"] == last]
        one = cells[0]
        page.head(one["population_label"])
        event = phrases.EVENTS.get(one["endpoint"], "metastasis")
        event = event if one["species"] == "human" else "metastasis"
        untreated = phrases.shown(summary(one["risk_untreated"][_sources(one)[0]]),
                                  "risk_untreated")  # fmt: skip
        told = f"Risk of {event} within {one['horizon']} without therapy"
        page.say(f"{told}: {untreated} %{_alone(one, 'risk_untreated')}")
        for members in _together(cells, "kind"):
            page.say("", KINDS[members[0]["kind"]])
            _kind(page, members)


def _alone(record: Record, measure: str) -> str:
    """What an absolute risk leaves out."""
    alone = not record["competing_death"] and record["species"] == "human"
    return " (without competing death)" if alone and measure != "risk_ratio" else ""


def _kind(page: Page, found: Sequence[Record]) -> None:
    """Therapies of one kind; those that do nothing in the model stand in one line below."""
    shown = [r for r in found if not _idle(r)]
    page.header(_columns(found[0]))
    for r in shown:
        page.say("", f"{r['therapy_label']} ({phrases.applicability(r['applicability'])})")
        page.rows(_row(page, r, name) for name in EFFECTS)
    idle = [r["therapy_label"] for r in found if _idle(r)]
    if idle:
        page.say("", f"Changes nothing in this model: {'; '.join(idle)}.")


def _idle(record: Record) -> bool:
    """Whether a therapy leaves the risk ratio at 1 before and after the data."""
    ends = [record["risk_ratio"][s][k] for s in _sources(record) for k in ("lo90", "hi90")]
    return all(e is not None and abs(e - 1.0) < 1e-9 for e in ends)


def _ranks(page: Page, found: Sequence[Record], predictions: xr.Dataset) -> None:
    page.head("Ranks (only among therapies whose effect the data taught)")
    made = [r for r in found if r["probability"]]
    if not made:
        page.say("None: nowhere did the data teach the effect of two therapies of one kind.")
    cures, groups = (_labels(predictions, dim) for dim in ("therapy", "population"))
    for r in made:
        best = "; ".join(f"{cures[t]} {share(row[0])}" for t, row in r["probability"].items())
        when = f"{KINDS[r['kind']].lower()}, {horizon_text(r['horizon_year'])}"
        page.say(f"{groups[r['population']]}, {when}, chance to be best: {best}")


def _where(page: Page, decided: Sequence[Record], found: Sequence[Record]) -> None:
    """In which populations decisions were asked, if not in all."""
    asked = {r["population_label"]: None for r in decided}
    if 0 < len(asked) < len({r["population"] for r in found}):
        page.say("", f"What follows was asked in: {'; '.join(asked)}.")


def _decided(page: Page, found: Sequence[Record]) -> None:
    for question, (title, measures) in ASKED.items():
        mine = [r for r in found if r["question"] == question]
        if mine:
            page.head(title)
            page.header(_columns(mine[0]))
            for cases in _together(mine, "therapy", "population"):
                page.say("", f"{cases[0]['therapy_label']}: {cases[0]['population_label']}")
                page.rows(_rows(page, cases, measures))


def _columns(record: Record) -> list[str]:
    return ["", *(phrases.SOURCES[s] for s in _sources(record)), "P(harm)"]


def _rows(page: Page, found: Sequence[Record], measures: Sequence[str]) -> Iterator[list[str]]:
    for record in found:
        for name in measures:
            if name in record["measures"]:
                yield _row(page, record["measures"] | record, name)


def _row(page: Page, record: Record, name: str) -> list[str]:
    """What is told, its median with interval under each source, and the probability of harm."""
    answer, unit = record[name], phrases.measure(name).unit
    shown = "" if unit in ("ratio", "") else f", {unit}"
    medians = [phrases.shown(summary(answer[s]), name).replace(" (", page.between)
               for s in _sources(record)]  # fmt: skip
    return [f"{_setting(record)}{_brief(name)}{shown}", *medians, _harm(record, name)]


def _harm(record: Record, name: str) -> str:
    chance = record.get("probability", {}).get(name) if name in NO_EFFECT else None
    if not chance:
        return GAP if name in NO_EFFECT else ""
    now, before = (chance["harm"].get(s) for s in ("posterior", "prior"))
    return share(now) if before is None else f"{share(now)} / {share(before)}"


def _setting(record: Record) -> str:
    value = record.get("setting")
    if value is None:
        return ""
    if record["question"] == "dose":
        return f"{value:g} times the doses: "
    length = horizon_text(value / YEAR, record["species"])
    if record["question"] == "duration":
        return f"for {length}: "
    follow = horizon_text(record["follow_year"], record["species"])
    return f"start after {length}, followed for {follow}: "


def _variance(page: Page, found: Sequence[Record], names: Mapping[str, str]) -> None:
    if not found:
        return
    page.head("Where the uncertainty comes from (share of the variance of one trial's result)")
    parts = list(found[0]["shares"])
    columns = ["Answer", "Subjects per arm", *(phrases.of(phrases.VARIANCE, p) for p in parts)]
    page.table(columns, (
        [_name(names, r["answer"]), whole(r["subjects_per_arm"]),
         *(f"{100 * r['shares'][p]:.0f} %" for p in parts)]
        for r in found
    ))  # fmt: skip


def _experiments(page: Page, found: Sequence[Record], names: Mapping[str, str]) -> None:
    if not found:
        return
    page.head("The next experiment (share of the variance that it is expected to remove)")
    labels = {r["experiment"]: r["label"] for r in found}
    rows = []
    for place, answer in enumerate(a["answer"] for a in found[0]["answers"]):
        gone = {r["experiment"]: r["answers"][place]["variance_removed"] or 0.0 for r in found}
        best = sorted(gone, key=lambda name: -gone[name])[:FIRST]
        told = "\n".join(f"{share(max(gone[n], 0.0))}: {labels[n]}" for n in best)
        rows.append([_name(names, answer), told])
    page.table(["Answer", f"The best {FIRST}"], rows)
    page.say("", "Chance to find a difference, by animals or people per arm")
    page.table(["Experiment", "Chance"], (
        [r["label"], ", ".join(f"{n}: {share(p)}" for n, p in r["assurance"].items()
                               if p is not None)]
        for r in found if any(p is not None for p in r["assurance"].values())
    ))  # fmt: skip


def _name(names: Mapping[str, str], answer: str) -> str:
    return names.get(answer, answer.replace("_", " "))


def _together(found: Iterable[Record], *keys: str) -> list[list[Record]]:
    """Records with the same words under `keys`, in the order in which the words first come."""
    order: dict[tuple[str, ...], list[Record]] = {}
    for record in found:
        order.setdefault(tuple(record[key] for key in keys), []).append(record)
    return list(order.values())


def _sources(record: Record) -> list[str]:
    """What a record holds, the posterior first."""
    return [s for s in phrases.SOURCES if s in record["sources"]]
