"""A made-up `ReportContent`, large enough to look real. No number here comes from a study."""

from __future__ import annotations

import dataclasses
from statistics import NormalDist

import numpy as np

from metinfer.report.content import (
    ASSUMED,
    LEARNT,
    Against,
    Answer,
    Assumption,
    AuthorField,
    Check,
    Coverage,
    Curve,
    Definition,
    Density,
    Effect,
    Equation,
    Gate,
    InputFile,
    IntervalFit,
    Level,
    Link,
    Note,
    Parameter,
    ReportContent,
    RoleCount,
    RowFit,
    Span,
    SurvivalFit,
    Trace,
    Verdict,
)
from tests.report import synthetic_ground

THERAPIES = (
    ("IL-15 agonist, 4 cycles", "regimen", 0.35, LEARNT),
    ("interferon-gamma three times a week, 1 year", "regimen", 0.22, ASSUMED),
    ("CXCR4 antagonist daily, 2 years", "regimen", -0.08, ASSUMED),
    ("TIMP-1 neutralisation, 2 years", "regimen", 0.02, ASSUMED),
    ("CXCL12 fully neutralised for life", "clamp", 0.45, ASSUMED),
    ("stellate cells fully inactive for life", "clamp", 0.4, ASSUMED),
)
POPULATIONS = (
    ("node-negative ER+ breast cancer, no adjuvant therapy", 0.03),
    ("node-negative ER\u2212 breast cancer, no adjuvant therapy", 0.05),
    ("after hepatectomy for colorectal metastasis", 0.12),
)
HORIZONS = (5.0, 10.0)


def shared(first: Span, second: Span) -> float:
    """Return the intersection over union of two 90 % intervals."""
    common = min(first.hi90, second.hi90) - max(first.lo90, second.lo90)
    return max(common, 0.0) / (max(first.hi90, second.hi90) - min(first.lo90, second.lo90))


def span(median: float, sd: float, log: bool = False) -> Span:
    """Return the interval of a normal (or lognormal) around `median`."""
    z = [NormalDist().inv_cdf(p) for p in (0.5, 0.25, 0.75, 0.05, 0.95)]
    values = [median * np.exp(sd * v) if log else median + sd * v for v in z]
    return Span(*(float(v) for v in values))


def _effect(
    therapy: tuple[str, str, float, str], population: tuple[str, float], h: float, name: str
) -> Effect:
    label, kind, power, flag = therapy
    risk = 1 - np.exp(-population[1] * h)
    centre = {
        "absolute_risk_reduction": risk * power,
        "risk_ratio": 1 - power,
        "rmst_gain": 0.45 * h * risk * power,
    }[name]
    wide = 0.12 + 0.5 * abs(centre)
    narrow = wide * (0.45 if flag == LEARNT else 0.97)
    prior = span(centre * (0.3 if flag == LEARNT else 0.96), wide)
    posterior = span(centre, narrow)
    return Effect(
        label, kind, population[0], name, h, posterior, prior, span(centre * 0.9, wide * 0.98),
        shared(posterior, prior), flag, "extrapolated in species and dose",
    )  # fmt: skip


def effects() -> tuple[Effect, ...]:
    """Return all measures of all therapies in all populations."""
    names = ("absolute_risk_reduction", "risk_ratio", "rmst_gain")
    return tuple(
        _effect(t, p, h, m) for t in THERAPIES for p in POPULATIONS for h in HORIZONS for m in names
    )


def curves() -> tuple[Curve, ...]:
    """Return event-free curves of all sources."""
    time = tuple(float(v) for v in np.linspace(0, 10, 41))
    made = []
    for source, spread in (("posterior", 0.2), ("prior", 0.6), ("no_mouse", 0.5)):
        for label, rate in POPULATIONS:
            for therapy, kind, power, _ in (("", "", 0.0, ""), *THERAPIES):
                bands = []
                for t in time:
                    hazard = rate * t * (1 - power)
                    low = span(max(hazard, 1e-9), spread, log=True)
                    ends = (low.median, low.hi50, low.lo50, low.hi90, low.lo90)
                    bands.append(Span(*(float(np.exp(-v)) for v in ends)))
                made.append(Curve(therapy, kind, label, source, time, tuple(bands)))
    return tuple(made)


def _density(effect: Effect) -> Density:
    assert effect.prior is not None
    assert effect.no_mouse is not None
    wide = effect.prior.hi90 - effect.prior.lo90
    x = np.linspace(effect.prior.lo90 - 0.4 * wide, effect.prior.hi90 + 0.4 * wide, 101)

    def pdf(of: Span) -> tuple[float, ...]:
        return tuple(NormalDist(of.median, (of.hi90 - of.lo90) / 3.29).pdf(v) for v in x)

    return Density(tuple(map(float, x)), pdf(effect.prior), pdf(effect.posterior),
                   pdf(effect.no_mouse))  # fmt: skip


