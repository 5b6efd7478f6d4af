"""From a run to `ReportContent`, one module per source: evidence, model, posterior, predictions."""
