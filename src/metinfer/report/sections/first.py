"""First screen: conclusion, next experiment, therapy answers, lights."""

from __future__ import annotations

from collections import Counter
from typing import Any

from metinfer.report import phrases
from metinfer.report.charts import Axis, log_ticks
from metinfer.report.context import REDUCTION, UNTREATED, Context
from metinfer.report.numbers import GAP, interval, number, per_1000, ratio, share, years
from metinfer.report.sections.fund import choose, rule
from metinfer.summaries.ledger import LedgerState, Part
from metinfer.summaries.quality import Light

SOURCES = ("prior", "no_mouse", "posterior")
#: The forest shows at least this range of ratios, so that both directions have room.
LEAST = (0.5, 2.0)


def view(page: Context) -> dict[str, Any]:
    """Everything of the first screen."""
    found = page.found
    axis, names = _axis(page), [phrases.of(phrases.SOURCES, s) for s in SOURCES]
    return {
        "title": title(page), "quick": found.facts["quick"], "facts": found.facts,
        "conclusion": conclusion(page), "next": next_step(page),
        "problems": problems(page),
        "rows": [_row(page, a, axis) for a in page.ratios],
        "ticks": [(axis.percent(v), number(v, 1)) for v in log_ticks(axis.low, axis.high)
                  if v in (0.1, 0.2, 0.5, 1, 2, 5, 10) or axis.low < v < 0.1],
        "margin": next((axis.percent(a.margin) for a in page.ratios if a.margin), "0%"),
        "one": axis.percent(1.0), "sources": list(zip(SOURCES, names, strict=True)),
        "lights": lights(page), "untreated": _untreated(page),
        "states": [(s.value, phrases.STATES[s], phrases.STATE_MEANING[s]) for s in LedgerState],
    }  # fmt: skip


def title(page: Context) -> str:
    """Title of the analysis, or the first clause of its question."""
    facts = page.found.facts
    given = facts["title"] or " ".join(page.found.texts["question"])
    if not given:
        return f"Evidence synthesis: run {facts['name']}"
    clause = given if facts["title"] else given.partition(":")[0].partition("?")[0] + "?"
    variant = "" if facts["variant"] == "base" else f" (variant: {facts['variant']})"
    return clause + variant


def conclusion(page: Context) -> str:
    """One sentence: what the data determine, and what the answers about therapies rest on."""
    if not page.treated:
        return "No answer about a therapy was computed."
    taught = (LedgerState.PEOPLE, LedgerState.ANIMALS)
    states = Counter(page.effect_state(a.key) for a in page.treated)
    learnt = sum(states[s] for s in taught)
    base = [p[Part.BASELINE].state for p in page.ledger.values() if Part.BASELINE in p]
    opening = _opening(bool(base) and all(s in taught for s in base), learnt)
    total = phrases.spelled(len(page.treated))
    parts = [f"{phrases.spelled(n)} {text}" for s, text in (
        (LedgerState.ASSUMED, "restate our assumptions"),
        (LedgerState.NARROWED, "only exclude extremes"),
        (LedgerState.PEOPLE, "are informed by people"),
        (LedgerState.ANIMALS, "are informed by animals only"),
        (LedgerState.CONTRADICTED, "contradict their prior"),
    ) if (n := states[s])]  # fmt: skip
    return f"{opening}: of {total} answers, {phrases.together(parts)}."


def _opening(known: bool, learnt: int) -> str:
    """What the data determine: untreated risk, treatment effects, both or neither."""
    effects = f"{phrases.spelled(learnt)} treatment effect{'s' if learnt > 1 else ''}"
    if known:
        return f"The data determine untreated risk {'and' if learnt else 'but'} {effects}"
    if learnt:
        return f"The data inform {effects}, but do not determine untreated risk"
    return "The data determine neither untreated risk nor a treatment effect"


def problems(page: Context) -> list[str]:
    """Why the run is not reportable; gates that fail in several fits stand in one line."""
    gates: dict[str, list[Any]] = {}
    made = []
    for reason in page.found.reasons:
        if reason.code == "gate":
            gates.setdefault(reason.detail["name"], []).append(reason.detail)
        else:
            made.append(phrases.reason(reason, page.command))
    return [phrases.gate(name, found) for name, found in gates.items()] + made


