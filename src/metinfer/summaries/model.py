"""The results of a run: one object that JSON, CSV, terminal and page are rendered from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import pandas as pd

from metinfer import results
from metinfer.summaries import (
    evidence as tables,
)
from metinfer.summaries import (
    fit,
    mechanism,
    others,
    quality,
    therapy,
    unknowns,
)
from metinfer.summaries.ledger import (
    LedgerState,
    Part,
    Perturbing,
    chances,
    one_sided,
    state_of,
    weakest,
    without_idle_animals,
)
from metinfer.summaries.questions import Questions, questions
from metinfer.summaries.reading import Reading
from metinfer.summaries.table import finite, frame, plain, records, summary
from metinfer.therapy.regimen import read_therapies

#: Input that a therapy acts on -> parameters of its exposure, parts of the evidence whose rows
#: show the exposure, and parts whose rows show its effect on outcome.
LEVERS = {
    "il15": (("il15_growth",), ("il15_nk",), ("nk_outcome",)),
    "ifng_drug": (("ifng_potency",), ("ifng",), ("ifng_outcome",)),
    "cxcr4_drug": (("receptor_constant",), ("neutrophils",), ("cxcl12",)),
    "cxcl12_drug": ((), (), ("cxcl12",)),
    "timp1": ((), ("timp1",), ("timp1_outcome",)),
}


@dataclass(frozen=True)
class Results:
    """Everything that a run shows, as codes and numbers.

    Every frame has one row per thing named in the module that makes it; cells hold codes,
    numbers, lists or `Summary`. `evidence` is not part of the JSON document.
    """

    facts: Mapping[str, Any]
    texts: Mapping[str, Sequence[str]]
    reasons: tuple[quality.Reason, ...]
    lights: Mapping[quality.Light, quality.State]
    gates: pd.DataFrame
    answers: pd.DataFrame
    ledger: pd.DataFrame
    effects: pd.DataFrame
    curves: pd.DataFrame
    populations: pd.DataFrame
    therapies: pd.DataFrame
    questions: Questions
    roles: pd.DataFrame
    coverage: pd.DataFrame
    published: pd.DataFrame
    against: pd.DataFrame
    double_use: tuple[str, ...]
    likelihoods: pd.DataFrame
    rows: pd.DataFrame
    intervals: pd.DataFrame
    cohorts: pd.DataFrame
    scores: pd.DataFrame
    parameters: pd.DataFrame
    links: pd.DataFrame
    moved: pd.DataFrame
    foundations: pd.DataFrame
    prior_rows: pd.DataFrame
    impossible: pd.DataFrame
    pairs: pd.DataFrame
    traces: pd.DataFrame
    comparison: others.Comparison
    calibration: others.Calibration
    equations: pd.DataFrame
    states: pd.DataFrame
    inputs: pd.DataFrame
    rules: pd.DataFrame
    files: pd.DataFrame
    evidence: Any = None

    @property
    def reportable(self) -> bool:
        """Whether nothing speaks against showing the numbers."""
        return not self.reasons

    def parts_of(self, answer: str) -> dict[Part, Any]:
        """Ledger lines of a named answer by part."""
        return {r.part: r for r in records(self.ledger) if r.answer == answer}

    def state(self, answer: str) -> LedgerState:
        """The weakest state among the parts of a named answer."""
        return weakest(r.state for r in self.parts_of(answer).values())

    def frames(self) -> dict[str, pd.DataFrame]:
        """Every frame by name; those of questions, comparison and calibration with a prefix."""
        made = {}
        for name, value in _members(self):
            if isinstance(value, pd.DataFrame):
                made[name] = value
            elif isinstance(value, Questions | others.Comparison | others.Calibration):
                made |= {f"{name}_{k}": v for k, v in _members(value)
                         if isinstance(v, pd.DataFrame)}  # fmt: skip
        return made

    def as_json(self) -> dict[str, Any]:
        """Every number, as plain data."""
        kept = {name: plain(value) for name, value in _members(self) if name != "evidence"}
        return {"schema": 2, "reportable": self.reportable, **kept}


def _members(value: Any) -> list[tuple[str, Any]]:
    return [(f.name, getattr(value, f.name)) for f in fields(value)]


def results_of(run: Any) -> Results:
    """The results of a run; what it does not hold stays empty.

    Parameters
    ----------
    run : Run
        In whatever state; nothing is computed that needs the compiled model.
    """
    run = run if isinstance(run, Reading) else Reading(run)
    evidence, groups = run.evidence, run.groups
    asked = evidence.analysis.get("answer", [])
    draws = therapy.every_draw(run)
    predicted, beside = therapy.own(run), therapy.other(run)
    mine = [] if predicted is None else therapy.judged(predicted, asked, draws)
    shown = [*mine, *([] if beside is None else therapy.judged(beside, (), {}))]
    therapy.start_days(run, shown)
    named, missing = therapy.answers(asked, mine, draws, predicted)
    table, judged = quality.gates(run)
    checks = results.read_json(run, "checks.json")
    predictive = results.read_groups(run, "predictive.nc").get("/")
    rows, lines = fit.rows(evidence, predictive), fit.intervals(evidence, predictive)
    scored = fit.scores(rows, lines, predictive)
    compared, calibrated = others.comparison(run), others.calibration(run)
    covered = tables.coverage(evidence)
    known = unknowns.parameters(evidence, groups.get("posterior"), groups.get("prior"))
    return Results(
        facts=facts(run, predicted),
        texts=quality.texts(evidence.analysis),
        reasons=quality.reasons(run, table, judged, missing, predicted is not None),
        lights=quality.lights(run, judged, scored, compared, calibrated),
        gates=table,
        answers=named,
        ledger=ledger(run, named, draws, covered, predicted),
        effects=therapy.effects(shown),
        curves=therapy.curves(shown),
        populations=therapy.populations(predicted, beside),
        therapies=therapy.therapies(predicted, beside),
        questions=questions(run, predicted, mine, beside),
        roles=tables.role_counts(evidence),
        coverage=covered,
        published=tables.published(evidence),
        against=tables.against(evidence),
        double_use=tables.double_use(evidence),
        likelihoods=tables.likelihoods(evidence),
        rows=rows,
        intervals=lines,
        cohorts=fit.cohorts(evidence, predictive),
        scores=scored,
        parameters=known,
        links=unknowns.links(evidence, groups, lambda p: tables.perturbing(covered, p)),
        moved=unknowns.moved(run, known, [str(a["name"]) for a in asked]),
        foundations=unknowns.foundations(checks),
        prior_rows=unknowns.prior_rows(checks, evidence),
        impossible=unknowns.impossible(checks),
        pairs=unknowns.pairs(checks),
        traces=unknowns.traces(groups.get("posterior"), known),
        comparison=compared,
        calibration=calibrated,
        equations=mechanism.equations(),
        states=mechanism.states(),
        inputs=mechanism.inputs(),
        rules=mechanism.rules(evidence.parameters),
        files=tables.files(evidence),
        evidence=evidence,
    )


def facts(run: Any, predicted: Any) -> dict[str, Any]:
    """What was run, how, on what, for how long."""
    record = run.record
    stats = run.groups.get("sample_stats")
    found = {
        "name": run.path.name, "path": str(run.path), "source": record.source,
        "title": str(run.evidence.analysis.get("title", "")),
        "variant": record.settings.get("variant", "base"),
        **{k: getattr(record, k) for k in ("command", "status", "created", "digest", "code",
                                           "stops", "quick", "settings", "seeds", "versions",
                                           "machine", "timings")},
        "tree_depth": None, "tree_limit_hits": None, "failed_solves": None, "solves": None,
        "draws_of_effects": None if predicted is None else predicted.sizes["draw"],
    }  # fmt: skip
    if stats is not None and "depth" in stats:
        found["tree_depth"] = int(stats["depth"].max())
    if stats is not None and "maxdepth_reached" in stats:
        found["tree_limit_hits"] = int(stats["maxdepth_reached"].sum())
    if predicted is not None and "failed" in predicted:
        found["failed_solves"] = int(predicted["failed"].sum())
        found["solves"] = predicted["failed"].size * predicted.sizes.get("draw", 1)
    return found


def ledger(
    run: Any, named: pd.DataFrame, draws: therapy.Draws, covered: pd.DataFrame, predicted: Any
) -> pd.DataFrame:
    """One row per named answer and part: draws before and after, rows that perturb it, state.

    The baseline of a therapy answer is judged by the untreated risk in the same population; the
    exposure by the parameters of `LEVERS`; the effect by the answer itself. A clamp has no
    exposure: it is full by definition. Rows in animals count only where leaving out all mouse
    rows changes the part.
    """
    targets, made = _targets(run), []
    for answer in records(named):
        levers = [LEVERS[t] for t in targets.get(answer.therapy, ()) if t in LEVERS]
        for part, line in _parts(run, answer, draws, levers, covered, predicted).items():
            made.append(_line(answer, part, *line))
    return frame(made, ("answer", "part", "state", "prior", "posterior"))


def _parts(
    run: Any,
    answer: Any,
    draws: therapy.Draws,
    levers: Sequence[Any],
    covered: pd.DataFrame,
    predicted: Any,
) -> dict[Part, tuple[Mapping[str, Any], Perturbing, bool]]:
    """Draws by source, rows that perturb it, and whether zero is no effect, of each part."""
    where = {k: getattr(answer, k) for k in ("therapy", "population", "horizon_year")}
    untreated = therapy.predicted_draws(predicted, where, therapy.UNTREATED)
    base = tables.outcomes(run.evidence, _contexts(run.evidence, answer.population))
    if answer.measure == therapy.UNTREATED:
        return {Part.BASELINE: (draws.get(answer.key, untreated), base, False)}
    made: dict[Part, Any] = {Part.BASELINE: (untreated, base, False)}
    if answer.kind == "regimen":
        names = [n for lever in levers for n in lever[0]]
        rows = [p for lever in levers for p in lever[1]]
        perturbed = tables.perturbing(covered, rows)
        made[Part.EXPOSURE] = (_of_parameters(run, names[:1]), perturbed, False)
    mine = draws.get(answer.key, {}) if _is_ratio(answer) else {}
    effect = mine or therapy.predicted_draws(predicted, where, "risk_ratio")
    perturbed = tables.perturbing(covered, [p for lever in levers for p in lever[2]])
    made[Part.EFFECT] = (effect, perturbed, True)
    return made


def _contexts(evidence: Any, population: str) -> tuple[str, ...]:
    """Tumour contexts of a population."""
    found = evidence.populations.get("populations", {}).get(population, {}).get("context", ())
    return (found,) if isinstance(found, str) else tuple(found)


def _targets(run: Any) -> dict[str, set[str]]:
    path = run.path / "inputs" / "therapies.toml"
    if not path.is_file():
        return {}
    known = read_therapies(path)
    return {name: set(known.targets(cure)) for name, cure in known.therapies.items()}


def _of_parameters(run: Any, names: Sequence[str]) -> dict[str, np.ndarray]:
    groups = {"prior": "prior", "posterior": "posterior", "no_mouse": "posterior_no_mouse"}
    return {
        source: run.groups[group][name].to_numpy().ravel()
        for name in names
        for source, group in groups.items()
        if group in run.groups and name in run.groups[group] and run.groups[group][name].ndim == 2
    }


def _line(
    answer: Any, part: Part, draws: Mapping[str, Any], rows: Perturbing, effect: bool
) -> dict[str, Any]:
    logs = {s: np.log(np.maximum(finite(v), 1e-12)) for s, v in draws.items()}
    before, after, mice = (logs.get(s, np.zeros(0)) for s in ("prior", "posterior", "no_mouse"))
    counted = without_idle_animals(rows, mice, after, effect)
    margin = np.log(answer.margin) if _is_ratio(answer) and answer.margin else None
    told = [chances(v, margin) if effect and v.size else None for v in (after, before)]
    return {
        "answer": answer.key, "part": part, "state": state_of(before, after, counted, effect),
        "prior": summary(draws.get("prior", ())), "posterior": summary(draws.get("posterior", ())),
        **vars(rows), "one_sided": bool(effect and before.size and one_sided(before)),
        "chances": told[0], "chances_prior": told[1],
    }  # fmt: skip


def _is_ratio(answer: Any) -> bool:
    return bool(answer.measure == "risk_ratio")
