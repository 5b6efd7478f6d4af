"""Median and intervals of draws."""

from __future__ import annotations

from typing import Any

import numpy as np

from metinfer.inference.learnt import summarise
from metinfer.report.content import Span


def span(draws: Any) -> Span:
    """Return median, 50 % and 90 % intervals of draws of any shape."""
    found = summarise(np.asarray(draws))
    return Span(found.median, found.lo50, found.hi50, found.lo90, found.hi90)