def next_step(page: Context) -> str:
    """One sentence: the next experiment and the condition for going on."""
    best = choose(page)
    if best is None:
        return "No candidate experiment was evaluated."
    return f"Next: {best.what(page)}; {rule(best)}"


def lights(page: Context) -> list[dict[str, str]]:
    """Strip of checks: words, state and what was found."""
    details = {Light.COMPUTATION: _gates(page), Light.HELD_OUT: _held_out(page)}
    return [
        {"name": phrases.LIGHTS[light], "state": state.value,
         "words": phrases.LIGHT_STATES[state], "detail": details.get(light, "")}
        for light, state in page.found.lights.items()
    ]  # fmt: skip


def _gates(page: Context) -> str:
    table = page.found.gates
    return f"{int(table['passed'].sum())} of {len(table)} gates" if len(table) else ""


def _held_out(page: Context) -> str:
    mine = [s for s in page.rows(page.found.scores) if s.role == "check" and not s.stream]
    return f"{mine[0].inside90} of {mine[0].items} inside 90 %" if mine else ""


def _axis(page: Context) -> Axis:
    spans = [getattr(a, s) for a in page.ratios for s in SOURCES if getattr(a, s) is not None]
    low = min([LEAST[0], *(s.lo90 for s in spans)])
    high = max([LEAST[1], *(s.hi90 for s in spans)])
    return Axis(max(low, 0.02) / 1.08, min(high, 50.0) * 1.08, log=True)


def _row(page: Context, answer: Any, axis: Axis) -> dict[str, Any]:
    untreated, less = page.beside(answer, UNTREATED), page.beside(answer, REDUCTION)
    line = page.ledger.get(answer.key, {}).get(Part.EFFECT)
    part, state = page.weakest(answer.key)
    effect = page.effect_state(answer.key)
    spans = {s: getattr(answer, s) for s in SOURCES if getattr(answer, s) is not None}
    after = answer.posterior
    return {
        "key": answer.key, "therapy": answer.therapy_label,
        "population": answer.population_label, "clamp": answer.kind == "clamp",
        "years": years(answer.horizon_year),
        "bars": [_bar(s, span, axis) for s, span in spans.items()],
        "margin": axis.percent(answer.margin) if answer.margin else "",
        "margin_words": ratio(answer.margin) if answer.margin else "",
        "effect": effect.value,
        "label": f"{_spoken(answer, spans)}; {phrases.direction(after, line)}",
        "ratio": interval(after, 2, 2),
        "untreated": per_1000(untreated.posterior if untreated else None),
        "difference": _difference(less),
        "rows": _given(line), "part": phrases.PARTS[part], "state": state.value,
        "state_words": phrases.STATES[state],
        "harm": phrases.harm(line), "harm_prior": _prior_harm(line),
    }  # fmt: skip


def _bar(source: str, span: Any, axis: Axis) -> dict[str, str]:
    return {"source": source, **{k: axis.percent(getattr(span, k))
                                 for k in ("median", "lo50", "hi50", "lo90", "hi90")}}  # fmt: skip


def _difference(less: Any) -> str:
    """Events per 1,000 people that treatment changes: fewer is negative."""
    if less is None:
        return GAP
    span = less.posterior
    turned = type(span)(-span.median, -span.hi50, -span.lo50, -span.hi90, -span.lo90)
    return per_1000(turned)


def _given(line: Any) -> str:
    if line is None:
        return GAP
    people, mice = line.rows_people, line.rows_animals
    return f"{people} / {mice}"


def _prior_harm(line: Any) -> str:
    if line is None or line.chances_prior is None:
        return ""
    return share(line.chances_prior.harm)


def _spoken(answer: Any, spans: dict[str, Any]) -> str:
    told = "; ".join(f"{phrases.of(phrases.SOURCES, s)} {interval(v, 2, 2)}"
                     for s, v in spans.items())  # fmt: skip
    return f"Risk ratio of {answer.therapy_label} in {answer.population_label}: {told}"


def _untreated(page: Context) -> list[str]:
    """Untreated risk in a sentence per named answer about it."""
    return [
        f"{a.population_label}, {years(a.horizon_year)}: {per_1000(a.posterior)} "
        f"{phrases.event(a, phrases.SHORT_EVENTS)} per 1,000; "
        f"{phrases.STATES[page.effect_state(a.key)]}"
        for a in page.answers.values() if a.measure == UNTREATED
    ]  # fmt: skip
