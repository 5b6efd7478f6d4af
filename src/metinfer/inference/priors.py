"""Priors: from `parameters.toml` to a layout of latents and back to the natural scale.

Every parameter is a smooth function of one independent latent, either standard normal or
Beta, so that one vector per kind holds them all: the graph stays small (compile time) and
the sampler sees a non-centred posterior. `PriorTable.natural` is the only place where
latents become named parameters; it serves PyTensor (fit) and NumPy (predictions) alike.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from scipy import stats

from metinfer.errors import MetinferError

#: Softness of the edges of a link's dead zone, in units of the standard normal latent.
EDGE = 0.15
#: Key under which `PriorTable.natural` returns all values side by side.
ALL = "all_values"
#: A latent this low is never reached: stands for "no reversed part".
NEVER = -9.0


@dataclass(frozen=True)
class Parameter:
    """One entry of `parameters.toml`: what a parameter means and what is assumed of it."""

    name: str
    symbol: str
    unit: str
    meaning: str
    prior: Mapping[str, Any]
    reason: str
    source: str
    dims: str | None = None
    transfer: bool = False
    role: str = "mechanism"
    by: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


@dataclass(frozen=True)
class Coordinates:
    """Values over which parameters are repeated; `context_species` names each context's species.

    `pins` are the lane parameters that a variant of the mechanism holds at a fixed value.
    """

    species: tuple[str, ...]
    context: tuple[str, ...]
    stock: tuple[str, ...]
    site: tuple[str, ...]
    timp1_level: tuple[str, ...]
    assay: tuple[str, ...]
    context_species: Mapping[str, str]
    spread: tuple[str, ...] = ()
    pins: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Entry:
    """One scalar unknown: a parameter at one coordinate, with the prior that holds there."""

    parameter: Parameter
    coordinate: str | None
    prior: Mapping[str, Any]

    @property
    def label(self) -> str:
        """Name with its coordinate in brackets, for example ``awakening_rate[colorectal]``."""
        name = self.parameter.name
        return name if self.coordinate is None else f"{name}[{self.coordinate}]"

    def quantile(self, probability: Sequence[float]) -> np.ndarray:
        """Prior quantiles on the natural scale (exact: every map is monotone), (probability,)."""
        p = np.asarray(probability, dtype=float)
        if self.prior["dist"] == "beta":
            return stats.beta(self.prior["a"], self.prior["b"]).ppf(p)
        z = stats.norm.ppf(p)
        return _KINDS[self.prior["dist"]](
            z, {k: np.asarray(v) for k, v in _args(self.prior).items()}, np
        )


def read_parameters(document: Mapping[str, Any]) -> tuple[Parameter, ...]:
    """Parameters of a parsed `parameters.toml`, in file order."""
    return tuple(Parameter(**entry) for entry in document["parameter"])


def _lognormal(z: Any, args: Mapping[str, Any], xp: Any) -> Any:
    return xp.exp(args["log_median"] + args["log_sd"] * z)


def _normal(z: Any, args: Mapping[str, Any], xp: Any) -> Any:
    return args["mean"] + args["sd"] * z


def _link(z: Any, args: Mapping[str, Any], xp: Any) -> Any:
    """Signed link with a dead zone between two thresholds of the latent."""
    above = xp.logaddexp(0.0, (z - args["upper"]) / EDGE)
    below = xp.logaddexp(0.0, (args["lower"] - z) / EDGE)
    return args["scale"] * EDGE * (above - below)


_KINDS = {"lognormal": _lognormal, "normal": _normal, "link": _link}


def _args(prior: Mapping[str, Any]) -> dict[str, float]:
    """Constants of one prior as its transform needs them."""
    match prior["dist"]:
        case "lognormal":
            return {"log_median": float(np.log(prior["median"])), "log_sd": prior["log_sd"]}
        case "normal":
            return {"mean": prior["mean"], "sd": prior["sd"]}
        case "link":
            lower, upper = link_zone(prior)
            return {"scale": prior["scale"], "lower": lower, "upper": upper}
    raise MetinferError(
        f"parameters.toml: unknown dist {prior['dist']!r}; allowed: beta, link, lognormal, normal"
    )


def link_zone(prior: Mapping[str, Any]) -> tuple[float, float]:
    """Latent thresholds (lower, upper) between which a link counts as absent."""
    reverse, absent = prior["reversed"], prior["absent"]
    lower = float(stats.norm.ppf(reverse)) if reverse > 0 else NEVER
    return lower, float(stats.norm.ppf(reverse + absent))


@dataclass(frozen=True)
class PriorTable:
    """Layout of all unknowns: standard normal latents `z`, Beta latents `share`, transfers.

    Attributes
    ----------
    parameters : tuple of Parameter
    coordinates : Coordinates
    """

    parameters: tuple[Parameter, ...]
    coordinates: Coordinates

    @cached_property
    def entries(self) -> tuple[Entry, ...]:
        """Every scalar unknown, in the order of the file."""
        return tuple(e for p in self.parameters for e in self.entries_of(p))

    @cached_property
    def normal(self) -> tuple[Entry, ...]:
        """Entries with a standard normal latent, those of one kind next to each other."""
        order = list(_KINDS)
        picked = [e for e in self.entries if e.prior["dist"] != "beta"]
        return tuple(sorted(picked, key=lambda e: order.index(e.prior["dist"])))

    @cached_property
    def beta(self) -> tuple[Entry, ...]:
        """Entries with a Beta latent."""
        return tuple(e for e in self.entries if e.prior["dist"] == "beta")

    @cached_property
    def labels(self) -> tuple[str, ...]:
        """Labels of all values in the order of `ALL`."""
        return tuple(e.label for e in (*self.normal, *self.beta))

    @cached_property
    def transfers(self) -> tuple[str, ...]:
        """Names of parameters whose human value deviates from the mouse value."""
        return tuple(p.name for p in self.parameters if p.transfer)

    def entries_of(self, parameter: Parameter) -> Iterable[Entry]:
        """Scalar unknowns of one parameter, in the order of its coordinates."""
        if parameter.dims is None:
            yield Entry(parameter, None, parameter.prior)
            return
        for value in getattr(self.coordinates, parameter.dims):
            species = self.coordinates.context_species.get(value, value)
            prior = parameter.by.get(value) or parameter.by.get(species) or parameter.prior
            yield Entry(parameter, value, prior)

    def natural(self, z: Any, share: Any, xp: Any) -> dict[str, Any]:
        """Named parameters on the natural scale.

        Parameters
        ----------
        z : array (..., normal)
            Standard normal latents.
        share : array (..., beta)
            Beta latents, already on (0, 1).
        xp : module
            `numpy` or `pytensor.tensor`.

        Returns
        -------
        dict
            Name to array (...,) or (..., coordinate); under `ALL` every value in one array
            (..., value), in the order of `labels`.
        """
        parts = [self._transform(z, kind, xp) for kind in self._kinds]
        values = xp.concatenate(parts, axis=-1) if parts else z
        every = xp.concatenate([values, share], axis=-1)
        return {ALL: every, **self.named(every)}

    def named(self, values: Any) -> dict[str, Any]:
        """Parameters by name, (...,) or (..., coordinate), from all values (..., value)."""
        out = {}
        for parameter in self.parameters:
            wanted = [e.label for e in self.entries_of(parameter)]
            if wanted:
                first = self.labels.index(wanted[0])
                span = slice(first, first + len(wanted)) if parameter.dims else first
                out[parameter.name] = values[..., span]
        return out

    @cached_property
    def _kinds(self) -> tuple[str, ...]:
        return tuple(k for k in _KINDS if any(e.prior["dist"] == k for e in self.normal))

    def _transform(self, z: Any, kind: str, xp: Any) -> Any:
        rows = [i for i, e in enumerate(self.normal) if e.prior["dist"] == kind]
        args = [_args(self.normal[i].prior) for i in rows]
        columns = {key: np.array([a[key] for a in args]) for key in args[0]}
        return _KINDS[kind](z[..., rows[0] : rows[-1] + 1], columns, xp)

    def without(self, names: Iterable[str]) -> PriorTable:
        """The table of all other parameters."""
        kept = tuple(p for p in self.parameters if p.name not in set(names))
        return PriorTable(kept, self.coordinates)

    @cached_property
    def beta_args(self) -> tuple[np.ndarray, np.ndarray]:
        """Shapes a and b of the Beta latents, each (beta,)."""
        a = np.array([e.prior["a"] for e in self.beta], dtype=float)
        b = np.array([e.prior["b"] for e in self.beta], dtype=float)
        return a, b
