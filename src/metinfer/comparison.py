"""Compare a run with its variants and with itself without each study: one call, one result."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from metinfer import results
from metinfer.errors import NotTrustedError, UsageError
from metinfer.runs import COMPLETE, JOBS, Run, load_run, open_run
from metinfer.scenarios import scenarios

if TYPE_CHECKING:
    import xarray as xr

    from metinfer.evidence.types import Evidence
    from metinfer.inference.compare import Fits, Plan
    from metinfer.inference.compare_results import AnswerResult, Comparison

RESULT, ARRAYS, FOLDER = "comparison.json", "comparison.nc", JOBS[0]
#: Draws of each fit for which the named answers are solved.
ANSWERED = 500


def compare(
    evidence: Evidence,
    out: str | Path,
    *,
    plan: Plan | None = None,
    quick: bool = False,
    cores: int | None = None,
    scheduler: Any = None,
    progress: Any = None,
) -> Comparison:
    """Variants of the mechanism on the same rows, and the posterior without each study.

    Parameters
    ----------
    evidence : Evidence
    out : path
        A finished run of this evidence, to which the result is added; or where to fit one first.
    plan : Plan, optional
        How much is fitted.
    quick : bool
        A first look with few draws.
    cores : int, optional
        Fits at a time; all cores of this process by default.
    scheduler : str, optional
        Address of a Dask scheduler that makes the fits.
    progress : callable, optional
        Told after each fit: how many are done, how many failed, how many there are.

    Returns
    -------
    Comparison
        Also in the run folder, as `comparison.json` and `comparison.nc`. Finished fits are kept:
        after a stop the same call goes on, and a result that is there already is returned.

    Raises
    ------
    UsageError
        If `out` is a run of other evidence, or of a variant.

    Examples
    --------
    >>> import metinfer as mi
    >>> evidence = mi.read_evidence("tests/data/tiny")
    >>> comparison = mi.compare(evidence, "runs/tiny", quick=True)  # doctest: +SKIP
    """
    from metinfer.inference import compare as parts
    from metinfer.inference.chains import available_cores
    from metinfer.inference.density import LATENTS
    from metinfer.inference.refits import Machinery
    from metinfer.inference.reproduce import require_same_model

    run = run_for(evidence, Path(out), quick=quick, show=progress is not None)
    asked = plan or (parts.QUICK if quick else parts.Plan())
    origin = _origin(run, parts.describe(asked))
    kept = read_comparison(run)
    if kept is not None and kept.origin == origin and not kept.lost:
        return kept
    require_same_model(run)
    began = time.perf_counter()
    with run.at_work(FOLDER) as folder:
        machinery = Machinery(folder, cores or available_cores(), scheduler, progress)
        base = run.posterior[list(LATENTS)]
        fits = parts.Fits(run.evidence, base, asked, machinery, run.record.refine)
        fits.make()
        result, arrays = _results(run, fits, origin)
        seconds = round(time.perf_counter() - began, 1)
        result = replace(result, seconds=seconds, cores=machinery.cores)
        run.write_groups(ARRAYS, arrays)
        run.write_text(RESULT, json.dumps(results.plain(result.to_dict()), indent=1) + "\n")
    return result


def plan_of(quick: bool, given: Mapping[str, Any]) -> Plan:
    """The plan of a full or a first look, with what was asked for."""
    from metinfer.inference import compare as parts

    return replace(parts.QUICK if quick else parts.Plan(), **given)


def require(found: Comparison, quick: bool) -> None:
    """Raise NotTrustedError if a fit failed or its chains disagree; a first look proves nothing."""
    if not quick and not found.trusted:
        raise NotTrustedError(f"the comparison must not be trusted: {'; '.join(found.reasons)}")


def to_text(found: Comparison) -> str:
    """The comparison in words and tables, for a terminal."""
    lines = ["Variants of the mechanism on the same rows (log score less that of the base)"]
    for v in found.variants:
        change = f"{v.difference:+.1f} (standard error {v.difference_se:.1f})"
        weights = f"weights: prior {v.prior_weight:.2f}, stacking {v.stacking_weight:.2f}"
        lines += [f"- {v.name}: {v.label}", f"  {change}; {weights}", f"  {v.sentence}"]
    lines += ["", "Each study left out, and predicted from the others"]
    for s in found.studies:
        mark = " SURPRISING" if s.surprising else ""
        inside = f"{s.inside90} of {s.values} values inside 90 %"
        lines += [f"- {s.study}:{mark} {inside}. {s.why}"]
    lines += ["", "Named answers: median (90 % interval)"]
    for a in found.answers:
        lines += [f"- {a.name}: base {_span(a.variants['base'])}; averaged over the variants by "
                  f"prior weight {_span(a.by_prior)}, by stacking {_span(a.by_stacking)}",
                  f"  {a.sentence}"]  # fmt: skip
    return "\n".join(lines)


def _span(values: Any) -> str:
    return f"{values.median:.3g} ({values.lo90:.3g} to {values.hi90:.3g})"


def run_for(evidence: Evidence, path: Path, quick: bool = False, show: bool = False) -> Run:
    """The finished run of `evidence` at `path`; it is fitted, or its fit ended, if need be."""
    from metinfer.inference.sample import fit

    if not (path / "run.toml").is_file():
        return load_run(fit(evidence, path, quick=quick or None, progress=show).path)
    run = open_run(path)
    if run.record.digest != evidence.digest:
        raise UsageError(
            f"{path} is a run of other evidence than {evidence.root}: "
            "name its own evidence, or another folder with -o"
        )
    variant = run.record.settings.get("variant", "base")
    if variant != "base":
        raise UsageError(f"{path} is a run of the variant {variant}: name a run of the base model")
    if run.record.status != COMPLETE:
        fit(evidence, path, resume=True, progress=show)
    return load_run(path)


def read_comparison(run: Run) -> Comparison | None:
    """The comparison in a run folder, if it is whole and of this posterior."""
    from metinfer.inference.compare_results import Comparison

    document = results.read_json(run, RESULT)
    try:
        return Comparison.from_dict(document) if document else None
    except (KeyError, TypeError):
        # Another version of the program wrote it: it is made again.
        return None


def _origin(run: Run, plan: Mapping[str, Any]) -> dict[str, str]:
    """What a comparison depends on."""
    return {**results.origin(run), "plan": json.dumps(plan, sort_keys=True)}


def _results(
    run: Run, fits: Fits, origin: Mapping[str, str]
) -> tuple[Comparison, dict[str, xr.Dataset]]:
    from metinfer.inference.compare import describe
    from metinfer.inference.compare_results import Comparison
    from metinfer.inference.compare_tables import (
        doubts,
        elpd_table,
        study_results,
        variant_results,
    )

    scores = fits.elpd()
    variants = variant_results(fits, scores)
    draws = answer_draws(run, fits)
    answers = answer_results(
        run, draws, {v.name: (v.prior_weight, v.stacking_weight) for v in variants}
    )
    result = Comparison(
        origin, describe(fits.plan), variants, study_results(fits), answers, 0.0, 0,
        doubts(fits, variants), fits.lost,
    )  # fmt: skip
    return result, {"elpd": elpd_table(fits, scores), "answers": _stacked(draws)}


def answer_draws(run: Run, fits: Fits) -> dict[str, dict[str, np.ndarray]]:
    """Named answers per draw, of each fit: ``prior``, ``variant/NAME`` and ``study/NAME``."""
    from metinfer.inference.density import TRANSLATION_SD
    from metinfer.therapy.draws import NamedDraws

    sources: dict[str, NamedDraws] = {}
    if "prior" in run.groups:
        where = fits.joint.design.coordinates
        sources["prior"] = NamedDraws.of(run.groups["prior"], where).thinned(ANSWERED)
    for name, (latents, joint) in _fits(fits).items():
        params = joint.parameters(latents, TRANSLATION_SD)
        sources[name] = NamedDraws(params, joint.design.coordinates)
    return solved_answers(run, sources)


def solved_answers(run: Run, sources: Mapping[str, Any]) -> dict[str, dict[str, np.ndarray]]:
    """Named answers of a run's own therapies and populations, for each source of draws."""
    from metinfer.therapy.answers import named_answers

    cures, groups = scenarios(run)
    asked = run.evidence.analysis.get("answer", [])
    return {name: named_answers(draws, asked, cures, groups) for name, draws in sources.items()}


