"""Parameters before and after the data, links of the niche, chains."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Any

import numpy as np
import xarray as xr

from metinfer.inference.learnt import overlap, summarise
from metinfer.inference.priors import Entry
from metinfer.inference.priors import Parameter as Prior
from metinfer.report.content import Link, Parameter, Span, Trace
from metinfer.report.gather import labels
from metinfer.report.words import width_ratio

#: Parameter -> arrow of the diagram, and what the arrow says.
ARROW_OF = {
    "timp1_cxcl12": ("timp1_cxcl12", "TIMP-1 raises CXCL12"),
    "stellate_cxcl12": ("stellate_cxcl12", "activated stellate cells raise CXCL12"),
    "cxcl12_neutrophil": ("cxcl12_neutrophils", "CXCL12 draws in neutrophils"),
    "cxcl12_nk": ("cxcl12_nk", "CXCL12 quiets NK cells"),
    "nk_ifng_share": ("nk_ifng", "NK cells make interferon-gamma"),
    "nk_hold": ("ifng_awakening", "interferon-gamma holds cells dormant"),
    "neutrophil_seeding": ("neutrophils_seeding", "neutrophils help cells to settle"),
    "arrival_kill": ("nk_seeding", "NK cells kill arriving cells"),
    "dormant_kill": ("nk_killing", "NK cells kill dormant cells"),
}
TRACES, THINNED = 5, 250


def span(draws: Any) -> Span:
    """Return median, 50 % and 90 % intervals of draws of any shape."""
    found = summarise(np.asarray(draws))
    return Span(found.median, found.lo50, found.hi50, found.lo90, found.hi90)


def parameters(document: Mapping[str, Any], posterior: xr.Dataset | None, prior: xr.Dataset,
               species: Mapping[str, str]) -> tuple[Parameter, ...]:  # fmt: skip
    """Return every scalar unknown with prior, posterior and sampling quality.

    Parameters
    ----------
    document
        The parsed parameters.toml.
    posterior, prior
        Draws (chain, draw, ...); no posterior for a prior-only run.
    species
        Context -> species, to find the prior that holds there.
    """
    entries = [p for p in document.get("parameter", ()) if p["name"] in prior]
    names = [p["name"] for p in entries]
    quality = _quality(posterior, names) if posterior is not None else {}
    return tuple(
        _parameter(entry, at, before, _at(posterior, entry["name"], at), quality, species)
        for entry in entries
        for at, before in _scalars(prior[entry["name"]])
    )


def _scalars(values: xr.DataArray) -> Iterator[tuple[str | None, xr.DataArray]]:
    extra = [d for d in values.dims if d not in ("chain", "draw")]
    if not extra:
        yield None, values
        return
    for at in values[extra[0]].values:
        yield str(at), values.sel({extra[0]: at})


def _at(dataset: xr.Dataset | None, name: str, at: str | None) -> xr.DataArray | None:
    if dataset is None or name not in dataset:
        return None
    return next((v for where, v in _scalars(dataset[name]) if where == at), None)


def _parameter(entry: Mapping[str, Any], at: str | None, before: xr.DataArray,
               after: xr.DataArray | None, quality: Mapping[str, Any],
               species: Mapping[str, str]) -> Parameter:  # fmt: skip
    by = entry.get("by", {})
    prior = by.get(at) or by.get(species.get(at or "", at)) or entry["prior"]
    where = "" if at is None else f" ({labels.place(at)})"
    found: dict[str, Any] = {k: _pick(v, entry["name"], at) for k, v in quality.items()}
    learnt: dict[str, Any] = {} if after is None else {
        "posterior": span(after),
        "width": width_ratio(
            span(before), span(after), positive=prior["dist"] == "lognormal"
        ),
        "overlap": overlap(before.values, after.values),
    }  # fmt: skip
    return Parameter(
        name=entry["name"] if at is None else f"{entry['name']}[{at}]",
        meaning=f"{entry['meaning']}{where}".replace("->", "\u2192"),
        unit=entry["unit"],
        distribution=_distribution(prior),
        reason=entry.get("reason", ""),
        source=entry.get("source", ""),
        prior=span(before),
        positive=bool(prior["dist"] == "lognormal"),
        **learnt,
        **found,
    )


def _distribution(prior: Mapping[str, Any]) -> str:
    arguments = ", ".join(f"{k} {v}" for k, v in prior.items() if k != "dist")
    return f"{prior['dist']} ({arguments})".replace("_", " ")


def _quality(posterior: xr.Dataset, names: list[str]) -> dict[str, xr.Dataset]:
    # The part of arviz that is needed: its plots cost a second to import.
    az: Any = import_module("arviz_stats")

    kept = posterior[[n for n in names if n in posterior]]
    return {
        "rhat": az.rhat(kept),
        "ess_bulk": az.ess(kept, method="bulk"),
        "ess_tail": az.ess(kept, method="tail"),
        "mcse": az.mcse(kept),
    }


def _pick(table: xr.Dataset, name: str, at: str | None) -> float | None:
    values = table[name]
    value = float(values if at is None else values.sel({values.dims[0]: at}))
    return value if np.isfinite(value) else None


def traces(posterior: xr.Dataset, known: tuple[Parameter, ...]) -> tuple[Trace, ...]:
    """Return thinned draws of the parameters with the worst R-hat."""
    worst = sorted((p for p in known if p.rhat is not None), key=lambda p: -(p.rhat or 0))
    made = []
    for parameter in worst[:TRACES]:
        name, _, at = parameter.name.rstrip("]").partition("[")
        values = _at(posterior, name, at or None)
        if values is not None:
            draws = values.transpose("chain", "draw").values
            step = max(1, draws.shape[1] // THINNED)
            chains = tuple(tuple(map(float, c[::step])) for c in draws)
            made.append(Trace(parameter.meaning, parameter.rhat, chains))
    return tuple(made)


def links(known: tuple[Parameter, ...], document: Mapping[str, Any],
          posterior: xr.Dataset | None) -> tuple[Link, ...]:  # fmt: skip
    """Return the arrows of the diagram; human values where a parameter has one per species."""
    entries = {p["name"]: p for p in document.get("parameter", ())}
    made = []
    for name, (key, meaning) in ARROW_OF.items():
        mine = [p for p in known if p.name.partition("[")[0] == name and p.posterior is not None]
        chosen = next((p for p in mine if p.name.endswith("[human]")), mine[0] if mine else None)
        if chosen is None or chosen.posterior is None:
            continue
        where = " (human)" if chosen.name.endswith("[human]") else ""
        made.append(Link(key, meaning + where, chosen.posterior, chosen.unit,
                         *_absence(entries[name], posterior)))  # fmt: skip
    return tuple(made)


def _absence(entry: Mapping[str, Any], posterior: xr.Dataset | None) -> tuple[float | None, ...]:
    """Return absent in the prior, absent and reversed in the posterior, for links only.

    A link is a monotone map of one latent, so its dead zone lies between two prior quantiles.
    """
    prior = entry["prior"]
    if prior["dist"] != "link":
        return None, None, None
    absent = float(prior["absent"])
    if posterior is None or entry["name"] not in posterior:
        return absent, None, None
    reverse = float(prior["reversed"])
    zone = Entry(Prior(**entry), None, prior).quantile([max(reverse, 1e-12), reverse + absent])
    values = posterior[entry["name"]].values
    below = float(np.mean(values < zone[0])) if reverse > 0 else 0.0
    return absent, float(np.mean(values <= zone[1])) - below, below
