"""What `metinfer new` writes. Every number is made up, and says so."""

from __future__ import annotations

Rows = tuple[dict[str, str], ...]


def _row(row: str, arm: str, observable: str, statistic: str, **cells: str) -> dict[str, str]:
    fixed = {
        "row": row, "study": "example", "arm": arm, "endpoint": observable.replace("_", " "),
        "observable": observable, "statistic": statistic, "unit": "1", "spread": "none",
        "role": "fit", "locator": "made up", "confidence": "low",
        # Each example is another group of animals or people.
        "cohort": f"example-{row}",
    }  # fmt: skip
    return fixed | cells


def _arm(arm: str, species: str, **cells: str) -> dict[str, str]:
    mouse = species == "mouse"
    fixed = {
        "arm": arm, "study": "example", "cohort": f"example-{arm}", "species": species,
        "population": "made-up strain and tumour" if mouse else "made-up patients",
        "site": "liver", "context": "example_mouse" if mouse else "example_tumour",
        "stock": "example_mice" if mouse else "example_people",
        "endpoint_scope": "liver" if mouse else "distant",
        "arrival": "bolus" if mouse else "settled",
        "arrival_start": "0" if mouse else "", "arrival_end": "0" if mouse else "",
        "time_zero": "injection" if mouse else "surgery",
    }  # fmt: skip
    return fixed | cells


_STUDIES: Rows = (
    {"study": "example", "citation": "Made-up example; replace by author, journal, year",
     "url": "https://example.org/", "note": "every number in this folder is made up"},
)  # fmt: skip

_ARMS: Rows = (
    _arm("mice_control", "mouse", note="an untreated group"),
    _arm("mice_no_nk", "mouse", nk_depletion="1", note="NK cells depleted throughout"),
    _arm("mice_il15", "mouse", note="gets the doses of doses.csv"),
    _arm("people", "human", note="patients with settled, dormant cells at surgery"),
    _arm("people_high_timp1", "human", timp1_level="example_high",
         note="patients whose TIMP-1 level is a parameter to learn"),
    _arm("healthy", "human", context="", stock="", endpoint_scope="", arrival="none",
         time_zero="", timp1_level="healthy", site="blood", note="healthy donors: TIMP-1 fold 1"),
)  # fmt: skip

_DOSES: Rows = (
    {"arm": "mice_il15", "agent": "n803", "amount": "6", "unit": "ug/kg", "start": "1",
     "every": "7", "count": "4"},
)  # fmt: skip

_DAY28 = {"time": "28", "time_unit": "day"}
_YEAR4 = {"time": "4", "time_unit": "year"}
_TIMP1 = {"matrix": "plasma", "assay": "example_assay", "unit": "ng/mL"}