def answers() -> tuple[Answer, ...]:
    """Return four named answers."""
    wanted = [(0, 0, "IL-15 after surgery, ER+"), (0, 2, "IL-15 after hepatectomy"),
              (2, 0, "CXCR4 antagonist, ER+"), (4, 0, "CXCL12 off, ER+")]  # fmt: skip
    made = []
    for therapy, population, name in wanted:
        chosen = THERAPIES[therapy], POPULATIONS[population]
        effect = _effect(*chosen, 10.0, "absolute_risk_reduction")
        made.append(Answer(name, effect, 0.05, 0.61, _density(effect)))
    return tuple(made)


def rows(rng: np.random.Generator) -> tuple[RowFit, ...]:
    """Return made-up rows of nine studies on four scales."""
    kinds = (
        ("share of mice with a metastasis", "1", "k of n", 0.5, 0.18, False),
        ("metastases per liver", "1", "mean with SEM", 40.0, 0.6, True),
        ("CXCL12, fold over healthy", "ratio", "ratio with interval", 1.8, 0.25, True),
        ("TIMP-1 in plasma", "ng/mL", "geometric mean", 120.0, 0.2, True),
        ("NK cells, fold over control", "ratio", "mean with SD", 2.4, 0.3, True),
    )
    made = []
    for study in range(9):
        quantity, unit, statistic, centre, sd, log = kinds[study % len(kinds)]
        for arm in range(2 + study % 4):
            predicted = span(centre * (1 + 0.25 * arm), sd, log)
            seen = predicted.median * float(np.exp(rng.normal(0, sd if log else 0.25)))
            made.append(RowFit(
                f"made-{study}-{arm}", f"madeup{study}", f"Nobody et al. {1990 + study} (made up)",
                f"Table {arm + 1}", ("control", "NK cells depleted", "interferon-gamma knock-out",
                "high TIMP-1", "CXCR4 blocked")[arm], "mouse" if study % 3 else "human", quantity,
                statistic, unit, "check" if arm == 3 else "fit", seen, predicted,
                n=8 + arm, when=f"day {14 + 7 * arm}", tail=float(rng.uniform(0.02, 1)),
            ))  # fmt: skip
    return tuple(made)


def intervals(rng: np.random.Generator) -> tuple[IntervalFit, ...]:
    """Return yearly intervals of three made-up cohorts."""
    made = []
    for arm, (label, rate) in enumerate(POPULATIONS):
        at_risk = 200.0 + 700 * arm
        for year in range(10):
            expected = at_risk * (1 - np.exp(-rate))
            made.append(IntervalFit(f"made-up cohort: {label}", year, year + 1, round(at_risk),
                                    float(rng.poisson(expected)),
                                    span(expected, np.sqrt(expected)),
                                    tail=float(rng.uniform(0.05, 1))))  # fmt: skip
            at_risk -= 1.3 * expected
    return tuple(made)


def survival(rng: np.random.Generator) -> tuple[SurvivalFit, ...]:
    """Return Kaplan-Meier points with bands for the same cohorts."""
    years = tuple(float(v) for v in range(1, 11))
    made = []
    for arm, (label, rate) in enumerate(POPULATIONS):
        model = [c for c in curves() if c.population == label and c.source == "posterior"][0]
        seen = tuple(float(np.exp(-rate * y) + rng.normal(0, 0.012)) for y in years)
        made.append(SurvivalFit(f"made-up cohort: {label}", "distant metastasis", 200 + 700 * arm,
                                years, seen, model.time, model.bands))  # fmt: skip
    return tuple(made)


def parameters(rng: np.random.Generator) -> tuple[Parameter, ...]:
    """Return 24 made-up parameters, some learnt and some not."""
    words_of = ("NK turnover", "awakening rate of dormant cells", "IFN-gamma from NK cells",
                "killing on arrival", "neutrophil help to seeding", "mean time to detection",
                "exponent of CXCL12 on NK cells", "CXCL12 turnover")  # fmt: skip
    made = []
    for k in range(24):
        learnt = k % 3 == 0
        centre = float(10 ** rng.uniform(-3, 1))
        prior = span(centre, 0.8, log=True)
        posterior = span(centre * float(np.exp(rng.normal(0, 0.3 if learnt else 0.05))),
                         0.25 if learnt else 0.78, log=True)  # fmt: skip
        made.append(Parameter(
            f"p{k}", f"{words_of[k % 8]} ({('mouse', 'human', 'ER+')[k % 3]})", "1/day",
            f"LogNormal(ln {centre:.3g}, 0.8)", "made-up reason", "nobody (made up)", prior,
            posterior, 0.9 if learnt else 0.05, shared(prior, posterior),
            1.0 + float(rng.uniform(0, 0.009)), float(rng.uniform(450, 4000)),
            float(rng.uniform(420, 3000)), centre * 0.01, True,
        ))  # fmt: skip
    return tuple(made)


