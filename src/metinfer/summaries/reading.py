"""A run whose results are read and hashed once."""

from __future__ import annotations

from typing import Any


class Reading:
    """Everything of a run; each result file is read and hashed at the first use only."""

    def __init__(self, run: Any) -> None:
        self._run = run
        self._groups: dict[str, Any] = {}
        self._holds: dict[str, bool] = {}

    def __getattr__(self, name: str) -> Any:
        return getattr(self._run, name)

    def read_result(self, name: str) -> Any:
        """Groups of a netCDF result."""
        if name not in self._groups:
            self._groups[name] = self._run.read_result(name)
        return self._groups[name]

    def holds(self, name: str) -> bool:
        """Whether a file is there just as the run wrote it."""
        if name not in self._holds:
            self._holds[name] = bool(self._run.holds(name))
        return self._holds[name]