_MEASUREMENTS: Rows = (
    _row("individual", "healthy", "timp1_level", "individual", value="81", lod="20",
         note="one person's value", **_TIMP1),
    _row("individual-below-limit", "healthy", "timp1_level", "individual", lod="20",
         note="one person below the limit of detection: lod filled, value empty", **_TIMP1),
    _row("mean", "mice_control", "metastasis_count", "mean", value="6.2", spread="sem", low="1.1",
         n="8", note="mean +- SEM of 8 mice; the SEM stands in low", **_DAY28),
    _row("geometric-mean", "people_high_timp1", "timp1_level", "geometric_mean", value="140",
         spread="log_sd", low="0.45", n="60", note="SD of natural logs in low", **_TIMP1),
    _row("median", "healthy", "timp1_level", "median", value="78", spread="iqr", low="64",
         high="95", n="40", note="median with quartiles in low and high", **_TIMP1),
    _row("percentile", "healthy", "timp1_level", "percentile", value="125", level="0.95", n="120",
         note="95th percentile of 120 people", **_TIMP1),
    _row("proportion", "mice_control", "metastasis_probability", "proportion", value="0.7",
         events="7", n="10", note="7 of 10 mice; events and n are used", **_DAY28),
    _row("count-total", "mice_no_nk", "metastasis_count", "count_total", events="96", n="8",
         note="96 metastases in 8 mice together", **_DAY28),
    _row("rate", "people", "event_rate", "rate", events="31", person_time="1450", unit="1/year",
         time_start="2", **_YEAR4, note="31 events in 1450 person-years"),
    _row("survival", "people", "metastasis_probability", "survival", value="0.86", spread="ci95",
         low="0.8", high="0.91", note="Kaplan-Meier share free of the event", **_YEAR4),
    _row("cumulative-incidence", "people", "metastasis_probability",
         "cumulative_incidence", value="0.15",
         n="180",
         note="without an interval, n is needed", **_YEAR4),
    _row("ratio", "mice_il15", "nk_count_fold", "ratio", reference_arm="mice_control", value="4",
         spread="ci95", low="2.6", high="6.2", note="fold over the control", time="5",
         time_unit="day"),
    _row("odds-ratio", "mice_no_nk", "metastasis_probability", "odds_ratio",
         reference_arm="mice_control", value="5.1", spread="ci95", low="1.3", high="20", **_DAY28),
    _row("risk-ratio", "mice_il15", "metastasis_probability", "risk_ratio",
         reference_arm="mice_control", value="0.5", spread="ci95", low="0.24", high="1.04",
         **_DAY28),
    _row("hazard-ratio", "people_high_timp1", "event_hazard_ratio", "hazard_ratio",
         reference_arm="people", value="1.6", spread="ci95", low="1.1", high="2.33",
         contrast="groups", cut="median", adjustment="age, nodes",
         note="observational: scored with a bias term", **_YEAR4),
    _row("bound", "mice_no_nk", "nk_count_fold", "bound", reference_arm="mice_control",
         value="0.95", high="0.1", time="7", time_unit="day",
         note="at most 0.1 of control, stated with confidence 0.95 in value"),
    _row("ordered", "mice_no_nk", "metastasis_count", "ordered", reference_arm="mice_control",
         value="0.9", note="more in the arm than in the reference, with confidence 0.9", **_DAY28),
    _row("checked", "mice_il15", "metastasis_count", "mean", value="2.1", spread="sd", low="1.4",
         n="8", role="check", reason="predicted, never fitted: tests the model", **_DAY28),
    _row("prior", "mice_il15", "", "individual", endpoint="serum half-life", value="7.5",
         unit="hour", role="prior", reason="informs a prior in parameters.toml"),
    _row("left-out", "mice_control", "", "mean", endpoint="tumour diameter", value="8", unit="mm",
         role="out", reason="no such quantity in the model"),
)  # fmt: skip

_INTERVALS: Rows = tuple(
    {"arm": "people", "start": start, "end": end, "time_unit": "year", "at_risk": at_risk,
     "events": events, "censored": censored, "person_time": person_time, "role": "fit"}
    for start, end, at_risk, events, censored, person_time in (
        ("0", "1", "400", "6", "2", "396.1"),
        ("1", "2", "392", "14", "5", "382.7"),
        ("2", "4", "373", "25", "12", "709.5"),
    )
)  # fmt: skip

ROWS: dict[str, Rows] = {
    "studies": _STUDIES, "arms": _ARMS, "doses": _DOSES, "measurements": _MEASUREMENTS,
    "intervals": _INTERVALS,
}  # fmt: skip

ANALYSIS = """\
# The author's part of the report. An empty text is shown as a gap.
question = "Made up: does an IL-15 agonist keep dormant cells dormant?"
decision = "Made up: whether to plan a trial"
context_of_use = "Made up: one input among others"
influence = "Made up: low, experiments decide"
consequence = "Made up: an experiment for nothing"
limits = "Every number in this folder is made up."

# Ratios without an interval: "default" takes a log standard error of ln 2, "leave_out" gives them
# role out.
missing_spread = "default"

# At most 12 answers, fixed before fitting; gates and sensitivity are judged on them.
[[answer]]
name = "il15_people"
therapy = "il15_full"          # a therapy of therapies.toml
population = "example_people"  # a population of populations.toml
measure = "risk_ratio"         # or risk, risk_untreated, absolute_risk_reduction, rmst_gain
time_year = 10.0
margin = 0.1                   # smallest difference that matters
"""

POPULATIONS = """\
[populations.example_people]
label = "made-up patients"
species = "human"
context = "example_tumour"
stock = "example_people"
endpoint = "liver"
horizons = [5.0, 10.0]
era = "made up"
adjuvant = "none"
age = "adults"
other_cause = "none"
other_cause_reason = "made up"
cohorts = ["example-people"]
"""

README = """\
# Evidence folder

Every number here is made up: replace the rows by your own, one published number a row.

1. `studies.csv`: where it was published. `arms.csv`: each group. `doses.csv`: what it got.
2. `measurements.csv`: the numbers, with the statistic they were published as and a role:
   fit (in the likelihood), check (predicted only), prior (informs a prior), out (with a reason).
3. `intervals.csv`: events and time at risk, where a survival table was published.
4. `analysis.toml`: the question, and at most 12 answers wanted.

`metinfer check FOLDER` lists every fault with file, line and column. Files that are missing here
(`parameters.toml`, `therapies.toml`) are taken from the evidence that comes with metinfer.

"""
