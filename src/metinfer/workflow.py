"""What is done with a run folder: judge it, predict from it, and the whole way in one call."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from metinfer.errors import UsageError
from metinfer.provenance import code_hash
from metinfer.runs import POSTERIOR, Run, load_run
from metinfer.storage import digest

log = logging.getLogger("metinfer")

if TYPE_CHECKING:
    import xarray as xr

    from metinfer.inference.diagnose import Diagnosis, Gate
    from metinfer.therapy.overview import Asked
    from metinfer.therapy.populations import Population
    from metinfer.therapy.regimen import Therapies

PREDICTIONS = "predictions.nc"
DECISIONS = "decisions.nc"
DIAGNOSTICS = "diagnostics.json"
PREDICTIVE = "predictive.nc"
CHECKS = "checks.json"
#: Draws of each source that are solved again for every therapy.
PREDICTED_DRAWS = 500
#: Sources of predictions, by the group of `posterior.nc` that they come from.
SOURCES = {"prior": "prior", "no_mouse": "posterior_no_mouse", "posterior": "posterior"}


def diagnose(run: Run) -> Diagnosis:
    """All gates of a run, and what its named answers rest on.

    Written to the folder: `diagnostics.json` (gates), `answers.nc` (named answers of every draw),
    `predictive.nc` (replicates of every row), `checks.json` (prior predictive, power scaling,
    pull of each study, correlated pairs).

    Parameters
    ----------
    run : Run

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

    answers = judging.answer_draws(run, *_scenarios(run))
    before, possible = prior_check(run)
    diagnosis = Diagnosis(judging.gates(run, answers, possible))
    checks = {"prior": before, **judging.foundations(run, answers)}
    run.write_text(CHECKS, json.dumps(plain(checks), indent=1) + "\n")
    run.write_text(DIAGNOSTICS, json.dumps(plain(diagnosis.to_dict()), indent=1) + "\n")
    replicate(run)
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
    run.write_text(CHECKS, json.dumps(plain(checks), indent=1) + "\n")
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
    from metinfer.inference.model import TRANSLATION_SD
    from metinfer.inference.predictive import posterior_predictive
    from metinfer.inference.prior_check import impossible, possible_gate, prior_rows

    if "prior" not in run.groups:
        return {}, None
    seed = int(run.record.settings["seed"])
    replicates = posterior_predictive(run.evidence, run.groups["prior"], TRANSLATION_SD, seed)
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
    from metinfer.inference.model import TRANSLATION_SD
    from metinfer.inference.predictive import posterior_predictive

    seed = int(run.record.settings["seed"])
    data = posterior_predictive(run.evidence, run.posterior, TRANSLATION_SD, seed)
    run.write_groups(PREDICTIVE, {"/": data})
    return data


def predict(
    run: Run, therapies: str | Path | None = None, populations: str | Path | None = None
) -> xr.Dataset:
    """Predictions of every therapy in every population; also written to `predictions.nc`.

    Parameters
    ----------
    run : Run
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
    cures, groups, origin = _asked(run, therapies, populations)
    kept = _kept(run)
    if kept is not None and origin.items() <= kept.attrs.items():
        return kept
    data = _predict(run, cures, groups).assign_attrs(origin)
    run.write_groups(PREDICTIONS, {"/": data})
    return data


def decisions(
    run: Run, therapies: str | Path | None = None, populations: str | Path | None = None
) -> dict[str, xr.Dataset]:
    """What decides about chosen therapies; also written to `decisions.nc`.

    Lasting or delay, window by start and by duration, dose response, combinations, parts of the
    variance, and candidate experiments: of the named answers' therapies, every combination, and
    every therapy that the run was not fitted with (see `metinfer.therapy.cases`).

    Parameters
    ----------
    run : Run
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
    cures, groups, origin = _asked(run, therapies, populations)
    if run.holds(DECISIONS):
        kept = run.read_result(DECISIONS)
        if origin.items() <= kept["lasting"].attrs.items():
            return kept
    from metinfer.therapy.overview import decisions_of

    found = decisions_of(_parts(run, cures, groups))
    data = {name: d.assign_attrs(origin) for name, d in found.items()}
    run.write_groups(DECISIONS, data)
    return data


def predictions(run: Run) -> xr.Dataset:
    """Predictions in the folder, of any therapies, if they are of this posterior; or new ones."""
    kept = _kept(run)
    if kept is not None and _origin(run).items() <= kept.attrs.items():
        return kept
    return predict(run)


def complete(run: Run) -> None:
    """Make the predictions and decisions that a report shows, if they are not there.

    Predictions of other therapies than the run's own are kept, with the decisions that go with
    them; there is then no file to make these from.
    """
    found = predictions(run)
    if _asked(run, None, None)[2].items() <= found.attrs.items():
        decisions(run)


def _asked(
    run: Run, therapies: str | Path | None, populations: str | Path | None
) -> tuple[Path, Path, dict[str, str]]:
    """Files that are asked for, and what results of them depend on."""
    inputs = run.path / "inputs"
    cures = Path(therapies or inputs / "therapies.toml")
    groups = Path(populations or inputs / "populations.toml")
    return cures, groups, _origin(run) | {
        "therapies": _digest(cures), "populations": _digest(groups)
    }  # fmt: skip


def _kept(run: Run) -> xr.Dataset | None:
    return run.read_result(PREDICTIONS)["/"] if run.holds(PREDICTIONS) else None


def _origin(run: Run) -> dict[str, str]:
    """What predictions depend on, besides the therapies and populations asked for."""
    return {
        "posterior": run.record.files[POSTERIOR],
        "program": code_hash(("mechanism", "inference", "therapy")),
    }


def _digest(path: Path) -> str:
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


def _scenarios(
    run: Run, therapies: Path | None = None, populations: Path | None = None
) -> tuple[Therapies, dict[str, Population]]:
    """Therapies, and the populations that the fit can speak of; those of the run by default."""
    from metinfer.inference.model import Joint
    from metinfer.therapy.populations import for_fit, read_populations
    from metinfer.therapy.regimen import read_therapies

    inputs = run.path / "inputs"
    cures = read_therapies(therapies or inputs / "therapies.toml")
    named = read_populations(populations or inputs / "populations.toml")
    # what a person asks for by name is refused, not left out
    asked = populations is not None and populations.parent != inputs
    groups, left_out = for_fit(named, Joint.of(run.evidence).design, strict=asked)
    for name, why in left_out.items():
        log.info("population %s is left out: %s", name, why)
    return cures, groups


def _parts(run: Run, therapies: Path, populations: Path) -> Asked:
    """Everything that predictions of a run are made from."""
    from metinfer.inference.model import Joint
    from metinfer.therapy.applicability import Applicability
    from metinfer.therapy.draws import NamedDraws
    from metinfer.therapy.overview import Asked, unlike
    from metinfer.therapy.populations import read_populations

    cures, groups = _scenarios(run, therapies, populations)
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


def plain(value: Any) -> Any:
    """Return plain JSON values: a number that is not finite becomes None."""
    if isinstance(value, dict):
        return {key: plain(v) for key, v in value.items()}
    if isinstance(value, list | tuple):
        return [plain(v) for v in value]
    if isinstance(value, np.generic):
        return plain(value.item())
    return None if isinstance(value, float) and not np.isfinite(value) else value
