"""The results of a run as codes and numbers; words belong to the renderers."""

from metinfer.summaries.ledger import LedgerState
from metinfer.summaries.model import Results, results_of
from metinfer.summaries.table import Summary

__all__ = ["LedgerState", "Results", "Summary", "results_of"]
