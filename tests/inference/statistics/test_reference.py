"""Every statistic against numbers found another way (tests/reference/derive.py)."""

import json
from pathlib import Path

import numpy as np
import pytensor.tensor as pt
import pytest

from metinfer.inference.statistics import STATISTICS

CASES = json.loads((Path(__file__).parents[2] / "reference" / "cases.json").read_text())


def as_columns(cases):
    """Columns of all cases at once: a family is scored in one call."""
    columns = {}
    for name in {name for case in cases for name in case["columns"]}:
        cells = [case["columns"].get(name) for case in cases]
        text = any(isinstance(cell, str) for cell in cells)
        columns[name] = np.array(cells, dtype=object if text else float)
    return columns


@pytest.mark.parametrize("name", STATISTICS)
def test_log_density_is_the_one_found_another_way(name):
    cases = [case for case in CASES if case["statistic"] == name]
    assert len(cases) >= 3
    statistic = STATISTICS[name]
    data = statistic.prepare(as_columns(cases))
    keys = {key for case in cases for key in case["pred"]}
    pred = {k: pt.as_tensor(np.array([case["pred"].get(k, 0.0) for case in cases])) for k in keys}
    logp = statistic.logp(data, pred).eval(mode="FAST_COMPILE")
    expected = np.array([case["expected"] for case in cases])
    assert logp.shape == expected.shape
    np.testing.assert_allclose(logp, expected, atol=1e-6, rtol=1e-6)
