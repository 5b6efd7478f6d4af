"""Decisions about chosen therapies: lasting or delayed, window, dose, combination; stored results.

`cases.choose_cases` says which therapies are looked into in which populations. All sources
(prior, without mouse rows, posterior) are solved on the same grids, and every number is kept
per draw, so that it can be shown beside its prior.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import xarray as xr

from metinfer.therapy.applicability import Applicability
from metinfer.therapy.cases import Case, Settings, settings, variants
from metinfer.therapy.decide import Seen, dose_reaching, see, since, split, together
from metinfer.therapy.draws import Draws
from metinfer.therapy.outcomes import contrasts, hazard_ratio
from metinfer.therapy.populations import YEAR, Population
from metinfer.therapy.predict import QUANTILES, quantiles
from metinfer.therapy.regimen import Therapies, Therapy
from metinfer.therapy.simulate import TIMES, clock, overlapped

PARTS = ("avoided", "removed", "dormant", "awake")
WINDOW = ("risk_untreated", "risk", "absolute_risk_reduction", "risk_ratio")
#: Shares of the attainable effect whose dose is sought.
REACH = {"dose_half": 0.5, "dose_most": 0.9}

#: Results of one source and case: name -> (draw,) or (draw, setting).
Found = dict[str, np.ndarray]


@dataclass(frozen=True)
class Subject:
    """What decisions are about.

    Attributes
    ----------
    sources : mapping of str to Draws
        With equal numbers of draws.
    """

    sources: Mapping[str, Draws]
    therapies: Therapies
    populations: Mapping[str, Population]
    applicability: Applicability | None = None


def decide(subject: Subject, cases: Sequence[Case]) -> dict[str, xr.Dataset]:
    """Lasting share, window, durations, doses and interaction of each case.

    Parameters
    ----------
    subject : Subject
    cases : sequence of Case

    Returns
    -------
    dict of str to xarray.Dataset
        ``lasting``, ``window``, ``duration``, ``dose`` and ``interaction``, each with the
        dimensions source, draw, case and its own setting; cases for which a question makes no
        sense (a dose without doses) are left out of its group. Settings that a case lacks are NaN.
    """
    found: dict[tuple[str, Case], Found] = {}
    chosen: dict[Case, Settings] = {}
    groups = list(_groups(subject, cases))
    for solved in overlapped(lambda group: list(_solve(subject, group)), groups):
        for case, one, results in solved:
            chosen[case] = one
            found |= {(source, case): r for source, r in results.items()}
    return _datasets(subject, list(cases), chosen, found)


def _groups(subject: Subject, cases: Iterable[Case]) -> Iterator[list[Case]]:
    """Yield cases that share every course and every solver grid."""
    groups: dict[tuple[str, str, float, float], list[Case]] = {}
    for case in cases:
        p = subject.populations[case.population]
        key = (case.therapy, p.species, p.origin, p.horizons[-1])
        groups.setdefault(key, []).append(case)
    yield from groups.values()


def _solve(
    subject: Subject, group: Sequence[Case]
) -> Iterator[tuple[Case, Settings, dict[str, Found]]]:
    """Yield what each source says of each case of one group."""
    therapy = subject.therapies.therapies[group[0].therapy]
    populations = [subject.populations[case.population] for case in group]
    chosen = settings(therapy, populations[0])
    courses = variants(therapy, chosen)
    seen: dict[tuple[str, tuple[str, int]], list[Seen]] = {}
    bases = {}
    for name, draws in subject.sources.items():
        seen[name, ("none", 0)], bases[name] = see(draws, subject.therapies, populations, None)
    for key, course in courses.items():
        for name, draws in subject.sources.items():
            known = _known(key, course, therapy)
            seen[name, key] = (
                seen[name, known]
                if known
                else see(draws, subject.therapies, populations, course, bases[name])[0]
            )
    for i, (case, population) in enumerate(zip(group, populations, strict=True)):
        mine = {
            name: {key: seen[name, key][i] for key in (("none", 0), *courses)}
            for name in subject.sources
        }
        yield case, chosen, {n: _answers(s, therapy, population, chosen) for n, s in mine.items()}


def _known(key: tuple[str, int], course: Therapy, therapy: Therapy) -> tuple[str, int] | None:
    """Return the course already solved that is the same, if it is the therapy as given."""
    return ("given", 0) if course is therapy and key != ("given", 0) else None


def _answers(
    seen: Mapping[tuple[str, int], Seen], therapy: Therapy, population: Population, chosen: Settings
) -> Found:
    """One source's results of one case."""
    last, none = population.horizons[-1], seen["none", 0]
    time = clock(last)
    start = (population.origin + therapy.start_in(population.species)) / YEAR
    parted = split(seen["stop", 0], none, time, start + chosen.stop / YEAR)
    found = {f"lasting.{n}": getattr(parted, n)[:, -1] for n in PARTS}
    found["lasting.share"], found["lasting.rebound"] = parted.lasting_share(), parted.rebound()
    found["lasting.hazard"] = hazard_ratio(seen["stop", 0].curve, none.curve)
    windows = [
        since(seen["start", k].curve, none.curve, time, (population.origin + s) / YEAR,
              chosen.follow)
        for k, s in enumerate(chosen.starts)
    ]  # fmt: skip
    durations = [
        since(seen["duration", k].curve, none.curve, time, start, last - start)
        for k in range(len(chosen.durations))
    ]
    for name, results in (("window", windows), ("duration", durations)):
        if results:
            found |= {f"{name}.{m}": np.stack([r[m] for r in results], axis=1) for m in WINDOW}
    return found | _doses(seen, time, last, chosen) | _combined(seen, time, last, therapy)


