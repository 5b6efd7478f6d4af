"""What was run, on what, and when."""

from __future__ import annotations

import hashlib
import os
import platform
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

#: Packages that can change a draw.
PACKAGES = ("metinfer", "pymc", "pytensor", "nutpie", "numba", "numpy", "scipy", "sympy")
#: Parts of the program that define the posterior and its sampling.
DEFINING = ("evidence", "mechanism", "inference", "pharmacology.py", "units.py")


def now() -> str:
    """Time in UTC, to the second, ISO 8601."""
    return datetime.now(UTC).isoformat(timespec="seconds")


@cache
def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "source"


def versions() -> dict[str, str]:
    """Package -> version, and that of Python."""
    return {"python": platform.python_version(), **{name: _version(name) for name in PACKAGES}}


def machine() -> dict[str, str | int]:
    """Operating system, processor and number of cores; no name of a machine or a person."""
    return {
        "system": platform.system(),
        "release": platform.release(),
        "processor": platform.machine(),
        "cores": os.cpu_count() or 1,
    }


@cache
def code_hash(parts: tuple[str, ...] = DEFINING) -> str:
    """SHA-256 over source files, folders or single ones; by default, what defines the posterior."""
    root = Path(__file__).parent
    total = hashlib.sha256()
    for part in parts:
        place = root / part
        for path in [place] if place.is_file() else sorted(place.rglob("*.py")):
            total.update(path.relative_to(root).as_posix().encode() + b"\0")
            total.update(hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()
