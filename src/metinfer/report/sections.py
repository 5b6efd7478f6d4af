"""The tables of every section, each made from the content in one function."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from metinfer.report import (
    sections_account,
    sections_calibrate,
    sections_compare,
    sections_decisions,
    sections_foundations,
    sections_priors,
    words,
)
from metinfer.report.chances import assumed, chances, needed, past
from metinfer.report.content import Answer, Effect, ReportContent
from metinfer.report.contents_decisions import Decisions
from metinfer.report.contents_foundations import Ground
from metinfer.report.roles import role_totals
from metinfer.report.tables import (
    Cell,
    Column,
    Table,
    chance,
    flag,
    numeric,
    span,
    state,
    table,
    text,
    verdict,
)

#: Measures of the therapy tables; risks themselves stand in report.json.
CONTRASTS = ("absolute_risk_reduction", "risk_ratio", "rmst_gain")
#: Kinds of therapy, never shown in one table.
KINDS = {
    "regimen": "Regimens: what can be given",
    "clamp": "Clamps: hypothetical full engagement of a target",
    "adverse": "Adverse events: what may harm",
}


#: Values of the states at time zero.
STARTS = (
    text("At time zero, people", lambda d: d.human),
    text("At time zero, mouse", lambda d: d.mouse),
)
#: Roles of the tables in words.
ROLES = {
    "fit": "fitted", "check": "predicted, never fitted", "prior": "informed a prior",
    "out": "left out",
}  # fmt: skip


def shown_populations(content: ReportContent) -> tuple[str, ...]:
    """Return the populations with tables and figures of their own: those of the named answers.

    The others are in the interactive curves and in report.json; showing all would make a page
    that nobody reads.
    """
    every = dict.fromkeys([*(e.population for e in content.effects),
                           *(c.population for c in content.curves)])  # fmt: skip
    named = dict.fromkeys(a.effect.population for a in content.answers)
    return tuple(named or every)[:4]


def answers(content: ReportContent) -> Table:
    """Return the named answers beside prior and posterior without the mouse rows."""
    columns = [
        text("Answer", lambda a: a.name),
        text("For whom", lambda a: a.effect.population),
        text("Measure", lambda a: measure_words(a.effect)),
        *_beside(lambda a: a.effect),
        *_margin(content.answers),
        text("Applicability", lambda a: a.effect.applicability),
    ]
    return table("answers", "Named answers, fixed before fitting", columns, content.answers)


def _margin(items: Sequence[Answer]) -> list[Column]:
    if all(a.margin is None for a in items):
        return []

    def shown(answer: Answer, value: float) -> str:
        return f"{words.share(value)} {past(answer.effect.measure, answer.margin)}"

    return [
        chance("Chance of passing the margin", lambda a: (a.exceeds, a.exceeds_prior), shown,
               withheld=lambda a: assumed(a.effect))
    ]  # fmt: skip


def measure_words(effect: Effect) -> str:
    """Return measure, horizon, unit, what is counted, and whether other deaths are left out."""
    measure = words.measure(effect.measure)
    event = words.event(effect.endpoint, effect.species)
    told = f"{measure.label}, {words.years(effect.horizon)} ({measure.unit}); {event}"
    return f"{told}; without competing death" if words.leaves_out_death(effect) else told


def _beside(get: Any) -> list[Column]:
    """Return posterior, prior, posterior without mouse rows, overlap and learnt or assumed."""
    return [
        span("Posterior", lambda x: get(x).posterior, lambda x: get(x).measure),
        verdict(get),
        span("Prior", lambda x: get(x).prior, lambda x: get(x).measure),
        span("Without mouse rows", lambda x: get(x).no_mouse, lambda x: get(x).measure),
        numeric("Overlap with prior", lambda x: get(x).overlap, words.share),
    ]


def effects(content: ReportContent, kind: str) -> Table:
    """Return every measure of one kind of therapy; regimens and clamps never share a table."""
    after, learnt, *others = _beside(lambda e: e)
    # Beside the verdict, so that nobody has to scroll for why there is no such number.
    columns = [
        text("Therapy", lambda e: e.therapy),
        text("For whom", lambda e: e.population),
        text("Measure", lambda e: measure_words(e)),
        after, learnt, needed(kind), *others,
        *chances(kind),
        text("Applicability", lambda e: e.applicability),
    ]  # fmt: skip
    here = shown_populations(content)
    items = [
        e for e in content.effects
        if e.kind == kind and e.measure in CONTRASTS and e.population in here
    ]  # fmt: skip
    return table(
        f"effects-{kind}", KINDS.get(kind, kind), columns, items, keys=_effect_keys, wide=True
    )


def _effect_keys(effect: Effect) -> dict[str, str]:
    return {
        "population": effect.population,
        "therapy": effect.therapy,
        "horizon": words.number(effect.horizon),
        "measure": effect.measure,
    }


def roles(content: ReportContent) -> list[Table]:
    """Return the rows by role, those left out by kind of reason, and every single reason."""
    columns = [
        text("Role", lambda r: ROLES.get(r.role, r.role)),
        text("Reason", lambda r: r.reason),
        numeric("Published rows", lambda r: r.rows, words.whole),
        numeric("Follow-up intervals", lambda r: r.intervals, words.whole),
    ]
    every = [
        text("Table", lambda r: r.table),
        text("Role", lambda r: ROLES.get(r.role, r.role)),
        text("Reason", lambda r: r.reason),
        numeric("Rows", lambda r: r.rows, words.whole),
    ]
    single = [r for r in content.roles if r.role != "out"]
    return [
        table("roles", "What became of every published row", columns, role_totals(content.roles),
              full=True),
        table("role-reasons", "Why each row has its role", every, single),
    ]  # fmt: skip


def coverage(content: ReportContent) -> Table:
    """Return rows, cohorts and events per species and state."""
    columns = [
        text("Part of the model", lambda c: c.state),
        text("Species", lambda c: c.species),
        numeric("Fitted rows", lambda c: c.rows, words.whole),
        numeric("Follow-up intervals", lambda c: c.intervals, words.whole),
        numeric("Studies", lambda c: c.studies, words.whole),
        numeric("Groups of animals or people", lambda c: c.cohorts, words.whole),
        numeric("Events", lambda c: c.events, words.whole),
        text("What that can teach", lambda c: c.statement),
    ]
    return table("coverage", "Evidence per part of the model", columns, content.coverage, full=True)


def rows(content: ReportContent) -> Table:
    """Return every fitted or checked row against its prediction on the reported scale."""
    columns = [
        text("Row", lambda r: r.row),
        text("Source", lambda r: ", ".join(p for p in (r.source, r.locator) if p)),
        text("Group", lambda r: ", ".join(p for p in (r.species, r.arm, r.when) if p)),
        text("Quantity", lambda r: f"{r.quantity} ({r.unit})" if r.unit else r.quantity),
        text("Statistic", lambda r: ", ".join(p for p in (r.statistic, r.count) if p)),
        text("Role", lambda r: r.role),
        numeric("n", lambda r: r.n, words.whole),
        numeric("Reported", lambda r: r.reported),
        span("Predicted", lambda r: r.predicted),
        flag("Inside 90 %", lambda r: _inside(r.inside)),
        _tail(),
    ]
    caption = "Published rows against posterior prediction, on the reported scale"
    return table("rows", caption, columns, content.rows, wide=True)


def _tail() -> Column:
    def make(item: Any) -> Cell:
        return Cell(words.tail(item.tail, item.draws), (item.tail,))

    return Column("Tail probability", make, numeric=True)


def _inside(value: bool) -> tuple[str, str]:
    return ("inside", "good") if value else ("outside", "bad")


def intervals(content: ReportContent) -> Table:
    """Return events seen and expected per follow-up interval."""
    columns = [
        text("Cohort", lambda i: i.arm),
        numeric("From", lambda i: i.start, unit="years"),
        numeric("To", lambda i: i.end, unit="years"),
        numeric("At risk", lambda i: i.at_risk, words.whole),
        numeric("Events seen", lambda i: i.observed, words.whole),
        span("Events predicted", lambda i: i.expected, lambda _: "events"),
        text("Role", lambda i: i.role),
        flag("Inside 90 %", lambda i: _inside(i.inside)),
        _tail(),
    ]
    return table("intervals", "Follow-up intervals", columns, content.intervals)


def scores(content: ReportContent) -> Table:
    """Return how many published values lie inside their predictive intervals, per stream."""
    tone = {"as expected": "good", "too narrow": "bad"}
    columns = [
        text("Stream", lambda s: ". ".join(p for p in (s.stream, s.remark) if p)),
        text("Role", lambda s: s.role),
        numeric("Values", lambda s: s.items, words.whole),
        numeric("Inside 50 %", lambda s: s.inside50 / s.items, words.share),
        numeric("Inside 90 %", lambda s: s.inside90 / s.items, words.share),
        flag("Verdict", lambda s: (s.judged, tone.get(s.judged, "warn"))),
        numeric("By chance", lambda s: s.chance, lambda v: words.number(v, 1)),
        numeric("Events seen", lambda s: s.seen, words.whole),
        span("Events predicted", lambda s: s.expected, lambda _: "events"),
    ]
    caption = "Coverage of the predictive intervals, by stream"
    return table("scores", caption, columns, content.scores, full=True)


def likelihoods(content: ReportContent) -> Table:
    """Return how each published statistic is scored, and how many rows it scores."""
    columns = [
        text("Published statistic", lambda k: k.statistic),
        text("Likelihood", lambda k: k.formula),
        numeric("Values fitted", lambda k: k.fitted, words.whole),
        numeric("Values only predicted", lambda k: k.checked, words.whole),
        text("Code", lambda k: k.code),
    ]
    caption = "Likelihood of each published statistic"
    return table("likelihoods", caption, columns, content.likelihoods, full=True)


def against(content: ReportContent) -> list[Table]:
    """Return the evidence against the hypothesis: what the model meets, and what was left out."""
    columns = [
        text("Study", lambda a: a.source),
        text("Group", lambda a: a.group),
        text("Finding", lambda a: a.finding),
        text("Role", lambda a: ROLES.get(a.role, a.role)),
        text("How it was treated", lambda a: a.treatment),
        text("Rows", lambda a: a.rows),
    ]
    met = [a for a in content.against if a.role != "out"]
    rest = [a for a in content.against if a.role == "out"]
    return [
        table("against", "Findings against the hypothesis that the model had to meet", columns, met,
              full=True),
        table("against-out", "Findings against it that were not scored", columns, rest, wide=True),
    ]  # fmt: skip


def definitions(content: ReportContent, part: str) -> Table:
    """Return the states or the inputs of the model."""
    columns = [
        text("Name", lambda d: d.name.replace("_", " ")),
        text("Symbol", lambda d: d.symbol),
        text("Unit", lambda d: d.unit),
        text("Meaning", lambda d: d.meaning),
        *(STARTS if part == "states" else ()),
        text("Source", lambda d: d.source),
    ]
    caption = {"states": "States of the model", "inputs": "Inputs: what an arm does to the niche"}
    return table(part, caption[part], columns, getattr(content, part))


def links(content: ReportContent) -> Table:
    """Return the strength of each arrow and how likely it is absent."""
    columns = [
        text("Link", lambda k: k.meaning),
        text("What is changed, and what follows", lambda k: k.change),
        span("Effect", lambda k: k.strength, lambda _: "fold"),
        text("Unit", lambda k: {"fold": "fold of healthy"}.get(k.unit, k.unit)),
        numeric("Absent, prior", lambda k: k.absent_prior, words.share),
        numeric("Absent, posterior", lambda k: k.absent_posterior, words.share),
        numeric("Reversed, prior", lambda k: k.reversed_prior, words.share),
        numeric("Reversed, posterior", lambda k: k.reversed_posterior, words.share),
    ]
    return table("links", "Links of the liver niche, effects in people", columns, content.links,
                 full=True)  # fmt: skip


def rules(content: ReportContent) -> Table:
    """Return what mouse and people share, what is scaled and what is separate."""
    columns = [
        text("Rule", lambda r: r.rule),
        text("Parameters (symbol)", lambda r: r.parameters),
    ]
    return table("rules", "What is shared, scaled or separate", columns, content.rules, full=True)


def assumptions(content: ReportContent) -> Table:
    """Return the assumptions, each with what breaks if it is false."""
    columns = [
        text("Assumption", lambda a: a.statement),
        text("If it is false", lambda a: a.if_false),
    ]
    return table("assumptions", "Assumptions", columns, content.assumptions)


def posteriors(content: ReportContent) -> Table:
    """Return posterior against prior for every parameter."""
    columns = [
        text("Parameter", lambda p: p.meaning or p.name),
        text("Symbol", lambda p: p.symbol),
        text("Name", lambda p: p.name),
        text("Unit", lambda p: p.unit),
        span("Prior", lambda p: p.prior),
        span("Posterior", lambda p: p.posterior),
        numeric("90 % interval, width after / before", lambda p: p.width, words.width),
        numeric("Overlap with prior", lambda p: p.overlap, words.share),
    ]
    return table("posteriors", "Prior against posterior", columns, content.parameters, wide=True)


def quality(content: ReportContent) -> Table:
    """Return R-hat, effective sample sizes and Monte-Carlo error per parameter."""
    columns = [
        text("Quantity", lambda p: p.meaning or p.name),
        text("Name", lambda p: p.name),
        numeric("R-hat", lambda p: p.rhat, lambda v: words.number(v, 4)),
        numeric("Bulk ESS", lambda p: p.ess_bulk, words.whole),
        numeric("Tail ESS", lambda p: p.ess_tail, words.whole),
        numeric("Monte-Carlo error", lambda p: p.mcse, lambda v: words.number(v, 2)),
    ]
    items = [p for p in content.parameters if p.rhat is not None]
    return table("quality", "Sampling quality", columns, items)


def gates(content: ReportContent) -> Table:
    """Return the gates: value, limit, pass or fail."""
    columns = [
        text("Gate", lambda g: g.name),
        text("What it guards", lambda g: g.meaning),
        numeric("Value", lambda g: g.value, lambda v: words.number(v, 4)),
        text("Limit", lambda g: g.limit),
        flag("State", lambda g: state(g.passed)),
    ]
    return table("gates", "Gates, fixed before fitting", columns, content.gates, full=True)


def checks(content: ReportContent) -> Table:
    """Return the checks of the computation."""
    tone = {"pass": "good", "fail": "bad", "not part of a run": ""}
    columns = [
        text("Check", lambda c: c.name),
        text("Result", lambda c: c.result),
        flag("State", lambda c: (c.state, tone.get(c.state, "warn"))),
        text("Command", lambda c: c.command),
    ]
    return table("checks", "Checks of the computation", columns, content.checks, full=True)


def files(content: ReportContent) -> Table:
    """Return the inputs with their hashes."""
    columns = [
        text("File", lambda f: f.path),
        numeric("Rows", lambda f: f.rows, words.whole),
        text("SHA-256", lambda f: f.sha256),
    ]
    return table("files", "Inputs of this run", columns, content.files)


def notes(content: ReportContent, part: str) -> Table:
    """Return labelled facts: computation, limits or reproduce."""
    columns = [text("Item", lambda n: n.label), text("Value", lambda n: n.text)]
    return table(part, part.capitalize(), columns, getattr(content, part))


def all_tables(content: ReportContent) -> dict[str, Table]:
    """Return every table of the report by name; those without rows are empty."""
    made = [f(content) for f in (answers, coverage, rows, intervals)]
    made += [*roles(content), *against(content)]
    made += [f(content) for f in (scores, likelihoods, links, rules)]
    made += sections_priors.tables(content)
    made += [f(content) for f in (assumptions, posteriors, quality, gates, checks, files)]
    made += [definitions(content, part) for part in ("states", "inputs")]
    made += [effects(content, kind) for kind in dict.fromkeys(e.kind for e in content.effects)]
    made += sections_foundations.tables(content.ground or Ground())
    made += sections_account.tables(content)
    made += sections_decisions.tables(content.decisions or Decisions())
    made += sections_compare.tables(content.compared)
    made += sections_calibrate.tables(content.calibrated)
    made += [notes(content, part) for part in ("computation", "limits", "reproduce")]
    return {t.name: t for t in made}