def _fits(fits: Fits) -> dict[str, tuple[tuple[np.ndarray, ...], Any]]:
    """Latents of every variant and left-out study, with the joint model that reads them."""
    from metinfer.inference.compare_tables import not_judged
    from metinfer.inference.solving import thin

    found, doubted = {}, not_judged(fits)
    for name, fitted in fits.variants.items():
        if fitted.latents is not None and name not in doubted:
            joint = fits.scorers[name].joint
            found[f"variant/{name}"] = (thin(fitted.latents, ANSWERED), joint)
    for name, fitted in fits.studies.items():
        if fitted.latents is not None:
            found[f"study/{name}"] = (thin(fitted.latents, ANSWERED), fits.joint)
    return found


def answer_results(
    run: Run,
    draws: Mapping[str, Mapping[str, np.ndarray]],
    weights: Mapping[str, tuple[float, float]],
) -> tuple[AnswerResult, ...]:
    """Every named answer under every fit, and averaged over the variants.

    Parameters
    ----------
    run : Run
    draws : mapping
        As from `answer_draws`.
    weights : mapping of str to (float, float)
        Prior and stacking weight of each variant.
    """
    from metinfer.inference.compare_results import AnswerResult
    from metinfer.inference.learnt import summarise
    from metinfer.inference.stacking import averaged
    from metinfer.inference.variants import BASE, VARIANTS

    made, labels = [], {v.name: v.label for v in VARIANTS}
    for asked in run.evidence.analysis.get("answer", []):
        mine = {k: _finite(v[asked["name"]]) for k, v in draws.items() if asked["name"] in v}
        mine = {k: v for k, v in mine.items() if len(v)}
        variants = {k.partition("/")[2]: v for k, v in mine.items() if k.startswith("variant/")}
        if BASE not in variants:  # nothing to compare with: no draw of the base has this answer
            continue
        left = {k.partition("/")[2]: v for k, v in mine.items() if k.startswith("study/")}
        shares = np.array([weights[k] for k in variants])
        sums = {k: summarise(v) for k, v in variants.items()}
        without = {k: summarise(v) for k, v in left.items()}
        made.append(AnswerResult(
            name=asked["name"], therapy=asked["therapy"], population=asked["population"],
            measure=asked["measure"], time_year=float(asked["time_year"]),
            variants=sums, left_out=without,
            prior=summarise(mine["prior"]) if "prior" in mine else None,
            by_prior=averaged(list(variants.values()), shares[:, 0]),
            by_stacking=averaged(list(variants.values()), shares[:, 1]),
            sentence=_sentence(sums, without, labels),
        ))  # fmt: skip
    return tuple(made)


