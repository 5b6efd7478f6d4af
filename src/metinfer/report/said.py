"""Each named answer in words: what the model says, for whom, how sure, and who taught it."""

from __future__ import annotations

from metinfer.report import words
from metinfer.report.content import LEARNT, NARROWED, Answer, Effect

#: Reasons of a verdict (metinfer.inference.learnt, metinfer.therapy.verdicts) -> words.
WIDER = "became wider"
FEW = "simulation error"
UNTREATED = "taught the risk without therapy"
CAPPED = "counts as no more"
NOTHING = "no effect"


def answer_sentence(answer: Answer) -> str:
    """Return one sentence: what the therapy would do, how sure, and whether that was learnt."""
    effect = answer.effect
    if effect.measure in ("risk", "risk_untreated"):
        return f"In {effect.population}, {_risk(effect)}. {learnt_sentence(effect)}"
    opening = f"In the model, {effect.therapy}{words.started(effect)}, {_would(effect)}"
    return f"{opening} in {effect.population}{_crosses(effect)}. {learnt_sentence(effect)}"


def _event(effect: Effect) -> str:
    return words.event(effect.endpoint, effect.species)


def _beside(effect: Effect) -> str:
    """Within how long, from when, and what is left out."""
    told = words.since(effect)
    return f"within {words.years(effect.horizon)}{f' ({told})' if told else ''}"


def _risk(effect: Effect) -> str:
    median, _, wide = words.shown(effect.posterior, effect.measure)
    who = "without therapy" if effect.measure == "risk_untreated" else f"under {effect.therapy}"
    return (
        f"the risk of {_event(effect)} {_beside(effect)} {who} is {median} % (90 % interval {wide})"
    )


def _would(effect: Effect) -> str:
    measure = words.measure(effect.measure)
    median, _, wide = words.shown(effect.posterior, effect.measure)
    risk = f"the risk of {_event(effect)} {_beside(effect)}"
    if effect.measure == "absolute_risk_reduction":
        verb = "raise" if effect.posterior.median < 0 else "lower"
        size = median.lstrip(words.MINUS)
        return (
            f"would {verb} {risk} by {size} percentage points "
            f"(90 % interval of the reduction: {wide})"
        )
    if effect.measure == "risk_ratio":
        none = words.fixed(measure.no_effect or 1.0, measure.decimals)
        verb = f"leave {risk} unchanged" if median == none else f"multiply {risk} by {median}"
        return f"would {verb} (90 % interval of the risk ratio: {wide})"
    if effect.measure == "rmst_gain":
        return (
            f"would change the time free of {_event(effect)} {_beside(effect)} by {median} "
            f"{measure.unit} (90 % interval {wide})"
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
        return "; no effect is still possible"
    return ""


def learnt_sentence(effect: Effect) -> str:
    """Return what the model said before any data, and what that makes of the answer."""
    if effect.prior is None:
        return "What the model said before the data was not computed, so trust cannot be judged."
    before = words.shown_text(effect.prior, effect.measure)
    if effect.learnt == LEARNT:
        return f"Learnt: before any data the model said {before}."
    if effect.learnt == NARROWED:
        return _narrowed(effect, before)
    return _assumed(effect, before)


def _narrowed(effect: Effect, before: str) -> str:
    """Return why a shorter interval about the same centre is no evidence of an effect."""
    if effect.applicability.startswith("prior only"):
        why = (
            "No fitted study tested this therapy. The interval shrank because untreated relapse "
            "curves rule out some parameter values; this is not evidence that it works."
        )
    else:
        why = "The data ruled out extreme values and left the centre where it was assumed."
    return f"Narrowed only: before any data the model said {before}. {why}"


def _assumed(effect: Effect, before: str) -> str:
    if effect.why.startswith(NOTHING):
        return f"Assumed, not learnt: no effect in this model before ({before}) or after the data."
    if WIDER in effect.why:
        return f"Assumed, not learnt: the data left it less certain than it was before, {before}."
    if UNTREATED in effect.why:
        return (
            "Assumed, not learnt: the data taught the risk without therapy, but what the therapy "
            f"changes of it comes from the prior alone. Before any data the model said {before}."
        )
    if FEW in effect.why:
        return (
            f"Assumed, not learnt: before any data the model said {before}, and given the "
            "simulation error of their ends the two intervals may overlap by more than 80 %."
        )
    return f"Assumed, not learnt: before any data the model already said {before}."
