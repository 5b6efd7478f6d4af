"""Other mechanisms, left-out studies and simulated truths, from comparison and calibration."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from metinfer import results
from metinfer.inference.calibrate_ranks import bands, ecdf_difference
from metinfer.inference.compare_elpd import SMALL
from metinfer.summaries.groups import Groups, observation, shown_scale
from metinfer.summaries.table import Summary, frame

BASE = "base"
#: Values named for each variant: those that make most of its difference to the base.
LARGEST = 3


@dataclass(frozen=True)
class Comparison:
    """Frames of a comparison; `done` is False where there is none of this posterior."""

    done: bool
    variants: pd.DataFrame
    studies: pd.DataFrame
    foreseen: pd.DataFrame
    answers: pd.DataFrame
    pareto: pd.DataFrame
    reasons: tuple[str, ...] = ()
    effort: Mapping[str, float] | None = None


@dataclass(frozen=True)
class Calibration:
    """Frames of a calibration; `done` is False where there is none of this posterior."""

    done: bool
    kinds: pd.DataFrame
    quantities: pd.DataFrame
    failed: pd.DataFrame
    reasons: tuple[str, ...] = ()

    @property
    def whole(self) -> bool:
        """Whether truths came from both the prior and the posterior."""
        return len(self.kinds) == 2


def comparison(run: Any) -> Comparison:
    """The comparison of a run."""
    from metinfer.comparison import ARRAYS, read_comparison

    found = read_comparison(run)
    empty = frame((), ("answer", "kind", "fit", "value", "shift"))
    if found is None:
        none = (frame((), ("variant",)), frame((), ("study",)), frame((), ("study",)))
        return Comparison(False, *none, empty, frame((), ("arm",)))
    scores = run.read_result(ARRAYS)["elpd"] if run.holds(ARRAYS) else None
    groups, plan = Groups(run.evidence), found.plan
    fits = sum(v.quality.chains for v in found.variants if v.name != BASE)
    return Comparison(
        True,
        variants=frame((_variant(v, scores) for v in found.variants), ("variant",)),
        studies=frame(map(_study, found.studies), ("study",)),
        foreseen=frame((_foreseen(s, p, groups) for s in found.studies for p in s.predictions),
                       ("study", "row", "observed", "predicted")),
        answers=frame((line for a in found.answers if BASE in a.variants for line in _fits(a)),
                      tuple(empty.columns)),
        pareto=_pareto(scores, groups, found.variants),
        reasons=tuple(found.reasons),
        effort={"chains": fits + sum(s.quality.chains for s in found.studies),
                "draws": plan["draws"], "rows": sum(len(v.exact) for v in found.variants),
                "seconds": found.seconds, "cores": found.cores},
    )  # fmt: skip


def told_apart(found: Any) -> str:
    """Code of what the tables can tell of a variant, by the rule of `compare_elpd`.

    ``base``, ``not_judged``, ``impossible``, ``for``, ``against`` or ``cannot_tell``.
    """
    if found.name == BASE:
        return "base"
    if not found.judged:
        return "not_judged"
    if not math.isfinite(found.difference):
        return "impossible"
    if abs(found.difference) < max(SMALL, 2.0 * found.difference_se):
        return "cannot_tell"
    return "for" if found.difference > 0 else "against"


def _variant(found: Any, scores: Any) -> dict[str, Any]:
    return {
        "variant": found.name, "label": found.label, "reason": found.reason,
        "told": told_apart(found), "difference": found.difference, "se": found.difference_se,
        "prior_weight": found.prior_weight, "stacking_weight": found.stacking_weight,
        "refitted": len(found.exact), "pareto_max": found.pareto_max,
        "pareto_limit": found.pareto_limit, "rhat": found.quality.rhat,
        "divergences": found.quality.divergences, "arises": _arises(found.name, scores),
    }  # fmt: skip


def _arises(name: str, scores: Any) -> dict[str, float]:
    """The values that make most of the difference to the base: key -> part of it."""
    if scores is None or name == BASE or name not in scores["variant"].values:
        return {}
    one, base = (scores["elpd"].sel(variant=v).values for v in (name, BASE))
    change = np.nan_to_num(one - base, neginf=-math.inf)
    order = np.argsort(-np.abs(change))[:LARGEST]
    return {str(scores["observation"].values[k]): float(change[k]) for k in order}


def _study(found: Any) -> dict[str, Any]:
    from metinfer.inference.predictive import DRAWS

    return {
        "study": found.study, "citation": found.citation, "values": found.values,
        "inside50": found.inside50, "inside90": found.inside90,
        "score": found.score / found.values, "score_with": found.score_with / found.values,
        "tail": found.tail, "draws": DRAWS, "surprising": found.surprising,
        "moved": dict(found.moved), "alone": list(found.alone), "rhat": found.quality.rhat,
        "divergences": found.quality.divergences,
    }  # fmt: skip


def _foreseen(study: Any, found: Any, groups: Groups) -> dict[str, Any]:
    """On the shown scale; the file holds no 50 % interval."""
    row = groups.rows.get(found.row)
    factor, unit = 1.0, "events"
    if row is not None:
        scale = shown_scale(row, found.observed)
        factor, unit = scale.scored, scale.unit
    ends = (found.median, math.nan, math.nan, found.lo90, found.hi90)
    return {
        "study": study.study, "row": found.row, "surprising": study.surprising, "unit": unit,
        "observable": row.observable if row is not None else "events",
        "matrix": row.matrix if row is not None else "",
        "statistic": row.statistic if row is not None else "",
        **groups.of(row.arm if row is not None else found.row),
        "observed": factor * found.observed, "predicted": Summary(*(factor * v for v in ends)),
        "at": found.place,
    }  # fmt: skip


def _fits(found: Any) -> Iterable[dict[str, Any]]:
    """One answer under every fit; ``shift`` of its median, as a share of the base 90 % width."""
    base = found.variants[BASE]
    fits = [("variant", k, v) for k, v in found.variants.items()]
    fits += [("average", k, getattr(found, k)) for k in ("by_prior", "by_stacking")]
    fits += [("left_out", k, v) for k, v in found.left_out.items()]
    fits += [("prior", "prior", found.prior)] if found.prior is not None else []
    width = base.hi90 - base.lo90
    for kind, name, value in fits:
        outside = not base.lo90 <= value.median <= base.hi90
        yield {"answer": found.name, "kind": kind, "fit": name, "value": value,
               "shift": (value.median - base.median) / width if width > 0 else None,
               "outside": outside}  # fmt: skip


def _pareto(scores: Any, groups: Groups, variants: Iterable[Any]) -> pd.DataFrame:
    """Pareto k of leaving out single values in the base fit, by arm."""
    columns = ("arm", "values", "largest", "above", "limit")
    limit = next((v.pareto_limit for v in variants if v.name == BASE), math.nan)
    if scores is None or BASE not in scores["variant"].values:
        return frame((), columns)
    made: dict[str, list[float]] = {}
    found = scores["pareto_k"].sel(variant=BASE)
    for name, value in zip(map(str, scores["observation"].values), found.values, strict=True):
        row = groups.rows.get(name)
        made.setdefault(row.arm if row else observation(name)[0], []).append(float(value))
    lines = ({**groups.of(k), "values": len(v), "largest": max(v),
              "above": sum(not x <= limit for x in v), "limit": limit}
             for k, v in sorted(made.items(), key=lambda p: -max(p[1])))  # fmt: skip
    return frame(lines, columns)


def calibration(run: Any) -> Calibration:
    """The calibration of a run."""
    from metinfer.calibration import GROUPS, KINDS, read_calibration, reasons

    found = read_calibration(run)
    data = results.read_groups(run, GROUPS) if found else {}
    if not found or not data.keys() >= found.keys():
        empty = frame((), ("kind", "quantity"))
        return Calibration(False, frame((), ("kind",)), empty, frame((), ("kind",)))
    here = [k for k in KINDS if k in found]
    return Calibration(
        True,
        kinds=frame(_kind(k, found[k]) for k in here),
        quantities=frame((_ranked(k, q, data[k]) for k in here for q in found[k]["quantities"]
                          if q["p"] is not None), ("kind", "quantity")),
        failed=frame(({"kind": k, **f} for k in here for f in found[k]["failed"]),
                     ("kind", "fit", "reason")),
        reasons=tuple(f"{k}: {r}" for k in here for r in reasons(found[k])),
    )  # fmt: skip


def _kind(name: str, part: Mapping[str, Any]) -> dict[str, Any]:
    low, high = bands(part["finished"], part["ranks"]) if part["finished"] else ((), ())
    return {
        "kind": name, "asked": part["asked"], "finished": part["finished"],
        "failed": len(part["failed"]), "divergent": part["fits_with_divergences"],
        "seconds": part["seconds_per_fit"] or 0.0, "expected_outside": part["expected_outside"],
        "ranks": part["ranks"], "low": list(map(float, low)), "high": list(map(float, high)),
    }  # fmt: skip


def _ranked(kind: str, row: Mapping[str, Any], data: Any) -> dict[str, Any]:
    ranks = data["rank"].sel(quantity=row["quantity"]).values
    curve = ecdf_difference(ranks[ranks >= 0], int(data.attrs["ranks"]))
    half, most = row["coverage"][:2]
    return {
        "kind": kind, "quantity": row["quantity"], "group": row["group"], "fits": row["fits"],
        "unsolved": row["unsolved"], "p": row["p"], "holds": row["holds"],
        **{f"{k}50": half[k] for k in ("share", "low", "high")},
        **{f"{k}90": most[k] for k in ("share", "low", "high")},
        "effective": row["effective"], "comment": row["comment"],
        "ecdf": np.round(curve, 6).tolist(),
    }  # fmt: skip
