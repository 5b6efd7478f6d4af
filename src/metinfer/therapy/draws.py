"""Draws of named parameters, as the solver and the outcome formulas need them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import xarray as xr

from metinfer.errors import MetinferError
from metinfer.inference.design import LaneSpec
from metinfer.inference.priors import Coordinates


class Draws(Protocol):
    """What a prediction needs of a posterior (or prior): everything per draw."""

    def __len__(self) -> int:
        """Return number of draws."""

    def theta(self, specs: Sequence[LaneSpec]) -> np.ndarray:
        """Lane parameters (draw, lane, parameter), for one founder per subject."""

    def founders(self, context: str, stock: str) -> np.ndarray:
        """Founders per subject (draw,)."""

    def frailty(self, context: str) -> np.ndarray:
        """Frailty shape k (draw,)."""

    def liver_share(self, context: str) -> np.ndarray:
        """Share of first distant metastases that is in the liver (draw,)."""


@dataclass(frozen=True)
class NamedDraws:
    """Draws held as named parameters on the natural scale, each (draw,) or (draw, coordinate)."""

    params: Mapping[str, np.ndarray]
    coordinates: Coordinates

    @classmethod
    def of(cls, posterior: xr.Dataset, coordinates: Coordinates) -> NamedDraws:
        """Draws of a posterior or prior with dimensions chain and draw."""
        flat = posterior.stack(sample=("chain", "draw"))
        params = {
            str(name): value.transpose("sample", ...).to_numpy()
            for name, value in flat.data_vars.items()
            if "sample" in value.dims
        }
        return cls(params, coordinates)

    def __len__(self) -> int:
        return len(self.params["stellate_rate"])

    def theta(self, specs: Sequence[LaneSpec]) -> np.ndarray:
        """Lane parameters (draw, lane, parameter)."""
        from metinfer.inference.lanes import LaneTable, lane_theta

        for spec in specs:
            self._place(spec.context)
        return lane_theta(self.params, LaneTable.of(specs, self.coordinates), np)

    def founders(self, context: str, stock: str) -> np.ndarray:
        """Founders per subject (draw,)."""
        base = self._of("founders", context)
        if "stock_level" not in self.params or stock not in self.coordinates.stock:
            return base
        return base * np.exp(self.params["stock_level"][:, self.coordinates.stock.index(stock)])

    def frailty(self, context: str) -> np.ndarray:
        """Frailty shape k (draw,)."""
        return self._of("frailty_shape", context)

    def liver_share(self, context: str) -> np.ndarray:
        """Share of first distant metastases that is in the liver (draw,)."""
        return self._of("liver_share", context)

    def thinned(self, most: int) -> NamedDraws:
        """At most `most` draws, evenly spaced."""
        if len(self) <= most:
            return self
        keep = np.linspace(0, len(self) - 1, most).round().astype(int)
        return NamedDraws(
            {k: np.asarray(v)[keep] for k, v in self.params.items()}, self.coordinates
        )

    def _of(self, name: str, context: str) -> np.ndarray:
        return self.params[name][:, self._place(context)]

    def _place(self, context: str) -> int:
        known = self.coordinates.context
        if context not in known:
            raise MetinferError(f"the fit holds no context {context!r}; known: {', '.join(known)}")
        return known.index(context)
