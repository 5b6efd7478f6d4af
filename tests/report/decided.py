"""Made-up decisions: every part of section 12 once for regimens and once for clamps."""

from __future__ import annotations

from metinfer.report.content import ASSUMED, Effect, Span
from metinfer.report.contents_decisions import (
    After,
    Candidate,
    Course,
    Decisions,
    Narrowing,
    Rank,
    Setting,
    Share,
    SplitBar,
    Who,
)

KINDS = ("regimen", "clamp")


def _span(middle: float, wide: float = 0.2) -> Span:
    return Span(middle, middle - wide / 2, middle + wide / 2, middle - wide, middle + wide)


def _setting(question: str, kind: str, measure: str, value: float | None) -> Setting:
    effect = Effect(
        f"made-up {kind}", kind, "made-up people", measure, 10.0, _span(0.7), _span(0.8),
        _span(0.75), 0.9, ASSUMED, "prior only",
    )  # fmt: skip
    return Setting(question, effect, value, "" if value is None else f"{value:g} years")


def made_up() -> Decisions:
    """Every part once for regimens and once for clamps."""
    varied = [
        _setting(q, kind, "risk_ratio", year)
        for q in ("window", "duration") for kind in KINDS for year in (0.1, 1.0, 5.0)
    ]  # fmt: skip
    varied += [_setting("dose", "regimen", "absolute_risk_reduction", f) for f in (0.1, 1.0, 10.0)]
    varied += [_setting("lasting", kind, "lasting_share", None) for kind in KINDS]
    years = tuple(float(t) for t in range(11))
    bands = {s: tuple(_span(0.8) for _ in years) for s in ("prior", "posterior")}
    narrow = (Narrowing("made-up answer", 0.3, 0.02, 0.6, ASSUMED, 400.0),)
    return Decisions(
        settings=tuple(varied),
        splits=tuple(SplitBar(f"made-up {k}", k, "made-up people", 3.0, 1.0, -0.5, _span(3.5))
                     for k in KINDS),
        after=tuple(After(f"made-up {k}", k, "made-up people", 1.0, years, bands) for k in KINDS),
        shares=(Share("made-up answer", 500, 0.2, {"parameter": 0.4, "sampling": 0.6}),),
        candidates=tuple(
            Candidate(f"c-{k}", f"experiment with a {k}", k, "mice", "share with metastasis",
                      "43 days", 10, _span(0.8), _span(0.5), ((5, 0.2), (10, 0.4)), "prior only",
                      narrow)
            for k in KINDS
        ),
        ranks=tuple(Rank("made-up people", 10.0, k, f"made-up {k}", (0.7, 0.3)) for k in KINDS),
        unranked=(("other people", "clamp", "5 years"),),
        who=(Who("made-up people", "liver", "1990", "none", "adults", "no table", "nobody",
                 "without competing death"),),
        courses=tuple(Course(f"made-up {k}", k, "why") for k in KINDS),
        computed=True,
    )  # fmt: skip
