"""The generated solver as a module: written once per content, cached on disk, loaded by name.

Numba caches machine code only of functions that lie in files. The file is named by the hash of
its content, so that changed equations can never meet old machine code, and it is moved into
place in one step, so that several processes can start at once.
"""

from __future__ import annotations

import hashlib
import importlib.util
import inspect
import os
import sys
import tempfile
from functools import cache
from pathlib import Path
from types import ModuleType

import numba
import platformdirs

from metinfer.mechanism import codegen, driver, equations, graph, scheme


@cache
def fingerprint() -> str:
    """Hash of everything that the generated code depends on."""
    parts = [inspect.getsource(part) for part in (equations, graph, scheme, codegen, driver)]
    text = "\n".join([*parts, numba.__version__])
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def cache_folder() -> Path:
    """Folder for generated code: the user's cache, or a temporary one if that is not writable."""
    for folder in (_chosen_folder(), Path(tempfile.gettempdir()) / f"metinfer-{os.getuid()}"):
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            with tempfile.TemporaryFile(dir=folder):
                return folder
        except OSError:
            continue
    return Path(tempfile.mkdtemp(prefix="metinfer-"))


def _chosen_folder() -> Path:
    chosen = os.environ.get("METINFER_CACHE_DIR")
    return Path(chosen) if chosen else Path(platformdirs.user_cache_dir("metinfer")) / "code"


@cache
def kernel() -> ModuleType:
    """The compiled solver: a module with `forward` and `backward` (see `driver`)."""
    name = f"metinfer_kernel_{fingerprint()}"
    path = cache_folder() / f"{name}.py"
    if not path.exists():
        _write(path, codegen.source())
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ImportError(f"cannot load the generated solver {path}")
    module = importlib.util.module_from_spec(spec)
    # Numba's cached code looks its module up by name while it is still being executed.
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def _write(path: Path, text: str) -> None:
    handle, temporary = tempfile.mkstemp(dir=path.parent, suffix=".tmp")
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
    os.replace(temporary, path)
