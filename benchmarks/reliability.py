"""Try every fault of docs/reliability.md, and write the table there.

    python -m benchmarks.reliability [--moments 30] [--work /tmp/metinfer-faults] [--only kills]

Each trial is kept in the work folder: a campaign that was stopped goes on where it was. Parts:
tables, hostile, disks, kills, same, bundled. A part that was not asked for keeps its counts.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import sys
import tempfile
import time
import tomllib
from collections.abc import Iterable
from pathlib import Path

import tomli_w

from benchmarks.faults import bundled, disks, forked, hostile, kills, same, tables
from benchmarks.faults.ledger import Ledger, Trial

ROOT = Path(__file__).parents[1]
TINY, DATA = ROOT / "tests" / "data" / "tiny", ROOT / "data"
PAGE = ROOT / "docs" / "reliability.md"
RESULTS = ROOT / "benchmarks" / "reliability.json"
PARTS = ("tables", "hostile", "disks", "kills", "same", "bundled")
BEGIN, END = "<!-- table -->", "<!-- end of table -->"
FILES = {"predict": ("predictions.nc",), "report": ("report.html", "report.json")}


def main() -> int:
    """Run the parts that were asked for; exit 1 if a fault did harm."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--moments", type=int, default=30)
    parser.add_argument(
        "--work", type=Path, default=Path(tempfile.gettempdir()) / "metinfer-faults"
    )
    parser.add_argument("--only", nargs="*", choices=PARTS, default=list(PARTS))
    options = parser.parse_args()
    options.work.mkdir(parents=True, exist_ok=True)
    ledger = Ledger(options.work / "trials.jsonl")
    run(options.work, ledger, options.moments, options.only)
    rows = counted(ledger)
    publish(rows)
    return 0 if all(row["ok"] == row["tried"] for row in rows) else 1


def run(work: Path, ledger: Ledger, moments: int, parts: Iterable[str]) -> None:
    """Try the faults of `parts`."""
    if "tables" in parts:
        tables.try_all(TINY, _folder(work, "tables"), ledger)
    if {"hostile", "disks", "kills"} & set(parts):
        _forked(work, ledger, moments, parts)
    if "same" in parts:
        same.try_all(TINY, work / "same", ledger)
    if "bundled" in parts:
        bundled.try_all(DATA, work / "bundled", ledger)


def _forked(work: Path, ledger: Ledger, moments: int, parts: Iterable[str]) -> None:
    """Parts that need commands in forked children, and a finished run to begin from."""
    data = _small(work)
    forked.prepare(data)
    finished, seconds = _finished(data, work)
    fit = kills.fit_target(data, finished, seconds["fit"])
    if "hostile" in parts:
        hostile.try_all(data, finished, _folder(work, "hostile"), ledger)
    if "disks" in parts:
        disks.try_all(data, finished, fit, _folder(work, "disks"), ledger)
    if "kills" in parts:
        targets = [
            fit,
            *(kills.result_target(c, finished, f, seconds[c]) for c, f in FILES.items()),
        ]
        for target in targets:
            for kill in kills.SIGNALS:
                kills.campaign(target, kill, moments, ledger, work / "kills")


def _small(work: Path) -> Path:
    """The made-up evidence with two therapies: a command takes seconds."""
    folder = work / "small"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(TINY, folder)
    every = tomllib.loads((DATA / "therapies.toml").read_text(encoding="utf-8"))
    asked = {a["therapy"] for a in tomllib.loads((TINY / "analysis.toml").read_text())["answer"]}
    kept = {k: every[k] for k in ("body", "agents")}
    kept["therapies"] = {name: every["therapies"][name] for name in sorted(asked)}
    (folder / "therapies.toml").write_text(tomli_w.dumps(kept), encoding="utf-8")
    return folder


def _finished(data: Path, work: Path) -> tuple[Path, dict[str, float]]:
    """A run that nothing stopped, and the seconds of each command; made anew in each process."""
    run, seconds = work / "finished" / "run", {}
    shutil.rmtree(work / "finished", ignore_errors=True)
    (work / "finished").mkdir()
    commands = {"fit": kills.fit_words(data, run, False), "predict": ["predict", run],
                "report": ["report", run]}  # fmt: skip
    for name, words in commands.items():
        ended = forked.call(words, work / "log")
        if ended.code:
            raise SystemExit(f"{name} fails without any fault: {ended.words[-2000:]}")
        seconds[name] = ended.seconds
        print(f"{name}: {ended.seconds:.1f} s ({ended.cpu:.1f} s of work)", flush=True)
    for name in ("predictions.nc", "report.html", "report.json"):
        (run / name).unlink(missing_ok=True)
    return run, seconds


def _folder(work: Path, name: str) -> Path:
    disks.take_off(work / name)
    shutil.rmtree(work / name, ignore_errors=True)
    (work / name).mkdir(parents=True, exist_ok=True)
    return work / name


def counted(trials: Iterable[Trial]) -> list[dict[str, object]]:
    """One row per fault: how often it was tried, how often all was well, and an example."""
    rows: dict[tuple[str, str], dict[str, object]] = {}
    for trial in trials:
        new = {"group": trial.group, "fault": trial.fault, "expected": trial.expected,
               "tried": 0, "ok": 0, "found": trial.found}  # fmt: skip
        row = rows.setdefault((trial.group, trial.fault), new)
        row["tried"] += 1  # type: ignore[operator]
        row["ok"] += trial.ok  # type: ignore[operator]
        if not trial.ok:
            row["found"] = trial.found
        row["found"] = re.sub(r"/(?:[\w.-]+/)+", "", str(row["found"]))  # no folder of this machine
    return list(rows.values())


def publish(rows: list[dict[str, object]]) -> None:
    """Write the counts as JSON, and as the table of the page."""
    RESULTS.write_text(
        json.dumps({"when": time.strftime("%Y-%m-%d"), "rows": rows}, indent=1) + "\n"
    )
    lines = [
        "| what | fault | tried | as it should | what should happen |",
        "|---|---|--:|--:|---|",
    ]
    for row in rows:
        lines.append("| {group} | {fault} | {tried} | {ok} | {expected} |".format(**row))
    text = PAGE.read_text(encoding="utf-8")
    before, rest = text.split(BEGIN)
    after = rest.split(END)[1]
    PAGE.write_text(before + BEGIN + "\n" + "\n".join(lines) + "\n" + END + after, encoding="utf-8")
    for line in lines:
        print(line)


if __name__ == "__main__":
    sys.exit(main())
