"""The plain-word summary: sentences made from the content, for a reader without statistics."""

from __future__ import annotations

from metinfer.report import words
from metinfer.report.commands import typed
from metinfer.report.content import LEARNT, NARROWED, Answer, Coverage, ReportContent
from metinfer.report.contents_foundations import MATTERS

UNTREATED = "risk_untreated"
#: Two-sided predictive tail probability below which a row is named.
EXTREME = 0.05
#: Table whose lines are not published rows.
INTERVALS = "follow-up intervals"
#: Said of what `metinfer diagnose` makes.
NOT_YET = "not computed yet (metinfer diagnose RUN)"
#: What the score of the rows that were never fitted means.
SCORED = {
    "as expected": ": what chance allows.",
    "too narrow": ": fewer than chance allows, so there the model is wrong or too sure.",
    "wider than needed": ": more than chance allows, so there the intervals are too wide.",
}
#: Parts of the model whose therapies are asked about: too little evidence is said plainly.
NAMED_PARTS = ("NK", "IL-15", "interferon-gamma", "CXCL12", "TIMP-1")


def evidence_sentence(content: ReportContent) -> str:
    """Return how many rows and intervals were used, and how many were left out.

    Published rows and follow-up intervals are of two tables, and are counted apart.
    """
    total, intervals = _counts(content)
    if not total and not intervals:
        return "The rows used were not recorded."
    of = [words.how_many(total, "published row")] if total else []
    of += [words.how_many(intervals, "follow-up interval")] if intervals else []
    unfitted = "predicted but not fitted" if computed(content) else "kept for checks, never fitted"
    used = {"fit": "fitted", "check": unfitted, "prior": "used for a prior", "out": "left out"}
    made = [f"{_were_used(content, role)} {what}" for role, what in used.items()]
    return (
        f"Of {' and '.join(of)}, {', '.join(made[:-1])} and {made[-1]}, each for a stated reason."
    )


def _were_used(content: ReportContent, role: str) -> str:
    """How many rows and intervals have a role: "26 and 151 were", "21 rows were"."""
    rows, intervals = _counts(content, role)
    every, every_interval = _counts(content)
    if not every or not every_interval:
        shown = words.whole(rows + intervals)
    elif intervals:
        shown = f"{words.whole(rows)} and {words.whole(intervals)}"
    else:
        shown = words.how_many(rows, "row")
    return f"{shown} {'was' if rows + intervals == 1 else 'were'}"


def _counts(content: ReportContent, role: str = "") -> tuple[int, int]:
    """Published rows and follow-up intervals of a role, or of all."""
    mine = [r for r in content.roles if role in ("", r.role)]
    intervals = sum(r.rows for r in mine if r.table == INTERVALS)
    return sum(r.rows for r in mine) - intervals, intervals


def computed(content: ReportContent) -> bool:
    """Return whether published values were compared with their predictions."""
    return bool(content.rows or content.intervals)


def fit_sentence(content: ReportContent) -> str:
    """Return how many published values lie inside their 90 % predictive interval."""
    items = [r for r in content.rows if r.role == "fit"]
    items += [i for i in content.intervals if i.role == "fit"]  # type: ignore[misc]
    if not items:
        return f"The fit per row: {NOT_YET}."
    inside = sum(i.inside for i in items)
    return (
        f"{inside} of {len(items)} fitted rows and follow-up intervals lie inside their 90 % "
        f"predictive interval ({words.share(inside / len(items))}; about 90 % are expected)."
    )


def score_sentence(content: ReportContent) -> str:
    """Return how many values that were never fitted lie inside their intervals."""
    found = next((s for s in content.scores if s.role == "check"), None)
    if found is None and not computed(content) and any(_counts(content, "check")):
        return f"Predictions of the values that were never fitted: {NOT_YET}."
    if found is None:
        return "No row was held out: nothing tests the model on values it never saw."
    return (
        f"Of {found.items} published values that were never fitted, {found.inside50} lie inside "
        f"their 50 % and {found.inside90} inside their 90 % predictive interval (about "
        f"{found.items / 2:.0f} and {0.9 * found.items:.0f} are expected)"
        f"{SCORED.get(found.judged, '.')}"
    )


def extreme_rows(content: ReportContent) -> list[str]:
    """Return, per row and interval in the tail of its prediction, what was seen and predicted."""
    made = []
    for row in content.rows:
        if row.tail is not None and row.tail < EXTREME:
            unit = f" {row.unit}" if row.unit not in ("", "ratio") else ""
            role = " (never fitted)" if row.role == "check" else ""
            made.append(
                f"{row.source}, {row.arm}{role}: {row.quantity} {words.number(row.reported)}{unit}"
                f", predicted {words.span_text(row.predicted)}"
            )
    for item in content.intervals:
        if item.tail is not None and item.tail < EXTREME:
            made.append(
                f"{item.arm}, years {item.start:.3g} to {item.end:.3g}: "
                f"{_counted(item.observed, 'event')}, "
                f"predicted {words.shown_text(item.expected, 'events')}"
            )
    return made


