"""Files that are either whole or not there: written aside, flushed to the disk, then renamed."""

from __future__ import annotations

import hashlib
import os
import sys
import tempfile
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from metinfer.errors import RunError

if TYPE_CHECKING:
    import h5py
    import xarray as xr

#: Fixed, because other installed readers would be free to guess another format.
ENGINE: Final = "h5netcdf"
#: Attributes that netCDF and xarray keep for themselves.
_OF_THE_FORMAT: Final = frozenset((
    "CLASS", "NAME", "DIMENSION_LIST", "REFERENCE_LIST", "_Netcdf4Dimid", "_Netcdf4Coordinates",
    "_nc3_strict", "_NCProperties", "_FillValue", "coordinates", "dtype",
))  # fmt: skip
#: Begins the name of a dimension that has no variable of its own.
_NO_VARIABLE: Final = "This is a netCDF dimension but not a netCDF variable"


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

    Read by h5py alone, which takes a quarter of the time of a general netCDF reader; of the
    format it knows what `write_groups` writes.

    Raises
    ------
    RunError
        If the file cannot be read as what it should be.
    """
    import h5py

    try:
        with h5py.File(path) as file:
            parts = {"/": file} | {k: g for k, g in file.items() if isinstance(g, h5py.Group)}
            found = {name: _dataset(group) for name, group in parts.items()}
    except (OSError, ValueError, KeyError, RuntimeError, TypeError) as error:
        raise RunError(f"{path} is damaged or not a file of a run ({error})") from error
    return {name: group for name, group in found.items() if group.variables}


def _dataset(group: h5py.Group) -> xr.Dataset:
    """One group of a netCDF file; what its attributes name as coordinates becomes that."""
    import h5py
    import xarray as xr

    held = {k: v for k, v in group.items() if isinstance(v, h5py.Dataset)}
    scales = _scales(group.file) | _scales(group)
    variables, coordinates = {}, str(group.attrs.get("coordinates", "")).split()
    for name, data in held.items():
        if str(_plain(data.attrs.get("NAME", ""))).startswith(_NO_VARIABLE):
            continue
        linked = data.attrs.get("DIMENSION_LIST")
        if linked is not None:
            dims = tuple(scales[_address(group.file[link[0]])] for link in linked)
        else:
            dims = (name,) if "CLASS" in data.attrs else ()
        coordinates += str(data.attrs.get("coordinates", "")).split()
        coordinates += [name] if dims == (name,) else []
        variables[name] = (dims, _values(data), _attributes(data))
    named = {k: v for k, v in variables.items() if k in coordinates}
    others = {k: v for k, v in variables.items() if k not in named}
    return xr.Dataset(others, coords=named, attrs=_attributes(group))


def _scales(group: h5py.Group) -> dict[int, str]:
    """Names of the dimensions that a group defines, by address."""
    import h5py

    items = group.items()
    return {_address(v): k for k, v in items if isinstance(v, h5py.Dataset) and "CLASS" in v.attrs}


def _values(data: h5py.Dataset) -> np.ndarray:
    """Numbers, texts or truth values of a variable."""
    if data.dtype.kind == "O":
        return np.asarray(data.asstr()[()], dtype=str)
    values = np.asarray(data[()])
    return values.astype(bool) if _plain(data.attrs.get("dtype")) == "bool" else values


def _attributes(item: h5py.Dataset | h5py.Group) -> dict[str, Any]:
    return {name: _plain(v) for name, v in item.attrs.items() if name not in _OF_THE_FORMAT}


def _plain(value: Any) -> Any:
    """An attribute as it was before it was written: HDF5 knows arrays and bytes."""
    if isinstance(value, bytes):
        return value.decode()
    if isinstance(value, np.ndarray) and value.shape == (1,):
        return _plain(value[0])
    return value


def _address(data: h5py.Dataset) -> int:
    """Where a variable lies in its file: references to it are compared by that."""
    import h5py

    return int(h5py.h5o.get_info(data.id).addr)


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
