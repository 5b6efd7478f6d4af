"""The plain-word summary: sentences made from the content, for a reader without statistics."""

from __future__ import annotations

from metinfer.report import words
from metinfer.report.content import Answer, Effect, ReportContent


def answer_sentence(answer: Answer) -> str:
    """Return one sentence: what the therapy would do, how sure, and whether that was learnt."""
    effect = answer.effect
    if effect.measure in ("risk", "risk_untreated"):
        return f"In {effect.population}, {_risk(effect)}. {learnt_sentence(effect)}"
    opening = f"In {effect.population}, {effect.therapy} {_would(effect)}"
    return f"{opening}. {learnt_sentence(effect)}"


def _risk(effect: Effect) -> str:
    measure = words.measure(effect.measure)
    median, _, wide = words.span_parts(words.scale(effect.posterior, measure.factor))
    who = "without therapy" if effect.measure == "risk_untreated" else f"under {effect.therapy}"
    return (
        f"the risk of metastasis within {words.years(effect.horizon)} {who} is {median} % "
        f"(90 % interval {wide})"
    )


def _would(effect: Effect) -> str:
    measure = words.measure(effect.measure)
    median, _, wide = words.span_parts(words.scale(effect.posterior, measure.factor))
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
            f"would change the event-free time within {horizon} by {median} years "
            f"(90 % interval {wide}){_crosses(effect)}"
        )
    return f"gives a {measure.label} of {median} {measure.unit} (90 % interval {wide})"


def _crosses(effect: Effect) -> str:
    none = words.measure(effect.measure).no_effect
    if none is not None and effect.posterior.lo90 <= none <= effect.posterior.hi90:
        return "; no effect and harm are both still possible"
    return ""


def learnt_sentence(effect: Effect) -> str:
    """Return what the model said before any data, and what that makes of the answer."""
    if effect.prior is None:
        return "What the model said before the data was not computed, so trust cannot be judged."
    factor = words.measure(effect.measure).factor
    before = words.span_text(words.scale(effect.prior, factor))
    if words.is_assumed(effect.learnt):
        return f"This is assumed, not learnt: before any data the model already said {before}."
    return f"The data moved this: before them the model said {before}."


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
    standard = [answers_sentence(content), fit_sentence(content), evidence_sentence(content)]
    return [*standard, *content.summary]
