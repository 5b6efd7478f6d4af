"""Appendix: equations, priors, diagnostics, fits per row, all numbers, hashes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from metinfer.report import phrases
from metinfer.report.columns import Column, Table, packed, table
from metinfer.report.context import Context
from metinfer.report.numbers import GAP, fixed, interval, number, share, tail, whole, years
from metinfer.report.sections.change import findings
from metinfer.summaries.table import scaled

#: Decimal places of a number of draws.
FOUR = 4


def view(page: Context) -> dict[str, Any]:
    """Folds with their tables, equations, facts of the computation, and the numbers as CSV."""
    frames = {k: v for k, v in page.found.frames().items() if len(v)}
    return {
        "folds": [(title, [t for t in (make(page) for make in makers) if t.rows])
                  for title, makers in FOLDS],
        "equations": page.rows(page.found.equations),
        "facts": facts(page),
        "assumptions": phrases.ASSUMPTIONS,
        "against": findings(page, ("prior", "out")),
        "frames": [(k, len(v), packed(v)) for k, v in frames.items()],
        "rules": _rules(page),
        "rebuild": f"metinfer report {page.found.facts['path']}",
    }  # fmt: skip


def parameters(page: Context) -> Table:
    """Every unknown with its prior, posterior, argument and sampling quality."""
    columns = (
        Column("meaning", "Parameter", phrases.parameter),
        Column("unit", "Unit"),
        Column("dist", "Prior distribution", _distribution),
        Column("prior", "Before any data"),
        Column("posterior", "All data"),
        Column("width", "Width after / before", lambda p: _two(p.width)),
        Column("rhat", "R-hat", lambda p: number(p.rhat, FOUR)),
        Column("ess_bulk", "Bulk / tail ESS",
               lambda p: f"{whole(p.ess_bulk)} / {whole(p.ess_tail)}"),
        Column("reason", "Argument and source", _argument),
    )  # fmt: skip
    rows = page.rows(page.found.parameters)
    return table("parameters", "Priors and posteriors", columns, rows, "parameters")


def _two(value: float | None) -> str:
    return GAP if value is None else fixed(value, 2)


def _distribution(row: Any) -> str:
    told = ", ".join(f"{k.replace('_', ' ')} {v:.3g}" if isinstance(v, float) else f"{k} {v}"
                     for k, v in row.arguments.items())  # fmt: skip
    return f"{row.dist} ({told})"


def _argument(row: Any) -> str:
    source = row.source if isinstance(row.source, str) else ", ".join(row.source)
    return ". ".join(p for p in (row.reason, source) if p)


def gates(page: Context) -> Table:
    """Gates: value, limit, pass or fail."""
    columns = (
        Column("name", "Gate"),
        Column("part", "Of", lambda g: phrases.of(phrases.FITS, g.part)),
        Column("meaning", "Guards that", lambda g: phrases.of(phrases.GATES, g.name)),
        Column("value", "Value", lambda g: number(g.value, FOUR)),
        Column("limit", "Limit", lambda g: phrases.limit(g.limit)),
        Column("passed", "State", lambda g: "passed" if g.passed else "failed",
               lambda g: "pass" if g.passed else "fail"),
    )  # fmt: skip
    return table("gates", "Gates, fixed before fitting", columns, page.rows(page.found.gates),
                 "gates")  # fmt: skip


def fitted(page: Context) -> Table:
    """Published rows against their predictions, with how they were published."""
    published = {r.row: r for r in page.rows(page.found.published)}
    columns = (
        Column("source", "Source"),
        Column("arm", "Group", lambda r: ", ".join(
            p for p in (phrases.whom(r), phrases.when(r.time_day)) if p)),
        Column("observable", "Quantity", phrases.quantity),
        Column("value", "As published", lambda r: phrases.printed(published[r.row])),
        Column("reported", "Value"),
        Column("predicted", "Predicted"),
        Column("tail", "Tail", lambda r: tail(r.tail, r.draws)),
        Column("role", "Role", lambda r: phrases.ROLES[r.role]),
        Column("inside90", "Inside 90 %", lambda r: "inside" if r.inside90 else "outside",
               lambda r: "pass" if r.inside90 else "fail"),
    )  # fmt: skip
    return table("rows", "Fit of each row", columns, page.rows(page.found.rows), "rows")


def intervals(page: Context) -> Table:
    """Events seen and predicted per follow-up interval."""
    columns = (
        Column("arm", "Cohort", phrases.whom),
        Column("start_year", "Years",
               lambda i: f"{number(i.start_year)} to {number(i.end_year)}"),
        Column("at_risk", "At risk", lambda i: whole(i.at_risk)),
        Column("reported", "Events", lambda i: whole(i.reported)),
        Column("predicted", "Predicted", lambda i: interval(i.predicted, 0)),
        Column("tail", "Tail", lambda i: tail(i.tail, i.draws)),
    )  # fmt: skip
    return table("intervals", "Follow-up intervals", columns, page.rows(page.found.intervals),
                 "intervals")  # fmt: skip


def prior_rows(page: Context) -> Table:
    """Published values against what the prior alone would have published."""
    columns = (
        Column("row", "Row"),
        Column("observable", "Quantity", phrases.quantity),
        Column("reported", "Published"),
        Column("predicted", "Prior prediction"),
        Column("inside90", "Inside 90 %"),
    )
    return table("prior-rows", "Published values and the prior alone", columns,
                 page.rows(page.found.prior_rows), "prior_rows")  # fmt: skip


def impossible(page: Context) -> Table:
    """Share of prior draws that hold something biologically impossible."""
    columns = (
        Column("what", "Quantity", lambda r: phrases.QUANTITIES.get(r.what, (r.what, ""))[0]),
        Column("low", "At least"),
        Column("high", "At most"),
        Column("reason", "Because"),
        Column("share", "Prior draws beyond", lambda r: share(r.share)),
    )
    return table("impossible", "Impossible values under the prior", columns,
                 page.rows(page.found.impossible), "impossible")  # fmt: skip


def likelihoods(page: Context) -> Table:
    """How each published statistic is scored."""
    columns = (
        Column("statistic", "Statistic", lambda r: r.statistic.replace("_", " ")),
        Column("meaning", "Likelihood"),
        Column("fitted", "Fitted"),
        Column("checked", "Held out"),
        Column("code", "Code"),
    )
    return table("likelihoods", "Likelihood of each published statistic", columns,
                 page.rows(page.found.likelihoods), "likelihoods")  # fmt: skip


def states(page: Context) -> Table:
    """States of the model."""
    columns = (
        Column("name", "State", lambda r: r.name.replace("_", " ")),
        Column("symbol", "Symbol"),
        Column("unit", "Unit"),
        Column("meaning", "Meaning"),
        Column("source", "Source"),
    )
    return table("states", "States", columns, page.rows(page.found.states), "states")


def inputs(page: Context) -> Table:
    """Inputs of the model."""
    columns = (
        Column("name", "Input", lambda r: r.name.replace("_", " ")),
        Column("unit", "Unit"),
        Column("meaning", "Meaning"),
        Column("default", "Healthy value"),
    )
    return table("inputs", "Inputs", columns, page.rows(page.found.inputs), "inputs")


def questions(page: Context) -> Table:
    """Start, duration, dose, combination and lasting effect, per therapy and population."""
    kept = ("risk_ratio", "share", "rebound", "dose_half", "over_best")
    columns = (
        Column("therapy_label", "Therapy"),
        Column("population_label", "For whom"),
        Column("question", "Question", lambda s: phrases.of(phrases.QUESTIONS, s.question)),
        Column("setting", "Setting", phrases.setting),
        Column("measure", "Measure", _measure),
        Column("posterior", "All data", lambda s: phrases.shown(s.posterior, s.measure)),
        Column("prior", "Before any data", lambda s: phrases.shown(s.prior, s.measure)),
    )
    rows = [s for s in page.rows(page.found.questions.settings) if s.measure in kept]
    return table("questions", "Start, duration, dose, combination, lasting effect", columns, rows,
                 "questions_settings")  # fmt: skip


def _measure(row: Any) -> str:
    how = phrases.measure(row.measure)
    return f"{how.label} ({how.unit})" if how.unit not in ("", "ratio") else how.label


def splits(page: Context) -> Table:
    """Where avoided metastases went."""
    columns = (
        Column("therapy_label", "Therapy"), Column("population_label", "For whom"),
        Column("avoided", "Avoided per 1,000", lambda s: interval(s.avoided, 1)),
        Column("prior", "Before any data", lambda s: interval(s.prior, 1)),
        Column("removed", "Cleared: lasts", lambda s: fixed(s.removed, 1)),
        Column("dormant", "Dormant: delay", lambda s: fixed(s.dormant, 1)),
        Column("awake", "Growing: delay", lambda s: fixed(s.awake, 1)),
    )  # fmt: skip
    return table("splits", "Metastases avoided by the end of follow-up", columns,
                 page.rows(page.found.questions.splits), "questions_splits")  # fmt: skip


def effects(page: Context) -> Table:
    """Every therapy in the populations of the named answers, at the last horizon."""
    here = {a.population for a in page.answers.values()}
    rows = [e for e in page.rows(page.found.effects)
            if e.population in here and e.measure == "absolute_risk_reduction"]  # fmt: skip
    last: dict[str, float] = {}
    for e in rows:
        last[e.population] = max(last.get(e.population, 0.0), e.horizon_year)
    ratios = {(e.therapy_label, e.population, e.horizon_year): e
              for e in page.rows(page.found.effects) if e.measure == "risk_ratio"}  # fmt: skip

    def of_ratio(e: Any) -> str:
        found = ratios.get((e.therapy_label, e.population, e.horizon_year))
        return GAP if found is None else interval(found.posterior, 2, 2)

    columns = (
        Column("therapy_label", "Therapy"),
        Column("kind", "Kind", lambda e: phrases.of(phrases.KINDS, e.kind)),
        Column("population_label", "For whom", lambda e: f"{e.population_label}, "
                                                        f"{years(e.horizon_year)}"),
        Column("ratio", "Risk ratio", of_ratio),
        Column("posterior", "Avoided per 1,000",
               lambda e: interval(scaled(e.posterior, 1000.0), 0)),
        Column("harm", "P(harm), now / before",
               lambda e: f"{share(e.harm)} / {share(e.harm_prior)}"),
        Column("applicability", "Evidence", lambda e: phrases.applicability(e.applicability)),
    )  # fmt: skip
    rows = [e for e in rows if e.horizon_year == last[e.population]]
    return table("effects", "Every therapy in the populations of the named answers", columns, rows,
                 "effects")  # fmt: skip


def variance(page: Context) -> Table:
    """Where the uncertainty of each answer comes from, for a trial of a stated size."""
    found = page.rows(page.found.questions.variance)
    parts: dict[str, dict[str, float]] = {}
    for v in found:
        parts.setdefault(v.answer, {})[v.part] = v.share
    first = {v.answer: v for v in reversed(found)}

    def shares(v: Any) -> str:
        return ", ".join(
            f"{phrases.of(phrases.VARIANCE, k)} {share(s)}" for k, s in parts[v.answer].items()
        )

    columns = (
        Column("answer", "Answer", lambda v: page.full(v.answer)),
        Column("subjects_per_arm", "Subjects per arm", lambda v: whole(v.subjects_per_arm)),
        Column("shares", "Shares of the variance", shares),
    )
    return table("variance", "Where the uncertainty comes from", columns,
                 list(first.values()), "questions_variance")  # fmt: skip


def populations(page: Context) -> Table:
    """Whom each population stands for, and what it leaves out."""
    columns = (
        Column("label", "Population"), Column("endpoint", "Event", phrases.event),
        Column("era", "Era"), Column("adjuvant", "Adjuvant therapy"), Column("age", "Age"),
        Column("competing_death", "Other deaths", lambda p: "compete" if p.competing_death
               or p.species == "mouse" else "left out: risks are upper values"),
    )  # fmt: skip
    return table("populations", "Populations", columns, page.rows(page.found.populations),
                 "populations")  # fmt: skip


def files(page: Context) -> Table:
    """Inputs with their hashes."""
    columns = (Column("file", "File"), Column("rows", "Rows"), Column("sha256", "SHA-256"))
    return table("files", "Inputs of this run", columns, page.rows(page.found.files), "files")


def moved(page: Context) -> Table:
    """Parameters whose median left the middle half of their prior, conflicts first."""
    rows = [p for p in page.rows(page.found.parameters) if p.posterior is not None
            and not p.prior.lo50 <= p.posterior.median <= p.prior.hi50]  # fmt: skip
    tied: dict[str, list[str]] = {}
    for m in page.rows(page.found.moved):
        tied.setdefault(m.parameter, []).append(
            f"{page.name(m.answer)} ({fixed(m.correlation, 2)})"
        )
    columns = (
        Column("meaning", "Parameter", phrases.parameter),
        Column("prior", "Before any data"), Column("posterior", "All data"),
        Column("conflict", "State", lambda p: "prior contradicted" if p.conflict else "moved",
               lambda p: "prior_contradicted" if p.conflict else "range_narrowed"),
        Column("answers", "Answers that move with it",
               lambda p: "; ".join(tied.get(p.name, ())) or "none"),
    )  # fmt: skip
    return table("moved", "Parameters moved by the data", columns,
                 sorted(rows, key=lambda p: not p.conflict), "parameters")  # fmt: skip


def compared(page: Context) -> Table:
    """Every named answer under every fit of a comparison."""
    columns = (
        Column("answer", "Answer", lambda r: page.full(r.answer)),
        Column("kind", "Kind of fit", lambda r: r.kind.replace("_", " ")),
        Column("fit", "Fit", lambda r: r.fit.replace("_", " ")),
        Column("value", "Answer", lambda r: phrases.shown(r.value, _measure_of(page, r.answer))),
        Column("shift", "Shift, share of the 90 % width", lambda r: _two(r.shift)),
    )
    return table("compared", "Answers under other mechanisms and without single studies", columns,
                 page.rows(page.found.comparison.answers), "comparison_answers")  # fmt: skip


def _measure_of(page: Context, key: str) -> str:
    answer = page.answers.get(key)
    return "" if answer is None else str(answer.measure)


def foreseen(page: Context) -> Table:
    """Published numbers among the predictions of the other studies."""
    columns = (
        Column("source", "Source"), Column("arm", "Group", phrases.whom),
        Column("observable", "Quantity", phrases.quantity), Column("observed", "Published"),
        Column("predicted", "Predicted by the others", lambda r: (
            f"{number(r.predicted.median)} ({number(r.predicted.lo90)} to "
            f"{number(r.predicted.hi90)})")),
    )  # fmt: skip
    return table("foreseen", "Each study predicted from the others", columns,
                 page.rows(page.found.comparison.foreseen), "comparison_foreseen")  # fmt: skip


FOLDS: tuple[tuple[str, tuple[Callable[[Context], Table], ...]], ...] = (
    ("Priors and posteriors", (parameters, moved, impossible, prior_rows)),
    ("Diagnostics", (gates, variance, compared, foreseen)),
    ("Fit of each row", (fitted, intervals)),
    ("Therapies: all numbers of the named populations", (effects, questions, splits, populations)),
    ("Model", (likelihoods, states, inputs)),
    ("Inputs and hashes", (files,)),
)


def _rules(page: Context) -> list[tuple[str, str]]:
    groups: dict[str, list[str]] = {}
    for row in page.rows(page.found.rules):
        groups.setdefault(row.rule, []).append(row.parameter.replace("_", " "))
    return [(phrases.of(phrases.RULES, k), ", ".join(v)) for k, v in groups.items()]


def facts(page: Context) -> list[tuple[str, str]]:
    """What was run, how, on what, for how long."""
    f = page.found.facts
    made = [("Command", f["command"]), ("Started", f["created"]),
            ("Inputs, hash over all", f["digest"]), ("Program, hash", f["code"])]  # fmt: skip
    made += [(k.replace("_", " "), str(v)) for k, v in f["settings"].items()]
    made += [(f"version of {k}", str(v)) for k, v in f["versions"].items()]
    made += [(f"machine, {k}", str(v)) for k, v in f["machine"].items()]
    made += [(f"seeds, {phrases.of(phrases.FITS, k)}", ", ".join(map(str, v)))
             for k, v in f["seeds"].items()]  # fmt: skip
    made += [(f"time, {k}", f"{v:.1f} s") for k, v in f["timings"].items()]
    made += [("stopped before", str(s)) for s in f["stops"]]
    for key, words in (("tree_depth", "deepest tree of the sampler (doublings)"),
                       ("tree_limit_hits", "draws at the deepest tree allowed"),
                       ("failed_solves", "therapy solves that failed"),
                       ("solves", "therapy solves in all"),
                       ("draws_of_effects", "draws behind each effect")):  # fmt: skip
        if f[key] is not None:
            made.append((words, whole(f[key])))
    return made
