"""Tables of section 12 besides effects: decisions, experiments, ranks, whom they are about."""

from __future__ import annotations

from collections.abc import Callable

from metinfer.report import words
from metinfer.report.contents_decisions import Candidate, Decisions, Narrowing, Rank, Setting
from metinfer.report.tables import Table, flag, learnt, numeric, span, table, text, verdict

QUESTIONS = {
    "lasting": "Lasting or delay",
    "window": "Window by start",
    "duration": "Window by duration",
    "dose": "Dose response",
    "interaction": "Combinations against their parts",
}
VARIED = {"window": "Start after", "duration": "Given for", "dose": "Doses"}
KINDS = {"regimen": "regimens", "clamp": "clamps", "adverse": "adverse events"}
#: Measures that a table holds; the parts behind them are in the figures and in report.json.
SHOWN = {
    "lasting": ("lasting_share", "lasting_rebound", "lasting_avoided"),
    "window": ("risk_ratio", "absolute_risk_reduction"),
    "duration": ("risk_ratio", "absolute_risk_reduction"),
    "dose": ("absolute_risk_reduction", "dose_half", "dose_most"),
    "interaction": ("risk_ratio", "over_bliss", "over_best"),
}  # fmt: skip
#: Tone of what is said of death from other causes.
DEATH = {"without competing death": "warn"}
#: Experiments listed for each answer.
BEST = 2


def tables(decisions: Decisions) -> list[Table]:
    """Return every table; those without rows are empty."""
    kinds = dict.fromkeys(s.effect.kind for s in decisions.settings)
    made = [_settings(decisions, q, kind) for q in QUESTIONS for kind in kinds]
    kinds = dict.fromkeys(c.kind for c in decisions.candidates)
    made += [_experiments(decisions, kind) for kind in kinds]
    made += [_ranks(decisions, kind) for kind in dict.fromkeys(r.kind for r in decisions.ranks)]
    made += [_courses(decisions, kind) for kind in dict.fromkeys(c.kind for c in decisions.courses)]
    return [*made, _narrowings(decisions), _who(decisions)]


def _settings(decisions: Decisions, question: str, kind: str) -> Table:
    rows = [
        s for s in decisions.settings
        if (s.question, s.effect.kind) == (question, kind) and s.effect.measure in SHOWN[question]
    ]  # fmt: skip
    columns = [
        text("Therapy", lambda s: s.effect.therapy),
        text("For whom", lambda s: s.effect.population),
        text("Measure", _measure),
        span("Posterior", lambda s: s.effect.posterior, lambda s: s.effect.measure),
        verdict(lambda s: s.effect),
        span("Prior", lambda s: s.effect.prior, lambda s: s.effect.measure),
        span("Without mouse rows", lambda s: s.effect.no_mouse, lambda s: s.effect.measure),
        numeric("Overlap with prior", lambda s: s.effect.overlap, words.share),
        text("Applicability", lambda s: s.effect.applicability),
    ]
    if question in VARIED:
        columns.insert(2, text(VARIED[question], lambda s: s.words))
    caption = f"{QUESTIONS[question]}: {KINDS.get(kind, kind)}"
    return table(f"{question}-{kind}", caption, columns, rows, wide=True)


def _measure(setting: Setting) -> str:
    measure = words.measure(setting.effect.measure)
    return f"{measure.label} ({measure.unit})" if measure.unit else measure.label


def _experiments(decisions: Decisions, kind: str) -> Table:
    def shown(candidate: Candidate) -> str:
        return "risk" if candidate.readout.startswith("share") else ""

    rows = [c for c in decisions.candidates if c.kind == kind]
    columns = [
        text("Experiment", lambda c: c.label),
        text("In", lambda c: c.population),
        text("Readout", lambda c: f"{c.readout}, {c.when}"),
        numeric("Per arm", lambda c: c.n, words.whole),
        span("Untreated arm would show", lambda c: c.untreated, shown),
        span("Treated arm would show", lambda c: c.treated, shown),
        text("Chance that the test finds it", _assurance),
        text("Applicability", lambda c: c.applicability),
    ]
    caption = f"Candidate experiments with {KINDS.get(kind, kind)}"
    return table(f"experiments-{kind}", caption, columns, rows, wide=True)


def _assurance(candidate: Candidate) -> str:
    return ", ".join(f"{n} per arm {words.share(p)}" for n, p in candidate.assurance)


def _narrowings(decisions: Decisions) -> Table:
    """Return the best experiments for each named answer."""
    pairs: dict[str, list[tuple[Candidate, Narrowing]]] = {}
    for candidate in decisions.candidates:
        for one in candidate.narrowings:
            pairs.setdefault(one.answer, []).append((candidate, one))
    rows = [
        pair
        for found in pairs.values()
        for pair in sorted(found, key=lambda p: -p[1].removed)[:BEST]
    ]
    columns = [
        text("Named answer", lambda p: p[1].answer),
        text("Experiment", lambda p: f"{p[0].label}, {p[0].n} per arm"),
        numeric("Variance expected to go", lambda p: p[1].removed, _removed),
        numeric("Its simulation error", lambda p: p[1].error, words.share),
        flag("Now", lambda p: learnt(p[1].now)),
        numeric("Chance that it counts as learnt afterwards", lambda p: p[1].becomes, words.share),
        numeric("Effective draws", lambda p: p[1].draws, words.whole),
    ]
    caption = "Which experiment would narrow which answer most"
    return table("narrowing", caption, columns, rows)


def _removed(value: float | None) -> str:
    """Share of the variance; below nothing it is simulation error."""
    return words.share(max(value, 0.0)) if value is not None else words.GAP


def _ranks(decisions: Decisions, kind: str) -> Table:
    here = {s.population for s in decisions.splits}
    rows = [r for r in decisions.ranks if r.kind == kind and (not here or r.population in here)]
    most = max((len(r.probability) for r in rows), default=0)

    def place(k: int) -> Callable[[Rank], float | None]:
        return lambda r: r.probability[k] if k < len(r.probability) else None

    columns = [
        text("For whom", lambda r: r.population),
        text("Within", lambda r: words.years(r.horizon)),
        text("Therapy", lambda r: r.therapy),
        *[numeric(f"Rank {k + 1}", place(k), words.share) for k in range(min(most, 3))],
    ]
    caption = f"Rank by risk ratio, among {KINDS.get(kind, kind)} whose effect was learnt"
    return table(f"ranks-{kind}", caption, columns, rows)


def _who(decisions: Decisions) -> Table:
    columns = [
        text("Population", lambda w: w.label),
        text("What counts", lambda w: w.endpoint),
        text("Era", lambda w: w.era),
        text("Adjuvant therapy", lambda w: w.adjuvant),
        text("Age", lambda w: w.age),
        flag("Death from other causes", lambda w: (w.state, DEATH.get(w.state, "good"))),
        text("Why", lambda w: w.death),
        text("Rests on", lambda w: w.cohorts or "no group of its own"),
    ]
    return table("who", "For whom: the populations", columns, decisions.who, wide=True)


def _courses(decisions: Decisions, kind: str) -> Table:
    columns = [
        text("Therapy", lambda c: c.label),
        text("Why this schedule", lambda c: c.reason),
    ]
    rows = [c for c in decisions.courses if c.kind == kind]
    return table(f"courses-{kind}", f"What is given: {KINDS.get(kind, kind)}", columns, rows)
