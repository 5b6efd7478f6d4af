"""The specification, the typed rows and the dictionary say the same."""

from __future__ import annotations

from dataclasses import fields

import pytest

from metinfer.evidence import schema
from metinfer.evidence.columns import KINDS
from metinfer.evidence.types import Arm, Dose, Interval, Measurement, Study

TYPES = {"studies": Study, "arms": Arm, "doses": Dose, "measurements": Measurement,
         "intervals": Interval}  # fmt: skip
RENAMED = {"time": "time_day", "time_start": "time_start_day"}


@pytest.mark.parametrize("name", TYPES)
def test_every_column_is_an_attribute(name: str) -> None:
    columns = {column.name for column in schema.TABLES[name].columns}
    if name == "measurements":
        columns = {RENAMED.get(column, column) for column in columns}
    assert columns == {f.name for f in fields(TYPES[name])} - {"line", "raw"}


def test_columns_are_well_formed() -> None:
    for table in schema.TABLES.values():
        names = [column.name for column in table.columns]
        assert len(set(names)) == len(names)
        for column in table.columns:
            assert column.kind in KINDS
            assert column.meaning
            assert bool(column.choices) == (column.kind == "choice")


def test_statistics_and_observables_name_each_other() -> None:
    used = {s for o in schema.OBSERVABLES.values() for s in o.statistics}
    assert used == set(schema.STATISTICS)
    columns = {column.name for column in schema.TABLES["measurements"].columns}
    for statistic in schema.STATISTICS.values():
        assert {c for need in statistic.needs for c in need} <= columns


def test_dictionary_has_every_name() -> None:
    text = schema.dictionary_markdown()
    for table in schema.TABLES.values():
        assert f"## {table.file}" in text
        assert all(f"| {column.name} |" in text for column in table.columns)
    names = [*schema.OBSERVABLES, *schema.STATISTICS]
    assert all(f"| {name} |" in text for name in names)
    widths = {line.count(" | ") for line in text.splitlines() if line.startswith("| study |")}
    assert widths == {4}
