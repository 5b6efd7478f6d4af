"""Predictions and decisions as tables that a person can read in a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import xarray as xr

from metinfer.report import words
from metinfer.report.console import Page
from metinfer.report.content import LEARNT, Span
from metinfer.report.gather.decisions import answer_names
from metinfer.report.gather.named import matches
from metinfer.report.told import Told
from metinfer.therapy.decision_records import (
    decision_records,
    experiment_records,
    rank_records,
    variance_records,
)
from metinfer.therapy.records import horizon_text
from metinfer.therapy.verdicts import NOTHING

KINDS = {
    "regimen": "Regimens",
    "clamp": "Clamps (hypothetical full engagement)",
    "adverse": "Adverse events",
}
SOURCES = {
    "posterior": "after the data",
    "no_mouse": "no mouse rows",
    "prior": "before data",
}
#: Questions in words, and the measures shown of each: (name there, name in `words`).
ASKED = {
    "lasting": ("Lasting or delay (stopped, then followed to the last horizon)",
                (("share", "lasting_share"), ("rebound", "lasting_rebound"))),
    "window": ("Window by start (among those event-free at the start)",
               (("risk_ratio", "risk_ratio"),)),
    "duration": ("Window by duration", (("risk_ratio", "risk_ratio"),)),
    "dose": ("Dose response", (("absolute_risk_reduction", "absolute_risk_reduction"),
                               ("dose_half", "dose_half"), ("dose_most", "dose_most"))),
    "interaction": ("Combinations", (("risk_ratio", "risk_ratio"), ("over_bliss", "over_bliss"),
                                     ("over_best", "over_best"))),
}  # fmt: skip
#: Measures of each therapy.
EFFECTS = ("risk_ratio", "absolute_risk_reduction")
#: What a table's head has said already, and what is left of it.
RATIO = ("risk ratio, treated over untreated", "risk ratio")
#: Candidate experiments shown for each answer.
FIRST = 3

#: Where all is to be found.
FORMATS = "--format json or csv"
#: What the reader of a terminal may not know.
WORDS = (
    "prior only: no fitted row changes what the therapy acts on. extrapolated (...): fitted rows "
    "do, but not in this outcome, species, population, dose, agent or time, or only in people as "
    "they were found (observational).",
    "clamp: an input of the model held at a value, as if an agent acted fully; no agent does this.",
    "without competing death: as if nobody died of another cause.",
    "number needed to treat: given only of effects that the data taught.",
)

Record = Mapping[str, Any]


class Notes:
    """Reasons, each said once at the end and marked by a number where it applies."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def state(self, answer: Record) -> str:
        """Learnt, narrowed only or assumed, with the number of its reason."""
        if not answer["learnt"]:
            return "not compared"
        if answer["why"] not in self.said:
            self.said.append(answer["why"])
        return f"{answer['learnt']} [{self.said.index(answer['why']) + 1}]"

    def __iter__(self) -> Iterator[str]:
        return (f"[{k}] {why}" for k, why in enumerate(self.said, 1))


def to_text(found: Told, every: bool = True) -> str:
    """Return tables of what a run answers, as wide as the terminal.

    Parameters
    ----------
    found : Told
    every : bool
        Show each therapy in each population, and every decision; without it named answers alone,
        where there are some.
    """
    page, notes = Page(), Notes()
    if found.doubt:
        page.say(f"NOT TO BE TRUSTED: {found.doubt}", "")
    page.say("Medians with 90 % intervals. Numbers in [ ] are reasons, given at the end.")
    _named(page, found, notes)
    if every or not found.asked:
        page.say("", f"At each population's last horizon; other horizons and measures: {FORMATS}.")
        _effects(page, found.records, notes)
    _ranks(page, rank_records(found.predictions, found.records), found.predictions)
    names = answer_names(found.asked, found.predictions)
    if every or not found.asked:
        decided = decision_records(found.decisions, found.predictions, found.records)
        _where(page, decided, found.records)
        _decided(page, decided, notes)
        _variance(page, variance_records(found.decisions), names)
    _experiments(page, experiment_records(found.decisions), names)
    page.head("Why learnt, narrowed only or assumed")
    page.say(*notes)
    page.head("Words")
    page.say(*WORDS)
    if found.asked and not every:
        page.say("", f"All therapies, populations and decisions: --all, or {FORMATS}.")
    return page.text()


