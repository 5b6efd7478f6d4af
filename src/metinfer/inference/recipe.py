"""How evidence becomes a model, and which fits are only other data of that model."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from metinfer.inference.chains import Length
from metinfer.inference.settings import Settings
from metinfer.runs import MAIN

if TYPE_CHECKING:
    import xarray as xr

    from metinfer.evidence.types import Evidence

#: Data of the compiled model that a sub-fit replaces: name -> values.
Updates = Mapping[str, np.ndarray]
#: Spreads of human about mouse effects that a run is repeated with, besides that of the model.
TRANSLATIONS = (0.25, 1.0)


@dataclass(frozen=True)
class Recipe:
    """How evidence becomes a model, and which sub-fits are data of that one model.

    Attributes
    ----------
    build : callable
        Evidence, and what every solver step is split into -> PyMC model.
    subfits : callable
        Evidence and model -> data to replace for each sub-fit, `main` first.
    names : tuple of str
        The sub-fits, known before a model is built. New ones go last: seeds go by place.
    short : tuple of str
        Those of `names` that get few draws, and none in a first look.
    finer : callable, optional
        Evidence, draws of the main fit and its refinement -> the refinement to repeat the fit
        with, or None if its solver grid was fine enough.
    """

    build: Callable[[Evidence, int], Any]
    subfits: Callable[[Evidence, Any], Mapping[str, Updates]]
    names: tuple[str, ...] = (MAIN,)
    short: tuple[str, ...] = ()
    finer: Callable[[Evidence, xr.Dataset, int], int | None] | None = None

    def seeds(self, settings: Settings) -> dict[str, list[int]]:
        """Seeds of the chains of every sub-fit that a run with `settings` has."""
        every = settings.seeds(self.names, self.short)
        left_out = self.short if settings.quick else ()
        return {name: seeds for name, seeds in every.items() if name not in left_out}

    def length(self, settings: Settings, subfit: str) -> Length:
        """Length of each chain of a sub-fit."""
        return settings.short_length if subfit in self.short else settings.length


def translation(spread: float) -> str:
    """Name of the sub-fit with another spread (sd of the log) of human about mouse effects."""
    return f"translation_{spread:g}"


def _build(evidence: Evidence, refine: int) -> Any:
    from metinfer.inference.model import build_model

    return build_model(evidence, refine=refine)


def _finer(evidence: Evidence, draws: xr.Dataset, refine: int) -> int | None:
    from metinfer.inference.regrid import finer

    return finer(evidence, draws, refine)


def _subfits(evidence: Evidence, model: Any) -> dict[str, Updates]:
    """The main fit; mouse rows without weight; human effects nearer to mouse, or further off."""
    from metinfer.inference.design import build_design

    design = build_design(evidence)
    species = {"row_weight": design.row_species, "interval_weight": design.interval_species}
    spreads = {translation(sd): {"translation_sd": np.asarray(sd)} for sd in TRANSLATIONS}
    return {
        MAIN: {},
        "no_mouse": {k: np.asarray(s != "mouse", dtype=float) for k, s in species.items()},
        **spreads,
    }


_SHORT = tuple(map(translation, TRANSLATIONS))
MODEL = Recipe(_build, _subfits, (MAIN, "no_mouse", *_SHORT), _SHORT, _finer)
