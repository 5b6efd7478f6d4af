"""The command line in forked children of a process that has loaded and compiled everything.

A child starts in milliseconds, so that a signal hits the work itself: reading, sampling, writing.
What the parent hands on are results of pure functions (a built and a compiled model, a compiled
score), so a child's draws are those of a process of its own.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Ended:
    """How a child ended: exit code (negative: the signal), what it said, seconds, also of work."""

    code: int
    words: str
    seconds: float
    cpu: float


def prepare(data: Path, real: bool = False) -> None:
    """Import everything, and compile the model of the evidence in `data` once.

    Parameters
    ----------
    data : path
    real : bool
        With the likelihood of the evidence, whose chains take seconds each. Otherwise with a
        stand-in: the same unknowns, data and derived quantities, but a plain normal likelihood.
    """
    from metinfer.evidence import read_evidence
    from metinfer.inference import model, recipe, sample
    from metinfer.inference.density import Joint

    evidence = read_evidence(data)
    joint = Joint.of(evidence)
    built = model.joint_model(joint) if real else stand_in(joint)
    compiled = sample._compile(built, recipe.MODEL.subfits(evidence, built))
    # The same evidence in every child, so the same model.
    model.build_model = lambda *_, **__: built
    sample._compile = lambda _, subfits: {name: compiled[name] for name in subfits}
    _import_the_rest()


def stand_in(joint: Any) -> Any:
    """A model with the unknowns and data of the joint model, and a normal likelihood."""
    import numpy as np
    import pymc as pm

    from metinfer.inference.model import prior_variables

    with pm.Model(coords=joint.coords) as model:
        _, transfer = prior_variables(joint)
        rows = pm.Data("row_weight", np.ones(len(joint.design.rows)), dims="row")
        intervals = pm.Data(
            "interval_weight", np.ones(len(joint.design.intervals)), dims="interval"
        )
        distance = ((model["latent"] - 0.3) ** 2).sum() + (transfer**2).sum()
        pm.Potential("rows", -(rows.mean() + intervals.mean()) * distance)
    return model


def _import_the_rest() -> None:
    import metinfer.cli
    import metinfer.report.build
    import metinfer.report.figures
    import metinfer.summaries
    import metinfer.therapy.predict
    import metinfer.therapy.records
    import metinfer.workflow  # noqa: F401


@dataclass(frozen=True)
class Child:
    """A command that is running."""

    number: int
    log: Path
    began: float


def begin(words: Sequence[object], log: Path) -> Child:
    """Start a command in a child."""
    began = time.perf_counter()
    # A child that is stopped at once has not opened its log yet.
    log.parent.mkdir(parents=True, exist_ok=True)
    log.write_text("")
    return Child(_fork(words, log), log, began)


def end(child: Child) -> Ended:
    """Wait until a command has ended."""
    _, status, used = os.wait4(child.number, 0)
    seconds, cpu = time.perf_counter() - child.began, used.ru_utime + used.ru_stime
    words = child.log.read_text(errors="replace")
    return Ended(os.waitstatus_to_exitcode(status), words, seconds, cpu)


def call(words: Sequence[object], log: Path) -> Ended:
    """Run a command to its end in a child."""
    return end(begin(words, log))


def stop(words: Sequence[object], log: Path, kill: int, after: float) -> Ended:
    """Run a command in a child, and send it the signal `kill` `after` seconds."""
    child = begin(words, log)
    if not _ended(child.number, child.began + after):
        os.kill(child.number, kill)
    return end(child)


def _fork(words: Sequence[object], log: Path) -> int:
    child = os.fork()
    if child:
        return child
    code = 1
    try:
        handle = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        os.dup2(handle, 1)
        os.dup2(handle, 2)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        code = _command([str(w) for w in words])
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        os._exit(code)


def _command(words: list[str]) -> int:
    import traceback

    from metinfer import cli

    sys.argv = ["metinfer", *words]
    try:
        cli.main()
    except SystemExit as stop:
        return int(stop.code or 0)
    except BaseException:
        traceback.print_exc()
        return 99
    return 0


def _ended(child: int, until: float) -> bool:
    """Whether a child ends before `until`."""
    while time.perf_counter() < until:
        if os.waitid(os.P_PID, child, os.WEXITED | os.WNOHANG | os.WNOWAIT):
            return True
        time.sleep(0.002)
    return False
