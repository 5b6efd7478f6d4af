"""Section 10: limits, and domains as in GRADE, without a rating."""

from __future__ import annotations

from typing import Any

from metinfer.report import phrases
from metinfer.report.context import Context
from metinfer.report.numbers import share
from metinfer.summaries.ledger import LedgerState

NOT_FOR = (
    "treatment, dosing or counselling of individual patients",
    "untested doses, synergy, or survival",
    "absolute gains for today's patients: the cohorts are historical",
    "ranking of agents by NK-cell counts",
)


def view(page: Context) -> dict[str, Any]:
    """Limits of the authors and of the program, and one line per domain."""
    found = page.found
    return {
        "domains": domains(page), "not_for": NOT_FOR, "limits": found.texts["limits"],
        "fields": [(phrases.TEXTS[k], found.texts[k]) for k in (
            "question", "decision", "context_of_use", "influence", "consequence")],
        "gaps": [phrases.TEXTS[k] for k in ("question", "decision", "context_of_use", "influence",
                                            "consequence", "limits") if not found.texts[k]],
    }  # fmt: skip


def domains(page: Context) -> list[tuple[str, str]]:
    """What the run shows for each domain of GRADE, in numbers; no rating is given."""
    rows = page.rows(page.found.published)
    mice = sum(r.species == "mouse" for r in rows)
    sure = sum(r.confidence == "high" for r in rows)
    dosed = _dosed(page)
    held = [r for r in page.rows(page.found.rows) if r.role == "check"]
    misses = sum(not r.inside90 for r in held)
    assumed = sum(page.weakest(a.key)[1] is LedgerState.ASSUMED for a in page.treated)
    wide = sum(a.posterior.lo90 < 1 < a.posterior.hi90 for a in page.ratios)
    return [
        ("Risk of bias", f"{sure} of {len(rows)} scored rows were read with high confidence; "
                         "observational ratios carry an estimated bias."),
        ("Inconsistency", f"{misses} of {len(held)} held-out rows lie outside their 90 % "
                          "predictive interval."),
        ("Indirectness", f"{mice} of {len(rows)} scored rows are of mice; {dosed} fitted rows give "
                         "a drug to people."),
        ("Imprecision", f"{wide} of {len(page.ratios)} risk ratios have a 90 % interval that "
                        "includes 1; the others are bounded by assumption or data as stated."),
        ("Publication bias", "not assessed: rows come from published tables only."),
        ("Dependence on priors", f"{assumed} of {len(page.treated)} answers about therapies rest "
                                 f"on a part that is {phrases.STATES[LedgerState.ASSUMED]} "
                                 f"({share(assumed / max(len(page.treated), 1))})."),
    ]  # fmt: skip


def _dosed(page: Context) -> int:
    evidence = page.found.evidence
    if evidence is None:
        return 0
    human = {a.arm for a in evidence.arms if a.species == "human"}
    dosed = {d.arm for d in evidence.doses} & human
    return sum(r.role == "fit" and r.arm in dosed for r in evidence.measurements)
