"""One compiled density for many fits: a fit is other data of it, without compiling anew."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from metinfer.compiling import reproducible
from metinfer.inference.model import NUMBERS, PUBLISHED, layouts
from metinfer.inference.tape import Tape


@dataclass(frozen=True)
class Compiled:
    """The compiled density of a model's free variables.

    Attributes
    ----------
    model : compiled nutpie model
    tape : Tape or None
        Of the likelihood, where the model has one.
    unread : frozenset of str
        Data of the model that the density does not read.
    """

    model: Any
    tape: Tape | None
    unread: frozenset[str] = frozenset()

    def with_data(self, **updates: Any) -> Any:
        """The compiled nutpie model with other data, of the same shapes.

        Raises
        ------
        KeyError, ValueError
            If the model has no data of that name, or of that shape.
        """
        keys = self.model.shared_var_keys
        own = {var.name: self.model.shared_data[key] for var, key in keys.items()}
        given = {k: np.asarray(v, dtype=own[k].dtype) for k, v in updates.items() if k in own}
        for name, values in given.items():
            if values.shape != own[name].shape:
                raise ValueError(f"{name} has the shape {own[name].shape}, not {values.shape}")
        rest = {k: v for k, v in updates.items() if k not in own and k not in self.unread}
        if rest and self.tape is None:
            raise KeyError(next(iter(rest)))
        if rest and self.tape is not None:
            given[NUMBERS] = self.tape.with_data(**rest).numbers
        return self.model.with_data(**given) if given else self.model


def compile_free(model: Any) -> Compiled:
    """The compiled density of the free variables of a PyMC model.

    Derived variables are computed after sampling, which spares the compiler most of its work.
    """
    import nutpie

    free = [v.name for v in model.free_RVs]
    with reproducible():
        compiled = nutpie.compile_pymc_model(model, backend="numba", var_names=free)
    read = {var.name for var in compiled.shared_var_keys}
    unread = frozenset(v.name for v in model.data_vars) - read
    return Compiled(compiled, layouts(model).get(PUBLISHED), unread)
