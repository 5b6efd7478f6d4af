"""Tables of a calibration: how often intervals held the truth, and every quantity outside."""

from __future__ import annotations

from typing import Any

from metinfer.report import words
from metinfer.report.contents_calibrate import Calibrated, Ranked
from metinfer.report.tables import Table, flag, numeric, table, text


def tables(found: Calibrated | None) -> list[Table]:
    """Return every table of the calibration; empty ones where there is none."""
    kinds = found.kinds if found else ()
    answers = [q for k in kinds for q in k.quantities if q.group == "answer"]
    main = [q for k in kinds for q in k.quantities if q.group == "main"]
    outside = [q for k in kinds for q in k.outside]
    failed = [(k.name, *f) for k in kinds for f in k.failed]
    return [
        _ranks("coverage-answers", "How often intervals of the named answers held the truth",
               answers, True),
        _ranks("coverage-parameters", "The same for the parameters that the answers hang on",
               main, False),
        _ranks("ranks-outside", "Every quantity outside the 95 % band", outside, False),
        table("failed-fits", "Simulated fits that failed", [
            text("Truth from", lambda f: f[0]), text("Fit", lambda f: f[1]),
            text("Reason", lambda f: f[2]),
        ], failed),
    ]  # fmt: skip


def _ranks(name: str, caption: str, items: list[Ranked], judged: bool) -> Table:
    verdict = [flag("Verdict, jointly at 99 %", _verdict)] if judged else []
    columns = [
        text("Quantity", lambda q: q.label),
        text("Truth from", lambda q: q.kind),
        *verdict,
        numeric("Fits", lambda q: q.fits, words.whole),
        numeric("p of the ranks", lambda q: q.p, lambda v: words.number(v, 2)),
        _share(0), _share(1),
        text("Limits of the 90 % interval", lambda q: _limits(q, 1)),
        numeric("Effective draws of 99", lambda q: q.effective, words.whole),
        text("Comment", lambda q: q.comment),
    ]  # fmt: skip
    return table(name, caption, columns, items, wide=True, full=judged)


def _verdict(item: Ranked) -> tuple[str, str]:
    return ("holds", "good") if item.holds else ("does not hold", "bad")


def _share(at: int) -> Any:
    return numeric(
        f"Truth in the {(50, 90)[at]} % interval", lambda q: q.coverage[at].share, words.share
    )


def _limits(item: Ranked, at: int) -> str:
    found = item.coverage[at]
    return f"{words.share(found.low)} to {words.share(found.high)}"
