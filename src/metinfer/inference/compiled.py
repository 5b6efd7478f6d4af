"""One compiled density for many fits: a fit is other data of it, without compiling anew."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from metinfer.compiling import reproducible

#: Name of the vector that holds all data which the density reads.
VECTOR = "all data"


@dataclass(frozen=True)
class Compiled:
    """The compiled density of a model's free variables.

    Attributes
    ----------
    model : compiled nutpie model
    data : mapping of str to ndarray
        Data that the density reads, in the order in which they lie in its vector.
    unread : frozenset of str
        Data of the model that the density does not read.
    """

    model: Any
    data: Mapping[str, np.ndarray]
    unread: frozenset[str]

    def with_data(self, **updates: Any) -> Any:
        """The compiled nutpie model with other data, of the same shapes; what is unread is passed.

        Raises
        ------
        KeyError, ValueError
            If the model has no data of that name, or of that shape.
        """
        for name, values in updates.items():
            if name not in self.unread and np.shape(values) != self.data[name].shape:
                shape = self.data[name].shape
                raise ValueError(f"{name} has the shape {shape}, not {np.shape(values)}")
        if not self.data:
            return self.model
        return self.model.with_data(**{VECTOR: _flat({k: updates.get(k, v)
                                                      for k, v in self.data.items()})})  # fmt: skip


def compile_free(model: Any) -> Compiled:
    """The compiled density of the free variables of a PyMC model.

    Derived variables are computed after sampling, which spares the compiler most of its work.
    """
    import nutpie

    free = [v.name for v in model.free_RVs]
    with reproducible(), _in_one_vector(model) as data:
        compiled = nutpie.compile_pymc_model(model, backend="numba", var_names=free)
    unread = frozenset(v.name for v in model.data_vars) - set(data)
    return Compiled(compiled, data, unread)


@contextmanager
def _in_one_vector(model: Any) -> Iterator[dict[str, np.ndarray]]:
    """Let the density of a model read all its data from one vector, as long as it is compiled.

    nutpie compiles a piece of code for each array that a density reads, and never caches it: a
    large part of a warm start (`python -m benchmarks.start_up`).
    """
    import pytensor
    from pytensor.graph.replace import clone_replace
    from pytensor.graph.traversal import graph_inputs

    density = model.logp()
    inputs = set(graph_inputs([density]))
    arrays = [v for v in model.data_vars if v in inputs]
    data = {v.name: np.asarray(v.get_value(), dtype=float) for v in arrays}
    vector = pytensor.shared(_flat(data), name=VECTOR, shape=(sum(v.size for v in data.values()),))
    ends = np.cumsum([0, *(v.size for v in data.values())])
    parts = {
        array: _part(vector, int(at), data[array.name].shape, array.type.dtype)
        for array, at in zip(arrays, ends, strict=False)
    }
    joined = clone_replace(density, replace=parts, rebuild_strict=False) if parts else density
    model.logp = lambda: joined  # what nutpie asks the model for
    try:
        yield data
    finally:
        del model.logp


def _part(vector: Any, at: int, shape: tuple[int, ...], dtype: str) -> Any:
    """What lies in the vector from `at` on, in its own shape and type."""
    if not shape:
        return vector[at].astype(dtype)
    return vector[at : at + int(np.prod(shape))].reshape(shape).astype(dtype)


def _flat(data: Mapping[str, Any]) -> np.ndarray:
    return np.concatenate([np.zeros(0), *(np.ravel(v) for v in data.values())]).astype(float)