def traces(rng: np.random.Generator) -> tuple[Trace, ...]:
    """Return draws of three parameters in four chains."""
    return tuple(
        Trace(f"made-up parameter {k}", 1.004, tuple(tuple(map(float, rng.normal(size=200)))
                                                     for _ in range(4)))
        for k in range(3)
    )  # fmt: skip


LINKS = (
    ("timp1_cxcl12", "TIMP-1 raises CXCL12", 0.35, 0.22),
    ("stellate_cxcl12", "stellate cells raise CXCL12", 0.8, None),
    ("cxcl12_neutrophils", "CXCL12 draws in neutrophils", 0.3, None),
    ("cxcl12_nk", "CXCL12 quiets NK cells", 0.4, 0.55),
    ("nk_ifng", "NK cells make interferon-gamma", 0.7, None),
    ("ifng_awakening", "interferon-gamma holds cells dormant", 1.1, 0.12),
    ("neutrophils_seeding", "neutrophils help seeding", 0.25, 0.41),
    ("nk_seeding", "NK cells kill on arrival", 1.3, None),
    ("nk_killing", "NK cells kill dormant cells", 0.1, None),
)


def links() -> tuple[Link, ...]:
    """Return made-up strengths of every arrow."""
    return tuple(
        Link(k, m, span(s, 0.3 * s), "log ratio", 0.3 if a else None, a, 0.04 if a else None)
        for k, m, s, a in LINKS
    )


def content(reportable: bool = True, seed: int = 7) -> ReportContent:
    """Return the whole made-up report; not reportable means a failed gate, no author text."""
    rng = np.random.default_rng(seed)
    reasons = () if reportable else (
        "divergences: 37 divergent draws; the limit is 0",
        "the question of interest is missing (analysis.toml, question.text)",
    )  # fmt: skip
    levels = (
        Level("computed", "pass" if reportable else "fail", "the sampler converged", ""),
        Level("checked", "not run", "variants and left-out studies agree",
              "metinfer compare DATA -o RUN"),
        Level("calibrated", "not run", "intervals cover the truth on simulated data",
              "metinfer calibrate DATA -o RUN --fits 50"),
    )  # fmt: skip
    ask = "What would each therapy do to liver metastasis?" if reportable else ""
    return ReportContent(
        title="Synthetic report: every number is made up",
        verdict=Verdict(reportable, reasons, levels, quick=not reportable),
        answers=answers(),
        author=(
            AuthorField(1, "Question of interest", ask, "analysis.toml, question.text"),
            AuthorField(1, "Who decides what on it", "", "analysis.toml, question.decision"),
            AuthorField(1, "Context of use", "Made-up mice and people.", "analysis.toml"),
            AuthorField(2, "How values were read", "Typed from tables.", "analysis.toml, reading"),
            AuthorField(13, "Must not be used for", "", "analysis.toml, limits.not_for"),
        ),
        roles=(
            RoleCount("measurements", "fit", "metastasis outcome with k of n", 34),
            RoleCount("measurements", "check", "cut chosen on the outcome", 22),
            RoleCount("measurements", "prior", "fold without n", 15),
            RoleCount("measurements", "out", "unit cannot be converted", 240),
            RoleCount("intervals", "fit", "non-overlapping cohort", 30),
        ),
        coverage=(
            Coverage("mouse", "NK cells", 6, 3, 41, "A direction, no dose response."),
            Coverage("human", "interferon-gamma", 0, 0, 0, "No row: nothing can be learnt here."),
            Coverage("human", "metastases", 30, 3, 512, "Enough to learn the baseline."),
        ),
        rows=rows(rng), intervals=intervals(rng), survival=survival(rng),
        against=(
            Against("TIMP-1-low livers had more foci (made up)", "Nobody 2001", "check",
                    "predicted, sign of the link left free", "made-3-1"),
            Against("A randomised trial found no effect (made up)", "Nobody 2019", "out",
                    "no matching endpoint; shown here", ""),
        ),
        equations=(
            Equation("Stellate cells", r"\frac{dA}{dt} = k_A\left[(1 + J)(1 - e_A) - A\right]",
                     "dA/dt = kA ((1 + injury)(1 - eA) - A)", "activated stellate cells"),
            Equation("CXCL12", r"\frac{dX}{dt} = k_X\left(A^{b_A} T^{b_T} - X\right)",
                     "dX/dt = kX (A^bA T^bT - X)", "CXCL12 in the liver"),
            Equation("Dormant cells", r"\frac{dD}{dt} = s(t) - \left(w_1 H + d_0 + m F_k\right) D",
                     "dD/dt = s - (w1 H + d0 + m Fk) D", "dormant cells"),
            Equation("Cannot be set", r"\begin{cases} x \end{cases}", "x, in cases"),
        ),
        states=(Definition("stellate", "A", "fold", "activated stellate cells", "made up"),
                Definition("cxcl12", "X", "fold", "CXCL12 in the liver", "made up")),
        inputs=(Definition("injury", "injury", "1", "liver injury", "made up"),),
        links=links(),
        assumptions=(Assumption("Fold effects cross species.", "Mouse rows teach nothing."),),
        parameters=parameters(rng),
        gates=(
            Gate("R-hat", "chains agree", 1.006, "at most 1.01", True),
            Gate("divergences", "no corner of the posterior is missed",
                 0.0 if reportable else 37.0, "0", reportable),
            Gate("grid check", "step size does not matter", None, "at most 0.01 sd", None),
        ),
        checks=(Check("Gradient against finite differences", "largest difference 3e-7", "pass"),
                Check("Parameter recovery", "", "not run", "metinfer calibrate DATA -o RUN")),
        traces=traces(rng),
        computation=(Note("Python", "3.12"), Note("Seed", "20240607"), Note("Chains", "4"),
                     Note("Draws per chain", "1,000"), Note("Run time", "6 min 12 s")),
        curves=curves(), effects=effects(),
        limits=(Note("No perturbed human arm", "therapy effects in people rest on mouse rows"),),
        reproduce=(Note("Command", "metinfer demo -o runs/base"), Note("Licence", "made up")),
        files=(InputFile("inputs/measurements.csv", "0" * 64, 311),),
        run_name="synthetic",
    )  # fmt: skip