def _doses(
    seen: Mapping[tuple[str, int], Seen], time: np.ndarray, last: float, chosen: Settings
) -> Found:
    if not chosen.factors:
        return {}
    results = [
        contrasts(seen["dose", k].curve, seen["none", 0].curve, time, last)
        for k in range(len(chosen.factors))
    ]
    measures = ("absolute_risk_reduction", "risk_ratio")
    found = {f"dose.{m}": np.stack([r[m] for r in results], axis=1) for m in measures}
    effect = found["dose.absolute_risk_reduction"]
    return found | {
        f"dose.{name}": dose_reaching(effect, chosen.factors, share)
        for name, share in REACH.items()
    }


def _combined(
    seen: Mapping[tuple[str, int], Seen], time: np.ndarray, last: float, therapy: Therapy
) -> Found:
    if not therapy.parts:
        return {}
    keys = [("given", 0), *(("part", k) for k in range(len(therapy.parts)))]
    ratios = [
        contrasts(seen[key].curve, seen["none", 0].curve, time, last)["risk_ratio"] for key in keys
    ]
    return {f"interaction.{n}": v for n, v in together(ratios[0], ratios[1:]).items()}


def _datasets(
    subject: Subject,
    cases: Sequence[Case],
    chosen: Mapping[Case, Settings],
    found: Mapping[tuple[str, Case], Found],
) -> dict[str, xr.Dataset]:
    sources = list(subject.sources)
    made: dict[str, xr.Dataset] = {}
    kinds = ("lasting", "window", "duration", "dose", "interaction")
    for kind in kinds:
        here = [c for c in cases if any(n.startswith(f"{kind}.") for n in found[sources[0], c])]
        if not here:
            continue
        names = [n for n in found[sources[0], here[0]] if n.startswith(f"{kind}.")]
        names.remove("lasting.hazard") if kind == "lasting" else None
        arrays = {
            n.partition(".")[2]: _stacked([[found[s, c][n] for c in here] for s in sources], kind)
            for n in names
        }
        made[kind] = xr.Dataset(arrays, coords=_coords(subject, here, chosen, kind)).assign_coords(
            source=sources
        )
    curves = [[quantiles(found[s, c]["lasting.hazard"]) for c in cases] for s in sources]
    whole = np.full((len(sources), len(cases), TIMES, len(QUANTILES)), np.nan)
    whole[:, :, 1:] = np.array(curves)
    dims = ("source", "case", "time", "quantile")
    times = np.array([clock(subject.populations[c.population].horizons[-1]) for c in cases])
    made["lasting"] = made["lasting"].assign(hazard_ratio=(dims, whole)).assign_coords(
        quantile=list(QUANTILES), time_year=(("case", "time"), times)
    )  # fmt: skip
    return made


def _stacked(values: list[list[np.ndarray]], kind: str) -> tuple[tuple[str, ...], np.ndarray]:
    """Dimensions and array (source, draw, case[, setting]); settings a case lacks are NaN."""
    single = values[0][0].ndim == 1
    if single:
        return ("source", "draw", "case"), np.array(values, dtype=float).transpose(0, 2, 1)
    width = max(v.shape[1] for row in values for v in row)
    padded = [
        [np.pad(v, ((0, 0), (0, width - v.shape[1])), constant_values=np.nan) for v in row]
        for row in values
    ]
    return ("source", "draw", "case", kind), np.array(padded).transpose(0, 2, 1, 3)


def _coords(
    subject: Subject, cases: Sequence[Case], chosen: Mapping[Case, Settings], kind: str
) -> dict[str, object]:
    """Names of the cases, and the settings of each (days after time zero, days, multiples)."""
    cures = [subject.therapies.therapies[c.therapy] for c in cases]
    groups = [subject.populations[c.population] for c in cases]
    flags = [
        subject.applicability.flag(t, p) if subject.applicability else "unknown"
        for t, p in zip(cures, groups, strict=True)
    ]
    of = {"window": "starts", "duration": "durations", "dose": "factors"}
    coords: dict[str, object] = {
        "therapy": ("case", [c.therapy for c in cases]),
        "population": ("case", [c.population for c in cases]),
        "therapy_label": ("case", [t.label for t in cures]),
        "population_label": ("case", [p.label for p in groups]),
        "kind": ("case", [t.kind for t in cures]),
        "species": ("case", [p.species for p in groups]),
        "applicability": ("case", flags),
        "horizon_year": ("case", [p.horizons[-1] for p in groups]),
        "follow_year": ("case", [chosen[c].follow for c in cases]),
        "stop_year": ("case", [
            (p.origin + t.start_in(p.species) + chosen[c].stop) / YEAR
            for c, t, p in zip(cases, cures, groups, strict=True)
        ]),
    }  # fmt: skip
    if kind in of:
        rows = [getattr(chosen[c], of[kind]) for c in cases]
        width = max(len(r) for r in rows)
        padded = np.array([[*r, *[np.nan] * (width - len(r))] for r in rows])
        coords[f"{kind}_setting"] = (("case", kind), padded)
    return coords
