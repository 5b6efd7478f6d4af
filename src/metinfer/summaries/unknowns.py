"""Parameters, links of the mechanism, and what each answer rests on."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from metinfer import results
from metinfer.inference.learnt import overlap
from metinfer.inference.priors import Entry
from metinfer.inference.priors import Parameter as Prior
from metinfer.judging import ANSWERED, ANSWERS, every_so_often
from metinfer.summaries.groups import shown_scale
from metinfer.summaries.ledger import Perturbing, state_of, without_idle_animals
from metinfer.summaries.table import YEAR, Summary, frame, records, summary

#: Parameters whose chains are drawn, and draws of each.
TRACES, THINNED = 5, 250
#: Rates per day below which those of people are shown per year.
SLOW = 0.01
#: Rank correlation from which an answer is said to move with a parameter.
TOGETHER = 0.3
NARROW, WIDE = "posterior_translation_0.25", "posterior_translation_1"


def parameters(evidence: Any, posterior: xr.Dataset | None, prior: xr.Dataset | None
               ) -> pd.DataFrame:  # fmt: skip
    """Every scalar unknown with prior, posterior and sampling quality, in its own unit."""
    columns = ("name", "prior", "posterior", "rhat")
    if prior is None:
        return frame((), columns)
    species = {context: a.species for a in evidence.arms for context, _ in a.contexts}
    entries = [p for p in evidence.parameters.get("parameter", ()) if p["name"] in prior]
    quality = {} if posterior is None else _quality(posterior, [p["name"] for p in entries])
    return frame(
        (
            _parameter(entry, at, before, _at(posterior, entry["name"], at), quality, species)
            for entry in entries
            for at, before in _scalars(prior[entry["name"]])
        ),
        columns,
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
    """Draws of a parameter by its full name, such as ``rate[place]``."""
    base, _, where = name.rstrip("]").partition("[")
    return _at(dataset, base, where or None)


def _parameter(entry: Mapping[str, Any], at: str | None, before: xr.DataArray,
               after: xr.DataArray | None, quality: Mapping[str, Any],
               species: Mapping[str, str]) -> dict[str, Any]:  # fmt: skip
    by, where = entry.get("by", {}), species.get(at or "", at)
    prior = by.get(at) or by.get(where) or entry["prior"]
    positive = prior["dist"] == "lognormal"
    slow = positive and prior["median"] < SLOW and entry["unit"] == "1/day" and where == "human"
    unit, factor = ("1/year", YEAR) if slow else (entry["unit"], 1.0)
    found: dict[str, Any] = {k: _pick(v, entry["name"], at) for k, v in quality.items()}
    if found.get("mcse") is not None:
        found["mcse"] *= factor
    spans = summary(before, factor), None if after is None else summary(after, factor)
    return {
        "name": entry["name"] if at is None else f"{entry['name']}[{at}]",
        "symbol": entry.get("symbol", ""), "place": at or "", "meaning": entry["meaning"],
        "unit": unit, "dist": prior["dist"],
        "arguments": {k: v * factor if k == "median" else v
                      for k, v in prior.items() if k != "dist"},
        "reason": entry.get("reason", ""), "source": entry.get("source", ""),
        "prior": spans[0], "posterior": spans[1],
        "width": width_ratio(*spans, positive),
        "overlap": None if after is None else overlap(before.values, after.values),
        "conflict": conflicts(*spans),
        **{k: found.get(k) for k in ("rhat", "ess_bulk", "ess_tail", "mcse")},
    }  # fmt: skip


def conflicts(before: Summary | None, after: Summary | None) -> bool:
    """Whether the posterior median lies outside the 90 % interval of the prior."""
    if before is None or after is None:
        return False
    return not before.lo90 <= after.median <= before.hi90


def width_ratio(before: Summary | None, after: Summary | None, positive: bool) -> float | None:
    """Width of the 90 % interval after the data over that before; on logs if positive."""
    if before is None or after is None:
        return None
    ends = [(s.lo90, s.hi90) for s in (after, before)]
    if positive:
        if min(low for low, _ in ends) <= 0:
            return None
        ends = [(math.log(low), math.log(high)) for low, high in ends]
    now, then = (high - low for low, high in ends)
    return now / then if then > 0 else None


def _quality(posterior: xr.Dataset, names: list[str]) -> dict[str, xr.Dataset]:
    # The part of arviz that is needed: its plots cost a second to import.
    az: Any = import_module("arviz_stats")
    kept = posterior[[n for n in names if n in posterior]]
    return {
        "rhat": az.rhat(kept), "ess_bulk": az.ess(kept, method="bulk"),
        "ess_tail": az.ess(kept, method="tail"), "mcse": az.mcse(kept),
    }  # fmt: skip


def _pick(table: xr.Dataset, name: str, at: str | None) -> float | None:
    values = table[name]
    value = float(values if at is None else values.sel({values.dims[0]: at}))
    return value if np.isfinite(value) else None


def traces(posterior: xr.Dataset | None, known: pd.DataFrame) -> pd.DataFrame:
    """Thinned draws of the parameters with the worst R-hat; ``chains`` is a list of lists."""
    if posterior is None or known.empty:
        return frame((), ("name", "rhat", "chains"))
    worst = sorted((p for p in records(known) if p.rhat is not None), key=lambda p: -p.rhat)
    made = []
    for one in worst[:TRACES]:
        values = at(posterior, one.name)
        if values is not None:
            draws = values.transpose("chain", "draw").values
            step = max(1, draws.shape[1] // THINNED)
            made.append({"name": one.name, "rhat": one.rhat,
                         "chains": draws[:, ::step].tolist()})  # fmt: skip
    return frame(made, ("name", "rhat", "chains"))


@dataclass(frozen=True)
class Arrow:
    """A link of the mechanism and the effect that stands for it in a human liver.

    `effect` maps draws of the parameter and of `more` to a fold change, or to percent a year;
    `parts` are those of `evidence.PARTS` whose rows perturb it.
    """

    key: str
    effect: Callable[..., Any]
    more: tuple[str, ...] = ()
    parts: tuple[str, ...] = ()
    unit: str = "fold"


def _held(hold: Any, steepness: Any, floor: Any) -> Any:
    """Awakening at half the interferon-gamma, relative to a healthy liver."""
    return floor + (1.0 - floor) * 2.0 ** (hold * steepness)


#: Parameter -> link of the diagram.
ARROWS = {
    "timp1_cxcl12": Arrow("timp1_cxcl12", lambda b: 2.0**b, parts=("timp1_outcome",)),
    "stellate_cxcl12": Arrow("stellate_cxcl12", lambda b: 2.0**b, parts=("cxcl12",)),
    "cxcl12_neutrophil": Arrow("cxcl12_neutrophils", lambda b: 2.0**b, parts=("neutrophils",)),
    "cxcl12_nk": Arrow("cxcl12_nk", lambda b: 2.0**-b, parts=("cxcl12",)),
    "nk_ifng_share": Arrow("nk_ifng", lambda share: 1.0 - share, parts=("ifng",)),
    "nk_hold": Arrow("ifng_awakening", _held, ("ifng_steepness", "awakening_floor"),
                     ("ifng_outcome",)),
    "neutrophil_seeding": Arrow("neutrophils_seeding", lambda link: np.exp(-link),
                                parts=("neutrophils",)),
    "arrival_kill": Arrow("nk_seeding", lambda kill, site: np.exp(kill * np.exp(site)),
                          ("site_deviation",), ("nk_outcome",)),
    "dormant_kill": Arrow("nk_killing", lambda rate: 100.0 * (1.0 - np.exp(-rate * YEAR)),
                          parts=("nk_outcome",), unit="percent_a_year"),
}  # fmt: skip


def links(evidence: Any, groups: Mapping[str, xr.Dataset],
          rows_of: Callable[[Sequence[str]], Perturbing]) -> pd.DataFrame:  # fmt: skip
    """Links of the mechanism: effect before and after, presence, rows and ledger state."""
    entries = {p["name"]: p for p in evidence.parameters.get("parameter", ())}
    after, others = groups.get("posterior"), ("prior", "posterior", "posterior_no_mouse")
    made = []
    for name, arrow in ARROWS.items():
        needed = (name, *arrow.more)
        if after is None or name not in entries or any(n not in after for n in needed):
            continue
        draws = [_effect(arrow, groups.get(g), needed) for g in others]
        rows, effect = rows_of(arrow.parts), arrow.unit == "fold"
        before, now, mice = (np.log(np.maximum(d, 1e-12)) for d in draws)
        counted = without_idle_animals(rows, mice, now, effect)
        made.append({
            "key": arrow.key, "parameter": name, "unit": arrow.unit,
            "prior": summary(draws[0]), "posterior": summary(draws[1]),
            **_absence(entries[name], after), **vars(rows),
            "state": state_of(before, now, counted, effect),
        })  # fmt: skip
    return frame(made, ("key", "posterior", "state"))


def _effect(arrow: Arrow, group: xr.Dataset | None, needed: Sequence[str]) -> np.ndarray:
    if group is None or any(n not in group for n in needed):
        return np.zeros(0)
    return np.asarray(arrow.effect(*(_human(group, n) for n in needed)))


def _human(posterior: xr.Dataset, name: str) -> np.ndarray:
    """Draws of the value in a human liver: a mouse value comes with its deviation."""
    values = posterior[name]
    for dim in [d for d in values.dims if d not in ("chain", "draw")]:
        labels = list(map(str, values[dim].values))
        mine = next((at for at in ("human", "liver") if at in labels), labels[0])
        values = values.isel({dim: labels.index(mine)})
    draws = np.asarray(values.transpose("chain", "draw")).ravel()
    moved = posterior.get("transfer")
    if moved is None or name not in map(str, moved["transfer_parameter"].values):
        return draws
    found = moved.sel(transfer_parameter=name).transpose("chain", "draw")
    return np.asarray(draws * np.exp(np.asarray(found).ravel()))


def _absence(entry: Mapping[str, Any], posterior: xr.Dataset) -> dict[str, float | None]:
    """Probability that a link is absent or reversed, before and after the data.

    A link is a monotone map of one latent, so its dead zone lies between two prior quantiles.
    """
    prior = entry["prior"]
    if prior["dist"] != "link":
        names = ("absent_prior", "absent_posterior", "reversed_prior", "reversed_posterior")
        return dict.fromkeys(names)
    absent, reverse = float(prior["absent"]), float(prior["reversed"])
    zone = Entry(Prior(**entry), None, prior).quantile([max(reverse, 1e-12), reverse + absent])
    values = posterior[entry["name"]].values
    below = float(np.mean(values < zone[0])) if reverse > 0 else 0.0
    return {
        "absent_prior": absent, "absent_posterior": float(np.mean(values <= zone[1])) - below,
        "reversed_prior": reverse, "reversed_posterior": below,
    }  # fmt: skip


def moved(run: Any, known: pd.DataFrame, asked: Sequence[str]) -> pd.DataFrame:
    """Rank correlation of each answer with the parameters that left their prior's middle half."""
    columns = ("parameter", "answer", "correlation")
    draws = results.read_groups(run, ANSWERS).get("posterior")
    if draws is None or known.empty:
        return frame((), columns)
    after = every_so_often(run.posterior, ANSWERED)
    made = []
    for one in records(known):
        if one.posterior is None or one.prior.lo50 <= one.posterior.median <= one.prior.hi50:
            continue
        values = at(after, one.name)
        if values is None:
            continue
        mine = values.transpose("chain", "draw").to_numpy().ravel()
        found = {k: rank_correlation(mine, draws[k].to_numpy().ravel())
                 for k in asked if k in draws and draws[k].size == mine.size}  # fmt: skip
        made += [{"parameter": one.name, "answer": k, "correlation": r}
                 for k, r in found.items() if abs(r) >= TOGETHER]  # fmt: skip
    return frame(made, columns)


