"""From a matplotlib Figure to SVG that can stand inside a page.

Ids get a prefix (several drawings share one page), colours become the variables of the theme,
text stays text in the page's font, and everything that points outside the file goes.
"""

from __future__ import annotations

import html
import io
import re

import matplotlib as mpl
from matplotlib.figure import Figure

from metinfer.report.figures.style import RC, THEME_COLOURS

#: Decimals of path coordinates, in points.
DECIMALS = 2
FONT = "system-ui, 'Segoe UI', Roboto, 'DejaVu Sans', Arial, sans-serif"


def to_svg(figure: Figure, name: str, alt: str) -> str:
    """Return `figure` as inline SVG with `alt` as its text alternative."""
    target = io.StringIO()
    with mpl.rc_context({**RC, "svg.hashsalt": name}):
        figure.savefig(target, format="svg", transparent=True, metadata={"Date": None})
    return clean(target.getvalue(), name, alt)


def clean(svg: str, name: str, alt: str, natural: bool = False) -> str:
    """Make matplotlib's SVG fit to be inlined; `natural` keeps its own size (equations)."""
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<!--.*?-->", "", svg, flags=re.S)
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.S)
    svg = re.sub(r'( d="|points=")([^"]+)"', _rounded, svg)
    svg = re.sub(r">\s+<", "><", svg)
    svg = _own_ids(svg.replace("xlink:href", "href"), name)
    svg = re.sub(r"#[0-9a-fA-F]{6}\b", _theme, svg)
    svg = re.sub(r"(font: [^;\"]*?px) [^;\"]*", rf"\1 {FONT}", svg)
    return _opening(svg, name, alt, natural)


def _rounded(match: re.Match[str]) -> str:
    """Return a path to a hundredth of a point: finer than any screen, half the size."""
    path = re.sub(r"-?\d+\.\d+", _shortest, " ".join(match.group(2).split()))
    return f'{match.group(1)}{path}"'


def _shortest(match: re.Match[str]) -> str:
    return f"{float(match.group()):.{DECIMALS}f}".rstrip("0").rstrip(".")


def _own_ids(svg: str, name: str) -> str:
    """Return the SVG with ids numbered in order, the same in every process."""
    numbers: dict[str, str] = {}

    def renamed(match: re.Match[str]) -> str:
        old = match.group(2)
        return f"{match.group(1)}{numbers.setdefault(old, f'{name}-{len(numbers)}')}"

    return re.sub(r'(\bid="|\bhref="#|url\(#)([^")]+)', renamed, svg)


def _theme(match: re.Match[str]) -> str:
    colour = THEME_COLOURS.get(match.group().lower())
    return f"var(--{colour})" if colour else match.group()


def _opening(svg: str, name: str, alt: str, natural: bool) -> str:
    box = re.search(r'viewBox="([^"]+)"', svg)
    view = box.group(1) if box else "0 0 100 100"
    width, height = (float(v) for v in view.split()[2:])
    size = f' style="width:{width * 1.45:.0f}px;height:{height * 1.45:.0f}px"' if natural else ""
    label = html.escape(alt, quote=True)
    kind = "equation" if natural else "figure"
    opening = f'<svg class="{kind}-svg" role="img" aria-label="{label}" viewBox="{view}"{size}>'
    return opening + svg[svg.index(">") + 1 :].strip()
