"""Write docs/evidence.md: what every number of the bundled tables is used for, and how.

    python docs/evidence.py
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from metinfer.evidence import Evidence, bundled_path, read_evidence
from metinfer.evidence.account import Endpoint, by_endpoint, by_role
from metinfer.evidence.schema import OBSERVABLES
from metinfer.inference.predictions import OBSERVABLES as FORMULAS

PAGE = Path(__file__).with_suffix(".md")

#: What is read off interval tables, which have no rows in measurements.csv.
INTERVALS = "(H(end) - H(start)) / width, H = k ln(1 + L/k) summed over contexts as survival"

HEAD = """# What every number is used for

Made by `python docs/evidence.py` from the bundled tables; a test makes it again and compares.

"""

MAP = """## From endpoint to formula

L, D, W1-W3 (metastases, dormant and awake cells, per founder, times the founders of the group's
`stock`), A, X, N, U, G (stellate activation, CXCL12, NK cells, neutrophils, interferon-gamma
signal, relative to health) are defined with all parameters in `metinfer.mechanism.equations`. k is
the frailty shape of the context, q the surgery dip, mu the neutrophil mobilisation, pi the liver's
share of first metastases. A mixture of contexts is the weighted mean of its parts (of survival,
where the endpoint is a share or hazard). An endpoint that is any distant metastasis or any relapse
counts 1/pi events per liver metastasis, and local ones besides.

"""

EFFECTS = """## What lies between studies, assays and places

| effect | parameter | enters |
|---|---|---|
| between assays | `assay_level`, one per assay, wide prior | TIMP-1 in ng/mL = assay level x fold: assays are never compared by their numbers, only by folds over healthy people of the same assay |
| between groups of one quantity | `group_spread` | added to the standard error of means and geometric means (log scale), or times the value for means of NK turnover and activity |
| between experiments in animals, and cohorts of people | `stock_level`, one per `stock` | log founders per subject |
| between organs | `site_deviation`, one per site | log of the killing on arrival |
| between observational comparisons | `confounding`, `causal_share` | spread and shrinkage of log hazard ratios |
| blood for liver | 0.3, fixed | added to the log standard error of folds measured in blood, serum or plasma |
| between subjects | `frailty_shape` per context; `individual_spread` per row | shares, counts; single values and medians |
| from mouse to human | `transfer`, spread 0.5 (also 0.25 and 1) | log effects |

## What shares animals or people

- One cohort is fitted once for one endpoint, whoever published it: `metinfer check` refuses a
  second row at the same time, at another time (points of one curve, repeated samples of the same
  animals), in another organ, or of a part beside its whole. Rows of other animals get a `cohort`
  of their own.
- Ratios against one control (same reference arm, observable, matrix, assay and time) are scored
  jointly: their errors have the control's in common. Its variance is taken as half of the smallest
  in the group, which is right for arms of one size and spread. This holds within one statistic
  (ratio, risk ratio, odds ratio, hazard ratio of groups).
- A control that is fitted by itself and inside a ratio gives a warning: its animals count twice.

## Where a number is missing

| missing | what is done |
|---|---|
| interval of a ratio | log standard error ln 2 (a factor of two), with a warning; `missing_spread = "leave_out"` in analysis.toml gives such rows role out instead |
| spread or n of a mean, geometric mean or median | refused for fit and check: role prior or out |
| n and interval of a survival or an incidence | refused; with n alone the effective n is used |
| person-time of an interval | number at risk less half of those leaving, times the width, with a warning |
| follow-up of a hazard ratio | 5 years |
| an SD above the mean of positive values | refused for fit: no logs can be formed; predicted with a spread of its own for check |

"""

ACCOUNT = """## Every row by role and reason

"""

ENDPOINTS = """## Every endpoint and matrix

Published endpoint and matrix, number of rows, the observable it is (with rows to fit or check), and
what the other rows are. An endpoint without an observable is not in the likelihood.

"""

MEASURED = """## Measured

"""


def table(header: tuple[str, ...], rows: Iterable[tuple[object, ...]]) -> str:
    """Markdown table."""
    lines = [header, tuple("---" for _ in header), *rows]
    return "\n".join("| " + " | ".join(str(c) for c in line) + " |" for line in lines) + "\n\n"


def formulas() -> str:
    """Every observable with its unit and formula."""
    rows = [
        (f"`{name}`", o.unit, o.meaning, FORMULAS[name][0] if name in FORMULAS else INTERVALS)
        for name, o in OBSERVABLES.items()
    ]
    return table(("observable", "unit", "meaning", "formula"), rows)


def account(evidence: Evidence) -> str:
    """Rows by role and kind of reason, with their sum."""
    rows = [
        (role, kind, number)
        for role, kinds in by_role(evidence.measurements).items()
        for kind, number in kinds.items()
    ]
    total = len(evidence.measurements)
    counted = table(("role", "reason", "rows"), [*rows, ("all", "", total)])
    return f"{counted}Besides, {len(evidence.intervals)} intervals, all fitted.\n\n"


def endpoints(found: Iterable[Endpoint]) -> str:
    """Every endpoint and matrix."""
    rows = [
        (e.endpoint, e.matrix or "-", e.rows, _list(e.observables, "`") or "-", _list(e.elsewhere))
        for e in found
    ]
    header = ("endpoint", "matrix", "rows", "observable (rows)", "other rows")
    return table(header, rows)


def _list(counts: dict[str, int], quote: str = "") -> str:
    return "; ".join(f"{quote}{name}{quote} ({number})" for name, number in counts.items())


def page(evidence: Evidence) -> str:
    """The whole page, for the bundled evidence."""
    measured = (Path(__file__).parent / "evidence_measured.md").read_text(encoding="utf-8")
    parts = [HEAD, MAP, formulas(), EFFECTS, ACCOUNT, account(evidence), MEASURED, measured, "\n",
             ENDPOINTS, endpoints(by_endpoint(evidence.measurements))]  # fmt: skip
    return "".join(parts).rstrip("\n") + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(read_evidence(bundled_path())), encoding="utf-8")
