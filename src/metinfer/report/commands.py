"""Commands on the page as a reader can type them: with the evidence and the run of the page."""

from __future__ import annotations

import re
import shlex
from dataclasses import replace
from pathlib import Path
from typing import Any

from metinfer.report.content import Level, ReportContent, Verdict

_COMMAND = re.compile(r"metinfer ([a-z]+)(?: (?:DATA|RUN|-o))+")
#: Commands that make a new run: their RUN is not that of the page.
MAKES = ("fit", "prior")


def places(run: Any) -> dict[str, Any]:
    """Return the folders of a run and of its evidence, as words of the shell.

    Of bundled evidence, and where the tables that were fitted are gone or changed, it is the copy
    in the run: the commands take it as they take the folder itself.
    """
    from metinfer.runs import BUNDLED, changed_since

    source = run.record.source
    own = source and source != BUNDLED and Path(source).is_dir() and not changed_since(run)
    folder = _brief(Path(source)) if own else run.path / "inputs"
    return {"data_path": shlex.quote(str(folder)), "run_path": shlex.quote(str(run.path))}


def _brief(folder: Path) -> Path:
    """The folder from where the command was given, if it lies below."""
    here = Path.cwd()
    return folder.relative_to(here) if here in folder.parents else folder


def typed(text: str, content: ReportContent) -> str:
    """Return a text with DATA and RUN of its commands as they are, where that is known."""

    def fill(found: re.Match[str]) -> str:
        known = {"DATA": content.data_path}
        if found[1] not in MAKES:
            known["RUN"] = content.run_path
        return " ".join(known.get(word) or word for word in found[0].split(" "))

    return _COMMAND.sub(fill, text)


def spelled(content: ReportContent) -> ReportContent:
    """Return content whose verdict and factors of credibility name the real folders."""
    found = content.verdict
    return replace(
        content,
        verdict=Verdict(
            found.reportable, tuple(typed(r, content) for r in found.reasons),
            tuple(_level(v, content) for v in found.levels), found.quick, found.notes,
        ),
        credibility=tuple(replace(c, gap=typed(c.gap, content)) for c in content.credibility),
    )  # fmt: skip


def _level(level: Level, content: ReportContent) -> Level:
    return replace(level, command=typed(level.command, content))