def _named(page: Page, found: Told, notes: Notes) -> None:
    """The named answers, with the number needed to treat or why there is none."""
    names = answer_names(found.asked, found.predictions)
    pairs = [(a, next((r for r in found.records if matches(r, a)), None)) for a in found.asked]
    shown = [(a, r) for a, r in pairs if r is not None]
    if not shown:
        return
    page.head("Named answers, fixed before the fit")
    page.header(_columns(shown[0][1]))
    for asked, record in shown:
        place = names[asked["name"]].replace(*RATIO)
        page.say("", f"{place}, within {record['horizon']}{_alone(record, asked['measure'])}")
        page.rows([_row(page, record, asked["measure"], asked["measure"], notes)])
        if asked["measure"] == "absolute_risk_reduction":
            page.say(f"number needed to treat: {_needed(record)}")


def _needed(record: Record) -> str:
    """The number needed to treat as on the page, or why there is none."""
    less = record["absolute_risk_reduction"]
    span = _span(less[_sources(record)[0]])
    return "not defined" if span is None else words.needed_to_treat(span, less["learnt"] or LEARNT)


def _effects(page: Page, records: Sequence[Record], notes: Notes) -> None:
    for group in _together(records, "population"):
        last = max(r["horizon_year"] for r in group)
        cells = [r for r in group if r["horizon_year"] == last]
        one = cells[0]
        page.head(one["population_label"])
        event = words.event(one["endpoint"], one["species"])
        source = _sources(one)[0]
        untreated = words.shown_text(_span(one["risk_untreated"][source]), "risk_untreated")
        told = f"Risk of {event} within {one['horizon']} without therapy"
        page.say(f"{told}: {untreated} %{_alone(one, 'risk_untreated')}")
        for members in _together(cells, "kind"):
            page.say("", KINDS[members[0]["kind"]])
            _kind(page, members, notes)


def _alone(record: Record, measure: str) -> str:
    """What an absolute risk leaves out."""
    alone = not record["competing_death"] and record["species"] == "human"
    return " (without competing death)" if alone and measure != "risk_ratio" else ""


def _kind(page: Page, records: Sequence[Record], notes: Notes) -> None:
    """Therapies of one kind; those that do nothing in the model stand in one line below."""
    shown = [r for r in records if r["risk_ratio"]["why"] != NOTHING]
    page.header(_columns(records[0]))
    for r in shown:
        page.say("", f"{r['therapy_label']} ({r['applicability']})")
        page.rows(_row(page, r, name, name, notes) for name in EFFECTS)
        page.say(f"number needed to treat: {_needed(r)}")
    idle = [r["therapy_label"] for r in records if r not in shown]
    if idle:
        page.say("", f"{NOTHING.capitalize()}: {'; '.join(idle)}.")


def _ranks(page: Page, records: Sequence[Record], predictions: xr.Dataset) -> None:
    page.head("Ranks (only among therapies whose effect was learnt)")
    made = [r for r in records if r["probability"]]
    if not made:
        page.say("None: nowhere was the effect of two therapies of one kind learnt.")
    for r in made:
        best = "; ".join(
            f"{_label(predictions, 'therapy', t)} {words.share(row[0])}"
            for t, row in r["probability"].items()
        )
        group = _label(predictions, "population", r["population"])
        when = f"{KINDS[r['kind']].lower()}, {horizon_text(r['horizon_year'])}"
        page.say(f"{group}, {when}, chance to be best: {best}")


def _where(page: Page, decided: Sequence[Record], records: Sequence[Record]) -> None:
    """In which populations decisions were asked, if not in all."""
    asked = {r["population_label"]: None for r in decided}
    if 0 < len(asked) < len({r["population"] for r in records}):
        page.say("", f"What follows was asked in: {'; '.join(asked)}.")


def _decided(page: Page, records: Sequence[Record], notes: Notes) -> None:
    for question, (title, measures) in ASKED.items():
        mine = [r for r in records if r["question"] == question]
        if mine:
            page.head(title)
            page.header(_columns(mine[0]))
            for cases in _together(mine, "therapy", "population"):
                page.say("", f"{cases[0]['therapy_label']}: {cases[0]['population_label']}")
                page.rows(_rows(page, cases, measures, notes))


