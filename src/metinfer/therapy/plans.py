"""Experiments that a file proposes: which therapy, in whom, what is read, and in how many."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from metinfer.therapy.reader import Table

#: What can be read in an experiment -> state of the model; metastasis is counted per subject.
READOUTS = {
    "metastasis": "L", "nk_cells": "N", "cxcl12": "X", "neutrophils": "U", "stellate_cells": "A",
}  # fmt: skip
EVENTS = "metastasis"


@dataclass(frozen=True)
class Plan:
    """One candidate experiment with two arms of `n` subjects: with and without the therapy.

    Attributes
    ----------
    readout : str
        ``metastasis`` (share of subjects with one on that day), or a part of the niche of which
        each subject gives one value (ratio of treated to untreated geometric means).
    day : float
        Day after time zero on which it is read.
    log_sd : float
        Standard deviation of the natural log between subjects, for a part of the niche.
    """

    name: str
    label: str
    therapy: str
    population: str
    readout: str
    day: float
    n: int
    log_sd: float = 0.0
    reason: str = ""


def read_plan(name: str, table: Table, therapies: Collection[str]) -> Plan:
    """Return the experiment of one table; faults are noted in the table's list."""
    readout = table.text("readout", EVENTS, allowed=tuple(READOUTS))
    plan = Plan(
        name=name,
        label=table.text("label", name),
        therapy=table.text("therapy", allowed=tuple(therapies)),
        population=table.text("population"),
        readout=readout,
        day=table.number("day", above=0.0),
        n=table.whole("n"),
        log_sd=table.number("log_sd", above=0.0) if readout != EVENTS else 0.0,
        reason=table.text("reason", ""),
    )
    table.close()
    return plan
