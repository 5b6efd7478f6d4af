"""Section 3: flow of the evidence, from rows gathered to rows fitted."""

from __future__ import annotations

from typing import Any

from metinfer.report import phrases
from metinfer.report.context import Context
from metinfer.report.numbers import whole


def view(page: Context) -> dict[str, Any]:
    """Counts of published rows and follow-up intervals by role, those left out by reason."""
    rows = page.rows(page.found.roles)

    def count(role: str, table: str = "measurements", kind: str | None = None) -> int:
        return sum(r.rows for r in rows if r.table == table and role in ("", r.role)
                   and kind in (None, r.kind))  # fmt: skip

    kinds = dict.fromkeys(r.kind for r in rows if r.role == "out")
    out = sorted(((count("out", kind=k), phrases.of(phrases.OUT, k or "no reason given"))
                  for k in kinds), reverse=True)  # fmt: skip
    evidence = page.found.evidence
    return {
        "gathered": whole(count("")), "intervals": whole(count("", "intervals")),
        "studies": phrases.counted(len(evidence.studies), "source") if evidence is not None
        else "",
        "out": [(whole(n), words) for n, words in out if n], "out_total": whole(count("out")),
        "fit": whole(count("fit")), "fit_intervals": whole(count("fit", "intervals")),
        "check": whole(count("check")), "check_intervals": count("check", "intervals"),
        "prior": whole(count("prior")), "line": line(page),
        "double": page.found.double_use,
    }  # fmt: skip


def line(page: Context) -> str:
    """The flow in one line."""
    rows = page.rows(page.found.roles)
    total = {role: sum(r.rows for r in rows if r.table == "measurements" and r.role == role)
             for role in ("fit", "check", "prior", "out")}  # fmt: skip
    lines = sum(r.rows for r in rows if r.table == "intervals" and r.role == "fit")
    return (
        f"{whole(sum(total.values()))} published rows gathered; {whole(total['out'])} left out, "
        f"{whole(total['prior'])} used for priors, {whole(total['check'])} held out, "
        f"{whole(total['fit'])} fitted together with {whole(lines)} follow-up intervals."
    )
