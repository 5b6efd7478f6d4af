"""From the fits of a comparison to what is said of each variant and each left-out study."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import xarray as xr

from metinfer.inference.compare import SCORED, Fits, Fitted, thinned
from metinfer.inference.compare_elpd import Elpd, difference, log_mean_exp, verdict
from metinfer.inference.compare_results import (
    NOT_JUDGED,
    Prediction,
    StudyResult,
    VariantResult,
    faults,
    thinness,
)
from metinfer.inference.density import TRANSLATION_SD
from metinfer.inference.leave_out import (
    SURPRISE,
    Left,
    Seen,
    moved,
    predict_left_out,
    shifts,
)
from metinfer.inference.stacking import stacking_weights
from metinfer.inference.variants import BASE, VARIANTS, Variant, prior_weights

Scores = Mapping[str, tuple[Elpd, tuple[int, ...]]]


def variant_results(fits: Fits, scores: Scores) -> tuple[VariantResult, ...]:
    """What the rows say of each variant that could be fitted.

    One whose chains are not to be trusted is shown, and has no part in any average.
    """
    doubted = not_judged(fits)
    judged = tuple(v for v in VARIANTS if v.name in scores and v.name not in doubted)
    stacked = stacking_weights(np.stack([scores[v.name][0].pointwise for v in judged], axis=1))
    weights = {
        v.name: (float(p), float(s))
        for v, p, s in zip(judged, prior_weights(judged), stacked, strict=True)
    }
    return tuple(
        _variant(fits, scores, v, weights.get(v.name, (0.0, 0.0)), doubted.get(v.name, []))
        for v in VARIANTS if v.name in scores
    )  # fmt: skip


def not_judged(fits: Fits) -> dict[str, list[str]]:
    """Variants whose chains, whole or without one row, diverged or disagree; and what they did.

    The base is not among them: without it there is no comparison. A first look has few draws of
    everything, and is not to be trusted as a whole.
    """
    found = {
        name: faults(f.quality)
        + (thinness(f.quality) if f.quality.chains and not fits.plan.quick else [])
        for name, f in fits.variants.items()
    }
    for (name, _), f in fits.rows.items():
        why = found.setdefault(name, [])
        why += [f"without one row: {reason}" for reason in faults(f.quality)]
    return {n: list(dict.fromkeys(why)) for n, why in found.items() if why and n != BASE}


def _variant(
    fits: Fits, scores: Scores, variant: Variant, weights: tuple[float, float],
    doubted: list[str],
) -> VariantResult:  # fmt: skip
    found, exact = scores[variant.name]
    labels = fits.scorers[BASE].labels
    change, error = difference(found.pointwise, scores[BASE][0].pointwise)
    left = [k for k in found.doubtful if k not in exact]
    is_base = variant.name == BASE
    return VariantResult(
        name=variant.name,
        label=variant.label,
        reason=variant.reason,
        prior_weight=weights[0],
        stacking_weight=weights[1],
        elpd=float(found.pointwise.sum()),
        elpd_se=float(np.sqrt(len(labels)) * found.pointwise.std(ddof=1)),
        difference=change,
        difference_se=error,
        pareto_max=float(np.max(found.pareto_k)),
        pareto_limit=found.limit,
        exact=tuple(labels[k] for k in exact),
        doubtful=tuple(labels[k] for k in left),
        sentence=_sentence(is_base, doubted, verdict(change, error)),
        quality=fits.variants[variant.name].quality,
    )


def _sentence(is_base: bool, doubted: list[str], told: str) -> str:
    if is_base:
        return "The others are compared with it."
    if doubted:
        return f"{NOT_JUDGED}, and left out of all averages: {'; '.join(doubted)}."
    return told


def elpd_table(fits: Fits, scores: Scores) -> xr.Dataset:
    """Log score and Pareto k of every observation under every variant (variant, observation)."""
    dims = ("variant", "observation")
    return xr.Dataset(
        {
            "elpd": (dims, np.stack([found.pointwise for found, _ in scores.values()])),
            "pareto_k": (dims, np.stack([found.pareto_k for found, _ in scores.values()])),
        },
        coords={"variant": list(scores), "observation": fits.scorers[BASE].labels},
    )


def study_results(fits: Fits) -> tuple[StudyResult, ...]:
    """What the other studies predict for each study."""
    citations = {s.study: s.citation for s in fits.evidence.studies}
    base = fits.variants[BASE].latents
    if base is None or not fits.left:
        return ()
    full = thinned(base, SCORED)
    with_it = fits.scorers[BASE](full)
    return tuple(
        _study(fits, left, fitted, (full, with_it), citations.get(left.study, left.study))
        for left in fits.left
        if (fitted := fits.studies[left.study]).latents is not None
    )


def _study(
    fits: Fits, left: Left, fitted: Fitted, full: tuple[xr.Dataset, xr.DataArray], citation: str
) -> StudyResult:
    latents = fitted.latents
    if latents is None:
        raise ValueError(f"no draws without {left.study}")
    seen = predict_left_out(
        fits.evidence, left, latents, TRANSLATION_SD, fits.plan.seed, fits.refine
    )
    found = shifts(latents, full[0], fits.joint.table)
    lost = tuple(s.label for s in found if s.alone)
    surprising = seen.tail < SURPRISE
    return StudyResult(
        study=left.study,
        citation=citation,
        values=left.size,
        score=_score(fits.scorers[BASE](latents), left, fits),
        score_with=_score(full[1], left, fits),
        inside50=seen.inside(0.5),
        inside90=seen.inside(0.9),
        tail=seen.tail,
        surprising=surprising,
        why=_why(seen, surprising),
        predictions=seen.shown,
        moved=moved(found),
        alone=lost,
        quality=fitted.quality,
    )


def _score(scores: xr.DataArray, left: Left, fits: Fits) -> float:
    """Log predictive density of the rows of a study, one by one, summed."""
    places = [*left.rows, *(left.intervals + len(fits.joint.design.rows))]
    values = scores.values.reshape(-1, scores.shape[-1])[:, places]
    return float(log_mean_exp(values).sum())


def _why(seen: Seen, surprising: bool) -> str:
    """One sentence on a study's place among the predictions of the others."""
    if not seen.shown:
        return "It holds statements without a number that could be compared."
    worst = min(seen.shown, key=lambda p: p.tail)
    if surprising:
        return f"{_beside(worst)}: {'above' if worst.place > 0.5 else 'below'} what they expect."
    return f"As the others expect. Farthest out: {_beside(worst)}."


