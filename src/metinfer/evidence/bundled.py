"""Where the evidence that comes with metinfer lies."""

from __future__ import annotations

from pathlib import Path


def bundled_path() -> Path:
    """Folder of the bundled evidence: in the package, or `data/` of a source checkout."""
    package = Path(__file__).resolve().parents[1]
    inside = package / "_data"
    return inside if inside.is_dir() else package.parents[1] / "data"
