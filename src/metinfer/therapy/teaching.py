"""What named answers rest on, and which experiment would narrow them: stored results."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import xarray as xr

from metinfer.therapy.answers import named_answers
from metinfer.therapy.applicability import Applicability
from metinfer.therapy.assurance import QUANTILES, assurance, assurance_of_mean
from metinfer.therapy.cases import EFFECTS, Case
from metinfer.therapy.decide import Question
from metinfer.therapy.draws import NamedDraws
from metinfer.therapy.experiment import Expected, Experiment, expect_all, planned
from metinfer.therapy.kinetics import assignment
from metinfer.therapy.plans import EVENTS, Plan
from metinfer.therapy.populations import YEAR, Population
from metinfer.therapy.reader import Fault, TherapyError
from metinfer.therapy.regimen import Therapies
from metinfer.therapy.variance import Variance, split

#: Subjects per arm of the trial whose chance is set beside the doubt about parameters.
SUBJECTS = {"human": 500, "mouse": 10}
#: Multiples of the planned number per arm for which assurance is computed.
SIZES = (0.5, 1.0, 2.0, 4.0)
#: Animals per arm where no experiment is proposed.
ANIMALS = 10
#: Parts of the variance, in order.
PARTS = ("parameter", "translation", "between_study", "kinetics", "sampling", "unexplained")
#: Measures whose chance variation follows from the two risks.
SPLIT = ("risk", "risk_untreated", "absolute_risk_reduction", "risk_ratio")


def asked_of(
    asked: Sequence[Mapping[str, Any]], cases: Sequence[Case], populations: Mapping[str, Population]
) -> list[dict[str, Any]]:
    """Return the named answers, and a risk ratio for each case that none of them asks for."""
    found = [dict(a) for a in asked if a["population"] in populations]
    told = {(a["therapy"], a["population"]) for a in found if a["measure"] in EFFECTS}
    return found + [
        {
            "name": f"{c.therapy}_{c.population}_ratio",
            "therapy": c.therapy,
            "population": c.population,
            "measure": "risk_ratio",
            "time_year": populations[c.population].horizons[-1],
        }
        for c in cases
        if (c.therapy, c.population) not in told
    ]


def answer_draws(
    draws: NamedDraws,
    asked: Sequence[Mapping[str, Any]],
    therapies: Therapies,
    populations: Mapping[str, Population],
) -> dict[str, dict[str, np.ndarray]]:
    """Return each answer with the two risks behind it: name -> value, risk, risk_untreated."""
    every = [
        {**a, "name": f"{a['name']}|{key}", "measure": measure or a["measure"]}
        for a in asked
        for key, measure in (("value", ""), ("risk", "risk"), ("none", "risk_untreated"))
    ]
    flat = named_answers(draws, every, therapies, populations)
    names = [a["name"] for a in asked if f"{a['name']}|value" in flat]
    return {n: {k: flat[f"{n}|{k}"] for k in ("value", "risk", "none")} for n in names}


def variances(
    draws: NamedDraws,
    asked: Sequence[Mapping[str, Any]],
    found: Mapping[str, Mapping[str, np.ndarray]],
    therapies: Therapies,
    populations: Mapping[str, Population],
) -> xr.Dataset:
    """Variance of each answer in parts.

    Returns
    -------
    xarray.Dataset
        ``part`` (answer, part) and ``total`` (answer,) in the unit of the answer squared, with
        the subjects per arm whose chance is ``sampling``.
    """
    chosen = [a for a in asked if a["name"] in found and a["measure"] in SPLIT]
    variant = assignment(len(draws), therapies.variants)
    made, subjects = [], []
    for a in chosen:
        given = therapies.therapies[a["therapy"]].agents and a["measure"] != "risk_untreated"
        n = SUBJECTS[populations[a["population"]].species]
        chance = _chance(a["measure"], found[a["name"]], n)
        value = found[a["name"]]["value"]
        made.append(split(value, draws.params, variant if given else None, chance))
        subjects.append(n)
    return xr.Dataset(
        {
            "part": (("answer", "part_name"), _parts(made)),
            "total": ("answer", np.array([v.total for v in made])),
        },
        coords={
            "answer": [a["name"] for a in chosen],
            "part_name": list(PARTS),
            "subjects": ("answer", subjects),
            "measure": ("answer", [a["measure"] for a in chosen]),
        },
    )


def _parts(made: Sequence[Variance]) -> np.ndarray:
    rows = [[v.parts.get(name, 0.0) for name in PARTS] for v in made]
    return np.array(rows, dtype=float).reshape(len(made), len(PARTS))


def _chance(measure: str, draws: Mapping[str, np.ndarray], n: int) -> float:
    """Mean variance of an answer observed in `n` subjects per arm; of a ratio to first order."""
    one, zero = draws["risk"], draws["none"]
    parts = {
        "risk": one * (1.0 - one),
        "risk_untreated": zero * (1.0 - zero),
        "absolute_risk_reduction": one * (1.0 - one) + zero * (1.0 - zero),
    }
    if measure in parts:
        return float(np.nanmean(parts[measure]) / n)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = (one / zero) ** 2 * ((1.0 - one) / one + (1.0 - zero) / zero)
    return float(np.mean(ratio[np.isfinite(ratio)]) / n)


def default_plans(cases: Sequence[Case], populations: Mapping[str, Population]) -> list[Plan]:
    """Return one animal experiment per therapy in each population of mice, read at its end."""
    mice = [p for p in populations.values() if p.species == "mouse"]
    cures = dict.fromkeys(c.therapy for c in cases)
    return [
        Plan(
            name=f"{cure}_{p.name}",
            label=f"{cure} against nothing: {p.label}",
            therapy=cure,
            population=p.name,
            readout=EVENTS,
            day=p.horizons[-1] * YEAR,
            n=ANIMALS,
            reason="made up by the program: the file proposes no experiment",
        )
        for cure in cures
        for p in mice
    ]


def usable_plans(
    plans: Sequence[Plan], known: Sequence[str], populations: Mapping[str, Population]
) -> list[Plan]:
    """Return the plans in populations that the fit can predict.

    Parameters
    ----------
    plans : sequence of Plan
    known : sequence of str
        Names of all populations of the file.
    populations : mapping of str to Population
        Those that can be predicted.
    """
    if not any(p.population in known for p in plans):
        # The experiments of another folder, such as the bundled ones beside populations of one's
        # own; a slip of the pen leaves others that are known.
        return []
    faults = [
        Fault("therapies.toml", f"experiments.{p.name}.population",
              f"unknown population {p.population!r}; allowed: {', '.join(known)}")
        for p in plans if p.population not in known
    ]  # fmt: skip
    kept = [p for p in plans if p.population in populations]
    faults += [
        Fault("therapies.toml", f"experiments.{p.name}.day",
              f"day {p.day:g} is after the last horizon of {p.population} (day {last:g})")
        for p in kept
        if p.day > (last := populations[p.population].horizons[-1] * YEAR) * (1.0 + 1e-9)
    ]  # fmt: skip
    if faults:
        raise TherapyError(faults)
    return kept


def experiments(
    draws: NamedDraws,
    answers: Mapping[str, np.ndarray],
    priors: Mapping[str, np.ndarray],
    plans: Sequence[Plan],
    asked: tuple[Therapies, Mapping[str, Population], Applicability | None],
) -> xr.Dataset:
    """What each planned experiment would show, and how much it would narrow each answer.

    Parameters
    ----------
    draws : NamedDraws
    answers, priors : mapping of str to ndarray (draw,)
        Answers under the same draws, and under the prior.
    plans : sequence of Plan
    asked : tuple
        Therapies, populations, and what the evidence covers.
    """
    therapies, populations, covered = asked
    rng = np.random.default_rng(0)
    made, found, power, flags = [], [], [], []
    for plan in plans:
        cure, group = therapies.therapies[plan.therapy], populations[plan.population]
        question = Question(draws, therapies, cure, _until(group, plan.day))
        experiment = planned(plan, question)
        made.append(experiment)
        found.append(expect_all(experiment, answers, rng, priors))
        power.append(_power(plan, experiment, rng))
        flags.append(covered.flag(cure, group) if covered else "unknown")
    return _experiments(plans, list(answers), found, (np.array(power), flags, therapies))


def _until(population: Population, day: float) -> Population:
    """Return the population followed up to the day on which the experiment is read."""
    return replace(population, horizons=(day / YEAR,))


def _power(plan: Plan, experiment: Experiment, rng: np.random.Generator) -> list[float]:
    sizes = [max(round(s * plan.n), 2) for s in SIZES]
    if plan.readout != EVENTS:
        ratio = experiment.predicted[:, 0]
        return [assurance_of_mean(ratio, plan.log_sd, n) for n in sizes]
    untreated, treated = experiment.predicted.T
    return [assurance(treated, untreated, n, rng).power for n in sizes]


def _experiments(
    plans: Sequence[Plan],
    answers: Sequence[str],
    found: Sequence[Mapping[str, Expected]],
    more: tuple[np.ndarray, list[str], Therapies],
) -> xr.Dataset:
    power, flags, therapies = more
    cell = ("candidate", "answer")

    def table(name: str) -> tuple[tuple[str, str], np.ndarray]:
        values = [[float(getattr(f[a], name)) for a in answers] for f in found]
        return cell, np.array(values).reshape(len(plans), len(answers))

    result = np.full((len(plans), len(QUANTILES), 2), np.nan)
    for i, one in enumerate(found):
        told = next(iter(one.values())).result
        result[i, :, : told.shape[1]] = told
    now = [found[0][a].learnt if found else None for a in answers]
    return xr.Dataset(
        {
            "expected_variance": table("expected_variance"),
            "standard_error": table("standard_error"),
            "becomes_learnt": table("becomes_learnt"),
            "variance": table("variance"),
            "effective_draws": table("draws"),
            "learnt_now": ("answer", np.array([-1 if v is None else int(v) for v in now])),
            "result": (("candidate", "quantile", "arm"), result),
            "assurance": (("candidate", "size"), power.reshape(len(plans), len(SIZES))),
        },
        coords={
            "candidate": [p.name for p in plans],
            "answer": list(answers),
            "quantile": list(QUANTILES),
            "arm": ["untreated", "treated"],
            "per_arm": (
                ("candidate", "size"),
                np.array([[max(round(s * p.n), 2) for s in SIZES] for p in plans]),
            ),
            "label": ("candidate", [p.label for p in plans]),
            "therapy": ("candidate", [p.therapy for p in plans]),
            "kind": ("candidate", [therapies.therapies[p.therapy].kind for p in plans]),
            "population": ("candidate", [p.population for p in plans]),
            "readout": ("candidate", [p.readout for p in plans]),
            "day": ("candidate", [p.day for p in plans]),
            "n": ("candidate", [p.n for p in plans]),
            "applicability": ("candidate", flags),
        },
    )
