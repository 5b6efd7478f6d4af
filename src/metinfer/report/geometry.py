"""Places of the boxes and arrows of the liver niche, on a board of 10 by 6.6."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Node:
    """A box: centre, words, and the theme colour of its edge."""

    x: float
    y: float
    label: str
    colour: str = "muted"


@dataclass(frozen=True)
class Arrow:
    """A link between two places, and where its words stand; `holds` arrows end in a bar."""

    start: tuple[float, float]
    end: tuple[float, float]
    label: tuple[float, float]
    holds: bool = False


NODES = {
    "timp1": Node(1.1, 6.1, "TIMP-1\nin blood", "blue"),
    "stellate": Node(1.1, 4.45, "activated\nstellate cells", "blue"),
    "cxcl12": Node(4.3, 5.3, "CXCL12\nin the liver", "blue"),
    "neutrophils": Node(1.4, 2.65, "neutrophils", "vermillion"),
    "nk": Node(7.0, 4.2, "natural killer\n(NK) cells", "green"),
    "ifng": Node(9.1, 2.55, "interferon-\ngamma", "green"),
    "arriving": Node(1.1, 0.75, "arriving\ntumour cells", "ink"),
    "dormant": Node(4.0, 0.75, "dormant\ncells", "ink"),
    "awake": Node(6.75, 0.75, "awakened\nclones", "ink"),
    "metastases": Node(9.1, 0.75, "metastases", "ink"),
}
ARROWS = {
    "timp1_cxcl12": Arrow((1.95, 6.02), (3.5, 5.55), (3.15, 6.15)),
    "stellate_cxcl12": Arrow((1.95, 4.6), (3.5, 5.1), (1.95, 5.24)),
    "cxcl12_neutrophils": Arrow((3.95, 4.9), (2.0, 3.08), (2.9, 3.9)),
    "cxcl12_nk": Arrow((5.12, 5.1), (6.15, 4.5), (6.45, 5.25), holds=True),
    "nk_ifng": Arrow((7.6, 3.78), (8.55, 2.98), (8.68, 3.52)),
    "ifng_awakening": Arrow((8.4, 2.15), (5.5, 0.95), (7.25, 1.68), holds=True),
    "neutrophils_seeding": Arrow((1.75, 2.25), (2.35, 0.95), (1.0, 1.62)),
    "nk_seeding": Arrow((6.2, 3.85), (2.85, 0.95), (4.05, 2.0), holds=True),
    "nk_killing": Arrow((6.55, 3.75), (4.45, 1.2), (6.85, 2.8), holds=True),
}
FLOW = (("arriving", "dormant"), ("dormant", "awake"), ("awake", "metastases"))
