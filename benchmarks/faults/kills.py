"""Signals at random moments of fit, predict and report."""

from __future__ import annotations

import random
import shutil
import signal
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from benchmarks.faults.forked import Ended, call, stop
from benchmarks.faults.ledger import Ledger, Trial, require
from metinfer.errors import RunError, UsageError
from metinfer.runs import POSTERIOR, load_run, open_run
from metinfer.storage import digest, read_groups

SIGNALS = (signal.SIGKILL, signal.SIGTERM, signal.SIGINT)
#: Exit codes that a command may end with after each signal: 0 if it was done at that moment.
CODES = {signal.SIGKILL: (-9, 0), signal.SIGTERM: (130, 0), signal.SIGINT: (130, 0)}
SHORT = ("--quick", "--draws", 100, "--tune", 100, "--chains", 2, "--seed", 5)
#: Attempts at a command before it is let through.
IN_A_ROW = 4


@dataclass
class Target:
    """A command that is stopped again and again.

    Attributes
    ----------
    name : str
    words : callable
        Folder of a run, and whether an attempt was stopped there before -> the command.
    fresh : callable
        Makes the place ready for a first attempt.
    check : callable
        Raises AssertionError if what a stop left behind is not as it should be.
    whole : callable
        The same after an attempt that came to its end.
    seconds : float
        Time of an attempt that nothing stops; the moments are drawn within it.
    """

    name: str
    words: Callable[[Path, bool], list[object]]
    fresh: Callable[[Path], None]
    check: Callable[[Path], None]
    whole: Callable[[Path], None]
    seconds: float = 0.0
    notes: dict[str, int] = field(default_factory=dict)


def campaign(
    target: Target, kill: signal.Signals, moments: int, ledger: Ledger, work: Path
) -> None:
    """Stop a command at `moments` random moments; each stopped attempt is tried again."""
    rng = random.Random(f"{target.name}-{kill.name}")
    fault = f"{kill.name} during {target.name}"
    place, log, tried = work / "run", work / "log", 0
    target.fresh(work)
    for number in range(moments):
        moment = rng.uniform(0.0, target.seconds)
        if ("stops", fault, number) in ledger:
            continue
        ended = stop(target.words(place, tried > 0), log, kill, moment)
        tried += 1
        done = ended.code == 0
        ledger.add(_judged(target, kill, fault, number, moment, ended, place))
        if done or tried == IN_A_ROW:
            if not done:
                _finish(target, place, log, fault, number, ledger)
            target.fresh(work)
            tried = 0
    if tried:
        _finish(target, place, log, fault, moments - 1, ledger)


def _judged(
    target: Target, kill: signal.Signals, fault: str, number: int, moment: float, ended: Ended,
    place: Path,
) -> Trial:  # fmt: skip
    found = f"exit {ended.code} at {moment:.2f} s"
    try:
        # A program that is stopped before its first line cannot say so.
        early = ended.code == -kill and not ended.words
        require(early or ended.code in CODES[kill], f"exit {ended.code}: {ended.words[-600:]}")
        require("Traceback" not in ended.words, f"a traceback: {ended.words[-600:]}")
        (target.whole if ended.code == 0 else target.check)(place)
        ok = True
    except (AssertionError, RunError, UsageError, OSError) as error:
        ok, found = False, f"{found}: {error}"
    expected = "nothing finished is lost, nothing unfinished looks finished"
    return Trial("stops", fault, number, ok, expected, found, round(moment, 3))


def _finish(
    target: Target, place: Path, log: Path, fault: str, number: int, ledger: Ledger
) -> None:
    """Let the command through after its stops: it ends well, with the right result."""

    def check() -> str:
        ended = call(target.words(place, True), log)
        require(ended.code == 0, f"exit {ended.code}: {ended.words[-600:]}")
        target.whole(place)
        left = [p.name for p in place.parent.rglob("*") if ".unfinished-" in p.name
                or p.name.endswith((".new", ".part"))]  # fmt: skip
        require(not left, f"litter: {left}")
        return "complete, and the same as without stops"

    ledger.attempt("stops", f"going on after {fault}", "the result of an unstopped command",
                   check, number)  # fmt: skip


def fit_words(data: Path, place: Path, again: bool) -> list[object]:
    """`metinfer fit` of the tiny evidence."""
    return ["fit", data, "-o", place, *SHORT, "--quiet", *(["--resume"] if again else [])]


def fit_target(data: Path, reference: Path, seconds: float) -> Target:
    """`metinfer fit`, stopped and resumed; its draws must be those of `reference`."""
    wanted = read_groups(reference / POSTERIOR)
    chains: dict[str, str] = {}

    def fresh(work: Path) -> None:
        chains.clear()
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir(parents=True)

    def words(place: Path, again: bool) -> list[object]:
        return fit_words(data, place, again)

    def check(place: Path) -> None:
        if not place.exists():
            require(not chains, "the run folder is gone")
            return
        run = open_run(place)
        there = {p.relative_to(place).as_posix(): digest(p)
                 for p in place.glob("chains/*/[0-9].nc")}  # fmt: skip
        require(chains.items() <= there.items(), "a finished chain was lost or changed")
        chains.update(there)
        for name in there:
            require(read_groups(place / name)["posterior"].sizes["draw"] == SHORT[2], name)
        if run.record.status == "complete":
            whole(place)
            return
        try:
            load_run(place)
        except RunError:
            return
        raise AssertionError("an unfinished run was loaded")

    def whole(place: Path) -> None:
        groups = load_run(place).groups
        require(list(groups) == list(wanted), "other groups")
        for name, group in wanted.items():
            for variable, values in group.data_vars.items():
                same = np.array_equal(values, groups[name][variable], equal_nan=True)
                require(same, f"other draws: {name} {variable}")

    return Target("fit", words, fresh, check, whole, seconds)


def result_target(command: str, reference: Path, files: tuple[str, ...], seconds: float) -> Target:
    """`metinfer predict` or `report` of a copy of `reference`, stopped and called again."""

    def fresh(work: Path) -> None:
        shutil.rmtree(work, ignore_errors=True)
        shutil.copytree(reference, work / "run")

    def check(place: Path) -> None:
        run = load_run(place)
        for name in files:
            if name.endswith(".nc") and run.holds(name):
                run.read_result(name)
            elif name.endswith(".html") and (place / name).exists():
                require((place / name).read_text().rstrip().endswith("</html>"), f"cut {name}")

    def whole(place: Path) -> None:
        check(place)
        require(all((place / name).is_file() for name in files), "a file is missing")

    return Target(command, lambda place, _: [command, place], fresh, check, whole, seconds)
