"""Tables of the rows as published, and of credibility."""

from __future__ import annotations

from metinfer.report import words
from metinfer.report.content import ReportContent
from metinfer.report.tables import Table, flag, numeric, table, text


def tables(content: ReportContent) -> list[Table]:
    """Return both tables."""
    return [published(content), credibility(content)]


def published(content: ReportContent) -> Table:
    """Return every scored row as published."""
    columns = [
        text("Row", lambda r: r.row),
        text("Source and place", lambda r: r.source),
        text("Whom, when", lambda r: r.whom),
        text("Quantity", lambda r: r.quantity),
        text("As published", lambda r: r.published),
        numeric("n", lambda r: r.n, words.whole),
        text("Role", lambda r: r.role),
        text("Confidence in the reading", lambda r: r.confidence),
        text("What was assumed where the paper is silent", lambda r: r.note),
    ]
    return table("published", "Scored rows, as published", columns, content.published, wide=True)


def credibility(content: ReportContent) -> Table:
    """Return goal, evidence and gap of each factor of credibility."""
    words_of = {True: ("met", "good"), False: ("not met", "bad"), None: ("not shown here", "warn")}
    columns = [
        text("Factor", lambda c: c.factor),
        text("Goal", lambda c: c.goal),
        text("What this run shows", lambda c: c.evidence),
        flag("State", lambda c: words_of[c.met]),
        text("Gap", lambda c: c.gap),
    ]
    return table("credibility", "Credibility, factor by factor", columns, content.credibility,
                 full=True)  # fmt: skip