def _columns(record: Record) -> list[str]:
    sources = (SOURCES[s] for s in _sources(record))
    return ["", *sources, "learnt or assumed"]


def _rows(
    page: Page, records: Sequence[Record], measures: Sequence[tuple[str, str]], notes: Notes
) -> Iterator[list[str]]:
    for record in records:
        for name, word in measures:
            if name in record["measures"]:
                yield _row(page, record["measures"] | record, name, word, notes)


def _row(page: Page, record: Record, name: str, word: str, notes: Notes) -> list[str]:
    """What is told, its median with interval under each source, and whether it was learnt."""
    answer = record[name]
    what = f"{_setting(record)}{words.measure(word).label}{_unit(word)}".replace(*RATIO)
    medians = [_median(answer[s], word, page.between) for s in _sources(record)]
    return [what, *medians, notes.state(answer)]


def _unit(name: str) -> str:
    return {"%": ", %", "percentage points": ", % points"}.get(words.measure(name).unit, "")


def _setting(record: Record) -> str:
    value = record.get("setting")
    if value is None:
        return ""
    if record["question"] == "dose":
        return f"{value:g} times the doses: "
    length = horizon_text(value / 365.25, record["species"])
    if record["question"] == "duration":
        return f"for {length}: "
    follow = horizon_text(record["follow_year"], record["species"])
    return f"start after {length}, followed for {follow}: "


def _variance(page: Page, records: Sequence[Record], names: Mapping[str, str]) -> None:
    if not records:
        return
    page.head("Where the doubt comes from (share of the variance of what one trial would show)")
    parts = list(records[0]["shares"])
    columns = ["Answer", "Subjects per arm", *(p.replace("_", " ") for p in parts)]
    page.table(columns, (
        [_name(names, r["answer"]), words.whole(r["subjects_per_arm"]),
         *(f"{words.fixed(100 * r['shares'][p], 0)} %" for p in parts)]
        for r in records
    ))  # fmt: skip


def _experiments(page: Page, records: Sequence[Record], names: Mapping[str, str]) -> None:
    if not records:
        return
    page.head("The next experiment (share of the variance that it is expected to take away)")
    labels = {r["experiment"]: r["label"] for r in records}
    rows = []
    for place, answer in enumerate(a["answer"] for a in records[0]["answers"]):
        share = {r["experiment"]: r["answers"][place]["variance_removed"] or 0.0 for r in records}
        best = sorted(share, key=lambda name: -share[name])[:FIRST]
        told = "\n".join(f"{words.share(share[n])}: {labels[n]}" for n in best)
        rows.append([_name(names, answer), told])
    page.table(["Answer", f"The best {FIRST}"], rows)
    page.say("", "Chance to find a difference, by animals or people per arm")
    page.table(["Experiment", "Chance"], (
        [r["label"], ", ".join(f"{n}: {words.share(p)}" for n, p in r["assurance"].items()
                               if p is not None)]
        for r in records if any(p is not None for p in r["assurance"].values())
    ))  # fmt: skip


def _name(names: Mapping[str, str], answer: str) -> str:
    return names.get(answer, answer.replace("_", " ")).replace(*RATIO)


def _together(records: Iterable[Record], *keys: str) -> list[list[Record]]:
    """Records with the same words under `keys`, in the order in which the words first come."""
    order: dict[tuple[str, ...], list[Record]] = {}
    for record in records:
        order.setdefault(tuple(record[key] for key in keys), []).append(record)
    return list(order.values())


def _sources(record: Record) -> list[str]:
    """What a record holds, the posterior first."""
    return [s for s in SOURCES if s in record["sources"]]


def _label(predictions: xr.Dataset, kind: str, name: str) -> str:
    return str(predictions[f"{kind}_label"].sel({kind: name}).item())


def _span(values: Record) -> Span | None:
    return None if values["median"] is None else Span(**values)


def _median(values: Record, name: str, between: str) -> str:
    """Median and its interval, one above the other or side by side."""
    span = _span(values)
    return "not defined" if span is None else words.shown_text(span, name).replace(" (", between)
