"""Words of every code, in one place: what a reader of the page or the terminal is told."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from metinfer.report.numbers import GAP, interval, number, share, whole, years
from metinfer.summaries.ledger import LedgerState, Part
from metinfer.summaries.quality import Light, Reason, State
from metinfer.summaries.table import YEAR, Summary, scaled


@dataclass(frozen=True)
class Measure:
    """Words, unit, factor from stored to shown values, decimals, and the value of no effect."""

    label: str
    unit: str
    factor: float = 1.0
    most: int = 6
    least: int = 0
    null: float | None = None


MEASURES = {
    "risk": Measure("risk with therapy", "%", 100.0, 1),
    "risk_untreated": Measure("risk without therapy", "%", 100.0, 1),
    "absolute_risk_reduction": Measure("risk difference avoided", "per 1,000", 1000.0, 0, 0, 0.0),
    "risk_ratio": Measure("risk ratio, treated over untreated", "ratio", 1.0, 2, 2, 1.0),
    "rmst_gain": Measure("event-free time gained", "days", YEAR, 1, 0, 0.0),
    "share": Measure("share of the benefit that lasts", "%", 100.0, 0),
    "rebound": Measure("largest hazard ratio after the end", "ratio", 1.0, 2, 2, 1.0),
    "avoided": Measure("avoided by the end of follow-up", "per 1,000", 1000.0, 1, 0, 0.0),
    "removed": Measure("avoided because cells were cleared", "per 1,000", 1000.0, 1, 0, 0.0),
    "dormant": Measure("postponed: still dormant", "per 1,000", 1000.0, 1, 0, 0.0),
    "awake": Measure("postponed: still growing", "per 1,000", 1000.0, 1, 0, 0.0),
    "dose_half": Measure("doses for half of the attainable effect", "multiple", 1.0, 2),
    "dose_most": Measure("doses for nine tenths of it", "multiple", 1.0, 1),
    "over_bliss": Measure("better than independent action by", "risk ratio", 1.0, 3, 0, 0.0),
    "over_best": Measure("better than the best part by", "risk ratio", 1.0, 3, 0, 0.0),
    "bliss": Measure("risk ratio expected of independent action", "ratio", 1.0, 2, 2, 1.0),
    "best_single": Measure("risk ratio of the best part", "ratio", 1.0, 2, 2, 1.0),
}
STATES = {
    LedgerState.PEOPLE: "informed by people",
    LedgerState.ANIMALS: "informed by animals",
    LedgerState.NARROWED: "range narrowed",
    LedgerState.ASSUMED: "assumption only",
    LedgerState.CONTRADICTED: "prior contradicted",
}
STATE_MEANING = {
    LedgerState.PEOPLE: "fitted rows in people perturb it, and the data changed it",
    LedgerState.ANIMALS: "only rows in animals perturb it, and they changed it",
    LedgerState.NARROWED: "no row perturbs it; other data excluded extreme values",
    LedgerState.ASSUMED: "the answer restates the prior",
    LedgerState.CONTRADICTED: "the data moved it outside the 90 % interval of the prior",
}
PARTS = {
    Part.BASELINE: "untreated risk",
    Part.EXPOSURE: "exposure",
    Part.EFFECT: "effect",
}
PART_MEANING = {
    Part.BASELINE: "how often metastases appear without therapy",
    Part.EXPOSURE: "whether the drug moves its target in people",
    Part.EFFECT: "whether moving the target changes relapse",
}
SOURCES = {"posterior": "all data", "no_mouse": "without mouse rows", "prior": "before any data"}
KINDS = {"regimen": "regimen", "clamp": "idealised full blockade (clamp)",
         "adverse": "harmful exposure"}  # fmt: skip
ROLES = {"fit": "fitted", "check": "held out", "prior": "used for a prior", "out": "left out"}
OUT = {
    "twice": "same people or animals already counted",
    "outside the model": "nothing in the model corresponds",
    "elsewhere": "other organ, blood or cell culture",
    "estimand": "measures something else",
    "incomplete": "no n, spread or time",
}
EVENTS = {
    "liver": "liver metastasis as the first metastasis",
    "liver_again": "new liver metastasis",
    "all_sites": "any distant metastasis",
}
SHORT_EVENTS = {"liver": "liver metastases", "liver_again": "new liver metastases",
                "all_sites": "distant metastases"}  # fmt: skip
SCOPES = {"liver": "liver metastasis", "distant": "distant metastasis",
          "any_relapse": "any relapse", "organ": "metastasis"}  # fmt: skip
COVERAGE = {
    "outcome": "metastasis outcome",
    "cells": "dormant or any tumour cells",
    "nk": "NK cells, measured",
    "il15_nk": "IL-15 given, NK cells counted",
    "nk_outcome": "NK loss, and outcome",
    "ifng": "interferon-gamma, measured",
    "ifng_outcome": "interferon-gamma loss, and outcome",
    "cxcl12": "CXCL12, measured",
    "neutrophils": "neutrophils, measured or removed",
    "stellate": "stellate cells or liver injury",
    "timp1": "TIMP-1 level",
    "timp1_outcome": "TIMP-1, and outcome",
    "liver_share": "liver share of first metastases",
}
#: Observable -> what was measured, and its unit where the table's own says little.
QUANTITIES = {
    "metastasis_probability": ("share with a metastasis", ""),
    "cell_probability": ("share with any tumour cell", ""),
    "metastasis_count": ("metastases per animal", "number"),
    "event_rate": ("rate of events among the event-free", ""),
    "event_hazard": ("follow-up intervals", ""),
    "event_hazard_ratio": ("hazard ratio of metastasis", "ratio"),
    "liver_share": ("share of first metastases in the liver", ""),
    "nk_turnover": ("turnover of NK cells", ""),
    "nk_activity_reduction": ("fall in NK-cell activity", "%"),
    "nk_count": ("NK cells", ""),
    "nk_count_fold": ("number of NK cells", "fold"),
    "nk_cytotoxicity": ("NK-cell killing", "% of baseline"),
    "ifng_secretion": ("interferon-gamma secretion", "% of baseline"),
    "ifng_level": ("interferon-gamma in serum", ""),
    "ifng_fold": ("interferon-gamma", "fold"),
    "neopterin_fold": ("neopterin", "fold"),
    "cxcl12_fold": ("CXCL12", "fold"),
    "neutrophil_fold": ("neutrophils", "fold"),
    "stellate_fold": ("activated stellate cells", "fold"),
    "leucocyte_fold": ("white blood cells under CXCR4 blockade", "fold"),
    "timp1_level": ("TIMP-1 in blood", ""),
    "timp1_fold": ("TIMP-1, patients over healthy", "fold"),
    "events": ("events in all", "events"),
    "any": ("any of the above", ""),
}
CHANGES = {
    "nk_depletion": "NK cells depleted", "perforin_loss": "no perforin",
    "ifng_loss": "no interferon-gamma", "neutrophil_depletion": "neutrophils depleted",
    "injury": "with liver disease",
}  # fmt: skip
SUBGROUPS = {"luminal a": "luminal A", "luminal b": "luminal B", "her2": "HER2",
             "tnbc": "triple negative"}  # fmt: skip
UNITS = {"per_1000_person_years": "per 1,000 person-years", "percent_a_year": "% a year"}
LIGHTS = {
    Light.COMPUTATION: "Computation",
    Light.HELD_OUT: "Held-out rows",
    Light.MECHANISMS: "Alternative mechanisms",
    Light.CALIBRATION: "Calibration",
}
LIGHT_STATES = {
    State.PASS: "passed", State.FAIL: "failed", State.NOT_RUN: "not tested",
    State.STALE: "from another version", State.MOVES: "answers depend on it",
}  # fmt: skip
GATES = {
    "R-hat": "the chains agree with one another",
    "bulk ESS": "enough independent draws for medians",
    "tail ESS": "enough independent draws for interval ends",
    "divergences": "the sampler missed no corner of the posterior",
    "E-BFMI": "the sampler moves freely between energy levels",
    "undefined answers": "every named answer is a number in every draw",
    "failed solves": "the equations were solved in every accepted draw",
    "model of the fit": "the present program builds the model that was fitted",
    "solver grid": "finer time steps do not change the answers",
    "possible prior draws": "the priors allow what cohorts show, and exclude the impossible",
}
FITS = {
    "": "main fit", "main": "main fit", "answers": "named answers", "prior": "prior",
    "no_mouse": "fit without mouse rows", "posterior_no_mouse": "fit without mouse rows",
    "translation_0.25": "fit with less spread between mouse and human",
    "translation_1": "fit with more spread between mouse and human",
}  # fmt: skip
JUDGED = {"too_narrow": "fewer than chance allows", "as_expected": "as expected",
          "too_wide": "more than chance allows", "too_few": "too few to judge"}  # fmt: skip
READOUTS = {
    "metastasis": "share with metastasis", "nk_cells": "NK cells", "cxcl12": "CXCL12",
    "neutrophils": "neutrophils", "stellate_cells": "activated stellate cells",
}  # fmt: skip
#: Link of the mechanism -> what it says, and what its effect is an effect of.
LINKS = {
    "timp1_cxcl12": ("TIMP-1 raises CXCL12", "TIMP-1 doubled: CXCL12"),
    "stellate_cxcl12": ("stellate cells raise CXCL12", "stellate activation doubled: CXCL12"),
    "cxcl12_neutrophils": ("CXCL12 attracts neutrophils", "CXCL12 doubled: neutrophils"),
    "cxcl12_nk": ("CXCL12 quiets NK cells", "CXCL12 doubled: active NK cells"),
    "nk_ifng": ("NK cells make interferon-gamma", "NK cells lost: interferon-gamma"),
    "ifng_awakening": ("interferon-gamma keeps cells dormant",
                       "interferon-gamma halved: awakening"),
    "neutrophils_seeding": ("neutrophils help cells to settle", "neutrophils lost: settling"),
    "nk_seeding": ("NK cells kill arriving cells", "NK cells lost: settling"),
    "nk_killing": ("NK cells kill dormant cells", "dormant cells killed"),
}  # fmt: skip
TEXTS = {
    "question": "Question", "decision": "Decision it serves", "context_of_use": "Context of use",
    "influence": "How much rests on the model", "consequence": "If the answer is wrong",
    "limits": "Limits stated by the authors", "acceptance": "Limits of acceptance",
}  # fmt: skip
VARIANTS = {
    "base": "base", "not_judged": "not judged", "impossible": "excluded by a published value",
    "for": "predicts the tables better", "against": "predicts the tables worse",
    "cannot_tell": "the tables cannot tell",
}  # fmt: skip
VARIANCE = {
    "parameter": "parameters of the model", "translation": "mouse to human",
    "between_study": "between studies", "kinetics": "drug levels and potency",
    "sampling": "chance in the trial", "unexplained": "interplay of these",
}  # fmt: skip
QUESTIONS = {
    "lasting": "Lasting effect or delay", "window": "Start of therapy",
    "duration": "Duration of therapy", "dose": "Dose", "interaction": "Combination",
}  # fmt: skip
RULES = {
    "shared": "shared: one value for mouse and people",
    "scaled": "scaled: human value = mouse value times a log-normal deviation (log sd 0.5)",
    "species": "separate in mouse and in people", "context": "separate in each tumour",
    "stock": "separate by group of people or animals", "site": "separate by organ",
    "assay": "separate by assay", "timp1_level": "separate by group of patients",
    "spread": "separate by kind of measurement",
}  # fmt: skip
ASSUMPTIONS = (
    ("Fold effects cross from mouse to human, with a stated spread.",
     "Mouse rows teach nothing about people; read the results without mouse rows."),
    ("Awakening, stock and growth time belong to the patients and are never scaled.",
     "Baseline risks would borrow from mice; they do not."),
    ("Subjects differ in their number of dormant cells only (gamma frailty).",
     "Late risk would be biased."),
    ("Therapy acts on the liver only; other sites are untouched in the base case.",
     "Effects on all sites would be larger."),
    ("A healthy niche is at steady state before time zero.",
     "Early effects of a slow niche would be read as effects of treatment."),
    ("Liver disease acts as stellate activation only.",
     "Steatosis, hepatitis and fibrosis would need separate routes."),
    ("An observational hazard ratio is causal in part; the part is estimated.",
     "Confounding would be taken for biology, or biology for confounding."),
    ("Clones awake at surgery are spread evenly over the three steps of growth.",
     "Risk in the first years would rise earlier or later."),
    ("Published cohorts are independent unless they name the same people.",
     "Intervals would be too narrow."),
)  # fmt: skip


def of(words: Mapping[Any, str], code: Any) -> str:
    """Words of a code; an unknown code is shown by its own name."""
    return words.get(code) or str(code).replace("_", " ")


def measure(name: str) -> Measure:
    """Words of a measure; an unknown one is shown by its own name, unscaled."""
    return MEASURES.get(name, Measure(name.replace("_", " "), ""))


def shown(span: Summary | None, name: str) -> str:
    """``median (90 % interval)`` of a measure in its unit and decimals."""
    how = measure(name)
    return interval(scaled(span, how.factor), how.most, how.least)


def event(row: Any, words: Mapping[str, str] = EVENTS) -> str:
    """Which event the risks of a population count."""
    return words.get(row.endpoint, "metastasis") if row.species == "human" else "metastasis"


def whom(row: Any) -> str:
    """Who was studied, from the codes of a group."""
    changes = [_change(c) for c in row.changes]
    if row.species == "mouse":
        return f"mouse, {row.site}, {', '.join(changes) or 'control'}"
    parts = [row.population, SUBGROUPS.get(row.subgroup, ""), *changes]
    return ", ".join(p for p in parts if p)


def _change(code: str) -> str:
    name, _, value = code.partition("=")
    return f"TIMP-1 \u00d7 {value}" if name == "timp1_fold" else CHANGES.get(code, code)


def quantity(row: Any) -> str:
    """What a row reports, with its unit."""
    words, own = QUANTITIES.get(row.observable, (row.observable.replace("_", " "), ""))
    if row.observable == "timp1_level" and row.matrix:
        words = f"TIMP-1 in {row.matrix}"
    if row.statistic in ("odds_ratio", "risk_ratio"):
        return f"{row.statistic.replace('_', ' ')} of metastasis"
    if row.statistic in ("ordered", "bound"):
        return f"{words}, stated in words (1 yes, 0 no)"
    unit = own or UNITS.get(row.unit, row.unit)
    return words if unit in ("", "1", "ratio", "events") else f"{words} ({unit})"


SPREADS = {
    "sd": "SD", "sem": "SEM", "log_sd": "log SD", "ci95": "95 % interval", "ci90": "90 % interval",
    "iqr": "quartiles", "range": "range",
}  # fmt: skip


def printed(row: Any, bare: bool = False) -> str:
    """The number of a row as a paper would print it; `bare` leaves out its statistic."""
    if row.statistic == "proportion" and row.events is not None and row.n:
        return f"{row.events:g} of {row.n:g}"
    if row.statistic in ("ordered", "bound"):
        return "stated in words"
    unit = "" if row.unit in ("", "1", None) else f" {row.unit}"
    name = "" if bare else f"{row.statistic.replace('_', ' ')} "
    value = name + ("" if row.value is None else f"{row.value:g}{unit}")
    if row.low is not None and row.high is not None:
        return f"{value}, {SPREADS.get(row.spread, 'interval')} {row.low:g} to {row.high:g}"
    if row.spread in SPREADS and row.low is not None:
        return f"{value}, {SPREADS[row.spread]} {row.low:g}"
    return value


def when(days: float | None) -> str:
    """A time in days up to a year, then in years."""
    if not days:
        return ""
    return f"day {days:g}" if days < YEAR else f"year {days / YEAR:.3g}"


def place(name: str) -> str:
    """A coordinate of a parameter in words."""
    return name.replace("_", " ").replace("er positive", "ER+").replace("er negative", "ER\u2212")


def parameter(row: Any) -> str:
    """Meaning of a parameter and where it holds."""
    return f"{row.meaning} ({place(row.place)})" if row.place else str(row.meaning)


def name_in_words(name: str) -> str:
    """A full parameter name, such as ``rate[place]``, without code letters."""
    base, _, where = name.rstrip("]").partition("[")
    return base.replace("_", " ") + (f" ({place(where)})" if where else "")


def limit(text: str) -> str:
    """A limit as it is read aloud."""
    return text.replace("<=", "at most").replace(">=", "at least")


def needed_to_treat(reduction: Summary | None, effect: LedgerState) -> str:
    """Number needed to treat or to harm, or why none is printed.

    Where the 90 % interval of the reduction includes no effect the number runs through infinity;
    where no row perturbs the effect it restates the prior.
    """
    if reduction is None:
        return GAP
    if reduction.lo90 <= 0 <= reduction.hi90:
        return "not given: the interval includes no effect"
    if effect not in (LedgerState.PEOPLE, LedgerState.ANIMALS):
        return "not given: assumption-driven"
    low, high = sorted((abs(reduction.lo90), abs(reduction.hi90)))
    return f"{whole(1 / abs(reduction.median))} ({whole(1 / high)} to {whole(1 / low)})"


def harm(line: Any) -> str:
    """Probability of harm, and whether the prior excluded it."""
    if line is None or line.chances is None:
        return GAP
    text = share(line.chances.harm)
    return f"{text}, by assumption" if line.one_sided else text


def direction(span: Summary, line: Any) -> str:
    """What an interval of a ratio allows; never "no effect" where the prior made the interval."""
    if span.lo90 > 1 or span.hi90 < 1:
        word = "harm" if span.lo90 > 1 else "benefit"
        fixed_sign = line is not None and line.one_sided
        return f"{word} by assumption" if fixed_sign else f"{word} in the whole 90 % interval"
    return "both benefit and harm remain possible"


def setting(row: Any) -> str:
    """What was varied in a question."""
    if row.setting is None:
        return ""
    if row.question == "dose":
        return f"{row.setting:g} times the doses"
    length = years(row.setting / YEAR) if row.species == "human" else f"{row.setting:g} days"
    return f"given for {length}" if row.question == "duration" else f"start after {length}"


def applicability(text: str) -> str:
    """Flag of a therapy: how far it lies from the fitted rows."""
    return text.replace("prior only", "no fitted row perturbs its target")


def reason(found: Reason, command: Any) -> str:
    """Why the numbers may not be used; `command` spells a command of the program."""
    d = found.detail
    how = f" ({command(d['command'])})" if "command" in d else ""
    files = ", ".join(d.get("files", ()))
    return {
        "incomplete": lambda: f"the run is {d['status']}, not complete",
        "not_judged": lambda: f"the computation was not checked{how}",
        "gate": lambda: gate(d["name"], [d]),
        "quick": lambda: "this was a quick run, with too few draws for results",
        "text": lambda: f"\u201c{of(TEXTS, d['key'])}\u201d is missing (analysis.toml, "
                        f"{d['key']})",
        "not_predicted": lambda: f"therapies were not predicted{how}",
        "answer": lambda: f"the named answer {d['answer']} could not be computed",
        "changed": lambda: f"{files} changed since the fit; this page is of the copies",
        "damaged": lambda: f"{files} changed since written and is ignored{how}",
        "stale": lambda: f"{files} comes from another version of the program{how}",
    }[found.code]()  # fmt: skip


def gate(name: str, found: Sequence[Mapping[str, Any]]) -> str:
    """A gate that failed, its value in each fit, and its limit."""
    values = ", ".join(f"{number(d['value'], 4)} ({of(FITS, d['part'])})" for d in found)
    return f"{name} is {values}; limit {limit(found[0]['limit'])}"


def counted(count: float, one: str, many: str = "") -> str:
    """A count with its noun."""
    return f"{whole(count)} {one if count == 1 else many or one + 's'}"


SMALL = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
         "eleven", "twelve")  # fmt: skip


def spelled(count: int) -> str:
    """A small count as a word."""
    return SMALL[count] if count < len(SMALL) else str(count)


def short(label: str) -> str:
    """First words of a therapy's label: up to the dose or the first comma."""
    return re.split(r",| \d[\d.]* ?[\u00b5mn]?g\b", label)[0].strip() or label


def together(names: Sequence[str]) -> str:
    """A list in words."""
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} and {names[-1]}"
