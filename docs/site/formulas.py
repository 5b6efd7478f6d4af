"""Formulas as drawings within the page: they look the same everywhere and need no network."""

from __future__ import annotations

import re
from functools import cache
from html import escape
from typing import Any

from docutils.nodes import SkipNode
from matplotlib.font_manager import FontProperties
from matplotlib.path import Path
from matplotlib.textpath import TextPath
from sphinx.errors import ExtensionError

#: Size in which a formula is drawn, and that of the text around it, in units of the drawing.
SIZE, TEXT = 20.0, 17.0
_LETTER = {Path.MOVETO: "M", Path.LINETO: "L", Path.CURVE3: "Q", Path.CURVE4: "C"}


@cache
def drawing(text: str) -> str:
    """A formula as SVG that takes the colour of the text and stands on its line."""
    words = " ".join(text.split())
    try:
        path = TextPath((0, 0), f"${words}$", SIZE, prop=FontProperties(math_fontfamily="stix"))
    except ValueError as error:
        raise ExtensionError(f"formula cannot be drawn: {words!r} ({error})") from error
    box = path.get_extents()
    x, y, width, height = box.x0 - 1, -box.y1 - 1, box.width + 2, box.height + 2
    low = max(0.0, 1.0 - box.y0)
    return (
        f'<svg class="drawn" role="img" aria-label="{escape(words)}" '
        f'viewBox="{x:.1f} {y:.1f} {width:.1f} {height:.1f}" '
        f'style="width:{width / TEXT:.3f}em;height:{height / TEXT:.3f}em;'
        f'vertical-align:{-low / TEXT:.3f}em"><path d="{outline(path)}"/></svg>'
    )


def outline(path: Path) -> str:
    """The path in the letters of SVG, whose vertical axis points down."""
    parts = []
    for points, code in path.iter_segments(curves=True):
        if code == Path.CLOSEPOLY:
            parts.append("Z")
        else:
            places = " ".join(
                f"{a:.2f} {-b:.2f}" for a, b in zip(points[::2], points[1::2], strict=True)
            )
            parts.append(_LETTER[code] + places)
    return "".join(parts)


def tall(text: str) -> str:
    """The formula with fractions of full height, where they are not in an exponent."""
    depth, parts = 0, []
    for part in re.split(r"([{}]|\\frac)", text):
        depth += {"{": 1, "}": -1}.get(part, 0)
        parts.append(r"\dfrac" if part == r"\frac" and depth == 0 else part)
    return "".join(parts)


def inline(writer: Any, node: Any) -> None:
    """A formula within a line."""
    writer.body.append(drawing(node.astext()))
    raise SkipNode


def block(writer: Any, node: Any) -> None:
    """A formula on a line of its own, which scrolls where it is too wide."""
    writer.body.append(f'<div class="formula" tabindex="0">{drawing(tall(node.astext()))}</div>')
    raise SkipNode


def setup(app: Any) -> dict[str, Any]:
    """Register the renderer."""
    app.add_html_math_renderer("drawn", (inline, None), (block, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