def _sentence(
    variants: Mapping[str, Any], without: Mapping[str, Any], labels: Mapping[str, str]
) -> str:
    """How far an answer depends on the variant, and on single studies, in posterior widths."""
    base = variants["base"]
    width = base.hi90 - base.lo90
    parts = []
    for word, found in (("the variant", variants), ("leaving out one study", without)):
        if len(found) < 2 or width <= 0:
            continue
        name = max(found, key=lambda k: abs(found[k].median - base.median))
        share = abs(found[name].median - base.median) / width
        if share < 0.1:
            parts.append(f"{word} hardly moves it")
        else:
            parts.append(f"{word} moves its median by up to {share:.0%} of the width of its "
                         f"90 % interval ({labels.get(name, name)})")  # fmt: skip
    text = "; ".join(parts)
    return f"{text[:1].upper()}{text[1:]}." if text else ""


def _finite(values: np.ndarray) -> np.ndarray:
    return values[np.isfinite(values)]


def _stacked(draws: Mapping[str, Mapping[str, np.ndarray]]) -> xr.Dataset:
    """Answers (fit, answer, draw); fits with fewer draws are padded with NaN."""
    import xarray as xr

    names = list(dict.fromkeys(n for found in draws.values() for n in found))
    most = max((len(v) for found in draws.values() for v in found.values()), default=0)
    table = np.full((len(draws), len(names), most), np.nan)
    for i, found in enumerate(draws.values()):
        for name, values in found.items():
            table[i, names.index(name), : len(values)] = values
    return xr.Dataset(
        {"answer": (("fit", "name", "draw"), table)}, coords={"fit": list(draws), "name": names}
    )
