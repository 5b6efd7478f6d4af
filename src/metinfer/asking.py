"""Questions to a finished run, in one line each: for notebooks and scripts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from metinfer.runs import Run, as_run

if TYPE_CHECKING:
    import xarray as xr

    from metinfer.therapy.baseline import Baseline
    from metinfer.therapy.decide import Question
    from metinfer.therapy.draws import Draws, NamedDraws
    from metinfer.therapy.objects import Population, Treatment
    from metinfer.therapy.populations import Population as Group
    from metinfer.therapy.regimen import Therapies, Therapy

#: Draws that an answer is computed from: the 90 % interval is then known within a few percent.
DRAWS = 400


def ask(
    run: Run | str | Path,
    therapy: Treatment,
    population: str | Population,
    measure: str = "risk_ratio",
    time: float = 10.0,
    time_unit: str = "year",
    draws: int = DRAWS,
    seed: int = 0,
) -> xr.DataArray:
    """One answer of a run, draw by draw, under each source.

    Parameters
    ----------
    run : Run or path
        A finished run, or its folder.
    therapy : str, Regimen, Clamp, or a list of the last two
        A name in the run's therapies, or an object; of a list, all are given. None is no therapy,
        for the risk alone.
    population : str or Population
        A name among the run's populations, or an object.
    measure : str
        ``risk_ratio``, ``absolute_risk_reduction``, ``risk``, ``risk_untreated`` or
        ``rmst_gain`` (years free of the event that are gained up to `time`).
    time : float
        When it is read, in `time_unit` after time zero.
    time_unit : str
        ``year``, ``month``, ``week`` or ``day``.
    draws : int
        At most so many of each source.
    seed : int
        Of the risks that are drawn for `Population.from_risk`.

    Returns
    -------
    xarray.DataArray (source, draw)
        Sources are ``prior``, ``no_mouse`` and ``posterior``; NaN where a draw has no answer, as
        where its share of first metastases in the liver is below a supplied risk. Its attributes
        hold the unit, the question, draws without an answer by source, what the posterior learnt,
        and whether the fitted rows cover it.

    Raises
    ------
    ArgumentError
        Lists what cannot be asked, with what can.

    Examples
    --------
    >>> import metinfer as mi
    >>> run = mi.load_run("runs/tiny")
    >>> mice = mi.Population(like="mice", horizons=[21.0])
    >>> half = mi.Regimen("n803", amount=3, unit="ug/kg", every=7, count=3, start=3)
    >>> run.ask(half, mice, time=21, time_unit="day").dims
    ('source', 'draw')
    """
    import xarray as xr

    from metinfer.therapy.applicability import Applicability
    from metinfer.therapy.objects import treatment

    run = as_run(run)
    years = _years(measure, time, time_unit)
    parts = _parts(run, None, None)
    therapies, cure = treatment(therapy, parts.therapies)
    group, baseline = _group(run, population, parts.populations, years)
    _require_start(cure, group)
    size = min(draws, *(len(d) for d in parts.sources.values()))
    every = {
        name: _contrasts(d.thinned(size), therapies, cure, group, years, baseline, seed)
        for name, d in parts.sources.items()
    }
    # without a therapy, every risk is one that follow-up counts
    judged = "risk_untreated" if cure is None and measure == "risk" else measure
    told: dict[str, Any] = {"therapy": cure.label if cure else "none", "population": group.label,
            "time": float(time), "time_unit": time_unit,
            "units": "year" if measure == "rmst_gain" else "1"}  # fmt: skip
    flag = Applicability.of(run.evidence, therapies).flag(cure, group) if cure else ""
    values = np.array([found[measure] for found in every.values()])
    told["draws_without_answer"] = np.isnan(values).sum(axis=1).tolist()
    return xr.DataArray(
        values,
        dims=("source", "draw"),
        coords={"source": list(every)},
        name=measure,
        attrs=told | {"applicability": flag, **_learnt(every, judged, flag, baseline)},
    )


def _years(measure: str, time: float, unit: str) -> float:
    """Return a time in years; what cannot be asked is refused."""
    from metinfer.therapy.populations import YEAR
    from metinfer.therapy.predict import MEASURES
    from metinfer.therapy.reader import Table, from_python
    from metinfer.units import DAYS

    def read(table: Table) -> float:
        table.text("measure", allowed=MEASURES)
        days = table.text("time_unit", allowed=tuple(DAYS))
        return table.number("time", above=0.0) * DAYS.get(days, 1.0) / YEAR

    return from_python("ask", read, {"measure": measure, "time": time, "time_unit": unit})


def _group(
    run: Run, asked: str | Population, known: Mapping[str, Group], years: float = 0.0
) -> tuple[Group, Baseline | None]:
    """The population that is asked about, and the untreated risk that it is given, if any.

    It is followed for at least `years`, and as long as that risk takes.
    """
    from metinfer.inference.design import build_design
    from metinfer.therapy.objects import Population, require_kind
    from metinfer.therapy.populations import usable
    from metinfer.therapy.reader import ArgumentError

    require_kind("population", asked, (str, Population), "a name or a Population")
    named = Population(like=asked) if isinstance(asked, str) else asked
    group = named.group(known)
    where = build_design(run.evidence).coordinates
    _, refused = usable({group.name: group}, where.context, where.stock, where.timp1_level)
    if refused:
        told = f"contexts {', '.join(where.context)}; stocks {', '.join(where.stock)}"
        raise ArgumentError("Population", [("", f"{refused[group.name]}; it holds {told}")])
    last = max(years, named.baseline.years if named.baseline else 0.0)
    if last > group.horizons[-1] * (1.0 + 1e-9):
        group = replace(group, horizons=(last,))
    return group, named.baseline


def _require_start(therapy: Therapy | None, group: Group) -> None:
    """Raise ArgumentError unless every part of a therapy has a first day in the group's species."""
    from metinfer.therapy.reader import ArgumentError

    if therapy is None:
        return
    lacking = [p.label for p in therapy.parts or (therapy,) if group.species not in p.start]
    if lacking:
        told = f"no first day for {group.species}: start is one number, or one for each species"
        raise ArgumentError("ask", [("therapy", f"{name} has {told}") for name in lacking])


