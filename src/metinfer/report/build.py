"""One self-contained HTML file and `report.json` from a `ReportContent`."""

from __future__ import annotations

import dataclasses
import gc
import json
import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from metinfer.errors import UsageError
from metinfer.report import said, summary, words
from metinfer.report.commands import typed
from metinfer.report.content import ReportContent
from metinfer.report.contents_decisions import Decisions
from metinfer.report.drawings import all_drawings, draw_equations
from metinfer.report.explorer import explorer
from metinfer.report.gaps import gaps
from metinfer.report.gather.verdict import heading
from metinfer.report.sections import all_tables
from metinfer.report.sections_decisions import tables as decision_tables
from metinfer.report.sections_priors import narrowed
from metinfer.report.tables import plain
from metinfer.storage import write_text

PAGE = "report.html"
LIGHT = {
    "page": "#ffffff", "paper": "#fefefe", "ink": "#1b1f24", "muted": "#59626d",
    "grid": "#d9dee4", "edge": "#8b95a1", "head": "#eef1f5", "hover": "#f4f7fa",
    "link": "#005a8f", "focus": "#0072b2", "accent-soft": "#dcebf6", "good": "#00664b",
    "bad": "#a83200", "warn": "#7d5300", "blue": "#0072b2", "orange": "#e69f00",
    "green": "#009e73", "vermillion": "#d55e00", "sky": "#56b4e9", "purple": "#cc79a7",
}  # fmt: skip
DARK = {
    "page": "#14171b", "paper": "#1b1f25", "ink": "#e8ebee", "muted": "#a9b2bc",
    "grid": "#353c45", "edge": "#6d7783", "head": "#252b33", "hover": "#232930",
    "link": "#7cc4f2", "focus": "#7cc4f2", "accent-soft": "#1f3b50", "good": "#4fd3a8",
    "bad": "#ff8f5c", "warn": "#f2b84b", "blue": "#4aa8e0", "orange": "#f0b429",
    "green": "#2fc698", "vermillion": "#ff8a47", "sky": "#8fd0f7", "purple": "#e3a0c4",
}  # fmt: skip


@dataclass(frozen=True)
class Section:
    """A numbered section: key (its link), title, template, and whether it has nothing to show."""

    number: int
    key: str
    title: str
    template: str
    empty: bool = False


TITLES = (
    "Verdict", "Question and use", "Data", "Model", "Priors", "Verification", "Computation",
    "Identifiability", "Posterior", "Fit and validation", "Sensitivity", "Model comparison",
    "Therapies", "Limits and evidence against", "Reproduce",
)  # fmt: skip
KEYS = (
    "verdict", "question", "data", "model", "priors", "verification", "computation",
    "identifiability", "posterior", "fit", "sensitivity", "comparison", "therapies", "limits",
    "reproduce",
)  # fmt: skip


def sections(content: ReportContent) -> list[Section]:
    """Return the sections in the fixed order, marking those that were not run."""
    empty = {
        "verification": not content.checks,
        "identifiability": not any(p.posterior for p in content.parameters),
        "sensitivity": not ((content.ground and content.ground.foundations) or content.compared),
        "comparison": not content.compared,
        "therapies": not (content.effects or content.curves),
    }
    return [
        Section(k, key, title, f"s{k:02d}_{key}.html.j2", empty.get(key, False))
        for k, (key, title) in enumerate(zip(KEYS, TITLES, strict=True))
    ]


def _packed(value: Any) -> str:
    """Return compact JSON for an attribute; autoescape makes it safe there."""
    short = [plain(v) for v in value]
    return json.dumps(short, ensure_ascii=False, separators=(",", ":"))


def _inlined(value: Any) -> Markup:
    """Return JSON that cannot close the script element it stands in."""
    text = json.dumps(clean(value), ensure_ascii=False, separators=(",", ":"))
    for mark, code in (("<", "\\u003c"), (">", "\\u003e"), ("&", "\\u0026")):
        text = text.replace(mark, code)
    return Markup(text)