def small(reportable: bool = True) -> ReportContent:
    """Return a quick one: every part and control, one population, few rows."""
    base = content(reportable)
    here, few = POPULATIONS[0][0], ("", THERAPIES[0][0], THERAPIES[4][0])
    return dataclasses.replace(
        base, ground=synthetic_ground.ground(base.answers[:2]),
        published=synthetic_ground.published(), credibility=synthetic_ground.credibility(),
        rows=base.rows[:5], intervals=base.intervals[:10], survival=base.survival[:1],
        parameters=base.parameters[:6], traces=base.traces[:1], answers=base.answers[:2],
        curves=tuple(c for c in base.curves if c.population == here and c.therapy in few),
        effects=tuple(e for e in base.effects if e.population == here and e.therapy in few),
    )  # fmt: skip


def bundled() -> ReportContent:
    """Return the made-up report with every table that the bundled evidence alone decides."""
    from metinfer.evidence.bundled import bundled_path
    from metinfer.evidence.read import read_evidence
    from metinfer.report.gather import against as findings
    from metinfer.report.gather import evidence as tables
    from metinfer.report.gather import likelihood, model, scores

    data = read_evidence(bundled_path())
    base = small()
    return dataclasses.replace(
        base, author=tables.author_fields(data.analysis), roles=tables.role_counts(data),
        coverage=tables.coverage(data), against=findings.against(data),
        likelihoods=likelihood.likelihoods(data), equations=model.equations(),
        states=model.states(), inputs=model.inputs(), files=tables.input_files(data),
        scores=scores.scores(base.rows, base.intervals, None),
    )  # fmt: skip


def hostile() -> ReportContent:
    """Return the report with markup, script, formulas and dollar signs in its labels."""
    base = small()
    bad = "<script>alert(1)</script>"
    label = f"=1+1 {bad} $x^2$ \"quoted\" 'single' & </script> <img src=x onerror=alert(2)>"
    first = dataclasses.replace(base.rows[0], source=label, study=label, arm=bad, quantity=label)
    effect = dataclasses.replace(base.answers[0].effect, therapy=bad, population=label)
    answer = dataclasses.replace(base.answers[0], name=label, effect=effect)
    curve = dataclasses.replace(base.curves[1], therapy=bad, population=label)
    return dataclasses.replace(
        base, title=label, rows=(first, *base.rows[1:]), answers=(answer, *base.answers[1:]),
        curves=(*base.curves, curve), effects=(*base.effects, effect),
        links=(dataclasses.replace(base.links[0], meaning=bad), *base.links[1:]),
    )  # fmt: skip
