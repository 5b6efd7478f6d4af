"""The column specification of every table; reader, checker and dictionary derive from it."""

from __future__ import annotations

from collections.abc import Sequence

from metinfer.evidence.columns import KINDS, Column, Table
from metinfer.evidence.types import (
    Arm,
    Dose,
    Evidence,
    Interval,
    Measurement,
    SourceFile,
    Study,
)
from metinfer.evidence.vocabulary import (
    ARRIVALS,
    CONFIDENCE,
    OBSERVABLES,
    ROLES,
    SCOPES,
    SPECIES,
    STATISTICS,
    Observable,
    Statistic,
    spread_words,
)

__all__ = [
    "OBSERVABLES",
    "STATISTICS",
    "TABLES",
    "TOML_FILES",
    "Arm",
    "Column",
    "Dose",
    "Evidence",
    "Interval",
    "Measurement",
    "Observable",
    "SourceFile",
    "Statistic",
    "Study",
    "Table",
    "dictionary_markdown",
]

_STUDIES = Table("studies", "One publication or public data set.", (
    Column("study", "slug", "id of the study", required="always"),
    Column("citation", "text", "authors, title or journal, year", required="always"),
    Column("doi", "doi", "digital object identifier"),
    Column("pmid", "text", "PubMed number"),
    Column("url", "url", "where it was read, if not by the DOI"),
    Column("note", "text", "anything a reader should know"),
), key="study")  # fmt: skip

_ARMS = Table("arms", "One experimental or clinical group.", (
    Column("arm", "slug", "id of the arm", required="always"),
    Column("study", "slug", "study it belongs to", required="always"),
    Column("cohort", "slug", "the people or animals, the same id wherever they are published",
           required="always"),
    Column("species", "choice", "species", choices=SPECIES, required="always"),
    Column("population", "text", "strain and tumour model, or patients and era"),
    Column("site", "slug", "organ, for example liver, lung or blood", required="always"),
    Column("context", "mixture", "group that shares an awakening rate, or a mixture of them"),
    Column("stock", "slug", "group that shares its number of founders"),
    Column("endpoint_scope", "choice", "what counts as an event", choices=SCOPES),
    Column("arrival", "choice", "how tumour cells arrive", choices=ARRIVALS, default="none"),
    Column("arrival_start", "number", "begin of arrival", unit="day"),
    Column("arrival_end", "number", "end of arrival", unit="day"),
    Column("time_zero", "text", "what time 0 is, for example surgery or injection"),
    Column("injury", "number", "stellate activation beyond healthy", unit="1", low=0, default=0.0),
    Column("timp1_fold", "number", "blood TIMP-1 over healthy", unit="1", low=0, default=1.0),
    Column("timp1_level", "slug", "parameter that holds the TIMP-1 level; healthy is 1"),
    Column("nk_depletion", "number", "share of NK depletion achieved", unit="1", low=0,
           default=0.0),
    Column("nk_activity", "number_or_slug", "activity per NK cell over healthy, or a parameter "
           "such as surgery", unit="1", low=0, default=1.0),
    Column("perforin_loss", "number", "share of killing lost", unit="1", low=0, high=1,
           default=0.0),
    Column("ifng_loss", "number", "share of IFN-gamma lost", unit="1", low=0, high=1, default=0.0),
    Column("neutrophil_depletion", "number", "share of neutrophil depletion achieved", unit="1",
           low=0, default=0.0),
    Column("note", "text", "anything a reader should know"),
), key="arm")  # fmt: skip

_DOSES = Table("doses", "A dose given to an arm, once or repeatedly.", (
    Column("arm", "slug", "arm that gets it", required="always"),
    Column("agent", "slug", "agent, as named in therapies.toml", required="always"),
    Column("amount", "number", "amount of each dose", unit="column unit", low=0,
           required="always"),
    Column("unit", "text", "unit of the amount", required="always"),
    Column("start", "number", "time of the first dose", unit="day", required="always"),
    Column("every", "number", "time between doses", unit="day", low=0,
           required="when count is above 1"),
    Column("count", "integer", "number of doses", low=1, high=10_000, default=1.0),
), required=False)  # fmt: skip

