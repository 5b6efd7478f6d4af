"""What has to be settled before PyTensor is imported or a model is compiled."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_FLAGS = "PYTENSOR_FLAGS"


def ensure_cache_folder() -> None:
    """Give PyTensor a temporary folder for compiled code if the home folder cannot be written.

    Acts through the environment, and only before PyTensor is first imported.
    """
    flags = os.environ.get(_FLAGS, "")
    if "base_compiledir" in flags or _writable(Path.home()):
        return
    folder = Path(tempfile.gettempdir()) / f"metinfer-compiled-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    # Compiled code is executed, so a folder that somebody else could fill is of no use.
    if folder.stat().st_uid != os.getuid():
        folder = Path(tempfile.mkdtemp(prefix="metinfer-compiled-"))
    os.environ[_FLAGS] = ",".join(filter(None, [flags, f"base_compiledir={folder}"]))


@contextmanager
def reproducible() -> Iterator[None]:
    """Compile without reordering of floating-point sums.

    With it, the same seed gives other draws from a cold than from a warm cache.
    """
    import pytensor

    with pytensor.config.change_flags(numba__fastmath=False):
        yield


def _writable(home: Path) -> bool:
    cache = home / ".pytensor"
    try:
        cache.mkdir(exist_ok=True)
    except OSError:
        return False
    return os.access(cache, os.W_OK)
