"""What every section needs: names of answers, therapies and populations, and commands."""

from __future__ import annotations

import shlex
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from metinfer.report import phrases
from metinfer.report.numbers import number, years
from metinfer.summaries.ledger import LedgerState, Part
from metinfer.summaries.model import Results
from metinfer.summaries.table import records

UNTREATED, RATIO, REDUCTION = "risk_untreated", "risk_ratio", "absolute_risk_reduction"


class Context:
    """Results with the words that several sections share."""

    def __init__(self, found: Results) -> None:
        self.found = found
        self.answers = {a.key: a for a in records(found.answers)}
        self.ledger: dict[str, dict[Part, Any]] = {}
        for line in records(found.ledger):
            self.ledger.setdefault(line.answer, {})[line.part] = line

    @cached_property
    def therapies(self) -> dict[str, str]:
        """Therapy -> label."""
        return {t.therapy: t.label for t in records(self.found.therapies)}

    @cached_property
    def populations(self) -> dict[str, Any]:
        """Population -> its row."""
        return {p.population: p for p in records(self.found.populations)}

    @property
    def treated(self) -> list[Any]:
        """Named answers about therapies."""
        return [a for a in self.answers.values() if a.measure != UNTREATED]

    @property
    def ratios(self) -> list[Any]:
        """Named risk ratios."""
        return [a for a in self.answers.values() if a.measure == RATIO]

    def name(self, key: str) -> str:
        """Words of a named answer, or of another ratio that an experiment is judged by."""
        answer = self.answers.get(key)
        if answer is None:
            return next(
                (f"{t}: {p.label}" for k, t in self.therapies.items()
                 for q, p in self.populations.items() if key == f"{k}_{q}_ratio"),
                phrases.name_in_words(key),
            )  # fmt: skip
        if answer.measure == UNTREATED:
            return f"no therapy: {answer.population_label}"
        return f"{phrases.short(answer.therapy_label)}: {answer.population_label}"

    def full(self, key: str) -> str:
        """Words of a named answer with its measure and time."""
        answer = self.answers.get(key)
        if answer is None:
            return self.name(key)
        label = phrases.measure(answer.measure).label
        return f"{self.name(key)}; {label}, {years(answer.horizon_year)}"

    def effect_state(self, key: str) -> LedgerState:
        """State of the effect part of an answer (of its baseline, without therapy)."""
        parts = self.ledger.get(key, {})
        line = parts.get(Part.EFFECT) or parts.get(Part.BASELINE)
        return line.state if line else LedgerState.ASSUMED

    def weakest(self, key: str) -> tuple[Part, LedgerState]:
        """The weakest part of an answer and its state; the first part among equals."""
        parts = self.ledger.get(key, {})
        if not parts:
            return Part.EFFECT, LedgerState.ASSUMED
        order = list(LedgerState)
        line = max(parts.values(), key=lambda one: order.index(one.state))
        return line.part, line.state

    def beside(self, answer: Any, measure: str) -> Any:
        """Another measure of the therapy, population and time of an answer; None without it.

        A named answer comes first, as it holds more draws; untreated risk has no therapy.
        """
        table = self.found.effects
        where = (
            (table["therapy"] == answer.therapy) & (table["population"] == answer.population)
            & (table["measure"] == measure)
            & ((table["horizon_year"].astype(float) - answer.horizon_year).abs() < 1e-6)
            & (table["therapy_label"] == answer.therapy_label)
        )  # fmt: skip
        named = [a for a in self.answers.values() if a.measure == measure
                 and a.population == answer.population
                 and (measure == UNTREATED or a.therapy == answer.therapy)
                 and abs(a.horizon_year - answer.horizon_year) < 1e-6]  # fmt: skip
        return next(iter(named), None) or next(iter(records(table[where])), None)

    @cached_property
    def _places(self) -> dict[str, str]:
        from metinfer.runs import BUNDLED

        facts = self.found.facts
        source = facts["source"]
        own = source and source != BUNDLED and Path(source).is_dir()
        changed = any(r.code == "changed" for r in self.found.reasons)
        inputs = Path(facts["path"]) / "inputs"
        folder = _brief(Path(source)) if own and not changed else inputs
        return {"RUN": shlex.quote(facts["path"]), "DATA": shlex.quote(str(folder))}

    def command(self, name: str) -> str:
        """A command of the program with the folders of this run."""
        run, data = self._places["RUN"], self._places["DATA"]
        if name in ("compare", "calibrate"):
            return f"metinfer {name} {data} -o {run}"
        return f"metinfer {name} {run}"

    @property
    def data_path(self) -> str:
        """Folder of the evidence as a word of the shell."""
        return self._places["DATA"]

    def rows(self, table: pd.DataFrame) -> list[Any]:
        """Rows of a frame."""
        return records(table)

    def margin(self, answer: Any) -> str:
        """The margin of a ratio in words."""
        return number(answer.margin, 2) if answer.margin else ""


def _brief(folder: Path) -> Path:
    """The folder from where the command was given, if it lies below."""
    here = Path.cwd()
    return folder.relative_to(here) if here in folder.parents else folder
