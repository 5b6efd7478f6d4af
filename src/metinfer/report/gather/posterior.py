"""Parameters before and after the data, and their chains."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Any

import numpy as np
import xarray as xr

from metinfer.inference.learnt import overlap
from metinfer.report.content import Parameter, Trace
from metinfer.report.gather import labels, symbols
from metinfer.report.gather.spans import span
from metinfer.report.words import width_ratio

TRACES, THINNED = 5, 250
YEAR = 365.25
#: Rates per day below which those of people are shown per year.
SLOW = 0.01


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


def at(dataset: xr.Dataset, name: str) -> xr.DataArray | None:
    """Return the draws of a parameter as the page names it: rate[place]."""
    base, _, where = name.rstrip("]").partition("[")
    return _at(dataset, base, where or None)


def _parameter(entry: Mapping[str, Any], at: str | None, before: xr.DataArray,
               after: xr.DataArray | None, quality: Mapping[str, Any],
               species: Mapping[str, str]) -> Parameter:  # fmt: skip
    by = entry.get("by", {})
    prior = by.get(at) or by.get(species.get(at or "", at)) or entry["prior"]
    where = "" if at is None else f" ({labels.place(at)})"
    unit, factor = _per_year(entry["unit"], prior, species.get(at or "", at))
    before, after = before * factor, None if after is None else after * factor
    found: dict[str, Any] = {k: _pick(v, entry["name"], at) for k, v in quality.items()}
    if found.get("mcse") is not None:
        found["mcse"] *= factor
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
        unit=unit,
        symbol=symbols.of(entry.get("symbol", "")),
        place="" if at is None else labels.place(at),
        distribution=_distribution(prior, factor),
        reason=entry.get("reason", ""),
        source=entry.get("source", ""),
        prior=span(before),
        positive=bool(prior["dist"] == "lognormal"),
        **learnt,
        **found,
    )


def _per_year(unit: str, prior: Mapping[str, Any], where: str | None) -> tuple[str, float]:
    """Return unit and factor: slow rates of people are read per year."""
    slow = prior["dist"] == "lognormal" and prior["median"] < SLOW
    return ("1/year", YEAR) if unit == "1/day" and where == "human" and slow else (unit, 1.0)


def _distribution(prior: Mapping[str, Any], factor: float = 1.0) -> str:
    """Return a prior in words; a factor of the unit moves its median."""
    values = {k: f"{v * factor:.3g}" if k == "median" else v for k, v in prior.items()}
    arguments = ", ".join(f"{k} {v}" for k, v in values.items() if k != "dist")
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
        values = at(posterior, parameter.name)
        if values is not None:
            draws = values.transpose("chain", "draw").values
            step = max(1, draws.shape[1] // THINNED)
            chains = tuple(tuple(map(float, c[::step])) for c in draws)
            made.append(Trace(parameter.meaning, parameter.rhat, chains))
    return tuple(made)
