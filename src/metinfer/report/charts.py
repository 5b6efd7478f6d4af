"""Small drawings of the page as SVG text: panels with axes, and strips placed in percent.

Colours are the variables of the page's theme, so that one drawing serves light, dark and print.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from markupsafe import Markup, escape

#: Size of a panel and its margins, in the units of its view box.
WIDTH, HEIGHT = 320.0, 190.0
LEFT, RIGHT, TOP, BOTTOM = 38.0, 18.0, 8.0, 34.0


@dataclass(frozen=True)
class Axis:
    """Positions between `low` and `high`, from 0 to 1; values beyond an end lie at that end."""

    low: float
    high: float
    log: bool = False

    def at(self, value: float) -> float:
        """Position of a value."""
        one, low, high = (self._of(v) for v in (value, self.low, self.high))
        return min(max((one - low) / (high - low), 0.0), 1.0)

    def _of(self, value: float) -> float:
        return math.log(max(value, 1e-300)) if self.log else value

    def percent(self, value: float) -> str:
        """Position in percent, as an SVG attribute."""
        return f"{100 * self.at(value):.2f}%"


def ticks(low: float, high: float, most: int = 6) -> list[float]:
    """Round values of a linear axis, at most `most`."""
    raw = (high - low) / max(most - 1, 1)
    size = 10.0 ** math.floor(math.log10(raw))
    step = next(s * size for s in (1, 2, 5, 10) if s * size >= raw * (1 - 1e-9))
    first = math.ceil(low / step - 1e-9)
    return [k * step for k in range(first, math.floor(high / step + 1e-9) + 1)]


def log_ticks(low: float, high: float) -> list[float]:
    """Values 1, 2 and 5 times powers of ten within the ends."""
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    found = [m * 10.0**p for p in powers for m in (1, 2, 5)]
    return [v for v in found if low * (1 - 1e-9) <= v <= high * (1 + 1e-9)]


@dataclass
class Panel:
    """A small chart of fixed proportions.

    Attributes
    ----------
    x, y : Axis
    label : str
        Text alternative.
    height : float
        Of the view box.
    """

    x: Axis
    y: Axis
    label: str
    height: float = HEIGHT
    parts: list[str] = field(default_factory=list)

    def place(self, x: float, y: float) -> tuple[float, float]:
        """Coordinates of a point in the view box."""
        across = LEFT + (WIDTH - LEFT - RIGHT) * self.x.at(x)
        return across, TOP + (self.height - TOP - BOTTOM) * (1.0 - self.y.at(y))

    def axes(
        self, across: Sequence[tuple[float, str]], up: Sequence[tuple[float, str]], title: str
    ) -> None:
        """Draw grid lines, tick labels and the title of the horizontal axis."""
        bottom = self.height - BOTTOM
        for value, text in up:
            _, y = self.place(self.x.low, value)
            self._line(LEFT, y, WIDTH - RIGHT, y, "var(--grid)")
            self.text(LEFT - 4, y + 3.5, text, "end")
        for value, text in across:
            x, _ = self.place(value, self.y.low)
            self._line(x, bottom, x, bottom + 3, "var(--edge)")
            self.text(x, bottom + 13, text)
        self._line(LEFT, bottom, WIDTH - RIGHT, bottom, "var(--edge)")
        self.text((LEFT + WIDTH - RIGHT) / 2, self.height - 4, title)

    def _line(self, x1: float, y1: float, x2: float, y2: float, colour: str) -> None:
        self.parts.append(
            f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}"/>'
        )

    def text(self, x: float, y: float, words: str, anchor: str = "middle") -> None:
        """Write words at a place of the view box."""
        self.parts.append(
            f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(words)}</text>'
        )

    def path(self, x: Sequence[float], y: Sequence[float]) -> str:
        """Path data through points."""
        return "L".join(f"{a:.1f} {b:.1f}" for a, b in map(self.place, x, y))

    def band(
        self, x: Sequence[float], low: Sequence[float], high: Sequence[float],
        colour: str = "var(--blue)", opacity: float = 0.2,
    ) -> None:  # fmt: skip
        """Fill between two curves."""
        back = self.path(list(x)[::-1], list(high)[::-1])
        self.parts.append(
            f'<path d="M{self.path(x, low)}L{back}Z" fill="{colour}" opacity="{opacity}"/>'
        )

    def line(
        self, x: Sequence[float], y: Sequence[float], colour: str = "var(--blue)", dash: str = ""
    ) -> None:
        """Draw a curve."""
        self.parts.append(
            f'<path d="M{self.path(x, y)}" fill="none" stroke="{colour}" stroke-width="1.6"'
            f' stroke-dasharray="{dash}"/>'
        )

    def points(self, x: Sequence[float], y: Sequence[float], colour: str = "var(--seen)") -> None:
        """Draw diamonds."""
        for a, b in map(self.place, x, y):
            self.parts.append(f'<path d="M{a:.1f} {b - 3:.1f}l3 3l-3 3l-3-3Z" fill="{colour}"/>')

    def svg(self) -> Markup:
        """The whole drawing."""
        inside = "".join(self.parts)
        return Markup(
            f'<svg class="plot" viewBox="0 0 {WIDTH:g} {self.height:g}" role="img" '
            f'aria-label="{escape(self.label)}">{inside}</svg>'
        )