def rank_correlation(one: np.ndarray, other: np.ndarray) -> float:
    """Spearman's correlation over the draws where both are numbers; 0 for a constant."""
    from scipy.stats import spearmanr

    good = np.isfinite(one) & np.isfinite(other)
    if good.sum() < 3 or np.ptp(one[good]) == 0 or np.ptp(other[good]) == 0:
        return 0.0
    return float(spearmanr(one[good], other[good]).statistic)


def foundations(checks: Mapping[str, Any]) -> pd.DataFrame:
    """What each named answer rests on: contraction, sampling quality, power scaling, pulls."""
    made = []
    for key, found in checks.get("answers", {}).items():
        power = dict(found["power"])
        made.append({
            "answer": key, "contraction": found.get("contraction"),
            **{k: found[k] for k in ("rhat", "ess_bulk", "ess_tail", "mcse")},
            "narrow": summary(found["values"][NARROW]) if NARROW in found["values"] else None,
            "wide": summary(found["values"][WIDE]) if WIDE in found["values"] else None,
            "prior_power": power.pop("prior"), "data_power": power.pop("data"),
            "streams": power, "pulls": {p["study"]: p["pull"] for p in found["pulls"]},
        })  # fmt: skip
    return frame(made, ("answer", "prior_power", "data_power", "streams", "pulls"))


