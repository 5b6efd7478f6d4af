"""Files that are either whole or not there: written aside, flushed to the disk, then renamed."""

from __future__ import annotations

import hashlib
import os
import sys
import tempfile
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from metinfer.errors import RunError

if TYPE_CHECKING:
    import xarray as xr

#: Fixed, because other installed readers would be free to guess another format.
ENGINE: Final = "h5netcdf"


@contextmanager
def atomic(path: Path) -> Iterator[Path]:
    """Path to write to; it takes the place of `path` only if the block ends without an error."""
    path.parent.mkdir(parents=True, exist_ok=True)
    # The suffix stays last: writers choose their format by it.
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".unfinished-", suffix=path.suffix)
    os.close(handle)
    aside = Path(name)
    try:
        yield aside
        _flush(aside)
        aside.chmod(0o666 & ~_umask())
        aside.replace(path)
        _flush(path.parent)
    finally:
        aside.unlink(missing_ok=True)


def write_bytes(path: Path, content: bytes | memoryview) -> None:
    """Write `content` to `path`, whole or not at all."""
    with atomic(path) as aside:
        aside.write_bytes(content)


def write_text(path: Path, text: str) -> None:
    """Write `text` to `path` as UTF-8, whole or not at all."""
    write_bytes(path, text.encode())


def write_groups(path: Path, groups: Mapping[str, xr.Dataset]) -> None:
    """Write datasets to `path` as one netCDF file with a group each, whole or not at all.

    The group ``/`` is the file's own: a single dataset under that name makes a plain netCDF file.
    """
    import xarray as xr

    # Made in memory: a library that meets a full disk cannot close its file, and crashes later.
    with _without_cluster():
        content = xr.DataTree.from_dict(dict(groups)).to_netcdf(engine=ENGINE)
    write_bytes(path, content)


@contextmanager
def _without_cluster() -> Iterator[None]:
    """Let xarray lock within this process: with a Dask client it asks the cluster for a lock.

    That lock goes by the name of a file, which what is made in memory does not have.
    """
    if "dask" not in sys.modules:
        yield
        return
    import dask

    with dask.config.set(scheduler="synchronous"):
        yield


def read_groups(path: Path) -> dict[str, xr.Dataset]:
    """Datasets of the netCDF file `path`, one per group, held in memory.

    Raises
    ------
    RunError
        If the file cannot be read as what it should be.
    """
    import xarray as xr

    try:
        with xr.open_datatree(path, engine=ENGINE) as tree:
            nodes = {"/": tree, **tree.children}
            found = {name: node.to_dataset(inherit=False).load() for name, node in nodes.items()}
    except (OSError, ValueError, KeyError, RuntimeError) as error:
        raise RunError(f"{path} is damaged or not a file of a run ({error})") from error
    return {name: group for name, group in found.items() if group.variables}


def digest(path: Path) -> str:
    """SHA-256 of a file, as hexadecimal digits."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def remove_unfinished(folder: Path, except_in: Collection[str] = ()) -> None:
    """Remove what killed processes left half written below `folder`.

    Folders directly below it that are named in `except_in` are left alone: others hold them.
    """
    for aside in folder.rglob(".unfinished-*"):
        if aside.relative_to(folder).parts[0] not in except_in:
            aside.unlink(missing_ok=True)


def _flush(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _umask() -> int:
    current = os.umask(0)
    os.umask(current)
    return current
