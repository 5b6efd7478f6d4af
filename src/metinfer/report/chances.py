"""Columns of the therapy tables that count people and chances, and when they say nothing."""

from __future__ import annotations

from metinfer.report import words
from metinfer.report.content import Effect
from metinfer.report.tables import Column, chance, text

#: From this probability before any data on, the model allows one direction only.
SURE = 0.99


def past(measure: str, margin: float | None) -> str:
    """What passing a margin means: "that the ratio is below 0.80"."""
    how = words.measure(measure)
    limit = words.fixed((margin or 0.0) * how.factor, how.decimals)
    if how.unit == "ratio":
        return f"that the ratio is below {limit}"
    return f"that it is above {limit} {how.unit}"


def chances(kind: str) -> list[Column]:
    """Return the columns of how probable a benefit or, of adverse events, a harm is.

    Chances of a benefit that was assumed are the prior's own and not shown; those of a harm are.
    """
    if kind == "adverse":
        return [chance("Chance of any harm", lambda e: (e.harm, e.harm_prior), note=_sign)]
    return [
        chance("Chance of any benefit", lambda e: (e.benefit, e.benefit_prior), note=_sign,
               withheld=assumed),
        chance("Chance beyond the margin", lambda e: (e.beyond, e.beyond_prior), _beyond,
               withheld=assumed),
    ]  # fmt: skip


def assumed(effect: Effect) -> str:
    """Why a chance is not shown, if it is not."""
    return "not shown: assumed" if words.is_assumed(effect.learnt) else ""


def _sign(before: float) -> str:
    """Say where the data had nothing to decide: the model allows one direction only."""
    return " (the model fixes the sign)" if before > SURE else ""


def _beyond(effect: Effect, value: float) -> str:
    return f"{words.share(value)} {past(effect.measure, effect.margin)}"


def needed(kind: str) -> Column:
    """Return the column of numbers needed to treat, or, of adverse events, to harm."""
    what = "harm" if kind == "adverse" else "treat"
    return text(f"Number needed to {what}", _needed)


def _needed(effect: Effect) -> str:
    if effect.measure != "absolute_risk_reduction":
        return ""
    return words.needed_to_treat(effect.posterior, effect.learnt)
