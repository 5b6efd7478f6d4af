"""Equations as SVG outlines, set by matplotlib's own mathematics: no fonts, no network."""

from __future__ import annotations

import io
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure

from metinfer.report.figures.export import clean
from metinfer.report.figures.style import INK


def _upright(latex: str) -> str:
    """Use full-height fractions: an equation stands on its own line."""
    return latex.replace(r"\frac", r"\dfrac")


def equation_svg(latex: str, name: str, plain: str) -> str | None:
    """Return the equation as inline SVG, or None where matplotlib cannot set the LaTeX.

    Parameters
    ----------
    latex
        LaTeX without dollar signs.
    name
        Prefix that keeps the ids of several inline drawings apart.
    plain
        What a screen reader says instead.
    """
    settings: Any = {"svg.fonttype": "path", "mathtext.fontset": "stix", "svg.hashsalt": name}
    with mpl.rc_context(settings):
        figure = Figure(figsize=(0.1, 0.1))
        figure.text(0, 0, f"${_upright(latex)}$", fontsize=11, color=INK, parse_math=True)
        target = io.StringIO()
        try:
            figure.savefig(target, format="svg", transparent=True, bbox_inches="tight",
                           pad_inches=0.04, metadata={"Date": None})  # fmt: skip
        except (ValueError, RuntimeError):
            return None
    return clean(target.getvalue(), name, plain, natural=True)
