"""Section 2: the mechanism, coloured by what was learnt."""

from __future__ import annotations

import math
from typing import Any

from metinfer.report import phrases
from metinfer.report.context import Context
from metinfer.report.geometry import ARROWS, FLOW, NODES
from metinfer.report.numbers import GAP, fixed, interval, share
from metinfer.summaries.evidence import PARTS
from metinfer.summaries.unknowns import ARROWS as PARAMETERS

#: Units of the view box per unit of the board, and the height of the board.
SCALE, TALL = 90.0, 6.7
#: Widths of the thinnest and the thickest arrow.
THIN, THICK = 1.5, 9.0


def view(page: Context) -> dict[str, Any]:
    """Boxes, arrows and what stands behind each arrow."""
    known = {k.key: k for k in page.rows(page.found.links)}
    return {
        "boxes": [_box(n) for n in NODES.values()],
        "arrows": [_arrow(key, known.get(key)) for key in ARROWS],
        "flow": [_flow(*pair) for pair in FLOW],
        "links": [_link(page, k) for k in known.values()],
    }


def _xy(x: float, y: float) -> tuple[float, float]:
    return SCALE * x, SCALE * (TALL - y)


def _box(node: Any) -> dict[str, Any]:
    x, y = _xy(node.x, node.y)
    return {"x": x - 74, "y": y - 31, "cx": x, "cy": y, "lines": node.label.split("\n"),
            "colour": node.colour}  # fmt: skip


def _flow(start: str, end: str) -> dict[str, float]:
    (x1, y1), (x2, y2) = (_xy(NODES[n].x, NODES[n].y) for n in (start, end))
    return {"x1": x1 + 76, "y1": y1, "x2": x2 - 84, "y2": y2}


def _arrow(key: str, link: Any) -> dict[str, Any]:
    arrow = ARROWS[key]
    (x1, y1), (x2, y2) = (_xy(*p) for p in (arrow.start, arrow.end))
    lx, ly = 0.5 * (x1 + x2), 0.5 * (y1 + y2) + 5
    made = {"key": key, "x1": x1, "y1": y1, "x2": x2, "y2": y2, "lx": lx, "ly": ly,
            "holds": arrow.holds, "state": "", "width": THIN,
            "words": [], "label": phrases.LINKS[key][0]}  # fmt: skip
    if link is None:
        return made
    made |= {"state": link.state.value, "width": _width(link),
             "words": _words(link),
             "label": f"{phrases.LINKS[key][0]}: {_strength(link)}; "
                      f"{phrases.STATES[link.state]}"}  # fmt: skip
    return made


def _width(link: Any) -> float:
    """Width of an arrow: the size of its median effect, on a log scale."""
    value = link.posterior.median
    size = abs(math.log(max(value, 1e-6))) if link.unit == "fold" else value / 2.0
    return round(THIN + (THICK - THIN) * min(size / 1.5, 1.0), 1)


def _words(link: Any) -> list[str]:
    median = link.posterior.median
    return [f"\u00d7 {fixed(median, 2)}" if link.unit == "fold" else f"{fixed(median, 1)} % a year"]


def _strength(link: Any) -> str:
    change = phrases.LINKS[link.key][1]
    if link.unit == "fold":
        return f"{change} \u00d7 {interval(link.posterior, 2, 2)}"
    return f"{change}: {interval(link.posterior, 2)} % a year"


def _link(page: Context, link: Any) -> dict[str, Any]:
    parts = PARAMETERS[link.parameter].parts
    absent = ""
    if link.absent_posterior is not None:
        absent = f"{share(link.absent_posterior)} (before any data {share(link.absent_prior)})"
    return {
        "key": link.key, "name": phrases.LINKS[link.key][0], "state": link.state.value,
        "words": phrases.STATES[link.state], "change": phrases.LINKS[link.key][1],
        "prior": _span(link, link.prior), "posterior": _span(link, link.posterior),
        "absent": absent, "studies": _studies(page, parts),
        "rows": f"{link.rows_people} in people, {link.rows_animals} in animals",
    }  # fmt: skip


def _span(link: Any, span: Any) -> str:
    if span is None:
        return GAP
    return (
        f"\u00d7 {interval(span, 2, 2)}" if link.unit == "fold" else f"{interval(span, 2)} % a year"
    )


def _studies(page: Context, parts: tuple[str, ...]) -> str:
    """Studies with a fitted row that perturbs a link."""
    evidence = page.found.evidence
    if evidence is None:
        return ""
    arms = {a.arm: a for a in evidence.arms}
    names = dict.fromkeys(
        r.study for r in evidence.measurements if r.role == "fit"
        for arm in (r.arm, r.reference_arm) if arm in arms
        for part in parts if PARTS[part](r, arms[arm])
    )  # fmt: skip
    sources = {r.study: r.source for r in page.rows(page.found.rows)}
    return "; ".join(sources.get(n, n) for n in names)
