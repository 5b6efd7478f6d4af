"""Frames of results: columns of codes, numbers and `Summary` cells, and their plain forms."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from typing import Any

import numpy as np
import pandas as pd

from metinfer.inference.learnt import Summary, summarise

__all__ = ["PARTS", "YEAR", "Summary", "finite", "flat", "frame", "plain", "records", "summary"]

#: Days of a year.
YEAR = 365.25
#: Numbers of a `Summary`, in the order of its fields.
PARTS = tuple(f.name for f in fields(Summary))


def finite(values: Any) -> np.ndarray:
    """Finite draws (draw,) of an array of any shape."""
    flat_values = np.asarray(values, dtype=float).ravel()
    return flat_values[np.isfinite(flat_values)]


def summary(values: Any, factor: float = 1.0) -> Summary | None:
    """Median, 50 % and 90 % interval of the finite draws times `factor`; None without any."""
    if isinstance(values, Mapping):
        found = [values[k] for k in PARTS]
        return None if found[0] is None else Summary(*(factor * float(v) for v in found))
    draws = finite(values)
    return summarise(factor * draws) if draws.size else None


def scaled(value: Summary | None, factor: float) -> Summary | None:
    """A summary in another unit."""
    return None if value is None else Summary(*(factor * getattr(value, k) for k in PARTS))


def frame(rows: Iterable[Mapping[str, Any]], columns: Iterable[str] = ()) -> pd.DataFrame:
    """Frame of objects (missing values stay None); `columns` name those of an empty one."""
    made = list(rows)
    names = list(made[0]) if made else list(columns)
    return pd.DataFrame({n: pd.Series([r[n] for r in made], dtype=object) for n in names})


def records(table: pd.DataFrame) -> list[Any]:
    """Rows of a frame as named tuples."""
    return list(table.itertuples(index=False, name="Row"))


def flat(table: pd.DataFrame) -> pd.DataFrame:
    """Frame for a CSV file: a `Summary` becomes five columns, a list becomes text."""
    made: dict[str, list[Any]] = {}
    for name in table.columns:
        cells = list(table[name])
        if any(isinstance(c, Summary) for c in cells):
            for part in PARTS:
                made[f"{name}_{part}"] = [getattr(c, part, None) for c in cells]
        else:
            made[name] = [_text(c) for c in cells]
    return pd.DataFrame(made)


def _text(cell: Any) -> Any:
    if isinstance(cell, Enum):
        return cell.value
    if isinstance(cell, tuple | list):
        return "; ".join(str(_text(c)) for c in cell)
    if isinstance(cell, Mapping):
        return "; ".join(f"{k}: {v}" for k, v in cell.items())
    return cell


def plain(value: Any) -> Any:
    """JSON values: frames become lists of objects, what is not finite becomes null."""
    if isinstance(value, pd.DataFrame):
        return [{k: plain(v) for k, v in row.items()} for row in value.to_dict("records")]
    if isinstance(value, Enum):
        return value.value
    if is_dataclass(value) and not isinstance(value, type):
        return {f.name: plain(getattr(value, f.name)) for f in fields(value)}
    if isinstance(value, Mapping):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [plain(v) for v in value]
    if isinstance(value, np.generic):
        return plain(value.item())
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value
