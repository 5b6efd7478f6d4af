"""Questions to a finished run, in one line each: for notebooks and scripts."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from metinfer.errors import UsageError
from metinfer.runs import Run, as_run

if TYPE_CHECKING:
    from metinfer.therapy.decide import Question

#: Draws that an answer is computed from: the 90 % interval is then known within a few percent.
DRAWS = 400


def question(
    run: Run | str | Path,
    therapy: str,
    population: str,
    therapies: str | Path | None = None,
    populations: str | Path | None = None,
    draws: int = DRAWS,
    source: str = "posterior",
) -> Question:
    """One therapy in one population, as the functions of `metinfer.therapy.decide` take it.

    Parameters
    ----------
    run : Run or path
        A finished run, or its folder.
    therapy, population : str
        Names in the TOML files.
    therapies, populations : path, optional
        TOML files; those of the run by default.
    draws : int
        At most so many.
    source : str
        ``posterior``, ``no_mouse`` or ``prior``.
    """
    from metinfer.therapy.decide import Question

    parts = _parts(run, therapies, populations)
    cures, groups = parts.therapies.therapies, parts.populations
    for kind, name, known in (
        ("therapy", therapy, cures),
        ("population", population, groups),
        ("source", source, parts.sources),
    ):
        if name not in known:
            raise UsageError(f"there is no {kind} {name!r}; known: {', '.join(known)}")
    drawn = parts.sources[source].thinned(draws)
    return Question(drawn, parts.therapies, cures[therapy], groups[population])


def answers(
    run: Run | str | Path,
    therapies: str | Path | None = None,
    populations: str | Path | None = None,
    asked: Any = None,
    draws: int = DRAWS,
) -> dict[str, dict[str, np.ndarray]]:
    """Named answers of a run under each source: answer -> source -> draws.

    Parameters
    ----------
    run : Run or path
        A finished run, or its folder.
    therapies, populations : path, optional
        TOML files; those of the run by default.
    asked : sequence of mapping, optional
        Answers as in `analysis.toml`; those of the run by default.
    draws : int
        At most so many of each source (``prior``, ``no_mouse``, ``posterior``).
    """
    from metinfer.therapy.answers import named_answers

    parts = _parts(run, therapies, populations)
    wanted = parts.answers if asked is None else asked
    found = {
        source: named_answers(given.thinned(draws), wanted, parts.therapies, parts.populations)
        for source, given in parts.sources.items()
    }
    names = next(iter(found.values()))
    return {name: {source: values[name] for source, values in found.items()} for name in names}


def _parts(
    run: Run | str | Path, therapies: str | Path | None, populations: str | Path | None
) -> Any:
    from metinfer import workflow

    run = as_run(run)
    question = workflow._asked(run, therapies, populations)
    return workflow._parts(run, question.therapies, question.populations)
