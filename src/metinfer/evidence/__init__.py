"""Published tables read into typed rows, with every fault found in one go."""

from metinfer.evidence.bundled import bundled_path
from metinfer.evidence.check import check
from metinfer.evidence.combine import combine
from metinfer.evidence.read import read_evidence
from metinfer.evidence.types import Arm, Dose, Evidence, Interval, Measurement, SourceFile, Study

__all__ = [
    "Arm",
    "Dose",
    "Evidence",
    "Interval",
    "Measurement",
    "SourceFile",
    "Study",
    "bundled_path",
    "check",
    "combine",
    "read_evidence",
]