def clean(value: Any) -> Any:
    """Return plain JSON values: dataclasses become objects, NaN and infinities null."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: clean(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, dict):
        return {str(k): clean(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [clean(v) for v in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value


def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("metinfer.report", "templates"),
        autoescape=select_autoescape(default=True, default_for_string=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(packed=_packed, inlined=_inlined)
    environment.globals.update(
        measure=words.measure,
        years=words.years,
        span_text=words.span_text,
        share=words.share,
        tone=words.tone,
        event=words.event,
        since=words.since,
        started=words.started,
        parts=words.shown,
        typed=typed,
        heading=heading,
        answer_sentence=said.answer_sentence,
        compared_lines=summary.compared_lines,
    )
    return environment


def _asset(environment: Environment, name: str, **values: Any) -> Markup:
    """Return a file of the package to be inlined; it holds no text from tables."""
    return Markup(environment.get_template(name).render(**values))


def render(content: ReportContent) -> str:
    """Return the page: one HTML text that loads nothing from anywhere."""
    environment = _environment()
    tables = all_tables(content)
    light, dark = ({k: Markup(v) for k, v in theme.items()} for theme in (LIGHT, DARK))
    return environment.get_template("page.html.j2").render(
        content=content,
        sections=sections(content),
        tables=_by_attribute(tables),
        effect_tables=[t for name, t in tables.items() if name.startswith("effects-")],
        decision_tables=[t for t in decision_tables(content.decisions or Decisions()) if t.rows],
        figures=all_drawings(content),
        equations=draw_equations(content.equations),
        explorer=explorer(content),
        echoes=_echoes(content),
        conflicts=[p for p in content.parameters if p.conflicts],
        extremes=summary.extreme_rows(content),
        thin=summary.thin_sentences(content),
        sentences=summary.sentences(content),
        needed=summary.needed_sentence(content),
        gaps=gaps(content),
        twice=narrowed(content.parameters),
        css=_asset(environment, "report.css", light=light, dark=dark),
        js=_asset(environment, "report.js"),
    )


def _by_attribute(tables: dict[str, Any]) -> dict[str, Any]:
    return {name.replace("-", "_"): t for name, t in tables.items()}


def _echoes(content: ReportContent) -> list[str]:
    """Return the parameters whose 90 % intervals before and after overlap by more than 80 %."""
    return sorted(
        p.meaning or p.name for p in content.parameters if p.overlap is not None and p.overlap > 0.8
    )


def as_json(content: ReportContent) -> dict[str, Any]:
    """Return every number of the page: the content, its tables and its sentences."""
    return {
        "schema": 1,
        "content": clean(content),
        "sentences": summary.sentences(content),
        "gaps": clean(gaps(content)),
        "answers": [said.answer_sentence(a) for a in content.answers],
        "tables": {name: t.as_json() for name, t in all_tables(content).items() if t.rows},
    }


def write(content: ReportContent, out: Path) -> Path:
    """Write the page to `out` and its numbers beside it as ``report.json``; return `out`.

    Both are written beside their place and renamed, so that a killed process leaves either the
    old report or the new one.
    """
    out = Path(out)
    numbers = json.dumps(as_json(content), ensure_ascii=False, indent=1, allow_nan=False)
    page = render(content)
    write_text(out.with_suffix(".json"), numbers)
    write_text(out, page)
    return out


def report(run: Any, out: Path | str | None = None) -> Path:
    """Write the report of a run and return its path.

    Predictions and decisions that it shows are made first, if they are not there.

    Parameters
    ----------
    run : Run or path
        As returned by `metinfer.fit` or `metinfer.load_run`.
    out : path, optional
        The HTML file; `report.html` in the run folder by default. The numbers go beside it.

    Returns
    -------
    Path

    Examples
    --------
    >>> import metinfer as mi
    >>> mi.report(mi.load_run("runs/tiny")).name
    'report.html'
    """
    from metinfer.report.collect import collect
    from metinfer.runs import as_run
    from metinfer.workflow import complete

    run = as_run(run)
    place = _allowed(Path(out) if out else Path(run.path) / PAGE, Path(run.path))
    complete(run)
    with _without_collector():
        return write(collect(run), place)


def _allowed(out: Path, folder: Path) -> Path:
    """The place of a page, unless it or the numbers beside it would lie on something else."""
    if out.suffix.lower() not in (".html", ".htm"):
        raise UsageError(f"{out} is no place for a page: name it FILE.html")
    beside = out.with_suffix(".json")
    if out.resolve().parent == folder.resolve() and out.name != PAGE and beside.exists():
        raise UsageError(
            f"{beside} is a result of the run, and the numbers of the page would replace it: "
            f"name another file than {out.name}"
        )
    return out


@contextmanager
def _without_collector() -> Iterator[None]:
    """Pause the cycle collector: it walks every artist of every figure, a third of the time."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()
