"""The plain-word summary: sentences made from the content, for a reader without statistics."""

from __future__ import annotations

from metinfer.report import words
from metinfer.report.content import Answer, Coverage, Effect, ReportContent

#: Measures that hold the baseline risk and the effect of the therapy (therapy.records.EFFECTS).
BASELINE_AND_EFFECT = ("risk", "absolute_risk_reduction", "rmst_gain")
ASSUMED_ABOVE = 0.8
#: Two-sided predictive tail probability below which a row is named.
EXTREME = 0.05
#: What the score of the rows that were never fitted means.
SCORED = {
    "as expected": ": what chance allows.",
    "too narrow": ": fewer than chance allows, so there the model is wrong or too sure.",
    "wider than needed": ": more than chance allows, so there the intervals are too wide.",
}
#: Parts of the model whose therapies are asked about: too little evidence is said plainly.
NAMED_PARTS = ("NK", "IL-15", "interferon-gamma", "CXCL12", "TIMP-1")


def answer_sentence(answer: Answer) -> str:
    """Return one sentence: what the therapy would do, how sure, and whether that was learnt."""
    effect = answer.effect
    if effect.measure in ("risk", "risk_untreated"):
        return f"In {effect.population}, {_risk(effect)}. {learnt_sentence(effect)}"
    opening = f"In {effect.population}, {effect.therapy} {_would(effect)}"
    return f"{opening}. {learnt_sentence(effect)}"


def _risk(effect: Effect) -> str:
    median, _, wide = words.shown(effect.posterior, effect.measure)
    who = "without therapy" if effect.measure == "risk_untreated" else f"under {effect.therapy}"
    return (
        f"the risk of metastasis within {words.years(effect.horizon)} {who} is {median} % "
        f"(90 % interval {wide})"
    )


def _would(effect: Effect) -> str:
    measure = words.measure(effect.measure)
    median, _, wide = words.shown(effect.posterior, effect.measure)
    horizon = words.years(effect.horizon)
    if effect.measure == "absolute_risk_reduction":
        verb = "raise" if effect.posterior.median < 0 else "lower"
        size = median.lstrip(words.MINUS)
        return (
            f"would {verb} the risk of metastasis within {horizon} by {size} percentage points "
            f"(90 % interval of the reduction: {wide}){_crosses(effect)}"
        )
    if effect.measure == "risk_ratio":
        return (
            f"would multiply the risk of metastasis within {horizon} by {median} "
            f"(90 % interval {wide}){_crosses(effect)}"
        )
    if effect.measure == "rmst_gain":
        return (
            f"would change the event-free time within {horizon} by {median} {measure.unit} "
            f"(90 % interval {wide}){_crosses(effect)}"
        )
    return f"gives a {measure.label} of {median} {measure.unit} (90 % interval {wide})"


def _crosses(effect: Effect) -> str:
    """Say whether no effect, and whether harm that matters, lie inside the 90 % interval."""
    how = words.measure(effect.measure)
    if how.no_effect is None:
        return ""
    span = words.scale(effect.posterior, how.factor)
    sign = -1.0 if how.harm > how.no_effect else 1.0  # a ratio harms above 1
    worst = min(sign * span.lo90, sign * span.hi90)
    if worst < sign * how.harm:
        return "; no effect and harm are both still possible"
    gap = abs(how.harm - how.no_effect)
    if worst < sign * how.no_effect + gap:
        return "; an effect too small to matter is still possible"
    return ""


def only_narrowed(effect: Effect) -> bool:
    """Return whether the data shortened a learnt interval without moving its centre.

    True where the posterior median lies inside the prior's 50 % interval; a risk without therapy
    is measured directly, so its interval is taken at face value.
    """
    prior = effect.prior
    if prior is None or words.is_assumed(effect.learnt) or effect.measure == "risk_untreated":
        return False
    return prior.lo50 <= effect.posterior.median <= prior.hi50


def _moved(effect: Effect, before: str) -> str:
    """Return whether the data moved a learnt answer or only narrowed it, and by what rows."""
    if not only_narrowed(effect):
        return f"The data moved this: before them the model said {before}."
    why = ""
    if effect.applicability.startswith("prior only"):
        why = (
            " No fitted row gives this therapy: what was ruled out is what does not go with"
            " untreated disease."
        )
    return (
        "The data narrowed this and did not move its centre: before them the model said "
        f"{before}.{why}"
    )


def learnt_sentence(effect: Effect) -> str:
    """Return what the model said before any data, and what that makes of the answer."""
    if effect.prior is None:
        return "What the model said before the data was not computed, so trust cannot be judged."
    before = words.shown_text(effect.prior, effect.measure)
    if not words.is_assumed(effect.learnt):
        return _moved(effect, before)
    if effect.overlap is None or effect.overlap > ASSUMED_ABOVE:
        return f"This is assumed, not learnt: before any data the model already said {before}."
    if effect.measure in BASELINE_AND_EFFECT:
        return (
            "This is assumed, not learnt: the data taught the risk without therapy, but what the "
            "therapy changes of it comes from the prior alone. Before any data the model said "
            f"{before}."
        )
    return (
        "This counts as assumed, not learnt: with so few draws the difference from the prior, "
        f"{before}, may be chance."
    )


def evidence_sentence(content: ReportContent) -> str:
    """Return how many table rows were used, from how many studies, and how many were left out."""
    total = sum(r.rows for r in content.roles)
    if not total:
        return "The rows used were not recorded."
    by_role = {role: _rows(content, role) for role in ("fit", "check", "prior", "out")}
    return (
        f"Of {words.whole(total)} published rows, {words.whole(by_role['fit'])} were fitted, "
        f"{words.whole(by_role['check'])} were predicted but not fitted, "
        f"{words.whole(by_role['prior'])} informed a prior and "
        f"{words.whole(by_role['out'])} were left out, each for a stated reason."
    )


def _rows(content: ReportContent, role: str) -> int:
    return sum(r.rows for r in content.roles if r.role == role)


def fit_sentence(content: ReportContent) -> str:
    """Return how many published values lie inside their 90 % predictive interval."""
    items = [r for r in content.rows if r.role == "fit"]
    items += [i for i in content.intervals if i.role == "fit"]  # type: ignore[misc]
    if not items:
        return "The fit per row was not computed."
    inside = sum(i.inside for i in items)
    return (
        f"{inside} of {len(items)} fitted rows and follow-up intervals lie inside their 90 % "
        f"predictive interval ({words.share(inside / len(items))}; about 90 % are expected)."
    )


def score_sentence(content: ReportContent) -> str:
    """Return how many values that were never fitted lie inside their intervals."""
    found = next((s for s in content.scores if s.role == "check"), None)
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
    """Return how many answers the data taught and how many only repeat the prior."""
    if not content.answers:
        return "No named answer was asked for."
    assumed = sum(words.is_assumed(a.effect.learnt) for a in content.answers)
    total = len(content.answers)
    if assumed == total:
        return f"None of the {total} named answers was learnt from the data: all repeat the prior."
    if not assumed:
        return f"All {total} named answers were learnt from the data."
    return f"{total - assumed} of {total} named answers were learnt; {assumed} repeat the prior."


def sentences(content: ReportContent) -> list[str]:
    """Return the standard sentences, then those the content adds."""
    standard = [answers_sentence(content), fit_sentence(content), score_sentence(content)]
    standard.append(evidence_sentence(content))
    return [*standard, *content.summary]
