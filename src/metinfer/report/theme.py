"""Colours of the page. Sources, ledger states and published values each have one of their own."""

from __future__ import annotations

# After Okabe & Ito 2008, "Color Universal Design"; text colours darkened or lightened for contrast.
LIGHT = {
    "page": "#ffffff", "paper": "#fafbfc", "ink": "#1b1f24", "muted": "#515a65",
    "grid": "#dde2e8", "edge": "#7d8793", "head": "#eef1f5", "link": "#005a8f",
    "focus": "#0072b2", "soft": "#e7f1f9", "blue": "#0072b2", "green": "#00775a",
    "vermillion": "#b84a00", "amber": "#8a5a00", "purple": "#9b4f80", "seen": "#b84a00",
    "bad": "#a83200", "good": "#00664b", "up": "#e69f00", "down": "#56b4e9",
}  # fmt: skip
DARK = {
    "page": "#14171b", "paper": "#1a1e23", "ink": "#e8ebee", "muted": "#adb6c0",
    "grid": "#353c45", "edge": "#8893a0", "head": "#252b33", "link": "#7cc4f2",
    "focus": "#7cc4f2", "soft": "#1c2f3d", "blue": "#56b0e6", "green": "#3fcfa2",
    "vermillion": "#ff9a5c", "amber": "#f2b84b", "purple": "#e3a0c4", "seen": "#ff9a5c",
    "bad": "#ff8f5c", "good": "#4fd3a8", "up": "#b57d00", "down": "#2f7fae",
}  # fmt: skip
