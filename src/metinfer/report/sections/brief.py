"""The brief: one A4 page."""

from __future__ import annotations

from typing import Any

from metinfer.report import phrases
from metinfer.report.context import Context
from metinfer.report.numbers import share
from metinfer.report.sections import change, flow
from metinfer.report.sections.fund import candidates, rule
from metinfer.summaries.quality import Light, State

#: Entries of each list.
EXPERIMENTS, FINDINGS = 2, 2


def view(page: Context) -> dict[str, Any]:
    """Experiments with stop/go, doubts, counter-findings, what would change our mind, flow."""
    found = candidates(page)
    against = change.findings(page, ("fit", "check"))
    first = next(iter(page.ratios), None)
    best = change.view(page)["answers"][:1] if first is not None else []
    return {
        "experiments": [f"{c.what(page)}; {rule(c)}" for c in found[:EXPERIMENTS]],
        "doubts": doubts(page), "against": against[:FINDINGS],
        "flip": f"{best[0]['name']}. {best[0]['flip']}" if best else "",
        "flow": flow.line(page), "digest": page.found.facts["digest"],
        "created": page.found.facts["created"][:10],
    }  # fmt: skip


def doubts(page: Context) -> list[str]:
    """Three reasons for uncertainty, from the ledger, the held-out rows and untested checks."""
    made = []
    if page.treated:
        part, state = page.weakest(page.treated[0].key)
        made.append(f"{page.name(page.treated[0].key)}: {phrases.PARTS[part]} is "
                    f"{phrases.STATES[state]}.")  # fmt: skip
    held = [s for s in page.rows(page.found.scores) if s.role == "check" and not s.stream]
    if held:
        one = held[0]
        made.append(f"{one.inside90} of {one.items} held-out rows lie inside their 90 % interval "
                    f"({share(one.inside90 / one.items)}).")  # fmt: skip
    open_checks = [phrases.LIGHTS[k].lower() for k, v in page.found.lights.items()
                   if v in (State.NOT_RUN, State.STALE) and k is not Light.HELD_OUT]  # fmt: skip
    if open_checks:
        made.append(f"Not tested: {phrases.together(open_checks)}.")
    return made
