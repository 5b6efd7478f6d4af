"""The generated solver as a module: written once per content, cached on disk, loaded by name.

Numba caches machine code only of functions that lie in files. The file is named by the hash of
its content, so that changed equations can never meet old machine code, and it is moved into
place in one step, so that several processes can start at once.
"""

from __future__ import annotations

import ctypes
import hashlib
import importlib.util
import inspect
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from types import ModuleType

import llvmlite.binding as binding  # type: ignore[import-untyped]
import numba
import numpy as np
import platformdirs

from metinfer.mechanism import codegen, dosed, emit, equations, graph, resting, scheme

ENTRIES = ("forward", "backward")


@cache
def fingerprint() -> str:
    """Hash of everything that the generated code depends on."""
    parts = [
        inspect.getsource(part)
        for part in (equations, graph, scheme, resting, dosed, codegen, emit)
    ]
    text = "\n".join([*parts, codegen.source(), numba.__version__])
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
    """Load the compiled solver: a module with `forward` and `backward` (see `driver`)."""
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
    with _light_optimisation():
        spec.loader.exec_module(module)
    for function in ENTRIES:
        binding.add_symbol(symbol(function), getattr(module, function).address)
    return module


@contextmanager
def _light_optimisation() -> Iterator[None]:
    """Compile at LLVM's level 1: the loops are vector instructions already, 2 and 3 add nothing."""
    level = numba.config.OPT
    numba.config.OPT = type(level)("1")
    try:
        yield
    finally:
        numba.config.OPT = level


def symbol(function: str) -> str:
    """Name under which compiled code of others finds `forward` or `backward`.

    Linking by name keeps the solver out of the code of its callers, which would otherwise
    compile it once more each, and lets their code be cached on disk.
    """
    return f"metinfer_{function}_{fingerprint()}"


def call(function: str, sizes: Sequence[int], *arrays: np.ndarray) -> None:
    """Call the solver from Python, without the interpreter lock. Arrays must be contiguous."""
    held = [np.array(sizes, dtype=np.int64), *arrays]
    entry = getattr(kernel(), function).ctypes
    entry(*[ctypes.cast(a.ctypes.data, kind) for a, kind in zip(held, entry.argtypes, strict=True)])


def _write(path: Path, text: str) -> None:
    handle, temporary = tempfile.mkstemp(dir=path.parent, suffix=".tmp")
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
    os.replace(temporary, path)
