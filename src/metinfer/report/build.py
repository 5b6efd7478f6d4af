"""From the results of a run to the page, the brief and `report.json`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from metinfer.errors import UsageError
from metinfer.report.context import Context
from metinfer.report.sections import (
    add,
    appendix,
    change,
    cohorts,
    contribution,
    explorer,
    first,
    flow,
    fund,
    grid,
    limits,
    mechanism,
    validation,
)
from metinfer.report.sections import (
    brief as brief_section,
)
from metinfer.report.theme import DARK, LIGHT
from metinfer.storage import write_text
from metinfer.summaries import Results, results_of
from metinfer.summaries.reading import Reading

PAGE, BRIEF = "report.html", "brief.html"
#: Sections in their order: key (link and template), short and full title, module.
SECTIONS = (
    ("fund", "Fund", "Fund, redesign or defer", fund),
    ("mechanism", "Mechanism", "Mechanism, and what was learnt", mechanism),
    ("flow", "Flow", "Flow of the evidence", flow),
    ("change", "Change our mind", "What would change our mind", change),
    ("cohorts", "Cohorts", "Cohorts without therapy", cohorts),
    ("grid", "Evidence", "Where the evidence lies", grid),
    ("validation", "Validation", "Validation", validation),
    ("contribution", "Contribution", "Which study carries which answer", contribution),
    ("explorer", "Explore", "Explore a therapy", explorer),
    ("limits", "Limits", "Limits", limits),
    ("add", "Add your table", "Add your table", add),
    ("appendix", "Appendix", "Appendix", appendix),
)


def _inlined(value: Any) -> Markup:
    """JSON that cannot close the script element it stands in."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for mark, code in (("<", "\\u003c"), (">", "\\u003e"), ("&", "\\u0026")):
        text = text.replace(mark, code)
    return Markup(text)


def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("metinfer.report", "templates"),
        autoescape=select_autoescape(default=True, default_for_string=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["inlined"] = _inlined
    return environment


def render(found: Results, brief: bool = False) -> str:
    """The page, or the one-page brief: one HTML text that loads nothing from anywhere.

    Parameters
    ----------
    found : Results
    brief : bool
        Only the brief, for printing on one A4 page.
    """
    page, environment = Context(found), _environment()
    themes = {name: {k: Markup(v) for k, v in theme.items()}
              for name, theme in (("light", LIGHT), ("dark", DARK))}  # fmt: skip
    sections = [] if brief else [(k, short, title, module.view(page))
                                     for k, short, title, module in SECTIONS]  # fmt: skip
    return environment.get_template("page.html.j2").render(
        facts=found.facts,
        first=first.view(page),
        brief=brief_section.view(page),
        only_brief=brief,
        sections=sections,
        css=Markup(environment.get_template("report.css").render(**themes)),
        js="" if brief else Markup(environment.get_template("report.js").render()),
    )


def write(found: Results, out: Path, brief: bool = False) -> Path:
    """Write the page to `out`, and beside it its numbers as JSON (not beside a brief).

    Both are written beside their place and renamed, so that a killed process leaves either the
    old report or the new one.
    """
    out, page = Path(out), render(found, brief)
    if not brief:
        numbers = json.dumps(found.as_json(), ensure_ascii=False, allow_nan=False)
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
    return _report(run, out, PAGE)


def brief(run: Any, out: Path | str | None = None) -> Path:
    """Write the one-page brief of a run (A4) and return its path.

    Parameters
    ----------
    run : Run or path
    out : path, optional
        The HTML file; `brief.html` in the run folder by default.

    Returns
    -------
    Path
    """
    return _report(run, out, BRIEF)


def _report(run: Any, out: Path | str | None, name: str) -> Path:
    from metinfer.runs import as_run
    from metinfer.workflow import complete, lacks_predictions

    run = as_run(run)
    place = _allowed(Path(out) if out else Path(run.path) / name, Path(run.path), name)
    reading = Reading(run)
    if lacks_predictions(reading):  # type: ignore[arg-type]
        complete(run)
        reading = Reading(run)
    return write(results_of(reading), place, name == BRIEF)


def _allowed(out: Path, folder: Path, name: str) -> Path:
    """The place of a page, unless it or the numbers beside it would lie on something else."""
    if out.suffix.lower() not in (".html", ".htm"):
        raise UsageError(f"{out} is no place for a page: name it FILE.html")
    beside = out.with_suffix(".json")
    inside = out.resolve().parent == folder.resolve()
    if name == PAGE and inside and out.name != PAGE and beside.exists():
        raise UsageError(
            f"{beside} is a result of the run, and the numbers of the page would replace it: "
            f"name another file than {out.name}"
        )
    return out
