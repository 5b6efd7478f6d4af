"""Bayesian evidence synthesis for niche-targeted prevention of metastatic relapse.

The public names load on first use, so that importing the package does not import PyMC.
"""

from __future__ import annotations

import logging
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from metinfer.comparison import compare
    from metinfer.evidence import check, combine, read_evidence
    from metinfer.inference.likelihood import add_likelihood
    from metinfer.inference.model import build_model
    from metinfer.inference.sample import fit
    from metinfer.inference.simulate import solve
    from metinfer.report.build import report
    from metinfer.run_difference import compare_runs
    from metinfer.runs import Run, load_run
    from metinfer.therapy.objects import Clamp, Population, Regimen
    from metinfer.workflow import decisions, diagnose, predict

# Silent unless the caller asks: logging.getLogger("metinfer").
logging.getLogger(__name__).addHandler(logging.NullHandler())

try:
    __version__ = version("metinfer")
except PackageNotFoundError:
    # A source tree on PYTHONPATH that was never installed.
    __version__ = "0+source"

#: Public name -> module that holds it.
_HOME = {
    "Clamp": "metinfer.therapy.objects",
    "Population": "metinfer.therapy.objects",
    "Regimen": "metinfer.therapy.objects",
    "Run": "metinfer.runs",
    "add_likelihood": "metinfer.inference.likelihood",
    "build_model": "metinfer.inference.model",
    "check": "metinfer.evidence",
    "compare": "metinfer.comparison",
    "compare_runs": "metinfer.run_difference",
    "combine": "metinfer.evidence",
    "decisions": "metinfer.workflow",
    "diagnose": "metinfer.workflow",
    "fit": "metinfer.inference.sample",
    "load_run": "metinfer.runs",
    "predict": "metinfer.workflow",
    "read_evidence": "metinfer.evidence",
    "report": "metinfer.report.build",
    "solve": "metinfer.inference.simulate",
}

__all__ = [
    "Clamp",
    "Population",
    "Regimen",
    "Run",
    "add_likelihood",
    "build_model",
    "check",
    "compare",
    "compare_runs",
    "combine",
    "decisions",
    "diagnose",
    "fit",
    "load_run",
    "predict",
    "read_evidence",
    "report",
    "solve",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'metinfer' has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    """Names for a person who looks around; what this module itself imports is left out."""
    return sorted([*__all__, *(name for name in globals() if name.startswith("__"))])