_MEASUREMENTS = Table("measurements", "One published number, whatever its use.", (
    Column("row", "slug", "id of the row", required="always"),
    Column("study", "slug", "study it comes from", required="always"),
    Column("arm", "slug", "arm it was measured in", required="when role is fit or check"),
    Column("reference_arm", "slug", "arm it is compared with",
           required="for folds and ratios against an arm"),
    Column("endpoint", "text", "endpoint as published", required="always"),
    Column("observable", "choice", "quantity that the model predicts",
           choices=tuple(OBSERVABLES), required="when role is fit or check"),
    Column("matrix", "text", "tissue or fluid: serum, plasma, liver, ..."),
    Column("assay", "text", "assay, where scales differ between assays"),
    Column("time", "number", "time since time zero", unit="column time_unit"),
    Column("time_unit", "time_unit", "unit of time, time_start and person_time",
           required="when a time is given"),
    Column("statistic", "choice", "how the group is summarised", choices=tuple(STATISTICS),
           required="when role is fit or check"),
    Column("value", "number", "the number", unit="column unit"),
    Column("unit", "text", "unit as published; 1 for none"),
    Column("spread", "spread", "what low and high are", default="none"),
    Column("low", "number", "the SD, SEM or log SD; or the lower end of the interval",
           unit="column unit (log_sd: 1)", open_ended=True),
    Column("high", "number", "upper end of the interval", unit="column unit", open_ended=True),
    Column("n", "integer", "number of animals or people", low=1, high=1e9),
    Column("events", "integer", "number with the event; or the total counted", low=0, high=1e9),
    Column("lod", "number", "limit of detection; only for individual values", unit="column unit"),
    Column("cohort", "slug", "the people or animals, if not the arm's cohort"),
    Column("estimand", "text", "what the number estimates, for example cause-specific"),
    Column("adjustment", "text", "covariates adjusted for; randomised where groups were: a hazard "
           "ratio then has no confounding"),
    Column("contrast", "text", "scale of a hazard ratio: groups (default), per_ln, per_doubling"),
    Column("cut", "text", "how groups were cut: pre-set, median, optimal"),
    Column("role", "choice", "fit: in the likelihood; check: predicted only; prior: informs a "
           "prior; out: not used", choices=ROLES, required="always"),
    Column("reason", "text", "why it has this role", required="when role is out"),
    Column("locator", "text", "table, figure or page"),
    Column("source_url", "url", "where it was read"),
    Column("confidence", "choice", "confidence that the number is as published",
           choices=CONFIDENCE),
    Column("note", "text", "anything a reader should know"),
    Column("level", "number", "quantile of a percentile, 0.9 for the 90th", unit="1", low=0,
           high=1, required="for statistic percentile", optional=True),
    Column("time_start", "number", "begin of the span that a rate or share refers to (default 0)",
           unit="column time_unit", optional=True),
    Column("person_time", "number", "time at risk of a rate given as events and time", low=0,
           unit="column time_unit", optional=True),
    Column("against", "choice", "yes where the row speaks against the hypothesis",
           choices=("yes", "no"), optional=True),
), key="row")  # fmt: skip

_INTERVALS = Table("intervals", "Events of one arm in one interval of time.", (
    Column("arm", "slug", "arm", required="always"),
    Column("start", "number", "begin of the interval", unit="column time_unit", low=0,
           required="always"),
    Column("end", "number", "end of the interval", unit="column time_unit", low=0,
           required="always"),
    Column("time_unit", "time_unit", "unit of start, end and person_time", required="always"),
    Column("at_risk", "integer", "at risk at the start", low=0, high=1e9, required="always"),
    Column("events", "integer", "events in the interval", low=0, high=1e9, required="always"),
    Column("censored", "integer", "lost from sight in the interval, deaths without the event "
           "included", low=0, high=1e9),
    Column("person_time", "number", "time at risk", unit="column time_unit", low=0,
           ),
    Column("role", "choice", "as in measurements.csv", choices=ROLES, required="always"),
    Column("reason", "text", "why it has this role", required="when role is out"),
), required=False)  # fmt: skip

TABLES: dict[str, Table] = {
    table.name: table for table in (_STUDIES, _ARMS, _DOSES, _MEASUREMENTS, _INTERVALS)
}
"""Every CSV table, by its name without ``.csv``."""

TOML_FILES = ("parameters", "analysis", "therapies", "populations")
"""TOML files, without ``.toml``; the bundled one is used where a folder has none."""


def dictionary_markdown() -> str:
    """Markdown text with every table, column, observable and statistic."""
    parts = [_table_text(table) for table in TABLES.values()]
    observables = [(o.name, o.unit, o.meaning, ", ".join(o.statistics)) for o in _observables()]
    statistics = [
        (
            s.name,
            s.meaning,
            " or ".join(", ".join(need) for need in s.needs),
            spread_words(s.spreads),
        )
        for s in STATISTICS.values()
    ]
    parts.append("## Observables\n\n" + _markdown(
        ("observable", "unit", "meaning", "statistics"), observables))  # fmt: skip
    parts.append("## Statistics\n\n" + _markdown(
        ("statistic", "meaning", "needs", "spread"), statistics))  # fmt: skip
    return "\n\n".join(parts) + "\n"


def _observables() -> tuple[Observable, ...]:
    return tuple(OBSERVABLES.values())


def _table_text(table: Table) -> str:
    needed = "" if table.required else " The file may be missing."
    rows = [
        (c.name, c.required or ("column optional" if c.optional else ""), c.unit,
         c.meaning, c.allowed if c.kind != "text" else KINDS["text"])
        for c in table.columns
    ]  # fmt: skip
    head = f"## {table.file}\n\n{table.meaning}{needed}\n\n"
    return head + _markdown(("column", "required", "unit", "meaning", "allowed"), rows)


def _markdown(header: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    lines = [header, tuple("---" for _ in header), *rows]
    return "\n".join(
        "| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines
    )
