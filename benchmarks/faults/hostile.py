"""Files that try to do harm: none of them may."""

from __future__ import annotations

import os
import pickle
import shutil
import tomllib
from collections.abc import Callable
from pathlib import Path

import tomli_w

from benchmarks.faults.ledger import Ledger, require
from metinfer.errors import EvidenceError, MetinferError
from metinfer.evidence import read_evidence
from metinfer.runs import load_run, read_record
from metinfer.storage import digest, read_groups

SCRIPT = "<script>document.title='harm'</script><img src=x onerror=alert(1)>"
FORMULA = '=HYPERLINK("http://example.org","x")'
#: Names that would lead out of a folder, or mean something to a shell.
NAMES = ("../../escaped", "..", "/tmp/escaped", "a/b", "a\\b", "con:nul", "$(touch x)", "`id`",
         "-rf", "", "x" * 5000, "\u202eevil", "a\nb")  # fmt: skip


class Payload:
    """Makes a folder when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Callable[..., object], tuple[object, ...]]:
        """What the unpickler is told to do."""
        return os.mkdir, (str(self.path),)


def try_all(data: Path, finished: Path, work: Path, ledger: Ledger) -> None:
    """Names, formulas, HTML, TOML bombs and pickles; `finished` is a complete run."""
    for number, name in enumerate(NAMES):
        ledger.attempt("hostile", "names that lead elsewhere", "refused, or only a name",
                       lambda n=name: _name(data, work, n), number)  # fmt: skip
    for fault, text in BOMBS.items():
        ledger.attempt(
            "hostile", fault, "refused with a message", lambda t=text: _bomb(data, work, t)
        )
        ledger.attempt("hostile", f"{fault} as run.toml", "refused with a message",
                       lambda t=text: _bomb_record(work, t))  # fmt: skip
    for number, name in enumerate(("posterior.nc", "chains/main/0.nc", "inputs/arms.csv")):
        ledger.attempt("hostile", "a pickle in a run folder", "refused, never unpickled",
                       lambda n=name: _pickled(finished, work, n), number)  # fmt: skip
    for number, (key, value) in enumerate(RECORDS):
        ledger.attempt("hostile", "a run.toml that names other places", "refused",
                       lambda k=key, v=value: _record(finished, work, k, v), number)  # fmt: skip
    ledger.attempt("hostile", "links among the inputs", "only a file's own content is hashed",
                   lambda: _link(finished, work))  # fmt: skip


BOMBS = {
    "deep TOML": "a = " + "[" * 100_000 + "]" * 100_000,
    "a TOML key of 100,000 parts": ".".join("a" * 100_000) + " = 1",
    "a TOML integer of a million digits": "a = " + "9" * 1_000_000,
    "TOML of 20 MB": "a = 1\n" + "".join(f"k{i} = 'x'\n" for i in range(1_200_000)),
    "TOML of random bytes": "\x00\x01\x02 = \x7f",
}
RECORDS: tuple[tuple[str, object], ...] = (
    ("seeds", {"../../escaped": [1]}),
    ("seeds", {"main": ["1; rm -rf x"]}),
    ("files", {"../../../etc/passwd": "0" * 64}),
    ("status", "done"),
    ("settings", [1, 2]),
    ("command", 7),
    ("schema", 99),
)


def _table(data: Path, work: Path, edit: Callable[[str], str], name: str) -> Path:
    folder = work / "hostile"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(data, folder)
    path = folder / name
    path.write_text(edit(path.read_text()))
    return folder


def _quiet(work: Path) -> set[str]:
    return {p.name for p in work.parent.iterdir()} | {p.name for p in work.iterdir()}


def _name(data: Path, work: Path, name: str) -> str:
    """An arm called `name`, wherever arms are named."""
    before = _quiet(work)
    quoted = '"' + name.replace('"', '""') + '"'
    first = (data / "arms.csv").read_text().splitlines()[1].split(",")[0]
    folder = _table(data, work, lambda text: text.replace(f"{first},", f"{quoted},"), "arms.csv")
    for table in ("measurements.csv", "intervals.csv", "doses.csv"):
        path = folder / table
        path.write_text(path.read_text().replace(f",{first},", f",{quoted},"))
    try:
        read_evidence(folder)
        found = "read as a name"
    except EvidenceError as error:
        found = f"refused: {len(error.faults)} faults"
    require(_quiet(work) <= before | {"hostile"}, "a file appeared elsewhere")
    return found


def _bomb(data: Path, work: Path, text: str) -> str:
    folder = _table(data, work, lambda _: text, "analysis.toml")
    try:
        read_evidence(folder)
    except EvidenceError as error:
        require("analysis.toml" in str(error), "the file is not named")
        return f"refused: {str(error).splitlines()[1].strip()[:100]}"
    raise AssertionError("was accepted")


def _bomb_record(work: Path, text: str) -> str:
    folder = work / "bomb"
    folder.mkdir(exist_ok=True)
    (folder / "run.toml").write_text(text)
    return _refused(lambda: read_record(folder))


def _refused(load: Callable[[], object]) -> str:
    try:
        load()
    except MetinferError as error:
        return f"refused: {str(error)[:300]}"
    raise AssertionError("was accepted")


def _changed(finished: Path, work: Path) -> tuple[Path, dict[str, object]]:
    folder = work / "changed"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(finished, folder)
    return folder, tomllib.loads((folder / "run.toml").read_text())


def _pickled(finished: Path, work: Path, name: str) -> str:
    """A file of the run is a pickle, and run.toml vouches for it."""
    folder, record = _changed(finished, work)
    mark = work / "harm"
    shutil.rmtree(mark, ignore_errors=True)
    (folder / name).write_bytes(pickle.dumps(Payload(mark)))
    sha = digest(folder / name)
    if name.startswith("inputs/"):
        record["inputs"][name.removeprefix("inputs/")] = sha  # type: ignore[index]
    else:
        record["files"][name] = sha  # type: ignore[index]
    (folder / "run.toml").write_text(tomli_w.dumps(record))

    def load() -> None:
        run = load_run(folder)
        if name.startswith("chains/"):
            read_groups(folder / name)
        run.groups  # noqa: B018
        run.evidence  # noqa: B018

    found = _refused(load)
    require(not mark.exists(), "the pickle was executed")
    return found


def _record(finished: Path, work: Path, key: str, value: object) -> str:
    folder, record = _changed(finished, work)
    record[key] = value
    (folder / "run.toml").write_text(tomli_w.dumps(record))
    return _refused(lambda: load_run(folder))


def _link(finished: Path, work: Path) -> str:
    folder, _ = _changed(finished, work)
    path = folder / "inputs" / "arms.csv"
    path.unlink()
    path.symlink_to("/etc/hostname")
    return _refused(lambda: load_run(folder))