def _beside(found: Prediction) -> str:
    return (
        f"{found.label}: published {_number(found.observed)}, predicted by the others "
        f"{_number(found.median)} ({_number(found.lo90)} to {_number(found.hi90)})"
    )


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def doubts(fits: Fits, variants: tuple[VariantResult, ...]) -> tuple[str, ...]:
    """Reasons not to trust a comparison."""
    doubted = not_judged(fits)
    whole = {f"without {k}": f.quality for k, f in fits.studies.items()}
    # A fit without one row serves the density of that row alone, for which fewer draws do.
    rows = {f"{v} without one row": f.quality for (v, _), f in fits.rows.items() if v == BASE}
    parts = {**whole, **rows}
    found = ["this was a first look with few draws"] if fits.plan.quick else []
    if 2 * len(doubted) > len(fits.variants) - 1:
        found += [f"variant {name}: {'; '.join(why)}" for name, why in doubted.items()]
    found += [f"{name}: {reason}" for name, q in parts.items() for reason in faults(q)]
    found += [
        f"{name}: {reason}" for name, q in whole.items() if q.chains for reason in thinness(q)
    ]
    for variant in variants:
        if variant.doubtful and variant.name not in doubted:
            number = len(variant.doubtful)
            found.append(f"variant {variant.name}: {number} rows lean on importance sampling alone")
    return tuple(dict.fromkeys(found))
