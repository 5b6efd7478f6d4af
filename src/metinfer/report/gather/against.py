"""What speaks against the hypothesis: one line per study, findings without a number apart."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from metinfer.report.content import Against
from metinfer.report.gather import labels
from metinfer.report.gather.account import printed
from metinfer.report.gather.places import short

ORDER = ("fit", "check", "prior", "out")
TREATED = {"fit": "in the likelihood", "check": "predicted, never fitted",
           "prior": "widened a prior", "out": "not scored"}  # fmt: skip
#: Another number of people who are counted already.
TWICE = "twice"
#: Opens the author's list of findings that were published in words only.
WORDLESS = "Evidence against the hypothesis that has no number:"
RATIOS = ("hazard_ratio", "odds_ratio", "risk_ratio")
#: Parts of arm names as people write them.
NAMES = {"nk": "NK cells", "hbv": "hepatitis B", "ifng": "interferon-gamma", "cxcl12": "CXCL12",
         "timp1": "TIMP-1", "nash": "steatohepatitis", "vs": "against", "cxcr4": "CXCR4",
         "yesno": "", "mpo": "myeloperoxidase", "gcsf": "G-CSF", "hgf": "HGF",
         "cxcl8": "CXCL8"}  # fmt: skip


def against(evidence: Any) -> tuple[Against, ...]:
    """Return one line per study with a row marked as speaking against; scored ones first."""
    arms = {a.arm: a for a in evidence.arms}
    citations = {s.study: s.citation for s in evidence.studies}
    studies: dict[str, list[Any]] = {}
    for row in evidence.measurements:
        if getattr(row, "against", "") == "yes":
            studies.setdefault(row.study, []).append(row)
    made = [_line(rows, arms, citations.get(study, study)) for study, rows in studies.items()]
    return tuple(sorted(made, key=lambda a: ORDER.index(a.role)))


def _line(rows: Sequence[Any], arms: Mapping[str, Any], citation: str) -> Against:
    ranked = sorted(rows, key=lambda r: ORDER.index(r.role))
    shown = [r for r in ranked if _reason(r)[0] != TWICE] or ranked[:1]
    role = shown[0].role
    reasons = dict.fromkeys(_reason(r)[1] for r in shown if r.role == role)
    more = len(rows) - len(shown)
    others = f" ({more} more of the same people)" if more else ""
    return Against(
        finding=_findings(shown, arms),
        source=short(citation),
        role=role,
        treatment="; ".join([TREATED[role], *(r for r in reasons if r)]),
        rows=", ".join(r.row for r in shown) + others,
        group="; ".join(dict.fromkeys(_group(arms.get(r.arm)) for r in shown)),
        locator=citation,
    )


def _reason(row: Any) -> tuple[str, str]:
    """The kind of reason of a row left out, and the reason itself."""
    kind, _, why = str(row.reason or "").partition(":")
    return (kind, why.strip()) if row.role == "out" else ("", str(row.reason or ""))


def _group(arm: Any) -> str:
    return (arm.population or "").partition(";")[0] if arm else ""


def _findings(rows: Sequence[Any], arms: Mapping[str, Any]) -> str:
    """Each exposure once, with its numbers, their intervals and directions."""
    made: dict[str, list[str]] = {}
    for row in rows:
        found = made.setdefault(exposure(row, arms.get(row.arm)), [])
        found.append(f"{_number(row)}{direction(row)}")
    return "; ".join(": ".join(p for p in (what, "; ".join(n)) if p) for what, n in made.items())


def exposure(row: Any, arm: Any) -> str:
    """Return what was different, from the words of the arm, or else from its name."""
    per = re.search(r"per-(\w+)-doubling", row.row)
    if per:
        return f"per doubling of {NAMES.get(per[1], per[1])}"
    said = (arm.population or "").partition(";")[2].strip() if arm else ""
    if said:
        return said
    name = row.arm.removeprefix(row.study).strip("-_")
    words = [NAMES.get(w, w) for w in re.split(r"[-_]", name) if not w.isdigit()]
    return " ".join(w for w in words if w)


def _number(row: Any) -> str:
    name = row.statistic.replace("_", " ")
    if row.statistic == "proportion" and row.value is not None and not row.n:
        return f"{row.endpoint} {100 * row.value:.3g} %, group size not given"
    what = str(row.estimand or row.endpoint)
    if row.statistic in ("ordered", "bound"):
        return f"{labels.quantity(row)[0].removesuffix(', as stated')}, printed in words only"
    value = printed(row).removeprefix(name).strip()
    if name not in what:
        said = name in row.endpoint or row.endpoint.startswith("fold change")
        what = row.endpoint if said else f"{row.endpoint}, {name}"
    return f"{' '.join(NAMES.get(w, w) for w in what.split())} {value}"


def direction(row: Any) -> str:
    """Return which way a ratio points: below 1 is protective, an interval over 1 is not clear."""
    if row.value is None or row.statistic not in (*RATIOS, "ratio"):
        return ""
    if row.low is not None and row.high is not None and row.low <= 1.0 <= row.high:
        return " (no clear difference)"
    if row.statistic == "ratio":
        return " (lower)" if row.value < 1.0 else " (higher)"
    return " (protective)" if row.value < 1.0 else " (harmful)"


def wordless(limits: Iterable[Any]) -> tuple[str, ...]:
    """Return the findings of the author's limits that were published without a number.

    Parameters
    ----------
    limits
        Texts; the one that opens with `WORDLESS` lists them, separated by semicolons.
    """
    made = []
    for text in map(str, limits):
        if text.startswith(WORDLESS):
            made += [p.strip().rstrip(".") for p in text.removeprefix(WORDLESS).split(";")]
    return tuple(p[0].upper() + p[1:] for p in made if p)
