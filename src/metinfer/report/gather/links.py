"""The arrows of the liver niche, each as an effect that a reader can picture."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr

from metinfer.inference.priors import Entry
from metinfer.inference.priors import Parameter as Prior
from metinfer.report.content import Link, Parameter
from metinfer.report.gather.spans import span

YEAR = 365.25
#: Coordinates of a human liver.
HUMAN = ("human", "liver")
FOLD, YEARLY = "fold", "% a year"


@dataclass(frozen=True)
class Arrow:
    """An arrow: what it says, what is changed and what that does, from the parameters named."""

    key: str  # a key of metinfer.report.figures.mechanism.ARROWS
    meaning: str
    change: str
    unit: str
    effect: Callable[..., Any]
    more: tuple[str, ...] = ()


def _doubled(exponent: Any) -> Any:
    return 2.0**exponent


def _without(share: Any) -> Any:
    return 1.0 - share


def _held(hold: Any, steepness: Any, floor: Any) -> Any:
    """Awakening at half the interferon-gamma, relative to a healthy liver."""
    return floor + (1.0 - floor) * 2.0 ** (hold * steepness)


def _lost(rate: Any) -> Any:
    return 100.0 * (1.0 - np.exp(-rate * YEAR))


#: Parameter -> arrow of the diagram.
ARROWS = {
    "timp1_cxcl12": Arrow(
        "timp1_cxcl12", "TIMP-1 raises CXCL12", "TIMP-1 doubled: CXCL12", FOLD, _doubled),
    "stellate_cxcl12": Arrow(
        "stellate_cxcl12", "activated stellate cells raise CXCL12",
        "stellate activation doubled: CXCL12", FOLD, _doubled),
    "cxcl12_neutrophil": Arrow(
        "cxcl12_neutrophils", "CXCL12 draws in neutrophils", "CXCL12 doubled: neutrophils", FOLD,
        _doubled),
    "cxcl12_nk": Arrow(
        "cxcl12_nk", "CXCL12 quiets NK cells", "CXCL12 doubled: active NK cells", FOLD,
        lambda b: 2.0**-b),
    "nk_ifng_share": Arrow(
        "nk_ifng", "NK cells make interferon-gamma", "NK cells lost: interferon-gamma", FOLD,
        _without),
    "nk_hold": Arrow(
        "ifng_awakening", "interferon-gamma holds cells dormant",
        "interferon-gamma halved: awakening", FOLD, _held, ("ifng_steepness", "awakening_floor")),
    "neutrophil_seeding": Arrow(
        "neutrophils_seeding", "neutrophils help cells to settle", "neutrophils lost: settling",
        FOLD, lambda link: np.exp(-link)),
    "arrival_kill": Arrow(
        "nk_seeding", "NK cells kill arriving cells", "NK cells lost: settling", FOLD,
        lambda kill, site: np.exp(kill * np.exp(site)), ("site_deviation",)),
    "dormant_kill": Arrow(
        "nk_killing", "NK cells kill dormant cells", "NK cells kill of dormant cells", YEARLY,
        _lost),
}  # fmt: skip


def links(known: tuple[Parameter, ...], document: Mapping[str, Any],
          posterior: xr.Dataset | None) -> tuple[Link, ...]:  # fmt: skip
    """Return the arrows of the diagram, with the effects in a human liver.

    Parameters
    ----------
    known
        Parameters of the page: only those among them have an arrow.
    document
        The parsed parameters.toml.
    posterior
        Draws (chain, draw, ...).
    """
    entries = {p["name"]: p for p in document.get("parameter", ())}
    names = {p.name.partition("[")[0] for p in known if p.posterior is not None}
    made = []
    for name, arrow in ARROWS.items():
        needed = (name, *arrow.more)
        if posterior is None or name not in names or any(n not in posterior for n in needed):
            continue
        draws = [_human(posterior, n) for n in needed]
        made.append(Link(
            arrow.key, arrow.meaning, span(arrow.effect(*draws)), arrow.unit, change=arrow.change,
            **_absence(entries[name], posterior),
        ))  # fmt: skip
    return tuple(made)


def _human(posterior: xr.Dataset, name: str) -> np.ndarray:
    """Draws of the value in a human liver: a mouse value comes with its deviation."""
    values = posterior[name]
    for dim in [d for d in values.dims if d not in ("chain", "draw")]:
        labels = list(map(str, values[dim].values))
        mine = next((at for at in HUMAN if at in labels), labels[0])
        values = values.isel({dim: labels.index(mine)})
    draws = np.asarray(values.transpose("chain", "draw")).ravel()
    moved = posterior.get("transfer")
    if moved is None or name not in map(str, moved["transfer_parameter"].values):
        return draws
    found = moved.sel(transfer_parameter=name).transpose("chain", "draw")
    return np.asarray(draws * np.exp(np.asarray(found).ravel()))


def _absence(entry: Mapping[str, Any], posterior: xr.Dataset) -> dict[str, float]:
    """Return how probable it is that a link is absent or reversed, before and after the data.

    A link is a monotone map of one latent, so its dead zone lies between two prior quantiles.
    """
    prior = entry["prior"]
    if prior["dist"] != "link":
        return {}
    absent, reverse = float(prior["absent"]), float(prior["reversed"])
    zone = Entry(Prior(**entry), None, prior).quantile([max(reverse, 1e-12), reverse + absent])
    values = posterior[entry["name"]].values
    below = float(np.mean(values < zone[0])) if reverse > 0 else 0.0
    return {
        "absent_prior": absent, "absent_posterior": float(np.mean(values <= zone[1])) - below,
        "reversed_prior": reverse, "reversed_posterior": below,
    }  # fmt: skip
