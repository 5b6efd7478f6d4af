"""Disks, folders and files that fail: full, read-only, damaged, taken, changed."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.faults.forked import Ended, begin, call, end
from benchmarks.faults.kills import Target, fit_words
from benchmarks.faults.ledger import Ledger, require

#: Sizes of the disk that a fit runs out of, in KiB.
SIZES = (24, 64, 128, 256, 384, 512, 768, 1024, 1536)
#: Bytes that are flipped in a posterior, and in a chain: one in each try.
FLIPS = 20


def try_all(
    data: Path, finished: Path, fit: Target, work: Path, ledger: Ledger, repeats: int = 10
) -> None:
    """Every fault of a disk or a folder; `finished` is a complete run of `fit`."""
    for number, size in enumerate(SIZES if _may_mount(work) else ()):
        ledger.attempt(
            "disks", "disk full", "one message; nothing looks complete; resumed once there is room",
            lambda s=size: _full(data, fit, work, s), number,
        )  # fmt: skip
    if _may_mount(work):
        ledger.attempt(
            "disks",
            "read-only folder: fit",
            "exit 2, one message",
            lambda: _read_only(fit_words(data, Path("RUN"), False), work, None, 2),
        )
        for command in ("predict", "report", "diagnose"):
            ledger.attempt("disks", f"read-only folder: {command}", "one message",
                           lambda c=command: _read_only([c, "RUN"], work, finished, 1))  # fmt: skip
    for name in ("posterior.nc", "chains/main/0.nc"):
        for number in range(FLIPS):
            ledger.attempt(
                "disks", f"a byte of {name} changed", "refused or made again, never used",
                lambda n=name, k=number: _flip(data, finished, fit, work, n, k), number,
            )  # fmt: skip
    for number in range(repeats):
        ledger.attempt("disks", "two fits into one folder", "one completes, the other is refused",
                       lambda k=number: _two(data, fit, work, k), number)  # fmt: skip
    ledger.attempt("disks", "HOME not writable: check", "works", lambda: _home("check", data))
    ledger.attempt("disks", "HOME not writable: fit", "works",
                   lambda: _home(*fit_words(data, work / "home", False)))  # fmt: skip
    ledger.attempt("disks", "tables changed after the fit", "marked as stale",
                   lambda: _stale(data, finished, work))  # fmt: skip
    ledger.attempt("disks", "inputs in the run changed", "refused", lambda: _inputs(finished, work))


def _may_mount(work: Path) -> bool:
    if os.getuid() != 0:
        return False
    try:
        with disk(work, 64):
            return True
    except subprocess.CalledProcessError:
        return False


def take_off(work: Path) -> None:
    """Unmount the small disk that a killed campaign left behind."""
    if (work / "disk").is_mount():
        _run("umount", work / "disk")


@contextmanager
def disk(work: Path, kib: int) -> Iterator[Path]:
    """A small disk of its own."""
    place = work / "disk"
    place.mkdir(parents=True, exist_ok=True)
    _run("mount", "-t", "tmpfs", "-o", f"size={kib}k", "tmpfs", place)
    try:
        yield place
    finally:
        _run("umount", place)


def _run(*words: object) -> None:
    subprocess.run([str(w) for w in words], check=True, capture_output=True)


def _one_message(ended: Ended, code: int) -> None:
    require(ended.code == code, f"exit {ended.code}, not {code}: {ended.words[-500:]}")
    require("Traceback" not in ended.words, f"a traceback: {ended.words[-500:]}")
    require("metinfer: " in ended.words, f"no message: {ended.words[-500:]}")


def _said(ended: Ended) -> str:
    return ended.words[ended.words.rindex("metinfer: ") :].strip()[:140]


def _full(data: Path, fit: Target, work: Path, kib: int) -> str:
    with disk(work, kib) as place:
        ended = call(fit_words(data, place / "run", False), work / "log")
        if ended.code == 0:
            fit.whole(place / "run")
            return f"{kib} KiB were enough"
        _one_message(ended, 2 if "cannot write in" in ended.words else 1)
        require("o space" in ended.words, f"the reason is not named: {ended.words[-400:]}")
        fit.fresh(work / "unused")
        fit.check(place / "run")
        _run("mount", "-o", "remount,size=64m", place)
        again = call(fit.words(place / "run", True), work / "log")
        require(again.code == 0, f"not resumed: {again.words[-400:]}")
        fit.whole(place / "run")
    return f"{kib} KiB: {_said(ended)}"


def _read_only(words: list[object], work: Path, finished: Path | None, code: int) -> str:
    with disk(work, 65536) as place:
        if finished:
            shutil.copytree(finished, place / "run")
            for name in ("predictions.nc", "report.html", "report.json", "diagnostics.json"):
                (place / "run" / name).unlink(missing_ok=True)
        _run("mount", "-o", "remount,ro", place)
        ended = call([place / "run" if str(w) == "RUN" else w for w in words], work / "log")
    _one_message(ended, code)
    return _said(ended)


def _flip(
    data: Path, finished: Path, fit: Target, work: Path, name: str, number: int
) -> str:  # fmt: skip
    fit.fresh(work / "flip")
    run = work / "flip" / "run"
    shutil.copytree(finished, run)
    content = bytearray((run / name).read_bytes())
    at = random.Random(number).randrange(len(content))
    content[at] ^= 1 << (number % 8)
    (run / name).write_bytes(content)
    if name == "posterior.nc":
        ended = call(["predict", run], work / "log")
        _one_message(ended, 1)
        require("hash differs" in ended.words, ended.words[-300:])
    else:
        (run / "posterior.nc").unlink()
    # Going on costs a whole end of a fit; a few of them show that it works.
    if number < 3:
        again = call(fit_words(data, run, True), work / "log")
        require(again.code == 0, f"not made again: {again.words[-300:]}")
        fit.whole(run)
        return "refused, then made again with the same draws"
    return "refused"


def _two(data: Path, fit: Target, work: Path, number: int) -> str:
    fit.fresh(work / "two")
    run = work / "two" / "run"
    delay = random.Random(number).uniform(0.0, fit.seconds / 2) if number % 2 else 0.0
    words = fit_words(data, run, bool(number % 2))
    first = begin(words, work / "two" / "log1")
    time.sleep(delay)
    second = begin(words, work / "two" / "log2")
    ends = [end(first), end(second)]
    codes = sorted(e.code for e in ends)
    if codes == [0, 0]:  # the second came when the first had finished, and found nothing to do
        require(number % 2, "both said that they had made the run")
    else:
        require(codes == [0, 2], f"exits {codes}: {[e.words[-200:] for e in ends]}")
        refused = next(e for e in ends if e.code == 2)
        _one_message(refused, 2)
    fit.whole(run)
    return "one run; the other " + ("was refused" if codes == [0, 2] else "found it complete")


def _home(*command: object) -> str:
    """A command in a process of its own, with empty caches and no home to put them in."""
    caches = ("METINFER_CACHE_DIR", "XDG_CACHE_HOME", "NUMBA_CACHE_DIR", "PYTENSOR_FLAGS")
    kept = {k: v for k, v in os.environ.items() if k not in caches}
    words = [sys.executable, "-m", "metinfer.cli", *map(str, command)]
    done = subprocess.run(words, env={**kept, "HOME": "/proc/1"}, capture_output=True, text=True,
                          check=False)  # fmt: skip
    require(done.returncode == 0, f"exit {done.returncode}: {done.stderr[-300:]}")
    return "works"


def _stale(data: Path, finished: Path, work: Path) -> str:
    """The fitted folder is edited; the run still answers, and says of what."""
    import tomllib

    import tomli_w

    run, tables = work / "stale" / "run", work / "stale" / "tables"
    shutil.rmtree(work / "stale", ignore_errors=True)
    shutil.copytree(finished, run)
    shutil.copytree(data, tables)
    record = tomllib.loads((run / "run.toml").read_text())
    record["source"] = str(tables)
    (run / "run.toml").write_text(tomli_w.dumps(record))
    with (tables / "measurements.csv").open("a") as stream:
        stream.write("\n")
    ended = call(["predict", run], work / "log")
    require("STALE: measurements.csv" in ended.words, f"not marked: {ended.words[:300]}")
    return ended.words.splitlines()[0][:140]


def _inputs(finished: Path, work: Path) -> str:
    run = work / "inputs" / "run"
    shutil.rmtree(work / "inputs", ignore_errors=True)
    shutil.copytree(finished, run)
    with (run / "inputs" / "arms.csv").open("a") as stream:
        stream.write("\n")
    for command in ("predict", "report", "diagnose"):
        ended = call([command, run], work / "log")
        _one_message(ended, 1)
        require("arms.csv" in ended.words, ended.words[-300:])
    return _said(ended)
