"""What every statistic is: columns in, a log-density per row, and a replicate of the row.

A statistic scores all rows of its family at once. Three dictionaries of row vectors pass by:

* ``columns``: the published cells after unit conversion (missing numbers are NaN);
* ``data``: what `Statistic.prepare` makes of them once, plain float arrays (fit for `pm.Data`);
* ``pred``: the model's prediction; ``value`` is always the predicted observable in its unit.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
from scipy import stats

from metinfer.errors import MetinferError
from metinfer.evidence.vocabulary import interval_level as level_of

Columns = Mapping[str, Any]
Arrays = dict[str, np.ndarray]

#: Standard error on the log scale given to a fold published without spread or n: a factor of two.
DEFAULT_LOG_SE = float(np.log(2.0))
#: Largest SD over mean from which the logs of positive values are taken.
SKEW_LIMIT = 1.0


class StatisticError(MetinferError):
    """A row cannot be scored by the statistic it names."""


class Statistic(ABC):
    """One published statistic: how likely it is under a prediction, and how to replicate it.

    Attributes
    ----------
    name : str
        Key in the registry.
    needs : tuple of str
        Columns that `prepare` reads and that must hold a number in every row.
    predicts : tuple of str
        Keys that ``pred`` must have.
    optional : tuple of str
        Keys that ``pred`` may have; a default is stated in the class.
    reports : tuple of str
        Keys of `published` and `draw`.
    """

    name: ClassVar[str]
    needs: ClassVar[tuple[str, ...]]
    predicts: ClassVar[tuple[str, ...]] = ("value",)
    optional: ClassVar[tuple[str, ...]] = ()
    reports: ClassVar[tuple[str, ...]] = ("value",)

    def prepare(self, columns: Columns) -> Arrays:
        """Float arrays (row,) that `logp` and `draw` use, from the published columns."""
        return {name: self._required(columns, name) for name in self.needs}

    @abstractmethod
    def logp(self, data: Mapping[str, Any], pred: Mapping[str, Any]) -> Any:
        """Log-density of each published row (row,); -inf where the prediction is impossible."""

    @abstractmethod
    def draw(
        self,
        data: Mapping[str, np.ndarray],
        pred: Mapping[str, np.ndarray],
        rng: np.random.Generator,
    ) -> Arrays:
        """Replicates of the published numbers (..., row); NaN for impossible predictions."""

    def published(self, data: Mapping[str, np.ndarray]) -> Arrays:
        """Return the published numbers (row,) that `draw` replicates, under the same keys."""
        return {name: np.asarray(data[name], dtype=float) for name in self.reports}

    def observe(self, data: Mapping[str, np.ndarray], replicate: Mapping[str, Any]) -> Arrays:
        """Entries of `data` that would differ if `replicate` had been published instead.

        Together they hold all that `logp` reads of the published numbers; what stays is design:
        numbers of subjects, standard errors taken as known, limits.
        """
        return {name: np.asarray(replicate[name], dtype=float) for name in self.reports}

    def _required(self, columns: Columns, name: str) -> np.ndarray:
        if name not in columns:
            raise StatisticError(f"statistic '{self.name}' needs the column '{name}'")
        value = np.atleast_1d(np.asarray(columns[name], dtype=float))
        self._refuse(~np.isfinite(value), columns, f"needs a number in '{name}'")
        return value

    def _refuse(self, wrong: np.ndarray, columns: Columns, why: str) -> None:
        """Raise with the names of the rows where ``wrong`` is true."""
        if not np.any(wrong):
            return
        at = np.flatnonzero(np.atleast_1d(wrong))
        names = np.asarray(columns["row"])[at] if "row" in columns else at
        listed = ", ".join(str(name) for name in names[:5])
        raise StatisticError(f"statistic '{self.name}' {why} (rows: {listed})")


_NUMBERS = ("value", "low", "high", "n", "events", "lod", "level", "person_time", "at_risk",
            "censored", "start", "end")  # fmt: skip
_WORDS = ("row", "statistic", "spread", "contrast")


def columns_of(rows: Sequence[Any]) -> dict[str, np.ndarray]:
    """Columns (row,) from rows of the evidence: any objects with the column names as attributes."""
    columns: dict[str, np.ndarray] = {}
    for name in _NUMBERS:
        cells = [getattr(row, name, None) for row in rows]
        columns[name] = np.array([np.nan if cell is None else cell for cell in cells], dtype=float)
    for name in _WORDS:
        columns[name] = np.array([getattr(row, name, None) for row in rows], dtype=object)
    return columns


def column(columns: Columns, name: str, size: int, default: float = np.nan) -> np.ndarray:
    """Float column (row,); ``default`` where the column or the cell is missing."""
    value = np.asarray(columns.get(name, default), dtype=float)
    value = np.broadcast_to(value, (size,)).copy()
    return np.where(np.isnan(value), default, value)


def words(columns: Columns, name: str, size: int, default: str = "none") -> np.ndarray:
    """Text column (row,); ``default`` where the column or the cell is missing."""
    value = np.broadcast_to(np.asarray(columns.get(name, default), dtype=object), (size,))
    return np.array([v if isinstance(v, str) and v else default for v in value], dtype=object)


def interval_level(spread: np.ndarray) -> np.ndarray:
    """Coverage (row,) of the interval that ``spread`` names; NaN where it names none."""
    levels = [level_of(str(word)) for word in np.atleast_1d(spread)]
    return np.array(levels, dtype=float)  # None becomes NaN


def normal_quantile(level: np.ndarray) -> np.ndarray:
    """Half-width, in standard errors, of a central normal interval of coverage ``level``."""
    return stats.norm.ppf(0.5 + np.asarray(level) / 2.0)


def broadcast(pred: Mapping[str, np.ndarray], *arrays: Any) -> tuple[np.ndarray, ...]:
    """Arrays of ``pred`` (in its own order) then ``arrays``, all of one shape (..., row)."""
    every = [np.asarray(p, dtype=float) for p in pred.values()]
    return np.broadcast_arrays(*every, *[np.asarray(a, dtype=float) for a in arrays])
