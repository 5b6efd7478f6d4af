"""The tables of a PEtab problem (version 1) as text."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from metinfer.export.layer import Setting, Unknown, identifier
from metinfer.export.parts import Parts
from metinfer.export.rows import Expressed

MODEL, CONDITIONS, PARAMETERS = "model.xml", "conditions.tsv", "parameters.tsv"
OBSERVABLES, MEASUREMENTS, PROBLEM = "observables.tsv", "measurements.tsv", "problem.yaml"
_NAME = re.compile(r"[A-Za-z_]\w*")

YAML = f"""format_version: 1
parameter_file: {PARAMETERS}
problems:
  - sbml_files:
      - {MODEL}
    condition_files:
      - {CONDITIONS}
    observable_files:
      - {OBSERVABLES}
    measurement_files:
      - {MEASUREMENTS}
"""


def delimited(header: Sequence[str], rows: Iterable[Sequence[Any]], delimiter: str = "\t") -> str:
    """A table as text."""
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return out.getvalue()


def condition_table(conditions: Mapping[str, Mapping[str, Setting]], parts: Parts) -> str:
    """What each condition sets; quantities that all leave at the model's value are left out."""
    defaults = {q.id: q.value for q in parts.quantities}
    columns = dict.fromkeys(name for values in conditions.values() for name in values)
    kept = [name for name in columns if any(v[name] != defaults[name] for v in conditions.values())]
    rows = [[name, *(values[column] for column in kept)] for name, values in conditions.items()]
    return delimited(["conditionId", *kept], rows)


def used_unknowns(
    unknowns: Mapping[str, Unknown],
    conditions: Mapping[str, Mapping[str, Setting]],
    parts: Parts,
    rows: Sequence[Expressed],
) -> list[Unknown]:
    """Unknowns that the model, a condition or a row refers to, in order of the evidence."""
    names = {q.id for q in parts.quantities}
    names |= {v for values in conditions.values() for v in values.values() if isinstance(v, str)}
    for row in rows:
        names |= set(_NAME.findall(row.formula)) | set(_NAME.findall(row.noise))
    return [unknown for name, unknown in unknowns.items() if name in names]


def parameter_table(unknowns: Sequence[Unknown]) -> str:
    """All unknowns with bounds and priors."""
    header = (
        "parameterId", "parameterName", "parameterScale", "lowerBound", "upperBound",
        "nominalValue", "estimate", "objectivePriorType", "objectivePriorParameters",
    )  # fmt: skip
    rows = [
        (u.id, u.label, u.scale, u.lower, u.upper, u.nominal, 1, u.prior,
         ";".join(map(repr, u.arguments)))
        for u in unknowns
    ]  # fmt: skip
    return delimited(header, rows)


def observable_table(rows: Sequence[Expressed]) -> str:
    """One observable per row."""
    header = (
        "observableId", "observableName", "observableFormula", "observableTransformation",
        "noiseFormula", "noiseDistribution",
    )  # fmt: skip
    table = [
        (observable(r), r.title, r.formula, "log" if r.log else "lin", r.noise, "normal")
        for r in rows
    ]
    return delimited(header, table)


def measurement_table(rows: Sequence[Expressed]) -> str:
    """One measurement per row."""
    header = ("observableId", "simulationConditionId", "measurement", "time")
    return delimited(header, [(observable(r), r.condition, r.value, r.day) for r in rows])


def observable(row: Expressed) -> str:
    """Name of the observable of a row."""
    return f"obs_{identifier(row.row)}"
