"""What was tried and how it ended, kept on the disk so that a stopped campaign goes on."""

from __future__ import annotations

import json
import traceback
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True)
class Trial:
    """One fault that was tried.

    Attributes
    ----------
    group, fault : str
        Row of the table.
    number : int
    ok : bool
    expected, found : str
        In words.
    seconds : float
    """

    group: str
    fault: str
    number: int
    ok: bool
    expected: str
    found: str
    seconds: float = 0.0


class Ledger:
    """Trials by group, fault and number; each is tried once."""

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self.trials: dict[tuple[str, str, int], Trial] = {}
        if path and path.is_file():
            for line in path.read_text().splitlines():
                self._hold(Trial(**json.loads(line)))

    def _hold(self, trial: Trial) -> None:
        self.trials[trial.group, trial.fault, trial.number] = trial

    def __contains__(self, key: tuple[str, str, int]) -> bool:
        return key in self.trials

    def __iter__(self) -> Iterator[Trial]:
        return iter(self.trials.values())

    def add(self, trial: Trial) -> None:
        """Keep a trial, also on the disk."""
        self._hold(trial)
        if self.path:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self.path.open("a") as stream:
                stream.write(json.dumps(asdict(trial)) + "\n")
        if not trial.ok:
            print(f"FAILED {trial.group} / {trial.fault} {trial.number}: {trial.found}", flush=True)

    def attempt(
        self, group: str, fault: str, expected: str, check: Callable[[], str], number: int = 0
    ) -> None:
        """Run `check` unless it was run before: what it returns is what was found.

        It raises AssertionError where something else happened; any other error counts as a crash.
        """
        if (group, fault, number) in self:
            return
        try:
            ok, found = True, check()
        except AssertionError as error:
            ok, found = False, str(error) or "an assertion failed"
        except Exception as error:  # a crash is what this looks for
            ok, found = False, f"crash: {type(error).__name__}: {error}"
            traceback.print_exc()
        self.add(Trial(group, fault, number, ok, expected, found))


def require(condition: object, words: str) -> None:
    """Raise AssertionError with `words` unless the condition holds."""
    if not condition:
        raise AssertionError(words)