def prior_rows(checks: Mapping[str, Any], evidence: Any) -> pd.DataFrame:
    """Published values beside what the prior alone would have published in their place."""
    rows, made = {m.row: m for m in evidence.measurements}, []
    for line in (checks.get("prior") or {}).get("rows", ()):
        row = rows[line["row"]]
        scale = shown_scale(row, line["reported"])
        predicted = summary(line, scale.scored)
        assert predicted is not None
        reported = scale.scored * line["reported"]
        made.append({
            "row": row.row, "observable": row.observable, "matrix": row.matrix,
            "statistic": row.statistic, "unit": scale.unit, "role": line["role"],
            "reported": reported, "predicted": predicted,
            "inside90": predicted.lo90 <= reported <= predicted.hi90,
        })  # fmt: skip
    return frame(made, ("row", "role", "reported", "predicted", "inside90"))


def impossible(checks: Mapping[str, Any]) -> pd.DataFrame:
    """What is biologically impossible, and the share of prior draws that hold it."""
    lines = (checks.get("prior") or {}).get("impossible", ())
    return frame(lines, ("what", "low", "high", "reason", "share"))


def pairs(checks: Mapping[str, Any]) -> pd.DataFrame:
    """Pairs of parameters that the data tie together, with their rank correlation."""
    return frame(checks.get("pairs", ()), ("one", "other", "correlation"))