def _contrasts(
    draws: NamedDraws,
    therapies: Therapies,
    therapy: Therapy | None,
    group: Group,
    years: float,
    baseline: Baseline | None,
    seed: int,
) -> dict[str, np.ndarray]:
    """Every measure at one time (draw,) of a population with and without a therapy."""
    from metinfer.therapy.baseline import with_risk
    from metinfer.therapy.outcomes import contrasts
    from metinfer.therapy.predict import arms, arms_of
    from metinfer.therapy.simulate import clock

    _, base = arms(draws, therapies, [group], None)
    treated = base if therapy is None else arms(draws, therapies, [group], therapy, base)[1]
    whose = with_risk(draws, group, base, baseline, seed) if baseline else draws
    (one,), (zero,) = (arms_of(whose, [group], courses, base) for courses in (treated, base))
    return contrasts(one.curve, zero.curve, clock(group.horizons[-1]), years)


def _learnt(
    every: Mapping[str, Mapping[str, np.ndarray]],
    measure: str,
    flag: str,
    baseline: Baseline | None,
) -> dict[str, str]:
    """What the posterior learnt of a measure: of an effect, never more than of the risk ratio."""
    from metinfer.therapy.verdicts import EFFECTS, answer_of, weaken

    if baseline and measure == "risk_untreated":
        return {"learnt": "", "why": "this risk was supplied"}
    told, ratio = (
        answer_of({s: v[name][np.isfinite(v[name])] for s, v in every.items()}, name, flag)
        for name in (measure, "risk_ratio")
    )
    if measure in EFFECTS:
        weaken(told, ratio["learnt"], ratio["why"])
    return {"learnt": told["learnt"] or "", "why": told["why"] or ""}


def question(
    run: Run | str | Path,
    therapy: Treatment,
    population: str | Population,
    therapies: str | Path | None = None,
    populations: str | Path | None = None,
    draws: int = DRAWS,
    source: str = "posterior",
    seed: int = 0,
) -> Question:
    """One therapy in one population, as the functions of `metinfer.therapy.decide` take it.

    Parameters
    ----------
    run : Run or path
        A finished run, or its folder.
    therapy, population
        Names in the TOML files, or objects, as of `ask`.
    therapies, populations : path, optional
        TOML files; those of the run by default.
    draws : int
        At most so many.
    source : str
        ``posterior``, ``no_mouse`` or ``prior``.
    seed : int
        Of the risks that are drawn for `Population.from_risk`.
    """
    from metinfer.therapy.baseline import with_risk
    from metinfer.therapy.decide import Question
    from metinfer.therapy.objects import treatment
    from metinfer.therapy.predict import arms
    from metinfer.therapy.reader import ArgumentError, hint

    run = as_run(run)
    parts = _parts(run, therapies, populations)
    if source not in parts.sources:
        known = f"{', '.join(parts.sources)}{hint(source, parts.sources)}"
        raise ArgumentError("question", [("source", f"unknown source {source!r}; known: {known}")])
    cures, cure = treatment(therapy, parts.therapies)
    if cure is None:
        raise ArgumentError("question", [("therapy", "a therapy is needed, got None")])
    group, baseline = _group(run, population, parts.populations)
    _require_start(cure, group)
    drawn: Draws = parts.sources[source].thinned(draws)
    if baseline:
        _, base = arms(drawn, cures, [group], None)
        drawn = with_risk(drawn, group, base, baseline, seed)
    return Question(drawn, cures, cure, group)


def answers(
    run: Run | str | Path,
    therapies: str | Path | None = None,
    populations: str | Path | None = None,
    asked: Any = None,
    draws: int = DRAWS,
) -> dict[str, dict[str, np.ndarray]]:
    """Named answers of a run under each source: answer -> source -> draws.

    Parameters
    ----------
    run : Run or path
        A finished run, or its folder.
    therapies, populations : path, optional
        TOML files; those of the run by default.
    asked : sequence of mapping, optional
        Answers as in `analysis.toml`; those of the run by default.
    draws : int
        At most so many of each source (``prior``, ``no_mouse``, ``posterior``).
    """
    from metinfer.therapy.answers import named_answers

    parts = _parts(run, therapies, populations)
    wanted = parts.answers if asked is None else asked
    found = {
        source: named_answers(given.thinned(draws), wanted, parts.therapies, parts.populations)
        for source, given in parts.sources.items()
    }
    names = next(iter(found.values()))
    return {name: {source: values[name] for source, values in found.items()} for name in names}


def _parts(
    run: Run | str | Path, therapies: str | Path | None, populations: str | Path | None
) -> Any:
    from metinfer import workflow

    run = as_run(run)
    question = workflow._asked(run, therapies, populations)
    return workflow._parts(run, question.therapies, question.populations)
