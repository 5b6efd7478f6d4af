"""Tables as spreadsheets, mail programs and slips of the hand leave them."""

from __future__ import annotations

import random
import shutil
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.faults.ledger import Ledger, require
from metinfer.errors import EvidenceError
from metinfer.evidence import read_evidence

#: Seconds that a table of 100,000 rows may take.
PATIENCE = 60.0
Damage = Callable[[bytes], bytes]


def _semicolons(data: bytes) -> bytes:
    return data.replace(b",", b";")


def _decimal_commas(data: bytes) -> bytes:
    """As a German spreadsheet saves: semicolons between cells, commas in numbers."""
    return data.replace(b",", b";").replace(b".", b",")


def _double_header(data: bytes) -> bytes:
    head, rest = data.split(b"\n", 1)
    cells = head.split(b",")
    cells[1] = cells[0]
    return b",".join(cells) + b"\n" + rest


def _in_value(text: bytes) -> Damage:
    """Put `text` where the first value of measurements.csv stands."""

    def damage(data: bytes) -> bytes:
        lines = data.split(b"\n")
        cells = lines[1].split(b",")
        cells[lines[0].split(b",").index(b"value")] = text
        lines[1] = b",".join(cells)
        return b"\n".join(lines)

    return damage


#: Fault -> what is done to measurements.csv, and whether the same rows must be read from it.
DAMAGES: dict[str, tuple[Damage, bool]] = {
    "byte order mark": (lambda d: b"\xef\xbb\xbf" + d, True),
    "CRLF line ends": (lambda d: d.replace(b"\n", b"\r\n"), True),
    "CR line ends": (lambda d: d.replace(b"\n", b"\r"), True),
    "UTF-16": (lambda d: d.decode().encode("utf-16"), False),
    "UTF-16 without a mark": (lambda d: d.decode().encode("utf-16-le"), False),
    "Latin-1": (lambda d: d.replace(b"row", "r\u00f6w".encode("latin-1"), 1), False),
    "EBCDIC": (lambda d: d.decode().encode("cp500"), False),
    "semicolons": (_semicolons, False),
    "tabs": (lambda d: d.replace(b",", b"\t"), False),
    "decimal commas": (_decimal_commas, False),
    "a decimal comma in one cell": (_in_value(b'"1,5"'), False),
    "duplicate headers": (_double_header, False),
    "empty file": (lambda _: b"", False),
    "header only, cut in the middle": (lambda d: d[:30], False),
    "NUL bytes": (lambda d: d[:200] + b"\0\0" + d[200:], False),
    "NaN": (_in_value(b"nan"), False),
    "infinity": (_in_value(b"inf"), False),
    "1e400": (_in_value(b"1e400"), False),
    "no number": (_in_value(b"about three"), False),
}


def try_all(data: Path, work: Path, ledger: Ledger, cuts: int = 20, rows: int = 100_000) -> None:
    """Every fault of `DAMAGES`, a table cut at random places, and a very long one."""
    for fault, (damage, readable) in DAMAGES.items():
        expected = "read as it was" if readable else "refused; file, place and reason are named"
        ledger.attempt(
            "tables", fault, expected, lambda d=damage, r=readable: _read(data, work, d, r)
        )
    for number in range(cuts):
        ledger.attempt(
            "tables", "cut at a random place", "refused, or every whole line read",
            lambda k=number: _cut(data, work, k), number,
        )  # fmt: skip
    ledger.attempt("tables", f"{rows:,} rows", f"a verdict within {PATIENCE:.0f} s",
                   lambda: _long(data, work, rows))  # fmt: skip


def _copy(data: Path, work: Path, damage: Damage) -> Path:
    target = work / "tables"
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(data, target)
    path = target / "measurements.csv"
    path.write_bytes(damage(path.read_bytes()))
    return target


def _read(data: Path, work: Path, damage: Damage, readable: bool) -> str:
    folder = _copy(data, work, damage)
    try:
        found = read_evidence(folder)
    except EvidenceError as error:
        require(not readable, f"refused: {error}")
        require("measurements.csv" in str(error), f"the file is not named: {error}")
        return f"refused: {str(error).splitlines()[1].strip()[:100]}"
    require(readable, "was accepted")
    require(found.measurements == read_evidence(data).measurements, "other rows were read")
    return "read as it was"


def _cut(data: Path, work: Path, number: int) -> str:
    size = (data / "measurements.csv").stat().st_size
    at = random.Random(number).randrange(size)
    folder = _copy(data, work, lambda d: d[:at])
    try:
        found = read_evidence(folder)
    except EvidenceError as error:
        return f"refused: {str(error).splitlines()[1].strip()[:100]}"
    whole = (data / "measurements.csv").read_bytes()[:at].strip().count(b"\n")
    require(len(found.measurements) == whole, f"{len(found.measurements)} of {whole} lines read")
    return "every whole line read"


def _long(data: Path, work: Path, rows: int) -> str:
    def lengthen(content: bytes) -> bytes:
        head, first = content.split(b"\n")[:2]
        rest = first.split(b",", 1)[1]
        lines = [b"long%d,%s" % (k, rest) for k in range(rows)]
        return b"\n".join([head, *lines, b""])

    folder = _copy(data, work, lengthen)
    began = time.perf_counter()
    try:
        verdict = f"{len(read_evidence(folder).measurements)} rows read"
    except EvidenceError as error:
        verdict = f"{len(error.faults)} faults listed"
    took = time.perf_counter() - began
    require(took < PATIENCE, f"took {took:.0f} s")
    return f"{verdict} in {took:.1f} s"
