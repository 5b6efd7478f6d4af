"""What is done with a run folder: judge it, predict from it, and the whole way in one call."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from metinfer import results
from metinfer.errors import UsageError
from metinfer.runs import Run, as_run, load_run
from metinfer.scenarios import scenarios
from metinfer.storage import digest

if TYPE_CHECKING:
    import xarray as xr

    from metinfer.inference.diagnose import Diagnosis, Gate
    from metinfer.therapy.overview import Asked

PREDICTIONS = "predictions.nc"
DECISIONS = "decisions.nc"
#: The same of other files than those that the run was made with: those last asked for.
OTHER_PREDICTIONS, OTHER_DECISIONS = "predictions-other.nc", "decisions-other.nc"
DIAGNOSTICS = "diagnostics.json"
PREDICTIVE = "predictive.nc"
CHECKS = "checks.json"
#: Draws of each source that are solved again for every therapy.
PREDICTED_DRAWS = 500
#: Sources of predictions, by the group of `posterior.nc` that they come from.
SOURCES = {"prior": "prior", "no_mouse": "posterior_no_mouse", "posterior": "posterior"}


def diagnose(run: Run | str | Path) -> Diagnosis:
    """All gates of a run, and what its named answers rest on.

    Written to the folder: `diagnostics.json` (gates), `answers.nc` (named answers of every draw),
    `predictive.nc` (replicates of every row), `checks.json` (prior predictive, power scaling,
    pull of each study, correlated pairs).

    Parameters
    ----------
    run : Run or path
        A finished run, or its folder.

    Returns
    -------
    Diagnosis
        `gates`, each with its value and limit, and `passed`.

    Examples
    --------
    >>> import metinfer as mi
    >>> mi.diagnose(mi.load_run("runs/tiny")).passed
    False
    """
    from metinfer import judging
    from metinfer.inference.diagnose import Diagnosis

    run = as_run(run)
    asked = scenarios(run)
    answers = judging.answer_draws(run, *asked)
    before, possible = prior_check(run)
    gates = judging.gates(run, answers, possible) + judging.grid_gate(run, *asked)
    diagnosis = Diagnosis(gates)
    checks = {"prior": before, **judging.foundations(run, answers)}
    replicate(run)
    results.write_json(run, CHECKS, checks)
    results.write_json(run, DIAGNOSTICS, diagnosis.to_dict())
    return diagnosis


def check_prior(run: Run) -> list[dict[str, Any]]:
    """Prior predictive check of a run that holds the prior alone; also written to `checks.json`.

    Returns
    -------
    list of dict
        What cannot be, with the share of prior draws that hold it: see
        `metinfer.inference.prior_check.impossible`.
    """
    before, _ = prior_check(run)
    checks = {"prior": before, "answers": {}, "pairs": []}
    results.write_json(run, CHECKS, checks)
    return list(before["impossible"])


def prior_check(run: Run) -> tuple[dict[str, Any], Gate | None]:
    """What the prior alone would publish, as plain data, and whether that is possible.

    Returns
    -------
    dict
        ``impossible``: lines of what cannot be, with the share of prior draws; ``rows``: each
        published value beside its prior predictive interval, on the reported scale.
    Gate or None
        None for a run without a prior.
    """
    from metinfer.inference.density import TRANSLATION_SD
    from metinfer.inference.predictive import posterior_predictive
    from metinfer.inference.prior_check import impossible, possible_gate, prior_rows

    if "prior" not in run.groups:
        return {}, None
    seed = int(run.record.settings["seed"])
    refine, draws = run.record.refine, run.groups["prior"]
    replicates = posterior_predictive(run.evidence, draws, TRANSLATION_SD, seed, refine)
    observables = {m.row: m.observable for m in run.evidence.measurements}
    people = {a.arm for a in run.evidence.arms if a.species == "human"}
    table = impossible(replicates, observables, people)
    lines = table.reset_index(names="what").to_dict("records")
    return {"impossible": lines, "rows": prior_rows(replicates)}, possible_gate(table)


def replicate(run: Run) -> xr.Dataset:
    """What the fit would have published in each row; also written to `predictive.nc`.

    Returns
    -------
    xarray.Dataset
        See `metinfer.inference.predictive.posterior_predictive`.
    """
    from metinfer.inference.density import TRANSLATION_SD
    from metinfer.inference.predictive import posterior_predictive

    seed = int(run.record.settings["seed"])
    refine = run.record.refine
    data = posterior_predictive(run.evidence, run.posterior, TRANSLATION_SD, seed, refine)
    results.write_groups(run, PREDICTIVE, {"/": data})
    return data


def predict(
    run: Run | str | Path,
    therapies: str | Path | None = None,
    populations: str | Path | None = None,
) -> xr.Dataset:
    """Predictions of every therapy in every population; also written to `predictions.nc`.

    Parameters
    ----------
    run : Run or path
        A finished run, or its folder.
    therapies, populations : path, optional
        TOML files; those that were fitted with the run by default.

    Returns
    -------
    xarray.Dataset
        See `metinfer.therapy.predict.predict`. Read from the folder if the same was asked before.

    Examples
    --------
    >>> import metinfer as mi
    >>> table = mi.predict(mi.load_run("runs/tiny"))
    >>> table["source"].values.tolist()
    ['prior', 'no_mouse', 'posterior']
    """
    from metinfer.inference.reproduce import require_same_model

    run = as_run(run)
    asked = _asked(run, therapies, populations)
    kept = results.read_groups(run, asked.predictions).get("/")
    if kept is not None and asked.origin.items() <= kept.attrs.items():
        return kept
    require_same_model(run)
    data = _predict(run, asked.therapies, asked.populations).assign_attrs(asked.attrs(run))
    run.write_groups(asked.predictions, {"/": data})
    return data


def decisions(
    run: Run | str | Path,
    therapies: str | Path | None = None,
    populations: str | Path | None = None,
) -> dict[str, xr.Dataset]:
    """What decides about chosen therapies; also written to `decisions.nc`.

    Lasting or delay, window by start and by duration, dose response, combinations, parts of the
    variance, and candidate experiments: of the named answers' therapies, every combination, and
    every therapy that the run was not fitted with (see `metinfer.therapy.cases`).

    Parameters
    ----------
    run : Run or path
        A finished run, or its folder.
    therapies, populations : path, optional
        TOML files, as for `predict`.

    Returns
    -------
    dict of str to xarray.Dataset
        ``lasting``, ``window``, ``duration``, ``dose``, ``interaction``, ``variance``,
        ``experiments``; a question that no chosen therapy raises is left out.

    Examples
    --------
    >>> import metinfer as mi
    >>> found = mi.decisions(mi.load_run("runs/tiny"))
    >>> "window" in found
    True
    """
    run = as_run(run)
    asked = _asked(run, therapies, populations)
    kept = results.read_groups(run, asked.decisions)
    if kept and asked.origin.items() <= kept["lasting"].attrs.items():
        return kept
    from metinfer.inference.reproduce import require_same_model
    from metinfer.therapy.overview import decisions_of

    require_same_model(run)
    found = decisions_of(_parts(run, asked.therapies, asked.populations))
    data = {name: d.assign_attrs(asked.attrs(run)) for name, d in found.items()}
    run.write_groups(asked.decisions, data)
    return data


def complete(run: Run) -> None:
    """Make the predictions and decisions that a report shows, if they are not there.

    Those of other files than the run's own are left as they are. Evidence without therapies has
    none to predict, and a program with another model than that of the fit has no draws of its own.
    """
    from metinfer.inference.reproduce import is_same_model

    if lacks_predictions(run) and is_same_model(run):
        predict(run)
        decisions(run)


def lacks_predictions(run: Run) -> bool:
    """Whether a run has therapies of its own, and no predictions or decisions of its draws."""
    own = (run.path / "inputs" / f"{name}.toml" for name in ("therapies", "populations"))
    if not all(path.is_file() for path in own):
        return False
    asked = _asked(run, None, None)
    found = results.read_groups(run, asked.predictions).get("/")
    decided = results.read_groups(run, asked.decisions).get("lasting")
    return any(d is None or not asked.origin.items() <= d.attrs.items() for d in (found, decided))


@dataclass(frozen=True)
class Question:
    """Files that predictions are asked for, what results of them depend on, and their place."""

    therapies: Path
    populations: Path
    origin: Mapping[str, str]
    predictions: str = PREDICTIONS
    decisions: str = DECISIONS

    def attrs(self, run: Run) -> dict[str, str]:
        """What a result says of itself: its origin; of another file, its name and what is new."""
        if self.predictions == PREDICTIONS:
            return dict(self.origin)
        from metinfer.therapy.overview import unlike
        from metinfer.therapy.regimen import read_therapies

        new = unlike(read_therapies(self.therapies), run.path / "inputs" / "therapies.toml")
        names = {"therapies_file": self.therapies.name, "populations_file": self.populations.name}
        return {**self.origin, **names, "new": json.dumps(new)}


def _asked(run: Run, therapies: str | Path | None, populations: str | Path | None) -> Question:
    """What is asked for: of the run's own files, or of others, whose results lie apart.

    The named answers were fixed with the run's own files, so nothing takes the place of those.
    """
    inputs = run.path / "inputs"
    own = inputs / "therapies.toml", inputs / "populations.toml"
    asked = Path(therapies or own[0]), Path(populations or own[1])
    parts = dict(zip(("therapies", "populations"), map(_digest, asked), strict=True))
    origin = results.origin(run) | parts
    if tuple(parts.values()) == tuple(_digest(p) if p.is_file() else "" for p in own):
        return Question(*own, origin)
    return Question(*asked, origin, OTHER_PREDICTIONS, OTHER_DECISIONS)


def _digest(path: Path) -> str:
    if path.is_dir():
        raise UsageError(f"{path} is a folder: name a TOML file")
    if not path.is_file():
        raise UsageError(f"{path} is not there: name a TOML file")
    return digest(path)


def _predict(run: Run, therapies: Path, populations: Path) -> xr.Dataset:
    from metinfer.therapy.predict import predict as predict_all

    asked = _parts(run, therapies, populations)
    sources = {n: d.thinned(PREDICTED_DRAWS) for n, d in asked.sources.items()}
    found = predict_all(sources, asked.therapies, asked.populations, asked.applicability)
    margins = {f"margin_{a['measure']}": a["margin"] for a in asked.answers if "margin" in a}
    return found.assign_attrs(margins)


def _parts(run: Run, therapies: Path, populations: Path) -> Asked:
    """Everything that predictions of a run are made from."""
    from metinfer.inference.density import Joint
    from metinfer.therapy.applicability import Applicability
    from metinfer.therapy.check import require_starts
    from metinfer.therapy.draws import NamedDraws
    from metinfer.therapy.overview import Asked, unlike
    from metinfer.therapy.populations import read_populations

    cures, groups = scenarios(run, therapies, populations)
    require_starts(cures, groups)
    where = Joint.of(run.evidence).design.coordinates
    return Asked(
        sources={
            name: NamedDraws(_flat(run.groups[group]), where)
            for name, group in SOURCES.items()
            if group in run.groups
        },
        therapies=cures,
        populations=groups,
        applicability=Applicability.of(run.evidence, cures),
        answers=tuple(run.evidence.analysis.get("answer", [])),
        known=tuple(read_populations(populations)),
        more=unlike(cures, run.path / "inputs" / "therapies.toml"),
    )


def finish(path: str | Path) -> tuple[Run, Diagnosis, Path]:
    """Judge a fitted run, predict from it and report it: the run, its gates and the page."""
    from metinfer.report.build import report

    run = load_run(path)
    diagnosis = diagnose(run)
    predict(run)
    decisions(run)
    return run, diagnosis, report(run)


def _flat(group: xr.Dataset) -> dict[str, np.ndarray]:
    """Draws of all chains in one row: name -> (draw, ...)."""
    return {
        str(name): np.reshape(values.values, (-1, *values.shape[2:]))
        for name, values in group.transpose("chain", "draw", ...).data_vars.items()
    }