def thin_sentences(content: ReportContent) -> list[str]:
    """Return where rows on what the therapies touch are too thin to teach anything."""
    chosen = [c for c in content.coverage if c.thin and any(n in c.state for n in NAMED_PARTS)]
    some = [_thin(c) for c in chosen if c.rows]
    none = [f"{c.state} ({c.species})" for c in chosen if not c.rows]
    if none:
        some.append(f"No fitted row at all, so nothing can be learnt: {'; '.join(none)}.")
    return some


def _thin(part: Coverage) -> str:
    events = f", {_counted(part.events, 'event')}" if part.events else ""
    return (
        f"{part.species.capitalize()}, {part.state}: {_counted(part.rows, 'row')} from "
        f"{words.how_many(part.studies, 'study', 'studies')}{events}. {part.statement}"
    )


def _counted(count: float, noun: str) -> str:
    return f"{words.whole(count)} {noun}{'' if count == 1 else 's'}"


def answers_sentence(content: ReportContent) -> str:
    """Return how many risks without therapy and how many answers about therapies were learnt."""
    if not content.answers:
        return "No named answer was asked for."
    states = [(a.effect.measure == UNTREATED, a.effect.learnt) for a in content.answers]
    risks = [state for untreated, state in states if untreated]
    therapies = [state for untreated, state in states if not untreated]
    made = []
    if risks:
        made.append(f"{_of(risks.count(LEARNT), len(risks), 'risk')} without therapy "
                    f"{_were(risks.count(LEARNT))} learnt.")  # fmt: skip
    if therapies:
        moved, narrow = therapies.count(LEARNT), therapies.count(NARROWED)
        rest = len(therapies) - moved - narrow
        made.append(
            f"Of {words.how_many(len(therapies), 'answer')} about therapies {moved or 'none'} "
            f"{_were(moved)} moved by data, {narrow or 'none'} {_were(narrow)} narrowed only, and "
            f"{rest or 'none'} {'repeats' if rest == 1 else 'repeat'} the prior."
        )
    return " ".join(made)


def _of(some: int, total: int, noun: str) -> str:
    counted = words.how_many(total, noun)
    return counted if some == total else f"{some or 'None'} of {counted}"


def _were(count: int) -> str:
    return "was" if count < 2 else "were"


def needed_sentence(content: ReportContent) -> str:
    """Return why most therapies have no number needed to treat, and how many have one."""
    found = [e for e in content.effects if e.measure == "absolute_risk_reduction"]
    if not found:
        return ""
    given = sum(words.has_needed(e.posterior, e.learnt) for e in found)
    return (
        "A number needed to treat, or to harm, is given only where an effect was learnt and its "
        "90 % interval leaves out no effect: elsewhere it would repeat the prior, or run through "
        f"infinity. Here {words.whole(given) if given else 'none'} of "
        f"{words.how_many(len(found), 'absolute risk reduction')} "
        f"{'has' if given < 2 else 'have'} one."
    )


def conflict_sentences(content: ReportContent) -> list[str]:
    """Return which learnt answers the prior pulls on too: prior and data may disagree there."""
    found = content.ground.foundations if content.ground else ()
    torn = [
        f for f in found
        if f.effect.learnt == LEARNT and (f.prior_power or 0.0) > MATTERS
        and (f.data_power or 0.0) > MATTERS
    ]  # fmt: skip
    if not torn:
        return []
    names = "; ".join(f"{f.name} {f.prior_power:.3f}" for f in torn)
    return [
        f"Prior and data may disagree about {words.how_many(len(torn), 'learnt answer')}: a little "
        "more weight on the prior moves them too (power scaling of the prior, above "
        f"{MATTERS:g} matters: {names})."
    ]


def compared_lines(content: ReportContent, answer: Answer) -> list[tuple[str, str]]:
    """Return what other mechanisms and left-out studies make of an answer: label and text.

    A study is named only where the answer rests on it: without it the median moves by more than
    the width of the 90 % interval.
    """
    found = content.compared
    asked = (answer.name, answer.effect.measure)
    same = [a for a in (found.answers if found else ()) if (a.name, a.effect.measure) == asked]
    if not same:
        return []
    mine, made = same[0], []
    average = mine.span("by_prior")
    if average is not None:
        shown = words.shown_text(average, answer.effect.measure)
        made.append((f"averaged over {len(mine.of('variant'))} mechanisms", shown))
    for fit in mine.of("left out"):
        if abs(fit.shift or 0.0) > 1.0:
            measure = answer.effect.measure
            unit = f" {words.measure(measure).unit}".replace(" ratio", "")
            median = words.shown(fit.span, measure)[0]
            made.append((f"rests on one study: without {fit.label}", f"{median}{unit}"))
    return made


def sentences(content: ReportContent) -> list[str]:
    """Return the standard sentences, then those the content adds."""
    standard = [answers_sentence(content), fit_sentence(content), score_sentence(content)]
    standard.append(evidence_sentence(content))
    made = [*standard, *conflict_sentences(content), *content.summary]
    return [typed(s, content) for s in made]
